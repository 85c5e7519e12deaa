import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type * as OnnxRuntime from 'onnxruntime-common'
import { type ModelCard, type Pooling, type Precision, weightsFile } from './catalogue.ts'
import { type Tokenizer, unigramTokenizer } from './unigram.ts'

/** Where a model lies and how it is to be run. */
export type EncoderOptions = {
  /** A directory in the hub's layout. */
  readonly directory: string
  readonly precision: Precision
  readonly card: ModelCard
  /** 'unigram': our own, fast tokenizer, for the built-in model; 'library': the one of transformers.js. */
  readonly tokenizer: 'unigram' | 'library'
}

/** The files of a model are there but make no model that the library can run. */
export class UnusableModel extends Error {
  override readonly name = 'UnusableModel'
}

/** A loaded model. It computes on the calling thread, which is why it belongs into a process of its own. */
export type Encoder = {
  readonly dimensions: number
  /** One L2-normalised vector per text, one after the other in a single array. No text may be blank. */
  encode(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>>
}

/**
 * Tokens, padding included, that go through the model at once. A batch more costs as little as four tokens, while
 * larger batches of the sixty texts of a job would be padded more (7 % at 512, 3 % at 256) and leave the cache
 * (bare runtime, fp32, sentences/s at 256 … 4096: 329, 336, 327, 288, 264).
 */
const batchTokens = 256

/**
 * Loads a model through transformers.js, from local files only. To be called once, in a process of its own: it
 * settles the library's global settings there (no network, no messages, one arithmetic thread).
 * @throws UnusableModel when the files make no model, or one of other dimensions than its card says
 */
export async function loadEncoder({ directory, precision, card, tokenizer }: EncoderOptions): Promise<Encoder> {
  settleRuntime(join(directory, weightsFile(precision)))
  const { env, pipeline, Tensor } = await import('@xenova/transformers')
  env.allowRemoteModels = false
  env.useFSCache = false
  env.localModelPath = dirname(directory)
  const extractor = await quietly(() =>
    pipeline('feature-extraction', basename(directory), { quantized: precision === 'int8', local_files_only: true }),
  ).catch(unusable)
  const tokenize = tokenizer === 'unigram' ? ownTokenizer(extractor.tokenizer.model) : libraryTokenizer

  function libraryTokenizer(text: string, maxTokens: number): Int32Array {
    const { input_ids } = extractor.tokenizer(text, { truncation: true, max_length: maxTokens, return_tensor: false })
    return Int32Array.from(input_ids as readonly number[])
  }

  /** Runs texts as one padded batch and puts each vector in its text's place of `vectors`. */
  async function run(batch: readonly Tokens[], vectors: (dimensions: number) => Float32Array): Promise<void> {
    const length = batch.reduce((longest, { ids }) => Math.max(longest, ids.length), 0)
    const ids = new BigInt64Array(batch.length * length)
    const mask = new BigInt64Array(batch.length * length)
    for (const [row, tokens] of batch.entries()) {
      for (const [column, id] of tokens.ids.entries()) ids[row * length + column] = BigInt(id)
      mask.fill(1n, row * length, row * length + tokens.ids.length)
    }
    const shape = [batch.length, length]
    const output: Output = await extractor.model({
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', mask, shape),
    })
    const { dims, data: states } = output.last_hidden_state ?? output.token_embeddings ?? { dims: [], data: undefined }
    const [, positions = 0, dimensions = 0] = dims
    if (!(states instanceof Float32Array)) throw new UnusableModel('it gives no token states')
    const into = vectors(dimensions)
    for (const [row, { text, ids }] of batch.entries()) {
      const from = states.subarray(row * positions * dimensions, (row + 1) * positions * dimensions)
      pool(
        from,
        Math.min(ids.length, positions),
        card.pooling,
        into.subarray(text * dimensions, (text + 1) * dimensions),
      )
    }
  }

  async function encode(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>> {
    const tokens = texts.map((text, i) => ({
      text: i,
      ids: tokenize(text, card.maxTokens),
    }))
    let vectors: Float32Array<ArrayBuffer> | undefined
    for (const batch of batches(tokens)) {
      await run(batch, (dimensions) => (vectors ??= new Float32Array(texts.length * dimensions)))
    }
    return vectors ?? new Float32Array()
  }

  const dimensions = (await quietly(() => encode(['a'])).catch(unusable)).length
  if (card.dimensions !== undefined && dimensions !== card.dimensions) {
    throw new UnusableModel(`its vectors have ${dimensions} dimensions, where ${card.dimensions} are expected`)
  }
  return { dimensions, encode }
}

type States = { readonly dims: readonly number[]; readonly data: unknown }

/** What feature-extraction models call their token states. */
type Output = { readonly last_hidden_state?: States; readonly token_embeddings?: States }

function ownTokenizer(model: { readonly vocab: readonly string[]; readonly unk_token_id?: number }): Tokenizer {
  const { vocab, unk_token_id } = model
  if (!('scores' in model) || !Array.isArray(model.scores) || unk_token_id === undefined) {
    throw new UnusableModel('its tokenizer is no unigram tokenizer')
  }
  return unigramTokenizer(vocab, Float64Array.from(model.scores), unk_token_id)
}

function unusable(error: unknown): never {
  throw new UnusableModel(error instanceof Error ? error.message : String(error), { cause: error })
}

/** The library prints what goes wrong with a model before it throws; what it throws is enough. */
async function quietly<T>(load: () => Promise<T>): Promise<T> {
  const { warn, error } = console
  console.warn = console.error = () => {}
  try {
    return await load()
  } finally {
    Object.assign(console, { warn, error })
  }
}

/** Tokens of the text with that number. */
type Tokens = { readonly text: number; readonly ids: Int32Array }

/** Texts of like length together, so that little is padding, as many as the token budget allows. */
function batches(texts: readonly Tokens[]): Tokens[][] {
  const byLength = texts.toSorted((a, b) => b.ids.length - a.ids.length)
  const all: Tokens[][] = []
  for (let start = 0; start < byLength.length;) {
    const longest = byLength[start]?.ids.length ?? 1
    const size = Math.max(1, Math.floor(batchTokens / longest))
    all.push(byLength.slice(start, start + size))
    start += size
  }
  return all
}

/** Pools the token states of one text, `length` of them real, into an L2-normalised vector. */
function pool(states: Float32Array, length: number, pooling: Pooling, into: Float32Array): void {
  const dimensions = into.length
  into.set(states.subarray(0, dimensions))
  if (pooling === 'mean') {
    for (let position = 1; position < length; position++) {
      for (let i = 0; i < dimensions; i++) into[i] = (into[i] ?? 0) + (states[position * dimensions + i] ?? 0)
    }
  }
  let squares = 0
  for (const value of into) squares += value * value
  const norm = Math.sqrt(squares)
  if (norm > 0) for (let i = 0; i < dimensions; i++) into[i] = (into[i] ?? 0) / norm
}

/**
 * transformers.js passes no session options on, so they are put in where it makes its session: one thread (several
 * processes with a thread each pass one process with several), and warnings of the runtime kept off the terminal. It
 * is the file that is opened, not the bytes that the library has read: onnxruntime-node 1.14 ignores options beside
 * bytes.
 */
function settleRuntime(file: string): void {
  const require = createRequire(import.meta.resolve('@xenova/transformers'))
  const { InferenceSession } = require('onnxruntime-node') as typeof OnnxRuntime
  const create = InferenceSession.create.bind(InferenceSession)
  const options = {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  } as const
  Object.assign(InferenceSession, { create: () => create(file, options) })
}
