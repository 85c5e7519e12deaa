import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import iconv from 'iconv-lite'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'
import { formatArticle, parseArticle, readArticle, reformatArticle, type Article } from './article.ts'
import { openCatalogue, type Catalogue, type Known } from './catalogue.ts'
import { encodingOf } from './encoding.ts'
import { articleFiles, freeFile, readArticleFile, replaceIn, writeNew, writing } from './folder.ts'
import { readJsonLine } from './json-lines.ts'
import { EXTENSIONS, isLineByLine, readSource } from './read.ts'
import { readCorpus } from './reading.ts'
import { slugOf } from './slug.ts'
import type { Draft, SourceReading } from './source.ts'
import { withCorpusLock } from './lock.ts'
import { wordsOf } from './wording.ts'

export { formatArticle, parseArticle } from './article.ts'
export type { Article, ArticleProblem } from './article.ts'
export { readSource } from './read.ts'
export { readChanges, readCorpus } from './reading.ts'
export type { FileReading } from './reading.ts'
export type { Draft, SourceProblem, SourceReading } from './source.ts'

/**
 * Writes an article as a new file, `<slug>.md`, or `<slug>-2.md`, … when the name is taken, compared without case.
 * The file appears complete and synced to disk, or not at all; no other file is changed, whoever else writes.
 * @returns the file's path relative to the corpus
 * @throws UserError `write-failed` when the folder cannot be written
 */
export async function writeArticle(dir: string, article: Article): Promise<string> {
  return writeNew(dir, article, await namesIn(dir))
}

/** The lower-cased names of a corpus's article files; the folder is made when there is none. */
async function namesIn(dir: string): Promise<Set<string>> {
  return writing(dir, async () => {
    await mkdir(dir, { recursive: true })
    return new Set((await articleFiles(dir)).map((file) => file.toLowerCase()))
  })
}

/** What became of one article of an import. */
export type ImportEntry = {
  /** The file it came from. */
  readonly source: string
  /** Its line there, or its place in a list, from 1, where the file holds several. */
  readonly line?: number
} & (
  | ({
      /**
       * `imported`: a new file. `updated`: a new version of an article that the corpus had; its file holds the new text.
       * `unchanged`: the corpus has had it just so. `duplicate`: the same words are in the corpus or came earlier in
       * this import, under another name or title; nothing is written.
       */
      readonly outcome: 'imported' | 'updated' | 'unchanged' | 'duplicate'
      /** The article's file in the corpus; of a duplicate, the file that has the words already. */
      readonly file: string
      /** Of an imported article: a file with the same words from another outlet, a syndicated copy. */
      readonly sameWordsAs?: string
      /** Words of the body. */
      readonly words: number
      /** Lines that were left out as the page's, not the article's. */
      readonly furniture: readonly string[]
      readonly isTitleStated: boolean
    } & Pick<Article, 'title' | 'outlet' | 'author' | 'published' | 'url' | 'via' | 'tags'>)
  | { readonly outcome: 'failed'; readonly reason: string; readonly remedy: string }
)

export type ImportReport = {
  /** In the order of the sources. */
  readonly entries: readonly ImportEntry[]
  readonly counts: Readonly<Record<ImportEntry['outcome'], number>>
  /** Files in the given folders that are of no kind we import: pictures, style sheets. */
  readonly passedOver: number
  /** Whether the import was cancelled before its end; what was imported until then stays. */
  readonly isCancelled: boolean
}

/** How far an import is. */
export type ImportProgress = { readonly files: number; readonly ofFiles: number; readonly articles: number }

/**
 * Makes articles of files and of everything in folders: scraped text, HTML, Markdown, JSON and JSON Lines. Each article
 * is written on its own and on disk before the next; one that fails is reported and the others go on; importing the
 * same again changes nothing.
 *
 * A new version of an article replaces its text in place: what the outlet has withdrawn should not be quoted. A version
 * is known by its address, or by its stated title and outlet and half of its paragraphs. Fields that only the old file
 * has stay. A text with the same words from another outlet is a syndicated copy and becomes an article of its own.
 * @param dryRun reports what would happen and writes nothing
 * @throws UserError `write-failed` when the corpus cannot be written; 'corpus-busy' when somebody else adds articles
 */
export async function importPaths(
  paths: readonly string[],
  options: {
    readonly corpusDir: string
    readonly dryRun?: boolean
    readonly signal?: AbortSignal
    readonly onProgress?: (progress: ImportProgress) => void
  },
): Promise<ImportReport> {
  return options.dryRun === true
    ? importUnlocked(paths, options)
    : withCorpusLock(options.corpusDir, () => importUnlocked(paths, options))
}

async function importUnlocked(
  paths: readonly string[],
  { corpusDir, dryRun = false, signal, onProgress }: Parameters<typeof importPaths>[1],
): Promise<ImportReport> {
  const entries: ImportEntry[] = []
  const { files, passedOver, missing } = await filesIn(paths)
  for (const source of missing)
    entries.push({ source, outcome: 'failed', reason: 'cannot be read', remedy: 'Check the path and its permissions.' })
  const shelf = await openShelf(corpusDir, dryRun)
  let done = 0
  for (const source of files) {
    for await (const reading of readingsOf(source)) {
      if (signal?.aborted === true) break
      entries.push('draft' in reading ? await shelf.place(reading.draft, source) : failed(source, reading.problem))
      onProgress?.({ files: done, ofFiles: files.length, articles: entries.length })
    }
    if (signal?.aborted === true) break
    onProgress?.({ files: ++done, ofFiles: files.length, articles: entries.length })
  }
  const count = (outcome: ImportEntry['outcome']) => entries.filter((entry) => entry.outcome === outcome).length
  return {
    entries,
    counts: {
      imported: count('imported'),
      updated: count('updated'),
      unchanged: count('unchanged'),
      duplicate: count('duplicate'),
      failed: count('failed'),
    },
    passedOver,
    isCancelled: signal?.aborted === true,
  }
}

function failed(source: string, problem: { line?: number; reason: string; remedy: string }): ImportEntry {
  const { line, reason, remedy } = problem
  return { source, ...(line === undefined ? {} : { line }), outcome: 'failed', reason, remedy }
}

/** Finds an article's place in the corpus: new, known, or in the place of an older version. */
type Shelf = { readonly place: (draft: Draft, source: string) => Promise<ImportEntry> }

async function openShelf(dir: string, dryRun: boolean): Promise<Shelf> {
  const taken = dryRun ? new Set<string>() : await namesIn(dir)
  const catalogue = openCatalogue()
  for await (const article of existingArticles(dir)) {
    catalogue.add(article, true)
    taken.add(article.file.toLowerCase())
  }
  return { place: (draft, source) => placeDraft(draft, source, { dir, dryRun, taken, catalogue }) }
}

/** The articles of a corpus that may not be there yet. */
async function* existingArticles(dir: string): AsyncIterable<Article> {
  try {
    for await (const read of readCorpus(dir)) if ('article' in read) yield read.article
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'corpus-empty') throw error
  }
}

/**
 * Writes a draft into the corpus: as a new file, over the older version that it replaces, or not at all when the corpus
 * has it. `taken` and `catalogue` must hold what the corpus holds, and are kept so.
 * @throws UserError `write-failed`; then nothing has changed
 */
export async function placeDraft(
  draft: Draft,
  source: string,
  shelf: {
    readonly dir: string
    /** Tells what would happen and writes nothing. */
    readonly dryRun: boolean
    /** Lower-cased names in use. */
    readonly taken: Set<string>
    readonly catalogue: Catalogue
  },
): Promise<Exclude<ImportEntry, { outcome: 'failed' }>> {
  const { dir, dryRun, taken, catalogue } = shelf
  const { line, isTitleStated, furniture, file: exportedFrom, ...fields } = draft
  const { body, ...metadata } = fields
  const report = {
    source,
    ...(line === undefined ? {} : { line }),
    ...metadata,
    isTitleStated,
    furniture,
    words: wordsOf(body).length,
  }
  const found = catalogue.find(draft, isTitleStated)
  const known = exportedFrom === undefined ? found : await knownExport(dir, { ...fields, file: exportedFrom }, found)
  if (known?.kind === 'same') {
    const isUnchanged = known.entry.isOld && known.entry.title === draft.title
    return { ...report, outcome: isUnchanged ? 'unchanged' : 'duplicate', file: known.entry.file }
  }
  if (known?.kind === 'version') {
    const { file } = known.entry
    const isOlder = (draft.published ?? '9') < (known.entry.published ?? '')
    if (isOlder) return { ...report, outcome: 'duplicate', file }
    const article = { ...fields, slug: file.replace(/\.md$/i, ''), file }
    catalogue.add(dryRun ? article : await update(dir, article, isTitleStated), known.entry.isOld)
    return { ...report, outcome: 'updated', file }
  }
  const name = path.basename(source).replace(/\.[^.]*$/, '')
  const slug = exportedFrom?.replace(/\.md$/i, '') ?? slugFor(draft, name)
  const article = { ...fields, slug, file: `${slug}.md` }
  const file = dryRun ? freeFile(slug, taken) : await writeNew(dir, article, taken)
  taken.add(file.toLowerCase())
  catalogue.add({ ...article, file }, false)
  return {
    ...report,
    outcome: 'imported',
    file,
    ...(known?.kind === 'copy' ? { sameWordsAs: known.entry.file } : {}),
  }
}

function slugFor({ title, isTitleStated, line }: Draft, name: string): string {
  if (isTitleStated) return slugOf(title, name)
  return slugOf(line === undefined ? name : `${name} ${String(line)}`)
}

/**
 * What the corpus holds of an article that comes from an export. Articles of one corpus that are like each other stay
 * apart: only an article that equals it in every field is the same, only the file of its name can be its older version.
 */
async function knownExport(
  dir: string,
  fields: Omit<Article, 'slug'>,
  found: Known | undefined,
): Promise<Known | undefined> {
  if (found === undefined || found.kind === 'copy') return found
  const { entry } = found
  const text = formatArticle({ ...fields, slug: '' })
  const equals = async (file: string) => {
    const source = await readArticleFile(dir, file)
    const held = typeof source === 'string' ? readArticle(source, file) : undefined
    return held !== undefined && 'article' in held && formatArticle(held.article) === text
  }
  // Equal in every field, so the title is the same too, whatever the article it was found by is called.
  if (await equals(fields.file)) return { kind: 'same', entry: { ...entry, file: fields.file, title: fields.title } }
  if (!entry.isOld) return undefined
  if (await equals(entry.file)) return { kind: 'same', entry }
  return entry.file === fields.file ? { kind: 'version', entry } : undefined
}

/** Writes a new version over an article's file; a makeshift title does not replace a stated one. */
async function update(dir: string, article: Article, isTitleStated: boolean): Promise<Article> {
  const old = await readArticleFile(dir, article.file)
  const source = typeof old === 'string' ? old : ''
  const title = isTitleStated || source === '' ? article.title : parseArticle(source, article.file).title
  const text = reformatArticle(source, { ...article, title })
  await replaceIn(dir, article.file, text)
  return parseArticle(text, article.file)
}

/** The files of an import, in the order given, folders walked by name; each file once. */
async function filesIn(
  paths: readonly string[],
): Promise<{ files: readonly string[]; passedOver: number; missing: readonly string[] }> {
  const files = new Set<string>()
  const missing: string[] = []
  let passedOver = 0
  for (const given of paths) {
    try {
      if (!(await stat(given)).isDirectory()) {
        files.add(given)
        continue
      }
      for (const file of await filesUnder(given))
        if (EXTENSIONS.has(path.extname(file).toLowerCase())) files.add(file)
        else passedOver++
    } catch (error) {
      if (!isSystemError(error)) throw error
      missing.push(given)
    }
  }
  return { files: [...files], passedOver, missing }
}

/** Files in a folder and its sub-folders by name, without hidden ones; links to folders are not followed. */
async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const files: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const full = path.join(folder, entry.name)
    if (entry.isDirectory()) files.push(...(await filesUnder(full)))
    else files.push(full)
  }
  return files
}

/** The articles of a file; a file that cannot be read is one problem. */
async function* readingsOf(file: string): AsyncIterable<SourceReading> {
  const name = path.basename(file)
  try {
    if (isLineByLine(name)) yield* linesOfExport(file, name)
    else yield* readSource(await readFile(file), name)
  } catch (error) {
    // The report names the file already.
    if (error instanceof UserError)
      yield { problem: { reason: error.message.replace(`${name} `, '').replace(/\.$/, ''), remedy: error.remedy } }
    else if (isSystemError(error))
      yield { problem: { reason: `cannot be read (${error.code})`, remedy: 'Check the path and its permissions.' } }
    else throw error
  }
}

/** Characters of one line of an export; more is a file without line ends. */
const MAX_LINE = 32 * 1024 * 1024

/** An export read line by line, so that it may be larger than memory. */
async function* linesOfExport(file: string, name: string): AsyncIterable<SourceReading> {
  const encoding = await encodingOfFile(file, name)
  let number = 0
  for await (const line of linesOfStream(createReadStream(file).pipe(iconv.decodeStream(encoding)))) {
    number++
    if (line === undefined)
      yield { problem: { line: number, reason: 'is too long', remedy: 'Export one JSON object a line.' } }
    else if (line.trim() !== '') yield readJsonLine(line, name, number)
  }
  if (number === 0) throw new UserError('bad-file', `${name} is empty.`, 'Export it again, one JSON object a line.')
}

async function encodingOfFile(file: string, name: string): Promise<string> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0)
    return encodingOf(buffer.subarray(0, bytesRead), name)
  } finally {
    await handle.close()
  }
}

/** Lines of a text stream; undefined for one that is too long, whose rest is passed over. */
async function* linesOfStream(chunks: AsyncIterable<unknown>): AsyncIterable<string | undefined> {
  let rest: string[] = []
  let length = 0
  for await (const chunk of chunks) {
    const pieces = String(chunk).split('\n')
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) {
        yield length > MAX_LINE ? undefined : rest.join('')
        rest = []
        length = 0
      }
      length += piece.length
      if (length <= MAX_LINE) rest.push(piece)
    }
  }
  if (length > 0) yield length > MAX_LINE ? undefined : rest.join('')
}
