import { appendFile, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendAudit, readAudit, type AuditRecord } from '../../src/corpus/audit.ts'
import { UserError } from '../../src/errors.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'verbatim-audit-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const record = (title: string): AuditRecord => ({
  at: '2024-06-24T07:11:00.000Z',
  by: '4711',
  from: 'terminal',
  action: 'add',
  outcome: 'done',
  title,
})
const titles = async (last = 100) => (await readAudit(dir, last)).records.map(({ title }) => title)

describe('the audit log', () => {
  test('given no log yet, then there are no records, and the first append makes it for its owner alone', async () => {
    const dataDir = path.join(dir, 'new', 'data')
    expect(await readAudit(dataDir, 10)).toEqual({ records: [], damagedLines: 0 })
    await appendAudit(dataDir, record('The bridge'))
    expect((await readAudit(dataDir, 10)).records).toEqual([record('The bridge')])
    if (process.platform !== 'win32') expect((await stat(path.join(dataDir, 'audit.jsonl'))).mode & 0o077).toBe(0)
  })

  test('given several records, then the last come first and nothing before them was touched', async () => {
    await appendAudit(dir, record('one'))
    const before = await readFile(path.join(dir, 'audit.jsonl'), 'utf8')
    await appendAudit(dir, record('two'))
    await appendAudit(dir, record('three'))
    expect(await titles(2)).toEqual(['three', 'two'])
    expect((await readFile(path.join(dir, 'audit.jsonl'), 'utf8')).startsWith(before)).toBe(true)
  })

  test('given a crash in the middle of a line, at any byte, then the other records stay and the next is whole', async () => {
    await appendAudit(dir, record('before'))
    const file = path.join(dir, 'audit.jsonl')
    const { size } = await stat(file)
    await appendAudit(dir, record('cut'))
    const whole = await readFile(file)
    for (let cut = size + 1; cut < whole.length - 1; cut++) {
      await writeFile(file, whole)
      await truncate(file, cut)
      await appendAudit(dir, record('after'))
      const log = await readAudit(dir, 10)
      expect(log.records.map(({ title }) => title)).toEqual(['after', 'before'])
      expect(log.damagedLines).toBe(1)
    }
  })

  test('given lines that are no records, then they are counted and passed over', async () => {
    await appendAudit(dir, record('one'))
    await appendFile(path.join(dir, 'audit.jsonl'), 'null\n{"at":"yesterday"}\n')
    expect(await readAudit(dir, 10)).toEqual({ records: [record('one')], damagedLines: 2 })
  })

  test('given appends at once, then no two lines mix', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => appendAudit(dir, record(`${String(i)} ${'x'.repeat(500)}`))))
    expect(new Set(await titles()).size).toBe(50)
  })

  test('given a title of a megabyte with line ends, then it is one line of bounded length', async () => {
    await appendAudit(dir, record('a\nb\u2028'.repeat(100_000)))
    expect((await readFile(path.join(dir, 'audit.jsonl'), 'utf8')).length).toBeLessThan(3000)
    expect((await readAudit(dir, 10)).records).toHaveLength(1)
  })

  test.runIf(existsSync('/dev/full'))('given a full disk, then the append fails and says so', async () => {
    await symlink('/dev/full', path.join(dir, 'audit.jsonl'))
    const error: unknown = await appendAudit(dir, record('lost')).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(UserError)
    expect([(error as UserError).code, (error as UserError).message]).toEqual([
      'write-failed',
      expect.stringContaining('ENOSPC'),
    ])
  })
})
