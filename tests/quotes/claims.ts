import { extractQuotes } from '../../src/quotes/quotes.ts'
import { mergeSpeakers, readArticleNames, type Speaker } from '../../src/quotes/names.ts'
import type { Quote } from '../../src/quotes/quote.ts'
import type { ClaimSource } from '../../src/quotes/verify.ts'
import { foldKey } from '../../src/text/fold.ts'

export type TestQuote = Quote & { readonly speakerId: number | null }
export type TestCoverage = {
  readonly source: ClaimSource<TestQuote>
  readonly articles: readonly { readonly body: string; readonly quotes: readonly TestQuote[] }[]
  readonly speakers: readonly Speaker[]
  /** The number of a speaker by canonical name; −1 for nobody. */
  readonly idOf: (name: string) => number
}

/** A coverage in memory, with quotes and speakers as a build finds them, searched by looking at every article. */
export function coverageOf(bodies: readonly string[]): TestCoverage {
  const extracted = bodies.map((body) => extractQuotes(body))
  const merged = mergeSpeakers(bodies.map((body, i) => readArticleNames(String(i), body, extracted[i] ?? [])))
  const numbers = new Map(merged.speakers.map((speaker, i) => [speaker.key, i]))
  const articles = bodies.map((body, i) => ({
    body,
    quotes: (extracted[i] ?? []).map((quote): TestQuote => {
      const speaker = quote.speaker === null ? null : merged.speakerOf(String(i), quote.speaker)
      return { ...quote, speakerId: speaker === null ? null : (numbers.get(speaker.key) ?? null) }
    }),
  }))
  const searched = bodies.map((body) => wordsOf(body))
  return {
    articles,
    speakers: merged.speakers,
    idOf: (name) => merged.speakers.findIndex((speaker) => speaker.name === name),
    source: {
      articlesWith(phrases, limit) {
        const wanted = phrases.map(wordsOf)
        return searched
          .map((text, id) => ({ id, count: wanted.filter((phrase) => text.includes(phrase)).length }))
          .filter(({ count }) => count > 0)
          .sort((a, b) => b.count - a.count || a.id - b.id)
          .slice(0, limit)
          .map(({ id }) => id)
      },
      article(id) {
        const article = articles[id]
        if (!article) throw new RangeError(`no article ${String(id)}`)
        return article
      },
    },
  }
}

function wordsOf(text: string): string {
  return ` ${foldKey(text)
    .split(/[^\p{L}\p{N}]+/u)
    .join(' ')
    .trim()} `
}
