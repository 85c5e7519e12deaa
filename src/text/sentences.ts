import winkNLP, { type ItemSentence, type ItemToken, type WinkMethods } from 'wink-nlp'
import model from 'wink-eng-lite-web-model'
import { splitParagraphs, type TextSpan } from './paragraphs.ts'

/** A sentence of a text, with the number of the paragraph it stands in, counted from 0. */
export type Sentence = TextSpan & { readonly paragraph: number }

/**
 * The sentences of a text, in order, without overlap: every character but the white space between sentences lies in
 * exactly one. wink-nlp finds the boundaries; what it is known to get wrong in news is mended here: a cue after a
 * quoted question (“Is it?” she asked.), a title or web address with a full stop inside, a headline on a line of its own.
 * Linear in the length of the text, whatever it holds.
 */
export function splitSentences(text: string): readonly Sentence[] {
  return splitParagraphs(text).flatMap((paragraph, index) =>
    sentencesOfParagraph(paragraph).map(([start, end]) => ({
      start,
      end,
      text: text.slice(start, end),
      paragraph: index,
    })),
  )
}

type Range = readonly [start: number, end: number]

function sentencesOfParagraph(paragraph: TextSpan): Range[] {
  return linesThatEnd(paragraph).flatMap((line) => {
    const ranges = windows(shortenWords(line)).flatMap(boundaries)
    return mend(paragraph.text, paragraph.start, ranges)
  })
}

/** A short line, or one that ends a sentence, is not continued by the next: headings and lists inside a paragraph. */
const CONTINUED_LINE_MIN = 60
const ENDS_SENTENCE = /[.!?:…]["'”’»)\]]*$/u
const STARTS_SENTENCE = /^["'“‘«([]*[\p{Lu}\p{N}•*–-]/u

function linesThatEnd(paragraph: TextSpan): TextSpan[] {
  const pieces: TextSpan[] = []
  let start = 0
  const { text } = paragraph
  const push = (from: number, to: number): void => {
    const piece = text.slice(from, to)
    const lead = piece.length - piece.trimStart().length
    const trimmed = piece.trim()
    if (trimmed === '') return
    const at = paragraph.start + from + lead
    pieces.push({ start: at, end: at + trimmed.length, text: trimmed })
  }
  for (let newline = text.indexOf('\n'); newline >= 0; newline = text.indexOf('\n', newline + 1)) {
    const lineStart = text.lastIndexOf('\n', newline - 1) + 1
    const line = text.slice(lineStart, newline).trim()
    const nextEnd = text.indexOf('\n', newline + 1)
    const next = text.slice(newline + 1, nextEnd < 0 ? text.length : nextEnd).trimStart()
    if (
      ENDS_SENTENCE.test(line.slice(-8)) ||
      (line.length < CONTINUED_LINE_MIN && STARTS_SENTENCE.test(next.slice(0, 8)))
    ) {
      push(start, newline)
      start = newline + 1
    }
  }
  push(start, text.length)
  return pieces
}

/**
 * The splitter's time grows with the square of a word's and a text's length, so it is fed in bounded pieces. A
 * sentence of more than a window is cut between two words; a longer word is never cut.
 */
const WINDOW_CHARS = 8_000
const WORD_CHARS = 100

/** A line with its endless words cut short, and the way back: `original(i)` is where `text[i]` stands in the whole text. */
type ShortenedLine = { readonly text: string; readonly original: (at: number) => number }
/** A piece of a shortened line, `start…end` in its text. */
type Window = { readonly line: ShortenedLine; readonly start: number; readonly end: number }

function shortenWords(line: TextSpan): ShortenedLine {
  const cuts: { at: number; removed: number }[] = []
  let removed = 0
  const text = line.text.replace(/\S{101,}/g, (word, at: number) => {
    const kept = word.slice(0, WORD_CHARS - 1) + word.slice(-1)
    const keptFrom = at - removed
    removed += word.length - kept.length
    cuts.push({ at: keptFrom + kept.length, removed })
    return kept
  })
  const original = (at: number): number => {
    let low = 0
    let high = cuts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cuts[middle]?.at ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return line.start + at + (cuts[low - 1]?.removed ?? 0)
  }
  return { text, original }
}

function windows(line: ShortenedLine): Window[] {
  const pieces: Window[] = []
  let start = 0
  while (start < line.text.length) {
    let end = Math.min(start + WINDOW_CHARS, line.text.length)
    if (end < line.text.length) {
      const window = line.text.slice(start, end)
      const stop = Math.max(window.lastIndexOf('. '), window.lastIndexOf('? '), window.lastIndexOf('! '))
      end = start + (stop > WINDOW_CHARS / 2 ? stop + 2 : window.search(/\s\S*$/u) + 1)
    }
    pieces.push({ line, start, end })
    start = end
  }
  return pieces
}

let splitter: WinkMethods | undefined

/** Sentence ranges of a window as wink-nlp sees them, in offsets of the whole text, without a gap. */
function boundaries(window: Window): Range[] {
  splitter ??= winkNLP(model, ['sbd'])
  const { line, start, end } = window
  const text = line.text.slice(start, end)
  const ranges: Range[] = []
  let cursor = 0
  let from = 0
  splitter
    .readDoc(text)
    .sentences()
    .each((sentence: ItemSentence) => {
      // The splitter normalises white space, so a sentence is found again by its words, never by its own text.
      sentence.tokens().each((token: ItemToken) => {
        const word = token.out()
        const found = text.indexOf(word, cursor)
        if (found >= 0 && found - cursor <= WORD_CHARS) cursor = found + word.length
      })
      if (cursor > from) {
        ranges.push([line.original(start + from), line.original(start + cursor)])
        from = cursor
      }
    })
  const last = ranges.pop()
  return [...ranges, [last?.[0] ?? line.original(start), line.original(end)]]
}

/** Titles that never end a sentence; the splitter knows most of them, not all. */
const TITLE_AT_END =
  /(?:^|[\s("“‘[])(?:Mr|Mrs|Ms|Dr|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Maj|Adm|Cmdr|Prof|Rev|Hon|Pres|Sec|Supt|Det|Atty|Messrs|Mme|Sens|Reps|Govs)\.$/u
const CLOSED_QUESTION = /[?!,…]["'”’»]$/u
const CUE_FIRST =
  /^(?:[\p{Lu}][\p{L}.’'-]+ ){1,3}(?:said|says|asked|asks|replied|added|wrote|writes|told|continued|wondered|tweeted|exclaimed|shouted|cried|answered|responded)\b/u

function mend(text: string, offset: number, ranges: readonly Range[]): Range[] {
  const mended: Range[] = []
  for (const [rawStart, rawEnd] of ranges) {
    const piece = text.slice(rawStart - offset, rawEnd - offset)
    const start = rawStart + (piece.length - piece.trimStart().length)
    const end = rawEnd - (piece.length - piece.trimEnd().length)
    if (end <= start) continue
    const previous = mended.at(-1)
    if (previous && continues(text, offset, previous, [start, end])) mended[mended.length - 1] = [previous[0], end]
    else mended.push([start, end])
  }
  return mended
}

function continues(text: string, offset: number, previous: Range, next: Range): boolean {
  const before = text.slice(Math.max(previous[0], previous[1] - 24) - offset, previous[1] - offset)
  const after = text.slice(next[0] - offset, Math.min(next[1], next[0] + 80) - offset)
  if (/^\p{Ll}/u.test(after)) return true
  if (/^["'”’»)\]]+(?:\s|$)/u.test(after) && !/^["']\S/u.test(after)) return true
  if (TITLE_AT_END.test(before)) return true
  if (CLOSED_QUESTION.test(before) && CUE_FIRST.test(after)) return true
  const isTouching = previous[1] === next[0]
  return isTouching && !(/\p{Ll}[.!?]["'”’»)\]]*$/u.test(before) && /^["'“‘«([]*\p{Lu}\p{Ll}/u.test(after))
}
