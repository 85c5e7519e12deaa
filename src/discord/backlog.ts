import PQueue from 'p-queue'

/**
 * Questions that wait for their turn, so many at a time that the last of them is still answered in time. A burst may
 * wait long; where there is always somebody waiting, a long queue answers nobody more than a short one, and everybody
 * later, so that only few may wait then.
 */
export type Backlog = {
  /** Runs the work in its turn. @throws what the work throws */
  run<T>(work: () => Promise<T>): Promise<T>
  /** How many wait. */
  waiting(): number
  /** Milliseconds that a newcomer would wait for its turn, as far as can be told. */
  expectedMs(): number
  /**
   * Milliseconds after which a newcomer may try again; undefined where it may wait its turn. Whoever is turned away
   * after another is told a later time, at the pace of answers: they would all come back at once.
   */
  turnsAway(): number | undefined
}

export type BacklogOptions = {
  /** How many run at the same time. */
  readonly concurrency: number
  /** A newcomer that would have to wait longer than this is turned away. */
  readonly patienceMs: number
  /** Milliseconds that go forward only. */
  readonly now?: () => number
}

/** What a question is taken to need before any was answered. */
const FIRST_GUESS_MS = 50
/** Weight of the latest question in the running mean of what one needs. */
const LATEST = 0.1
/** Whatever they need, no more wait: each holds memory. */
const MOST = 1000
/**
 * A queue that has not been empty for so long is more than a burst (the test of CoDel, Nichols & Jacobson 2012, with the
 * times of people instead of packets), and is one until it has been empty for up to as long …
 */
const BURST_MS = 5000
const MOST_BUSY_MS = 2 * BURST_MS
/** … and is kept so short that an answer is still the first response, with no announcement before it. */
const STANDING_PATIENCE_MS = 500
/** Nobody is told to come back sooner or later than this. */
const SOONEST_MS = 3000
const LAST_MS = 60_000

export function createBacklog({ concurrency, patienceMs, now = () => performance.now() }: BacklogOptions): Backlog {
  const queue = new PQueue({ concurrency })
  let waiting = 0
  let meanMs = FIRST_GUESS_MS
  let lastStartAt = now()
  let lastComeBackAt = -Infinity
  /** How long somebody has been waiting, less how long nobody has since then. */
  let busyMs = 0
  let countedAt = now()
  /** Counts the time since the last change: before any change, and before it is read. */
  const countBusy = (): number => {
    const at = now()
    busyMs += waiting > 0 ? at - countedAt : countedAt - at
    busyMs = Math.min(Math.max(busyMs, 0), MOST_BUSY_MS)
    countedAt = at
    return busyMs
  }
  const expectedMs = (): number => {
    if (waiting === 0) return 0
    const eachMs = meanMs / concurrency
    // Where nobody had a turn for longer than that, the mean is not what it was.
    return waiting * eachMs + Math.max(0, now() - lastStartAt - eachMs)
  }
  return {
    run: (work) => {
      countBusy()
      if (waiting++ === 0) lastStartAt = now()
      return queue.add(async () => {
        countBusy()
        waiting--
        const started = now()
        lastStartAt = started
        try {
          return await work()
        } finally {
          meanMs += LATEST * (now() - started - meanMs)
        }
      })
    },
    waiting: () => waiting,
    expectedMs,
    turnsAway() {
      const patience = countBusy() < BURST_MS ? patienceMs : Math.min(patienceMs, STANDING_PATIENCE_MS)
      const expected = expectedMs()
      if (expected <= patience && waiting < MOST) return undefined
      const at = now()
      const afterTheLast = Math.max(at + SOONEST_MS, at + expected - patience, lastComeBackAt + meanMs / concurrency)
      lastComeBackAt = Math.min(afterTheLast, at + LAST_MS)
      return lastComeBackAt - at
    },
  }
}
