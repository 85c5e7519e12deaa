import fc from 'fast-check'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVectorGraph, readVectorGraph } from '../../src/index/vectors.ts'

const DIMENSIONS = 32

/** L2-normalised vectors around some centres, the same for the same seed. */
function vectorsAround(centres: number, count: number, seed: number): Float32Array[] {
  let state = seed
  const random = () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32 - 0.5
  const around = Array.from({ length: centres }, () => Float32Array.from({ length: DIMENSIONS }, random))
  return Array.from({ length: count }, (_, i) => {
    const centre = around[i % centres] ?? new Float32Array(DIMENSIONS)
    return normalised(centre.map((value) => value + 0.6 * random()))
  })
}

function normalised(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector)
  return vector.map((value) => value / norm)
}

function exactly(vectors: readonly Float32Array[], query: Float32Array, k: number): number[] {
  const cosine = (vector: Float32Array) => vector.reduce((sum, value, i) => sum + value * (query[i] ?? 0), 0)
  return vectors
    .map((vector, id) => ({ id, cosine: cosine(vector) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, k)
    .map(({ id }) => id)
}

function graphOf(vectors: readonly Float32Array[], expected = vectors.length) {
  const graph = createVectorGraph(DIMENSIONS, expected)
  for (const [id, vector] of vectors.entries()) graph.add(id, vector)
  return graph
}

describe('a vector graph', () => {
  let dir = ''
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'verbatim-vectors-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  test('given 4,000 vectors, when asked for the nearest ten, then it finds 98 of 100 that an exact search finds', () => {
    const vectors = vectorsAround(60, 4000, 1)
    const graph = graphOf(vectors)
    const queries = vectorsAround(60, 200, 2)
    const found = queries.map((query) => {
      const nearest = new Set(graph.nearest(query, 10).map(({ vectorId }) => vectorId))
      return exactly(vectors, query, 10).filter((id) => nearest.has(id)).length
    })
    expect(found.reduce((sum, hits) => sum + hits, 0) / (10 * queries.length)).toBeGreaterThanOrEqual(0.98)
  })

  test('given any few vectors, when searched, then it agrees with an exact search, best first', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), fc.integer({ min: 1, max: 80 }), (count, seed, k) => {
        const vectors = vectorsAround(7, count, seed >>> 0)
        const [query = new Float32Array(DIMENSIONS)] = vectorsAround(1, 1, (seed >>> 0) + 1)
        const found = graphOf(vectors).nearest(query, k)
        expect(found).toHaveLength(Math.min(k, count))
        expect(found.map(({ cosine }) => cosine)).toEqual(found.map(({ cosine }) => cosine).sort((a, b) => b - a))
        expect(new Set(found.map(({ vectorId }) => vectorId))).toEqual(new Set(exactly(vectors, query, k)))
      }),
      { numRuns: 40 },
    ))

  test('given a vector of the graph, when searched for, then its cosine is one', () => {
    const vectors = vectorsAround(5, 50, 3)
    const [best] = graphOf(vectors).nearest(vectors[17] ?? new Float32Array(DIMENSIONS), 1)
    expect(best?.vectorId).toBe(17)
    expect(best?.cosine).toBeCloseTo(1, 5)
  })

  test('given a graph that is full, when a vector is added, then it grows', () => {
    expect(graphOf(vectorsAround(5, 50, 4), 3).size()).toBe(50)
  })

  test('given an empty graph, when searched, then nothing is found', () => {
    expect(createVectorGraph(DIMENSIONS, 0).nearest(new Float32Array(DIMENSIONS).fill(0.1), 5)).toEqual([])
  })

  test('given a removed vector, when searched for it, then others are found', () => {
    const vectors = vectorsAround(5, 50, 5)
    const graph = graphOf(vectors)
    graph.remove(17)
    const found = graph.nearest(vectors[17] ?? new Float32Array(DIMENSIONS), 49).map(({ vectorId }) => vectorId)
    expect(found).not.toContain(17)
    expect(found).toHaveLength(49)
  })

  test('given a rule that keeps one vector of forty, when searched, then 98 of 100 of the best kept ones are found', () => {
    const vectors = vectorsAround(20, 4000, 6)
    const graph = graphOf(vectors)
    const isKept = (id: number) => id % 40 === 7
    const kept = vectors.filter((_, id) => isKept(id))
    const queries = vectorsAround(20, 100, 9)
    const found = queries.map((query) => {
      const nearest = new Set(graph.nearest(query, 10, isKept).map(({ vectorId }) => vectorId))
      expect(nearest.size).toBe(10)
      return exactly(kept, query, 10).filter((place) => nearest.has(place * 40 + 7)).length
    })
    expect(found.reduce((sum, hits) => sum + hits, 0) / (10 * queries.length)).toBeGreaterThanOrEqual(0.98)
  })

  test('given a graph with a removed vector, when written and read, then it finds the same and knows the same', async () => {
    const vectors = vectorsAround(20, 500, 7)
    const graph = graphOf(vectors)
    graph.remove(3)
    const file = path.join(dir, 'whole.hnsw')
    await graph.write(file)
    const again = await readVectorGraph(file, DIMENSIONS)
    const query = vectors[3] ?? new Float32Array(DIMENSIONS)
    expect(again.nearest(query, 10)).toEqual(graph.nearest(query, 10))
    expect([again.has(3), again.has(499), again.has(500)]).toEqual([true, true, false])
  })

  describe.each([
    ['cut short in the header', (file: string) => truncate(file, 50)],
    ['cut short in the vectors', (file: string) => truncate(file, 5000)],
    ['without its last byte', async (file: string) => truncate(file, (await readFile(file)).length - 1)],
    ['empty', (file: string) => writeFile(file, '')],
    ['of zeroes', async (file: string) => writeFile(file, Buffer.alloc((await readFile(file)).length))],
    ['of other bytes', async (file: string) => writeFile(file, Buffer.alloc((await readFile(file)).length, 0xa7))],
  ])('given a file %s', (_what, damage) => {
    test('when read, then it is refused and nothing crashes', async () => {
      const file = path.join(dir, 'damaged.hnsw')
      await graphOf(vectorsAround(5, 100, 8)).write(file)
      await damage(file)
      await expect(readVectorGraph(file, DIMENSIONS)).rejects.toThrow('vector graph')
    })
  })
})
