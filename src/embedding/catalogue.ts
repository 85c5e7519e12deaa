/** Arithmetic of a model's weights: eight-bit whole numbers (smaller, faster) or 32-bit floats (exact). */
export type Precision = 'int8' | 'fp32'

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
}

/** Name of the model that needs no download. */
export const builtInModel = 'use-lite'
