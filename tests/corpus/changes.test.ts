import { execFile } from 'node:child_process'
import { mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readChanges, type FileReading } from '../../src/corpus/corpus.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'verbatim-changes-'))
  await write('one.md', 'Rain in Merrow')
  await write('two.md', 'Sun in Merrow')
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(dir, { recursive: true, force: true })
})

const write = (file: string, title: string) =>
  writeFile(path.join(dir, file), `---\ntitle: ${title}\n---\n\nThe bulletin came at noon.\n`)

/** A minute after whatever was done before. */
async function readLater(stamps: ReadonlyMap<string, string> = new Map()): Promise<FileReading[]> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
  const found: FileReading[] = []
  for await (const reading of readChanges(dir, stamps)) found.push(reading)
  return found
}
const stampsOf = (readings: readonly FileReading[]) =>
  new Map(readings.map(({ file, stamp = '' }) => [file, stamp] as const))
const kinds = (readings: readonly FileReading[]) =>
  readings.map((reading) => [reading.file, reading.kind === 'article' ? reading.article.title : reading.kind])

test('given nothing known, when read, then every file is read, in order, with a stamp', async () => {
  const readings = await readLater()
  expect(kinds(readings)).toEqual([
    ['one.md', 'Rain in Merrow'],
    ['two.md', 'Sun in Merrow'],
  ])
  expect(readings.map(({ number, files }) => [number, files])).toEqual([
    [1, 2],
    [2, 2],
  ])
  expect(readings.every(({ stamp }) => stamp !== undefined)).toBe(true)
})

test('given a file that changed a moment ago, when read, then it has no stamp: the next change could look the same', async () => {
  for await (const { stamp } of readChanges(dir, new Map())) expect(stamp).toBeUndefined()
})

describe('given files whose stamps are known', () => {
  let stamps: ReadonlyMap<string, string>
  beforeEach(async () => {
    stamps = stampsOf(await readLater())
  })

  test('when nothing happened, then none is opened', async () => {
    expect(kinds(await readLater(stamps))).toEqual([
      ['one.md', 'unchanged'],
      ['two.md', 'unchanged'],
    ])
  })

  test('when one is written with as many letters and its time is set back, then it is read', async () => {
    const before = await stat(path.join(dir, 'one.md'))
    await write('one.md', 'Snow in Merrow')
    await utimes(path.join(dir, 'one.md'), before.atime, before.mtime)
    expect((await stat(path.join(dir, 'one.md'))).size).toBe(before.size)
    expect(kinds(await readLater(stamps))).toEqual([
      ['one.md', 'Snow in Merrow'],
      ['two.md', 'unchanged'],
    ])
  })

  test('when an older file of the same size and time is moved over one, then it is read', async () => {
    await write('.other', 'Snow in Merrow')
    const before = await stat(path.join(dir, 'one.md'))
    await utimes(path.join(dir, '.other'), before.atime, before.mtime)
    await rename(path.join(dir, '.other'), path.join(dir, 'one.md'))
    expect(kinds(await readLater(stamps))[0]).toEqual(['one.md', 'Snow in Merrow'])
  })

  test('when two change names, then both are read', async () => {
    await rename(path.join(dir, 'one.md'), path.join(dir, '.one'))
    await rename(path.join(dir, 'two.md'), path.join(dir, 'one.md'))
    await rename(path.join(dir, '.one'), path.join(dir, 'two.md'))
    expect(kinds(await readLater(stamps))).toEqual([
      ['one.md', 'Sun in Merrow'],
      ['two.md', 'Rain in Merrow'],
    ])
  })

  test('when one is no article any more, then its problem is told', async () => {
    await writeFile(path.join(dir, 'two.md'), 'no front matter')
    expect(kinds(await readLater(stamps))[1]).toEqual(['two.md', 'problems'])
  })
})

// `ulimit -n` is POSIX; Windows has nothing like it.
test.runIf(process.platform !== 'win32')(
  'given a system that opens no more files, when read, then that is thrown and not told of the files as their problem',
  async () => {
    for (let number = 1; number <= 16; number++) await write(`more-${String(number)}.md`, 'Fog in Merrow')
    const program = `
      const { openSync, closeSync } = await import('node:fs')
      const { readChanges } = await import(${JSON.stringify(new URL('../../src/corpus/corpus.ts', import.meta.url))})
      const open = []
      try { for (;;) open.push(openSync('/dev/null', 'r')) } catch {}
      for (const file of open.splice(-3)) closeSync(file)
      try { for await (const { kind } of readChanges(${JSON.stringify(dir)}, new Map())) console.log(kind) }
      catch (error) { console.log(error.code) }
    `
    const args = [process.execPath, '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program]
    const lines = await new Promise<string>((resolve, reject) => {
      execFile('sh', ['-c', 'ulimit -n 256; exec "$0" "$@"', ...args], (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      )
    })
    expect(lines.trim().split('\n').at(-1)).toBe('EMFILE')
    expect(lines).not.toContain('problems')
  },
)
