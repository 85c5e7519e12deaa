import { UserError } from '../errors.ts'
import type { Attribution, QuoteKind, Span } from './quote.ts'
import { findQuotations } from './spans.ts'
import { align, CONTENT_WORD_WEIGHT, diffWords, weigh, weightOf, type DiffPart, type Worded } from './word-diff.ts'
import { ELLIPSIS, readWords, type Word } from './words.ts'

/** What checking needs of a quote; the index's rows have it. */
export type ClaimQuote = Span & {
  readonly kind: QuoteKind
  readonly utterance: number
  readonly speaker: string | null
  /** Across articles; null where nobody is known. */
  readonly speakerId: number | null
  readonly attribution: Attribution
  readonly confidence: number
}

/** Where claims are looked for: the index, or a few articles in memory. */
export type ClaimSource<Q extends ClaimQuote> = {
  /**
   * Articles in which any of these phrases stands, those with more and rarer ones first, those that have them in
   * quotes before others. Phrases are printed words without double quotation marks; marks between words do not count.
   */
  articlesWith(phrases: readonly string[], limit: number): readonly number[]
  /** An article's body and its quotes in the order of the text. */
  article(articleId: number): { readonly body: string; readonly quotes: readonly Q[] }
}

/** Where words stand in an article. */
export type Found<Q> = {
  readonly articleId: number
  /** The claim's words in the body, verbatim slices: several where a cue or another paragraph's mark stands between. */
  readonly parts: readonly (Span & { readonly text: string })[]
  /** The quote of the first part; null for words in quotation marks that are attributed to nobody. */
  readonly quote: Q | null
}

/** A real quote with how near it is to the claim. */
export type NearQuote<Q> = Found<Q> & {
  /** As `WordDiff.similarity`. */
  readonly similarity: number
  /** What the claim changes, in reading order. */
  readonly diff: readonly DiffPart[]
}

/**
 * Whether the speaker is the one that was asked about: `not-asked`; `confirmed`; `unknown` the text does not tell who
 * said it; `uncertain` somebody else by an attribution too weak to contradict; `somebody-else`.
 */
export type SpeakerCheck = 'not-asked' | 'confirmed' | 'unknown' | 'uncertain' | 'somebody-else'

type Sources<Q> = readonly [Found<Q>, ...Found<Q>[]]

export type Verdict<Q> =
  /** Said in these words. `elided`: an ellipsis of the claim stands for words of the same utterance. */
  | {
      readonly verdict: 'verbatim'
      readonly sources: Sources<Q>
      readonly elided: boolean
      readonly speaker: Exclude<SpeakerCheck, 'somebody-else'>
    }
  /** Said in these words, by somebody else than asked. */
  | { readonly verdict: 'misattributed'; readonly sources: Sources<Q>; readonly elided: boolean }
  /** Not said in these words. `joined`: the quotes it is put together from, where there are several. */
  | {
      readonly verdict: 'altered'
      readonly nearest: NearQuote<Q>
      readonly joined: readonly Found<Q>[]
      readonly speaker: SpeakerCheck
    }
  /** In the articles in these words, but not, or not all, inside quotation marks: the journalist's. */
  | { readonly verdict: 'paraphrase'; readonly sources: Sources<Q> }
  | { readonly verdict: 'not-found'; readonly nearest: readonly NearQuote<Q>[] }

/** Speakers by number. */
type Claimed = { readonly speakerIds?: ReadonlySet<number>; readonly namesakeIds?: ReadonlySet<number> }

/** Longer than any quotation; also what one message of Discord holds. */
const LONGEST_CLAIM = 4_000
/** Articles that are read for a claim, and for its single words when its phrases give nothing. */
const MOST_ARTICLES = 64
/** So many are read at a time, until none of them has the claim word for word. */
const ARTICLES_AT_A_TIME = 16
const MOST_ARTICLES_BY_WORD = 20
const PHRASE_WORDS = 3
const MOST_PHRASES = 16
/** A claim of no more words is also looked for in one piece. */
const LONGEST_PHRASE = 40
const MOST_SINGLE_WORDS = 24
const QUOTE_MARKS = /["“”„«»]/gu
/** Fewer words than this are in any article; that they are the journalist's says nothing. */
const SHORTEST_PARAPHRASE = 4
/** Both sides of an honest ellipsis have so many words. */
const SHORTEST_ELIDED_PART = 2
/** A claim is put together from quotes when so much of it stands in stretches of at least so many words. */
const SHORTEST_JOINED_PART = 3
const JOINED_SHARE = 0.8
/** From here on a claim is a changed quote, below another one. Floor of the table test: the half of a quote has 0.67. */
const ALTERED_SIMILARITY = 0.6
/** An attribution below this contradicts nobody. */
const CERTAIN = 0.6
const MOST_NEAREST = 3
const MOST_CHANGED_AT_AN_END = 2
const MOST_COMPARED = 12
/** Words of quote times words of claim that are compared in all. */
const COMPARED_CELLS = 6_000_000

/**
 * Checks a claimed quote word for word. Quotation marks, spaces, capitals, accents and punctuation do not count; every
 * word does. Whatever the source's search brings, the verdict is read off the bodies themselves. Words are `verbatim`
 * only within one utterance, whose parts may stand around a cue; an ellipsis in the claim may leave out words of that
 * utterance, unless "not" or the like is among those beside it. Halves of two utterances are `altered`.
 * @param options.speakerIds who is claimed to have said it; several where the name fits several; none: nobody known
 * @param options.namesakeIds who may be the same: speakers known by a surname alone
 * @throws UserError 'bad-argument' for a claim without words, or of more than 4,000 characters
 */
export function verifyQuote<Q extends ClaimQuote>(
  claim: string,
  source: ClaimSource<Q>,
  options: Claimed = {},
): Verdict<Q> {
  const words = readClaim(claim)
  const check = (quotes: readonly (Q | null)[]): SpeakerCheck => checkSpeaker(quotes, options)

  const { articles, said, written: writings } = readArticles(claim, words, source)
  const [first, ...more] = ranked(said, options.speakerIds)
  if (first) {
    const speaker = check(said.map(({ quote }) => quote))
    const found = { sources: [first, ...more] as const, elided: said.every(({ elided }) => elided) }
    return speaker === 'somebody-else'
      ? { verdict: 'misattributed', ...found }
      : { verdict: 'verbatim', ...found, speaker }
  }

  const [written, ...writtenMore] = writings
  if (written) return { verdict: 'paraphrase', sources: [written, ...writtenMore] }

  const byWord = source.articlesWith(singleWords(claim, words), MOST_ARTICLES_BY_WORD)
  const known = new Set(articles.map(({ articleId }) => articleId))
  const wider = [...articles, ...byWord.filter((id) => !known.has(id)).map((id) => readPlaces(id, source))]
  const utterances = wider.flatMap((article) => article.utterances)
  const nearest = nearestQuotes(utterances, { text: claim, words })
  const [near] = nearest
  if (!near) return { verdict: 'not-found', nearest: [] }
  const joined = joinedParts(utterances, words)
  if (near.similarity < ALTERED_SIMILARITY && joined.length === 0) return { verdict: 'not-found', nearest }
  return { verdict: 'altered', nearest: near, joined, speaker: check([near.quote]) }
}

/**
 * The words a message quotes: its longest stretch in double quotation marks where that has five words or more, else
 * the whole message. For checking a message that says who said it beside the quote.
 */
export function quotedPart(message: string): string {
  const [longest] = findQuotations(message)
    .filter(({ marks }) => marks === 'double')
    .map(({ start, end }) => message.slice(start, end))
    .sort((a, b) => b.length - a.length)
  return longest !== undefined && readWords(longest).length >= 5 ? longest : message
}

function readClaim(claim: string): Word[] {
  if (claim.length > LONGEST_CLAIM)
    throw new UserError(
      'bad-argument',
      `The quote has ${String(claim.length)} characters; at most ${String(LONGEST_CLAIM)} can be checked.`,
      'Check it in parts.',
    )
  const words = readWords(claim)
  while (words[0]?.text === ELLIPSIS) words.shift()
  while (words.at(-1)?.text === ELLIPSIS) words.pop()
  if (words.length === 0)
    throw new UserError('bad-argument', 'There are no words in the quote.', 'Give the words that were said.')
  return words
}

/** The articles that may have a claim, with every place where it stands word for word, said or written. */
function readArticles<Q extends ClaimQuote>(claim: string, words: readonly Word[], source: ClaimSource<Q>) {
  const articles: Places<Q>[] = []
  const said: Said<Q>[] = []
  const written: Found<Q>[] = []
  const ids = source.articlesWith(phrasesOf(claim, words), MOST_ARTICLES)
  for (let i = 0; i < ids.length; i += ARTICLES_AT_A_TIME) {
    const before = said.length + written.length
    for (const id of ids.slice(i, i + ARTICLES_AT_A_TIME)) {
      const article = readPlaces(id, source)
      articles.push(article)
      said.push(...article.utterances.flatMap((utterance) => occurrences(utterance, words)))
      const place = placeInText(article, words)
      if (place?.isMarked === true) said.push({ ...place.found, elided: false })
      else if (place) written.push(place.found)
    }
    if (said.length + written.length === before) break
  }
  return { articles, said, written }
}

/** The whole claim where it is short, then every three neighbouring words of it. */
function phrasesOf(claim: string, words: readonly Word[]): string[] {
  const phrases: string[] = []
  const length = Math.min(PHRASE_WORDS, words.length)
  for (let i = 0; i + length <= words.length; i += 1) {
    const phrase = words.slice(i, i + length)
    const [first, last] = [phrase[0], phrase.at(-1)]
    if (first && last && !phrase.some(({ text }) => text === ELLIPSIS))
      phrases.push(claim.slice(first.start, last.end).replace(QUOTE_MARKS, ' '))
  }
  const every = Math.ceil(phrases.length / MOST_PHRASES)
  const whole = words.length <= LONGEST_PHRASE && !words.some(({ text }) => text === ELLIPSIS) ? [claim] : []
  const sampled = [
    ...new Set([
      ...whole.map((phrase) => phrase.replace(QUOTE_MARKS, ' ').trim()),
      ...phrases.filter((_, i) => i % every === 0),
    ]),
  ]
  return sampled.length > 0 ? sampled : singleWords(claim, words)
}

function singleWords(claim: string, words: readonly Word[]): string[] {
  const printed = words.filter(({ text }) => text !== ELLIPSIS).map(({ start, end }) => claim.slice(start, end))
  return [...new Set(printed)].sort((a, b) => b.length - a.length).slice(0, MOST_SINGLE_WORDS)
}

/** Words that may be searched: joined by spaces, with where each begins. */
type Sequence = { readonly words: readonly Word[]; readonly text: string; readonly starts: readonly number[] }

/** The words of one speaker in one go: a quotation, its halves around a cue, the paragraphs of a long one. */
type Utterance<Q> = Sequence & { readonly articleId: number; readonly body: string; readonly quotes: readonly Q[] }

type Places<Q> = {
  readonly articleId: number
  readonly body: string
  readonly quotes: readonly Q[]
  readonly utterances: readonly Utterance<Q>[]
}

function sequence(words: readonly Word[]): Sequence {
  let at = 1
  const starts = words.map((word) => {
    const start = at
    at += word.text.length + 1
    return start
  })
  return { words, text: ` ${words.map((word) => word.text).join(' ')} `, starts }
}

function readPlaces<Q extends ClaimQuote>(articleId: number, source: ClaimSource<Q>): Places<Q> {
  const { body, quotes } = source.article(articleId)
  const direct = new Map<number, Q[]>()
  for (const quote of quotes) {
    if (quote.kind === 'direct') direct.set(quote.utterance, [...(direct.get(quote.utterance) ?? []), quote])
  }
  const utterances = [...direct.values()].map((parts) => {
    const ordered = [...parts].sort((a, b) => a.start - b.start)
    return { articleId, body, quotes: ordered, ...sequence(ordered.flatMap((span) => wordsIn(body, span))) }
  })
  return { articleId, body, quotes, utterances }
}

function wordsIn(body: string, { start, end }: Span): Word[] {
  return readWords(body.slice(start, end)).map((word) => ({
    text: word.text,
    start: word.start + start,
    end: word.end + start,
  }))
}

/** Index of the first word at which all of `wanted` stand one after the other, from a word on; −1 for nowhere. */
function indexOfWords({ text, starts }: Sequence, wanted: readonly Word[], from: number): number {
  const start = starts[from]
  if (start === undefined) return -1
  const at = text.indexOf(` ${wanted.map((word) => word.text).join(' ')} `, start - 1)
  if (at < 0) return -1
  let low = from
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) < at + 1) low = middle + 1
    else high = middle
  }
  return low
}

type Said<Q> = Found<Q> & { readonly elided: boolean }

/** Where a claim, with or without ellipses, is said within one utterance. */
function occurrences<Q extends ClaimQuote>(utterance: Utterance<Q>, claim: readonly Word[]): Said<Q>[] {
  const whole = indexOfWords(utterance, claim, 0)
  if (whole >= 0) return [{ ...found(utterance, utterance.words.slice(whole, whole + claim.length)), elided: false }]
  const parts = splitAtEllipses(claim)
  if (parts.length < 2 || parts.some((part) => part.length < SHORTEST_ELIDED_PART)) return []
  const said: Word[] = []
  let from = 0
  for (const part of parts) {
    const at = indexOfWords(utterance, part, from)
    const before = said.at(-1)
    const next = utterance.words[at]
    if (at < 0 || !next) return []
    if (before && turnsMeaning(utterance.body.slice(before.end, next.start))) return []
    said.push(...utterance.words.slice(at, at + part.length))
    from = at + part.length
  }
  return [{ ...found(utterance, said), elided: true }]
}

function splitAtEllipses(words: readonly Word[]): Word[][] {
  const parts: Word[][] = [[]]
  for (const word of words) {
    if (word.text === ELLIPSIS) parts.push([])
    else parts.at(-1)?.push(word)
  }
  return parts.filter((part) => part.length > 0)
}

const NEGATION = /\b(?:no|not|never|none|nobody|nothing|neither|nor|cannot|without|hardly|unless|if)\b|n['’]t\b/i

/** Whether left-out words change what the sentences around them say: "I do … think so". */
function turnsMeaning(leftOut: string): boolean {
  const sentences = leftOut.split(/[.!?](?=["”’»)\]]*\s)/u)
  return NEGATION.test(sentences[0] ?? '') || NEGATION.test(sentences.at(-1) ?? '')
}

/** Words of an utterance as slices of the body: one for each run of neighbours within one quotation. */
function found<Q extends ClaimQuote>(
  { articleId, body, quotes, words }: Utterance<Q>,
  said: readonly Word[],
): Found<Q> {
  const quoteOf = (word: Word): Q | null =>
    quotes.find(({ start, end }) => word.start >= start && word.end <= end) ?? null
  const position = new Map(words.map((word, i) => [word, i]))
  const runs: Word[][] = []
  for (const word of said) {
    const run = runs.at(-1)
    const before = run?.at(-1)
    const isNext = before && (position.get(before) ?? 0) + 1 === position.get(word) && quoteOf(before) === quoteOf(word)
    if (run && isNext) run.push(word)
    else runs.push([word])
  }
  const parts = runs.map((run) => slice(body, run))
  const [first] = said
  return { articleId, parts, quote: first ? quoteOf(first) : null }
}

function slice(body: string, run: readonly Word[]): Span & { readonly text: string } {
  const start = run[0]?.start ?? 0
  const end = run.at(-1)?.end ?? start
  return { start, end, text: body.slice(start, end) }
}

/**
 * Where a claim stands in the text other than within one utterance. `isMarked`: in one pair of quotation marks that is
 * nobody's quote. Words that all stand in marks, but of several utterances, are neither said in one go nor written by
 * the journalist: undefined, as for a claim that does not stand there.
 */
function placeInText<Q extends ClaimQuote>(
  { articleId, body, quotes }: Places<Q>,
  claim: readonly Word[],
): { readonly found: Found<Q>; readonly isMarked: boolean } | undefined {
  if (!mayContain(body, claim)) return undefined
  const text = sequence(readWords(body))
  const direct = quotes.filter(({ kind }) => kind === 'direct')
  for (let at = indexOfWords(text, claim, 0); at >= 0; at = indexOfWords(text, claim, at + 1)) {
    const words = text.words.slice(at, at + claim.length)
    const isSpoken = (word: Word): boolean => direct.some(({ start, end }) => start <= word.start && word.end <= end)
    if (words.every(isSpoken)) continue
    const part = slice(body, words)
    const isMarked = findQuotations(body).some(
      ({ start, end, marks }) => marks === 'double' && start <= part.start && part.end <= end,
    )
    if (!isMarked && claim.length < SHORTEST_PARAPHRASE) continue
    const quote = isMarked ? null : (quotes.find(({ start, end }) => start < part.end && part.start < end) ?? null)
    return { found: { articleId, parts: [part], quote }, isMarked }
  }
  return undefined
}

/** Whether the plain long words of a claim are all in a text: a look that is cheaper than reading its words. */
function mayContain(body: string, claim: readonly Word[]): boolean {
  if (!PLAIN_TEXT.test(body)) return true
  const lower = body.toLowerCase()
  return claim.every(({ text }) => text.length < 4 || !/^[a-z]+$/.test(text) || lower.includes(text))
}

const PLAIN_TEXT = /^[\t\n -~–—‘’“”…]*$/

function checkSpeaker(quotes: readonly (ClaimQuote | null)[], { speakerIds, namesakeIds }: Claimed): SpeakerCheck {
  if (!speakerIds) return 'not-asked'
  if (quotes.some((quote) => isBy(quote, speakerIds))) return 'confirmed'
  const named = quotes.flatMap((quote) => (quote !== null && quote.speakerId !== null ? [quote] : []))
  if (named.length === 0) return 'unknown'
  const isContradicted = named.some((quote) => quote.confidence >= CERTAIN && !isBy(quote, namesakeIds))
  return isContradicted ? 'somebody-else' : 'uncertain'
}

function isBy(quote: ClaimQuote | null, speakerIds: ReadonlySet<number> | undefined): boolean {
  return quote !== null && quote.speakerId !== null && speakerIds?.has(quote.speakerId) === true
}

/** Those by the speaker asked about first, then the surer attributions, else in the order they were found. */
function ranked<Q extends ClaimQuote>(
  sources: readonly Said<Q>[],
  speakerIds: ReadonlySet<number> | undefined,
): readonly Found<Q>[] {
  const by = ({ quote }: Found<Q>): number => Number(isBy(quote, speakerIds))
  return [...sources]
    .sort((a, b) => by(b) - by(a) || (b.quote?.confidence ?? 0) - (a.quote?.confidence ?? 0))
    .map(({ articleId, parts, quote }) => ({ articleId, parts, quote }))
}

/** The utterances nearest to a claim, one of each wording, nearest first. */
function nearestQuotes<Q extends ClaimQuote>(utterances: readonly Utterance<Q>[], claim: Worded): NearQuote<Q>[] {
  const wanted = new Set(claim.words.map((word) => word.text))
  const overlap = (utterance: Utterance<Q>): number => {
    const shared = new Set(utterance.words.flatMap(({ text }) => (wanted.has(text) ? [text] : [])))
    return [...shared].reduce((sum, word) => sum + weightOf(word), 0)
  }
  const wordings = new Map<string, { utterance: Utterance<Q>; shared: number }>()
  for (const utterance of utterances) {
    const shared = overlap(utterance)
    if (shared > 0 && !wordings.has(utterance.text)) wordings.set(utterance.text, { utterance, shared })
  }
  const promising = [...wordings.values()].sort((a, b) => b.shared - a.shared).slice(0, MOST_COMPARED)
  const near: NearQuote<Q>[] = []
  let cells = 0
  for (const { utterance } of promising) {
    cells += utterance.words.length * claim.words.length
    if (cells > COMPARED_CELLS && near.length > 0) break
    const compared = compare(utterance, claim)
    if (compared) near.push(compared)
  }
  return near.sort((a, b) => b.similarity - a.similarity).slice(0, MOST_NEAREST)
}

function compare<Q extends ClaimQuote>(utterance: Utterance<Q>, claim: Worded): NearQuote<Q> | undefined {
  const bounded = utterance.words.slice(0, Math.max(1, Math.floor(COMPARED_CELLS / claim.words.length)))
  const aligned = align(bounded, claim.words)
  if (!aligned) return undefined
  // A changed first or last word stands outside what is alike, and in the place of as many words of the quote.
  const left = (unlike: number): number => (unlike <= MOST_CHANGED_AT_AN_END ? unlike : 0)
  const from = Math.max(0, aligned.from - left(aligned.claimFrom))
  const words = utterance.words.slice(from, aligned.to + left(claim.words.length - aligned.claimTo))
  const { parts: diff, similarity } = diffWords({ text: utterance.body, words }, claim)
  return { ...found(utterance, words), similarity, diff }
}

/**
 * The quotes a claim is put together from: stretches of it that stand in two or more utterances and cover most of it, in
 * the claim's order. Empty when it is not.
 */
function joinedParts<Q extends ClaimQuote>(utterances: readonly Utterance<Q>[], claim: readonly Word[]): Found<Q>[] {
  const wanted = new Set(claim.map((_, i) => phraseAt(claim, i)))
  const places = new Map<string, { utterance: Utterance<Q>; at: number }[]>()
  for (const utterance of utterances) {
    for (let at = 0; at + SHORTEST_JOINED_PART <= utterance.words.length; at += 1) {
      const phrase = phraseAt(utterance.words, at)
      if (wanted.has(phrase))
        places.set(phrase, [...(places.get(phrase) ?? []), { utterance, at }].slice(0, MOST_COMPARED))
    }
  }
  const parts: { utterance: Utterance<Q>; words: readonly Word[] }[] = []
  for (let i = 0; i < claim.length;) {
    let longest: { utterance: Utterance<Q>; words: readonly Word[] } | undefined
    for (const { utterance, at } of places.get(phraseAt(claim, i)) ?? []) {
      let length = 0
      while (i + length < claim.length && utterance.words[at + length]?.text === claim[i + length]?.text) length += 1
      const known = longest?.words.length ?? 0
      const goesOn = length === known && utterance === parts.at(-1)?.utterance
      if (length > known || goesOn) longest = { utterance, words: utterance.words.slice(at, at + length) }
    }
    if (longest && weigh(longest.words) >= 2 * CONTENT_WORD_WEIGHT) parts.push(longest)
    i += longest && longest === parts.at(-1) ? longest.words.length : 1
  }
  const covered = parts.reduce((sum, { words }) => sum + words.length, 0)
  const isJoined = new Set(parts.map(({ utterance }) => utterance)).size > 1 && covered >= claim.length * JOINED_SHARE
  return isJoined ? parts.map(({ utterance, words }) => found(utterance, words)) : []
}

function phraseAt(words: readonly Word[], at: number): string {
  return words
    .slice(at, at + SHORTEST_JOINED_PART)
    .map((word) => word.text)
    .join(' ')
}
