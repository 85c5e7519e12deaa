import Table from 'cli-table3'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { EmbeddingConfig } from '../src/embedding/embedding.ts'
import { openEngine } from '../src/engine.ts'
import { buildIndex } from '../src/index/index.ts'
import { readTexts, writeCorpus } from './texts.ts'

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
  const root = await mkdtemp(join(tmpdir(), 'verbatim-bench-'))
  const embedding: EmbeddingConfig = { model: 'use-lite', precision: 'int8', cacheDir: join(root, 'models') }
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
      const corpusDir = join(root, `corpus-${String(size)}`)
      const indexDir = join(root, `index-${String(size)}`)
      await writeCorpus(corpusDir, texts, size)
      const report = await buildIndex({ corpusDir, indexDir, embedding })
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
      const warm = times.slice(warmUp).sort((a, b) => a - b)
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
        residentMegabytes().toFixed(0),
      ])
      await engine.close()
    }
    console.log(table.toString())
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

/** Memory of this process and its children, from the system's process list; this process alone where there is none. */
function residentMegabytes(): number {
  try {
    const rows = execFileSync('ps', ['-o', 'rss=', '--pid', String(process.pid), '--ppid', String(process.pid)], {
      encoding: 'utf8',
    })
    return (
      rows
        .trim()
        .split(/\s+/u)
        .map(Number)
        .reduce((sum, kilobytes) => sum + kilobytes, 0) / 1000
    )
  } catch {
    return process.memoryUsage.rss() / 1e6
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
