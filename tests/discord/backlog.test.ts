import { describe, expect, test } from 'vitest'
import { createBacklog } from '../../src/discord/backlog.ts'

/** A piece of work that ends when it is told to. */
function held() {
  let release = (): void => {}
  const done = new Promise<void>((resolve) => (release = resolve))
  return { work: () => done, release }
}

describe('a backlog', () => {
  test('given few that wait, when one more comes, then it may wait', async () => {
    const backlog = createBacklog({ concurrency: 2, patienceMs: 100 })
    const { work, release } = held()
    const running = [backlog.run(work), backlog.run(work), backlog.run(work)]
    expect(backlog.waiting()).toBe(1)
    expect(backlog.refuses()).toBeUndefined()
    release()
    await Promise.all(running)
  })

  test('given more than can be answered in time, when one more comes, then it is told when to come back, and all who wait are answered', async () => {
    const backlog = createBacklog({ concurrency: 1, patienceMs: 100 })
    const { work, release } = held()
    const running = Array.from({ length: 5 }, () => backlog.run(work))
    expect(backlog.refuses()).toBeGreaterThanOrEqual(3000)
    release()
    await Promise.all(running)
    expect(backlog.refuses()).toBeUndefined()
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
      while (backlog.refuses() === undefined) running.push(backlog.run(work))
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
})
