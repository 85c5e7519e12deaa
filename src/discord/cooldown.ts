/** How many questions at once, and how soon the next. */
export type Pace = {
  readonly burst: number
  /** Milliseconds until one more is allowed. */
  readonly everyMs: number
}

export type Cooldown = {
  /**
   * Takes one turn of every key, or of none.
   * @returns undefined when all keys may go on; otherwise the time (milliseconds since 1970) to try again
   */
  take(keys: readonly (readonly [key: string, pace: Pace])[], now: number): number | undefined
}

const SWEEP_MS = 60_000

/** Token buckets, one for each key; full ones are forgotten. */
export function createCooldown(): Cooldown {
  /** When the bucket will be full again, milliseconds since 1970. */
  const fullAt = new Map<string, number>()
  let sweepAt = 0
  const sweep = (now: number) => {
    if (now < sweepAt && sweepAt - now <= SWEEP_MS) return
    sweepAt = now + SWEEP_MS
    for (const [key, at] of fullAt) if (at <= now) fullAt.delete(key)
  }
  /** Until the bucket is full. No bucket lacks more than all it holds: the clock was set back where it seems to. */
  const missingOf = (key: string, pace: Pace, now: number): number => {
    const most = pace.burst * pace.everyMs
    const missing = Math.max(0, (fullAt.get(key) ?? 0) - now)
    if (missing <= most) return missing
    fullAt.set(key, now + most)
    return most
  }
  return {
    take: (keys, now) => {
      sweep(now)
      const waits = keys.map(([key, pace]) => {
        const missing = missingOf(key, pace, now)
        return missing - (pace.burst - 1) * pace.everyMs
      })
      const longest = Math.max(0, ...waits)
      if (longest > 0) return now + longest
      for (const [key, pace] of keys) fullAt.set(key, now + missingOf(key, pace, now) + pace.everyMs)
      return undefined
    },
  }
}
