import type { ArticleProblem, Draft } from '../corpus/corpus.ts'
import type { Actor, Corrections, CorpusStatus, Desk, ListedArticle } from '../corpus/desk.ts'
import type { FeedStatus } from '../corpus/feeds.ts'
import type { EmbeddingConfig } from '../embedding/embedding.ts'
import type { BuildProgress, BuildReport } from '../index/index.ts'
import { openThread, type Thread } from '../thread/thread.ts'
import type { IndexStatus } from './index-status.ts'
import type { DraftSource, SourceReport } from './sources.ts'
import type { Understood } from './understood.ts'
import type { UpkeepEvent } from './upkeep.ts'

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
    options: { readonly full: boolean },
    onProgress?: (progress: BuildProgress) => void,
    signal?: AbortSignal,
  ): Promise<BuildReport>
  /**
   * Follows the feeds, where a list is set, and with `watch` edits of the corpus; brings the index up to date after
   * either. Ends when the signal aborts.
   * @throws UserError 'watch-failed' when the system cannot watch so many files
   */
  keepUp(watch: boolean, onEvent: (event: UpkeepEvent) => void, signal: AbortSignal): Promise<void>
  /** Lets what is under way finish. Calling it again is harmless. */
  close(): Promise<void>
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

/** A thread of readers of pages and quotes holds some 150 MB; after this long without a call it ends. Milliseconds. */
const IDLE_MS = 120_000

type Calls = Omit<Moderation, 'close'>

/**
 * Opens the moderators' side of a corpus, in a thread of its own: pages are taken apart and a whole corpus compared there
 * without holding up answers. The thread is there while it is needed.
 * @param onProblem told of a thread that died; the next call starts another
 */
export function openModeration(config: ModerationConfig, onProblem?: (error: unknown) => void): Moderation {
  const module = new URL('./moderation-thread.ts', import.meta.url)
  let thread: Promise<Thread<Calls>> | undefined
  let inHand = 0
  let idle: NodeJS.Timeout | undefined
  const end = async () => {
    const last = thread
    thread = undefined
    clearTimeout(idle)
    // Whoever called it was told why a thread could not be opened.
    await last?.then(
      ({ close }) => close(),
      () => undefined,
    )
  }
  const call = async <M extends keyof Calls>(
    method: M,
    ...args: Parameters<Calls[M]>
  ): Promise<Awaited<ReturnType<Calls[M]>>> => {
    clearTimeout(idle)
    inHand++
    try {
      thread ??= openThread<Calls>(module, config, { name: 'moderation', onProblem }).catch((error: unknown) => {
        thread = undefined
        throw error
      })
      return await (await thread).call(method, ...args)
    } finally {
      inHand--
      if (inHand === 0) idle = setTimeout(() => void end(), IDLE_MS).unref()
    }
  }
  return {
    preview: (...args) => call('preview', ...args),
    correct: (...args) => call('correct', ...args),
    add: (...args) => call('add', ...args),
    find: (...args) => call('find', ...args),
    remove: (...args) => call('remove', ...args),
    restore: (...args) => call('restore', ...args),
    completeArticles: (...args) => call('completeArticles', ...args),
    completeRemoved: (...args) => call('completeRemoved', ...args),
    status: () => call('status'),
    export: (...args) => call('export', ...args),
    feeds: () => call('feeds'),
    reindex: (...args) => call('reindex', ...args),
    keepUp: async (watch, onEvent, signal) => {
      if (watch || config.feedsFile !== undefined) await call('keepUp', watch, onEvent, signal)
    },
    close: end,
  }
}
