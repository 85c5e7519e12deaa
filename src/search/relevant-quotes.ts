import type { Embedder } from '../embedding/embedding.ts'
import { INITIALS, lowerBound, TERM_BITS, type Generation, type QuoteRow } from '../index/index.ts'
import { readTerms } from '../text/terms.ts'

/** Of a topic's words, this share (by weight) makes a quote relevant whatever its meaning… */
const LEAST_COVERAGE = 0.34
/** …and this cosine whatever its words. Unrelated news sentences have 0.0 to 0.35 with the built-in model. */
const LEAST_COSINE = 0.45
/** A word of the paragraph or title around the quote counts less than one of its own sentence. */
const AROUND_WEIGHT = 0.6

/**
 * The quotes that are about a topic, each with its relevance, 0…2, higher is better: the weighted share of the topic's
 * words in the quote's sentence, its paragraph and its article's title, plus the cosine of topic and sentence. A word
 * weighs by how few passages have it. Quotes that are not about it are left out.
 */
export async function relevantQuotes(
  generation: Generation,
  embedder: Embedder,
  quotes: readonly QuoteRow[],
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  const [vector] = await embedder.embed([topic], { role: 'query' })
  const cosineOf = vector === undefined ? () => 0 : generation.cosinesTo(vector)
  const weights = [...weighTerms(generation, topic)].map(([stem, weight]) => [generation.stemNumber(stem), weight])
  const { articles, sentences } = generation.words

  /** Weighs the topic's words in the quote's sentences, and less in their paragraph and the title. */
  function coverageOf(article: number, own: readonly number[], paragraph: readonly number[]): number {
    const stems = (list: Uint32Array, from: Uint32Array | Int32Array, places: readonly number[], into: Set<number>) => {
      for (const place of places)
        for (let at = from[place] ?? 0; at < (from[place + 1] ?? 0); at += 1) {
          const code = list[at] ?? 0
          if ((code & INITIALS) === 0) into.add(code >>> TERM_BITS)
        }
      return into
    }
    const inSentence = stems(sentences.terms, sentences.termsFrom, own, new Set())
    const around = stems(sentences.terms, sentences.termsFrom, paragraph, new Set())
    stems(articles.titleTerms, articles.titleFrom, [article], around)
    let coverage = 0
    for (const [stem = -1, weight = 0] of weights)
      coverage += inSentence.has(stem) ? weight : around.has(stem) ? weight * AROUND_WEIGHT : 0
    return coverage
  }

  const relevance = new Map<number, number>()
  for (const quote of quotes) {
    const article = lowerBound(articles.ids, quote.articleId)
    const from = articles.sentencesFrom[article] ?? 0
    const places = Array.from({ length: (articles.sentencesFrom[article + 1] ?? 0) - from }, (_, i) => from + i)
    const own = places.filter(
      (place) => (sentences.start[place] ?? 0) < quote.end && quote.start < (sentences.end[place] ?? 0),
    )
    const [first = -1] = own
    const paragraph = places.filter((place) => sentences.paragraph[place] === sentences.paragraph[first])
    const coverage = coverageOf(article, own, paragraph)
    const cosine = Math.max(0, ...own.map((place) => cosineOf(sentences.vectorIds[place] ?? 0)))
    if (coverage >= LEAST_COVERAGE || cosine >= LEAST_COSINE) relevance.set(quote.quoteId, coverage + cosine)
  }
  return relevance
}

/** The topic's stems with their shares of the whole weight, log(passages / passages with it); shares add up to 1. */
function weighTerms(generation: Generation, topic: string): ReadonlyMap<string, number> {
  const passages = generation.manifest.counts.passages
  const weights = new Map(
    [...stemsOf(topic)].map((stem) => {
      const having = generation.countPassagesWith(stem)
      return [stem, Math.log((passages + 1) / (having + 0.5))] as const
    }),
  )
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0) || 1
  return new Map([...weights].map(([stem, weight]) => [stem, weight / total]))
}

function stemsOf(text: string): ReadonlySet<string> {
  return new Set(readTerms(text).flatMap(({ stem, isInitials }) => (isInitials ? [] : [stem])))
}
