import Table from 'cli-table3'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { openEngine } from '../src/engine.ts'
import { quantile } from './figures.ts'
import { residentMemory } from './machine.ts'
import { readTexts } from './texts.ts'
import { openWork } from './work.ts'

/** Sentences of the corpora that are asked; `BENCH_SENTENCES=1000,10000` for others, separated by commas. */
const sizes = (process.env['BENCH_SENTENCES'] ?? '1000,10000,100000').split(',').map(Number)
const questionsAsked = 200
const warmUp = 20
const plain = { head: [], border: [] }

/**
 * From a question's text to its answer, embedding and all: p50, p95 and p99 at several sizes of the coverage, the first
 * question apart, and the memory that the process and its embedding processes hold. Questions are those of the
 * development sets where they are, else ones made from the texts; sentences as in the benchmark of the build.
 */
export async function run(): Promise<void> {
  const work = await openWork()
  const { embedding } = work
  const table = new Table({
    style: plain,
    head: [
      'sentences',
      'build s',
      'open ms',
      'first ms',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'p95 ratio',
      'questions/s',
      'RSS MB',
    ],
  })
  try {
    const texts = await readTexts()
    const questions = await readQuestions(texts)
    let smallest: number | undefined
    for (const size of sizes) {
      const { indexDir, report } = await work.index(size)
      const opening = performance.now()
      const engine = await openEngine({ indexDir, embedding })
      const openMs = performance.now() - opening
      const times: number[] = []
      for (const text of questions) {
        const started = performance.now()
        await engine.ask({ text })
        times.push(performance.now() - started)
      }
      const [first = 0] = times
      const warm = times.slice(warmUp)
      const p95 = quantile(warm, 0.95)
      smallest ??= p95
      const total = warm.reduce((sum, ms) => sum + ms, 0)
      table.push([
        report.sentences,
        report.seconds.total.toFixed(1),
        openMs.toFixed(0),
        first.toFixed(1),
        quantile(warm, 0.5).toFixed(1),
        p95.toFixed(1),
        quantile(warm, 0.99).toFixed(1),
        (p95 / smallest).toFixed(2),
        ((warm.length * 1000) / total).toFixed(0),
        residentMemory().megabytes.toFixed(0),
      ])
      await engine.close()
    }
    console.log(table.toString())
  } finally {
    await work.close()
  }
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
