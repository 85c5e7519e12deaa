import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import {
  buildIndex,
  openIndex,
  type BuildProgress,
  type BuildReport,
  type Generation,
  lowerBound,
  passagesWithSentence,
} from '../../src/index/index.ts'
import { embedding, madeUpBody, makeSite, writeStories, type Site } from './made-up-coverage.ts'

const build = (site: Site, options: Partial<Parameters<typeof buildIndex>[0]> = {}): Promise<BuildReport> =>
  buildIndex({ corpusDir: site.corpusDir, indexDir: site.indexDir, embedding, ...options })

/** What an index holds, without its numbers, which depend on the order in which articles came. */
async function contentOf(indexDir: string): Promise<{ content: unknown; vectors: readonly Float32Array[] }> {
  const generation = await openIndex(indexDir)
  const vectors: Float32Array[] = []
  try {
    const content = generation.articles().map((article) => {
      const body = generation.body(article.articleId)
      const sentences = generation.sentencesOfArticle(article.articleId)
      vectors.push(...sentences.map(({ sentenceId }) => generation.vector(sentenceId)))
      return {
        ...article,
        articleId: 0,
        body,
        sentences: sentences.map(({ start, end, paragraph }) => [paragraph, body.slice(start, end)]),
        passages: generation
          .passagesOfArticle(article.articleId)
          .map(({ start, end, sentenceCount }) => [start, end, sentenceCount]),
        quotes: generation
          .quotesOfArticle(article.articleId)
          .map(({ start, end, speaker }) => [body.slice(start, end), speaker]),
      }
    })
    const found = generation.passagesWithAny(['bolt', 'council', 'map'], 1000).map(({ bm25 }) => bm25.toFixed(6))
    const speakers = generation.speakers().map((speaker) => ({ ...speaker, speakerId: 0 }))
    const vocabulary = generation.words.stems.map((stem) => `${stem} ${String(generation.countPassagesWith(stem))}`)
    return { content: { content, found, speakers, vocabulary: vocabulary.sort() }, vectors }
  } finally {
    await generation.close()
  }
}

/** Equal but for the last digits of the vectors, which depend on the batch that a text was embedded in. */
function expectSame(a: Awaited<ReturnType<typeof contentOf>>, b: Awaited<ReturnType<typeof contentOf>>): void {
  expect(a.content).toEqual(b.content)
  expect(a.vectors).toHaveLength(b.vectors.length)
  for (const [i, vector] of a.vectors.entries())
    expect(vector.reduce((sum, value, at) => sum + value * (b.vectors[i]?.[at] ?? 0), 0)).toBeCloseTo(1, 4)
}

/** Numbers of the generations and whatever else lies beside them. */
const generationsOf = async (site: Site) => (await readdir(path.join(site.indexDir, 'generations'))).sort()

describe('given six articles, when the index is built', () => {
  let site: Site
  let report: BuildReport
  let generation: Generation
  const told: BuildProgress[] = []
  beforeAll(async () => {
    site = await makeSite()
    await writeStories(site, 5)
    await site.write('copy-of-story-1', madeUpBody(1), { outlet: 'The Copy', published: '2024-02-01' })
    report = await build(site, { onProgress: (progress) => told.push(progress) })
    generation = await openIndex(site.indexDir)
  })
  afterAll(async () => {
    await generation.close()
    await site[Symbol.asyncDispose]()
  })

  test('then the report counts what the generation holds', () => {
    expect(report).toMatchObject({ generation: 1, changed: true, articles: 6, keptArticles: 0, problems: [] })
    expect(generation.manifest.counts).toMatchObject({ articles: 6, sentences: report.sentences })
    expect(report.sentences).toBe(report.embeddedSentences + report.reusedSentences)
    expect(report.seconds.total).toBeGreaterThan(0)
    expect(report.megabytes).toBeGreaterThan(0)
  })

  test('then a copied sentence is embedded once and found in both articles', () => {
    expect(generation.manifest.counts.vectors).toBe(report.embeddedSentences)
    const [first] = generation.sentencesOfArticle(generation.articleBySlug('story-1')?.articleId ?? 0)
    const found = generation.nearest(generation.vector(first?.sentenceId ?? 0), 1)
    const slugs = found.map((hit) => generation.article(generation.sentence(hit.sentenceId).articleId).slug)
    expect(slugs.sort()).toEqual(['copy-of-story-1', 'story-1'])
  })

  test('then every offset cuts its text from the body, and passages are made of their sentences', () => {
    const { words } = generation
    for (const { articleId } of generation.articles()) {
      const body = generation.body(articleId)
      for (const passage of generation.passagesOfArticle(articleId)) {
        const sentences = generation.sentencesOfPassage(passage.passageId)
        expect([sentences[0]?.start, sentences.at(-1)?.end]).toEqual([passage.start, passage.end])
        for (const sentence of sentences) {
          expect(body.slice(sentence.start, sentence.end).trim()).not.toBe('')
          const places = passagesWithSentence(words, lowerBound(words.sentences.ids, sentence.sentenceId))
          expect(places.map((place) => words.passages.ids[place])).toContain(passage.passageId)
        }
      }
    }
  })

  test('then quotes have their speaker, across articles under one name', () => {
    const said = generation.speakers().find(({ name }) => name === 'Tomas Brandt' || name === 'Ada Okoro')
    expect(said?.quotes).toBeGreaterThan(0)
    const [quote] = generation.quotesOfSpeaker(said?.speakerId ?? 0)
    const body = generation.body(quote?.articleId ?? 0)
    expect(body.slice(quote?.start, quote?.end)).toMatch(/^Nobody told us/u)
    expect(generation.searchQuotes(['nobody'], 100).length).toBeGreaterThan(0)
  })

  test('then passages are found by the stems of their words, the better passage first', () => {
    const [best, ...others] = generation.passagesWithAny(['bolt', 'engin'], 10)
    const { articleId, start, end } = generation.passage(best?.passageId ?? 0)
    expect(generation.body(articleId).slice(start, end)).toContain('Engineers counted')
    expect(others.every(({ bm25 }) => bm25 <= (best?.bm25 ?? 0))).toBe(true)
    expect(generation.countPassagesWith('engin')).toBe(6)
    expect(generation.countPassagesWith('bolt')).toBe(6)
  })

  test('then a filter by outlet and date keeps the same articles in both rankings', () => {
    const filter = { outlets: ['the odd gazette'], since: '2024-01-03', until: '2024-01-05' }
    const kept = generation.articlesKept(filter).map(({ slug }) => slug)
    expect(kept).toEqual(['story-3'])
    const articleOf = (articleId: number) => generation.article(articleId).slug
    const byWords = generation.passagesWithAny(['bolt', 'council'], 100, filter)
    expect(new Set(byWords.map((hit) => articleOf(generation.passage(hit.passageId).articleId)))).toEqual(new Set(kept))
    const [any] = generation.sentencesOfArticle(1)
    const byMeaning = generation.nearest(generation.vector(any?.sentenceId ?? 0), 100, filter)
    expect(new Set(byMeaning.map((hit) => articleOf(generation.sentence(hit.sentenceId).articleId)))).toEqual(
      new Set(kept),
    )
    expect(byMeaning).toHaveLength(
      generation.sentencesOfArticle(generation.articleBySlug('story-3')?.articleId ?? 0).length,
    )
  })

  test('then the stages were told in order, and the last with all of it', () => {
    expect([...new Set(told.map(({ stage }) => stage))]).toEqual(['read', 'embed', 'hnsw', 'publish'])
    expect(told.filter(({ stage }) => stage === 'embed').at(-1)).toMatchObject({
      done: report.embeddedSentences,
      total: report.embeddedSentences,
    })
  })

  test('then closing twice is harmless and reading afterwards is an error', async () => {
    const other = await openIndex(site.indexDir)
    await other.close()
    await other.close()
    expect(() => other.passagesWithAny(['bolt'], 1)).toThrow()
  })
})

describe('given an index', () => {
  let site: Site
  beforeAll(async () => {
    site = await makeSite()
    await writeStories(site, 8)
    await build(site)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  test('when nothing changed, then the generation stays and nothing is embedded', async () => {
    const before = await generationsOf(site)
    const report = await build(site)
    expect(report).toMatchObject({ changed: false, embeddedSentences: 0, keptArticles: 8 })
    expect(await generationsOf(site)).toEqual(before)
  })

  test('when articles are added, changed and removed, then only new sentences are embedded and all agrees with a full build', async () => {
    await site.write('late-news', 'The lighthouse keeper found a bottle. It held a map of the reef.')
    await site.write('story-2', madeUpBody(2, 9), { outlet: 'The Even Post' })
    await site.remove('story-5')
    const report = await build(site)
    expect(report).toMatchObject({ changed: true, articles: 8, keptArticles: 6, embeddedSentences: 3 })
    const changed = await contentOf(site.indexDir)
    expect(await build(site, { full: true })).toMatchObject({ keptArticles: 0, articles: 8 })
    expectSame(changed, await contentOf(site.indexDir))
  })

  test('when it is built again in full, then the generation before is removed', async () => {
    const { generation } = await build(site, { full: true })
    expect(await generationsOf(site)).toEqual([String(generation)])
    expect((await readFile(path.join(site.indexDir, 'CURRENT'), 'utf8')).trim()).toBe(String(generation))
  })

  test('when a file is no article, then it is named and the others are indexed', async () => {
    await writeFile(path.join(site.corpusDir, 'broken.md'), '---\noutlet: Nobody\n---\n\nText.\n')
    const report = await build(site)
    expect(report.problems).toMatchObject([{ file: 'broken.md', field: 'title' }])
    expect(report.articles).toBe(8)
    await site.remove('broken')
  })

  test('when the corpus folder is gone, then the build says so and the index stays', async () => {
    const before = await contentOf(site.indexDir)
    await expect(build(site, { corpusDir: path.join(site.corpusDir, 'nowhere') })).rejects.toMatchObject({
      code: 'corpus-empty',
    })
    expectSame(await contentOf(site.indexDir), before)
  })

  test('when every file of the corpus is broken, then the build refuses and the index stays', async () => {
    const other = await makeSite()
    await writeFile(path.join(other.corpusDir, 'broken.md'), 'no front matter')
    const before = await contentOf(site.indexDir)
    const failure = build(site, { corpusDir: other.corpusDir })
    await expect(failure).rejects.toBeInstanceOf(UserError)
    await expect(failure).rejects.toMatchObject({ code: 'corpus-empty' })
    expectSame(await contentOf(site.indexDir), before)
    await other[Symbol.asyncDispose]()
  })

  test('when a build is cancelled, then it rejects with the reason, leaves nothing behind and the index stays', async () => {
    const before = await contentOf(site.indexDir)
    const generations = await generationsOf(site)
    for (const stage of ['read', 'embed', 'hnsw'] as const) {
      const stop = new AbortController()
      const onProgress = (progress: BuildProgress) => {
        if (progress.stage === stage) stop.abort(new Error(`stopped in ${stage}`))
      }
      await expect(build(site, { full: true, signal: stop.signal, onProgress })).rejects.toThrow(`stopped in ${stage}`)
    }
    await expect(build(site, { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late')
    expect(await generationsOf(site)).toEqual(generations)
    expectSame(await contentOf(site.indexDir), before)
  })

  test('when it is built, then the process stays free to do other things', async () => {
    let turns = 0
    let isDone = false
    const turn = () => {
      turns++
      if (!isDone) setTimeout(turn, 0)
    }
    turn()
    const { seconds } = await build(site, { full: true })
    isDone = true
    // A build in this thread would leave it a turn or two for each of its seven stages.
    expect(turns).toBeGreaterThan(20 * seconds.total)
  })

  test('when the index folder is deleted, then the next build makes it again', async () => {
    const before = await contentOf(site.indexDir)
    await rm(site.indexDir, { recursive: true })
    await expect(openIndex(site.indexDir)).rejects.toMatchObject({ code: 'index-missing' })
    expect(await build(site)).toMatchObject({ generation: 1, keptArticles: 0 })
    expectSame(await contentOf(site.indexDir), before)
  })

  test('when the corpus folder holds no article, then the index is empty and answers with nothing', async () => {
    const empty = await makeSite()
    expect(await build(empty)).toMatchObject({ articles: 0, sentences: 0 })
    const generation = await openIndex(empty.indexDir)
    expect(generation.passagesWithAny(['anything'], 10)).toEqual([])
    expect(generation.nearest(new Float32Array(generation.manifest.model.dimensions).fill(0.01), 10)).toEqual([])
    await generation.close()
    await empty[Symbol.asyncDispose]()
  })
})
