import type { Embedder } from '../embedding/embedding.ts'
import type { ArticleFilter, ArticleRow, Generation } from '../index/index.ts'

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

/** Candidates taken from each of the two rankings. */
const CANDIDATES = 100

/**
 * The passages that answer a question best, best first, no two of one hit overlapping. Any text is a question: an
 * empty one, or one of signs only, has no hit.
 */
export async function search(generation: Generation, embedder: Embedder, question: Question): Promise<readonly Hit[]> {
  const { text, filter, limit = 10 } = question
  const words = text.slice(0, 1000).match(/[\p{L}\p{N}]+/gu) ?? []
  const [vector] = await embedder.embed([text.slice(0, 1000)], { role: 'query' })
  if (words.length === 0 || vector === undefined) return []
  const expression = [...new Set(words)].map((word) => `"${word}"`).join(' OR ')
  const scores = new Map<number, { bm25: number; cosine: number; sentence: number }>()
  const found = generation.bm25(expression, CANDIDATES, { ...(filter ? { filter } : {}) })
  const best = found[0]?.bm25 ?? 1
  for (const { passageId, bm25 } of found) scores.set(passageId, { bm25: bm25 / best, cosine: -1, sentence: 0 })
  for (const { sentenceId } of generation.nearest(vector, CANDIDATES, filter))
    for (const { passageId } of generation.passagesOfSentence(sentenceId))
      if (!scores.has(passageId)) scores.set(passageId, { bm25: 0, cosine: -1, sentence: 0 })
  for (const [passageId, score] of scores) {
    for (const { sentenceId } of generation.sentencesOfPassage(passageId)) {
      const cosine = generation.vector(sentenceId).reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0)
      if (cosine > score.cosine) Object.assign(score, { cosine, sentence: sentenceId })
    }
  }
  const hits: Hit[] = []
  const ranked = [...scores].sort(([, a], [, b]) => b.bm25 + b.cosine - a.bm25 - a.cosine)
  for (const [passageId, { bm25, cosine, sentence }] of ranked) {
    const described = describeHit(generation, { passageId, answeringSentence: sentence })
    if (hits.some((hit) => overlap(hit, described))) continue
    hits.push({ ...described, score: Math.max(0, (bm25 + cosine) / 2) })
    if (hits.length >= limit) break
  }
  return hits
}

/** A hit again, by its numbers. @throws RangeError when the generation has no such passage or sentence */
export function describeHit(
  generation: Generation,
  ref: { readonly passageId: number; readonly answeringSentence: number },
): QuotedPassage {
  const { articleId, start, end } = generation.passage(ref.passageId)
  const sentence = generation.sentence(ref.answeringSentence)
  const article = generation.article(articleId)
  return {
    ...ref,
    articleId,
    article,
    start,
    end,
    text: generation.body(articleId).slice(start, end),
    answering: { start: sentence.start, end: sentence.end },
    sources: [article],
  }
}

function overlap(a: QuotedPassage, b: QuotedPassage): boolean {
  return a.articleId === b.articleId && a.start < b.end && b.start < a.end
}
