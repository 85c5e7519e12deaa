/** Words in a row that are compared. */
const SHINGLE_WORDS = 3
/**
 * Share of the shorter text's shingles that the other has, from which they are copies: agencies' copies differ by a
 * headline's words or a trimmed clause, two reports of one event seldom share half.
 */
const COPY_SHARE = 0.7
/** Shingles are told apart for certain while there are no more words than this, and next to certainly beyond it. */
const WORDS_APART = 2 ** 16

/** A text as it is compared with others: its three-word shingles (Broder 1997), ascending, each once. */
export type Shingles = Float64Array

/** The shingles of a text; of a shorter one, the whole text. @param words the text's words in order, by number */
export function shinglesOf(words: readonly number[]): Shingles {
  const count = Math.max(1, words.length - SHINGLE_WORDS + 1)
  const shingles = new Float64Array(count)
  for (let i = 0; i < count; i += 1)
    for (let at = i; at < i + SHINGLE_WORDS; at += 1)
      shingles[i] = (shingles[i] ?? 0) * WORDS_APART + (words[at] ?? -1) + 1
  shingles.sort()
  return shingles.filter((shingle, i) => shingle !== shingles[i - 1])
}

/** Whether two texts are copies of each other, or one holds a copy of the other. */
export function areCopies(a: Shingles, b: Shingles): boolean {
  let [shared, i, j] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const [left, right] = [a[i] ?? 0, b[j] ?? 0]
    if (left === right) shared += 1
    if (left <= right) i += 1
    if (right <= left) j += 1
  }
  return shared >= COPY_SHARE * Math.min(a.length, b.length)
}
