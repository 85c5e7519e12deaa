import { rm } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { buildIndex, indexStanding } from '../../src/index/index.ts'
import { embedding, madeUpBody, makeSite, writeStories } from './made-up-coverage.ts'

test('given an index, when articles come, change and go, then each is counted until the next build', async () => {
  await using site = await makeSite()
  const { corpusDir, indexDir } = site
  await writeStories(site, 4)
  await buildIndex({ corpusDir, indexDir, embedding })
  expect(await indexStanding(indexDir, corpusDir)).toMatchObject({
    manifest: { generation: 1, counts: { articles: 4 } },
    since: { added: 0, changed: 0, removed: 0 },
  })
  await site.write('story-9', madeUpBody(9))
  await site.write('story-1', madeUpBody(1, 2))
  await site.write('story-2', madeUpBody(2), { outlet: 'Merrow Post' })
  await site.remove('story-3')
  expect((await indexStanding(indexDir, corpusDir)).since).toEqual({ added: 1, changed: 2, removed: 1 })
  await buildIndex({ corpusDir, indexDir, embedding })
  expect(await indexStanding(indexDir, corpusDir)).toMatchObject({
    manifest: { generation: 2 },
    since: { added: 0, changed: 0, removed: 0 },
  })
  await rm(path.join(indexDir, 'generations', '2', 'coverage.db'))
  await expect(indexStanding(indexDir, corpusDir)).rejects.toMatchObject({ code: 'index-damaged' })
})

test('given no index, when asked how it stands, then it is missing and nothing is written', async () => {
  await using site = await makeSite()
  await writeStories(site, 1)
  await expect(indexStanding(site.indexDir, site.corpusDir)).rejects.toMatchObject({ code: 'index-missing' })
})
