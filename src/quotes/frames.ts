import model from 'wink-eng-lite-web-model'
import winkNLP from 'wink-nlp'
import { cueForm } from './cues.ts'
import { isFirstName } from './lexicon.ts'
import { printedWord } from './printed-words.ts'
import type { Span } from './quote.ts'
import type { Block, Quotation } from './spans.ts'

/** Universal part of speech as wink-nlp tags it, or `QUOTE` for a whole quotation. */
export type PartOfSpeech = string

/** A word, a punctuation mark, or a whole quotation with its marks. */
export type Token = Span & {
  readonly text: string
  readonly lower: string
  readonly pos: PartOfSpeech
  /** Index of the quotation this token stands for, −1 for a word. */
  readonly quotation: number
  /** Starts with a capital letter. */
  readonly capital: boolean
}

/** A sentence of the journalist, in which each quotation is one token, so that marks inside it do not end the sentence. */
export type Frame = Span & {
  readonly tokens: readonly Token[]
  /** Index of the block (paragraph) it belongs to. */
  readonly block: number
  /** A headline: most of its longer words have capitals. Capitals tell nothing about names there. */
  readonly titleCase: boolean
}

/** Sentences are cut after so many tokens, so that work per sentence is bounded on any input. */
const LONGEST_FRAME = 240
/** A hyphenated word is put together up to so many characters: an endless one would be copied whole at each hyphen. */
const LONGEST_COMPOUND = 60
/** Text goes through the tagger in windows of at most so many characters, cut at white space. */
const WINDOW = 4_000
/** The tagger's time grows with the square of a word's length, so an endless one is cut after so many characters. */
const ENDLESS = 120
const TITLES =
  /^(?:mr|mrs|ms|dr|sen|sens|rep|reps|gov|govs|gen|lt|col|sgt|capt|cmdr|maj|adm|prof|rev|hon|st|jr|sr|no|vs|u\.s|u\.k|u\.n|d\.c|inc|corp|ltd|co|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|fla|calif|ariz|tex|mass|conn|pa|va|md|ga|ala|ill|ind|ky|la|mich|minn|miss|mo|mont|neb|nev|okla|ore|tenn|vt|wash|wis|wyo|p\.m|a\.m|e\.g|i\.e)\.?$/i

const HONORIFIC = /^(?:mr|mrs|ms|dr|sen|sens|rep|reps|gov|gen|lt|col|sgt|capt|prof|rev|hon|st|no|vs)\.$/i

/** Control and format characters but line breaks, tabs, soft hyphens and joiners. */
const UNSEEN = /\p{Surrogate}|(?![\n\t\u00ad\u200c\u200d])[\p{Cc}\p{Cf}]/gu

const nlp = winkNLP(model, ['pos'])

/** The sentences of a text around its quotations, in order. Never throws, whatever the text holds. */
export function readFrames(text: string, blocks: readonly Block[], quotations: readonly Quotation[]): Frame[] {
  const frames: Frame[] = []
  let from = 0
  for (const [index, block] of blocks.entries()) {
    while (from < quotations.length && (quotations[from]?.outer.end ?? 0) <= block.start) from++
    let to = from
    while (to < quotations.length && (quotations[to]?.outer.start ?? Infinity) < block.end) to++
    const tokens = tokenize(text, block, quotations, from, to)
    from = to
    for (const frame of cutFrames(text, tokens.map(retag), index, quotations)) frames.push(frame)
  }
  return frames
}

function tokenize(text: string, block: Block, quotations: readonly Quotation[], from: number, to: number): Token[] {
  const tokens: Token[] = []
  let masked = ''
  let at = block.start
  for (let i = from; i < to; i++) {
    const quotation = quotations[i]
    if (!quotation) continue
    masked += text.slice(at, quotation.outer.start) + maskFor(quotation.outer.end - quotation.outer.start)
    at = quotation.outer.end
  }
  masked += text.slice(at, block.end)
  // Direction marks, NULs and halves of characters are nothing to the tagger; each gives way to as much white space.
  masked = masked.replace(UNSEEN, (unseen) => ' '.repeat(unseen.length))
  let next = from
  for (let start = 0; start < masked.length;) {
    let end = Math.min(masked.length, start + WINDOW)
    if (end < masked.length) {
      // Looked for in the window only: where there is none, the search would go back to the start of the text.
      const space = masked.slice(start, end + 1).lastIndexOf(' ')
      if (space > WINDOW / 2) end = start + space
    }
    end = endlessWordEnd(masked, start, end)
    next = tagWindow(masked.slice(start, end), block.start + start, text, quotations, next, to, tokens)
    start = end
  }
  return tokens
}

/** Where the first endless word of a window is cut; the window's end where there is none. */
function endlessWordEnd(masked: string, start: number, end: number): number {
  let wordStart = start
  // Only every so many characters need a look: a word between two of them is shorter.
  for (let at = start + ENDLESS - 1; at < end; at = wordStart + ENDLESS - 1) {
    let before = at
    while (before >= wordStart && !isSpace(masked, before)) before--
    if (before < wordStart) return at + 1
    wordStart = before + 1
  }
  return end
}

/** A word in white space, as long as the quotation it stands for, so that offsets stay. The tagger takes it for a noun. */
function maskFor(length: number): string {
  return ` ${'Quote'.slice(0, Math.max(1, length - 2))}`.padEnd(length, ' ')
}

function tagWindow(
  window: string,
  offset: number,
  text: string,
  quotations: readonly Quotation[],
  next: number,
  to: number,
  into: Token[],
): number {
  const tagged = nlp.readDoc(window).tokens()
  const values = tagged.out()
  const tags = tagged.out(nlp.its.pos)
  let cursor = 0
  for (const [index, value] of values.entries()) {
    let at = skipSpace(window, cursor)
    if (!window.startsWith(value, at)) {
      // The tagger may normalise or drop a character; then the token is taken to stand where the last one ended.
      const near = window.slice(at, at + 64).indexOf(value)
      if (near > 0) at += near
    }
    const start = offset + at
    const end = Math.min(offset + window.length, start + value.length)
    cursor = end - offset
    while (next < to && (quotations[next]?.outer.end ?? Infinity) <= start) next++
    const quotation = quotations[next]
    if (quotation && start >= quotation.outer.start && start < quotation.outer.end) {
      if (into.at(-1)?.quotation === next) continue
      const { start: from, end: until } = quotation.outer
      into.push({ start: from, end: until, text: '', lower: '', pos: 'QUOTE', quotation: next, capital: false })
      cursor = Math.max(cursor, until - offset)
      continue
    }
    if (end <= start) continue
    // The tagger's own string is the better key: its hash is known.
    addWord(text.startsWith(value, start) ? value : text.slice(start, end), start, end, tags[index] ?? 'X', into, text)
  }
  return next
}

function skipSpace(window: string, from: number): number {
  while (from < window.length && isSpace(window, from)) from++
  return from
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code < 128 ? code === 32 || (code > 8 && code < 14) : SPACE.test(text.charAt(at))
}

/** Adds a word; the parts of a hyphenated one (Yo-jong, R-Fla) become one token again. */
function addWord(word: string, start: number, end: number, pos: string, into: Token[], text: string): void {
  const last = into.at(-1)
  const before = into.at(-2)
  if (
    last?.end === start &&
    isHyphen(last) &&
    before?.end === last.start &&
    before.quotation < 0 &&
    end - before.start <= LONGEST_COMPOUND &&
    STARTS_WORD.test(word) &&
    ENDS_WORD.test(before.text)
  ) {
    into.length -= 2
    const whole = text.slice(before.start, end)
    const isName = before.pos === 'PROPN' && before.capital
    const tag = isName ? (COMPOUND_ADJECTIVE.test(whole) ? 'ADJ' : 'PROPN') : pos
    into.push(wordToken(whole, before.start, end, tag))
    return
  }
  into.push(wordToken(word, start, end, pos))
}

function wordToken(word: string, start: number, end: number, pos: PartOfSpeech): Token {
  const { text, lower, capital } = printedWord(word)
  return { start, end, text, lower, pos, quotation: -1, capital }
}

const SPACE = /\s/
const STARTS_WORD = /^[\p{L}\p{N}]/u
const ENDS_WORD = /[\p{L}\p{N}]$/u

function isHyphen({ text, quotation }: Token): boolean {
  return quotation < 0 && (text === '-' || text === '‑' || text === '‐')
}

/** "Yo-jong" and "Jean-Claude" are names, "Arizona-based" is not. */
const COMPOUND_ADJECTIVE =
  /-(?:based|led|backed|born|run|style|area|themed|funded|owned|controlled|supplied|wide|era|trained|made)$/i

/**
 * Mends what the tagger often takes for something else: a capitalised verb between capitalised words is part of a name
 * (Judicial Review president); "the Daily Post reports." and "Okoro elaborated" have verbs.
 */
function retag(token: Token, i: number, tokens: readonly Token[]): Token {
  const before = tokens[i - 1]
  const after = tokens[i + 1]
  // Rob Hart, Grace Bell, Will Frost: given names that are words too. "Will Frost say?" begins with the word.
  const isGivenName = token.capital && after?.capital === true && after.pos === 'PROPN' && isFirstName(token.lower)
  if (isGivenName && token.pos !== 'PROPN' && (before || token.pos !== 'AUX')) return { ...token, pos: 'PROPN' }
  if (!before || before.quotation >= 0) return token
  if (token.capital && token.pos === 'VERB' && before.capital && before.pos === 'PROPN' && after) {
    return after.capital || after.pos === 'NOUN' || !cueForm(token.lower) ? { ...token, pos: 'PROPN' } : token
  }
  const cue = cueForm(token.lower)
  if (!cue || token.pos === 'VERB') return token
  if (/^(?:shot|fired|hit|struck)$/.test(token.lower) && after?.lower === 'back') return { ...token, pos: 'VERB' }
  const ends = after === undefined || after.quotation >= 0 || /^[.,:]$/.test(after.text) || after.lower === 'that'
  if (cue.kind === 'say' && token.pos === 'NOUN' && /s$/.test(token.lower) && !token.capital && ends) {
    if (before.pos === 'PROPN' || (before.pos === 'NOUN' && !/s$/.test(before.lower) && after?.lower === 'that'))
      return { ...token, pos: 'VERB' }
  }
  if (cue.kind === 'say' && /ed$/.test(token.lower)) {
    if (token.pos === 'ADJ' && (before.pos === 'PROPN' || before.pos === 'PRON')) return { ...token, pos: 'VERB' }
    if (token.pos === 'PROPN' && before.text === ',' && after && !after.capital) return { ...token, pos: 'VERB' }
  }
  if (
    cue.kind === 'judge' &&
    token.pos === 'NOUN' &&
    after?.pos === 'PROPN' &&
    (before.pos === 'CCONJ' || before.lower === 'to')
  ) {
    return { ...token, pos: 'VERB' }
  }
  return token
}

function cutFrames(text: string, tokens: readonly Token[], block: number, quotations: readonly Quotation[]): Frame[] {
  const frames: Frame[] = []
  let from = 0
  for (let i = 1; i < tokens.length; i++) {
    if (i - from < LONGEST_FRAME && !(i > from && endsBefore(text, tokens, i, from, quotations))) continue
    addFrame(tokens.slice(from, i), block, frames)
    from = i
  }
  addFrame(tokens.slice(from), block, frames)
  return frames
}

function addFrame(tokens: readonly Token[], block: number, into: Frame[]): void {
  const first = tokens[0]
  const last = tokens.at(-1)
  if (first && last) into.push({ start: first.start, end: last.end, tokens, block, titleCase: isTitleCase(tokens) })
}

/** Whether a sentence ends between token i − 1 and token i. */
function endsBefore(
  text: string,
  tokens: readonly Token[],
  i: number,
  from: number,
  quotations: readonly Quotation[],
): boolean {
  const last = tokens[i - 1]
  const next = tokens[i]
  if (!last || !next) return false
  const startsNew = next.capital || next.quotation >= 0 || /^[\d[(“"$#@•—–―]/.test(next.text)
  if (last.quotation >= 0) {
    if (!startsNew || next.quotation >= 0) return next.quotation >= 0 && endingOf(quotations[last.quotation]) !== 'no'
    const ending = endingOf(quotations[last.quotation])
    if (ending === 'no') return false
    if (/^[—–―(-]/.test(next.text)) return false
    // “Is it safe?” Okoro asked. — the cue belongs to the question; a full stop inside the marks ends the sentence.
    return ending === 'full stop' || !cueFollows(tokens, i)
  }
  if (/^[!?…]+$/.test(last.text)) return startsNew
  // R-S.C. “I get that.” — a whole sentence in marks begins a sentence behind any stop but a title's.
  const wholeQuote =
    next.quotation >= 0 &&
    endingOf(quotations[next.quotation]) !== 'no' &&
    /^\p{Lu}/u.test(text.slice(quotations[next.quotation]?.start, next.end))
  if (wholeQuote && last.text.endsWith('.') && last.text.length > 1 && !HONORIFIC.test(last.text)) return true
  if (last.text === '.' || last.text === '...') return startsNew && !isAbbreviation(tokens[i - 2], last, next)
  if (/[.]$/.test(last.text) && last.text.length > 2) {
    return startsNew && !TITLES.test(last.text) && next.capital && i - from > 3 && isFunctionWord(next.lower)
  }
  if (/^[)\]”"’]$/.test(last.text)) {
    const inner = tokens[i - 2]
    return startsNew && (inner?.text === '.' || inner?.text === '?' || inner?.text === '!')
  }
  return false
}

function endingOf(quotation: Quotation | undefined): Quotation['ending'] {
  return quotation?.ending ?? 'no'
}

function isAbbreviation(before: Token | undefined, stop: Token, next: Token): boolean {
  if (!before || before.end !== stop.start) return false
  if (/^\p{Lu}$/u.test(before.text)) return next.capital && next.quotation < 0
  return TITLES.test(before.text) && next.quotation < 0 && !isFunctionWord(next.lower)
}

const FUNCTION_WORDS = new Set(
  'the a an he she it they we i you his her its their this that these those but and in on at as when while if after before for with from there what who how why where not no so yet also'.split(
    ' ',
  ),
)

function isFunctionWord(word: string): boolean {
  return FUNCTION_WORDS.has(word)
}

/** A noun phrase and a verb of saying follow directly: Okoro asked; Lindqvist, the head of the yard, wrote. */
function cueFollows(tokens: readonly Token[], at: number): boolean {
  for (let i = at; i < tokens.length && i < at + 16; i++) {
    const token = tokens[i]
    if (!token || token.pos === 'QUOTE' || /^[.;:!?]$/.test(token.text)) return false
    if (token.pos === 'VERB') {
      const kind = cueForm(token.lower)?.kind
      return i > at && (kind === 'say' || kind === 'speak')
    }
    if (token.text !== ',' && !/^(?:DET|ADJ|NOUN|PROPN|NUM|PRON|PART|ADV|AUX|ADP|CCONJ)$/.test(token.pos)) return false
  }
  return false
}

function isTitleCase(tokens: readonly Token[]): boolean {
  let long = 0
  let capital = 0
  for (const token of tokens) {
    if (!token.capital && (token.pos === 'VERB' || token.pos === 'AUX')) return false
    if (token.quotation >= 0 || token.text.length < 4 || !/^\p{L}/u.test(token.text)) continue
    long++
    if (token.capital) capital++
  }
  return long >= 4 && capital >= long * 0.8
}
