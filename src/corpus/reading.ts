import { readArticle, type Article, type ArticleProblem } from './article.ts'
import { articleFiles, readArticleFile, stampOf } from './folder.ts'

// Apart from the importers, whose readers of HTML, dates and encodings take most of a second to load: whoever builds or
// opens an index reads articles only.

/** Files that are opened at once; more would not be quicker, and a file may be large. */
const READ_AT_ONCE = 16

/**
 * Every article of a corpus, one at a time, in the order of the file names (code units, so the same on every machine).
 * Sub-folders are read; names that start with a dot, README.md and everything that is not `.md` are not articles.
 * A file that is not an article gives its problems, one for each field, and the others go on.
 * @throws UserError `corpus-empty` when there is no such folder
 */
export async function* readCorpus(dir: string): AsyncIterable<{ article: Article } | { problem: ArticleProblem }> {
  for (const file of await articleFiles(dir)) {
    const source = await readArticleFile(dir, file)
    if (typeof source !== 'string') {
      yield { problem: source.problem }
      continue
    }
    const read = readArticle(source, file)
    if ('article' in read) yield read
    else for (const problem of read.problems) yield { problem }
  }
}

/** One file of a corpus, against what was known of it. */
export type FileReading = {
  readonly file: string
  /** Its place among the files, from 1, and how many there are. */
  readonly number: number
  readonly files: number
  /** What `readChanges` recognises the file by the next time; absent when it changed too recently to tell. */
  readonly stamp?: string
} & (
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'article'; readonly article: Article }
  | {
      readonly kind: 'problems'
      readonly problems: readonly ArticleProblem[]
      /** The disk did not give the file back: nothing is known of what it says. */
      readonly isDiskFault?: boolean
    }
)

/**
 * Every file that `readCorpus` reads, in its order, but those whose stamp is as it was are not opened.
 * @param stamps by file, from an earlier reading
 * @throws as `readCorpus`
 */
export async function* readChanges(dir: string, stamps: ReadonlyMap<string, string>): AsyncIterable<FileReading> {
  const files = await articleFiles(dir)
  for (let from = 0; from < files.length; from += READ_AT_ONCE) {
    const sources = files.slice(from, from + READ_AT_ONCE).map(async (file) => {
      const stamp = await stampOf(dir, file)
      const isKnown = stamp !== undefined && stamps.get(file) === stamp
      return { file, stamp, source: isKnown ? undefined : await readArticleFile(dir, file) }
    })
    for (const [i, { file, stamp, source }] of (await Promise.all(sources)).entries()) {
      const place = { file, number: from + i + 1, files: files.length, ...(stamp === undefined ? {} : { stamp }) }
      if (source === undefined) yield { ...place, kind: 'unchanged' }
      else if (typeof source !== 'string') {
        const { problem, isDiskFault } = source
        yield { ...place, kind: 'problems', problems: [problem], isDiskFault }
      } else {
        const read = readArticle(source, file)
        if ('article' in read) yield { ...place, kind: 'article', article: read.article }
        else yield { ...place, kind: 'problems', problems: read.problems }
      }
    }
  }
}
