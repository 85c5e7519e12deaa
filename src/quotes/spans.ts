import type { Span } from './quote.ts'

/** Words between a pair of quotation marks. `start` and `end` leave the marks out, `outer` takes them in. */
export type Quotation = Span & {
  readonly outer: Span
  /** `single` marks also stand around headlines' words and inside double ones; the caller asks for more evidence. */
  readonly marks: 'double' | 'single'
  /** How the words end: with a full stop, with ? ! or a dash, or with nothing that could end a sentence. */
  readonly ending: 'no' | 'full stop' | 'question'
  /** False where the closing mark is missing and the paragraph's end closes it. */
  readonly closed: boolean
  /** True for the second and later paragraphs of a quotation whose paragraphs each open a mark. */
  readonly continuesPrevious: boolean
}

/** A stretch between blank lines, or a line where the text breaks its lines only at paragraphs. No white space at the ends. */
export type Block = Span

const SPACE = /\s/
const WORD = /[\p{L}\p{N}]/u
const OPENERS = '“„‟«'
const CLOSERS = '”»'
const EITHER = '"＂'
/** What may stand directly before an opening mark besides white space. */
const BEFORE_OPENING = /[\s([{<—–―\-/:…>‘'“"«\u200e\u200f\u202a-\u202e\u2066-\u2069]/
const AFTER_CLOSING = /[\s.,;:!?)\]}>—–―\-/…’'”"»\u200e\u200f\u202a-\u202e\u2066-\u2069]/
/** Shortened words that begin with an apostrophe: 'em, 'til, 'tis, 'n', 'round, 'cause. */
const ELISION = /^(?:em|til|tis|twas|twere|n|round|cause|bout|cos|coz|neath|ere|er|im|un|kay)\b/i
/** An opened quotation whose end is missing is kept only where the rest of the paragraph is no longer than this. */
const LONGEST_UNCLOSED = 1_500

/**
 * The paragraphs of a text in order. A single line break ends a paragraph too, unless the lines around it look wrapped:
 * most are 40 to 100 characters long and stop without a full stop.
 */
export function splitBlocks(text: string): Block[] {
  const blocks: Block[] = []
  const lines: Span[] = []
  const flush = (): void => {
    if (lines.length > 1 && isWrapped(text, lines)) {
      const first = lines[0]
      const last = lines.at(-1)
      if (first && last) blocks.push({ start: first.start, end: last.end })
    } else for (const line of lines) blocks.push(line)
    lines.length = 0
  }
  let at = 0
  while (at <= text.length) {
    let end = text.indexOf('\n', at)
    if (end < 0) end = text.length
    const line = trim(text, at, end)
    if (line) lines.push(line)
    else flush()
    at = end + 1
  }
  flush()
  return blocks
}

function isWrapped(text: string, lines: readonly Span[]): boolean {
  let wrapped = 0
  for (const line of lines.slice(0, -1)) {
    const length = line.end - line.start
    if (length >= 40 && length <= 100 && !/[.!?:”"’]/.test(text.charAt(line.end - 1))) wrapped++
  }
  return wrapped * 2 > lines.length - 1
}

function trim(text: string, start: number, end: number): Span | undefined {
  while (start < end && SPACE.test(text.charAt(start))) start++
  while (end > start && SPACE.test(text.charAt(end - 1))) end--
  return start < end ? { start, end } : undefined
}

/**
 * All outermost quotations of a text in order; marks inside them belong to their words. Linear in the text's length.
 * A mark without its partner reaches no further than its paragraph, unless the next paragraph opens a mark again.
 * Apostrophes, inches, feet, decades and possessives are no marks.
 */
export function findQuotations(text: string, blocks: readonly Block[] = splitBlocks(text)): Quotation[] {
  const found: Quotation[] = []
  let carried = false
  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1]
    carried = scanBlock(text, block, next !== undefined && opensWithMark(text, next), carried, found)
  }
  return found
}

type Mark = {
  readonly at: number
  readonly length: number
  readonly opens: boolean
  readonly closes: boolean
  /** A straight mark between two letters: a space is missing on one side. */
  readonly tight?: boolean
}

function opensWithMark(text: string, block: Block): boolean {
  const mark = doubleMarkAt(text, block.start, block)
  return mark?.opens ?? false
}

/** @returns whether the block ends inside a quotation that the next block continues */
function scanBlock(text: string, block: Block, nextOpens: boolean, carried: boolean, found: Quotation[]): boolean {
  const marks = doubleMarks(text, block)
  const taken: Quotation[] = []
  let open: Mark | undefined
  let continues = false
  let carry = false
  for (const [index, mark] of marks.entries()) {
    if (!open) {
      if (mark.opens || (mark.tight && closesLater(marks, index))) {
        open = mark
        continues = carried && mark.at === block.start
      }
      continue
    }
    if (mark.closes && !(isInch(text, mark) && closesLater(marks, index))) {
      push(text, open, mark.at, mark.at + mark.length, 'double', true, continues, taken)
      open = undefined
    } else if (mark.opens && !mark.closes && !closesLater(marks, index)) {
      open = mark
      continues = false
    } else if (mark.opens && !mark.closes && nestedPairs(marks, index) === 1) {
      // Two openings and one closing mark: the first was never closed.
      open = mark
      continues = false
    }
  }
  if (open) {
    const atStart = open.at === block.start
    carry = nextOpens
    if (carry || ((atStart || introduces(text, open.at)) && block.end - open.at <= LONGEST_UNCLOSED)) {
      push(text, open, block.end, block.end, 'double', false, continues, taken)
    }
  }
  const singles = singleQuotations(text, block, taken)
  const all = singles.length === 0 ? taken : [...taken, ...singles].sort((a, b) => a.start - b.start)
  for (const quotation of all) found.push(quotation)
  return carry
}

function push(
  text: string,
  open: Mark,
  end: number,
  outerEnd: number,
  marks: 'double' | 'single',
  closed: boolean,
  continuesPrevious: boolean,
  into: Quotation[],
): void {
  const inner = trim(text, open.at + open.length, end)
  if (!inner || !hasWord(text, inner)) return
  const outer = { start: open.at, end: outerEnd }
  const { start, end: last } = inner
  into.push({ start, end: last, outer, marks, ending: endingOf(text, last), closed, continuesPrevious })
}

function endingOf(text: string, end: number): Quotation['ending'] {
  const words = text.slice(Math.max(0, end - 4), end).replace(/[\s'’"”)\]]+$/, '')
  if (/(?:\.\.\.|[?!…—–-])$/.test(words)) return 'question'
  return words.endsWith('.') ? 'full stop' : 'no'
}

function hasWord(text: string, span: Span): boolean {
  for (let i = span.start; i < span.end; i++) if (WORD.test(text.charAt(i))) return true
  return false
}

/** A cue or a colon stands before the mark: words that announce speech. */
function introduces(text: string, at: number): boolean {
  let i = at - 1
  while (i >= 0 && SPACE.test(text.charAt(i))) i--
  return text.charAt(i) === ':' || text.charAt(i) === ','
}

/** How many closing marks follow before the next opening one. */
function nestedPairs(marks: readonly Mark[], from: number): number {
  let closing = 0
  for (let i = from + 1; i < marks.length && i < from + 8; i++) {
    const mark = marks[i]
    if (!mark || (mark.opens && !mark.closes)) break
    closing++
  }
  return closing
}

function closesLater(marks: readonly Mark[], index: number): boolean {
  const next = marks[index + 1]
  return next !== undefined && next.closes && !next.opens
}

/** A straight mark behind a digit and not behind a full stop or comma: 6'2", a 12" record. */
function isInch(text: string, mark: Mark): boolean {
  return text.charAt(mark.at) === '"' && /\d/.test(text.charAt(mark.at - 1))
}

function doubleMarks(text: string, block: Block): Mark[] {
  const marks: Mark[] = []
  for (let i = block.start; i < block.end; i++) {
    const code = text.charCodeAt(i)
    // The marks: " ' ` « » and the general punctuation block.
    if (code !== 34 && code !== 39 && code !== 96 && code !== 171 && code !== 187 && code < 0x2018) continue
    const mark = doubleMarkAt(text, i, block)
    if (!mark) continue
    if (mark.opens || mark.closes) marks.push(mark)
    i += mark.length - 1
  }
  return marks
}

function doubleMarkAt(text: string, at: number, block: Block): Mark | undefined {
  const char = text.charAt(at)
  let length = 1
  let shape: 'open' | 'close' | 'either'
  if (OPENERS.includes(char)) shape = 'open'
  else if (CLOSERS.includes(char)) shape = 'close'
  else if (EITHER.includes(char)) shape = 'either'
  else if ((char === "'" || char === '`' || char === '‘' || char === '’') && text.charAt(at + 1) === char) {
    if (text.charAt(at + 2) === char || text.charAt(at - 1) === char) return undefined
    length = 2
    shape = char === '`' || char === '‘' ? 'open' : 'either'
  } else return undefined
  const before = at > block.start ? text.charAt(at - 1) : ' '
  const after = at + length < block.end ? text.charAt(at + length) : ' '
  const free = BEFORE_OPENING.test(before)
  if (shape === 'open') {
    // “ also closes „German” quotations, and stands for ” by mistake behind a word.
    if (char === '“' && !free && AFTER_CLOSING.test(after)) return { at, length, opens: false, closes: true }
    return { at, length, opens: true, closes: false }
  }
  if (shape === 'close') {
    // A closing mark where only an opening one can stand: ”Word
    const opens = char === '”' && (at === block.start || SPACE.test(before)) && !SPACE.test(after)
    return { at, length, opens, closes: true }
  }
  const opens = free && !SPACE.test(after) && at + length < block.end
  const closes = AFTER_CLOSING.test(after) || !SPACE.test(before)
  if (
    char === '"' &&
    length === 1 &&
    /\d/.test(before) &&
    /\d['’′]\d+$/.test(text.slice(Math.max(block.start, at - 5), at))
  )
    return undefined
  if (!opens && !closes) return undefined
  if (WORD.test(before) && WORD.test(after)) return { at, length, opens, closes, tight: true }
  // Between a space and a word it only opens, behind a word it only closes.
  if (opens && SPACE.test(before) && WORD.test(after)) return { at, length, opens: true, closes: false }
  return { at, length, opens, closes }
}

/** Quotations in single marks outside the double ones. */
function singleQuotations(text: string, block: Block, taken: readonly Quotation[]): Quotation[] {
  const singles: Quotation[] = []
  let skip = 0
  let open: number | undefined
  let possible: number | undefined
  for (let i = block.start; i < block.end; i++) {
    const over = taken[skip]
    if (over && i >= over.outer.start) {
      // A single quotation does not reach across a double one.
      pushSingle(text, open, possible, singles)
      open = possible = undefined
      i = Math.max(i, over.outer.end - 1)
      skip++
      continue
    }
    const code = text.charCodeAt(i)
    if (code !== 39 && code !== 0x2018 && code !== 0x2019 && code !== 0x201b) continue
    const before = i > block.start ? text.charAt(i - 1) : ' '
    const after = i + 1 < block.end ? text.charAt(i + 1) : ' '
    if (before === text.charAt(i) || after === text.charAt(i)) continue
    const mayOpen =
      code !== 0x2019 && BEFORE_OPENING.test(before) && (WORD.test(after) || after === '[' || after === '…')
    const mayClose = open !== undefined && code !== 0x2018 && !SPACE.test(before) && !WORD.test(after)
    if (mayClose) {
      // behind an s it may be a possessive: take it unless a surer one follows before the next opening mark
      if (/[sS]/.test(before) && !/[.,;:!?)\]]/.test(after)) possible = i
      else {
        pushSingle(text, open, i, singles)
        open = possible = undefined
      }
    } else if (mayOpen && !isElided(text, i)) {
      pushSingle(text, open, possible, singles)
      open = i
      possible = undefined
    }
  }
  pushSingle(text, open, possible, singles)
  return singles
}

function pushSingle(text: string, open: number | undefined, at: number | undefined, into: Quotation[]): void {
  if (open === undefined || at === undefined) return
  push(text, { at: open, length: 1, opens: true, closes: false }, at, at + 1, 'single', true, false, into)
}

function isElided(text: string, at: number): boolean {
  const ahead = text.slice(at + 1, at + 8)
  return /^\d0s\b/.test(ahead) || /^\d\d\b/.test(ahead) || ELISION.test(ahead)
}
