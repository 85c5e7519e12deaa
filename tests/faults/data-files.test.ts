import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appendAudit, readAudit, readAuditSince, type AuditRecord } from '../../src/corpus/audit.ts'
import { openDesk, type Desk } from '../../src/corpus/desk.ts'
import { NEW_FEED, readFeedStates, withFeedLock, writeFeedStates } from '../../src/corpus/feed-state.ts'
import type { Draft } from '../../src/corpus/source.ts'
import { whileDiskFails } from './faulty-disk.ts'

const FEED = 'https://post.example/feed'
const anna = { by: '4711', name: 'anna', from: 'terminal' }
const record: AuditRecord = { at: '2025-03-04T12:00:00.000Z', ...anna, action: 'add', outcome: 'done' }
const draft: Draft = {
  title: 'The kiosk on Quay Street closes',
  isTitleStated: true,
  body: 'The kiosk on Quay Street sold its last paper on Friday, sixty years after the first.',
  furniture: [],
}

let root: string
let dataDir: string
let corpusDir: string
let desk: Desk
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-faults-'))
  dataDir = path.join(root, 'data')
  corpusDir = path.join(root, 'corpus')
  await mkdir(dataDir)
  desk = openDesk({ corpusDir, dataDir })
})
afterEach(() => rm(root, { recursive: true, force: true }))

test('given a disk that does not give back the state of feeds, when read, then it says which file and what to do, and the state is there once the disk is well', async () => {
  const states = { [FEED]: { ...NEW_FEED, added: 3 } }
  await writeFeedStates(dataDir, states)
  await whileDiskFails({ code: 'EIO', calls: ['readFile'], path: 'feeds\\.json$' }, async () => {
    await expect(readFeedStates(dataDir)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringMatching(/feeds\.json .*EIO/u) as unknown,
      remedy: expect.stringContaining('disk') as unknown,
    })
  })
  expect(await readFeedStates(dataDir)).toEqual(states)
})

test.each([['writeFile'], ['sync'], ['rename']])(
  'given a disk that fails at %s, when the state of feeds is written, then it says so, the old state stays and nothing is left behind',
  async (call) => {
    const states = { [FEED]: { ...NEW_FEED, added: 3 } }
    await writeFeedStates(dataDir, states)
    await whileDiskFails({ code: 'EIO', calls: [call], path: 'data' }, async () => {
      await expect(writeFeedStates(dataDir, {})).rejects.toMatchObject({ code: 'write-failed' })
    })
    expect(await readFeedStates(dataDir)).toEqual(states)
    expect(await readdir(dataDir)).toEqual(['feeds.json'])
  },
)

test('given a data folder that cannot be made, when feeds are to be polled, then it says what to do and nothing is polled', async () => {
  await whileDiskFails({ code: 'EROFS', calls: ['mkdir'], path: 'data$' }, async () => {
    let isPolled = false
    const polling = withFeedLock(dataDir, () => Promise.resolve((isPolled = true)))
    await expect(polling).rejects.toMatchObject({ code: 'write-failed' })
    expect(isPolled).toBe(false)
  })
})

test('given a disk that does not give back the audit log, when read, then it says which file and what to do', async () => {
  await appendAudit(dataDir, record)
  await whileDiskFails({ code: 'EIO', calls: ['read'], path: 'audit\\.jsonl$' }, async () => {
    const told = { code: 'bad-file', message: expect.stringMatching(/audit\.jsonl .*EIO/u) as unknown }
    await expect(readAudit(dataDir, 5)).rejects.toMatchObject(told)
    await expect(readAuditSince(dataDir, { bytes: 0 })).rejects.toMatchObject(told)
  })
  expect((await readAudit(dataDir, 5)).records).toEqual([record])
})

test.each([['read'], ['write'], ['sync']])(
  'given a disk that fails at %s under the audit log, when an article is added, then it says so and none is there',
  async (call) => {
    await appendAudit(dataDir, record)
    await whileDiskFails({ code: 'EIO', calls: [call], path: 'audit\\.jsonl$' }, async () => {
      await expect(desk.add(draft, 'a page', anna)).rejects.toMatchObject({
        code: 'write-failed',
        message: expect.stringContaining('EIO') as unknown,
      })
    })
    expect(await readdir(root)).not.toContain('corpus')
    expect(await desk.add(draft, 'a page', anna)).toMatchObject({ outcome: 'imported' })
  },
)

test.each([['writeFile'], ['sync'], ['link']])(
  'given a disk that fails at %s under the corpus, when an article is added and removed, then both are told, in the log too, and the articles are whole',
  async (call) => {
    const { file } = await desk.add(draft, 'a page', anna)
    const before = await readFile(path.join(corpusDir, file), 'utf8')
    const other = { ...draft, title: 'A bakery opens', body: 'A bakery opened where the kiosk had stood until Friday.' }
    await whileDiskFails({ code: 'EIO', calls: [call], path: 'corpus' }, async () => {
      await expect(desk.add(other, 'a page', anna)).rejects.toMatchObject({ code: 'write-failed' })
    })
    expect((await readdir(corpusDir)).filter((name) => name !== '.lock')).toEqual([file])
    expect(await readFile(path.join(corpusDir, file), 'utf8')).toBe(before)
    expect((await readAudit(dataDir, 1)).records).toMatchObject([{ action: 'add', outcome: 'failed' }])
    expect(await desk.add(other, 'a page', anna)).toMatchObject({ outcome: 'imported' })
  },
)
