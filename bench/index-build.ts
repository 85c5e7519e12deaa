import Table from 'cli-table3'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatArticle, type Article } from '../src/corpus/corpus.ts'
import type { EmbeddingConfig } from '../src/embedding/embedding.ts'
import { BUILD_STAGES } from '../src/index/build-report.ts'
import { openCoverage } from '../src/index/coverage.ts'
import { buildIndex, type BuildReport } from '../src/index/index.ts'
import { openVectorSearch } from '../src/index/vector-search.ts'
import { readTexts, vary, writeCorpus } from './texts.ts'

/** Sentences of the corpora that are built; `BENCH_SENTENCES=100000` for others, separated by commas. */
const sizes = (process.env['BENCH_SENTENCES'] ?? '2000,10000').split(',').map(Number)
const queries = 200
const neighbours = 10
const plain = { head: [], border: [] }

/**
 * The build of an index by stage, what a changed article costs, and what the vector graph finds: its recall against an
 * exact search, and a filter's time by graph and by exact search. Texts are those of the development sets where they
 * are, else of the sample corpus; a larger corpus repeats them with other words, so that no two sentences are equal.
 */
export async function run(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'verbatim-bench-'))
  const embedding: EmbeddingConfig = { model: 'use-lite', precision: 'int8', cacheDir: join(root, 'models') }
  try {
    const texts = await readTexts()
    const builds = new Table({
      style: plain,
      head: ['sentences', 'articles', 'build', ...BUILD_STAGES.map(String), 'sentences/s', 'MB', 'peak RSS MB'],
    })
    const changes = new Table({
      style: plain,
      head: ['sentences', 'after a full build', 'seconds', 'share of the full build', 'embedded'],
    })
    let largest = ''
    for (const size of sizes) {
      const corpusDir = join(root, `corpus-${String(size)}`)
      const indexDir = join(root, `index-${String(size)}`)
      const articles = await writeCorpus(corpusDir, texts, size)
      const build = (full = false) => buildIndex({ corpusDir, indexDir, embedding, full })
      const full = await build(true)
      builds.push(row('full', full))
      const change = async (what: string, article?: Article) => {
        if (article) await writeFile(join(corpusDir, article.file), formatArticle(article))
        const report = await build()
        const share = `${((100 * report.seconds.total) / full.seconds.total).toFixed(1)} %`
        changes.push([full.sentences, what, report.seconds.total.toFixed(2), share, report.embeddedSentences])
        return report
      }
      const [first, second] = articles
      if (!first || !second) throw new Error('a corpus of fewer than two articles')
      await change('nothing changed')
      const report = await change('one sentence changed', { ...first, body: `${first.body} Nobody was hurt.` })
      builds.push(row('one changed', report))
      await change('one article added', { ...second, file: 'added.md', body: vary(second.body, 7777) })
      largest = join(indexDir, 'generations', String(report.generation + 1), 'coverage.db')
    }
    console.log(`${builds.toString()}\n\n${changes.toString()}\n`)
    await searchTables(largest)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function row(what: string, report: BuildReport): (string | number)[] {
  const { seconds, sentences, articles, megabytes } = report
  const stages = BUILD_STAGES.map(
    (stage) => `${seconds[stage].toFixed(2)} (${((100 * seconds[stage]) / seconds.total).toFixed(0)} %)`,
  )
  const rate = (sentences / seconds.total).toFixed(0)
  const peak = report.peakMegabytes.toFixed(0)
  return [sentences, articles, `${what} ${seconds.total.toFixed(1)} s`, ...stages, rate, megabytes.toFixed(1), peak]
}

/** Recall and time of the graph, whole and under filters, on the vectors of a built index. */
async function searchTables(database: string): Promise<void> {
  const coverage = openCoverage(database)
  const vectors = coverage.vectorIds().map((vectorId) => ({ vectorId, vector: coverage.vectorById(vectorId) }))
  coverage.close()
  const dimensions = vectors[0]?.vector.length ?? 0
  const asked = Array.from({ length: queries }, (_, i) => {
    const [a, b] = [1, 2].map(
      (step) => vectors[(i * 7919 * step) % vectors.length]?.vector ?? new Float32Array(dimensions),
    )
    return normalised((a ?? new Float32Array()).map((value, at) => value + 0.7 * (b?.[at] ?? 0)))
  })
  const graph = await openVectorSearch(join(dirname(database), 'vectors.hnsw'), dimensions)
  const filters = new Table({
    style: plain,
    head: ['vectors', 'a filter keeps', 'graph: recall@10', 'graph: ms', 'exact: ms'],
  })
  for (const share of [1, 0.5, 0.2, 0.05, 0.01, 0.001]) {
    const kept = new Set(
      vectors.filter((_, i) => (i * 2654435761) % 2 ** 32 < share * 2 ** 32).map(({ vectorId }) => vectorId),
    )
    const wanted = Math.min(neighbours, kept.size)
    let exactMs = 0
    const truth = asked.map((query) => {
      const started = performance.now()
      const cosineOf = graph.cosinesTo(query)
      const nearest = [...kept]
        .map((vectorId) => ({ vectorId, cosine: cosineOf(vectorId) }))
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, neighbours)
      exactMs += performance.now() - started
      return new Set(nearest.map(({ vectorId }) => vectorId))
    })
    const started = performance.now()
    const found = asked.map((query) => graph.nearest(query, neighbours, share === 1 ? undefined : (id) => kept.has(id)))
    const graphMs = performance.now() - started
    const hits = found.reduce(
      (sum, nearest, i) => sum + nearest.filter(({ vectorId }) => truth[i]?.has(vectorId)).length,
      0,
    )
    const perQuery = (ms: number) => (ms / queries).toFixed(2)
    filters.push([
      vectors.length,
      `${(100 * share).toFixed(1)} % (${String(kept.size)})`,
      (hits / (wanted * queries)).toFixed(4),
      perQuery(graphMs),
      perQuery(exactMs),
    ])
  }
  console.log(filters.toString())
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

function normalised(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(dot(vector, vector))
  return vector.map((value) => value / norm)
}
