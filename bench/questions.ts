import Table from 'cli-table3'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { openEmbedder, type Embedder, type EmbeddingConfig } from '../src/embedding/embedding.ts'
import { openEngine, type AskedQuestion, type Engine } from '../src/engine.ts'
import { openIndex } from '../src/index/index.ts'
import { search } from '../src/search/search.ts'
import { quantile } from './figures.ts'
import { residentMemory } from './machine.ts'
import { readTexts } from './texts.ts'
import { openWork } from './work.ts'

/** Sentences of the corpora that are asked; `BENCH_SENTENCES=1000,50000` for others, separated by commas. */
const sizes = (process.env['BENCH_SENTENCES'] ?? '1000,10000,100000').split(',').map(Number)
/** A corpus that takes an hour or more to index: asked besides where `BENCH_WORK` holds it from a run that named it. */
const LARGE = 1_000_000
const questionsAsked = 200
const warmUp = 20
/** People who ask at the same time. */
const CROWDS = [1, 8, 64]
/** Tags that the benchmark's corpora have, and the share of the articles that has them. */
const TAGS = { half: '50 %', twentieth: '5 %', thousandth: '0.1 %' }
const plain = { head: [], border: [] }

/**
 * From a question's text to its answer, embedding and all: p50, p95 and p99 at several sizes of the coverage, the first
 * question apart; the same for ranking alone, which is what grows; with several who ask at the same time; and with filters that
 * keep few articles. Questions are those of the development sets where they are, else ones made from the texts;
 * sentences as in the benchmark of the build.
 */
export async function run(): Promise<void> {
  const work = await openWork()
  const bySize = new Table({
    style: plain,
    head: ['sentences', 'build s', 'open ms', 'first ms', 'p50 ms', 'p95 ms', 'p99 ms', 'p95 ratio', 'ranking p50', 'p95', 'p95 ratio', 'RSS MB'], // prettier-ignore
  })
  const byCrowd = new Table({ style: plain, head: ['sentences', 'at once', 'p50 ms', 'p95 ms', 'questions/s'] })
  const byFilter = new Table({
    style: plain,
    head: ['sentences', 'a filter keeps', 'articles', 'p50 ms', 'p95 ms', 'p95 ratio'],
  })
  try {
    const questions = await readQuestions(await readTexts())
    let smallest: { readonly whole: number; readonly ranking: number } | undefined
    const asked = work.hasIndex(LARGE) ? new Set([...sizes, LARGE]) : sizes
    for (const size of asked) {
      const { indexDir, report } = await work.index(size)
      const opening = performance.now()
      const engine = await openEngine({ indexDir, embedding: work.embedding })
      const openMs = performance.now() - opening
      const { times } = await askAll(engine, questions, 1)
      const whole = times.slice(warmUp)
      const megabytes = residentMemory().megabytes
      for (const crowd of CROWDS) {
        const { times, perSecond } = await askAll(engine, questions, crowd)
        byCrowd.push([report.sentences, crowd, ...quantiles(times, 0.5, 0.95), perSecond.toFixed(0)])
      }
      for (const [tag, share] of Object.entries(TAGS)) {
        const kept = await engine.articles({ tags: [tag], limit: Infinity })
        const { times } = await askAll(engine, questions, 1, { tags: [tag] })
        const [p50, p95] = quantiles(times.slice(1), 0.5, 0.95)
        const ratio = (quantile(times.slice(1), 0.95) / quantile(whole, 0.95)).toFixed(2)
        byFilter.push([report.sentences, share, kept.length, p50, p95, ratio])
      }
      await engine.close()
      const ranking = await rankAll(indexDir, work.embedding, questions)
      smallest ??= { whole: quantile(whole, 0.95), ranking: quantile(ranking, 0.95) }
      bySize.push([
        ...[report.sentences, report.seconds.total.toFixed(1), openMs.toFixed(0), (times[0] ?? 0).toFixed(1)],
        ...[...quantiles(whole, 0.5, 0.95, 0.99), (quantile(whole, 0.95) / smallest.whole).toFixed(2)],
        ...[...quantiles(ranking, 0.5, 0.95), (quantile(ranking, 0.95) / smallest.ranking).toFixed(2)],
        megabytes.toFixed(0),
      ])
    }
    console.log(`${bySize.toString()}\n\n${byCrowd.toString()}\n\n${byFilter.toString()}`)
  } finally {
    await work.close()
  }
}

function quantiles(times: readonly number[], ...shares: readonly number[]): string[] {
  return shares.map((share) => quantile(times, share).toFixed(1))
}

/** Milliseconds of each question, asked by so many who ask their next one when they are answered, and the rate. */
async function askAll(
  engine: Engine,
  questions: readonly string[],
  atOnce: number,
  scope: Pick<AskedQuestion, 'tags'> = {},
): Promise<{ readonly times: readonly number[]; readonly perSecond: number }> {
  const times: number[] = []
  const waiting = [...questions]
  const began = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
        const started = performance.now()
        await engine.ask({ text, ...scope })
        times.push(performance.now() - started)
      }
    }),
  )
  return { times, perSecond: (questions.length * 1000) / (performance.now() - began) }
}

/** Milliseconds of ranking alone, with the questions' vectors at hand, in this thread. */
async function rankAll(
  indexDir: string,
  embedding: EmbeddingConfig,
  questions: readonly string[],
): Promise<readonly number[]> {
  const embedder = await openEmbedder(embedding)
  const vectors = new Map<string, Float32Array>()
  for (const text of questions) {
    const [vector] = await embedder.embed([text], { role: 'query' })
    if (vector !== undefined) vectors.set(text, vector)
  }
  await embedder.close()
  const remembered: Embedder = {
    ...embedder,
    embed: (texts) => Promise.resolve(texts.map((text) => vectors.get(text) ?? new Float32Array(embedder.dimensions))),
  }
  const generation = await openIndex(indexDir)
  const times: number[] = []
  for (const text of questions) {
    const started = performance.now()
    await search(generation, remembered, { text })
    times.push(performance.now() - started)
  }
  await generation.close()
  return times.slice(warmUp)
}

async function readQuestions(texts: readonly string[]): Promise<string[]> {
  const file = fileURLToPath(new URL('../../shared/news-dev/questions.json', import.meta.url))
  if (existsSync(file)) {
    const rows = z.array(z.object({ question: z.string() })).parse(JSON.parse(await readFile(file, 'utf8')))
    return rows.slice(0, questionsAsked + warmUp).map(({ question }) => question)
  }
  return Array.from({ length: questionsAsked + warmUp }, (_, i) => {
    const words = (texts[i % texts.length] ?? '').split(/\s+/u)
    const from = (i * 37) % Math.max(1, words.length - 9)
    return `what about ${words.slice(from, from + 8).join(' ')}?`
  })
}
