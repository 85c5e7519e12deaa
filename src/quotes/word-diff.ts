import { diffArrays } from 'diff'
import type { Word } from './words.ts'

/** A stretch of words: in both, only in the real quote, only in the claim. As printed where it stands. */
export type DiffPart = { readonly op: 'same' | 'missing' | 'added'; readonly text: string }

/** A text with the words of it that are compared. */
export type Worded = { readonly text: string; readonly words: readonly Word[] }

/** `similarity`: 0…1, twice the words in common over all words of both, function words counting a quarter. */
export type WordDiff = { readonly parts: readonly DiffPart[]; readonly similarity: number }

/**
 * How a claim differs from the quote it is nearest to, in reading order, what is missing before what was put in its
 * place. `same` and `missing` are printed as in the quote, `added` as in the claim.
 */
export function diffWords(quote: Worded, claim: Worded): WordDiff {
  const parts: DiffPart[] = []
  let inQuote = 0
  let inClaim = 0
  let common = 0
  for (const { added, removed, count } of diffArrays(texts(quote), texts(claim))) {
    if (added) parts.push({ op: 'added', text: printed(claim, inClaim, count) })
    else parts.push({ op: removed ? 'missing' : 'same', text: printed(quote, inQuote, count) })
    if (!added && !removed) common += weigh(quote.words.slice(inQuote, inQuote + count))
    if (!added) inQuote += count
    if (!removed) inClaim += count
  }
  return { parts, similarity: (2 * common) / (weigh(quote.words) + weigh(claim.words)) }
}

/** What words count together. */
export function weigh(words: readonly Word[]): number {
  return words.reduce((sum, word) => sum + weightOf(word.text), 0)
}

function texts({ words }: Worded): string[] {
  return words.map((word) => word.text)
}

/** Words as they stand in their text, with the marks between them; quotation marks left out. */
function printed({ text, words }: Worded, from: number, count: number): string {
  return words
    .slice(from, from + count)
    .map((word, i) => {
      const next = words[from + i + 1]
      const gap = next
        ? text.slice(word.end, next.start)
        : (CLOSING_MARKS.exec(text.slice(word.end, word.end + 4))?.[0] ?? '')
      // Between two quotations of one utterance stands the cue: words are never printed that are in neither.
      const marks = BETWEEN_WORDS.test(gap) ? gap.replace(/["“”«»„]/gu, '') : ' '
      return text.slice(word.start, word.end) + marks
    })
    .join('')
    .replace(/\s+/g, ' ')
    .trim()
}

const CLOSING_MARKS = /^[.,;:!?…)\]]*/u
const BETWEEN_WORDS = /^[\s\p{P}\p{S}]*$/u

/** Where words of a claim stand best in a longer sequence: half-open, in words of each. */
export type Alignment = {
  readonly from: number
  readonly to: number
  readonly claimFrom: number
  readonly claimTo: number
}

/**
 * The stretch of `sequence` that is most like the claim (Smith & Waterman 1981: a word in common gains its weight, any
 * other step costs a third of a content word). Time and memory grow with the product of the lengths: the caller bounds it.
 */
export function align(sequence: readonly Word[], claim: readonly Word[]): Alignment | undefined {
  const width = claim.length + 1
  const scores = new Int32Array((sequence.length + 1) * width)
  let best = 0
  let bestAt = 0
  for (let i = 1; i <= sequence.length; i += 1) {
    const word = sequence[i - 1]?.text ?? ''
    const weight = weightOf(word)
    for (let j = 1; j < width; j += 1) {
      const at = i * width + j
      const diagonal = (scores[at - width - 1] ?? 0) + (claim[j - 1]?.text === word ? weight : -STEP)
      const score = Math.max(0, diagonal, (scores[at - 1] ?? 0) - STEP, (scores[at - width] ?? 0) - STEP)
      scores[at] = score
      if (score > best) {
        best = score
        bestAt = at
      }
    }
  }
  if (best === 0) return undefined
  let at = bestAt
  while ((scores[at] ?? 0) > 0) {
    const i = Math.floor(at / width)
    const j = at % width
    const word = sequence[i - 1]?.text ?? ''
    const gain = claim[j - 1]?.text === word ? weightOf(word) : -STEP
    if (scores[at] === (scores[at - width - 1] ?? 0) + gain) at -= width + 1
    else if (scores[at] === (scores[at - width] ?? 0) - STEP) at -= width
    else at -= 1
  }
  return {
    from: Math.floor(at / width),
    to: Math.floor(bestAt / width),
    claimFrom: at % width,
    claimTo: bestAt % width,
  }
}

/** Integers, so that the way back through the scores is exact. */
const STEP = 4
export const CONTENT_WORD_WEIGHT = 12
const FUNCTION_WORD_WEIGHT = 3
const FUNCTION_WORDS = new Set(
  `a an the and or but if so as of to in on at by for from with into than that this these those it its is are was were be
  been being am do does did have has had will would shall should can could may might must i you he she we they me him her us
  them my your his our their what which who there here not no`.split(/\s+/),
)

/** What a word counts when texts are compared: "the" and "of" are in any two. */
export function weightOf(word: string): number {
  return FUNCTION_WORDS.has(word) ? FUNCTION_WORD_WEIGHT : CONTENT_WORD_WEIGHT
}
