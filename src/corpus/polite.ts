import { setTimeout } from 'node:timers/promises'
import robotsParserModule, { type Robot } from 'robots-parser'
import { FetchError, fetchPage, USER_AGENT, type FetchedPage, type FetchOptions } from './fetch.ts'

/** Time and chance, so that tests decide both. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 0 to 1, as Math.random. */
  readonly random: () => number
  /** Resolves after a time; rejects with the signal's reason as soon as it aborts. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  wait: async (ms, signal) => {
    try {
      await setTimeout(ms, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}

/** As `fetchPage`, for programs that read many pages: never two at once of one host, and none that robots.txt forbids. */
export type PoliteFetch = (url: string, options?: FetchOptions) => Promise<FetchedPage>

/** Between the end of one request to a host and the start of the next. */
const PAUSE_MS = 1000

/** Longest `Crawl-delay` that is kept; a longer one would stop a poll for minutes. */
const MAX_PAUSE_MS = 60_000

/** RFC 9309: no longer than a day. */
const ROBOTS_KEPT_MS = 24 * 3_600_000

/** While robots.txt cannot be reached, everything is forbidden (RFC 9309); then it is asked for again. */
const ROBOTS_MISSING_MS = 10 * 60_000

/** RFC 9309 asks for 500 KiB at least. */
const MAX_ROBOTS_BYTES = 512 * 1024

type Rules = { readonly robot: Robot } | { readonly failure: FetchError }
type Host = { last: Promise<unknown>; freeAt: number }

// The package is CommonJS whose types say it has a default export; Node gives the function itself.
const parseRobots = robotsParserModule as unknown as (url: string, text: string) => Robot

/**
 * Opens a fetch that is polite to hosts: one request at a time to each, a pause between two, robots.txt read first and
 * kept for a day. What robots.txt says of the address where a redirect ended counts as well.
 * The fetch throws FetchError `fetch-refused` for a page that robots.txt forbids, else as `fetchPage`.
 */
export function openPoliteFetch(clock: Clock, fetch: typeof fetchPage = fetchPage): PoliteFetch {
  const hosts = new Map<string, Host>()
  const rules = new Map<string, { readonly rules: Rules; readonly until: number }>()

  const inTurn = <T>(
    { host }: URL,
    signal: AbortSignal | undefined,
    pauseMs: number,
    work: () => Promise<T>,
  ): Promise<T> => {
    const turn = hosts.get(host) ?? { last: Promise.resolve(), freeAt: 0 }
    hosts.set(host, turn)
    const next = turn.last.then(async () => {
      signal?.throwIfAborted()
      const waitMs = turn.freeAt - clock.now()
      if (waitMs > 0) await clock.wait(waitMs, signal)
      try {
        return await work()
      } finally {
        turn.freeAt = clock.now() + pauseMs
      }
    })
    turn.last = next.catch(() => undefined)
    return next
  }

  const keptRules = (url: URL): Rules | undefined => {
    const kept = rules.get(url.origin)
    return kept !== undefined && kept.until > clock.now() ? kept.rules : undefined
  }

  const rulesOf = async (url: URL, options: FetchOptions): Promise<Rules> =>
    keptRules(url) ??
    inTurn(url, options.signal, 0, async () => {
      const kept = keptRules(url) // another page of the host may have asked meanwhile
      if (kept !== undefined) return kept
      const read = await readRobots(url, options, fetch)
      const keptMs = 'robot' in read ? ROBOTS_KEPT_MS : ROBOTS_MISSING_MS
      rules.set(url.origin, { rules: read, until: clock.now() + keptMs })
      return read
    })

  const pauseFor = async (url: URL, options: FetchOptions): Promise<number> => {
    const read = await rulesOf(url, options)
    if ('failure' in read) throw read.failure
    if (read.robot.isAllowed(url.href, USER_AGENT) === false)
      throw new FetchError(
        'fetch-refused',
        `The robots.txt of ${url.host} asks programs not to read ${url.pathname.slice(0, 200)}.`,
        'Leave it out, or ask the outlet; single pages can be saved and imported as files.',
      )
    const delayMs = (read.robot.getCrawlDelay(USER_AGENT) ?? 0) * 1000
    return Math.min(Math.max(PAUSE_MS, Number.isFinite(delayMs) ? delayMs : 0), MAX_PAUSE_MS)
  }

  return async (address, options = {}) => {
    if (!URL.canParse(address)) return fetch(address, options) // which says what is wrong with it
    const url = new URL(address)
    const pauseMs = await pauseFor(url, options)
    const page = await inTurn(url, options.signal, pauseMs, () => fetch(address, options))
    if (new URL(page.finalUrl).origin !== url.origin || new URL(page.finalUrl).pathname !== url.pathname)
      await pauseFor(new URL(page.finalUrl), options)
    return page
  }
}

async function readRobots(url: URL, options: FetchOptions, fetch: typeof fetchPage): Promise<Rules> {
  const address = `${url.origin}/robots.txt`
  try {
    const { bytes } = await fetch(address, {
      ...options,
      ifNot: {},
      accept: 'any',
      limits: { ...options.limits, bytes: MAX_ROBOTS_BYTES },
    })
    return { robot: parseRobots(address, new TextDecoder().decode(bytes)) }
  } catch (error) {
    if (!(error instanceof FetchError)) throw error
    const { status } = error
    if (status !== undefined && status >= 400 && status < 500 && status !== 429)
      return { robot: parseRobots(address, '') }
    if (error.code === 'fetch-refused') throw error
    const failure = new FetchError(
      error.code,
      `${address} could not be read, so nothing of ${url.host} is: ${error.message}`,
      error.remedy,
      {
        cause: error,
        retryAfter: error.retryAfter,
      },
    )
    return { failure }
  }
}
