/** A word as printed, with what every rule asks of it. */
export type PrintedWord = {
  readonly text: string
  /** Lower case, with a straight apostrophe. */
  readonly lower: string
  /** Starts with a capital letter. */
  readonly capital: boolean
}

/** Texts share most of their words; past so many kept ones the store is begun anew. */
const MOST_KEPT = 30_000
/** Longer ones hardly come again. */
const LONGEST_KEPT = 30
const STARTS_CAPITAL = /^\p{Lu}/u

const kept = new Map<string, PrintedWord>()

/**
 * The word of that spelling. Mostly the same object as the last time: it is folded once, takes its memory once, and its
 * strings carry their hashes, so that the word lists are asked at half the price.
 */
export function printedWord(text: string): PrintedWord {
  const known = kept.get(text)
  if (known) return known
  const lower = text.toLowerCase()
  const word = {
    text,
    lower: lower.includes('’') ? lower.replaceAll('’', "'") : lower,
    capital: STARTS_CAPITAL.test(text),
  }
  if (text.length > LONGEST_KEPT) return word
  if (kept.size >= MOST_KEPT) kept.clear()
  kept.set(text, word)
  return word
}
