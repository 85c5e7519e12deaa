import Database from 'better-sqlite3'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { checksumFile } from '../../src/index/disk.ts'
import { buildIndex, indexStanding, openIndex } from '../../src/index/index.ts'
import { openOrBuild } from '../../src/terminal/build.ts'
import { embedding, makeSite, writeStories, type Site } from './made-up-coverage.ts'

type Manifest = Record<string, unknown> & { files: Record<string, unknown> }

let site: Site
let root = ''
let indexDir = ''
let articles: readonly string[] = []
const inGeneration = (name: string) => path.join(indexDir, 'generations', '1', name)
const readArticles = () =>
  Promise.all([1, 2, 3, 4].map((n) => readFile(path.join(site.corpusDir, `story-${String(n)}.md`), 'utf8')))

beforeAll(async () => {
  site = await makeSite()
  await writeStories(site, 4)
  articles = await readArticles()
  await buildIndex({ corpusDir: site.corpusDir, indexDir: site.indexDir, embedding })
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-upgrade-'))
})
afterAll(async () => {
  await rm(root, { recursive: true, force: true })
  await site[Symbol.asyncDispose]()
})
beforeEach(async () => {
  indexDir = await mkdtemp(path.join(root, 'index-'))
  await cp(site.indexDir, indexDir, { recursive: true })
})

/** Makes the index what another version left: other tables, another manifest, and all of it whole. */
async function asOfAnotherVersion(sql: string, change: (manifest: Manifest) => object): Promise<void> {
  const database = new Database(inGeneration('coverage.db'))
  database.exec(sql)
  database.close()
  const manifest = JSON.parse(await readFile(inGeneration('manifest.json'), 'utf8')) as Manifest
  manifest.files['coverage.db'] = await checksumFile(inGeneration('coverage.db'))
  await writeFile(inGeneration('manifest.json'), JSON.stringify(change(manifest)))
}

// As the commits 12ce091, cc23283 and 9e38081^ wrote them, as far as it matters here.
describe.each<[what: string, arrange: () => Promise<void>]>([
  [
    'the first version, which named neither its tables nor word lists',
    () => {
      const sql = `ALTER TABLE articles DROP COLUMN stamp; ALTER TABLE sentences DROP COLUMN terms;
        CREATE VIRTUAL TABLE passages_fts USING fts5 (title, text)`
      return asOfAnotherVersion(sql, (manifest) => {
        const { 'coverage.db': database, 'vectors.hnsw': graph } = manifest.files
        // JSON leaves out what is undefined.
        return {
          ...manifest,
          schema: undefined,
          recipe: 'older',
          files: { 'coverage.db': database, 'vectors.hnsw': graph },
        }
      })
    },
  ],
  [
    'a version with other tables',
    () =>
      asOfAnotherVersion('DROP TABLE article_names', (manifest) => ({ ...manifest, schema: 'other', recipe: 'older' })),
  ],
])('given an index of %s', (_what, arrange) => {
  beforeEach(arrange)

  test('when opened, then it is not called damaged and it says what to do', async () => {
    const failure = openIndex(indexDir)
    await expect(failure).rejects.toMatchObject({ code: 'index-version' })
    await expect(failure).rejects.toHaveProperty('remedy', expect.stringContaining('verbatim index'))
    expect(await indexStanding(indexDir, site.corpusDir)).not.toHaveProperty('since')
  })

  test('when the bot or the prompt starts, then it is brought up to date by itself, with its vectors, and no article is touched', async () => {
    const shown = new PassThrough()
    const config = { ...readConfig({ CORPUS_DIR: site.corpusDir, INDEX_DIR: indexDir }) }
    await cp(embedding.cacheDir, path.join(indexDir, 'models'), { recursive: true })
    const engine = await openOrBuild(config, shown as unknown as NodeJS.WriteStream)
    expect(await engine.status()).toMatchObject({ generation: 2, articles: 4 })
    await engine.close()
    expect(String(shown.read())).toMatch(/built by another version of Verbatim\.\nBuilding it again/u)
    expect(await readArticles()).toEqual(articles)
  })

  test('when built, then nothing is embedded anew', async () => {
    const report = await buildIndex({ corpusDir: site.corpusDir, indexDir, embedding })
    expect(report).toMatchObject({ changed: true, articles: 4, keptArticles: 0, embeddedSentences: 0 })
    const generation = await openIndex(indexDir)
    expect(generation.articles()).toHaveLength(4)
    await generation.close()
  })
})

describe('given an index of a newer version, with a manifest of another shape', () => {
  beforeEach(() => asOfAnotherVersion('DROP TABLE vectors', () => ({ format: 99, shards: ['a', 'b'] })))

  test('when opened, then it says to update', async () => {
    const failure = openIndex(indexDir)
    await expect(failure).rejects.toMatchObject({ code: 'index-version' })
    await expect(failure).rejects.toHaveProperty('remedy', expect.stringContaining('Update Verbatim'))
  })

  test('when built all the same, then there is a whole index of this version', async () => {
    const report = await buildIndex({ corpusDir: site.corpusDir, indexDir, embedding })
    expect(report).toMatchObject({ changed: true, articles: 4, generation: 2 })
    await (await openIndex(indexDir)).close()
    expect(await readArticles()).toEqual(articles)
  })
})
