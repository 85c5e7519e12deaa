import { readFile, stat } from 'node:fs/promises'
import PQueue from 'p-queue'
import { parse as parseYaml, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'
import { defined } from './article.ts'
import type { Desk, Placed } from './desk.ts'
import { decodeText } from './encoding.ts'
import { readFeed, type FeedItem } from './feed-items.ts'
import { NEW_FEED, readFeedStates, withFeedLock, writeFeedStates, type FeedState } from './feed-state.ts'
import { FetchError, type FetchOptions } from './fetch.ts'
import { readMetadata } from './metadata.ts'
import { openPoliteFetch, type Clock, type PoliteFetch } from './polite.ts'
import { readSource } from './read.ts'
import type { Draft } from './source.ts'
import { draftOfPage } from './web.ts'
import { isCutOff, wordsOf } from './wording.ts'

export { systemClock, type Clock } from './polite.ts'

const feedSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'is not a web address that starts with http:// or https://' }),
  outlet: z.string({ error: 'is missing' }).trim().min(1, 'is empty'),
})

/** One line of the list of feeds. */
export type Feed = z.output<typeof feedSchema>

/** A list of feeds larger than this is something else. */
const MAX_LIST_BYTES = 1024 * 1024

/**
 * Reads the list of feeds: YAML, a list of `url` and `outlet`.
 *
 *     - url: https://courier.example.org/rss
 *       outlet: Harlow Courier
 * @throws UserError `bad-config` that names every entry that is wrong, or says that the file cannot be read
 */
export async function readFeedList(file: string): Promise<readonly Feed[]> {
  const remedy = 'Write a list such as:\n- url: https://courier.example.org/rss\n  outlet: Harlow Courier'
  const wrong = (what: string, cause?: unknown) => new UserError('bad-config', `${file} ${what}.`, remedy, { cause })
  const list = await readYaml(file, wrong)
  const parsed = z.array(feedSchema, { error: 'is not a list of feeds' }).safeParse(list ?? [])
  if (!parsed.success) {
    const reasons = parsed.error.issues.map((issue) => {
      const [index, field] = issue.path
      return `${typeof index === 'number' ? `entry ${String(index + 1)}: ` : ''}${field === undefined ? '' : `${String(field)} `}${issue.message}`
    })
    throw wrong(`is wrong: ${reasons.join('; ')}`, parsed.error)
  }
  const urls = parsed.data.map(({ url }) => url)
  const twice = urls.find((url, i) => urls.indexOf(url) !== i)
  if (twice !== undefined) throw wrong(`names ${twice} twice`)
  return parsed.data
}

async function readYaml(file: string, wrong: (what: string, cause: unknown) => UserError): Promise<unknown> {
  try {
    if ((await stat(file)).size > MAX_LIST_BYTES) throw wrong('is too large for a list of feeds', undefined)
    return parseYaml(await readFile(file, 'utf8'), { maxAliasCount: 0 })
  } catch (error) {
    if (error instanceof YAMLParseError) throw wrong(`is not YAML (${error.message.split('\n')[0] ?? ''})`, error)
    if (error instanceof ReferenceError) throw wrong('has aliases, which are not read', error)
    if (isSystemError(error)) throw wrong(`cannot be read (${error.code})`, error)
    throw error
  }
}

/** A piece that a feed announced and that did not become an article. */
export type ItemProblem = {
  readonly title?: string
  readonly url?: string
  readonly reason: string
  readonly remedy: string
  /** Whether it is not tried again. */
  readonly isGivenUp: boolean
}

/** What a poll of one feed brought. */
export type FeedReport = Feed & {
  /** `gone`: the server says it is gone for good, now or earlier. `not-due`: not asked. */
  readonly outcome: 'read' | 'unchanged' | 'failed' | 'gone' | 'not-due'
  /** Articles that are new in the corpus, or have a new text. */
  readonly added: readonly Placed[]
  /** Announced pieces that the corpus had already. */
  readonly known: number
  readonly problems: readonly ItemProblem[]
  /** Why a poll failed. */
  readonly failure?: { readonly message: string; readonly remedy: string }
  /** When it is asked next; absent when it is gone. */
  readonly nextPoll?: Date
}

export type PollOptions = {
  /** Where the articles go. */
  readonly desk: Pick<Desk, 'add'>
  readonly dataDir: string
  readonly clock: Clock
  /** Asks every feed now, also those that are gone or not due. */
  readonly isForced?: boolean
  readonly signal?: AbortSignal
  /** Called after each feed. */
  readonly onFeed?: (report: FeedReport) => void
  /** For every request: the proxy's environment, a resolver. */
  readonly fetchOptions?: Pick<FetchOptions, 'allowLoopback' | 'env' | 'resolve'>
  /** Kept by a scheduler so that hosts and their robots.txt are remembered between polls. */
  readonly fetch?: PoliteFetch
}

const INTERVAL_MS = 30 * 60_000
const LONGEST_INTERVAL_MS = 24 * 3_600_000

/** Longest `Retry-After` that is believed. */
const LONGEST_PAUSE_MS = 7 * 24 * 3_600_000

/** Articles that one poll takes from one feed; the rest waits for the next. */
const ITEMS_A_POLL = 30

/** How often a piece that cannot be read is tried. */
const TRIES = 3

/** How long a piece is remembered after its feed announced it for the last time. */
const SEEN_KEPT_MS = 90 * 24 * 3_600_000

/** Hosts that are asked at once. */
const HOSTS_AT_ONCE = 4

const FEED_TYPES = [
  'application/rss+xml',
  'application/atom+xml',
  'application/rdf+xml',
  'application/feed+json',
  'application/xml',
  'text/xml',
  'application/json',
  'text/html', // what carelessly set up servers call a feed
  'text/plain',
]

/**
 * Asks each feed that is due once, and adds what is new to the corpus: the text that the feed gives, or that of the
 * piece's page when the feed gives a teaser. Hosts are asked side by side, each host one request at a time
 * (`openPoliteFetch`). What did not change since the last poll is not sent again (ETag, Last-Modified). A feed that
 * fails is asked again after twice the time, up to a day; what a feed has announced once is not added again, so that
 * what moderators removed stays removed. One feed's failure holds up no other.
 * @returns a report for each feed, in the order given
 * @throws UserError `feeds-busy`, `bad-file` (damaged state), `write-failed`; the signal's reason when it aborts
 */
export async function pollFeeds(feeds: readonly Feed[], options: PollOptions): Promise<readonly FeedReport[]> {
  const { dataDir, clock, signal, onFeed } = options
  const fetch = options.fetch ?? openPoliteFetch(clock)
  return withFeedLock(dataDir, async () => {
    const states = { ...(await readFeedStates(dataDir)) }
    const queue = new PQueue({ concurrency: HOSTS_AT_ONCE })
    let saved = Promise.resolve()
    let isStopped = false
    const poll = async (feed: Feed): Promise<FeedReport | undefined> => {
      signal?.throwIfAborted()
      if (isStopped) return undefined
      const state = states[feed.url] ?? NEW_FEED
      const { report, next } = await pollFeed(feed, state, { ...options, fetch })
      if (next !== state) {
        states[feed.url] = next
        saved = saved.then(() => writeFeedStates(dataDir, states))
        await saved
      }
      onFeed?.(report)
      return report
    }
    const polls = feeds.map((feed) =>
      queue.add(() =>
        poll(feed).catch((error: unknown) => {
          isStopped = true
          throw error
        }),
      ),
    )
    // All have ended before the lock is let go, whatever one of them threw.
    for (const poll of await Promise.allSettled(polls)) if (poll.status === 'rejected') throw poll.reason
    return (await Promise.all(polls)).filter((report) => report !== undefined)
  })
}

type Polled = { readonly report: FeedReport; readonly next: FeedState }
type FeedOptions = PollOptions & { readonly fetch: PoliteFetch }

async function pollFeed(feed: Feed, state: FeedState, options: FeedOptions): Promise<Polled> {
  const { clock, isForced = false, signal, fetchOptions } = options
  const nothing = { ...feed, added: [], known: 0, problems: [] }
  const planned = state.nextPoll === undefined ? undefined : new Date(state.nextPoll)
  // Later than any pause is long: the clock was wrong when it was written.
  const isSane = planned !== undefined && planned.getTime() <= clock.now() + LONGEST_PAUSE_MS + LONGEST_INTERVAL_MS
  const nextPoll = isSane ? planned : undefined
  if (!isForced && state.isGone) return { report: { ...nothing, outcome: 'gone' }, next: state }
  if (!isForced && nextPoll !== undefined && nextPoll.getTime() > clock.now())
    return { report: { ...nothing, outcome: 'not-due', nextPoll }, next: state }
  try {
    const page = await options.fetch(feed.url, {
      ...fetchOptions,
      accept: FEED_TYPES,
      ifNot: { etag: state.etag, lastModified: state.lastModified },
      ...(signal === undefined ? {} : { signal }),
    })
    if (page.status === 304) {
      const { next, at } = succeeded(state, clock, INTERVAL_MS)
      return { report: { ...nothing, outcome: 'unchanged', nextPoll: at }, next }
    }
    const { items, ttlMinutes = 0 } = readFeed(decodeText(page.bytes, feed.url, page.charset), page.finalUrl)
    const taken = await takeItems(feed, items, state, options)
    const { next, at } = succeeded(taken.state, clock, Math.max(INTERVAL_MS, ttlMinutes * 60_000))
    // What is left for the next poll would not be sent again if the feed did not change.
    const { etag, lastModified } = taken.isComplete ? page : {}
    const { added, known, problems } = taken
    return {
      report: { ...feed, outcome: 'read', added, known, problems, nextPoll: at },
      next: defined({ ...next, etag, lastModified }),
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof UserError) || error.code === 'write-failed') throw error
    const { next, at } = failed(state, error, clock)
    const failure = { message: error.message, remedy: error.remedy }
    const ahead = at === undefined ? {} : { nextPoll: at }
    return { report: { ...nothing, outcome: next.isGone ? 'gone' : 'failed', failure, ...ahead }, next }
  }
}

function succeeded(state: FeedState, clock: Clock, intervalMs: number): { next: FeedState; at: Date } {
  const now = new Date(clock.now()).toISOString()
  const at = later(clock, Math.min(intervalMs, LONGEST_INTERVAL_MS))
  const polled = { lastPoll: now, lastSuccess: now, nextPoll: at.toISOString(), failures: 0, isGone: false }
  return { at, next: { ...defined({ ...state, lastError: undefined }), ...polled } }
}

/** Twice the time after each failure, and never sooner than the server asks. */
function failed(state: FeedState, error: UserError, clock: Clock): { next: FeedState; at: Date | undefined } {
  const failures = state.failures + 1
  const askedMs = error instanceof FetchError ? retryAfterMs(error.retryAfter, clock) : 0
  const backOffMs = Math.min(INTERVAL_MS * 2 ** Math.min(failures, 10), LONGEST_INTERVAL_MS)
  const at = later(clock, Math.max(backOffMs, askedMs))
  const isGone = error instanceof FetchError && error.status === 410
  const now = new Date(clock.now()).toISOString()
  return {
    at: isGone ? undefined : at,
    next: { ...state, lastPoll: now, nextPoll: at.toISOString(), failures, isGone, lastError: error.message },
  }
}

/** A time from now, up to a tenth longer, so that feeds do not all come due at once. */
function later(clock: Clock, ms: number): Date {
  return new Date(Math.round(clock.now() + ms * (1 + clock.random() / 10)))
}

function retryAfterMs(retryAfter: string | undefined, clock: Clock): number {
  if (retryAfter === undefined) return 0
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - clock.now()
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS)
}

type Taken = Pick<FeedReport, 'added' | 'known' | 'problems'> & {
  readonly state: FeedState
  /** Whether nothing is left for the next poll, so that a feed that does not change need not be sent again. */
  readonly isComplete: boolean
}

/** Takes what a feed announces for the first time, the oldest first, so that the corpus grows in the order of events. */
async function takeItems(
  feed: Feed,
  items: readonly FeedItem[],
  state: FeedState,
  options: FeedOptions,
): Promise<Taken> {
  const { desk, clock } = options
  const now = new Date(clock.now())
  const fresh = items.filter(({ key }) => state.seen[key] === undefined)
  const seen: Record<string, string> = {}
  for (const [key, at] of Object.entries(state.seen)) if (Date.parse(at) > now.getTime() - SEEN_KEPT_MS) seen[key] = at
  for (const { key } of items) if (state.seen[key] !== undefined) seen[key] = now.toISOString()
  const tries: Record<string, number> = {}
  const added: Placed[] = []
  const problems: ItemProblem[] = []
  let known = 0
  for (const item of fresh.slice(0, ITEMS_A_POLL).reverse()) {
    try {
      const placed = await desk.add(await draftOfItem(item, feed, options), item.url ?? feed.url, {
        by: 'feeds',
        from: feed.url,
      })
      if (placed.outcome === 'imported' || placed.outcome === 'updated') added.push(placed)
      else known++
      seen[item.key] = now.toISOString()
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!(error instanceof UserError) || error.code === 'write-failed') throw error
      const tried = (state.tries[item.key] ?? 0) + 1
      const isGivenUp = tried >= TRIES || isFinal(error)
      if (isGivenUp) seen[item.key] = now.toISOString()
      else tries[item.key] = tried
      problems.push({
        ...defined({ title: item.title, url: item.url }),
        reason: error.message,
        remedy: error.remedy,
        isGivenUp,
      })
    }
  }
  return {
    added,
    known,
    problems,
    state: { ...state, seen, tries, added: state.added + added.length },
    isComplete: fresh.length <= ITEMS_A_POLL && Object.keys(tries).length === 0,
  }
}

/** Whether trying again is no use: what may not be read, and what is gone. */
function isFinal(error: UserError): boolean {
  if (error.code === 'fetch-refused' || error.code === 'fetch-wrong-type') return true
  return error instanceof FetchError && [401, 402, 403, 404, 410, 451].includes(error.status ?? 0)
}

/** Words from which on a feed's text is the article: WordPress, which most outlets use, cuts teasers at 55. */
const FULL_TEXT_WORDS = 100

/** The article of an announced piece, from the feed or from its page; the feed's word on title, date and author goes first. */
async function draftOfItem(item: FeedItem, feed: Feed, options: FeedOptions): Promise<Draft> {
  const own = ownDraft(item, feed)
  if (own !== undefined && wordsOf(own.body).length >= FULL_TEXT_WORDS && !isTeaser(item, own)) return own
  if (item.url === undefined)
    throw new UserError(
      'bad-file',
      'The feed gives a teaser without an address of the piece.',
      'Import the piece by hand.',
    )
  const page = await options.fetch(item.url, {
    ...options.fetchOptions,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const draft = draftOfPage(page)
  const { title, author, published } = readMetadata(new Map(Object.entries(item)))
  const stated = defined({ title, author: draft.author ?? author, published: published ?? draft.published })
  return { ...draft, ...stated, outlet: feed.outlet, isTitleStated: draft.isTitleStated || title !== undefined }
}

/** What the feed itself gives, read as an export's record is; undefined when that is no article. */
function ownDraft(item: FeedItem, feed: Feed): Draft | undefined {
  const { title, author, published, url, content } = item
  if (content === undefined) return undefined
  const record = { title, author, published, url, html: content }
  const [reading] = readSource(Buffer.from(`[${JSON.stringify(record)}]`), 'feed.json')
  return reading !== undefined && 'draft' in reading ? { ...reading.draft, outlet: feed.outlet } : undefined
}

/** Whether a text breaks off: with an ellipsis, or with a link to the rest. */
function isTeaser(item: FeedItem, draft: Draft): boolean {
  const end = (item.content ?? '')
    .replace(/<[^>]*>/g, ' ')
    .trim()
    .slice(-200)
  return (
    isCutOff(draft.body) ||
    isCutOff(end) ||
    /\b(continue reading|read (more|on|the (full|rest))|full story)\b[^.]{0,60}$/i.test(end)
  )
}

/** A feed and how it is doing, for those who look after it. */
export type FeedStatus = Feed &
  Pick<FeedState, 'lastPoll' | 'lastSuccess' | 'nextPoll' | 'failures' | 'lastError' | 'isGone' | 'added'>

/** How each feed is doing, in the order given. @throws UserError `bad-file` when what is remembered was damaged */
export async function feedStatus(feeds: readonly Feed[], dataDir: string): Promise<readonly FeedStatus[]> {
  const states = await readFeedStates(dataDir)
  return feeds.map((feed) => {
    const { lastPoll, lastSuccess, nextPoll, lastError, failures, isGone, added } = states[feed.url] ?? NEW_FEED
    return { ...feed, ...defined({ lastPoll, lastSuccess, nextPoll, lastError }), failures, isGone, added }
  })
}

/** Shortest and longest time between two looks at the list of feeds. */
const SHORTEST_WAIT_MS = 60_000
const LONGEST_WAIT_MS = 15 * 60_000

/**
 * Polls feeds for as long as the signal lets it: reads the list, polls what is due, waits until the next one is.
 * @param onPass after each pass in which a feed was asked
 * @param onFailure a pass that failed in a way a person can mend (a list with a mistake, a full disk); it goes on later
 * @throws whatever is a bug
 */
export async function followFeeds(
  readFeeds: () => Promise<readonly Feed[]>,
  options: PollOptions & { readonly signal: AbortSignal },
  onPass: (reports: readonly FeedReport[]) => void,
  onFailure: (error: UserError) => void,
): Promise<void> {
  const { clock, signal } = options
  const fetch = options.fetch ?? openPoliteFetch(clock)
  while (!signal.aborted) {
    let nextMs = LONGEST_WAIT_MS
    try {
      const reports = await pollFeeds(await readFeeds(), { ...options, fetch })
      const asked = reports.filter(({ outcome }) => outcome !== 'not-due' && outcome !== 'gone')
      if (asked.length > 0) onPass(reports)
      for (const { nextPoll } of reports)
        if (nextPoll !== undefined) nextMs = Math.min(nextMs, nextPoll.getTime() - clock.now())
    } catch (error) {
      if (isAborted(signal)) return
      if (!(error instanceof UserError)) throw error
      onFailure(error)
    }
    try {
      await clock.wait(Math.max(nextMs, SHORTEST_WAIT_MS), signal)
    } catch (error) {
      if (!isAborted(signal)) throw error
    }
  }
}

/** Asked anew each time: what TypeScript knows of `aborted` from the loop's head may have changed. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}
