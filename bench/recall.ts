import Table from 'cli-table3'
import hnswlib from 'hnswlib-node'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openCoverage } from '../src/index/coverage.ts'
import { openIndex, type ArticleFilter } from '../src/index/index.ts'
import { openVectorSearch, type VectorSearch } from '../src/index/vector-search.ts'
import { searchWidth, type Neighbour } from '../src/index/vectors.ts'
import { quantile } from './figures.ts'
import { openWork } from './work.ts'

/** Sentences of the coverage that is searched. */
const sentences = Number(process.env['BENCH_SENTENCES'] ?? '100000')
/** Graphs with other numbers of links are built from no more vectors than this. */
const MOST_LINKED = 20_000
const QUERIES = 200
const plain = { head: [], border: [] }

type NumberedVector = { readonly vectorId: number; readonly vector: Float32Array }

/**
 * What the search by meaning finds of what an exact search over the float vectors finds, and how long it takes: by how
 * many candidates a search looks at (`ef`), by how many links a vector has (M), and under filters. Queries lie between
 * the vectors of two sentences.
 */
export async function run(): Promise<void> {
  const work = await openWork()
  try {
    const { indexDir } = await work.index(sentences)
    const [number = ''] = await readdir(join(indexDir, 'generations'))
    const files = join(indexDir, 'generations', number)
    const coverage = openCoverage(join(files, 'coverage.db'))
    const vectors = coverage.vectorIds().map((vectorId) => ({ vectorId, vector: coverage.vectorById(vectorId) }))
    coverage.close()
    const queries = queriesAmong(vectors)
    const dimensions = queries[0]?.length ?? 0
    const search = await openVectorSearch(join(files, 'vectors.hnsw'), dimensions)
    byWidth(search, vectors, queries)
    await byLinks(vectors.slice(0, MOST_LINKED), queriesAmong(vectors.slice(0, MOST_LINKED)), work.dir)
    await byFilter(indexDir, search, vectors, queries)
  } finally {
    await work.close()
  }
}

function byWidth(search: VectorSearch, vectors: readonly NumberedVector[], queries: readonly Float32Array[]): void {
  const table = new Table({ style: plain, head: ['vectors', 'k', 'ef', 'recall', 'p50 ms', 'p95 ms', ''] })
  for (const k of [10, 80]) {
    const nearest = queries.map((query) => nearestOf(query, vectors, k))
    for (const width of [10, 20, 40, 80, 100, 160, 240, 320, 640].filter((width) => width >= k)) {
      const { recall, p50, p95 } = measure(queries, nearest, (query) => search.nearest(query, k, undefined, width))
      table.push([vectors.length, k, width, recall, p50, p95, width === searchWidth(k) ? 'what Verbatim takes' : ''])
    }
  }
  console.log(table.toString())
}

async function byLinks(
  vectors: readonly NumberedVector[],
  queries: readonly Float32Array[],
  dir: string,
): Promise<void> {
  const table = new Table({
    style: plain,
    head: ['vectors', 'M', 'build ms each', 'MB of links', 'ef', 'recall@10', 'p50 ms', 'p95 ms'],
  })
  const nearest = queries.map((query) => nearestOf(query, vectors, 10))
  const dimensions = queries[0]?.length ?? 0
  for (const links of [8, 16, 32]) {
    const graph = new hnswlib.HierarchicalNSW('ip', dimensions)
    graph.initIndex(vectors.length, links, 200)
    const started = performance.now()
    for (const { vectorId, vector } of vectors) graph.addPoint(Array.from(vector), vectorId)
    const each = (performance.now() - started) / vectors.length
    const file = join(dir, `links-${String(links)}.hnsw`)
    await graph.writeIndex(file)
    const search = await openVectorSearch(file, dimensions)
    await rm(file)
    for (const width of [40, 100, 200]) {
      const { recall, p50, p95 } = measure(queries, nearest, (query) => search.nearest(query, 10, undefined, width))
      const megabytes = ((vectors.length * links * 8) / 1e6).toFixed(1)
      table.push([vectors.length, links, each.toFixed(2), megabytes, width, recall, p50, p95])
    }
  }
  console.log(table.toString())
}

/** Filters by tags that the benchmark's corpora have. */
const FILTERS: readonly (readonly [string, ArticleFilter | undefined])[] = [
  ['all', undefined],
  ['50 %', { tags: ['half'] }],
  ['10 %', { tags: ['tenth'] }],
  ['5 %', { tags: ['twentieth'] }],
  ['0.1 %', { tags: ['thousandth'] }],
]

async function byFilter(
  indexDir: string,
  search: VectorSearch,
  vectors: readonly NumberedVector[],
  queries: readonly Float32Array[],
): Promise<void> {
  const table = new Table({
    style: plain,
    head: ['a filter keeps', 'articles', 'vectors', 'recall@10', 'recall@80', 'p50 ms', 'p95 ms', 'by graph', 'exactly'], // prettier-ignore
  })
  const generation = await openIndex(indexDir)
  const { sentences, articles } = generation.words
  for (const [name, filter] of FILTERS) {
    const kept = new Set((filter ? generation.articlesKept(filter) : generation.articles()).map((row) => row.articleId))
    const vectorIds = new Set<number>()
    for (const [place, vectorId] of sentences.vectorIds.entries())
      if (kept.has(articles.ids[sentences.article[place] ?? 0] ?? 0)) vectorIds.add(vectorId)
    const among = vectors.filter(({ vectorId }) => vectorIds.has(vectorId))
    const find = (k: number) => (query: Float32Array) =>
      generation
        .nearest(query, k, filter)
        .map(({ place, cosine }) => ({ vectorId: sentences.vectorIds[place] ?? 0, cosine }))
    const nearest = queries.map((query) => nearestOf(query, among, 80))
    find(10)(queries[0] ?? new Float32Array())
    const first = nearest.map((all) => all.slice(0, 10))
    const ten = measure(queries, first, find(10))
    const eighty = measure(queries, nearest, find(80))
    const graph = measure(queries, nearest, (query) => search.nearest(query, 80, (id) => vectorIds.has(id)))
    const exact = measure(queries, nearest, (query) => {
      const cosineOf = search.cosinesTo(query)
      return Array.from(vectorIds, (vectorId) => ({ vectorId, cosine: cosineOf(vectorId) }))
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, 80)
    })
    const counts = [kept.size, among.length]
    table.push([name, ...counts, ten.recall, eighty.recall, eighty.p50, eighty.p95, graph.p50, exact.p50])
  }
  await generation.close()
  console.log(table.toString())
}

/** Recall of a search, 0…1, and its time. */
function measure(
  queries: readonly Float32Array[],
  nearest: readonly (readonly number[])[],
  search: (query: Float32Array) => readonly Neighbour[],
): { readonly recall: string; readonly p50: string; readonly p95: string } {
  const times: number[] = []
  let [found, wanted] = [0, 0]
  for (const [i, query] of queries.entries()) {
    const started = performance.now()
    const neighbours = new Set(search(query).map(({ vectorId }) => vectorId))
    times.push(performance.now() - started)
    const right = nearest[i] ?? []
    found += right.filter((vectorId) => neighbours.has(vectorId)).length
    wanted += right.length
  }
  const ms = (share: number) => quantile(times, share).toFixed(2)
  return { recall: (found / Math.max(1, wanted)).toFixed(4), p50: ms(0.5), p95: ms(0.95) }
}

/** The numbers of the nearest vectors, best first, by comparing with each. */
function nearestOf(query: Float32Array, vectors: readonly NumberedVector[], k: number): number[] {
  const cosines = Float64Array.from(vectors, ({ vector }) => dot(query, vector))
  const least = cosines.toSorted().at(-Math.min(k, cosines.length)) ?? Infinity
  return vectors
    .flatMap(({ vectorId }, i) => ((cosines[i] ?? 0) >= least ? [{ vectorId, cosine: cosines[i] ?? 0 }] : []))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, k)
    .map(({ vectorId }) => vectorId)
}

function queriesAmong(vectors: readonly NumberedVector[]): Float32Array[] {
  const vectorAt = (i: number) => vectors[i % vectors.length]?.vector ?? new Float32Array()
  return Array.from({ length: QUERIES }, (_, i) => {
    const other = vectorAt(i * 15_838 + 7)
    const between = vectorAt(i * 7919).map((value, at) => value + 0.7 * (other[at] ?? 0))
    const length = Math.sqrt(dot(between, between))
    return between.map((value) => value / length)
  })
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}
