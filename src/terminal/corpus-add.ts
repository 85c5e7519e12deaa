import { readFile, stat } from 'node:fs/promises'
import { readSource, type Draft } from '../corpus/corpus.ts'
import { correctDraft, type Actor, type Corrections, type Desk, type Placed } from '../corpus/desk.ts'
import { fetchDraft } from '../corpus/web.ts'
import { UserError } from '../errors.ts'
import { quotesText, understood, type Understood } from '../moderation/understood.ts'
import { counted, lineStart } from '../wording.ts'
import { formatDate, plain } from './render.ts'

/** A source, or an article in it, that was not added. */
export type NotAdded = { readonly source: string; readonly reason: string; readonly remedy: string }

/** A larger file is read line by line, which an import does. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

/**
 * Adds the articles of files and web addresses, one after the other; one that fails is reported and the others go on.
 * @param actor absent: shows what would happen and writes nothing
 * @param corrections for one article only
 * @throws UserError 'bad-argument' for corrections of several articles; 'bad-front-matter' for corrections that are
 *   wrong; 'write-failed'; the signal's reason when it aborts
 */
export async function addArticles(
  sources: readonly string[],
  options: {
    readonly desk: Desk
    readonly actor?: Actor
    readonly corrections: Corrections
    readonly signal: AbortSignal
    readonly onAdded: (added: Understood) => void
  },
): Promise<readonly NotAdded[]> {
  const { desk, actor, corrections, signal, onAdded } = options
  const isCorrected = Object.keys(corrections).length > 0
  if (isCorrected && sources.length > 1) throw severalCorrected(`${String(sources.length)} sources`)
  const failures: NotAdded[] = []
  for (const source of sources) {
    signal.throwIfAborted()
    try {
      const { drafts, problems } = await read(source, signal)
      if (isCorrected && drafts.length > 1)
        throw severalCorrected(`${source} with its ${String(drafts.length)} articles`)
      failures.push(...problems)
      for (const draft of drafts) {
        const corrected = isCorrected ? correctDraft(draft, corrections) : draft
        const placed = await (actor === undefined
          ? desk.preview(corrected, source)
          : desk.add(corrected, source, actor))
        onAdded(understood(placed, corrected))
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof UserError) || !isOfOneSource(error)) throw error
      failures.push({ source, reason: error.message, remedy: error.remedy })
    }
  }
  return failures
}

/** Whether the others can still be added. */
function isOfOneSource({ code }: UserError): boolean {
  return code === 'bad-file' || code.startsWith('fetch-')
}

function severalCorrected(what: string): UserError {
  return new UserError(
    'bad-argument',
    `--title, --outlet, --author, --published and --url correct one article, not ${what}.`,
    'Add the article to correct on its own.',
  )
}

async function read(
  source: string,
  signal: AbortSignal,
): Promise<{ readonly drafts: readonly Draft[]; readonly problems: readonly NotAdded[] }> {
  if (/^[a-z][a-z\d+.-]*:\/\//iu.test(source)) return { drafts: [await fetchDraft(source, { signal })], problems: [] }
  const drafts: Draft[] = []
  const problems: NotAdded[] = []
  for (const reading of readSource(await bytesOf(source), source))
    if ('draft' in reading) drafts.push(reading.draft)
    else {
      const { line, reason, remedy } = reading.problem
      const place = line === undefined ? source : `${source}:${String(line)}`
      problems.push({ source, reason: `${place}: ${reason}.`, remedy })
    }
  return { drafts, problems }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const wrong = (what: string, remedy: string, cause?: unknown) =>
    new UserError('bad-file', `${file} ${what}.`, remedy, { cause })
  const importIt = 'Import it: npm run -s verbatim -- import <path…>.'
  try {
    const { size, isFolder } = await stat(file).then((found) => ({ size: found.size, isFolder: found.isDirectory() }))
    if (isFolder) throw wrong('is a folder', importIt)
    if (size > MAX_FILE_BYTES) throw wrong(`is larger than ${String(MAX_FILE_BYTES / 1024 / 1024)} MB`, importIt)
    return await readFile(file)
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error
    throw wrong(`cannot be read (${String(error.code)})`, 'Check the path and its permissions.', error)
  }
}

const SHOWN_FURNITURE = 5
const SHOWN_ALIKE = 3

/** What was understood of an article, a line a field, under what became of it. */
export function renderAdded(added: Understood, options: { readonly isDryRun: boolean }): string {
  const { title, isTitleStated, outlet, author, published, url, words, furniture, alike } = added
  const row = (label: string, text: string) => `  ${label.padEnd(10)} ${text}`
  const missing = (flag: string) => `not stated; --${flag} gives it`
  return plain(
    [
      outcomeLine(added, options.isDryRun),
      row('title', isTitleStated ? title : `${title} (the beginning of the text; --title gives another)`),
      row('outlet', outlet ?? missing('outlet')),
      row('author', author ?? missing('author')),
      row('published', published === undefined ? missing('published') : formatDate(published)),
      row('address', url ?? missing('url')),
      row('words', words.toLocaleString('en')),
      row('quotes', quotesText(added)),
      row('left out', furniture.length === 0 ? 'nothing' : `${counted(furniture.length, 'line')} of the page`),
      ...withMore(furniture, SHOWN_FURNITURE, (line) => `             ${lineStart(line)}`),
      ...withMore(alike, SHOWN_ALIKE, (article) => row('similar to', likenessLine(article))),
    ].join('\n'),
  )
}

function outcomeLine({ outcome, file, source, sameWordsAs }: Understood, isDryRun: boolean): string {
  switch (outcome) {
    case 'imported': {
      const copy = sameWordsAs === undefined ? '' : ` (a copy of ${sameWordsAs} from another outlet)`
      return `${isDryRun ? 'Would add' : 'Added'} ${file}${copy}`
    }
    case 'updated':
      return `${isDryRun ? 'Would replace' : 'Replaced'} the text of ${file}, an older version`
    case 'unchanged':
      return `Not added: the corpus has ${source} already, as ${file}`
    case 'duplicate':
      return `Not added: ${file} has these words already, or a newer version of them`
  }
}

function likenessLine({ file, title, outlet, published, likeness }: Placed['alike'][number]): string {
  const about = [outlet, title, published === undefined ? undefined : formatDate(published)]
  return `${file}: about ${String(Math.round(likeness * 100))}% alike (${about.filter((part) => part !== undefined).join(' · ')})`
}

function withMore<T>(entries: readonly T[], most: number, line: (entry: T) => string): string[] {
  const shown = entries.slice(0, most).map(line)
  return entries.length > most ? [...shown, `             and ${String(entries.length - most)} more`] : shown
}
