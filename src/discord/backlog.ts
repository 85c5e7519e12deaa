import PQueue from 'p-queue'

/** Questions that wait for their turn, so many at a time that the last of them is still answered in time. */
export type Backlog = {
  /** Runs the work in its turn. @throws what the work throws */
  run<T>(work: () => Promise<T>): Promise<T>
  /** How many wait. */
  waiting(): number
  /** Milliseconds after which a newcomer may try again; undefined where it may wait its turn. */
  refuses(): number | undefined
}

export type BacklogOptions = {
  /** How many run at the same time. */
  readonly concurrency: number
  /** A newcomer that would have to wait longer than this is refused. */
  readonly patienceMs: number
  /** Milliseconds that go forward only. */
  readonly now?: () => number
}

/** What a question is taken to need before any was answered. */
const FIRST_GUESS_MS = 50
/** Weight of the latest question in the running mean of what one needs. */
const LATEST = 0.1
/** Nobody is told to come back sooner: all who are refused at once would come back at once. */
const SOONEST_MS = 3000

export function createBacklog({ concurrency, patienceMs, now = () => performance.now() }: BacklogOptions): Backlog {
  const queue = new PQueue({ concurrency })
  let meanMs = FIRST_GUESS_MS
  return {
    run: (work) =>
      queue.add(async () => {
        const started = now()
        try {
          return await work()
        } finally {
          meanMs += LATEST * (now() - started - meanMs)
        }
      }),
    waiting: () => queue.size,
    refuses() {
      const expectedMs = (queue.size * meanMs) / concurrency
      return expectedMs <= patienceMs ? undefined : Math.max(SOONEST_MS, expectedMs - patienceMs)
    },
  }
}
