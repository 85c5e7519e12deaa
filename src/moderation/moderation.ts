import { withAudit, type AuditRecord } from '../corpus/audit.ts'
import type { ArticleProblem, Draft } from '../corpus/corpus.ts'
import {
  correctDraft,
  exportCorpus,
  openDesk,
  type Actor,
  type Corrections,
  type CorpusStatus,
  type Desk,
  type ListedArticle,
} from '../corpus/desk.ts'
import { feedStatus, readFeedList, type FeedStatus } from '../corpus/feeds.ts'
import type { EmbeddingConfig } from '../embedding/embedding.ts'
import { UserError } from '../errors.ts'
import { buildIndex, type BuildProgress, type BuildReport } from '../index/index.ts'
import { foldKey } from '../text/fold.ts'
import { feedsFileOf } from './feeds-file.ts'
import { readIndexStatus, type IndexStatus } from './index-status.ts'
import { readDrafts, type DraftSource, type SourceReport } from './sources.ts'
import { understood, type Understood } from './understood.ts'
import { keepUp, type UpkeepEvent } from './upkeep.ts'

export type { Actor } from '../corpus/desk.ts'
export type { BuildProgress, BuildReport } from '../index/index.ts'
export type { DraftSource, SourceReport } from './sources.ts'
export type { Understood } from './understood.ts'
export type { UpkeepEvent } from './upkeep.ts'

/** A draft that nobody has kept yet, and what keeping it would do. */
export type Preview = { readonly draft: Draft; readonly understood: Understood }

/** What became of one draft: its place in the corpus, or why it has none. */
export type Kept =
  { readonly kept: Understood } | { readonly title: string; readonly reason: string; readonly remedy: string }

export type ModerationStatus = { readonly corpus: CorpusStatus; readonly index: IndexStatus }

export type CorpusExport = {
  /** JSON Lines in UTF-8, an article a line. */
  readonly bytes: Uint8Array
  readonly articles: number
  readonly problems: readonly ArticleProblem[]
}

/**
 * Everything that moderators do with the coverage. Each change is in the audit log before it is made, under the name of
 * the `Actor`; who may be one is the front end's to check. All that goes in and out is plain data.
 */
export type Moderation = {
  /**
   * Reads a page or a file and tells what adding it would do. Writes nothing.
   * @throws UserError `fetch-…`, `bad-file`, `bad-argument` for a file of more than `MAX_ARTICLES` articles
   */
  preview(source: DraftSource, signal?: AbortSignal): Promise<SourceReport & { readonly previews: readonly Preview[] }>
  /** A draft with a person's corrections. @throws UserError 'bad-front-matter' that names every field that is wrong */
  correct(draft: Draft, corrections: Corrections, source: string): Promise<Preview>
  /** Adds drafts, each on its own: one that fails is told of, and the others go on. @param source as in a preview */
  add(drafts: readonly Draft[], source: string, actor: Actor): Promise<readonly Kept[]>
  /** @throws UserError 'article-missing' */
  find(article: string): ReturnType<Desk['find']>
  /** @throws as `Desk.remove` */
  remove(article: string, actor: Actor, reason?: string): ReturnType<Desk['remove']>
  /** @returns the article's file. @throws as `Desk.restore` */
  restore(id: string, actor: Actor): Promise<string>
  /** Articles of the corpus whose file, title or outlet begins words like those typed; at most `limit`. */
  completeArticles(typed: string, limit: number): Promise<readonly ListedArticle[]>
  /** Removed articles, the last removed first, of which the same holds. */
  completeRemoved(typed: string, limit: number): ReturnType<Desk['removed']>
  status(): Promise<ModerationStatus>
  /** @throws UserError 'export-too-large' when there is more than `maxBytes`, 'corpus-empty' */
  export(actor: Actor, maxBytes: number): Promise<CorpusExport>
  /** How each feed of the list is doing. @throws UserError 'bad-config' when no list is set, or it is wrong */
  feeds(): Promise<readonly FeedStatus[]>
  /**
   * Brings the index up to date with the corpus; on record like every change.
   * @throws UserError as `buildIndex`; the signal's reason
   */
  reindex(
    actor: Actor,
    options: {
      readonly full?: boolean
      readonly onProgress?: (progress: BuildProgress) => void
      readonly signal?: AbortSignal
    },
  ): Promise<BuildReport>
  /**
   * Follows the feeds, where a list is set, and with `watch` edits of the corpus; brings the index up to date after
   * either. Ends when the signal aborts.
   * @throws UserError 'watch-failed' when the system cannot watch so many files
   */
  keepUp(watch: boolean, onEvent: (event: UpkeepEvent) => void, signal: AbortSignal): Promise<void>
}

export type ModerationConfig = {
  readonly corpusDir: string
  readonly indexDir: string
  readonly dataDir: string
  /** Path of the list of feeds. */
  readonly feedsFile: string | undefined
  readonly embedding: EmbeddingConfig
  /** Lets pages and attachments come from this machine; for tests. */
  readonly allowLoopback?: boolean
}

/** How long somebody who types waits for the newest list of articles; after that they get the one before. */
const LIST_MS = 300

/** Opens the moderators' side of a corpus; begins to look through it at once, so that the first of them need not wait. */
export function openModeration(config: ModerationConfig): Moderation {
  const { corpusDir, indexDir, dataDir, feedsFile, embedding, allowLoopback = false } = config
  const desk = openDesk({ corpusDir, dataDir })
  const recorded = <T>(
    record: Actor & Pick<AuditRecord, 'action' | 'detail'>,
    work: () => Promise<T>,
    done: (made: T) => Partial<AuditRecord>,
  ) => withAudit({ dataDir, now: () => new Date() }, record, work, done)

  let listed: readonly ListedArticle[] = []
  let listing: Promise<void> | undefined
  /** The list is asked for at every key; one look at the folder serves all that come meanwhile. */
  const list = async (): Promise<readonly ListedArticle[]> => {
    listing ??= desk
      .articles()
      .then(
        (articles) => {
          listed = articles
        },
        // A folder that cannot be read is told of when something is done with it.
        () => undefined,
      )
      .finally(() => {
        listing = undefined
      })
    await Promise.race([listing, new Promise((resolve) => setTimeout(resolve, LIST_MS).unref())])
    return listed
  }
  void list()

  const keep = async (draft: Draft, source: string, actor: Actor): Promise<Kept> => {
    try {
      return { kept: understood(await desk.add(draft, source, actor), draft) }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { title: draft.title, reason: error.message, remedy: error.remedy }
    }
  }

  const reindex: Moderation['reindex'] = (actor, { full = false, onProgress, signal }) =>
    recorded(
      { ...actor, action: full ? 'reindex full' : 'reindex' },
      () =>
        buildIndex({
          corpusDir,
          indexDir,
          embedding,
          full,
          ...(onProgress === undefined ? {} : { onProgress }),
          ...(signal === undefined ? {} : { signal }),
        }),
      ({ generation, changed }) => ({ detail: changed ? `generation ${String(generation)}` : 'nothing changed' }),
    )

  return {
    preview: async (source, signal) => {
      const { drafts, ...report } = await readDrafts(source, {
        allowLoopback,
        ...(signal === undefined ? {} : { signal }),
      })
      const previews: Preview[] = []
      for (const draft of drafts)
        previews.push({ draft, understood: understood(await desk.preview(draft, report.source), draft) })
      return { ...report, previews }
    },
    correct: async (draft, corrections, source) => {
      const corrected = correctDraft(draft, corrections)
      return { draft: corrected, understood: understood(await desk.preview(corrected, source), corrected) }
    },
    add: async (drafts, source, actor) => {
      const all: Kept[] = []
      for (const draft of drafts) all.push(await keep(draft, source, actor))
      return all
    },
    find: (article) => desk.find(article),
    remove: (article, actor, reason) => desk.remove(article, actor, reason),
    restore: (id, actor) => desk.restore(id, actor),
    completeArticles: async (typed, limit) =>
      matching(await list(), typed, ({ file, title, outlet }) => [title, outlet, file]).slice(0, limit),
    completeRemoved: async (typed, limit) =>
      matching(await desk.removed(), typed, ({ file, title }) => [title, file]).slice(0, limit),
    status: async () => ({ corpus: await desk.status(), index: await readIndexStatus(indexDir, corpusDir) }),
    export: (actor, maxBytes) =>
      recorded(
        { ...actor, action: 'export' },
        () => exported(corpusDir, maxBytes),
        ({ articles, bytes }) => ({ detail: `${String(articles)} articles, ${String(bytes.length)} bytes` }),
      ),
    feeds: async () => feedStatus(await readFeedList(feedsFileOf(feedsFile)), dataDir),
    reindex,
    keepUp: (watch, onEvent, signal) =>
      keepUp(
        {
          corpusDir,
          dataDir,
          desk,
          feedsFile,
          watch,
          allowLoopback,
          reindex: (actor, stop) => reindex(actor, { signal: stop }),
        },
        onEvent,
        signal,
      ),
  }
}

async function exported(corpusDir: string, maxBytes: number): Promise<CorpusExport> {
  const problems: ArticleProblem[] = []
  const lines: Buffer[] = []
  let size = 0
  for await (const line of exportCorpus(corpusDir, (problem) => problems.push(problem))) {
    const bytes = Buffer.from(line)
    size += bytes.length
    if (size > maxBytes)
      throw new UserError(
        'export-too-large',
        `The corpus is larger than the ${(maxBytes / 1e6).toFixed(0)} MB that a file may have here.`,
        'Whoever runs the bot can export it: npm run -s verbatim -- corpus export --out corpus.jsonl',
      )
    lines.push(bytes)
  }
  return { bytes: Buffer.concat(lines), articles: lines.length, problems }
}

/** What has a word that begins with each of the words typed, in the order given. */
function matching<T>(
  all: readonly T[],
  typed: string,
  texts: (each: T) => readonly (string | undefined)[],
): readonly T[] {
  const wanted = words(typed)
  return all.filter((each) => {
    const own = texts(each).flatMap((text) => (text === undefined ? [] : words(text)))
    return wanted.every((word) => own.some((other) => other.startsWith(word)))
  })
}

function words(text: string): readonly string[] {
  return foldKey(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}
