import path from 'node:path'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'
import { openCoverage, type ArticleFilter, type Coverage, type SentenceId } from './coverage.ts'
import { damaged, damagedFiles, generationDir, markReader, readCurrent, readManifest } from './generations.ts'
import type { Manifest } from './manifest.ts'
import { repairVectorGraph } from './repair.ts'
import { SCHEMA_FINGERPRINT } from './schema.ts'
import { isExactQuicker, readVectorGraph, type VectorGraph } from './vectors.ts'

/** A sentence and the cosine of its vector to the query's, −1…1. */
export type SentenceScore = { readonly sentenceId: SentenceId; readonly cosine: number }

/** One complete, unchanging build of the index, open for reading. */
export type Generation = Omit<Coverage, 'vectorIdsKept'> & {
  readonly manifest: Manifest
  /**
   * The sentences with the `k` nearest vectors, best first, ties in the order of the text; more than `k` where equal
   * sentences share a vector. A filter loses no recall, however few articles it keeps.
   * @param vector L2-normalised, of the model that built the index
   */
  nearest(vector: Float32Array, k: number, filter?: ArticleFilter): SentenceScore[]
  /** Lets go of the files. Calling it again is harmless. */
  close(): Promise<void>
}

/** Filters whose vectors are remembered. */
const REMEMBERED_FILTERS = 16

/**
 * Opens the generation that is live, after its files are found to be as they were written. A damaged vector graph is
 * made again from the database. Does not hold the calling thread.
 * @param options.modelId what the embedder of the questions says of itself
 * @throws UserError 'index-missing', 'index-damaged', 'index-version'; 'index-model-mismatch' when another model built it
 */
export async function openIndex(indexDir: string, options: { readonly modelId?: string } = {}): Promise<Generation> {
  for (;;) {
    const number = await readCurrent(indexDir)
    const unmark = await markReader(indexDir, number)
    try {
      return await openGeneration(indexDir, number, options.modelId, unmark)
    } catch (error) {
      await unmark()
      // A build may have published the next generation and removed this one since its number was read.
      const isGone = error instanceof UserError && error.code === 'index-damaged'
      if (!isGone || (await readCurrent(indexDir)) === number) throw error
    }
  }
}

async function openGeneration(
  indexDir: string,
  number: number,
  modelId: string | undefined,
  unmark: () => Promise<void>,
): Promise<Generation> {
  const manifest = await readManifest(indexDir, number)
  const { model } = manifest
  if (manifest.schema !== SCHEMA_FINGERPRINT)
    throw new UserError(
      'index-version',
      `The index at ${indexDir} was built by another version of Verbatim.`,
      'Build it anew with `verbatim index`; the articles are not touched, and vectors are taken over.',
    )
  if (modelId !== undefined && modelId !== model.id)
    throw new UserError(
      'index-model-mismatch',
      `The index at ${indexDir} was built with the embedding model ${model.id}; the configured model is ${modelId}.`,
      `Build it anew with \`verbatim index\`, or set EMBEDDING_MODEL and EMBEDDING_PRECISION to what built it.`,
    )
  const broken = await damagedFiles(indexDir, manifest)
  if (broken.includes('coverage.db'))
    throw damaged(`coverage.db of generation ${String(number)} is not as it was written`)
  if (broken.includes('vectors.hnsw')) await repairVectorGraph(indexDir, manifest)
  const dir = generationDir(indexDir, number)
  let coverage: Coverage | undefined
  try {
    coverage = openCoverage(path.join(dir, 'coverage.db'))
    const graph = await readVectorGraph(path.join(dir, 'vectors.hnsw'), model.dimensions)
    return generationOn(manifest, coverage, graph, unmark)
  } catch (error) {
    coverage?.close()
    const isGone =
      isSystemError(error, 'ENOENT') || (error instanceof Error && 'code' in error && error.code === 'SQLITE_CANTOPEN')
    throw isGone ? damaged(`generation ${String(number)} is incomplete`, error) : error
  }
}

function generationOn(
  manifest: Manifest,
  { vectorIdsKept, ...coverage }: Coverage,
  graph: VectorGraph,
  unmark: () => Promise<void>,
): Generation {
  const keptByFilter = new Map<string, ReadonlySet<number>>()

  function vectorsKept(filter: ArticleFilter): ReadonlySet<number> {
    const key = JSON.stringify(filter)
    const known = keptByFilter.get(key)
    const kept = known ?? new Set(vectorIdsKept(filter))
    keptByFilter.delete(key)
    keptByFilter.set(key, kept)
    const [oldest] = keptByFilter.keys()
    if (keptByFilter.size > REMEMBERED_FILTERS && oldest !== undefined) keptByFilter.delete(oldest)
    return kept
  }

  function exactly(vector: Float32Array, k: number, vectorIds: Iterable<number>) {
    const all = Array.from(vectorIds, (vectorId) => ({ vectorId, cosine: dot(vector, coverage.vectorById(vectorId)) }))
    return all.sort((a, b) => b.cosine - a.cosine || a.vectorId - b.vectorId).slice(0, k)
  }

  return {
    ...coverage,
    manifest,
    nearest(vector, k, filter) {
      if (vector.length !== manifest.model.dimensions)
        throw new RangeError(`a vector of ${String(vector.length)} instead of ${String(manifest.model.dimensions)}`)
      const kept = filter && vectorsKept(filter)
      const neighbours =
        kept === undefined
          ? graph.nearest(vector, k)
          : isExactQuicker(kept.size, graph.size(), k)
            ? exactly(vector, k, kept)
            : graph.nearest(vector, k, (vectorId) => kept.has(vectorId))
      const isKept = filter && new Set(coverage.articlesKept(filter).map(({ articleId }) => articleId))
      return neighbours
        .flatMap(({ vectorId, cosine }) =>
          coverage
            .sentencesOfVector(vectorId)
            .filter(({ articleId }) => !isKept || isKept.has(articleId))
            .map(({ sentenceId }) => ({ sentenceId, cosine })),
        )
        .sort((a, b) => b.cosine - a.cosine || a.sentenceId - b.sentenceId)
    },
    async close() {
      coverage.close()
      await unmark()
    },
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}
