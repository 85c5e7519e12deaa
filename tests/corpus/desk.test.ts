import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendAudit, readAudit } from '../../src/corpus/audit.ts'
import { importPaths, readCorpus, readSource, writeArticle, type Article, type Draft } from '../../src/corpus/corpus.ts'
import { correctDraft, exportCorpus, openDesk, type Desk } from '../../src/corpus/desk.ts'
import { UserError } from '../../src/errors.ts'

const NOON = new Date('2024-06-24T12:00:00Z')
const anna = { by: '4711', name: 'anna', from: 'discord 1/2' }

let root: string
let corpusDir: string
let dataDir: string
let desk: Desk
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-desk-'))
  corpusDir = path.join(root, 'corpus')
  dataDir = path.join(root, 'data')
  desk = openDesk({ corpusDir, dataDir }, () => NOON)
})
afterEach(() => rm(root, { recursive: true, force: true }))

const sentences = [
  'The council of Harlow voted on Tuesday to close the old swing bridge for eleven months.',
  '“We would rather stop the traffic now than pull a bus out of the river,” said the mayor, Ada Okoro.',
  'Engineers had found cracks in two of the six bearings during an inspection after the January floods.',
  'Shopkeepers on the east bank fear for their trade and ask for a ferry while the work lasts.',
  'The repair is to cost nine million, of which the county pays a third if the work starts before autumn.',
]

const bridge = (changes: Partial<Draft> = {}): Draft => ({
  title: 'Harlow closes its swing bridge',
  isTitleStated: true,
  outlet: 'Harlow Courier',
  published: '2024-06-20',
  url: 'https://courier.example.org/bridge',
  body: sentences.join('\n\n'),
  furniture: [],
  ...changes,
})

const ferry: Partial<Draft> = {
  title: 'A ferry for the east bank',
  url: 'https://courier.example.org/ferry',
  body: 'The county will pay for a ferry between the two banks from the first of July until the bridge is open again.',
}

async function articles(): Promise<readonly Article[]> {
  const found: Article[] = []
  for await (const read of readCorpus(corpusDir)) if ('article' in read) found.push(read.article)
  return found
}

const files = async () => (existsSync(corpusDir) ? (await articles()).map(({ file }) => file) : [])

const log = async () =>
  (await readAudit(dataDir, 100)).records
    .toReversed()
    .map(({ action, outcome, file, by, from }) => [action, outcome, file, by, from])

async function failure(work: Promise<unknown>): Promise<UserError> {
  const error: unknown = await work.then(
    () => new Error('succeeded'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).remedy).not.toBe('')
  return error as UserError
}

/** Everything below the root, with what is in it: to see that nothing changed. */
async function snapshot(): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const read = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const file = path.join(entry.parentPath, entry.name)
      return [path.relative(root, file), await readFile(file, 'utf8')] as const
    })
  return Object.fromEntries(await Promise.all(read))
}

describe('adding an article', () => {
  test('given a draft, when looked at first, then what would happen is told and nothing is written', async () => {
    const placed = await desk.preview(bridge(), 'bridge.html')
    expect(placed).toMatchObject({ outcome: 'imported', file: 'harlow-closes-its-swing-bridge.md', alike: [] })
    expect(await files()).toEqual([])
    expect(await desk.preview(bridge(), 'bridge.html')).toEqual(placed)
    expect(await log()).toEqual([])
  })

  test('given a draft, when added, then it is an article, and the log says before and after who did it', async () => {
    const { file, outcome } = await desk.add(bridge(), 'bridge.html', anna)
    expect([file, outcome]).toEqual(['harlow-closes-its-swing-bridge.md', 'imported'])
    expect(await articles()).toMatchObject([
      { file, title: 'Harlow closes its swing bridge', body: sentences.join('\n\n') },
    ])
    expect(await log()).toEqual([
      ['add', 'begun', undefined, '4711', 'discord 1/2'],
      ['add', 'done', file, '4711', 'discord 1/2'],
    ])
  })

  test('given the same article again, then nothing is written or logged, and the one there is named', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    const before = await snapshot()
    expect(await desk.add(bridge(), 'other.html', anna)).toMatchObject({ outcome: 'unchanged', file })
    expect(await desk.add(bridge({ title: 'Another headline' }), 'x', anna)).toMatchObject({
      outcome: 'duplicate',
      file,
    })
    expect(await snapshot()).toEqual(before)
  })

  test('given a newer text at the same address, then it takes the place of the older', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    const longer = bridge({ published: '2024-06-21', body: `${sentences.join('\n\n')}\n\nWork begins in August.` })
    expect(await desk.preview(longer, 'x')).toMatchObject({ outcome: 'updated', file, alike: [] })
    expect((await articles())[0]?.body).not.toContain('August')
    expect(await desk.add(longer, 'x', anna)).toMatchObject({ outcome: 'updated', file, alike: [] })
    expect((await articles()).map(({ body }) => body.endsWith('August.'))).toEqual([true])
  })

  test('given an edited copy under another headline in another outlet, then it is added and what it repeats is pointed out', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    await desk.add(bridge(ferry), 'ferry.html', anna)
    const copy = bridge({
      title: 'River town shuts bridge',
      outlet: 'County Post',
      url: 'https://post.example.org/1',
      body: sentences
        .map((text) => text.replace('Tuesday', 'Tuesday evening'))
        .slice(0, 4)
        .join('\n\n'),
    })
    const placed = await desk.preview(copy, 'x')
    expect(placed.outcome).toBe('imported')
    expect(placed.alike.map((found) => [found.file, found.title, found.outlet])).toEqual([
      [file, 'Harlow closes its swing bridge', 'Harlow Courier'],
    ])
    expect((await desk.add(copy, 'x', anna)).alike).toHaveLength(1)
    expect(await files()).toHaveLength(3)
  })

  test('given changes to the folder by other hands, then the desk knows them', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    expect((await desk.preview(bridge(ferry), 'x')).outcome).toBe('imported')
    await writeArticle(corpusDir, { ...bridge(ferry), slug: 'by-hand', file: 'by-hand.md' } as Article)
    expect(await desk.preview(bridge(ferry), 'x')).toMatchObject({ outcome: 'unchanged', file: 'by-hand.md' })
    await rm(path.join(corpusDir, file))
    expect(await desk.preview(bridge(), 'x')).toMatchObject({ outcome: 'imported', file, alike: [] })
  })

  test('given two desks that add at once, then both articles are there', async () => {
    const other = openDesk({ corpusDir, dataDir }, () => NOON)
    const [a, b] = await Promise.all([
      desk.add(bridge(), 'a', anna),
      other.add(bridge({ ...ferry, title: 'Harlow closes its swing bridge', outlet: 'County Post' }), 'b', anna),
    ])
    expect(new Set([a.file, b.file])).toEqual(
      new Set(['harlow-closes-its-swing-bridge.md', 'harlow-closes-its-swing-bridge-2.md']),
    )
    expect(await files()).toHaveLength(2)
  })

  test('given temporary files that a killed writer left, then old ones are taken away and new ones are not', async () => {
    await mkdir(corpusDir)
    for (const name of ['.writing-old', '.writing-new']) await writeFile(path.join(corpusDir, name), 'half an art')
    await utimes(path.join(corpusDir, '.writing-old'), 0, 0)
    await utimes(path.join(corpusDir, '.writing-new'), NOON, NOON)
    await desk.add(bridge(), 'bridge.html', anna)
    expect((await readdir(corpusDir)).sort()).toEqual(['.lock', '.writing-new', 'harlow-closes-its-swing-bridge.md'])
  })
})

describe('removing and restoring', () => {
  test('given an article, when removed, then it lies in the trash with who, when and why, and can come back as it was', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    const text = await readFile(path.join(corpusDir, file), 'utf8')
    const removed = await desk.remove('harlow-closes-its-swing-bridge', anna, 'the outlet withdrew it')
    expect(await files()).toEqual([])
    expect(await desk.removed()).toEqual([removed])
    expect(removed).toMatchObject({
      file,
      by: '4711',
      name: 'anna',
      at: NOON.toISOString(),
      reason: 'the outlet withdrew it',
      title: 'Harlow closes its swing bridge',
    })
    expect(await desk.restore(removed.id, anna)).toBe(file)
    expect(await readFile(path.join(corpusDir, file), 'utf8')).toBe(text)
    expect(await desk.removed()).toEqual([])
    expect((await log()).slice(2).map(([action, outcome]) => [action, outcome])).toEqual([
      ['remove', 'begun'],
      ['remove', 'done'],
      ['restore', 'begun'],
      ['restore', 'done'],
    ])
  })

  test('given a name, when found, then it is told what the article says, of a damaged one only its file, and never of a file outside', async () => {
    const { file } = await desk.add(bridge(), 'bridge.txt', anna)
    await writeFile(path.join(corpusDir, 'broken.md'), 'no front matter\n')
    await writeFile(path.join(root, 'outside.md'), '---\ntitle: Outside\n---\n\nText.\n')
    expect(await desk.find(file.replace(/\.md$/, ''))).toMatchObject({
      file,
      title: bridge().title,
      outlet: 'Harlow Courier',
    })
    expect(await desk.find('broken')).toEqual({ file: 'broken.md' })
    expect((await failure(desk.find('../outside'))).code).toBe('article-missing')
  })

  test('given an article in a sub-folder and one with a damaged front matter, then both can be removed and restored', async () => {
    await mkdir(path.join(corpusDir, '2024'), { recursive: true })
    await writeFile(path.join(corpusDir, '2024', 'deep.md'), '---\ntitle: Deep\n---\n\nText.\n')
    await writeFile(path.join(corpusDir, 'damaged.md'), 'no front matter')
    const deep = await desk.remove('2024/deep.md', anna)
    const damaged = await desk.remove('damaged.md', anna)
    expect([deep.title, damaged.title]).toEqual(['Deep', undefined])
    await rm(path.join(corpusDir, '2024'), { recursive: true })
    expect(await desk.restore(deep.id, anna)).toBe('2024/deep.md')
    expect(await desk.restore(damaged.id, anna)).toBe('damaged.md')
    expect(await readFile(path.join(corpusDir, 'damaged.md'), 'utf8')).toBe('no front matter')
  })

  test('given that the name was taken meanwhile, when restored, then both articles are there', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    const { id } = await desk.remove(file, anna)
    await desk.add(bridge({ ...ferry, title: 'Harlow closes its swing bridge' }), 'x', anna)
    expect(await desk.restore(id, anna)).toBe('harlow-closes-its-swing-bridge-2.md')
    expect((await articles()).map(({ body }) => body.slice(0, 11))).toEqual(['The council', 'The county '])
  })

  test.each(['../corpus/a.md', '/etc/passwd', '.trash/x/article.md', '', 'nothing-here', 'README.md'])(
    'given the name "%s", which is no article of the corpus, then nothing is removed',
    async (name) => {
      await desk.add(bridge(), 'bridge.html', anna)
      await writeFile(path.join(corpusDir, 'README.md'), 'About these articles')
      const before = await snapshot()
      expect((await failure(desk.remove(name, anna))).code).toBe('article-missing')
      expect(await snapshot()).toEqual(before)
    },
  )

  test.each(['nothing-here', '..', '../..', '', '.'])('given the id "%s", then nothing is restored', async (id) => {
    await desk.add(bridge(), 'bridge.html', anna)
    await desk.remove('harlow-closes-its-swing-bridge.md', anna)
    expect((await failure(desk.restore(id, anna))).code).toBe('article-missing')
    expect(await files()).toEqual([])
    expect((await log()).at(-1)).toEqual(['restore', 'failed', undefined, '4711', 'discord 1/2'])
  })

  test('given two removals at once, or a second restoration, then one is made and the other told so', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    const other = openDesk({ corpusDir, dataDir }, () => NOON)
    const outcomes = await Promise.allSettled([desk.remove(file, anna), other.remove(file, anna)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const [removed, ...more] = await desk.removed()
    expect(more).toEqual([])
    await desk.restore(removed?.id ?? '', anna)
    expect((await failure(desk.restore(removed?.id ?? '', anna))).code).toBe('article-missing')
    expect(await files()).toEqual([file])
  })

  test('given a trash entry that names a place outside the corpus, then it cannot be restored there', async () => {
    await desk.add(bridge(), 'bridge.html', anna)
    const { id } = await desk.remove('harlow-closes-its-swing-bridge.md', anna)
    const removal = { file: '../../outside.md', by: 'x', at: NOON.toISOString() }
    await writeFile(path.join(corpusDir, '.trash', id, 'removal.json'), JSON.stringify(removal))
    expect((await failure(desk.restore(id, anna))).code).toBe('article-missing')
    expect(existsSync(path.join(root, 'outside.md'))).toBe(false)
  })
})

describe('a disk that fails', () => {
  test.runIf(existsSync('/dev/full'))(
    'given a full disk under the audit log, then no change is made at all',
    async () => {
      const { file } = await desk.add(bridge(), 'bridge.html', anna)
      const { id } = await desk.remove(file, anna)
      await desk.add(bridge(ferry), 'ferry.html', anna)
      await rm(path.join(dataDir, 'audit.jsonl'))
      await symlink('/dev/full', path.join(dataDir, 'audit.jsonl'))
      const before = await snapshot()
      for (const change of [
        desk.add(bridge(), 'x', anna),
        desk.remove('a-ferry-for-the-east-bank', anna),
        desk.restore(id, anna),
      ]) {
        const error = await failure(change)
        expect([error.code, error.message]).toEqual(['write-failed', expect.stringContaining('ENOSPC')])
      }
      expect(await snapshot()).toEqual(before)
    },
  )

  test('given a corpus folder that may not be written, then nothing is changed and the log has the failure', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    const { id } = await desk.remove(file, anna)
    await desk.add(bridge(ferry), 'ferry.html', anna)
    const before = await articles()
    await withoutPermission(async () => {
      for (const change of [
        desk.add(bridge(), 'x', anna),
        desk.remove('a-ferry-for-the-east-bank', anna),
        desk.restore(id, anna),
      ]) {
        const error = await failure(change)
        expect([error.code, error.message]).toEqual(['write-failed', expect.stringMatching(/EACCES|EPERM/)])
      }
    })
    expect(await articles()).toEqual(before)
    expect((await desk.removed()).map((removed) => removed.id)).toEqual([id])
    expect((await log()).slice(-6).map(([action, outcome]) => `${String(action)} ${String(outcome)}`)).toEqual([
      'add begun',
      'add failed',
      'remove begun',
      'remove failed',
      'restore begun',
      'restore failed',
    ])
  })

  test('given a trash that is a file, then the article stays where it was', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    await writeFile(path.join(corpusDir, '.trash'), '')
    expect((await failure(desk.remove(file, anna))).code).toBe('write-failed')
    expect(await files()).toEqual([file])
  })
})

/** Runs work while the corpus may be read and the log written, but nothing in the corpus; root needs to be nobody for it. */
async function withoutPermission(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0
  const dirs = [corpusDir, path.join(corpusDir, '.trash')]
  await chmod(root, 0o755)
  for (const dir of dirs) await chmod(dir, 0o555)
  await chmod(dataDir, 0o777)
  await chmod(path.join(dataDir, 'audit.jsonl'), 0o666)
  if (isRoot) process.seteuid?.('nobody')
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
    for (const dir of dirs) await chmod(dir, 0o755)
  }
}

describe('status', () => {
  test('given articles, damaged files and changes, then it tells of each', async () => {
    await desk.add(bridge(), 'bridge.html', anna)
    await desk.add(bridge(ferry), 'ferry.html', anna)
    await desk.remove('a-ferry-for-the-east-bank', anna)
    await writeFile(path.join(corpusDir, 'damaged.md'), '---\ntitle: 1\npublished: soon\n---\n\nText.\n')
    const status = await desk.status(2)
    const { size } = await stat(path.join(corpusDir, 'harlow-closes-its-swing-bridge.md'))
    expect(status).toMatchObject({ articles: 1, removed: 1, problems: [{ file: 'damaged.md', field: 'published' }] })
    expect(status.sizeBytes).toBeGreaterThan(size)
    expect(status.changes.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['remove', 'done'],
      ['add', 'done'],
    ])
    await appendAudit(dataDir, {
      at: NOON.toISOString(),
      ...anna,
      action: 'add',
      outcome: 'begun',
      change: 'cut short',
    })
    expect((await desk.status(1)).changes).toMatchObject([{ action: 'add', outcome: 'begun' }])
  })

  test('given no corpus, then it says so', async () => {
    expect((await failure(desk.status())).code).toBe('corpus-empty')
  })
})

describe('correcting a draft', () => {
  test('given corrections as typed, then they take the place of what was read, and empty ones take a field away', () => {
    const corrected = correctDraft(bridge({ isTitleStated: false }), {
      title: '  Bridge shut ',
      published: '21 June 2024',
      outlet: '',
    })
    expect(corrected).toEqual({ ...bridge({ title: 'Bridge shut', published: '2024-06-21' }), outlet: undefined })
    expect('outlet' in corrected).toBe(false)
  })

  test.each([
    [{ title: ' ' }, 'title'],
    [{ published: 'last week' }, 'published'],
    [{ url: 'courier dot example' }, 'url'],
    [{ url: 'javascript:alert(1)' }, 'url'],
  ])('given %o, then the field is named and the draft is as it was', (corrections, field) => {
    const draft = bridge()
    expect(() => correctDraft(draft, corrections)).toThrow(field)
    expect(draft).toEqual(bridge())
  })
})

describe('export and import', () => {
  const exportTo = async (file: string) => {
    let text = ''
    for await (const line of exportCorpus(corpusDir)) text += line
    await writeFile(path.join(root, file), text)
    return path.join(root, file)
  }
  const word = fc.constantFrom(
    'bridge',
    '“No,”',
    'Share',
    'said',
    'Advertisement',
    'Read more:',
    '© 2024',
    '#',
    '---',
    '<p>',
    '&amp;',
    '[ad_1]',
    'Ünal',
    '日本',
    '😀',
    '\\',
    '"',
    "'",
    '{',
  )
  const line = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' '))
  const article = fc.record(
    {
      slug: fc.constantFrom('a', 'b', 'c-d', 'sub/a', 'Some Title', 'über', 'x'.repeat(90)),
      title: line,
      outlet: line,
      author: line,
      via: line,
      published: fc.constantFrom('2024-06-20', '2024-06-20T10:00:00Z', '2024-06-20T10:00:00+02:00'),
      url: fc.constantFrom(
        'https://a.example.org/',
        'https://a.example.org/b?c=d&utm_source=x',
        'http://b.example.org/ä',
      ),
      tags: fc.array(line, { minLength: 1, maxLength: 3 }),
      body: fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => lines.join('\n\n')),
    },
    { requiredKeys: ['slug', 'title', 'body'] },
  )

  test('given any articles, alike or not, when exported and imported into an empty folder, then nothing is lost or changed', async () => {
    let written = 0
    await fc.assert(
      fc.asyncProperty(fc.array(article, { minLength: 1, maxLength: 6 }), async (made) => {
        await rm(corpusDir, { recursive: true, force: true })
        for (const fields of made)
          written += Number((await writeArticle(corpusDir, { ...fields, file: `${fields.slug}.md` } as Article)) !== '')
        const before = await articles()
        const source = await exportTo('export.jsonl')
        await rm(corpusDir, { recursive: true, force: true })
        await importPaths([source], { corpusDir })
        expect(await articles()).toEqual(before)
        const again = await importPaths([source], { corpusDir })
        expect(again.counts).toMatchObject({ unchanged: before.length, imported: 0, updated: 0 })
      }),
      { numRuns: 60 },
    )
    expect(written).toBeGreaterThan(60)
  })

  test('given two articles whose texts have no words, when their export is imported again, then both are unchanged', async () => {
    for (const [title, body] of [
      ['A smile', '😀'],
      ['A mark', '"'],
    ] as const)
      await writeArticle(corpusDir, { slug: 'a', file: 'a.md', title, body })
    const source = await exportTo('export.jsonl')
    expect((await importPaths([source], { corpusDir })).counts).toMatchObject({ unchanged: 2, duplicate: 0 })
  })

  test('given files that are no articles, then the export tells of each', async () => {
    await desk.add(bridge(), 'bridge.html', anna)
    await writeFile(path.join(corpusDir, 'damaged.md'), 'no front matter')
    const left: string[] = []
    for await (const exported of exportCorpus(corpusDir, ({ file }) => left.push(file)))
      expect(exported).toContain('Harlow')
    expect(left).toEqual(['damaged.md'])
  })

  test('given an export whose article was edited here meanwhile, when imported, then it is a version of that article', async () => {
    const { file } = await desk.add(bridge(), 'bridge.html', anna)
    const source = await exportTo('export.jsonl')
    await writeFile(
      path.join(corpusDir, file),
      (await readFile(path.join(corpusDir, file), 'utf8')).replace('nine million', 'ten million'),
    )
    expect((await importPaths([source], { corpusDir })).counts).toMatchObject({ updated: 1 })
    expect((await articles()).map(({ body }) => body.includes('nine million'))).toEqual([true])
  })

  test('given an export and another article under the same name here, when imported, then both are kept', async () => {
    await desk.add(bridge(), 'bridge.html', anna)
    const source = await exportTo('export.jsonl')
    await desk.remove('harlow-closes-its-swing-bridge', anna)
    await desk.add(bridge({ ...ferry, title: 'Harlow closes its swing bridge' }), 'x', anna)
    await importPaths([source], { corpusDir })
    expect(await files()).toEqual(['harlow-closes-its-swing-bridge-2.md', 'harlow-closes-its-swing-bridge.md'])
    expect((await importPaths([source], { corpusDir })).counts.imported).toBe(0)
  })

  test.each([
    '../../outside.md',
    '/tmp/outside.md',
    '.hidden.md',
    'a/../../b.md',
    'README.md',
    'C:\\x.md',
    'no-ending',
    '',
  ])('given a forged export that names the file "%s", then the article gets a name of its own title', async (file) => {
    await writeFile(
      path.join(root, 'forged.jsonl'),
      `${JSON.stringify({ verbatim: 1, file, title: 'Forged', body: 'Text.' })}\n`,
    )
    await importPaths([path.join(root, 'forged.jsonl')], { corpusDir })
    expect(await files()).toEqual(['forged.md'])
  })

  test.each([
    { verbatim: 2, file: 'a.md', title: 'A', body: 'Text.' },
    { verbatim: 1, file: 'a.md', title: 'A' },
    { verbatim: 1, file: 'a.md', title: 'A', body: 'Text.', published: 'soon' },
    { verbatim: 1, file: 'a.md', title: ' ', body: 'Text.' },
  ])('given a line that is not quite one of our export, %o, then it is a problem and not an article', (record) => {
    const [reading] = readSource(Buffer.from(`${JSON.stringify(record)}\n${JSON.stringify(record)}\n`), 'x.jsonl')
    expect(reading).toMatchObject({ problem: { line: 1, remedy: 'Export the corpus again.' } })
  })
})
