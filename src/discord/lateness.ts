/** Tells which interactions come so late that Discord has forgotten them. */
export type Lateness = {
  /** @param createdAt when Discord made it, milliseconds since 1970 by Discord's clock */
  isForgotten(createdAt: number): boolean
}

/** Discord waits three seconds for a response; the rest is left for what the estimate may be wrong by. */
const FORGOTTEN_MS = 5000
/** The quickest journey of the last one or two of these spans is compared with. */
const SPAN_MS = 10_000

type Clocks = {
  /** Milliseconds since 1970. */
  readonly wall: () => number
  /** Milliseconds that go forward only. */
  readonly steady: () => number
}

const MACHINE: Clocks = { wall: () => Date.now(), steady: () => performance.now() }

/**
 * How long an interaction has been under way can be told only as a difference to another one, since this machine's clock
 * and Discord's need not agree: the quickest lately is taken as without delay. Two clocks have to say so, because one
 * stands still while a machine sleeps, and the other is set now and then.
 */
export function createLateness({ wall, steady }: Clocks = MACHINE): Lateness {
  const quickest = [createMinimum(), createMinimum()]
  return {
    isForgotten(createdAt) {
      const at = steady()
      const journeys = [wall() - createdAt, at - createdAt]
      return journeys
        .map((journey, i) => journey - (quickest[i]?.(journey, at) ?? journey))
        .every((delay) => delay > FORGOTTEN_MS)
    },
  }
}

/** The least of the values of this span and the one before, the given one included. */
function createMinimum(): (value: number, at: number) => number {
  let span = -Infinity
  let before = Infinity
  let least = Infinity
  return (value, at) => {
    const current = Math.floor(at / SPAN_MS)
    if (current !== span) {
      before = current === span + 1 ? least : Infinity
      least = Infinity
      span = current
    }
    least = Math.min(least, value)
    return Math.min(before, least)
  }
}
