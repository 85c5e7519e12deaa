import type { Frame, Token } from './frames.ts'
import { isBodyNoun, isBodyWord, isCalendarWord, isRole, isTitle, isTitleBeforeName } from './lexicon.ts'

/**
 * A noun phrase without what follows it: "Spokeswoman Ada Okoro", "the deputy minister", "she". Token numbers are of its
 * frame, `last` inclusive.
 */
export type Chunk = {
  readonly frame: number
  readonly first: number
  readonly last: number
  readonly kind: 'name' | 'pronoun' | 'description' | 'time'
  /** The noun that carries a description, the pronoun, or the last word of a name; lower case. */
  readonly head: string
  readonly plural: boolean
  /** Begins with the, this, his, the minister's …: the reader knows whom it means. */
  readonly definite: boolean
  /** The name without titles and jobs before it. */
  readonly name: { readonly first: number; readonly last: number } | undefined
  /** Titles, jobs and nouns before the name, lower case without full stops. */
  readonly titles: readonly string[]
}

const POSSESSIVE_PRONOUNS = new Set(['his', 'her', 'its', 'their', 'my', 'our', 'your'])
const PERSONAL_PRONOUNS = new Set(
  'he she it they we i you him her them us me who whom which everyone somebody someone others many some all both several'.split(
    ' ',
  ),
)
const PARTICLES = new Set(
  'de del della da di dos du van von der den ter ten bin ibn al el la le y e abu ben bint und zu'.split(' '),
)
const PLURAL_PRONOUNS = new Set('they we them us others many some all both several'.split(' '))
const QUANTIFIERS = new Set(['many', 'some', 'all', 'both', 'several', 'others'])
const DEMONSTRATIVES = new Set(['the', 'this', 'that', 'these', 'those'])
const PLURAL_STARTS = new Set(
  'two three four five six seven eight nine ten several many some most these those both other'.split(' '),
)
const INNER = new Set(['ADJ', 'NOUN', 'PROPN', 'NUM', 'SYM'])
/** Capitalised words that the tagger takes for names at the start of a sentence. */
const NEVER_NAMES = new Set(
  'the a an and but or so yet if when while as at in on for from with after before since although though because however meanwhile then now here there still also even just only not no yes well oh this that these those what why how where who he she it they we i you his her its their according asked citing given despite during about among under over until unless like unlike both some many most all more other others another instead later earlier recently finally perhaps maybe indeed thus hence moreover furthermore nevertheless nonetheless'.split(
    ' ',
  ),
)

/** The noun phrases of a frame in order. */
export function readChunks(frame: Frame, frameIndex: number): Chunk[] {
  const chunks: Chunk[] = []
  const { tokens } = frame
  let i = 0
  while (i < tokens.length) {
    const end = chunkEnd(tokens, i)
    if (end < i) {
      i++
      continue
    }
    const chunk = i === end && tokens[i]?.pos === 'DET' ? undefined : describe(tokens, i, end, frameIndex)
    if (chunk) chunks.push(chunk)
    i = end + 1
  }
  return chunks
}

/** The last token of the chunk that begins at `i`, or i − 1 where none begins. */
function chunkEnd(tokens: readonly Token[], i: number): number {
  const token = tokens[i]
  if (!token || token.quotation >= 0) return i - 1
  const next = tokens[i + 1]
  if (isPronoun(token)) {
    if (!(POSSESSIVE_PRONOUNS.has(token.lower) && next && startsNoun(next))) {
      return PERSONAL_PRONOUNS.has(token.lower) && !startsNounAfterQuantifier(token, next) ? i : i - 1
    }
  } else if (!(token.pos === 'DET' || INNER.has(token.pos) || startsWithGerund(tokens, i))) return i - 1
  if (token.pos === 'ADJ' && !leadsToNoun(tokens, i)) return i - 1
  let j = i + 1
  for (; j < tokens.length; j++) {
    const word = tokens[j]
    const before = tokens[j - 1]
    if (!word || !before || word.quotation >= 0) break
    // June 2024, but In June 2024 Okoro said
    const date = isCalendarWord(tokens[i]?.lower ?? '') && tokens[i]?.capital
    if (date && word.pos === 'NUM') continue
    if (date && before.pos === 'NUM') break
    if (
      isCalendarWord(before.lower) !== isCalendarWord(word.lower) &&
      (before.capital || word.capital) &&
      !isPossessive(tokens, j)
    )
      break
    if (INNER.has(word.pos)) {
      // "a phrase Okoro likes": a name behind a noun that is no job and no body begins a clause of its own
      if (
        word.pos === 'PROPN' &&
        word.capital &&
        before.pos === 'NOUN' &&
        !before.capital &&
        tokens[i]?.pos === 'DET'
      ) {
        const noun = before.lower
        if (!isTitle(noun) && !isRole(noun) && !isBodyNoun(noun) && !isBodyWord(noun)) break
      }
      if (word.pos === 'ADJ' && before.pos === 'NOUN' && !leadsToNoun(tokens, j)) break
      continue
    }
    if (word.pos === 'DET') {
      if (before.pos === 'DET' || isPossessive(tokens, j - 1)) continue
      break
    }
    if (isPossessive(tokens, j)) continue
    const after = tokens[j + 1]
    if (!after) break
    if (word.lower === '&' && word.text === '&' && after.capital) continue
    if (PARTICLES.has(word.lower) && before.capital && after.capital && before.pos === 'PROPN') continue
    if (
      word.pos === 'ADV' &&
      (before.pos === 'DET' || before.pos === 'PRON') &&
      (after.pos === 'ADJ' || after.pos === 'VERB')
    )
      continue
    if (word.lower === 'of' && before.capital && isTitle(before.lower) && after.capital && isPortfolio(after.lower))
      continue
    if (word.pos === 'VERB' && isModifier(before, word, after, tokens[j + 2])) continue
    break
  }
  return trimEnd(tokens, i, j - 1)
}

function isPronoun(token: Token): boolean {
  return token.pos === 'PRON' || PERSONAL_PRONOUNS.has(token.lower) || POSSESSIVE_PRONOUNS.has(token.lower)
}

/** "some officials", "many voters" are descriptions, "some said" is a pronoun. */
function startsNounAfterQuantifier(token: Token, next: Token | undefined): boolean {
  return next !== undefined && INNER.has(next.pos) && QUANTIFIERS.has(token.lower)
}

function startsNoun(token: Token): boolean {
  return INNER.has(token.pos) || token.pos === 'ADV' || (token.pos === 'VERB' && /(?:ing|ed)$/.test(token.lower))
}

/** "acting political director" behind a comma. */
function startsWithGerund(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]
  const next = tokens[i + 1]
  return (
    tokens[i]?.lower === 'acting' &&
    next !== undefined &&
    INNER.has(next.pos) &&
    (before === undefined || before.text === ',' || before.pos === 'DET')
  )
}

function leadsToNoun(tokens: readonly Token[], i: number): boolean {
  for (let j = i; j < tokens.length && j < i + 6; j++) {
    const token = tokens[j]
    if (!token || token.quotation >= 0) return false
    if (token.pos === 'NOUN' || token.pos === 'PROPN') return true
    if (!INNER.has(token.pos) && token.text !== ',' && token.pos !== 'VERB') return false
    if (token.pos === 'VERB' && j > i + 1) return false
  }
  return false
}

function isPossessive(tokens: readonly Token[], j: number): boolean {
  const token = tokens[j]
  const before = tokens[j - 1]
  if (!token || !before || before.end !== token.start) return false
  if (token.lower === "'s") return token.pos !== 'AUX'
  const after = tokens[j + 1]
  return token.lower === "'" && before.lower.endsWith('s') && after !== undefined && startsNoun(after)
}

/** A participle inside a noun phrase: "the acting director", "his retired general". */
function isModifier(before: Token, word: Token, after: Token, afterNext: Token | undefined): boolean {
  if (!(
    after.pos === 'NOUN' ||
    after.pos === 'PROPN' ||
    (after.pos === 'ADJ' && afterNext && INNER.has(afterNext.pos))
  ))
    return false
  if (before.pos === 'DET' || before.pos === 'ADJ' || before.lower === "'s" || POSSESSIVE_PRONOUNS.has(before.lower))
    return true
  return before.pos === 'NUM' && word.lower.endsWith('ing')
}

function trimEnd(tokens: readonly Token[], i: number, end: number): number {
  while (end > i && (isPossessive(tokens, end) || tokens[end]?.pos === 'DET' || tokens[end]?.pos === 'SYM')) end--
  return end
}

function describe(tokens: readonly Token[], first: number, last: number, frame: number): Chunk | undefined {
  const start = tokens[first]
  const end = tokens[last]
  if (!start || !end) return undefined
  if (first === last && PERSONAL_PRONOUNS.has(start.lower) && (start.pos === 'PRON' || !start.capital || first === 0))
    return chunkOf(frame, first, last, 'pronoun', start.lower, PLURAL_PRONOUNS.has(start.lower), true)
  if (isCalendarWord(start.lower) && (start.capital || first === last))
    return chunkOf(frame, first, last, 'time', end.lower, false, false)
  const run = nameRun(tokens, first, last)
  if (run) return chunkOf(frame, first, last, 'name', end.lower, false, true, run.name, run.titles)
  const head = bare(headOf(tokens, first, last).lower)
  const plural =
    (head.endsWith('s') && head.length > 1 && !head.endsWith('ss')) ||
    /(?:men|people|police)$/.test(head) ||
    PLURAL_STARTS.has(start.lower)
  const definite =
    DEMONSTRATIVES.has(start.lower) || POSSESSIVE_PRONOUNS.has(start.lower) || innerPossessive(tokens, first, last)
  return chunkOf(frame, first, last, 'description', head, plural, definite)
}

const NO_TITLES: readonly string[] = []

/** The one place that makes chunks: all of one shape, which the engine reads several times as fast as mixed ones. */
function chunkOf(
  frame: number,
  first: number,
  last: number,
  kind: Chunk['kind'],
  head: string,
  plural: boolean,
  definite: boolean,
  name: Chunk['name'] = undefined,
  titles: readonly string[] = NO_TITLES,
): Chunk {
  return { frame, first, last, kind, head, plural, definite, name, titles }
}

/** The names inside a chunk that possess what follows them: Okoro in "Okoro’s supporters". */
export function possessorsOf(frame: Frame, chunk: Chunk): Chunk[] {
  const possessors: Chunk[] = []
  let first = chunk.first
  for (let j = chunk.first + 1; j < chunk.last; j++) {
    if (!isPossessive(frame.tokens, j)) continue
    const possessor = describe(frame.tokens, first, j - 1, chunk.frame)
    if (possessor) possessors.push(possessor)
    first = j + 1
  }
  return possessors
}

function innerPossessive(tokens: readonly Token[], first: number, last: number): boolean {
  for (let j = first + 1; j < last; j++) if (isPossessive(tokens, j)) return true
  return false
}

function headOf(tokens: readonly Token[], first: number, last: number): Token {
  let from = last
  for (let j = first + 1; j < last; j++) {
    if (tokens[j]?.lower !== 'of') continue
    from = j - 1
    break
  }
  for (let j = from; j >= first; j--) {
    const token = tokens[j]
    if (token && (token.pos === 'NOUN' || token.pos === 'PROPN')) return token
  }
  const fallback = tokens[last]
  if (!fallback) throw new RangeError('a chunk has a last token')
  return fallback
}

/** A word without its full stop: "Sen." → "sen". */
export function bare(word: string): string {
  return word.endsWith('.') ? word.slice(0, -1) : word
}

/** The name at the end of a chunk and the titles before it; undefined where the chunk ends in a common noun. */
function nameRun(tokens: readonly Token[], first: number, last: number): Pick<Chunk, 'name' | 'titles'> | undefined {
  let from = last + 1
  for (let j = last; j >= first; j--) {
    const token = tokens[j]
    if (!token || isPossessive(tokens, j)) break
    if (isNameWord(token, j)) from = j
    else if (!(PARTICLES.has(token.lower) || token.text === '&')) break
  }
  if (from > last) return undefined
  const end = tokens[last]
  if (!end) return undefined
  const isBody = isBodyWord(end.lower)
  let start = from
  if (!isBody) {
    for (let j = from; j < last; j++) {
      const word = bare(tokens[j]?.lower ?? '')
      if (isTitleBeforeName(word) && !isSuffix(bare(tokens[j + 1]?.lower ?? ''))) start = j + 1
    }
    // "the Foreign Minister", "Senate Majority Leader": a title without a name
    if (isTitle(bare(end.lower)) && allTitles(tokens, from, last)) return undefined
    if (start === last && from < last && isTitleBeforeName(bare(end.lower)) && !tokens[last - 1]?.text.endsWith('.'))
      return undefined
  }
  // Secretary of State Ada Okoro: the portfolio is no part of the name
  if (tokens[start - 1]?.lower === 'of' && start - 1 > first) {
    while (start <= last && isPortfolio(tokens[start]?.lower ?? '')) start++
    if (start > last) return undefined
  }
  while (start < last && isLeadingDemonym(tokens, start, last)) start++
  const titles: string[] = []
  for (let j = Math.max(first, start - 8); j < start; j++) {
    const word = bare(tokens[j]?.lower ?? '')
    if (isTitle(word) || isRole(word)) titles.push(word)
  }
  return { name: { first: start, last }, titles }
}

function isNameWord(token: Token, index: number): boolean {
  if (!token.capital || token.quotation >= 0) return false
  if (index === 0 && (NEVER_NAMES.has(token.lower) || token.pos !== 'PROPN')) return false
  if (
    isCalendarWord(token.lower) &&
    token.lower !== 'may' &&
    token.lower !== 'april' &&
    token.lower !== 'june' &&
    token.lower !== 'august'
  )
    return false
  return !NEVER_NAMES.has(token.lower)
}

function allTitles(tokens: readonly Token[], from: number, last: number): boolean {
  for (let j = from; j <= last; j++) {
    const token = tokens[j]
    if (!token) return false
    const word = bare(token.lower)
    if (!isTitle(word) && !isBodyWord(word) && token.pos !== 'ADJ') return false
  }
  return true
}

function isLeadingDemonym(tokens: readonly Token[], start: number, last: number): boolean {
  const token = tokens[start]
  return (
    token !== undefined && token.pos === 'ADJ' && last - start >= 2 && /(?:ese|ish|ian|ean|can|ench)$/.test(token.lower)
  )
}

const PORTFOLIO = new Set(
  'state defense defence foreign affairs energy education labor labour treasury interior agriculture commerce transportation transport housing homeland security veterans finance health justice trade environment economy culture information unification intelligence staff the and human services urban development'.split(
    ' ',
  ),
)

function isPortfolio(word: string): boolean {
  return PORTFOLIO.has(word)
}

function isSuffix(word: string): boolean {
  return /^(?:jr|sr|ii|iii|iv)$/.test(word)
}
