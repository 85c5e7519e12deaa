import { distance } from 'fastest-levenshtein'
import { Document, isAlias, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { wholeCharacters } from '../text/characters.ts'

/** One published piece. What its source does not say is absent, never guessed. */
export type Article = {
  /** `file` without `.md`; unique in a corpus. */
  readonly slug: string
  /** Path relative to the corpus folder, with forward slashes: `a-title.md`, `2024/a-title.md`. */
  readonly file: string
  readonly title: string
  readonly outlet?: string
  readonly author?: string
  /** ISO date (`2024-06-24`) or date-time (`2024-06-24T07:11:00Z`). */
  readonly published?: string
  /** http or https. */
  readonly url?: string
  /** Who carried the piece, where that is not the outlet: the syndicator. */
  readonly via?: string
  readonly tags?: readonly string[]
  /**
   * Paragraphs separated by blank lines, as `normaliseBody` leaves them: every offset of a sentence, passage or quote
   * counts UTF-16 code units of this string, so it never changes between reading and writing.
   */
  readonly body: string
}

/** What is wrong with one article's file, and what to do about it. */
export type ArticleProblem = {
  readonly file: string
  /** The front matter field, where one is to blame. */
  readonly field?: string
  readonly reason: string
  readonly remedy: string
}

/** Everything an article says about itself besides its body. */
export type FrontMatter = Omit<Article, 'slug' | 'file' | 'body'>

const text = z.string({ error: 'is not text' }).transform(oneLine).pipe(z.string().min(1, 'is empty'))

const frontMatterSchema = z.object({
  title: z
    .string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'is not text') })
    .transform(oneLine)
    .pipe(z.string().min(1, 'is empty')),
  outlet: text.optional(),
  author: text.optional(),
  published: z
    .union([z.iso.date(), z.iso.datetime({ offset: true, local: true })], {
      error: 'is not an ISO date such as 2024-06-24 or 2024-06-24T07:11:00Z',
    })
    .optional(),
  url: z.url({ protocol: /^https?$/, error: 'is not a web address that starts with http:// or https://' }).optional(),
  via: text.optional(),
  tags: z.array(text, { error: 'is not a list such as [war, trade]' }).optional(),
})

const FIELDS = Object.keys(frontMatterSchema.shape)

/** Characters of front matter that are read; more is a mistake or an attack on the YAML parser. */
const MAX_FRONT_MATTER = 16_384

/** The opening `---`, the YAML, the closing `---`; a byte-order mark before it is the file's, not the article's. */
const FENCED = /^\uFEFF?---[ \t]*\n(?:([\s\S]*?)\n)?---[ \t]*(?:\n|$)/

/**
 * A body in its one stable form: `\n` line ends, exactly one blank line between paragraphs, nothing around it, no
 * control characters, no half surrogates. Normalising twice changes nothing.
 */
export function normaliseBody(body: string): string {
  return Buffer.from(body, 'utf8') // half surrogates become U+FFFD, as they would on the way to disk
    .toString('utf8')
    .replace(/\r\n?|[\u0085\u2028\v\f]/g, '\n')
    .replace(/\u2029/g, '\n\n')
    .replace(/(?![\n\t])\p{Cc}|\uFEFF/gu, '') // a terminal or Discord would act on these
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** A value as one line: white space runs become one space, nothing around it, no control characters. */
export function oneLine(value: string): string {
  return normaliseBody(value).replace(/\s+/g, ' ')
}

/**
 * Reads an article as it lies in the corpus: YAML front matter between two `---` lines, then the body.
 * Fields that the schema does not know are left alone: they stay in the file and are not part of the article.
 * @throws UserError `bad-front-matter`, with every field that is wrong; `bad-article` when there is no body
 */
export function parseArticle(source: string, file: string): Article {
  const read = readArticle(source, file)
  if ('article' in read) return read.article
  const [first] = read.problems
  const reasons = read.problems.map((p) => (p.field === undefined ? p.reason : `${p.field} ${p.reason}`))
  throw new UserError(
    first.field === 'body' ? 'bad-article' : 'bad-front-matter',
    `${file}: ${reasons.join('; ')}`,
    first.remedy,
  )
}

/** As `parseArticle`, with what is wrong as values, one for each field. */
export function readArticle(
  source: string,
  file: string,
): { article: Article } | { problems: readonly [ArticleProblem, ...ArticleProblem[]] } {
  const problem = (reason: string, remedy: string, field?: string): ArticleProblem => ({
    file,
    ...(field === undefined ? {} : { field }),
    reason,
    remedy,
  })
  const parts = splitFrontMatter(source)
  if (parts === undefined)
    return {
      problems: [
        problem(
          'has no front matter',
          'Start the file with three lines: ---, title: …, ---. Or let `verbatim import` make the article from it.',
        ),
      ],
    }
  const { fields, problems } = readFrontMatter(parts.yaml, problem)
  const body = normaliseBody(parts.body)
  if (body === '') problems.push(problem('has no text', 'Write the article below the front matter.', 'body'))
  const [first, ...rest] = problems
  if (first !== undefined) return { problems: [first, ...rest] }
  return { article: { slug: file.replace(/\.md$/i, ''), file, ...(fields as FrontMatter), body } }
}

/** The YAML and what follows it; undefined when the text does not start with front matter. */
export function splitFrontMatter(source: string): { yaml: string; body: string } | undefined {
  const lines = source.replace(/\r\n?/g, '\n')
  const fenced = FENCED.exec(lines)
  if (fenced === null) return undefined
  return { yaml: fenced[1] ?? '', body: lines.slice(fenced[0].length) }
}

function readFrontMatter(
  yaml: string,
  problem: (reason: string, remedy: string, field?: string) => ArticleProblem,
): { fields?: FrontMatter; problems: ArticleProblem[] } {
  const remedy = 'Correct the lines between the two ---.'
  const plain = readPlainYaml(yaml)
  if ('reason' in plain) return { problems: [problem(plain.reason, remedy)] }
  const misspelt = Object.keys(plain.fields).flatMap((key) => {
    const meant = FIELDS.find((field) => !(field in plain.fields) && isMisspelt(key, field))
    return meant === undefined ? [] : [problem(`is not a field; "${meant}" is`, `Write "${meant}" for "${key}".`, key)]
  })
  const parsed = frontMatterSchema.safeParse(plain.fields)
  if (parsed.success && misspelt.length === 0) return { fields: defined(parsed.data), problems: [] }
  const wrong = (parsed.error?.issues ?? []).map((issue) => {
    const [field] = issue.path
    return problem(issue.message, remedy, typeof field === 'string' ? field : undefined)
  })
  return { problems: [...wrong, ...misspelt] }
}

/** Capitals, or one or two wrong letters in a name long enough not to be another word. */
function isMisspelt(key: string, field: string): boolean {
  const lower = key.toLowerCase()
  return lower === field || (key.length >= 4 && distance(lower, field) <= (field.length >= 6 ? 2 : 1))
}

/**
 * The top level of a YAML map as strings and lists of strings, every scalar as it is written (`title: 1.10` is
 * "1.10"), empty values left out. No anchors, no aliases, no tags: nothing that could expand.
 */
export function readPlainYaml(yaml: string): { fields: Record<string, unknown> } | { reason: string } {
  if (yaml.length > MAX_FRONT_MATTER)
    return { reason: `has ${String(yaml.length)} characters of front matter, more than ${String(MAX_FRONT_MATTER)}` }
  // Flow brackets nest; a few dozen are a list of lists, thousands are meant to exhaust the parser's stack.
  if ((yaml.match(/[[{]/g) ?? []).length > 200) return { reason: 'has front matter with too many brackets' }
  const document = parseDocument(yaml, { prettyErrors: false, logLevel: 'error' })
  const [error] = document.errors
  if (error !== undefined) {
    const line = yaml.slice(0, error.pos[0]).split('\n').length + 1
    // The parser repeats what it could not read, however long.
    const reason = wholeCharacters(error.message.split('\n')[0] ?? '', 200)
    return { reason: `has front matter that is not YAML: ${reason} (line ${String(line)})` }
  }
  if (document.contents === null) return { fields: {} }
  if (!isMap(document.contents)) return { reason: 'has front matter that is not a list of `field: value` lines' }
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const { key, value } of (document.contents as YAMLMap).items) {
    const name = plainValue(key)
    const read = plainValue(value)
    if (typeof name === 'string' && read !== undefined) fields[name] = read
  }
  return { fields }
}

/** A scalar as written, a list as a list, anything else as an object that no schema accepts; undefined for nothing. */
function plainValue(node: unknown): unknown {
  if (node === null || node === undefined) return undefined
  if (isScalar(node)) {
    if (node.value === null || node.value === '') return undefined
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
  }
  if (isSeq(node)) return node.items.map(plainValue).filter((value) => value !== undefined)
  return isAlias(node) ? { alias: node.source } : {}
}

/**
 * An article as its file: `parseArticle(formatArticle(article), article.file)` equals `article` for every article that
 * was read or imported. Fields come in one order; values are quoted where YAML would read something else.
 */
export function formatArticle(article: Article): string {
  return `---\n${formatFields(new Document({}), article)}---\n\n${article.body}\n`
}

/**
 * A new version of an article in the words of its old file: fields that the version does not state, fields that we do
 * not know and comments stay.
 */
export function reformatArticle(source: string, article: Article): string {
  const parts = splitFrontMatter(source)
  return `---\n${formatFields(parseDocument(parts?.yaml ?? ''), article)}---\n\n${article.body}\n`
}

function formatFields(document: Document, article: Article): string {
  for (const field of FIELDS as (keyof FrontMatter)[]) {
    const value = article[field]
    if (value !== undefined) document.set(field, document.createNode(value, { flow: true }))
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

/** Without the keys that are undefined. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
