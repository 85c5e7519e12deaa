import hnswlib from 'hnswlib-node'
import { open } from 'node:fs/promises'
import { UserError } from '../errors.ts'

/** A vector's number and its cosine to the query, −1…1. */
export type Neighbour = { readonly vectorId: number; readonly cosine: number }

/**
 * Links of a vector. 8 need twice the candidates for the same recall, 32 find no more than 16 with the same candidates
 * (20,000 vectors, `npm run bench -- recall`).
 */
const M = 16
/** Candidates looked at while a vector is linked. */
const EF_CONSTRUCTION = 200
/**
 * Candidates looked at by a search for few neighbours, and how many times the neighbours it asks for by one for more. On
 * 82,255 vectors a search for 10 with 100, 160, 240, 320 candidates has recall 0.964, 0.974, 0.979, 0.989 and takes 0.4,
 * 0.6, 0.8, 1.1 ms; one for 80 with 160, 320 has 0.970, 0.986 and takes 0.7, 1.1 ms (`npm run bench -- recall`).
 */
const EF_SEARCH = 320
const EF_PER_NEIGHBOUR = 4
/**
 * An exact search of K of N vectors takes as long as the graph with `ef` candidates when K² = EXACT_SHARE · ef · N: the
 * one compares with each kept vector, the other meets about ef · N / K vectors and their neighbours until enough of them
 * are kept. On 82,255 vectors and `ef` 160, ms exact / graph: 2.2 / 8.1 for 5 %, 4.9 / 4.6 for 10 %, 25 / 1.4 for 50 %
 * (`npm run bench -- recall`, filters).
 */
const EXACT_SHARE = 5
/** Room is made for this share of vectors more when the graph is full. */
const GROWTH = 1.5

/** An HNSW graph over L2-normalised vectors (Malkov & Yashunin 2016), by hnswlib. */
export type VectorGraph = {
  /** Vectors in the graph, the removed ones too. */
  readonly size: () => number
  /** Whether the vector was ever added, removed since or not. */
  has(vectorId: number): boolean
  /** A vector that is new to the graph. */
  add(vectorId: number, vector: Float32Array): void
  /** It is not found any more; its place in memory stays. */
  remove(vectorId: number): void
  /**
   * The nearest vectors, best first; 98 of 100 times or more the true ones.
   * @param keep which vectors may be found; the search goes on until `k` of them are
   */
  nearest(vector: Float32Array, k: number, keep?: (vectorId: number) => boolean): Neighbour[]
  /** Writes the graph without holding the calling thread. @throws UserError 'write-failed' when the disk did not take it all */
  write(file: string): Promise<void>
}

/** Whether it is quicker to compare a query with each of the kept vectors than to search the graph for `k` of them. */
export function isExactQuicker(kept: number, all: number, k: number): boolean {
  return kept ** 2 <= EXACT_SHARE * searchWidth(k) * all
}

/** Candidates that a search for `k` neighbours looks at. */
export function searchWidth(k: number): number {
  return Math.max(EF_SEARCH, EF_PER_NEIGHBOUR * k)
}

/** An empty graph. @param expected how many vectors will come; it grows when there are more */
export function createVectorGraph(dimensions: number, expected: number): VectorGraph {
  const index = new hnswlib.HierarchicalNSW('ip', dimensions)
  index.initIndex(Math.max(1, expected), M, EF_CONSTRUCTION)
  return graphOn(index, dimensions)
}

/** Reads what `write` wrote, without holding the calling thread. @throws Error when the file is not whole */
export async function readVectorGraph(file: string, dimensions: number): Promise<VectorGraph> {
  await checkVectorGraph(file, dimensions)
  const index = new hnswlib.HierarchicalNSW('ip', dimensions)
  await index.readIndex(file)
  return graphOn(index, dimensions)
}

function graphOn(index: hnswlib.HierarchicalNSW, dimensions: number): VectorGraph {
  let ef = -1
  let known: Set<number> | undefined
  return {
    size: () => index.getCurrentCount(),
    has: (vectorId) => (known ??= new Set(index.getIdsList())).has(vectorId),
    add(vectorId, vector) {
      known?.add(vectorId)
      if (index.getCurrentCount() >= index.getMaxElements())
        index.resizeIndex(Math.ceil(index.getMaxElements() * GROWTH) + 1)
      index.addPoint(Array.from(vector), vectorId)
    },
    remove: (vectorId) => {
      index.markDelete(vectorId)
    },
    nearest(vector, k, keep) {
      const count = Math.min(k, index.getCurrentCount())
      if (count < 1) return []
      const wanted = searchWidth(count)
      if (wanted !== ef) index.setEf((ef = wanted))
      const { neighbors, distances } = index.searchKnn(Array.from(vector), count, keep)
      return neighbors.map((vectorId, i) => ({ vectorId, cosine: 1 - (distances[i] ?? 1) }))
    },
    async write(file) {
      await index.writeIndex(file)
      // The library does not look whether its writes arrive.
      const written = await checkVectorGraph(file, dimensions).catch((error: unknown) => error)
      if (written === index.getCurrentCount()) return
      const reason = written instanceof Error ? written.message : `it holds ${String(written)} vectors`
      throw new UserError(
        'write-failed',
        `${file} could not be written whole (${reason}).`,
        'Check that there is room on the disk and that you may write there, then run `verbatim index` again.',
        { cause: written },
      )
    },
  }
}

const HEADER_BYTES = 96
const BYTES_PER_FLOAT = 4

/**
 * Walks the layout of a file of hnswlib: a header, one record of equal size per vector, the links of the upper layers.
 * The library trusts the numbers in the header, so a damaged one would make it read past its memory.
 * @returns how many vectors it holds  @throws Error when the layout does not add up to the file's size
 */
export async function checkVectorGraph(file: string, dimensions: number): Promise<number> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const header = Buffer.alloc(HEADER_BYTES)
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0)
    const count = Number(header.readBigUInt64LE(16))
    const recordBytes = Number(header.readBigUInt64LE(24))
    const linksFrom = HEADER_BYTES + count * recordBytes
    const smallest = dimensions * BYTES_PER_FLOAT
    if (bytesRead < HEADER_BYTES || recordBytes < smallest || recordBytes > smallest + 4096 || linksFrom > size)
      throw new Error(`${file} is cut short or is no vector graph`)
    const links = Buffer.alloc(size - linksFrom)
    await handle.read(links, 0, links.length, linksFrom)
    let at = 0
    for (let i = 0; i < count; i++) at += 4 + (at + 4 <= links.length ? links.readUInt32LE(at) : links.length)
    if (at !== links.length) throw new Error(`${file} is cut short or is no vector graph`)
    return count
  } finally {
    await handle.close()
  }
}
