/** Discord's first second: snowflakes count milliseconds from here. */
export const DISCORD_EPOCH_MS = 1_420_070_400_000

/** The local Discord's clock: real time, plus what a test has moved it by. Milliseconds. */
export type Clock = {
  now(): number
  /**
   * The time that counts against deadlines (three seconds to acknowledge, fifteen minutes for a token). Only what a
   * test moves it by, so that a busy machine fails no test; real time too where the clock is strict.
   */
  counted(): number
  /** Jumps ahead; nothing waits. Tokens and acknowledgement windows run out as if the time had passed. */
  advance(ms: number): void
}

export function createClock(strict = false): Clock {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    counted: () => (strict ? Date.now() + ahead : ahead),
    advance: (ms) => {
      ahead += ms
    },
  }
}

/** Gives ids as Discord does: the time in the upper 42 bits, a counter below, never the same one twice. */
export function snowflakes(clock: Clock): () => string {
  let counter = 0n
  return () => {
    counter = (counter + 1n) % (1n << 22n)
    return ((BigInt(clock.now() - DISCORD_EPOCH_MS) << 22n) | counter).toString()
  }
}
