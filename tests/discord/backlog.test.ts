import { describe, expect, test } from 'vitest'
import { createBacklog, type Backlog } from '../../src/discord/backlog.ts'

/** A piece of work that ends when it is told to. */
function held() {
  let release = (): void => {}
  const done = new Promise<void>((resolve) => (release = resolve))
  return { work: () => done, release }
}

/** A clock that is moved by hand, and somebody who answers one question after the other in its time. */
function createHandClock() {
  let at = 0
  return {
    now: () => at,
    pass: (ms: number) => {
      at += ms
    },
    worker: (backlog: Backlog, eachMs: number) => {
      const ends: (() => void)[] = []
      const answers: Promise<void>[] = []
      return {
        add: () => {
          answers.push(backlog.run(() => new Promise((resolve) => ends.push(resolve))))
        },
        /** The one that runs ends, the next begins. */
        next: async () => {
          at += eachMs
          ends.shift()?.()
          await answers.shift()
          await new Promise((resolve) => setImmediate(resolve))
        },
      }
    },
  }
}

describe('a backlog', () => {
  test('given few that wait, when one more comes, then it may wait', async () => {
    const backlog = createBacklog({ concurrency: 2, patienceMs: 100 })
    const { work, release } = held()
    const running = [backlog.run(work), backlog.run(work), backlog.run(work)]
    expect(backlog.waiting()).toBe(1)
    expect(backlog.turnsAway()).toBeUndefined()
    release()
    await Promise.all(running)
  })

  test('given more than can be answered in time, when one more comes, then it is told when to come back, and all who wait are answered', async () => {
    const backlog = createBacklog({ concurrency: 1, patienceMs: 100 })
    const { work, release } = held()
    const running = Array.from({ length: 5 }, () => backlog.run(work))
    expect(backlog.turnsAway()).toBeGreaterThanOrEqual(3000)
    release()
    await Promise.all(running)
    expect(backlog.turnsAway()).toBeUndefined()
  })

  test('given questions that took long, when others wait, then fewer may wait than after quick ones', async () => {
    let clock = 0
    const waitersUntilRefused = async (eachMs: number): Promise<number> => {
      const backlog = createBacklog({ concurrency: 1, patienceMs: 2000, now: () => clock })
      for (let i = 0; i < 50; i++)
        await backlog.run(async () => {
          clock += eachMs
        })
      const { work, release } = held()
      const running = [backlog.run(work)]
      while (backlog.turnsAway() === undefined) running.push(backlog.run(work))
      const waiting = backlog.waiting()
      release()
      await Promise.all(running)
      return waiting
    }
    expect(await waitersUntilRefused(1000)).toBe(3)
    expect(await waitersUntilRefused(100)).toBeGreaterThan(15)
  })

  test('given work that fails, then its caller is told and the next runs', async () => {
    const backlog = createBacklog({ concurrency: 1, patienceMs: 100 })
    await expect(backlog.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await backlog.run(() => Promise.resolve('fine'))).toBe('fine')
  })

  test('given somebody always waiting, when more than a burst has passed, then only few may wait, until nobody has for a while', async () => {
    const clock = createHandClock()
    const backlog = createBacklog({ concurrency: 1, patienceMs: 20_000, now: clock.now })
    const answerOne = clock.worker(backlog, 100)
    /** Twice as many come as can be answered; all who may wait do. @returns most that waited */
    const overload = async (seconds: number): Promise<number> => {
      let most = 0
      for (let i = 0; i < seconds * 10; i++) {
        for (let each = 0; each < 2; each++) if (backlog.turnsAway() === undefined) answerOne.add()
        most = Math.max(most, backlog.waiting())
        await answerOne.next()
      }
      return most
    }
    expect(await overload(5)).toBeGreaterThan(30)
    await overload(20)
    expect(await overload(20)).toBeLessThanOrEqual(6)
    while (backlog.waiting() > 0) await answerOne.next()
    clock.pass(10_000)
    expect(await overload(5)).toBeGreaterThan(30)
  })

  test('given many turned away, when each is told when to come back, then the times follow each other at the pace of answers, and none is beyond a minute', () => {
    const backlog = createBacklog({ concurrency: 1, patienceMs: 0, now: () => 0 })
    const { work, release } = held()
    const running = [backlog.run(work), backlog.run(work)]
    const times = Array.from({ length: 2000 }, () => backlog.turnsAway() ?? 0)
    expect(times[0]).toBeGreaterThanOrEqual(3000)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(new Set(times.slice(0, 100)).size).toBe(100)
    expect(Math.max(...times)).toBe(60_000)
    release()
    return Promise.all(running)
  })

  test('given quick questions before, when one hangs, then a newcomer is told that it would wait longer and longer', async () => {
    let at = 0
    const backlog = createBacklog({ concurrency: 1, patienceMs: 1000, now: () => at })
    for (let i = 0; i < 100; i++) await backlog.run(() => Promise.resolve())
    const { work, release } = held()
    const running = [backlog.run(work), backlog.run(work)]
    expect(backlog.turnsAway()).toBeUndefined()
    at += 5000
    expect(backlog.expectedMs()).toBeGreaterThan(4000)
    expect(backlog.turnsAway()).toBeDefined()
    release()
    await Promise.all(running)
    expect(backlog.expectedMs()).toBe(0)
  })

  test('given any number that would like to wait, when answers are quick, then there is still a most', async () => {
    const backlog = createBacklog({ concurrency: 1, patienceMs: 1e9 })
    const { work, release } = held()
    const running: Promise<void>[] = []
    while (running.length < 5000 && backlog.turnsAway() === undefined) running.push(backlog.run(work))
    expect(running.length).toBeLessThan(1100)
    release()
    await Promise.all(running)
    expect(backlog.turnsAway()).toBeUndefined()
  })
})
