/** A stretch of a text: UTF-16 code units, half-open; `text.slice(start, end)` is what it names. */
export type Span = { readonly start: number; readonly end: number }

/** `direct`: words inside quotation marks. `reported`: the journalist's words for what somebody said. */
export type QuoteKind = 'direct' | 'reported'

/**
 * How the speaker of a quote was found, from the surest to the least sure:
 * `cue` a name beside a cue in the same sentence; `according-to` "according to X"; `document` a statement, tweet or
 * report of X; `pronoun` and `description` a mention resolved to a name; `interrupted` the second half of an utterance
 * that its cue splits; `continued` no cue, the last speaker goes on; `none` no speaker.
 */
export type Attribution =
  'cue' | 'according-to' | 'document' | 'pronoun' | 'description' | 'interrupted' | 'continued' | 'none'

/** What somebody said, as one article prints it. */
export type Quote = Span & {
  readonly kind: QuoteKind
  /** `body.slice(start, end)`; a direct quote without its outer quotation marks. */
  readonly text: string
  /** Quotes of one utterance share the number: the two halves around a cue, the paragraphs of one long quotation. */
  readonly utterance: number
  /** The fullest name the article gives, or null where the text does not tell. */
  readonly speaker: string | null
  /**
   * The words that name the speaker: "she", "the minister"; where a pronoun leads to somebody unnamed, the words it stands
   * for: "a senior official". Null for a quote that continues a named speaker.
   */
  readonly mention: (Span & { readonly text: string }) | null
  /** The verb or phrase of saying: "said", "according to". */
  readonly cue: (Span & { readonly text: string }) | null
  readonly attribution: Attribution
  /** Probability that the speaker is right, 0…1, calibrated; 0 where the speaker is null. */
  readonly confidence: number
}
