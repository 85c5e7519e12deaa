import { foldKey } from '../text/fold.ts'

/** A word as it is compared, and where it stands: UTF-16 offsets, half-open. */
export type Word = {
  /** Folded: lower case, no accents, plain apostrophes; `…` for an ellipsis. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** What stands for left-out words: … or three full stops, with or without spaces, in brackets or not. */
export const ELLIPSIS = '…'

/**
 * A word is letters and digits with what belongs to them: an apostrophe (don’t), the full stops of U.S. and 1.5, the
 * comma of 1,000, a sign, currency or per cent of a number. Hyphens part words, so "well known" is "well-known".
 */
const WORD =
  /…|\.(?: ?\.){2,}|(?:(?<![\p{L}\p{N}])[-−–](?=[$€£¥]?\d))?[$€£¥]?(?:(?:\p{L}\.){2,}(?:\p{L}(?![\p{L}\p{N}]))?|\d[\d\p{Cf}]*(?:[.,:]\d+)*\p{L}*|[\p{L}\p{N}][\p{L}\p{N}\p{M}\p{Cf}]*(?:['’ʼ`´&][\p{L}\p{N}][\p{L}\p{N}\p{M}\p{Cf}]*)*)[%‰°]?/gu
const PLAIN = /^[a-z]+$/

/**
 * The words of a text in order. All other marks, spaces and capitals are left out: two texts with equal words differ in
 * nothing a quotation is changed by. Linear in the length of the text.
 */
export function readWords(text: string): Word[] {
  const words: Word[] = []
  for (const match of text.matchAll(WORD)) {
    const [printed] = match
    const start = match.index
    const folded = foldWord(printed)
    if (folded !== '') words.push({ text: folded, start, end: start + printed.length })
  }
  return words
}

function foldWord(printed: string): string {
  if (PLAIN.test(printed)) return printed
  if (printed === ELLIPSIS || printed.startsWith('..') || printed.startsWith('. ')) return ELLIPSIS
  const folded = foldKey(printed)
  if (/^-?[$€£¥]?\d/.test(folded)) return folded.replace(/,(?=\d)/g, '')
  return folded.endsWith('.') ? folded.slice(0, -1) : folded
}
