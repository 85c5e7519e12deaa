import type { Embedder } from '../embedding/embedding.ts'
import {
  INITIALS,
  lowerBound,
  passagesWithSentence,
  sentencesWithVector,
  TERM_BITS,
  type ArticleFilter,
  type ArticleRow,
  type Generation,
} from '../index/index.ts'
import { signsOf } from './answerability.ts'
import { areCopies, shinglesOf, type Shingles } from './duplicates.ts'
import { gatherCandidates, type Candidate } from './evidence.ts'
import { lexiconOf } from './lexicon.ts'
import { readQuestion } from './question.ts'
import { answerability, relevance } from './weights.ts'

/** What somebody asks, and of which articles. */
export type Question = {
  readonly text: string
  /** Only articles that it keeps; absent: all. */
  readonly filter?: ArticleFilter | undefined
  /** Most hits; 10 by default. */
  readonly limit?: number | undefined
}

/** A passage, which of its sentences answers, and who carries it. */
export type QuotedPassage = {
  readonly passageId: number
  /** Number of the answering sentence. */
  readonly answeringSentence: number
  readonly articleId: number
  readonly article: ArticleRow
  /** Offsets into the article's body; `body.slice(start, end) === text`. */
  readonly start: number
  readonly end: number
  readonly text: string
  /** The sentence that answers, inside the passage; offsets into the article's body. */
  readonly answering: { readonly start: number; readonly end: number }
  /** Every article that carries these words, the passage's own first. */
  readonly sources: readonly [ArticleRow, ...ArticleRow[]]
}

/** A ranked passage. */
export type Hit = QuotedPassage & {
  /** Probability that the coverage answers with it, 0…1, comparable between questions; falls with the rank. */
  readonly score: number
}

/** Longer texts are cut before they are embedded; a model reads no more of them. */
const MAX_EMBEDDED_CHARACTERS = 600
/** How fast scores fall from the first hit on; monotone, so that it changes no order. */
const FALL = 0.5

/**
 * The passages that answer a question best, best first. Passages that overlap one above them are left out; copies that
 * other outlets carry are sources of the first. Any text is a question: an empty one, or one of signs only, has no hit.
 */
export async function search(generation: Generation, embedder: Embedder, question: Question): Promise<readonly Hit[]> {
  const { text, filter, limit = 10 } = question
  const lexicon = lexiconOf(generation)
  const read = readQuestion(text, lexicon)
  if (read.terms.length === 0 || limit < 1) return []
  const [vector] = await embedder.embed([text.slice(0, MAX_EMBEDDED_CHARACTERS)], { role: 'query' })
  if (vector === undefined) return []
  const ranked = gatherCandidates(generation, lexicon, read, vector, filter)
    .map((candidate) => ({ candidate, relevance: relevance(candidate) }))
    .sort((a, b) => b.relevance - a.relevance || a.candidate.passage.passageId - b.candidate.passage.passageId)
  const [first] = ranked
  if (first === undefined) return []
  const hits: { hit: QuotedPassage; relevance: number; shingles: Shingles; copies: ArticleRow[] }[] = []
  const seen: Candidate[] = []
  for (const { candidate, relevance } of ranked) {
    if (seen.some((earlier) => overlap(earlier, candidate))) continue
    const { passageId, articleId } = candidate.passage
    const shingles = shinglesOfPassage(generation, lowerBound(generation.words.passages.ids, passageId))
    const original = hits.find((earlier) => areCopies(earlier.shingles, shingles))
    if (original === undefined && hits.length >= limit) break
    seen.push(candidate)
    if (original !== undefined) original.copies.push(generation.article(articleId))
    else hits.push({ hit: quotedPassage(generation, passageId, candidate.answering), relevance, shingles, copies: [] })
  }
  const signs = signsOf(
    read,
    ranked.map(({ candidate }) => candidate),
    first,
  )
  const probability = answerability(signs)
  const kept = filter && new Set(generation.articlesKept(filter).map(({ articleId }) => articleId))
  return hits.map(({ hit, relevance, shingles, copies }) => ({
    ...hit,
    sources: withCopies(hit.article, [
      ...copies,
      ...copiesOf(generation, hit, shingles).filter(({ articleId }) => kept?.has(articleId) ?? true),
    ]),
    score: probability * Math.exp(FALL * Math.min(0, relevance - first.relevance)),
  }))
}

/** A hit again, by its numbers. @throws RangeError when the generation has no such passage or sentence */
export function describeHit(
  generation: Generation,
  ref: { readonly passageId: number; readonly answeringSentence: number },
): QuotedPassage {
  const hit = quotedPassage(generation, ref.passageId, ref.answeringSentence)
  const shingles = shinglesOfPassage(generation, lowerBound(generation.words.passages.ids, ref.passageId))
  return { ...hit, sources: withCopies(hit.article, copiesOf(generation, hit, shingles)) }
}

function quotedPassage(generation: Generation, passageId: number, answeringSentence: number): QuotedPassage {
  const { articleId, start, end } = generation.passage(passageId)
  const sentence = generation.sentence(answeringSentence)
  const article = generation.article(articleId)
  return {
    passageId,
    answeringSentence,
    articleId,
    article,
    start,
    end,
    text: generation.body(articleId).slice(start, end),
    answering: { start: sentence.start, end: sentence.end },
    sources: [article],
  }
}

/** Articles that carry the same answering sentence in a copy of the passage. */
function copiesOf({ words, article }: Generation, hit: QuotedPassage, shingles: Shingles): ArticleRow[] {
  const { articles, sentences } = words
  const vectorId = sentences.vectorIds[lowerBound(sentences.ids, hit.answeringSentence)] ?? 0
  return sentencesWithVector(words, vectorId)
    .map((place) => ({ place, articleId: articles.ids[sentences.article[place] ?? 0] ?? 0 }))
    .filter(({ articleId }) => articleId !== hit.articleId)
    .filter(({ place }) =>
      passagesWithSentence(words, place).some((passage) => areCopies(shinglesOfPassage({ words }, passage), shingles)),
    )
    .map(({ articleId }) => article(articleId))
}

/** @param place the passage's in the word lists */
function shinglesOfPassage({ words }: Pick<Generation, 'words'>, place: number): Shingles {
  const { passages, sentences } = words
  const first = passages.first[place] ?? 0
  const to = sentences.termsFrom[first + (passages.count[place] ?? 0)] ?? 0
  const stems: number[] = []
  for (let at = sentences.termsFrom[first] ?? 0; at < to; at += 1) {
    const code = sentences.terms[at] ?? 0
    if ((code & INITIALS) === 0) stems.push(code >>> TERM_BITS)
  }
  return shinglesOf(stems)
}

/** The article and those that copy it, each once, copies in the order of their dates. */
function withCopies(article: ArticleRow, copies: readonly ArticleRow[]): readonly [ArticleRow, ...ArticleRow[]] {
  const others = new Map(copies.map((copy) => [copy.articleId, copy]))
  others.delete(article.articleId)
  const byDate = [...others.values()].sort((a, b) => (a.published ?? '9').localeCompare(b.published ?? '9'))
  return [article, ...byDate]
}

function overlap({ passage: a }: Candidate, { passage: b }: Candidate): boolean {
  return a.articleId === b.articleId && a.start < b.end && b.start < a.end
}
