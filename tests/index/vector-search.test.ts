import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openVectorSearch } from '../../src/index/vector-search.ts'
import { createVectorGraph, readVectorGraph, type VectorGraph } from '../../src/index/vectors.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'verbatim-vectors-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** Directions that a number decides, with some neighbourhood: each is near those of like numbers. */
function vectorOf(number: number, dimensions: number): Float32Array {
  const vector = Float32Array.from(
    { length: dimensions },
    (_, i) => Math.sin((number % 40) * (i + 1)) + 0.4 * Math.sin(number * 1.37 * (i + 2) + i),
  )
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

/** The search keeps eight bits of each number, so that cosines that differ by less are as good as equal. */
const [EXACT_DIGITS, TOLERANCE] = [2, 0.005]

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)

// Not every model's dimensions fill the lanes of the processor.
describe.each([64, 27, 5])('given 1,500 vectors of %i dimensions in a file of hnswlib', (dimensions) => {
  const ids = Array.from({ length: 1500 }, (_, i) => 3 + 2 * i)
  const removed = new Set(ids.filter((id) => id % 7 === 0))
  const vectors = new Map(ids.map((id) => [id, vectorOf(id, dimensions)]))
  const queries = Array.from({ length: 40 }, (_, i) => vectorOf(5000 + 17 * i, dimensions))
  let file: string

  beforeAll(async () => {
    file = path.join(dir, `${String(dimensions)}.hnsw`)
    const graph = createVectorGraph(dimensions, ids.length)
    for (const [id, vector] of vectors) graph.add(id, vector)
    for (const id of removed) graph.remove(id)
    await graph.write(file)
  })

  /** How many of the vectors found are as near as the `k` nearest, and how many those are. */
  function judge(found: readonly number[], query: Float32Array, k: number, keep: (id: number) => boolean = () => true) {
    const cosines = [...vectors].flatMap(([id, vector]) => (!removed.has(id) && keep(id) ? [dot(query, vector)] : []))
    const nearest = cosines.sort((a, b) => b - a).slice(0, k)
    const least = (nearest.at(-1) ?? 1) - TOLERANCE
    const right = found.filter((id) => dot(query, vectors.get(id) ?? query) >= least)
    return { right: right.length, wanted: nearest.length }
  }

  test.each([
    ['all', () => true],
    ['half', (id: number) => id % 4 === 3],
    ['one in a hundred', (id: number) => id % 100 === 51],
  ])('when searched among %s, then it finds what an exact search finds', async (_, keep) => {
    const search = await openVectorSearch(file, dimensions)
    const k = 10
    let [found, all] = [0, 0]
    for (const query of queries) {
      const neighbours = search.nearest(query, k, keep)
      const cosines = neighbours.map(({ cosine }) => cosine)
      expect(cosines).toEqual([...cosines].sort((a, b) => b - a))
      for (const { vectorId, cosine } of neighbours) {
        expect(removed.has(vectorId) || !keep(vectorId)).toBe(false)
        expect(cosine).toBeCloseTo(dot(query, vectors.get(vectorId) ?? query), EXACT_DIGITS)
      }
      const ids = neighbours.map(({ vectorId }) => vectorId)
      const { right, wanted } = judge(ids, query, k, keep)
      found += right
      all += wanted
    }
    expect(found / all).toBeGreaterThan(0.98)
  })

  test('when searched beside hnswlib, then it finds no less', async () => {
    const search = await openVectorSearch(file, dimensions)
    const library = await readVectorGraph(file, dimensions)
    const rightOf = (graph: Pick<VectorGraph, 'nearest'>) =>
      queries.reduce((sum, query) => {
        const ids = graph.nearest(query, 20).map(({ vectorId }) => vectorId)
        return sum + judge(ids, query, 20).right
      }, 0)
    expect(rightOf(search)).toBeGreaterThanOrEqual(rightOf(library) * 0.99)
  })

  test('when cosines to two vectors are asked in turns, then each is of its own', async () => {
    const search = await openVectorSearch(file, dimensions)
    const [a, b] = [vectorOf(7001, dimensions), vectorOf(7012, dimensions)]
    const [toA, toB] = [search.cosinesTo(a), search.cosinesTo(b)]
    for (const id of [3, 45, 999, 3001]) {
      const vector = vectors.get(id) ?? a
      expect([toA(id), toB(id), toA(id)]).toEqual(
        [dot(a, vector), dot(b, vector), dot(a, vector)].map(
          (cosine) => expect.closeTo(cosine, EXACT_DIGITS) as unknown,
        ),
      )
    }
    expect(() => toA(4)).toThrow(RangeError)
    expect(() => search.nearest(new Float32Array(dimensions + 1), 3)).toThrow(RangeError)
  })

  test('when more neighbours are asked for than there are, or none, then it gives what there is', async () => {
    const search = await openVectorSearch(file, dimensions)
    const [query = new Float32Array(dimensions)] = queries
    expect(search.nearest(query, 10_000).length).toBeGreaterThan((ids.length - removed.size) * 0.98)
    expect(search.nearest(query, 0)).toEqual([])
    expect(search.nearest(query, 10, () => false)).toEqual([])
  })
})

test('given an empty graph, when searched, then it finds nothing', async () => {
  const file = path.join(dir, 'empty.hnsw')
  await createVectorGraph(8, 0).write(file)
  const search = await openVectorSearch(file, 8)
  expect(search.size).toBe(0)
  expect(search.nearest(vectorOf(1, 8), 10)).toEqual([])
})

test('given a file that is cut short, when opened, then it is refused', async () => {
  const file = path.join(dir, 'short.hnsw')
  const graph = createVectorGraph(8, 20)
  for (let id = 1; id <= 20; id++) graph.add(id, vectorOf(id, 8))
  await graph.write(file)
  await truncate(file, 700)
  await expect(openVectorSearch(file, 8)).rejects.toThrow('cut short')
})
