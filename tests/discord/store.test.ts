import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
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
    const { readFile } = await import('node:fs/promises')
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
})
