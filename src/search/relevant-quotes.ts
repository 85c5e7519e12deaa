import type { Embedder } from '../embedding/embedding.ts'
import type { Generation, QuoteRow, SentenceRow } from '../index/index.ts'
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
  const weights = weighTerms(generation, topic)
  const relevance = new Map<number, number>()
  const articles = new Map<number, ReturnType<typeof readArticle>>()
  for (const quote of quotes) {
    const article = articles.get(quote.articleId) ?? readArticle(generation, quote.articleId)
    articles.set(quote.articleId, article)
    const own = article.sentences.filter(({ start, end }) => start < quote.end && quote.start < end)
    const cosine =
      vector === undefined ? 0 : Math.max(0, ...own.map(({ sentenceId }) => dot(vector, generation.vector(sentenceId))))
    const paragraph = own[0]?.paragraph
    const inSentence = stemsOf(own.map(({ start, end }) => article.body.slice(start, end)).join(' '))
    const around = stemsOf(
      [
        article.title,
        ...article.sentences
          .filter((sentence) => sentence.paragraph === paragraph)
          .map(({ start, end }) => article.body.slice(start, end)),
      ].join(' '),
    )
    const coverage = [...weights].reduce(
      (sum, [stem, weight]) => sum + (inSentence.has(stem) ? weight : around.has(stem) ? weight * AROUND_WEIGHT : 0),
      0,
    )
    if (coverage >= LEAST_COVERAGE || cosine >= LEAST_COSINE) relevance.set(quote.quoteId, coverage + cosine)
  }
  return relevance
}

function readArticle(
  generation: Generation,
  articleId: number,
): { readonly title: string; readonly body: string; readonly sentences: readonly SentenceRow[] } {
  return {
    title: generation.article(articleId).title,
    body: generation.body(articleId),
    sentences: generation.sentencesOfArticle(articleId),
  }
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

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}
