import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { importPaths, readCorpus } from '../../src/corpus/corpus.ts'
import { openDesk, type Desk } from '../../src/corpus/desk.ts'

const run = promisify(execFile)
const somebody = { by: 'ada', from: 'terminal' }
const ARTICLE = '---\ntitle: The lock gates stay shut\n---\n\nThe lock gates of Ebbing stay shut until Thursday.\n'

let root: string
let corpusDir: string
let desk: Desk
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-places-'))
  corpusDir = path.join(root, 'corpus')
  await mkdir(path.join(root, 'outside'))
  await mkdir(corpusDir)
  desk = openDesk({ corpusDir, dataDir: path.join(root, 'data') })
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function read() {
  const articles: string[] = []
  const problems: (readonly [file: string, reason: string])[] = []
  for await (const each of readCorpus(corpusDir))
    if ('article' in each) articles.push(each.article.file)
    else problems.push([each.problem.file, each.problem.reason])
  return { articles, problems }
}
const outside = () => readdir(path.join(root, 'outside'))
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

describe('links and what is no file', () => {
  test('given a link to an article outside the corpus, when read, then it is named as a problem; a link within is read', async () => {
    await writeFile(path.join(root, 'outside', 'secret.md'), ARTICLE)
    await writeFile(path.join(corpusDir, 'gates.md'), ARTICLE)
    await symlink(path.join(root, 'outside', 'secret.md'), path.join(corpusDir, 'linked.md'))
    await symlink('gates.md', path.join(corpusDir, 'within.md'))
    await symlink('nowhere.md', path.join(corpusDir, 'broken.md'))
    expect(await read()).toEqual({
      articles: ['gates.md', 'within.md'],
      problems: [
        ['broken.md', 'cannot be read (ENOENT)'],
        ['linked.md', 'is a link to a file outside the corpus'],
      ],
    })
  })

  test('given a corpus that is itself a link, when read, then its articles are read', async () => {
    await writeFile(path.join(corpusDir, 'gates.md'), ARTICLE)
    await rename(corpusDir, path.join(root, 'real'))
    await symlink('real', corpusDir)
    expect((await read()).articles).toEqual(['gates.md'])
  })

  test('given a link to a folder outside, when read, then nothing in it is an article', async () => {
    await writeFile(path.join(root, 'outside', 'secret.md'), ARTICLE)
    await symlink(path.join(root, 'outside'), path.join(corpusDir, 'folder'))
    expect(await read()).toEqual({ articles: [], problems: [] })
  })

  test.runIf(process.platform === 'linux')(
    'given a pipe and a device named like articles, when read, then nobody waits for them',
    async () => {
      await run('mkfifo', [path.join(corpusDir, 'pipe.md')])
      await symlink('/dev/zero', path.join(corpusDir, 'zero.md'))
      expect((await read()).problems).toEqual([
        ['pipe.md', 'is no file'],
        ['zero.md', 'is no file'],
      ])
      expect((await desk.status()).problems).toHaveLength(2)
    },
  )

  test('given an article in a folder that became a link meanwhile, when restored, then nothing is written outside', async () => {
    await mkdir(path.join(corpusDir, 'news'))
    await writeFile(path.join(corpusDir, 'news', 'gates.md'), ARTICLE)
    const { id } = await desk.remove('news/gates', somebody)
    await rm(path.join(corpusDir, 'news'), { recursive: true })
    await symlink(path.join(root, 'outside'), path.join(corpusDir, 'news'))
    expect(await codeOf(desk.restore(id, somebody))).toBe('write-failed')
    expect(await outside()).toEqual([])
    expect((await desk.removed()).map((removed) => removed.id)).toEqual([id])
  })

  test('given an export that names a file in a linked folder, when imported, then nothing is written outside', async () => {
    await symlink(path.join(root, 'outside'), path.join(corpusDir, 'news'))
    const line = JSON.stringify({ verbatim: 1, file: 'news/gates.md', title: 'Gates', body: 'The gates stay shut.' })
    await writeFile(path.join(root, 'export.jsonl'), `${line}\n`)
    expect(await codeOf(importPaths([path.join(root, 'export.jsonl')], { corpusDir }))).toBe('write-failed')
    expect(await outside()).toEqual([])
  })

  test('given a trash that is a link, when an article is removed, then it stays where it is', async () => {
    await writeFile(path.join(corpusDir, 'gates.md'), ARTICLE)
    await symlink(path.join(root, 'outside'), path.join(corpusDir, '.trash'))
    expect(await codeOf(desk.remove('gates', somebody))).toBe('write-failed')
    expect((await read()).articles).toEqual(['gates.md'])
  })

  test('given a linked article, when it is removed, then the link goes and the file it leads to stays', async () => {
    await writeFile(path.join(root, 'outside', 'secret.md'), ARTICLE)
    await symlink(path.join(root, 'outside', 'secret.md'), path.join(corpusDir, 'linked.md'))
    await desk.remove('linked', somebody)
    expect(await readFile(path.join(root, 'outside', 'secret.md'), 'utf8')).toBe(ARTICLE)
    expect(await read()).toEqual({ articles: [], problems: [] })
  })
})

describe('names', () => {
  test('given an export with a name too long for the disk beside one that fits, when imported, then both articles are kept', async () => {
    const line = (file: string, title: string) => JSON.stringify({ verbatim: 1, file, title, body: `${title}: the gates stay shut.` }) // prettier-ignore
    await writeFile(
      path.join(root, 'export.jsonl'),
      `${line(`${'锁'.repeat(180)}.md`, 'Long')}\n${line('short.md', 'Short')}\n`,
    )
    await importPaths([path.join(root, 'export.jsonl')], { corpusDir })
    expect((await read()).articles).toEqual(['long.md', 'short.md'])
  })

  test('given a name whose accent is a mark of its own on the disk, when removed by the usual spelling, then it is found', async () => {
    await writeFile(path.join(corpusDir, 'cafe\u0301.md'), ARTICLE)
    expect((await desk.remove('caf\u00e9', somebody)).file).toBe('cafe\u0301.md')
  })

  test('given names that differ in capitals only, when an article comes in, then no file of either spelling is replaced', async () => {
    await writeFile(path.join(corpusDir, 'The-Lock-Gates.md'), ARTICLE)
    await writeFile(path.join(root, 'a.txt'), 'The lock gates\n\nNobody opens the lock gates of Ebbing before the water has gone down, the keeper said.')
    const { entries } = await importPaths([path.join(root, 'a.txt')], { corpusDir })
    expect(entries[0]).toMatchObject({ outcome: 'imported' })
    expect(await readFile(path.join(corpusDir, 'The-Lock-Gates.md'), 'utf8')).toBe(ARTICLE)
    const names = (await readdir(corpusDir)).map((name) => name.toLowerCase())
    expect(new Set(names).size).toBe(names.length)
  }) // prettier-ignore
})

describe('a corpus that cannot be written', () => {
  // Permissions do not bind the superuser, so the whole is done as somebody else there.
  const isRoot = process.getuid?.() === 0
  test.runIf(process.platform !== 'win32' && !isRoot)(
    'given a read-only folder, when an article is added, then it is told and nothing changes',
    async () => {
      await chmod(corpusDir, 0o555)
      const draft = { title: 'Gates', isTitleStated: true, body: 'The gates stay shut.', furniture: [] }
      expect(await codeOf(desk.add(draft, 'x', somebody))).toBe('write-failed')
      await chmod(corpusDir, 0o755)
      expect(await readdir(corpusDir)).toEqual([])
    },
  )

  test('given a file in the place of the corpus, when an article is added or read, then it is told', async () => {
    await rm(corpusDir, { recursive: true })
    await writeFile(corpusDir, 'not a folder')
    const draft = { title: 'Gates', isTitleStated: true, body: 'The gates stay shut.', furniture: [] }
    expect(['write-failed', 'corpus-empty']).toContain(await codeOf(desk.add(draft, 'x', somebody)))
    expect(await codeOf(read())).toBe('corpus-empty')
    expect(await readFile(corpusDir, 'utf8')).toBe('not a folder')
  })
})
