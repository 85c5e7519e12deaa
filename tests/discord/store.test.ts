import Database from 'better-sqlite3'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_SETTINGS, openStore, type Vote } from '../../src/discord/store.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'verbatim-store-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const VOTE: Vote = {
  question: 'Who said it?',
  file: 'a.md',
  start: 0,
  end: 10,
  quote: 'Ten words.',
  generation: 1,
  useful: true,
  at: '2025-01-01T00:00:00.000Z',
}

describe('the store', () => {
  test('given settings and votes, when the store is opened again, then they are there, and the signing key is the same', () => {
    const first = openStore(dir)
    first.changeSettings('7', { ...DEFAULT_SETTINGS, outlets: ['The Tarn Post'], private: true }, '1', new Date())
    first.vote(VOTE, 'ada')
    first.texts.put('k', 'a long text')
    const key = first.signingKey
    first.close()
    first.close()
    const again = openStore(dir)
    expect(again.settings('7')).toEqual({ enabled: true, private: true, outlets: ['The Tarn Post'], tags: [] })
    expect(again.votes()).toEqual([VOTE])
    expect(again.texts.get('k')).toBe('a long text')
    expect(again.signingKey).toEqual(key)
    again.close()
  })

  test('given two processes, when both open it, then they sign alike and see each other’s settings', () => {
    const one = openStore(dir)
    const two = openStore(dir)
    expect(two.signingKey).toEqual(one.signingKey)
    one.changeSettings('7', { ...DEFAULT_SETTINGS, enabled: false }, '1', new Date())
    expect(two.settings('7').enabled).toBe(false)
    one.close()
    two.close()
  })

  test('given a second vote of the same person, when counted, then it has replaced the first; another person’s counts too', () => {
    const store = openStore(dir)
    store.vote(VOTE, 'ada')
    store.vote({ ...VOTE, useful: false, at: '2025-01-02T00:00:00.000Z' }, 'ada')
    store.vote(VOTE, 'ben')
    expect(store.voteCounts()).toEqual({ useful: 1, notUseful: 1 })
    store.close()
  })

  test('given a vote, when looked at on disk, then the voter’s id is not in the file', async () => {
    const store = openStore(dir)
    store.vote(VOTE, '123456789012345678')
    store.close()
    expect((await readFile(join(dir, 'discord.db'))).includes('123456789012345678')).toBe(false)
  })

  test('given texts that no button used lately, when forgotten, then only those are gone', () => {
    let now = new Date('2025-01-01')
    let store = openStore(dir, () => now)
    store.texts.put('old', 'old')
    store.texts.put('renewed', 'renewed')
    store.close()
    now = new Date('2025-06-01')
    store = openStore(dir, () => now)
    store.texts.put('renewed', 'renewed')
    store.forgetTexts(new Date('2025-03-01'))
    expect(store.texts.get('old')).toBeUndefined()
    expect(store.texts.get('renewed')).toBe('renewed')
    store.close()
  })

  test('given a place that is no directory, when opened, then it says so with a remedy, and nothing is made', async () => {
    const file = join(dir, 'taken')
    await writeFile(file, 'x')
    expect(() => openStore(file)).toThrowError(
      expect.objectContaining({ code: 'write-failed', remedy: expect.stringContaining('DATA_DIR') as string }),
    )
    expect((await stat(file)).size).toBe(1)
  })

  test.runIf(process.platform !== 'win32')(
    'given a new store, when made, then nobody else may read its files',
    async () => {
      const store = openStore(dir)
      store.vote(VOTE, 'ada')
      for (const name of await readdir(dir))
        expect([name, (await stat(join(dir, name))).mode & 0o077]).toEqual([name, 0])
      store.close()
    },
  )

  test.each<[string, (whole: Buffer) => Buffer]>([
    ['text', () => Buffer.from('not a database, '.repeat(1000))],
    ['a file cut in the middle', (whole) => whole.subarray(0, whole.length / 2)],
    [
      'a page of noise',
      (whole) => Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(4096, 0xa7), whole.subarray(8192)]),
    ],
  ])(
    'given %s in the place of the store, when opened, then it is told what to do, and the file stays',
    async (_, damage) => {
      const store = openStore(dir)
      for (let i = 0; i < 200; i++) store.vote({ ...VOTE, question: `Question ${String(i)}` }, 'ada')
      store.close()
      const file = join(dir, 'discord.db')
      const damaged = damage(await readFile(file))
      await writeFile(file, damaged)
      expect(() => openStore(dir)).toThrowError(
        expect.objectContaining({ code: 'store-damaged', remedy: expect.stringContaining('backup') as string }),
      )
      expect(await readFile(file)).toEqual(damaged)
    },
  )

  test('given a store without the tables and marks of later versions, when opened, then what it has stays and the rest comes', () => {
    const old = new Database(join(dir, 'discord.db'))
    old.exec('CREATE TABLE keys (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT')
    old.prepare('INSERT INTO keys VALUES (?, ?)').run('buttons', Buffer.alloc(32, 7))
    old.close()
    const store = openStore(dir)
    expect(store.signingKey).toEqual(Buffer.alloc(32, 7))
    store.vote(VOTE, 'ada')
    expect(store.votes()).toHaveLength(1)
    store.close()
  })

  test('given a store of a newer version, when opened, then it is left alone and the remedy says so', () => {
    openStore(dir).close()
    const newer = new Database(join(dir, 'discord.db'))
    newer.pragma('user_version = 99')
    newer.close()
    expect(() => openStore(dir)).toThrowError(
      expect.objectContaining({ code: 'store-damaged', remedy: expect.stringContaining('Update') as string }),
    )
  })
})
