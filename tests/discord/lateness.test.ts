import { describe, expect, test } from 'vitest'
import { createLateness } from '../../src/discord/lateness.ts'

/** A machine whose clocks are set by hand, and a Discord whose clock goes right. */
function createMachine({ wallAhead = 0 } = {}) {
  const base = 1_700_000_000_000
  let now = 0
  let ahead = wallAhead
  let asleepMs = 0
  const lateness = createLateness({ wall: () => base + now + ahead, steady: () => now - asleepMs })
  return {
    pass: (ms: number) => {
      now += ms
    },
    /** The steady clock stands still meanwhile. */
    sleep: (ms: number) => {
      now += ms
      asleepMs += ms
    },
    setClock: (ms: number) => {
      ahead += ms
    },
    /** One interaction that was under way for so long. */
    isForgotten: (underWayMs: number) => lateness.isForgotten(base + now - underWayMs),
  }
}

describe('an interaction', () => {
  test('given others that came at once, when one comes seconds later than Discord waits, then it is forgotten, and the next in time is not', () => {
    const machine = createMachine()
    expect(machine.isForgotten(80)).toBe(false)
    machine.pass(8000)
    expect(machine.isForgotten(2900)).toBe(false)
    expect(machine.isForgotten(7900)).toBe(true)
    expect(machine.isForgotten(90)).toBe(false)
  })

  test.each([-3_600_000, -4000, 4000, 86_400_000])(
    'given a clock that is %i ms from Discord’s, when interactions come in time, then none is forgotten, and a late one is',
    (wallAhead) => {
      const machine = createMachine({ wallAhead })
      for (let i = 0; i < 50; i++) {
        machine.pass(700)
        expect(machine.isForgotten(50 + (i % 7) * 100)).toBe(false)
      }
      expect(machine.isForgotten(9000)).toBe(true)
    },
  )

  test('given a clock that is set, or a machine that slept, when interactions come in time, then none is forgotten', () => {
    const machine = createMachine()
    machine.isForgotten(50)
    for (const ms of [60_000, -60_000]) {
      machine.setClock(ms)
      expect(machine.isForgotten(50)).toBe(false)
    }
    machine.sleep(3_600_000)
    expect(machine.isForgotten(50)).toBe(false)
  })

  test('given that all have come late for long, then they are taken again: it is the estimate that is wrong', () => {
    const machine = createMachine()
    machine.isForgotten(50)
    let taken = false
    for (let i = 0; i < 40 && !taken; i++) {
      machine.pass(1000)
      taken = !machine.isForgotten(30_000)
    }
    expect(taken).toBe(true)
  })

  test('given a long pause, when one comes, then there is nothing to compare it with, and it is taken', () => {
    const machine = createMachine()
    machine.isForgotten(50)
    machine.pass(60_000)
    expect(machine.isForgotten(59_000)).toBe(false)
  })
})
