import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, open, readdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex, openIndex } from '../../src/index/index.ts'
import { embedding, makeSite, writeStories, type Site } from './made-up-coverage.ts'

let site: Site
let root = ''
let indexDir = ''
const inGeneration = (name: string) => path.join(indexDir, 'generations', '1', name)

/** A byte of a file becomes another, as a bad disk does it: size and times stay. */
async function flipByte(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, at)
  await handle.write(Buffer.from([(byte[0] ?? 0) ^ 0x40]), 0, 1, at)
  await handle.close()
}

async function editManifest(edit: (manifest: Record<string, unknown>) => unknown): Promise<void> {
  const manifest = JSON.parse(await readFile(inGeneration('manifest.json'), 'utf8')) as Record<string, unknown>
  await writeFile(inGeneration('manifest.json'), JSON.stringify(edit(manifest)))
}

const rebuild = () => buildIndex({ corpusDir: site.corpusDir, indexDir, embedding })

beforeAll(async () => {
  site = await makeSite()
  await writeStories(site, 4)
  await buildIndex({ corpusDir: site.corpusDir, indexDir: site.indexDir, embedding })
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-open-'))
})
afterAll(async () => {
  await rm(root, { recursive: true, force: true })
  await site[Symbol.asyncDispose]()
})
beforeEach(async () => {
  indexDir = await mkdtemp(path.join(root, 'index-'))
  await cp(site.indexDir, indexDir, { recursive: true })
})

describe.each<[what: string, code: string, damage: () => Promise<unknown>]>([
  ['with one byte of the database changed', 'index-damaged', () => flipByte(inGeneration('coverage.db'), 20_000)],
  ['with its database cut short', 'index-damaged', () => truncate(inGeneration('coverage.db'), 30_000)],
  ['without its database', 'index-damaged', () => rm(inGeneration('coverage.db'))],
  ['without its manifest', 'index-damaged', () => rm(inGeneration('manifest.json'))],
  ['with half a manifest', 'index-damaged', () => truncate(inGeneration('manifest.json'), 100)],
  ['with a manifest of something else', 'index-damaged', () => editManifest(() => ({ format: 1, name: 'else' }))],
  ['with the manifest of another generation', 'index-damaged', () => editManifest((m) => ({ ...m, generation: 7 }))],
  ['whose CURRENT is empty', 'index-damaged', () => truncate(path.join(indexDir, 'CURRENT'), 0)],
  ['whose CURRENT names a path', 'index-damaged', () => writeFile(path.join(indexDir, 'CURRENT'), '../../etc')],
  ['whose CURRENT names no generation', 'index-damaged', () => writeFile(path.join(indexDir, 'CURRENT'), '9\n')],
  ['whose generation is half written', 'index-damaged', () => rename(inGeneration(''), inGeneration('../1.draft'))],
  ['of a newer version', 'index-version', () => editManifest((manifest) => ({ ...manifest, format: 99 }))],
  ['of other tables', 'index-version', () => editManifest((manifest) => ({ ...manifest, schema: 'other' }))],
  ['without CURRENT', 'index-missing', () => rm(path.join(indexDir, 'CURRENT'))],
  ['that was deleted', 'index-missing', () => rm(indexDir, { recursive: true })],
])('given an index %s', (_what, code, damage) => {
  beforeEach(damage)

  test(`when opened, then it is refused as ${code} with what to do`, async () => {
    const failure = openIndex(indexDir)
    await expect(failure).rejects.toMatchObject({ code })
    await expect(failure).rejects.toHaveProperty('remedy', expect.stringMatching(/verbatim index|Update Verbatim/u))
  })
})

describe.each<[what: string, damage: () => Promise<unknown>]>([
  ['with one byte of the database changed', () => flipByte(inGeneration('coverage.db'), 20_000)],
  ['whose CURRENT names no generation', () => writeFile(path.join(indexDir, 'CURRENT'), '9\n')],
  ['whose generation is half written', () => rename(inGeneration(''), inGeneration('../1.draft'))],
])('given an index %s', (_what, damage) => {
  test('when built again, then it is whole and nothing else is left', async () => {
    await damage()
    const report = await rebuild()
    expect(report).toMatchObject({ articles: 4, keptArticles: 0 })
    await (await openIndex(indexDir)).close()
    expect(await readdir(path.join(indexDir, 'generations'))).toEqual([String(report.generation)])
  })
})

describe.each(['vectors.hnsw', 'words.bin'])('given that %s', (file) => {
  test.each<[what: string, damage: () => Promise<unknown>]>([
    ['is cut short', () => truncate(inGeneration(file), 5000)],
    ['is missing', () => rm(inGeneration(file))],
    ['is changed by one byte', () => flipByte(inGeneration(file), 6000)],
  ])('%s, when the index is opened, then it is made again from the database, once', async (_what, damage) => {
    const whole = await readFile(inGeneration(file))
    await damage()
    const generation = await openIndex(indexDir)
    const { sentenceId } = generation.sentencesOfArticle(1)[0] ?? { sentenceId: 0 }
    expect(generation.nearest(generation.vector(sentenceId), 1)[0]?.sentenceId).toBe(sentenceId)
    expect(generation.passagesWithAny(['bolt'], 10)).toHaveLength(4)
    await generation.close()
    expect((await readFile(inGeneration(file))).equals(whole)).toBe(true)
    await (await openIndex(indexDir)).close()
  })
})

test('given an index of one model, when opened for another, then it is refused and says how to go on', async () => {
  const failure = openIndex(indexDir, { modelId: 'another-model@1/fp32' })
  await expect(failure).rejects.toMatchObject({ code: 'index-model-mismatch' })
  await expect(failure).rejects.toHaveProperty('message', expect.stringContaining('another-model@1/fp32'))
  await expect(failure).rejects.toHaveProperty('remedy', expect.stringContaining('verbatim index'))
})

test('given an index of one model, when built with another precision, then every vector is made anew', async () => {
  const report = await buildIndex({
    corpusDir: site.corpusDir,
    indexDir,
    embedding: { ...embedding, precision: 'fp32' },
  })
  expect(report).toMatchObject({ changed: true, keptArticles: 0 })
  expect(report.embeddedSentences).toBeGreaterThan(0)
  const generation = await openIndex(indexDir, { modelId: report.model })
  await generation.close()
})

test('given an open index, when a build replaces it twice, then the open one still answers and goes once it is closed', async () => {
  const generation = await openIndex(indexDir)
  const before = generation.passagesWithAny(['bolt'], 10)
  expect(before).toHaveLength(4)
  for (const title of ['first', 'second']) {
    await site.write('another-story', 'A kite festival drew crowds.', { title })
    await rebuild()
  }
  expect(generation.passagesWithAny(['bolt'], 10)).toEqual(before)
  await readFile(inGeneration('manifest.json'))
  await generation.close()
  await buildIndex({ corpusDir: site.corpusDir, indexDir, embedding, full: true })
  await expect(readFile(inGeneration('manifest.json'))).rejects.toMatchObject({ code: 'ENOENT' })
  await site.remove('another-story')
})

test('given the mark of a reader that died, when the index is built, then the mark and its generation go', async () => {
  const pid = await deadProcess()
  await mkdir(path.join(indexDir, 'readers'))
  const mark = path.join(indexDir, 'readers', `1@${String(pid)}@${hostname()}@x`)
  await writeFile(mark, '')
  await buildIndex({ corpusDir: site.corpusDir, indexDir, embedding, full: true })
  await expect(readFile(mark)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(readFile(inGeneration('manifest.json'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('given the mark of a dead reader that had the number of this process, when opened and built, then the mark and its generation go', async () => {
  await mkdir(path.join(indexDir, 'readers'), { recursive: true })
  const mark = path.join(indexDir, 'readers', `1@${String(process.pid)}@${hostname()}@x`)
  await writeFile(mark, '')
  const beforeThis = Date.now() / 1000 - process.uptime() - 60
  await utimes(mark, beforeThis, beforeThis)
  const other = await openIndex(indexDir)
  const generation = await openIndex(indexDir)
  await expect(readFile(mark)).rejects.toMatchObject({ code: 'ENOENT' })
  await generation.close()
  expect(await readdir(path.join(indexDir, 'readers'))).toHaveLength(1)
  await other.close()
  await buildIndex({ corpusDir: site.corpusDir, indexDir, embedding, full: true })
  await expect(readFile(inGeneration('manifest.json'))).rejects.toMatchObject({ code: 'ENOENT' })
})

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'])
  await new Promise((resolve) => child.on('exit', resolve))
  return child.pid ?? 0
}
