import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex, followIndex, openIndex } from '../../src/index/index.ts'
import { embedding, makeSite, writeStories, type Site } from '../index/made-up-coverage.ts'
import { whileDiskFails, whileDiskFailsChildren } from './faulty-disk.ts'

let site: Site
let root = ''
let indexDir = ''
const inIndex = (...names: string[]) => path.join(indexDir, ...names)
const inGeneration = (name: string) => inIndex('generations', '1', name)
const build = () => buildIndex({ corpusDir: site.corpusDir, indexDir, embedding })

beforeAll(async () => {
  site = await makeSite()
  await writeStories(site, 4)
  await buildIndex({ corpusDir: site.corpusDir, indexDir: site.indexDir, embedding })
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-faults-'))
})
afterAll(async () => {
  await rm(root, { recursive: true, force: true })
  await site[Symbol.asyncDispose]()
})
beforeEach(async () => {
  indexDir = await mkdtemp(path.join(root, 'index-'))
  await cp(site.indexDir, indexDir, { recursive: true })
})

/** Reading the memory of a process from its beginning is an input/output error, to whoever asks. */
const BAD_SECTOR = '/proc/self/mem'

/** A file whose bytes the system does not give back. */
async function makeUnreadable(file: string): Promise<void> {
  await rm(file)
  await symlink(BAD_SECTOR, file)
}

describe.runIf(process.platform === 'linux')('given a bad sector', () => {
  test('when a file is read there, then the system says so: the fault is a real one', async () => {
    const file = inIndex('bad')
    await symlink(BAD_SECTOR, file)
    await expect(readFile(file)).rejects.toMatchObject({ code: 'EIO' })
  })

  test.each([
    ['CURRENT', () => inIndex('CURRENT')],
    ['the manifest', () => inGeneration('manifest.json')],
    ['the database', () => inGeneration('coverage.db')],
  ])(
    'under %s, when opened, then the index is damaged and says what to do; when built, then it is whole again',
    async (_what, file) => {
      await makeUnreadable(file())
      const failure = openIndex(indexDir)
      await expect(failure).rejects.toMatchObject({ code: 'index-damaged' })
      await expect(failure).rejects.toHaveProperty('remedy', expect.stringContaining('verbatim index'))
      expect(await build()).toMatchObject({ articles: 4, changed: true })
      await (await openIndex(indexDir)).close()
    },
  )

  test.each(['vectors.hnsw', 'words.bin'])(
    'under %s, when opened, then it is made again from the database',
    async (name) => {
      const whole = await readFile(inGeneration(name))
      await makeUnreadable(inGeneration(name))
      await (await openIndex(indexDir)).close()
      expect((await readFile(inGeneration(name))).equals(whole)).toBe(true)
    },
  )
})

test('given a database that is damaged while it is open, when asked, then it is said what to do, and a build makes it whole', async () => {
  const follower = await followIndex(indexDir)
  // Another hand than SQLite's: what was read of it before is in memory, the rest is gone.
  const { handle, size } = await openForWriting(inGeneration('coverage.db'))
  await handle.write(Buffer.alloc(size - 16_384, 0xaa), 0, size - 16_384, 16_384)
  await handle.close()
  const read = follower.use((generation) => generation.articles().map(({ articleId }) => generation.body(articleId)))
  await expect(read).rejects.toMatchObject({ code: 'index-damaged' })
  await expect(read).rejects.toHaveProperty('remedy', expect.stringContaining('verbatim index'))
  await build()
  await follower.refresh()
  expect(await follower.use((generation) => generation.body(1))).toMatch(/\w/u)
  await follower.close()
})

async function openForWriting(file: string) {
  const { open } = await import('node:fs/promises')
  const handle = await open(file, 'r+')
  return { handle, size: (await handle.stat()).size }
}

test.each([
  ['EACCES', /permissions/u],
  ['EMFILE', /ulimit/u],
])(
  'given a system that refuses the index with %s, when opened, then nothing is called damaged and it says what to do',
  async (code, remedy) => {
    await whileDiskFails({ code, calls: ['readFile'], path: 'CURRENT$' }, async () => {
      const failure = openIndex(indexDir)
      await expect(failure).rejects.toMatchObject({ code: 'index-unreadable' })
      await expect(failure).rejects.toHaveProperty('remedy', expect.stringMatching(remedy))
    })
  },
)

test('given an article that the disk does not give back, when built, then the index keeps it and it is named; when the disk is well, then all is as it was', async () => {
  await writeStories(site, 4) // so that no file is as old as to be recognised without being opened
  await site.write('another-story', 'A kite festival drew crowds.')
  await whileDiskFailsChildren({ code: 'EIO', calls: ['readFile'], path: 'story-[12]\\.md$' }, async () => {
    const report = await build()
    expect(report.problems.map(({ file, reason }) => `${file} ${reason}`)).toEqual([
      expect.stringMatching(/^story-1\.md .*EIO/u),
      expect.stringMatching(/^story-2\.md .*EIO/u),
    ])
    expect(report).toMatchObject({ changed: true, articles: 5 })
  })
  expect(await build()).toMatchObject({ problems: [], articles: 5, embeddedSentences: 0 })
  await site.remove('another-story')
})

test.each([
  ['written', ['writeFile']],
  ['synced', ['sync']],
])(
  'given a disk that fails while the new generation is %s, when built, then it says so, the index stays, and the next build succeeds',
  async (_what, calls) => {
    await site.write('another-story', 'A kite festival drew crowds.')
    await whileDiskFailsChildren({ code: 'EIO', calls, path: 'generations' }, async () => {
      await expect(build()).rejects.toMatchObject({
        code: 'write-failed',
        message: expect.stringContaining('EIO') as unknown,
      })
    })
    expect(await readdir(inIndex('generations'))).toEqual(['1'])
    await (await openIndex(indexDir)).close()
    expect(await build()).toMatchObject({ changed: true, articles: 5, generation: 2 })
    await site.remove('another-story')
  },
)
