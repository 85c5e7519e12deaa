import { execFileSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from './bot.ts'
import { textOf } from './server/reading.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

const QUESTION = { question: 'How long is the bridge safe for people on foot?' }
const QUOTE = /safe for people on foot/u

let coverage: TownCoverage
let on: TestBot
/** Every thread that the bot has started, oldest first. */
const threads: Worker[] = []
const remember = (worker: Worker) => void threads.push(worker)

beforeAll(async () => {
  process.on('worker', remember)
  coverage = await buildTownCoverage()
  on = await startTestBot({ coverage })
})
afterAll(async () => {
  process.off('worker', remember)
  await on.close()
  await coverage.remove()
})

/**
 * How many processes that this one has started run. One whose thread is gone has nobody to take note of its end, and
 * stays in the system's list until this process ends, without memory or files.
 */
function countChildren(): number {
  const states = execFileSync('ps', ['-o', 'stat=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
  return states.split('\n').filter((line) => line.includes('encoder-process') && !line.startsWith('Z')).length
}

test('given the thread that answers dies again and again, when questions are under way, then each is told or answered, the next is answered, and nothing of the dead stays', async () => {
  const reader = on.discord.user('Nils')
  expect(textOf(await reader.type('/ask', QUESTION))).toMatch(QUOTE)
  for (let death = 1; death <= 2; death++) {
    const turns = Array.from({ length: 4 }, () => reader.start('/ask', QUESTION))
    const [thread] = threads.slice(-1)
    await new Promise((resolve) => setImmediate(resolve)) // the questions are on their way
    await thread?.terminate()
    for (const turn of turns) expect(textOf(await turn.answer())).toMatch(/safe for people on foot|broke on our side/u)
    expect(textOf(await reader.type('/ask', QUESTION))).toMatch(QUOTE)
  }
  expect(threads).toHaveLength(3)
  expect(await readdir(join(coverage.indexDir, 'readers'))).toHaveLength(1)
  if (process.platform === 'linux') await expect.poll(countChildren).toBe(1)
})

test('given the moderators’ thread dies during a command, when the next command comes, then the first is told, nothing is half done, and the next is carried out', async () => {
  const moderator = on.discord.user('Mo', { moderator: true })
  expect(textOf(await moderator.type('/corpus status'))).toMatch(/8 articles/u)
  const [thread] = threads.slice(-1)
  const turn = moderator.start('/reindex', { full: true })
  await turn.acknowledged()
  await thread?.terminate()
  expect(textOf(await turn.answer())).toMatch(/broke on our side/u)
  await moderator.start('/reindex', { full: true }).says(/Reindexed in/u)
  expect(textOf(await on.discord.user('Nils').type('/ask', QUESTION))).toMatch(QUOTE)
  const generations = await readdir(join(coverage.indexDir, 'generations'))
  expect(generations.filter((name) => !/^\d+$/u.test(name))).toEqual([])
})
