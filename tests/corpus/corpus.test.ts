import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { importPaths, readCorpus, writeArticle, type Article, type ImportReport } from '../../src/corpus/corpus.ts'

let root: string
let corpusDir: string

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-corpus-'))
  corpusDir = path.join(root, 'corpus')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const first = 'The ferry to the Isle of Marn sailed again on Tuesday after a storm had kept it in port for four days.'
const second = 'Two of the three boats were damaged, and repairs will cost about two million marks, the company said.'
const third = 'The next boat leaves at noon, the harbour office said on Tuesday evening.'
const body = `${first}\n\n${second}`
const title = 'Ferry to Marn sails again after storm'

const article = (fields: Partial<Article> = {}): Article => ({
  slug: 'ferry',
  file: 'ferry.md',
  title,
  body,
  ...fields,
})

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(root, 'in', name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
  return file
}

async function readAll(dir = corpusDir) {
  const all = []
  for await (const read of readCorpus(dir)) all.push(read)
  return all
}

const filesIn = async (dir: string) => (await readdir(dir, { recursive: true })).sort()
const outcomes = (report: ImportReport) =>
  report.entries.map((entry) => [
    path.basename(entry.source),
    entry.outcome,
    'file' in entry ? entry.file : entry.reason,
  ])

describe('reading a corpus', () => {
  test('given articles in folders, when read, then they come by file name, without hidden files, README and pictures', async () => {
    await mkdir(path.join(corpusDir, '2024'), { recursive: true })
    await mkdir(path.join(corpusDir, '.trash'))
    for (const file of ['b.md', 'a.md', '2024/c.md', '.trash/d.md', '.e.md'])
      await writeFile(path.join(corpusDir, file), '---\ntitle: T\n---\nText.')
    await writeFile(path.join(corpusDir, 'README.md'), 'How to use this folder.')
    await writeFile(path.join(corpusDir, 'boat.png'), 'x')
    const files = (await readAll()).map((read) => ('article' in read ? [read.article.slug, read.article.file] : read))
    expect(files).toEqual([
      ['2024/c', '2024/c.md'],
      ['a', 'a.md'],
      ['b', 'b.md'],
    ])
  })

  test('given bad articles among good ones, when read, then each is named with field and remedy and the others go on', async () => {
    await mkdir(corpusDir)
    await writeFile(path.join(corpusDir, 'a.md'), '---\noutlet: X\npublished: soon\n---\nText.')
    await writeFile(path.join(corpusDir, 'b.md'), Buffer.from('---\ntitle: Caf\xe9\n---\nText.', 'latin1'))
    await writeFile(path.join(corpusDir, 'c.md'), '')
    await writeFile(path.join(corpusDir, 'd.md'), '---\ntitle: T\n---\nText.')
    await symlink(path.join(root, 'nowhere'), path.join(corpusDir, 'e.md'))
    const all = await readAll()
    const problems = all.flatMap((read) => ('problem' in read ? [read.problem] : []))
    expect(problems.map(({ file, field }) => [file, field])).toEqual([
      ['a.md', 'title'],
      ['a.md', 'published'],
      ['b.md', undefined],
      ['c.md', undefined],
      ['e.md', undefined],
    ])
    expect(problems.every(({ reason, remedy }) => reason !== '' && remedy !== '')).toBe(true)
    expect(all.filter((read) => 'article' in read)).toHaveLength(1)
  })

  test('given no folder, when read, then the error says how to get one', async () => {
    await expect(readAll()).rejects.toMatchObject({ code: 'corpus-empty', remedy: expect.stringContaining('import') })
  })
})

describe('writing an article', () => {
  test('given a taken name, when written, then the other article stays and the new one gets a number', async () => {
    const files = [await writeArticle(corpusDir, article()), await writeArticle(corpusDir, article({ title: 'B' }))]
    expect(files).toEqual(['ferry.md', 'ferry-2.md'])
    expect(await readFile(path.join(corpusDir, 'ferry.md'), 'utf8')).toContain(title)
    expect(await filesIn(corpusDir)).toEqual(['ferry-2.md', 'ferry.md'])
  })

  test('given a name that differs in case only, when written, then it counts as taken', async () => {
    await mkdir(corpusDir)
    await writeFile(path.join(corpusDir, 'Ferry.md'), 'mine')
    expect(await writeArticle(corpusDir, article())).toBe('ferry-2.md')
  })

  test('given twenty writers of one name at once, when all are done, then every article has its own file', async () => {
    const files = await Promise.all(
      Array.from({ length: 20 }, (_, i) => writeArticle(corpusDir, article({ title: `Title ${String(i)}` }))),
    )
    expect(new Set(files).size).toBe(20)
    const titles = (await readAll()).map((read) => ('article' in read ? read.article.title : ''))
    expect(new Set(titles).size).toBe(20)
  })

  test.runIf(process.getuid?.() !== 0)(
    'given a folder without permission, when written, then the error says so',
    async () => {
      await mkdir(corpusDir)
      await chmod(corpusDir, 0o500)
      await expect(writeArticle(corpusDir, article())).rejects.toMatchObject({ code: 'write-failed' })
    },
  )

  test('given a file where the folder should be, when written, then the error says so', async () => {
    await writeFile(corpusDir, 'x')
    await expect(writeArticle(corpusDir, article())).rejects.toMatchObject({ code: 'write-failed' })
  })
})

describe('importing', () => {
  test('given a folder with several kinds of files, when imported, then each article is a file of the corpus', async () => {
    await put('a.txt', `${title}\n\n${body}`)
    await put('sub/b.md', `---\ntitle: Mayor resigns\noutlet: Marn Gazette\n---\n\n${third}`)
    await put(
      'sub/c.html',
      `<html><head><title>Harbour plan</title></head><body><p>${first.replace('ferry', 'boat')}</p></body></html>`,
    )
    await put('d.jsonl', `{"title":"Bridge opens","text":"${second.replace('boats', 'bridges')}"}\n`)
    await put('style.css', 'p {}')
    await put('.hidden.txt', 'Hidden words are not imported.')
    const report = await importPaths([path.join(root, 'in')], { corpusDir })
    expect(outcomes(report)).toEqual([
      ['a.txt', 'imported', 'ferry-to-marn-sails-again-after-storm.md'],
      ['d.jsonl', 'imported', 'bridge-opens.md'],
      ['b.md', 'imported', 'mayor-resigns.md'],
      ['c.html', 'imported', 'harbour-plan.md'],
    ])
    expect(report.counts).toEqual({ imported: 4, updated: 0, unchanged: 0, duplicate: 0, failed: 0 })
    expect(report.passedOver).toBe(1)
    expect(await readAll()).toHaveLength(4)
    expect(report.entries[0]).toMatchObject({ title, words: 40, isTitleStated: true, furniture: [] })
  })

  test('given the same files again, when imported, then nothing changes', async () => {
    await put('a.txt', `${title}\n\n${body}`)
    await importPaths([path.join(root, 'in')], { corpusDir })
    const before = await filesIn(corpusDir)
    const report = await importPaths([path.join(root, 'in')], { corpusDir })
    expect(report.entries.map((entry) => entry.outcome)).toEqual(['unchanged'])
    expect(await filesIn(corpusDir)).toEqual(before)
  })

  test('given the corpus itself, when imported, then nothing changes', async () => {
    await importPaths([await put('a.txt', `${title}\n\n${body}`), await put('b.txt', third)], { corpusDir })
    const report = await importPaths([corpusDir], { corpusDir })
    expect(report.counts).toMatchObject({ unchanged: 2, imported: 0 })
  })

  test('given the same words under two names, when imported, then the second is a duplicate of the first', async () => {
    await put('a.txt', `${title}\n\n${body}`)
    await put('b.txt', `${title.toUpperCase()}\n\n${first.replace('Tuesday', 'Tuesday ')}\n\n“${second}”`)
    expect(outcomes(await importPaths([path.join(root, 'in')], { corpusDir }))).toEqual([
      ['a.txt', 'imported', 'ferry-to-marn-sails-again-after-storm.md'],
      ['b.txt', 'duplicate', 'ferry-to-marn-sails-again-after-storm.md'],
    ])
  })

  test('given the same words from another outlet, when imported, then it is an article of its own, and that is said', async () => {
    const line = (outlet: string) => JSON.stringify({ title, text: body, outlet })
    const report = await importPaths([await put('a.jsonl', `${line('Marn Gazette')}\n${line('Daily Isle')}`)], {
      corpusDir,
    })
    expect(report.counts.imported).toBe(2)
    expect(report.entries[1]).toMatchObject({ sameWordsAs: 'ferry-to-marn-sails-again-after-storm.md' })
  })

  test('given a new text at the same address, when imported, then it replaces the old one and keeps what only that says', async () => {
    const url = 'https://gazette.example/ferry'
    await importPaths([await put('a.jsonl', JSON.stringify({ title, text: body, url, author: 'Dana Whitlock' }))], {
      corpusDir,
    })
    const again = JSON.stringify({ title: 'Ferry sails', text: third, url: `${url}/?utm_source=x#top` })
    const report = await importPaths([await put('b.jsonl', again)], { corpusDir })
    expect(report.counts).toMatchObject({ updated: 1, imported: 0 })
    const [read] = await readAll()
    expect(read).toMatchObject({
      article: {
        file: 'ferry-to-marn-sails-again-after-storm.md',
        title: 'Ferry sails',
        author: 'Dana Whitlock',
        body: third,
      },
    })
  })

  test('given a longer text under the same title, when imported, then it is an update; an unrelated one is not', async () => {
    await importPaths([await put('a.txt', `${title}\n\n${body}`)], { corpusDir })
    const updated = await importPaths([await put('b.txt', `${title}\n\n${body}\n\n${third}`)], { corpusDir })
    expect(updated.counts.updated).toBe(1)
    const unrelated =
      'A walk around the harbour of Marn takes an hour, and in spring it is full of gulls and ferry boats.'
    const other = await importPaths([await put('c.txt', `${title}\n\n${unrelated}`)], { corpusDir })
    expect(outcomes(other)).toEqual([['c.txt', 'imported', 'ferry-to-marn-sails-again-after-storm-2.md']])
  })

  test('given a dry run, when done, then the report is the same and nothing is written', async () => {
    await put('a.txt', `${title}\n\n${body}`)
    await put('b.txt', `${title}\n\n${third} It is the ferry to Marn that sails again after the storm.`)
    const dry = await importPaths([path.join(root, 'in')], { corpusDir, dryRun: true })
    await expect(readdir(corpusDir)).rejects.toMatchObject({ code: 'ENOENT' })
    const wet = await importPaths([path.join(root, 'in')], { corpusDir })
    expect(dry).toEqual(wet)
  })

  test('given bad files among good ones, when imported, then each has a reason and a remedy and the others go on', async () => {
    await put('a.txt', '')
    await put('b.txt', Uint8Array.from([1, 2, 3, 0, 4, 5, 6, 7, 200, 0, 0]))
    await put('c.txt', '%PDF-1.7\n')
    await put('d.txt', `${title}\n\n${body}`)
    await put('e.jsonl', `{"title": "no end\n{"text": "${third}"}\n[1]\n{"title": "T"}\n`)
    await put('f.json', '{')
    const report = await importPaths([path.join(root, 'missing.txt'), path.join(root, 'in')], { corpusDir })
    const failures = report.entries.flatMap((entry) =>
      entry.outcome === 'failed' ? [[path.basename(entry.source), entry.line, entry.reason]] : [],
    )
    expect(failures).toEqual([
      ['missing.txt', undefined, 'cannot be read'],
      ['a.txt', undefined, 'is empty'],
      ['b.txt', undefined, 'is not a text file'],
      ['c.txt', undefined, 'is a PDF file'],
      ['e.jsonl', 1, 'is not a JSON object'],
      ['e.jsonl', 3, 'is not a JSON object'],
      ['e.jsonl', 4, 'has no text'],
      ['f.json', undefined, 'is not JSON'],
    ])
    expect(report.counts).toMatchObject({ imported: 2, failed: 8 })
  })

  test('given an export of many articles, when cancelled, then what was imported stays and the report says so', async () => {
    const lines = Array.from({ length: 50 }, (_, i) =>
      JSON.stringify({ title: `Boat ${String(i)}`, text: `${first} Boat ${String(i)}.` }),
    )
    const controller = new AbortController()
    const report = await importPaths([await put('a.jsonl', lines.join('\n'))], {
      corpusDir,
      signal: controller.signal,
      onProgress: ({ articles }) => {
        if (articles === 10) controller.abort()
      },
    })
    expect([report.isCancelled, report.counts.imported]).toEqual([true, 10])
    expect(await readAll()).toHaveLength(10)
  })

  test('given a title that cannot be a file name, when imported, then the name comes from the source or is made up', async () => {
    const line = (name: string) => JSON.stringify({ title: name, text: `${name} ${body}` })
    const names = ['🚢🚢', 'CON', '../../etc/passwd', 'x'.repeat(300), 'Ünïcödé & Ærø']
    const report = await importPaths([await put('Boat News.jsonl', names.map(line).join('\n'))], { corpusDir })
    expect(report.entries.map((entry) => ('file' in entry ? entry.file : entry.reason))).toEqual([
      'boat-news.md',
      'con-article.md',
      'etc-passwd.md',
      `${'x'.repeat(80)}.md`,
      'uenicoede-and-aero.md',
    ])
  })

  test('given a large export, when imported, then it is read line by line, whatever its encoding', async () => {
    const lines = Array.from({ length: 300 }, (_, i) =>
      JSON.stringify({ title: `Café ${String(i)}`, text: `${first} ${'é'.repeat(500)} ${String(i)}.` }),
    )
    const report = await importPaths([await put('a.jsonl', Buffer.from(`\uFEFF${lines.join('\r\n')}`, 'utf16le'))], {
      corpusDir,
      dryRun: true,
    })
    expect(report.counts).toMatchObject({ imported: 300, failed: 0 })
    expect(report.entries[299]).toMatchObject({ line: 300, title: 'Café 299' })
  })
})
