import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { builtIn, cardOf, type ModelCard, type Precision } from './catalogue.ts'
import { openEncoderPool, type EncoderPool, jobsInHand } from './encoder-pool.ts'
import { isWhole } from './model-directory.ts'
import { UnusableModel } from './encoder.ts'
import { type DownloadProgress, type HubModel, keepHubModel, unusableModel } from './hub.ts'

export type { DownloadProgress, Precision }

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
   * on the texts beside it. Other processes compute; the calling thread stays free.
   * @throws the signal's reason when it is aborted; Error after `close`
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>
  /** Ends the processes that compute. Calling it again is harmless. */
  close(): Promise<void>
}

/** Which model, and where it is kept. Plain data, so that it can be handed to a worker. */
export type EmbeddingConfig = {
  /** 'use-lite', the built-in model, or the id of a model of the hub, e.g. 'Xenova/bge-small-en-v1.5'. */
  readonly model: string
  readonly precision: Precision
  /** Branch, tag or commit of a hub model; defaults to 'main' as it is at the download. */
  readonly revision?: string
  /** Where models are kept, e.g. index/models. */
  readonly cacheDir: string
  /** Address of the hub; defaults to the one that transformers.js knows. */
  readonly hubUrl?: string
  /** Most processes that compute, one thread each; defaults to the number of processors, at most four. */
  readonly threads?: number
}

const mostThreads = 4
const rememberedQueries = 256
/** Characters that make one job: some tens of milliseconds. A query waits for the jobs that are in hand. */
const jobCharacters = 8192
/** Texts that are sorted by length together. */
const windowTexts = 4096
/**
 * More of a text than its tokens can need, so that a huge text costs no more than a long one: no piece of the built-in
 * model is longer than 16 characters, and NFKC shortens a text to a third at most.
 */
const charactersPerToken = 48
/** Work of this size is worth starting all processes. */
const bulkCharacters = 65536

/** The `id` that `openEmbedder` will give, where that is known beforehand: of the built-in model. */
export function knownEmbedderId({ model, precision }: EmbeddingConfig): string | undefined {
  return model === builtIn.model ? `${model}@${builtIn.revision}/${precision}` : undefined
}

/**
 * Opens the model of that name. Files that are not in `cacheDir` yet are made there (built-in) or downloaded, whole or
 * not at all; the network is asked for nothing else.
 * @param onDownload told of every piece that arrives
 * @throws UserError 'model-unavailable' when the model cannot be had or run; 'write-failed' when it cannot be kept;
 * 'bad-config' when the name or revision cannot be one
 */
export async function openEmbedder(
  config: EmbeddingConfig,
  onDownload?: (progress: DownloadProgress) => void,
): Promise<Embedder> {
  const { model, precision } = config
  const threads = Math.max(1, config.threads ?? Math.min(mostThreads, availableParallelism()))
  const cacheDir = resolve(config.cacheDir)
  if (model === builtIn.model) {
    const { card, revision } = builtIn
    const directory = join(cacheDir, `${model}-${revision}-${precision}`)
    const encoder = { directory, precision, card, tokenizer: 'unigram' } as const
    const start = { encoder, convert: !(await isWhole(directory)) }
    return embedderOn(await openEncoderPool(start, threads), `${model}@${revision}/${precision}`, card, threads)
  }
  const { revision = 'main', hubUrl } = config
  const hub: HubModel = { model, revision, precision, cacheDir, ...(hubUrl !== undefined && { hubUrl }) }
  const card = cardOf(model)
  const { directory, commit } = await keepHubModel(hub, onDownload)
  const start = { encoder: { directory, precision, card, tokenizer: 'library' }, convert: false } as const
  const pool = await openEncoderPool(start, threads).catch(async (error: unknown) => {
    if (!(error instanceof UnusableModel)) throw error
    await rm(directory, { recursive: true, force: true })
    throw unusableModel(hub, error)
  })
  return embedderOn(pool, `${model}@${commit}/${precision}`, card, threads)
}

function embedderOn(pool: EncoderPool, id: string, card: ModelCard, threads: number): Embedder {
  const { dimensions } = pool
  const mostCharacters = card.maxTokens * charactersPerToken
  const remembered = new Map<string, Float32Array>()
  let isClosed = false

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
    const lengthOf = (i: number) => (vectors[i] || !texts[i]?.trim() ? 0 : Math.min(texts[i].length, mostCharacters))
    const slices = slicesOf(texts.length, lengthOf)

    async function work(): Promise<void> {
      for (const slice of slices) {
        signal?.throwIfAborted()
        const encoded = await pool.encode(
          slice.map((i) => prefix + (texts[i] ?? '').slice(0, mostCharacters)),
          role === 'query',
        )
        signal?.throwIfAborted()
        for (const [row, i] of slice.entries()) vectors[i] = encoded.slice(row * dimensions, (row + 1) * dimensions)
        onProgress?.((done += slice.length))
      }
    }

    if (isClosed) throw new Error('the embedder is closed')
    signal?.throwIfAborted()
    if (texts.reduce((sum, text) => sum + text.length, 0) > bulkCharacters) pool.grow()
    await Promise.all(Array.from({ length: jobsInHand * threads }, work))
    const complete = vectors.map((vector) => vector ?? new Float32Array(dimensions))
    if (role === 'query') for (const [i, vector] of complete.entries()) remember(texts[i] ?? '', vector.slice())
    if (done < texts.length) onProgress?.(texts.length)
    return complete
  }

  async function close(): Promise<void> {
    isClosed = true
    await pool.close()
  }

  return { id, dimensions, embed, close }
}

/** Numbers of the texts that have a length, in jobs of texts of like length. */
function* slicesOf(count: number, lengthOf: (i: number) => number): Generator<number[], void, void> {
  for (let from = 0; from < count; from += windowTexts) {
    const window: { i: number; length: number }[] = []
    for (let i = from; i < Math.min(count, from + windowTexts); i++) {
      const length = lengthOf(i)
      if (length > 0) window.push({ i, length })
    }
    window.sort((a, b) => b.length - a.length)
    let slice: number[] = []
    let characters = 0
    for (const { i, length } of window) {
      slice.push(i)
      characters += length
      if (characters < jobCharacters) continue
      yield slice
      slice = []
      characters = 0
    }
    if (slice.length > 0) yield slice
  }
}
