import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { builtInModel, type ModelCard, type Precision } from './catalogue.ts'
import { openEncoderPool, type EncoderPool } from './encoder-pool.ts'
import { maxTokens } from './use-lite-graph.ts'
import { useLiteRevision } from './use-lite.ts'

/** Some models want to be told whether a text asks or answers. */
export type EmbeddingRole = 'query' | 'passage'

/** Options of one call of `embed`. */
export type EmbedOptions = {
  /** Defaults to 'passage'. A query goes before passages that wait, and the last few hundred are remembered. */
  readonly role?: EmbeddingRole
  readonly signal?: AbortSignal
  /** Told how many of the texts are done, now and then, at the end with all of them. */
  readonly onProgress?: (done: number) => void
}

/** Turns texts into vectors whose cosine says how alike they are in meaning. */
export type Embedder = {
  /** Model, revision and precision, e.g. 'use-lite@1/int8'. Vectors of different ids must not be compared. */
  readonly id: string
  readonly dimensions: number
  /**
   * One L2-normalised vector per text, in order, each with a buffer of its own. A blank text gives the zero vector.
   * Of an over-long text the model's first tokens count (128 for the built-in one). A text's vector does not depend
   * on the texts beside it. Runs in worker threads; the calling thread stays free.
   * @throws the signal's reason when it is aborted; Error after `close`
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>
  /** Ends the worker threads. Calling it again is harmless. */
  close(): Promise<void>
}

export type EmbeddingConfig = {
  /** 'use-lite', the built-in model, or the id of a model of the hub. */
  readonly model: string
  readonly precision: Precision
  /** Where models are kept, e.g. index/models. */
  readonly cacheDir: string
  /** Most worker threads; defaults to the number of processors, at most four. */
  readonly threads?: number
}

const rememberedQueries = 256
/** Characters that make one job of a worker: some tens of milliseconds, the longest that a query waits for its turn. */
const jobCharacters = 8192
/** Texts that are sorted by length together. */
const windowTexts = 4096
/** Work of this size is worth starting all threads. */
const bulkCharacters = 65536

/**
 * Opens the model of that name, converting (built-in) or downloading it when it is not in `cacheDir` yet.
 * @throws UserError 'model-unavailable' when the model cannot be had; 'write-failed' when it cannot be kept
 */
export async function openEmbedder(config: EmbeddingConfig): Promise<Embedder> {
  const card: ModelCard = { pooling: 'cls', queryPrefix: '', passagePrefix: '', maxTokens }
  const directory = join(resolve(config.cacheDir), `${builtInModel}-${useLiteRevision}-${config.precision}`)
  const threads = config.threads ?? Math.min(4, availableParallelism())
  const pool = await openEncoderPool(
    { encoder: { directory, precision: config.precision, card, tokenizer: 'unigram' }, convert: true },
    threads,
  )
  return embedderOn(pool, `${builtInModel}@${useLiteRevision}/${config.precision}`, card, threads)
}

function embedderOn(pool: EncoderPool, id: string, card: ModelCard, threads: number): Embedder {
  const { dimensions } = pool
  const remembered = new Map<string, Float32Array>()

  function remember(query: string, vector: Float32Array): void {
    remembered.delete(query)
    remembered.set(query, vector)
    const [oldest] = remembered.keys()
    if (remembered.size > rememberedQueries && oldest !== undefined) remembered.delete(oldest)
  }

  async function embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { role = 'passage', signal, onProgress } = options
    const prefix = role === 'query' ? card.queryPrefix : card.passagePrefix
    const vectors = texts.map((text) => (role === 'query' ? remembered.get(text)?.slice() : undefined))
    let done = vectors.filter((vector) => vector !== undefined).length
    const slices = slicesOf(texts, (i) => vectors[i] === undefined)

    async function work(): Promise<void> {
      for (const slice of slices) {
        signal?.throwIfAborted()
        const encoded = await pool.encode(
          slice.map((i) => prefix + (texts[i] ?? '')),
          role === 'query',
        )
        signal?.throwIfAborted()
        for (const [row, i] of slice.entries()) vectors[i] = encoded.slice(row * dimensions, (row + 1) * dimensions)
        onProgress?.((done += slice.length))
      }
    }

    signal?.throwIfAborted()
    if (texts.reduce((sum, text) => sum + text.length, 0) > bulkCharacters) pool.grow()
    await Promise.all(Array.from({ length: threads }, work))
    const complete = vectors.map((vector) => vector ?? new Float32Array(dimensions))
    if (role === 'query') for (const [i, vector] of complete.entries()) remember(texts[i] ?? '', vector.slice())
    if (done < texts.length) onProgress?.(texts.length)
    return complete
  }

  return { id, dimensions, embed, close: () => pool.close() }
}

/** Numbers of the wanted texts that are not blank, in jobs of texts of like length. */
function* slicesOf(texts: readonly string[], wanted: (i: number) => boolean): Generator<number[], void, void> {
  for (let from = 0; from < texts.length; from += windowTexts) {
    const length = (i: number) => texts[i]?.length ?? 0
    const window: number[] = []
    for (let i = from; i < Math.min(texts.length, from + windowTexts); i++) {
      if (wanted(i) && texts[i]?.trim()) window.push(i)
    }
    window.sort((a, b) => length(b) - length(a))
    for (let start = 0; start < window.length;) {
      const slice: number[] = []
      for (let characters = 0; start < window.length && characters < jobCharacters; start++) {
        const i = window[start] ?? 0
        slice.push(i)
        characters += length(i)
      }
      yield slice
    }
  }
}
