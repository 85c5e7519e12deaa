import { z } from 'zod'
import { defined, formatArticle, readArticle, type Article } from './article.ts'
import type { SourceReading } from './source.ts'

/** The version of our own export in its field `verbatim`; a line without that field is some other export. */
const VERSION = 1

const exportedSchema = z.object({
  verbatim: z.literal(VERSION, { error: `is not ${String(VERSION)}` }),
  file: z.string(),
  title: z.string(),
  outlet: z.string().optional(),
  author: z.string().optional(),
  published: z.string().optional(),
  url: z.string().optional(),
  via: z.string().optional(),
  tags: z.array(z.string()).optional(),
  body: z.string(),
})

/**
 * An article as a line of JSON that `readExported` reads back exactly: nothing of the text is taken for page furniture
 * then, and the article gets its old file name. Fields of the file that are not the article's are not in it.
 */
export function formatExported(article: Article): string {
  const { file } = article
  return JSON.stringify({ verbatim: VERSION, file, ...statedBy(article) })
}

/** The article of a record that `formatExported` made; undefined when the record is not one of ours. */
export function readExported(record: unknown, line: number | undefined): SourceReading | undefined {
  if (typeof record !== 'object' || record === null || !('verbatim' in record)) return undefined
  const at = line === undefined ? {} : { line }
  const problem = (reason: string) => ({ problem: { ...at, reason, remedy: 'Export the corpus again.' } })
  const parsed = exportedSchema.safeParse(record)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return problem(`is no article of an export: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }
  const { file } = parsed.data
  // Written and read once, so that it passes what every file of the corpus passes.
  const read = readArticle(formatArticle({ ...statedBy(parsed.data), slug: '', file }), file)
  if ('problems' in read) return problem(`is no article: ${read.problems[0].field ?? ''} ${read.problems[0].reason}`)
  const draft = { ...statedBy(read.article), isTitleStated: true, furniture: [], ...at }
  return { draft: isSafeFile(file) ? { ...draft, file } : draft }
}

/** What an article says, without where it lies. */
export function statedBy({
  title,
  outlet,
  author,
  published,
  url,
  via,
  tags,
  body,
}: Stated): Omit<Article, 'slug' | 'file'> {
  return { title, ...defined({ outlet, author, published, url, via, tags }), body }
}

type Stated = { [Field in keyof Omit<Article, 'slug' | 'file'>]: Article[Field] | undefined } & Pick<
  Article,
  'title' | 'body'
>

/** Whether a path from outside names an article's file below the corpus and nothing else, short enough for any disk. */
function isSafeFile(file: string): boolean {
  if (!/\.md$/i.test(file) || file.length > 400 || /(^|\/)readme\.md$/i.test(file)) return false
  return file
    .split('/')
    .every((part) => /^[^.\s\\:*?"<>|\p{Cc}][^\\:*?"<>|\p{Cc}]*$/u.test(part) && Buffer.byteLength(part) <= 200)
}
