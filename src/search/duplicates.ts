import { foldKey } from '../text/fold.ts'

/** Words in a row that are compared. */
const SHINGLE_WORDS = 3
/**
 * Share of the shorter text's shingles that the other has, from which they are copies: agencies' copies differ by a
 * headline's words or a trimmed clause, two reports of one event seldom share half.
 */
const COPY_SHARE = 0.7

/** A text as it is compared with others: its three-word shingles (Broder 1997). */
export type Shingles = ReadonlySet<string>

/** The shingles of a text; of a shorter one, the whole text. */
export function shinglesOf(text: string): Shingles {
  const words = foldKey(text).match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length <= SHINGLE_WORDS) return new Set([words.join(' ')])
  const shingles = new Set<string>()
  for (let i = 0; i + SHINGLE_WORDS <= words.length; i += 1) shingles.add(words.slice(i, i + SHINGLE_WORDS).join(' '))
  return shingles
}

/** Whether two texts are copies of each other, or one holds a copy of the other. */
export function areCopies(a: Shingles, b: Shingles): boolean {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a]
  let shared = 0
  for (const shingle of few) if (many.has(shingle)) shared += 1
  return shared >= COPY_SHARE * few.size
}
