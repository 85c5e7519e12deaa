import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  auroc,
  hasQuestionSets,
  isRight,
  readNews,
  readWiki,
  shared,
  type QuestionSet,
} from '../../bench/question-sets.ts'
import { answerOf } from '../../src/answer/answer.ts'
import { importPaths } from '../../src/corpus/corpus.ts'
import { openEmbedder, type Embedder } from '../../src/embedding/embedding.ts'
import { buildIndex, openIndex } from '../../src/index/index.ts'
import { search, type Hit } from '../../src/search/search.ts'
import { embedding } from '../index/made-up-coverage.ts'

/** Floors a little under what `npx tsx bench/calibrate.ts --folds` and the sets' own scorers give. */
describe.runIf(hasQuestionSets)('measured on the question sets beside the checkout', () => {
  let root: string
  let embedder: Embedder
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'verbatim-measured-'))
    embedder = await openEmbedder(embedding)
  })
  afterAll(async () => {
    await embedder.close()
    await rm(root, { recursive: true, force: true })
  })

  /** The hits of every question, over an index of these files, and which file each article came from. */
  async function ask(name: string, files: readonly string[], questions: readonly string[]) {
    const [corpusDir, indexDir] = [join(root, name, 'corpus'), join(root, name, 'index')]
    const sources = new Map<string, string>()
    for (const entry of (await importPaths(files, { corpusDir })).entries)
      if (entry.outcome !== 'failed') sources.set(entry.file, entry.source.split('/').at(-1) ?? '')
    await buildIndex({ corpusDir, indexDir, embedding })
    const generation = await openIndex(indexDir)
    const hits: (readonly Hit[])[] = []
    for (const text of questions) hits.push(await search(generation, embedder, { text }))
    await generation.close()
    return { hits, sources }
  }

  async function measure(name: string, set: QuestionSet, files = set.files) {
    const texts = set.questions.map(({ text }) => text)
    const { hits, sources } = await ask(name, files, texts)
    const stem = (file: string) => file.replace(/\.(?:md|txt)$/, '')
    const present = new Set([...sources.values()].map(stem))
    const asked = set.questions.map(({ golds }, i) => ({
      isAnswerable: golds.some(({ file }) => present.has(stem(file))),
      score: hits[i]?.[0]?.score ?? 0,
      place: (hits[i] ?? []).findIndex((hit) =>
        golds.some((gold) => stem(gold.file) === stem(sources.get(hit.article.file) ?? '') && isRight(hit.text, gold)),
      ),
    }))
    const yes = asked.filter(({ isAnswerable }) => isAnswerable)
    const scores = (wanted: boolean) =>
      asked.filter(({ isAnswerable }) => isAnswerable === wanted).map(({ score }) => score)
    return {
      hitAt: (k: number) => yes.filter(({ place }) => place >= 0 && place < k).length / yes.length,
      mrr: yes.reduce((sum, { place }) => sum + (place < 0 ? 0 : 1 / (place + 1)), 0) / yes.length,
      auroc: auroc(scores(true), scores(false)),
    }
  }

  test(
    'given 210 questions of a chat over 60 news articles, then hit@1, MRR@10 and AUROC hold',
    { timeout: 300_000 },
    async () => {
      const news = await measure('news', await readNews())
      expect(news.hitAt(1)).toBeGreaterThanOrEqual(0.68)
      expect(news.mrr).toBeGreaterThanOrEqual(0.78)
      expect(news.auroc).toBeGreaterThanOrEqual(0.79)
    },
  )

  test('given 1,190 encyclopedia questions, then hit@1 and hit@3 hold', { timeout: 300_000 }, async () => {
    const wiki = await measure('wiki', await readWiki())
    expect(wiki.hitAt(1)).toBeGreaterThanOrEqual(0.958)
    expect(wiki.hitAt(3)).toBeGreaterThanOrEqual(0.985)
  })

  test('given half of the articles, then answered questions score above the others', { timeout: 300_000 }, async () => {
    const set = await readWiki()
    const half = { ...set, questions: set.questions.filter((_, i) => i % 3 === 0) }
    const { auroc: area } = await measure(
      'half',
      half,
      set.files.filter((_, i) => i % 2 === 0),
    )
    expect(area).toBeGreaterThanOrEqual(0.96)
  })

  test.runIf(existsSync(join(shared, 'seeds')))(
    'given five scraped pages, then ten questions are answered and four of five others refused',
    { timeout: 300_000 },
    async () => {
      const folder = join(shared, 'seeds')
      const { answerable, unanswerable } = z
        .object({
          answerable: z.array(z.object({ question: z.string(), answerContains: z.string() })),
          unanswerable: z.array(z.string()),
        })
        .parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')))
      const files = (await readdir(folder)).filter((file) => file.endsWith('.txt')).map((file) => join(folder, file))
      const questions = [...answerable.map(({ question }) => question), ...unanswerable]
      const { hits } = await ask('seeds', files, questions)
      for (const [i, { question, answerContains }] of answerable.entries())
        expect(
          hits[i]?.slice(0, 3).some(({ text }) => text.includes(answerContains)),
          question,
        ).toBe(true)
      const refused = hits.slice(answerable.length).filter((found) => answerOf(found).kind === 'not-covered')
      expect(refused.length).toBeGreaterThanOrEqual(4)
    },
  )
})
