import { stat } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'
import { defined, formatArticle, parseArticle, readArticle, type Article, type ArticleProblem } from './article.ts'
import { readAudit, withAudit, type AuditRecord } from './audit.ts'
import { openCatalogue, type Catalogue } from './catalogue.ts'
import { placeDraft, readCorpus, type ImportEntry } from './corpus.ts'
import { readDate } from './dates.ts'
import { formatExported, statedBy } from './exported.ts'
import { articleFiles, readArticleFile, sweepTemporaries } from './folder.ts'
import { withCorpusLock } from './lock.ts'
import { likenessOf, NEARLY_ALIKE, sketchOf, type Sketch } from './likeness.ts'
import type { Draft } from './source.ts'
import { listTrash, moveToTrash, restoreFromTrash, type Removed } from './trash.ts'

/** Who asks for a change, and from where; goes into the audit log as it is. */
export type Actor = Pick<AuditRecord, 'by' | 'name' | 'from'>

/** An article of the corpus that a draft repeats. */
export type Likeness = {
  readonly file: string
  readonly title: string
  readonly outlet?: string
  readonly published?: string
  /** Share of the shorter text's five-word runs that both have, 0.3 to 1. */
  readonly likeness: number
}

/** What a list of articles says of each. */
export type ListedArticle = Omit<Likeness, 'likeness'>

/** What adding a draft does, or did. */
export type Placed = Exclude<ImportEntry, { outcome: 'failed' }> & {
  /** Articles that the draft repeats, the most alike first; without the file that it is or replaces. */
  readonly alike: readonly Likeness[]
}

export type CorpusStatus = {
  readonly articles: number
  /** Of the article files together. */
  readonly sizeBytes: number
  /** Files that are not read as articles, and why. */
  readonly problems: readonly ArticleProblem[]
  /** Articles in the trash. */
  readonly removed: number
  /** The last changes, newest first: what came of each, or `begun` where a crash came between. */
  readonly changes: readonly AuditRecord[]
}

/**
 * Where articles come in and go out one at a time, by somebody's hand: looked at before they are saved, compared with
 * what the corpus holds, every change in the audit log before it is made. What the desk knows of the corpus it keeps in
 * memory and brings up to date by the files' sizes and times, so others may change the folder too. Changes through one
 * desk wait for each other; a crash at any moment leaves every article whole, in the corpus or in the trash.
 */
export type Desk = {
  /** What `add` would do with a draft. Writes nothing. */
  readonly preview: (draft: Draft, source: string) => Promise<Placed>
  /**
   * Adds an article as an import does: a new file, a new text in the place of an older version, or nothing when the
   * corpus has the same.
   * @param source the name of the file or the address that it came from
   * @throws UserError `write-failed` when the corpus or the audit log cannot be written
   */
  readonly add: (draft: Draft, source: string, actor: Actor) => Promise<Placed>
  /**
   * What an article's file is and says, for who is about to remove it.
   * @param article as for `remove`
   * @throws UserError `article-missing`
   */
  readonly find: (article: string) => Promise<Pick<Article, 'file'> & Partial<Omit<Article, 'slug' | 'file'>>>
  /**
   * Moves an article to the corpus's trash.
   * @param article its file in the corpus, with or without `.md`
   * @throws UserError `article-missing`, `write-failed`; then nothing has changed
   */
  readonly remove: (article: string, actor: Actor, reason?: string) => Promise<Removed>
  /**
   * Takes an article out of the trash.
   * @returns its file, a new one when its name was taken meanwhile
   * @throws UserError `article-missing`, `write-failed`
   */
  readonly restore: (id: string, actor: Actor) => Promise<string>
  /** What can be restored, the last removed first. */
  readonly removed: () => Promise<readonly Removed[]>
  /** What the corpus's articles are, in the order of their files. */
  readonly articles: () => Promise<readonly ListedArticle[]>
  readonly status: (lastChanges?: number) => Promise<CorpusStatus>
}

export function openDesk(
  places: { readonly corpusDir: string; readonly dataDir: string },
  now: () => Date = () => new Date(),
): Desk {
  const { corpusDir, dataDir } = places
  const held = openHeld(corpusDir)
  const inTurn = queue()

  const recorded = <T>(
    record: Pick<AuditRecord, 'action' | 'file' | 'title' | 'detail'> & Actor,
    work: () => Promise<T>,
    done: (made: T) => Partial<AuditRecord>,
  ) => withAudit({ dataDir, now }, record, work, done)

  const placed = async (draft: Draft, source: string, dryRun: boolean): Promise<Placed> => {
    await held.refresh()
    const alike = held.alike(draft.body)
    const { catalogue } = held
    const entry = await placeDraft(draft, source, { dir: corpusDir, dryRun, taken: held.names(), catalogue })
    held.forget(entry.file) // what is on disk now is read when it is needed next
    return { ...entry, alike: entry.outcome === 'imported' ? alike : alike.filter(({ file }) => file !== entry.file) }
  }

  return {
    preview: (draft, source) => inTurn(() => placed(draft, source, true)),
    add: (draft, source, actor) =>
      inTurn(async () => {
        const { outcome } = await placed(draft, source, true)
        if (outcome === 'unchanged' || outcome === 'duplicate') return placed(draft, source, true)
        await sweepTemporaries(corpusDir, now().getTime()).catch((error: unknown) => {
          if (!(error instanceof UserError) && !isSystemError(error)) throw error // the corpus may be new
        })
        return recorded(
          { ...actor, action: 'add', title: draft.title, detail: source },
          () => withCorpusLock(corpusDir, () => placed(draft, source, false)),
          ({ file, outcome: made }) => ({ file, detail: `${made} from ${source}` }),
        )
      }),
    find: async (article) => {
      const file = await fileOf(corpusDir, article)
      const source = await readArticleFile(corpusDir, file)
      const reading = typeof source === 'string' ? readArticle(source, file) : undefined
      return reading !== undefined && 'article' in reading ? { file, ...statedBy(reading.article) } : { file }
    },
    remove: (article, actor, reason) =>
      inTurn(async () => {
        const file = await fileOf(corpusDir, article)
        const removal = { file, by: actor.by, at: now().toISOString(), ...(reason === undefined ? {} : { reason }) }
        const named = actor.name === undefined ? removal : { ...removal, name: actor.name }
        return recorded(
          { ...actor, action: 'remove', file, ...(reason === undefined ? {} : { detail: reason }) },
          () => moveToTrash(corpusDir, named),
          ({ id, title }) => ({ detail: `in the trash as ${id}`, ...(title === undefined ? {} : { title }) }),
        )
      }),
    restore: (id, actor) =>
      inTurn(() =>
        recorded(
          { ...actor, action: 'restore', detail: id },
          () => restoreFromTrash(corpusDir, id),
          (file) => ({ file }),
        ),
      ),
    removed: () => listTrash(corpusDir),
    articles: () =>
      inTurn(async () => {
        await held.refresh()
        return held.articles()
      }),
    status: async (lastChanges = 10) => {
      const sizes = await sizesOf(corpusDir)
      const problems: ArticleProblem[] = []
      let articles = 0
      for await (const read of readCorpus(corpusDir))
        if ('article' in read) articles++
        else problems.push(read.problem)
      return {
        articles,
        sizeBytes: [...sizes.values()].reduce((sum, { size }) => sum + size, 0),
        problems,
        removed: (await listTrash(corpusDir)).length,
        changes: await lastOf(dataDir, lastChanges),
      }
    },
  }
}

async function lastOf(dataDir: string, count: number): Promise<readonly AuditRecord[]> {
  const { records } = await readAudit(dataDir, count * 2)
  const ended = new Set(records.filter(({ outcome }) => outcome !== 'begun').map(({ change }) => change))
  return records.filter(({ outcome, change }) => outcome !== 'begun' || !ended.has(change)).slice(0, count)
}

/** Runs one piece of work after the other; a failed one does not hold up the next. */
function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}

/** The file of an article that somebody names; only what the corpus lists, so no path leads out of it. */
async function fileOf(corpusDir: string, article: string): Promise<string> {
  const files = await articleFiles(corpusDir)
  const file =
    files.find((name) => name === article) ??
    files.find((name) => name.replace(/\.md$/i, '') === article) ??
    // A disk may spell an accent as a mark of its own.
    files.find((name) => name.normalize().replace(/\.md$/i, '') === article.normalize().replace(/\.md$/i, ''))
  if (file !== undefined) return file
  throw new UserError(
    'article-missing',
    `There is no article "${article.slice(0, 200)}".`,
    'Name its file in the corpus; the list of articles shows them.',
  )
}

type Stamp = { readonly size: number; readonly mtimeMs: number; readonly ino: number }

async function sizesOf(corpusDir: string): Promise<ReadonlyMap<string, Stamp>> {
  const stamps = new Map<string, Stamp>()
  for (const file of await articleFiles(corpusDir)) {
    try {
      const { size, mtimeMs, ino } = await stat(path.join(corpusDir, file))
      stamps.set(file, { size, mtimeMs, ino })
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'ENOENT') throw error // removed meanwhile
    }
  }
  return stamps
}

/** What the desk knows of the corpus's files. */
type Held = {
  readonly catalogue: Catalogue
  /** Reads what changed since the last time. */
  readonly refresh: () => Promise<void>
  /** Makes the next refresh read a file again. */
  readonly forget: (file: string) => void
  readonly articles: () => readonly ListedArticle[]
  /** Lower-cased names in use. */
  readonly names: () => Set<string>
  readonly alike: (body: string) => readonly Likeness[]
}

function openHeld(corpusDir: string): Held {
  const catalogue = openCatalogue()
  const stamps = new Map<string, Stamp>()
  const sketches = new Map<string, { readonly article: ListedArticle; readonly sketch: Sketch }>()
  const forget = (file: string) => {
    stamps.delete(file)
    sketches.delete(file)
    catalogue.remove(file)
  }
  const read = async (file: string) => {
    const source = await readArticleFile(corpusDir, file)
    const reading = typeof source === 'string' ? readArticle(source, file) : undefined
    if (reading === undefined || !('article' in reading)) return
    const { title, outlet, published, body } = reading.article
    catalogue.add(reading.article, true)
    sketches.set(file, { article: defined({ file, title, outlet, published }), sketch: sketchOf(body) })
  }
  return {
    catalogue,
    forget,
    refresh: async () => {
      const found = await sizesOfNew(corpusDir)
      for (const file of [...stamps.keys()]) if (!isDeepStrictEqual(stamps.get(file), found.get(file))) forget(file)
      for (const [file, stamp] of found) {
        if (stamps.has(file)) continue
        await read(file)
        stamps.set(file, stamp)
      }
    },
    articles: () => [...sketches.values()].map(({ article }) => article).sort((a, b) => (a.file < b.file ? -1 : 1)),
    names: () => new Set([...stamps.keys()].map((file) => file.toLowerCase())),
    alike: (body) => {
      const sketch = sketchOf(body)
      const own = new Set(sketch)
      return [...sketches.values()]
        .map(({ article, sketch: other }) => ({ ...article, likeness: likenessOf(other, own) }))
        .filter(({ likeness }) => likeness >= NEARLY_ALIKE)
        .sort((a, b) => b.likeness - a.likeness || (a.file < b.file ? -1 : 1))
    },
  }
}

/** As `sizesOf`, for a corpus that may not be there yet. */
async function sizesOfNew(corpusDir: string): Promise<ReadonlyMap<string, Stamp>> {
  try {
    return await sizesOf(corpusDir)
  } catch (error) {
    if (error instanceof UserError && error.code === 'corpus-empty') return new Map()
    throw error
  }
}

/**
 * The corpus as JSON Lines, a line with its line end at a time, in the order of the file names. An import into an empty
 * folder gives the same articles in files of the same names.
 * @param onProblem told of each file that is not an article and therefore left out
 * @throws UserError `corpus-empty` when there is no such folder
 */
export async function* exportCorpus(
  corpusDir: string,
  onProblem?: (problem: ArticleProblem) => void,
): AsyncIterable<string> {
  for await (const read of readCorpus(corpusDir))
    if ('article' in read) yield `${formatExported(read.article)}\n`
    else onProblem?.(read.problem)
}

/** What a person may correct of a draft, as typed; an empty text takes the field away, an absent one leaves it. */
export type Corrections = Readonly<Partial<Record<'title' | 'outlet' | 'author' | 'published' | 'url', string>>>

/**
 * A draft with a person's corrections. Dates are read as people write them ("24 June 2024").
 * @throws UserError `bad-front-matter` that names every field that is wrong
 */
export function correctDraft(draft: Draft, corrections: Corrections): Draft {
  const typed = Object.entries(corrections).map(([field, value]) => [field, value.trim()] as const)
  const { isTitleStated, furniture, line, file, ...stated } = draft
  const fields = { ...stated, ...Object.fromEntries(typed) }
  const published = corrections.published === undefined ? fields.published : readDate(fields.published ?? '')
  const kept = Object.fromEntries(
    Object.entries({ ...fields, published: published ?? fields.published }).filter(([, value]) => value !== ''),
  ) as typeof fields
  return {
    ...statedBy(parseArticle(formatArticle({ ...kept, slug: '', file: '' }), 'The article')),
    isTitleStated: isTitleStated || corrections.title !== undefined,
    furniture,
    ...defined({ line, file }),
  }
}
