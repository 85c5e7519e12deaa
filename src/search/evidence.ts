import type { ArticleFilter, Generation, PassageRow, QuoteRow, SentenceId } from '../index/index.ts'
import { parseTerms, readTerms, type Term } from '../text/terms.ts'
import type { Lexicon } from './lexicon.ts'
import { SMALL_WORDS, type QuestionTerm, type ReadQuestion, type Unit } from './question.ts'

/**
 * What speaks for a passage as the answer to a question, each about 0…1. Words are weighed by their idf; "share" is the
 * matched part of the question's weight.
 */
export const EVIDENCE = [
  'bm25Passage',
  'bm25Sentence',
  'bm25Context',
  'bm25Article',
  'sharePassage',
  'shareSentence',
  'shareContext',
  'shareArticle',
  'shareTitle',
  'namesContext',
  'othersPassage',
  'cosineSentence',
  'cosineOfBest',
  'cosinePassage',
  'exactPairs',
  'kindSentence',
  'kindPassage',
  'numberNear',
  'unitPassage',
  'focusSentence',
  'quoted',
  'speakerNamed',
  'speakerDescribed',
  'othersWords',
  'unfinished',
] as const
export type EvidenceName = (typeof EVIDENCE)[number]

/** One piece of a candidate's evidence. */
export function evidenceOf({ evidence }: Pick<Candidate, 'evidence'>, name: EvidenceName): number {
  return evidence[PLACE[name]] ?? 0
}

/** A passage that may answer, and what speaks for it. */
export type Candidate = {
  readonly passage: PassageRow
  /** The sentence that answers best. */
  readonly answering: SentenceId
  /** In the order of `EVIDENCE`. */
  readonly evidence: Float64Array
}

/** Candidates from each of the two rankings. */
const CANDIDATES = 80
/** Postings that a word search reads at most, roughly: the most frequent words of a long question are left out. */
const MAX_POSTINGS = 25_000
/** Sentences around a passage that tell what it is about, whatever their paragraph. */
const CONTEXT_BEFORE = 3
const CONTEXT_AFTER = 1

/** The candidates of a question with their evidence, in no order. @param vector the question's, L2-normalised */
export function gatherCandidates(
  generation: Generation,
  lexicon: Lexicon,
  question: ReadQuestion,
  vector: Float32Array,
  filter: ArticleFilter | undefined,
): Candidate[] {
  const passages = new Map<number, PassageRow>()
  const expression = matchExpression(question.terms, lexicon)
  const filtered = filter === undefined ? {} : { filter }
  if (expression !== '')
    for (const { passageId } of generation.bm25(expression, CANDIDATES, filtered))
      passages.set(passageId, generation.passage(passageId))
  for (const { sentenceId } of generation.nearest(vector, CANDIDATES, filter).slice(0, CANDIDATES))
    for (const passage of generation.passagesOfSentence(sentenceId)) passages.set(passage.passageId, passage)
  return weigh(generation, lexicon, question, vector, [...passages.values()])
}

/** Rarest words first, until they are too many to look through; each in quotation marks, so that none is an operator. */
function matchExpression(terms: readonly QuestionTerm[], lexicon: Lexicon): string {
  const stems = [...new Set(terms.flatMap(({ readings }) => readings.map(({ stem }) => stem)))]
    .map((stem) => ({ stem, frequency: lexicon.frequency(stem) }))
    .filter(({ frequency }) => frequency > 0)
    .sort((a, b) => a.frequency - b.frequency)
  const kept: string[] = []
  let postings = 0
  for (const { stem, frequency } of stems) {
    postings += frequency
    if (kept.length > 0 && postings > MAX_POSTINGS) break
    kept.push(`"${stem.replaceAll('"', '')}"`)
  }
  return kept.join(' OR ')
}

/** A sentence as the question sees it. */
type SeenSentence = {
  readonly id: SentenceId
  readonly paragraph: number
  readonly terms: readonly Term[]
  readonly length: number
  /** By question term: how often it is there, weighed by the best reading. */
  readonly counts: Float64Array
  /** By question term: where its first occurrence is. */
  readonly places: Int32Array
  readonly vectorId: number
}

function weigh(
  generation: Generation,
  lexicon: Lexicon,
  question: ReadQuestion,
  vector: Float32Array,
  passages: readonly PassageRow[],
): Candidate[] {
  const { terms, kind } = question
  const size = terms.length
  const total = terms.reduce((sum, term) => sum + term.idf, 0) || 1
  const byStem = new Map<string, { index: number; weight: number }[]>()
  for (const { index, readings } of terms)
    for (const { stem, weight } of readings) byStem.set(stem, [...(byStem.get(stem) ?? []), { index, weight }])

  const sentences = new Map<SentenceId, SeenSentence>()
  function see(passage: PassageRow): readonly SeenSentence[] {
    const { firstSentenceId: first, sentenceCount, articleId } = passage
    const last = first + sentenceCount - 1
    return generation
      .sentenceTerms(articleId, first - CONTEXT_BEFORE, last + CONTEXT_AFTER)
      .map(({ sentenceId, paragraph, vectorId, terms: stored }) => {
        const known = sentences.get(sentenceId)
        if (known !== undefined) return known
        const seen = seeSentence(sentenceId, paragraph, vectorId, parseTerms(stored))
        sentences.set(sentenceId, seen)
        return seen
      })
  }
  function seeSentence(id: SentenceId, paragraph: number, vectorId: number, terms: readonly Term[]): SeenSentence {
    const counts = new Float64Array(size)
    const places = new Int32Array(size).fill(-1)
    let length = 0
    for (const term of terms) {
      for (const { index, weight } of byStem.get(term.stem) ?? []) {
        counts[index] = (counts[index] ?? 0) + weight
        if (places[index] === -1) places[index] = length
      }
      if (!term.isInitials) length += 1
    }
    return { id, paragraph, terms, length, counts, places, vectorId }
  }
  const cosines = new Map<SentenceId, number>()
  function cosine({ id, vectorId }: SeenSentence): number {
    const known = cosines.get(id)
    if (known !== undefined) return known
    const value = dot(generation.vectorById(vectorId), vector)
    cosines.set(id, value)
    return value
  }

  const bm25 = (counts: Float64Array, length: number, average: number, b: number): number => {
    let sum = 0
    for (const { index, idf } of terms) {
      const count = counts[index] ?? 0
      if (count > 0) sum += (idf * count * (K1 + 1)) / (count + K1 * (1 - b + (b * length) / average))
    }
    return sum / total / (K1 + 1)
  }
  const share = (counts: Float64Array, among: readonly QuestionTerm[] = terms): number => {
    let sum = 0
    let all = 0
    for (const { index, idf } of among) {
      all += idf
      sum += idf * Math.min(1, counts[index] ?? 0)
    }
    return all > 0 ? sum / all : 0
  }

  const context = new Map(passages.map((passage) => [passage, see(passage)]))
  const names = terms.filter(({ index }) => isName(index, sentences.values(), byStem))
  const others = terms.filter((term) => !names.includes(term))
  const speakers = terms.filter(({ isSpeaker }) => isSpeaker)

  const titles = new Map<number, Float64Array>()
  const articles = new Map<number, Float64Array>()
  for (const { articleId } of passages) {
    if (titles.has(articleId)) continue
    const counts = seeSentence(0, 0, 0, readTerms(generation.article(articleId).title)).counts
    titles.set(articleId, counts)
    articles.set(articleId, counts.slice())
  }
  const counted = new Set<SentenceId>()
  for (const [{ articleId }, around] of context) {
    const sum = articles.get(articleId)
    for (const { id, counts } of around) {
      if (sum === undefined || counted.has(id)) continue
      counted.add(id)
      add(sum, counts)
    }
  }
  const said = kind === 'said' ? saidEvidence(generation, lexicon, speakers, byStem) : undefined

  const bodies = new Map<number, string>()
  const candidates = passages.map((passage): Candidate => {
    const { firstSentenceId: first, sentenceCount, articleId } = passage
    const around = context.get(passage) ?? []
    const own = around.filter(({ id }) => id >= first && id < first + sentenceCount)
    const title = titles.get(articleId) ?? new Float64Array(size)
    const counts = new Float64Array(size)
    const withContext = title.slice()
    let length = 0
    for (const sentence of around) add(withContext, sentence.counts)
    for (const sentence of own) {
      add(counts, sentence.counts)
      length += sentence.length
    }
    const value = (name: EvidenceName, set: number) => {
      evidence[PLACE[name]] = set
    }
    const evidence = new Float64Array(EVIDENCE.length)
    let answering = own[0]
    let best = -Infinity
    let mean = 0
    for (const sentence of own) {
      const words = bm25(sentence.counts, sentence.length, AVERAGE_SENTENCE, 0.3)
      const meaning = cosine(sentence)
      mean += meaning
      const fit = words + meaning + (answersKind(kind, sentence, question) ? KIND_BONUS : 0)
      if (fit > best) [best, answering] = [fit, sentence]
      const at = (name: EvidenceName, set: number) => value(name, Math.max(evidence[PLACE[name]] ?? 0, set))
      at('cosineSentence', meaning)
      if (question.focus !== undefined) at('focusSentence', Math.min(1, sentence.counts[question.focus] ?? 0))
      at('bm25Sentence', words)
      at('shareSentence', share(sentence.counts))
      at('exactPairs', exactPairs(terms, sentence) / total)
    }
    value('bm25Passage', bm25(counts, length, AVERAGE_PASSAGE, 0.5))
    value('bm25Context', bm25(withContext, 1, 1, 0))
    value('bm25Article', bm25(articles.get(articleId) ?? counts, 1, 1, 0))
    value('shareTitle', share(title))
    value('sharePassage', share(counts))
    value('shareContext', share(withContext))
    value('shareArticle', share(articles.get(articleId) ?? counts))
    value('namesContext', share(withContext, names))
    value('othersPassage', share(counts, others))
    value('cosinePassage', mean / Math.max(1, own.length))
    const anySentence = (test: (sentence: SeenSentence) => boolean) => (own.some(test) ? 1 : 0)
    value('kindSentence', answering !== undefined && answersKind(kind, answering, question) ? 1 : 0)
    value(
      'kindPassage',
      anySentence((sentence) => answersKind(kind, sentence, question)),
    )
    if (kind === 'number')
      value(
        'numberNear',
        anySentence((sentence) => isNumberNear(sentence, byStem)),
      )
    if (said !== undefined) {
      const { quoted, named, described, othersWords } = said(passage)
      value('quoted', quoted)
      value('speakerNamed', named)
      value('speakerDescribed', described)
      value('othersWords', othersWords)
    }
    const body = bodies.get(articleId) ?? generation.body(articleId)
    bodies.set(articleId, body)
    const text = body.slice(passage.start, passage.end)
    if (question.unit !== undefined) value('unitPassage', UNIT_WORDS[question.unit].test(text) ? 1 : 0)
    value('unfinished', /[.!?…]["'”’»)\]]*$/u.test(text) ? 0 : 1)
    return { passage, answering: answering?.id ?? first, evidence }
  })
  const closest = Math.max(1e-6, ...candidates.map((candidate) => evidenceOf(candidate, 'cosineSentence')))
  for (const candidate of candidates)
    candidate.evidence[PLACE.cosineOfBest] = evidenceOf(candidate, 'cosineSentence') / closest
  return candidates
}

const K1 = 1.2
/** Lengths in words that count as usual. */
const AVERAGE_SENTENCE = 24
const AVERAGE_PASSAGE = 40
/** What a name, date, place, number or reason adds to a sentence that may be the answering one. */
const KIND_BONUS = 0.2

const PLACE = Object.fromEntries(EVIDENCE.map((name, i) => [name, i])) as Record<EvidenceName, number>

function add(sum: Float64Array, counts: Float64Array): void {
  for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] ?? 0) + (counts[i] ?? 0)
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

type Readings = ReadonlyMap<string, readonly { readonly index: number }[]>

/** Whether a question's term is a name: written with a capital inside most sentences that have it. */
function isName(index: number, sentences: Iterable<SeenSentence>, byStem: Readings): boolean {
  let capital = 0
  let all = 0
  for (const sentence of sentences) {
    if ((sentence.counts[index] ?? 0) === 0) continue
    for (const [place, term] of sentence.terms.entries()) {
      if (place === 0 || !byStem.get(term.stem)?.some((reading) => reading.index === index)) continue
      all += 1
      if (term.isCapital || term.isInitials) capital += 1
    }
  }
  return all > 0 && capital / all > 0.6
}

/** Weight of neighbouring question terms that stand in a sentence just as far from each other. */
function exactPairs(terms: readonly QuestionTerm[], { places }: SeenSentence): number {
  let exact = 0
  for (let i = 0; i + 1 < terms.length; i += 1) {
    const [left, right] = [terms[i], terms[i + 1]]
    if (left === undefined || right === undefined) continue
    const [a, b] = [places[left.index] ?? -1, places[right.index] ?? -1]
    if (a >= 0 && b >= 0 && b - a === right.place - left.place) exact += Math.min(left.idf, right.idf)
  }
  return exact
}

const words = (text: string): ReadonlySet<string> =>
  new Set(readTerms(text).flatMap(({ stem, isInitials }) => (isInitials ? [] : [stem])))

const NUMBER_WORDS =
  words(`one two three four five six seven eight nine ten eleven twelve dozen dozens twenty thirty forty
  fifty sixty seventy eighty ninety hundred thousand million billion trillion half quarter twice`)
const DATE_WORDS =
  words(`january february march april june july august september october november december jan feb aug sept
  oct nov dec monday tuesday wednesday thursday friday saturday sunday`)
const TIME_WORDS = words(
  `yesterday today tomorrow tonight ago week month year decade century spring summer fall autumn winter`,
)
const REASON_WORDS = words(`because since due reason avoid cite amid result lead prompt blame after order`)
const PLACE_PREPOSITIONS = new Set(['in', 'at', 'to', 'near', 'from', 'outsid', 'across'])
/** How texts write what a number asked for counts. */
const UNIT_WORDS: Readonly<Record<Unit, RegExp>> = {
  money: /[$€£¥]\s?\d|\d\s?(?:%|percent|per cent|dollars|euros|pounds)|\b(?:dollars|euros|pounds|cents)\b/iu,
  time: /\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|aged?)\b|, \d\d,/iu,
  distance: /\b(?:inch(?:es)?|feet|foot|yards?|miles?|met(?:er|re)s?|kilomet(?:er|re)s?|km|acres?|hectares?)\b/iu,
  frequency: /\b(?:times|once|twice|daily|weekly|monthly|yearly|annually|(?:every|a|per) (?:day|week|month|year))\b/iu,
}

const isNumber = ({ stem }: Term) => /^\p{N}/u.test(stem) || NUMBER_WORDS.has(stem)
const isYear = (stem: string) => /^(?:1[0-9]|20)\d\d$/.test(stem)

/** Whether a sentence holds what the question wants and does not say itself: a name, a date, a place, a number, a reason. */
function answersKind(kind: ReadQuestion['kind'], { terms }: SeenSentence, { stems }: ReadQuestion): boolean {
  const isNew = (term: Term | undefined): term is Term =>
    term !== undefined && !term.isInitials && !stems.has(term.stem) && !SMALL_WORDS.has(term.stem)
  switch (kind) {
    case 'who': {
      const plain = terms.filter((term) => !term.isInitials)
      return plain.some((term, i) => {
        const next = plain[i + 1]
        return term.isCapital && isNew(term) && next?.isCapital === true && next.isAdjacent && isNew(next)
      })
    }
    case 'when':
      return terms.some(
        (term) => isNew(term) && (DATE_WORDS.has(term.stem) || TIME_WORDS.has(term.stem) || isYear(term.stem)),
      )
    case 'where': {
      const plain = terms.filter((term) => !term.isInitials)
      return plain.some((term, i) => {
        if (!term.isCapital || !isNew(term)) return false
        const before = plain[i - 1]?.stem
        const preposition = before === 'the' ? plain[i - 2]?.stem : before
        return preposition !== undefined && PLACE_PREPOSITIONS.has(preposition)
      })
    }
    case 'number':
      return terms.some((term) => isNumber(term) && isNew(term))
    case 'why':
      return terms.some(({ stem }) => REASON_WORDS.has(stem))
    case 'said':
    case 'what':
    case 'topic':
      return false
    default:
      return kind satisfies never
  }
}

function isNumberNear({ terms }: SeenSentence, byStem: Readings): boolean {
  return terms.some(
    (term, i) =>
      isNumber(term) && terms.slice(Math.max(0, i - 3), i + 5).some((near) => near !== term && byStem.has(near.stem)),
  )
}

type Said = { quoted: number; named: number; described: number; othersWords: number }

/** How far from a speaker's name a description of him is looked for, in words. */
const DESCRIPTION_REACH = 9

/** Tells for a passage whether it holds words of the speaker that the question names or describes. */
function saidEvidence(
  generation: Generation,
  lexicon: Lexicon,
  speakers: readonly QuestionTerm[],
  byStem: Readings,
): (passage: PassageRow) => Said {
  const quotes = new Map<number, readonly QuoteRow[]>()
  const fits = new Map<string, { named: number; described: number }>()
  const total = speakers.reduce((sum, { idf }) => sum + idf, 0) || 1
  const shareIn = (stems: ReadonlySet<string>) => {
    let sum = 0
    for (const { idf, readings } of speakers)
      sum += idf * Math.max(0, ...readings.map(({ stem, weight }) => (stems.has(stem) ? weight : 0)))
    return sum / total
  }

  function fitOf(quote: QuoteRow & { speaker: string }): { named: number; described: number } {
    const key = `${String(quote.articleId)} ${quote.speaker}`
    const known = fits.get(key)
    if (known !== undefined) return known
    const own = readTerms(quote.speaker)
    const stems = new Set(own.map(({ stem }) => stem))
    if (quote.speakerId !== null) for (const stem of lexicon.namesOf(quote.speakerId)) stems.add(stem)
    const named = shareIn(stems)
    const last = own.findLast(({ isInitials }) => !isInitials)?.stem
    const described =
      named > 0.99 || last === undefined ? named : Math.max(named, describedAs(quote.articleId, last, stems))
    const fit = { named, described }
    fits.set(key, fit)
    return fit
  }

  /** Share of the question's description that stands around a name in its article. */
  function describedAs(articleId: number, name: string, stems: Set<string>): number {
    const around = new Set(stems)
    const all = generation.sentencesOfArticle(articleId)
    const [first, last] = [all[0], all.at(-1)]
    if (first === undefined || last === undefined) return 0
    for (const { terms: stored } of generation.sentenceTerms(articleId, first.sentenceId, last.sentenceId)) {
      if (!stored.includes(name)) continue
      const terms = parseTerms(stored)
      for (const [at, { stem }] of terms.entries()) {
        if (stem !== name) continue
        for (const near of terms.slice(Math.max(0, at - DESCRIPTION_REACH), at + DESCRIPTION_REACH + 1))
          if (byStem.has(near.stem)) around.add(near.stem)
      }
    }
    return shareIn(around)
  }

  return ({ articleId, start, end }) => {
    const ofArticle = quotes.get(articleId) ?? generation.quotesOfArticle(articleId)
    quotes.set(articleId, ofArticle)
    const found = { quoted: 0, named: 0, described: 0, othersWords: 0 }
    for (const quote of ofArticle) {
      if (quote.end <= start || quote.start >= end) continue
      if (quote.kind === 'direct') found.quoted = 1
      if (quote.speaker === null) continue
      const { named, described } = fitOf({ ...quote, speaker: quote.speaker })
      found.named = Math.max(found.named, named)
      found.described = Math.max(found.described, described)
      if (described < 0.4) found.othersWords = 1
    }
    if (found.named > 0.4) found.othersWords = 0
    return found
  }
}
