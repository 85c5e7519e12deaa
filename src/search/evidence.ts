import {
  CAPITAL,
  FINISHED,
  INITIALS,
  passagesWithSentence,
  TERM_BITS,
  UNIT_BIT,
  type ArticleFilter,
  type Generation,
  type PassageRow,
  type SentenceId,
} from '../index/index.ts'
import type { Lexicon } from './lexicon.ts'
import type { QuestionTerm, ReadQuestion } from './question.ts'
import { saidEvidence } from './said.ts'

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
  const stems = question.terms.flatMap(({ readings }) => readings.map(({ stem }) => stem))
  const places = new Set(generation.passagesWithAny(stems, CANDIDATES, filter).map(({ place }) => place))
  for (const { place: sentence } of generation.nearest(vector, CANDIDATES, filter).slice(0, CANDIDATES))
    for (const place of passagesWithSentence(generation.words, sentence)) places.add(place)
  return weigh(generation, lexicon, question, generation.cosinesTo(vector), [...places])
}

/** A sentence as the question sees it. */
type SeenSentence = {
  readonly place: number
  readonly length: number
  /** By question term: how often it is there, weighed by the best reading. */
  readonly counts: Float64Array
  /** By question term: where its first occurrence is. */
  readonly places: Int32Array
  /** What it is worth as the answering sentence by its words; worked out when a passage of its own is weighed. */
  fit?: SentenceFit
}

type SentenceFit = {
  readonly words: number
  readonly meaning: number
  readonly share: number
  readonly pairs: number
  readonly holdsKind: boolean
  readonly hasNumberNear: boolean
}

/** A passage and the sentences that tell what it is about, by their places. */
type Weighed = { readonly place: number; readonly article: number; readonly around: readonly SeenSentence[] }

function weigh(
  generation: Generation,
  lexicon: Lexicon,
  question: ReadQuestion,
  cosineOf: (vectorId: number) => number,
  places: readonly number[],
): Candidate[] {
  const { articles, sentences, passages } = generation.words
  const { terms, kind } = question
  const size = terms.length
  const total = terms.reduce((sum, term) => sum + term.idf, 0) || 1
  const { readingsOf, isAsked } = readingsByStem(generation, terms)
  const asked = new Set(Array.from(question.stems, (stem) => generation.stemNumber(stem)))
  const isSaid = (stem: number) => asked.has(stem)

  // Of each term's occurrences inside sentences: all, and those with a capital.
  const inside = new Uint32Array(size)
  const capital = new Uint32Array(size)
  const seen = new Map<number, SeenSentence>()
  const nextCounts = countsOf(size)

  /** @param isTitle counts for words, but not for whether they are names */
  function count(list: Uint32Array, from: number, to: number, isTitle: boolean): Omit<SeenSentence, 'place'> {
    const { counts, places: first } = nextCounts()
    let length = 0
    for (let at = from; at < to; at += 1) {
      const code = list[at] ?? 0
      const readings = readingsOf(code >>> TERM_BITS)
      if (readings !== undefined) {
        for (const { index, weight } of readings) {
          counts[index] = (counts[index] ?? 0) + weight
          if (first[index] === -1) first[index] = length
          if (isTitle || at === from) continue
          inside[index] = (inside[index] ?? 0) + 1
          if ((code & (CAPITAL | INITIALS)) !== 0) capital[index] = (capital[index] ?? 0) + 1
        }
      }
      if ((code & INITIALS) === 0) length += 1
    }
    return { length, counts, places: first }
  }
  function see(place: number): SeenSentence {
    const known = seen.get(place)
    if (known !== undefined) return known
    const [from, to] = [sentences.termsFrom[place] ?? 0, sentences.termsFrom[place + 1] ?? 0]
    const sentence = { place, ...count(sentences.terms, from, to, false) }
    seen.set(place, sentence)
    return sentence
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

  const weighed = places.map((place): Weighed => {
    const first = passages.first[place] ?? 0
    const article = sentences.article[first] ?? 0
    const from = Math.max(articles.sentencesFrom[article] ?? 0, first - CONTEXT_BEFORE)
    const to = Math.min(articles.sentencesFrom[article + 1] ?? 0, first + (passages.count[place] ?? 0) + CONTEXT_AFTER)
    return { place, article, around: Array.from({ length: to - from }, (_, i) => see(from + i)) }
  })
  const names = terms.filter(
    ({ index }) => (inside[index] ?? 0) > 0 && (capital[index] ?? 0) / (inside[index] ?? 1) > 0.6,
  )
  const others = terms.filter((term) => !names.includes(term))

  const titles = new Map<number, Float64Array>()
  const whole = new Map<number, Float64Array>()
  for (const { article } of weighed) {
    if (titles.has(article)) continue
    const [from, to] = [articles.titleFrom[article] ?? 0, articles.titleFrom[article + 1] ?? 0]
    const { counts } = count(articles.titleTerms, from, to, true)
    titles.set(article, counts)
    whole.set(article, counts.slice())
  }
  for (const { place, counts } of seen.values()) {
    const sum = whole.get(sentences.article[place] ?? 0)
    if (sum !== undefined) add(sum, counts)
  }
  const speakers = terms.filter(({ isSpeaker }) => isSpeaker)
  const said = kind === 'said' ? saidEvidence(generation, lexicon, speakers, isAsked) : undefined

  function fitOf(sentence: SeenSentence): SentenceFit {
    if (sentence.fit !== undefined) return sentence.fit
    const { place, counts, length } = sentence
    const [from, to] = [sentences.termsFrom[place] ?? 0, sentences.termsFrom[place + 1] ?? 0]
    return (sentence.fit = {
      words: bm25(counts, length, AVERAGE_SENTENCE, 0.3),
      meaning: cosineOf(sentences.vectorIds[place] ?? 0),
      share: share(counts),
      pairs: exactPairs(terms, sentence) / total,
      holdsKind: lexicon.answers.holds(kind, isSaid, from, to),
      hasNumberNear: kind === 'number' && lexicon.answers.hasNumberNear(isAsked, from, to),
    })
  }

  const { unit, focus } = question
  const none = new Float64Array(size)
  const counts = new Float64Array(size)
  const withContext = new Float64Array(size)
  const all = new Float64Array(weighed.length * EVIDENCE.length)
  const candidates = weighed.map(({ place, article, around }, at): Candidate => {
    const first = passages.first[place] ?? 0
    const last = first + (passages.count[place] ?? 0) - 1
    const title = titles.get(article) ?? none
    const evidence = all.subarray(at * EVIDENCE.length, (at + 1) * EVIDENCE.length)
    counts.fill(0)
    withContext.set(title)
    let length = 0
    let answering: SeenSentence | undefined
    let best = -Infinity
    let meanings = 0
    for (const sentence of around) {
      add(withContext, sentence.counts)
      if (sentence.place < first || sentence.place > last) continue
      add(counts, sentence.counts)
      length += sentence.length
      const fit = fitOf(sentence)
      const worth = fit.words + fit.meaning + (fit.holdsKind ? KIND_BONUS : 0)
      if (worth > best) [best, answering] = [worth, sentence]
      meanings += fit.meaning
      atLeast(evidence, PLACE.cosineSentence, fit.meaning)
      if (focus !== undefined) atLeast(evidence, PLACE.focusSentence, Math.min(1, sentence.counts[focus] ?? 0))
      atLeast(evidence, PLACE.bm25Sentence, fit.words)
      atLeast(evidence, PLACE.shareSentence, fit.share)
      atLeast(evidence, PLACE.exactPairs, fit.pairs)
      if (fit.holdsKind) evidence[PLACE.kindPassage] = 1
      if (fit.hasNumberNear) evidence[PLACE.numberNear] = 1
      if (unit !== undefined && ((sentences.marks[sentence.place] ?? 0) & UNIT_BIT[unit]) !== 0)
        evidence[PLACE.unitPassage] = 1
    }
    const ofArticle = whole.get(article) ?? counts
    evidence[PLACE.bm25Passage] = bm25(counts, length, AVERAGE_PASSAGE, 0.5)
    evidence[PLACE.bm25Context] = bm25(withContext, 1, 1, 0)
    evidence[PLACE.bm25Article] = bm25(ofArticle, 1, 1, 0)
    evidence[PLACE.shareTitle] = share(title)
    evidence[PLACE.sharePassage] = share(counts)
    evidence[PLACE.shareContext] = share(withContext)
    evidence[PLACE.shareArticle] = share(ofArticle)
    evidence[PLACE.namesContext] = share(withContext, names)
    evidence[PLACE.othersPassage] = share(counts, others)
    evidence[PLACE.cosinePassage] = meanings / Math.max(1, last - first + 1)
    evidence[PLACE.kindSentence] = answering?.fit?.holdsKind === true ? 1 : 0
    evidence[PLACE.unfinished] = ((sentences.marks[last] ?? 0) & FINISHED) !== 0 ? 0 : 1
    const passage: PassageRow = {
      passageId: passages.ids[place] ?? 0,
      articleId: articles.ids[article] ?? 0,
      paragraph: sentences.paragraph[first] ?? 0,
      start: sentences.start[first] ?? 0,
      end: sentences.end[last] ?? 0,
      firstSentenceId: sentences.ids[first] ?? 0,
      sentenceCount: passages.count[place] ?? 0,
    }
    if (said !== undefined) {
      const { quoted, named, described, othersWords } = said(passage, article)
      evidence[PLACE.quoted] = quoted
      evidence[PLACE.speakerNamed] = named
      evidence[PLACE.speakerDescribed] = described
      evidence[PLACE.othersWords] = othersWords
    }
    return { passage, answering: sentences.ids[answering?.place ?? first] ?? 0, evidence }
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

/** The question's terms that a stem may stand for. */
type Readings = readonly { readonly index: number; readonly weight: number }[]

/** Looks up stems by their number; every term of every sentence that is looked at is. */
function readingsByStem(
  { words, stemNumber }: Generation,
  terms: readonly QuestionTerm[],
): { readonly readingsOf: (stem: number) => Readings | undefined; readonly isAsked: (stem: number) => boolean } {
  const slots = new Uint16Array(words.stems.length)
  const known: Readings[] = [[]]
  for (const { index, readings } of terms) {
    for (const { stem, weight } of readings) {
      const number = stemNumber(stem)
      if (number < 0) continue
      const slot = slots[number] || known.length
      slots[number] = slot
      known[slot] = [...(known[slot] ?? []), { index, weight }]
    }
  }
  return {
    readingsOf(stem) {
      const slot = slots[stem] ?? 0
      return slot === 0 ? undefined : known[slot]
    },
    isAsked: (stem) => slots[stem] !== 0,
  }
}

/** Sentences whose counts are allocated at once; each on its own costs more than counting does. */
const COUNTS_AT_ONCE = 128

/** Gives the counts of one sentence after another, 0, and the places, −1. */
function countsOf(size: number): () => Pick<SeenSentence, 'counts' | 'places'> {
  let counts = new Float64Array(0)
  let places = new Int32Array(0)
  let from = 0
  return () => {
    if (from + size > counts.length) {
      counts = new Float64Array(COUNTS_AT_ONCE * size)
      places = new Int32Array(COUNTS_AT_ONCE * size).fill(-1)
      from = 0
    }
    const to = from + size
    const own = { counts: counts.subarray(from, to), places: places.subarray(from, to) }
    from = to
    return own
  }
}

function atLeast(evidence: Float64Array, place: number, value: number): void {
  if (value > (evidence[place] ?? 0)) evidence[place] = value
}

function add(sum: Float64Array, counts: Float64Array): void {
  for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] ?? 0) + (counts[i] ?? 0)
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
