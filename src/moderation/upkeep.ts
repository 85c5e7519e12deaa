import type { Actor, Desk } from '../corpus/desk.ts'
import { followFeeds, readFeedList, systemClock, type FeedReport } from '../corpus/feeds.ts'
import { UserError } from '../errors.ts'
import type { BuildReport } from '../index/index.ts'
import { watchCorpus } from './watch.ts'

/** What happened without anybody asking for it. */
export type UpkeepEvent =
  | {
      readonly kind: 'feeds'
      readonly added: number
      /** Feeds that could not be read, and pieces that could not be taken in. */
      readonly failures: readonly { readonly outlet: string; readonly message: string }[]
    }
  | { readonly kind: 'watching' }
  | { readonly kind: 'reindexed'; readonly report: BuildReport }
  /** Something that a person can mend; it is tried again later. */
  | { readonly kind: 'problem'; readonly message: string; readonly remedy: string }

export type UpkeepParts = {
  readonly corpusDir: string
  readonly dataDir: string
  readonly desk: Desk
  /** Path of the list of feeds, where feeds are to be followed. */
  readonly feedsFile: string | undefined
  /** Whether edits of the corpus are noticed. */
  readonly watch: boolean
  readonly allowLoopback: boolean
  readonly reindex: (actor: Actor, signal: AbortSignal) => Promise<BuildReport>
}

const BY_FEEDS: Actor = { by: 'feeds', from: 'feeds' }
const BY_WATCH: Actor = { by: 'watch', from: 'corpus' }

/**
 * Follows feeds and edits of the corpus, and brings the index up to date after either, until the signal aborts.
 * @throws UserError 'watch-failed'; whatever is a bug
 */
export async function keepUp(
  parts: UpkeepParts,
  onEvent: (event: UpkeepEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    ...(parts.feedsFile === undefined ? [] : [followList(parts, parts.feedsFile, onEvent, signal)]),
    ...(parts.watch ? [followEdits(parts, onEvent, signal)] : []),
  ])
}

async function followList(
  { desk, dataDir, watch, allowLoopback, reindex }: UpkeepParts,
  feedsFile: string,
  onEvent: (event: UpkeepEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const builds: Promise<void>[] = []
  const options = { desk, dataDir, clock: systemClock, signal, fetchOptions: { allowLoopback } }
  await followFeeds(
    () => readFeedList(feedsFile),
    options,
    (reports) => {
      const added = reports.reduce((sum, report) => sum + report.added.length, 0)
      onEvent({ kind: 'feeds', added, failures: reports.flatMap(failuresOf) })
      // Whoever watches the corpus sees what the feeds wrote.
      if (added > 0 && !watch) builds.push(build(() => reindex(BY_FEEDS, signal), onEvent, signal))
    },
    ({ message, remedy }) => {
      onEvent({ kind: 'problem', message, remedy })
    },
  )
  await Promise.all(builds)
}

function failuresOf({ outlet, failure, problems }: FeedReport) {
  const pieces = problems.map(({ title, url, reason }) => `${title ?? url ?? 'a piece'}: ${reason}`)
  return [...(failure === undefined ? [] : [failure.message]), ...pieces].map((message) => ({ outlet, message }))
}

async function build(
  reindex: () => Promise<BuildReport>,
  onEvent: (event: UpkeepEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    onEvent({ kind: 'reindexed', report: await reindex() })
  } catch (error) {
    if (signal.aborted) return
    if (!(error instanceof UserError)) throw error
    onEvent({ kind: 'problem', message: error.message, remedy: error.remedy })
  }
}

async function followEdits(
  { corpusDir, reindex }: UpkeepParts,
  onEvent: (event: UpkeepEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const watch = await watchCorpus(corpusDir)
  onEvent({ kind: 'watching' })
  try {
    await watch.rebuild(
      () => reindex(BY_WATCH, signal),
      signal,
      (rebuild) => {
        if ('report' in rebuild) onEvent({ kind: 'reindexed', report: rebuild.report })
        else onEvent({ kind: 'problem', message: rebuild.failure.message, remedy: rebuild.failure.remedy })
      },
    )
  } finally {
    await watch.close()
  }
}
