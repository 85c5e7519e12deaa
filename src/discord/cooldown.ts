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

/** Token buckets, one for each key; full ones are forgotten. */
export function createCooldown(): Cooldown {
  /** When the bucket will be full again, milliseconds since 1970. */
  const fullAt = new Map<string, number>()
  let sweepAt = 0
  const sweep = (now: number) => {
    if (now < sweepAt) return
    sweepAt = now + 60_000
    for (const [key, at] of fullAt) if (at <= now) fullAt.delete(key)
  }
  return {
    take: (keys, now) => {
      sweep(now)
      const waits = keys.map(([key, pace]) => {
        const missing = Math.max(0, (fullAt.get(key) ?? 0) - now)
        return missing - (pace.burst - 1) * pace.everyMs
      })
      const longest = Math.max(0, ...waits)
      if (longest > 0) return now + longest
      for (const [key, pace] of keys) fullAt.set(key, Math.max(now, fullAt.get(key) ?? 0) + pace.everyMs)
      return undefined
    },
  }
}
