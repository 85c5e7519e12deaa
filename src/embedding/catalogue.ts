/** Arithmetic of a model's weights: eight-bit whole numbers (smaller, faster) or 32-bit floats (exact). */
export type Precision = 'int8' | 'fp32'

/** Where a model of the hub has its weights, within its directory. */
export function weightsFile(precision: Precision): string {
  return precision === 'int8' ? 'onnx/model_quantized.onnx' : 'onnx/model.onnx'
}

/** How token states become one vector: their mean, or the first token's state. */
export type Pooling = 'mean' | 'cls'

/** What has to be known of a model beyond its files. */
export type ModelCard = {
  readonly pooling: Pooling
  /** Put in front of a question. */
  readonly queryPrefix: string
  /** Put in front of a sentence of the coverage. */
  readonly passagePrefix: string
  /** Longest input in tokens, special tokens included; what follows does not count. */
  readonly maxTokens: number
  /** Length of a vector; absent where only the model's files tell. */
  readonly dimensions?: number
}

/** The model that needs no download. */
export const builtIn = {
  model: 'use-lite',
  /** Raised whenever the converted files change, so that an older conversion is not taken for a new one. */
  revision: '2',
  card: { pooling: 'cls', queryPrefix: '', passagePrefix: '', maxTokens: 128, dimensions: 512 },
} as const satisfies { model: string; revision: string; card: ModelCard }

const plain = { queryPrefix: '', passagePrefix: '' }
const e5 = { pooling: 'mean', queryPrefix: 'query: ', passagePrefix: 'passage: ', maxTokens: 512 } as const
const bge = {
  pooling: 'cls',
  queryPrefix: 'Represent this sentence for searching relevant passages: ',
  passagePrefix: '',
  maxTokens: 512,
} as const

/** Small models of the hub that exist as ONNX files; pooling, prefixes and limits as their authors' model cards say. */
const cards: Readonly<Record<string, ModelCard>> = {
  'Xenova/all-MiniLM-L6-v2': { ...plain, pooling: 'mean', maxTokens: 256, dimensions: 384 },
  'Xenova/all-MiniLM-L12-v2': { ...plain, pooling: 'mean', maxTokens: 128, dimensions: 384 },
  'Xenova/bge-small-en-v1.5': { ...bge, dimensions: 384 },
  'Xenova/bge-base-en-v1.5': { ...bge, dimensions: 768 },
  'Xenova/e5-small-v2': { ...e5, dimensions: 384 },
  'Xenova/multilingual-e5-small': { ...e5, dimensions: 384 },
  'Xenova/gte-small': { ...plain, pooling: 'mean', maxTokens: 512, dimensions: 384 },
  'Xenova/paraphrase-multilingual-MiniLM-L12-v2': { ...plain, pooling: 'mean', maxTokens: 128, dimensions: 384 },
}

const unknownCard: ModelCard = { ...plain, pooling: 'mean', maxTokens: 512 }

/** The card of a hub model; one that the catalogue does not know is pooled by the mean and takes no prefix. */
export function cardOf(model: string): ModelCard {
  return Object.hasOwn(cards, model) ? (cards[model] ?? unknownCard) : unknownCard
}
