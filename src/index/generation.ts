import path from 'node:path'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'
import { rankingOn, type RankedPlace } from './bm25.ts'
import { openCoverage, type ArticleFilter, type Coverage, type PassageId, type SentenceId } from './coverage.ts'
import { damagedFiles, generationDir, markReader, readCurrent, readManifest } from './generations.ts'
import type { Manifest } from './manifest.ts'
import { damaged, readingError } from './disk.ts'
import { repairGeneration } from './repair.ts'
import { SCHEMA_FINGERPRINT } from './schema.ts'
import { openVectorSearch, type VectorSearch } from './vector-search.ts'
import { isExactQuicker, type Neighbour } from './vectors.ts'
import { lowerBound, readWords, sentencesWithVector, type WordLists } from './words.ts'

/** A sentence, by its place in the word lists too, and the cosine of its vector to the query's, −1…1. */
export type SentenceScore = { readonly sentenceId: SentenceId; readonly place: number; readonly cosine: number }
/** A passage, by its place in the word lists too, and its weight for the words of a query; comparable within one query only. */
export type PassageScore = RankedPlace & { readonly passageId: PassageId }

/** One complete, unchanging build of the index, open for reading. */
export type Generation = Coverage & {
  readonly manifest: Manifest
  readonly words: WordLists
  /** A stem's number in the word lists; −1 when no article has it. */
  stemNumber(stem: string): number
  /** How many passages hold the stem, or their article's title does. */
  countPassagesWith(stem: string): number
  /**
   * The passages that hold any of the stems, themselves or in their article's title, best first by BM25, ties in the
   * order of the text.
   */
  passagesWithAny(stems: readonly string[], limit: number, filter?: ArticleFilter): readonly PassageScore[]
  /** Those that hold all of the stems. */
  passagesWithAll(stems: readonly string[], limit: number, filter?: ArticleFilter): readonly PassageScore[]
  /**
   * The sentences with the `k` nearest vectors, best first, ties in the order of the text; more than `k` where equal
   * sentences share a vector. A filter loses no recall, however few articles it keeps.
   * @param vector L2-normalised, of the model that built the index
   */
  nearest(vector: Float32Array, k: number, filter?: ArticleFilter): SentenceScore[]
  /** Cosines of a query's vector to those of the numbers asked for. */
  cosinesTo(vector: Float32Array): (vectorId: number) => number
  /** Lets go of the files. Calling it again is harmless. */
  close(): Promise<void>
}

/** Filters whose vectors are remembered. */
const REMEMBERED_FILTERS = 16

/**
 * Opens the generation that is live, after its files are found to be as they were written. A damaged vector graph is
 * made again from the database. Does not hold the calling thread.
 * @param options.modelId what the embedder of the questions says of itself
 * @throws UserError 'index-missing', 'index-damaged', 'index-unreadable', 'index-version'; 'index-model-mismatch' when
 * another model built it
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
      if (!isGone || (await readCurrent(indexDir)) === number) throw readingError(error, indexDir)
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
  const mendable = broken.filter((file) => file !== 'coverage.db')
  if (mendable.length > 0) await repairGeneration(indexDir, manifest, mendable)
  const dir = generationDir(indexDir, number)
  let coverage: Coverage | undefined
  try {
    coverage = openCoverage(path.join(dir, 'coverage.db'))
    const [words, graph] = await Promise.all([
      readWords(path.join(dir, 'words.bin')),
      openVectorSearch(path.join(dir, 'vectors.hnsw'), model.dimensions),
    ])
    return generationOn(manifest, coverage, words, graph, unmark)
  } catch (error) {
    coverage?.close()
    const isGone =
      isSystemError(error, 'ENOENT') || (error instanceof Error && 'code' in error && error.code === 'SQLITE_CANTOPEN')
    throw isGone ? damaged(`generation ${String(number)} is incomplete`, error) : error
  }
}

/** The articles that a filter keeps, and their vectors, which are only looked for when they are asked for. */
type Kept = { readonly isKept: Uint8Array; vectors?: Int32Array; vectorSet?: ReadonlySet<number> }

function generationOn(
  manifest: Manifest,
  coverage: Coverage,
  words: WordLists,
  graph: VectorSearch,
  unmark: () => Promise<void>,
): Generation {
  const { articles, sentences, passages, postings } = words
  const ranking = rankingOn(words)
  const remembered = new Map<string, Kept>()

  function keptBy(filter: ArticleFilter): Kept {
    const key = JSON.stringify(filter)
    const known = remembered.get(key)
    const kept = known ?? keep(filter)
    remembered.delete(key)
    remembered.set(key, kept)
    const [oldest] = remembered.keys()
    if (remembered.size > REMEMBERED_FILTERS && oldest !== undefined) remembered.delete(oldest)
    return kept
  }

  function keep(filter: ArticleFilter): Kept {
    const isKept = new Uint8Array(articles.ids.length)
    for (const { articleId } of coverage.articlesKept(filter)) isKept[lowerBound(articles.ids, articleId)] = 1
    return { isKept }
  }

  /** Numbers of the vectors of the articles kept, ascending. */
  function vectorsOf(kept: Kept): Int32Array {
    if (kept.vectors !== undefined) return kept.vectors
    const found: number[] = []
    for (const place of sentences.byVector) {
      const vectorId = sentences.vectorIds[place] ?? 0
      if (kept.isKept[sentences.article[place] ?? 0] === 1 && found.at(-1) !== vectorId) found.push(vectorId)
    }
    return (kept.vectors = Int32Array.from(found))
  }

  function exactly(vector: Float32Array, k: number, vectorIds: Int32Array): Neighbour[] {
    const cosineOf = graph.cosinesTo(vector)
    const cosines = Float32Array.from(vectorIds, cosineOf)
    const least = cosines.length > k ? (cosines.slice().sort().at(-k) ?? -Infinity) : -Infinity
    return Array.from(vectorIds, (vectorId, i) => ({ vectorId, cosine: cosines[i] ?? 0 }))
      .filter(({ cosine }) => cosine >= least)
      .sort((a, b) => b.cosine - a.cosine || a.vectorId - b.vectorId)
      .slice(0, k)
  }

  function neighboursAmong(kept: Kept, vector: Float32Array, k: number) {
    const vectors = vectorsOf(kept)
    if (isExactQuicker(vectors.length, graph.size, k)) return exactly(vector, k, vectors)
    const isNear = (kept.vectorSet ??= new Set(vectors))
    return graph.nearest(vector, k, (vectorId) => isNear.has(vectorId))
  }

  function stemNumber(stem: string): number {
    let [low, high] = [0, words.stems.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((words.stems[middle] ?? '') < stem) low = middle + 1
      else high = middle
    }
    return words.stems[low] === stem ? low : -1
  }

  const numbered = ({ place, bm25 }: RankedPlace): PassageScore => ({
    place,
    bm25,
    passageId: passages.ids[place] ?? 0,
  })
  let isClosed = false
  const whileOpen = () => {
    if (isClosed) throw new Error('the generation is closed')
  }

  return {
    ...coverage,
    manifest,
    words,
    stemNumber,
    countPassagesWith(stem) {
      const number = stemNumber(stem)
      return number < 0 ? 0 : (postings.from[number + 1] ?? 0) - (postings.from[number] ?? 0)
    },
    passagesWithAny(stems, limit, filter) {
      whileOpen()
      const known = stems.map(stemNumber).filter((number) => number >= 0)
      return ranking.any(known, limit, filter && keptBy(filter).isKept).map(numbered)
    },
    passagesWithAll(stems, limit, filter) {
      whileOpen()
      const known = stems.map(stemNumber)
      return known.includes(-1) ? [] : ranking.all(known, limit, filter && keptBy(filter).isKept).map(numbered)
    },
    nearest(vector, k, filter) {
      whileOpen()
      if (vector.length !== manifest.model.dimensions)
        throw new RangeError(`a vector of ${String(vector.length)} instead of ${String(manifest.model.dimensions)}`)
      const kept = filter && keptBy(filter)
      const neighbours = kept === undefined ? graph.nearest(vector, k) : neighboursAmong(kept, vector, k)
      return neighbours
        .flatMap(({ vectorId, cosine }) =>
          sentencesWithVector(words, vectorId)
            .filter((place) => kept === undefined || kept.isKept[sentences.article[place] ?? 0] === 1)
            .map((place) => ({ sentenceId: sentences.ids[place] ?? 0, place, cosine })),
        )
        .sort((a, b) => b.cosine - a.cosine || a.place - b.place)
    },
    cosinesTo: graph.cosinesTo,
    async close() {
      isClosed = true
      coverage.close()
      await unmark()
    },
  }
}
