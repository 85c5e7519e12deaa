import Database from 'better-sqlite3'
import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { queryObjects } from 'node:v8'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildIndex, followIndex, type Generation, type IndexFollower } from '../../src/index/index.ts'
import { embedding, makeSite, writeStories, type Site } from './made-up-coverage.ts'

let site: Site
let follower: IndexFollower
const problems: unknown[] = []
const numberOf = (generation: Generation) => generation.manifest.generation
const build = () => buildIndex({ corpusDir: site.corpusDir, indexDir: site.indexDir, embedding, full: true })

beforeEach(async () => {
  site = await makeSite()
  await writeStories(site, 3)
  await build()
  problems.length = 0
  follower = await followIndex(site.indexDir, { onProblem: (problem) => problems.push(problem) })
})
afterEach(async () => {
  await follower.close()
  await site[Symbol.asyncDispose]()
})

/** Asks until the answer comes from that generation. */
async function untilMovedTo(generation: number): Promise<void> {
  while ((await follower.use(numberOf)) !== generation) await new Promise((resolve) => setImmediate(resolve))
}

test('given a new generation, when requests go on, then the next ones are answered from it without being told', async () => {
  expect(await follower.use(numberOf)).toBe(1)
  await build()
  await untilMovedTo(2)
})

test('given a request under way, when the index moves on, then it keeps its generation to the end', async () => {
  let finish = () => {}
  const underWay = follower.use(async (generation) => {
    await new Promise<void>((resolve) => (finish = resolve))
    return [numberOf(generation), generation.passagesWithAny(['bolt'], 10).length]
  })
  await build()
  await follower.refresh()
  expect(await follower.use(numberOf)).toBe(2)
  finish()
  expect(await underWay).toEqual([1, 3])
})

test('given a request that fails, when the index moves on, then the old generation is closed all the same', async () => {
  let old: Generation | undefined
  const failing = follower.use((generation) => {
    old = generation
    throw new Error('the request failed')
  })
  await expect(failing).rejects.toThrow('the request failed')
  await build()
  await follower.refresh()
  await expect.poll(() => isOpen(old)).toBe(false)
})

test('given a new generation that is damaged, when requests go on, then they are answered and the problem is told once', async () => {
  await build()
  await truncate(path.join(site.indexDir, 'generations', '2', 'coverage.db'), 9999)
  await expect(follower.refresh()).rejects.toMatchObject({ code: 'index-damaged' })
  await expect.poll(() => follower.use(numberOf).then(() => problems.length)).toBe(1)
  for (let request = 0; request < 20; request++) expect(await follower.use(numberOf)).toBe(1)
  expect(problems).toMatchObject([{ code: 'index-damaged' }])
})

test('given a deleted index, when requests go on, then they are answered from what is open', async () => {
  await rm(site.indexDir, { recursive: true })
  expect(await follower.use((generation) => generation.passagesWithAny(['bolt'], 10).length)).toBe(3)
  expect(problems).toEqual([])
})

test('given a closed follower, when asked, then it says so; closing again is harmless', async () => {
  await follower.close()
  await follower.close()
  await expect(follower.use(numberOf)).rejects.toThrow('closed')
})

function isOpen(generation: Generation | undefined): boolean {
  try {
    generation?.passagesWithAny(['bolt'], 1)
    return true
  } catch {
    return false
  }
}

test('given a CURRENT that names nothing, when many questions come, then they are answered and it is told once', async () => {
  await writeFile(path.join(site.indexDir, 'CURRENT'), 'not a number\n')
  for (let i = 0; i < 20; i++) {
    expect(await follower.use(numberOf)).toBe(1)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await expect.poll(() => problems.length).toBe(1)
  expect(problems[0]).toMatchObject({ code: 'index-damaged' })
  await build()
  await untilMovedTo(2)
})

test('given generations that follow each other, when the requests that had them are over, then only the last one is held', async () => {
  const openDatabases = () => queryObjects(Database, { format: 'count' })
  const before = openDatabases()
  expect(before).toBeGreaterThan(0)
  for (const number of [2, 3, 4]) {
    await build()
    await follower.refresh()
    expect(await follower.use(numberOf)).toBe(number)
  }
  await expect.poll(openDatabases).toBe(before)
  expect(await readdir(path.join(site.indexDir, 'readers'))).toHaveLength(1)
})
