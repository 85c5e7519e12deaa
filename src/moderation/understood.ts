import type { Draft } from '../corpus/corpus.ts'
import type { Placed } from '../corpus/desk.ts'
import { extractQuotes } from '../quotes/quotes.ts'

/** What was understood of an article, and what becomes of it. */
export type Understood = Placed & {
  readonly directQuotes: number
  readonly reportedQuotes: number
  /** Who is quoted, by name, most quoted first. */
  readonly speakers: readonly string[]
}

/** A draft's place in the corpus together with the quotes that are found in it. */
export function understood(placed: Placed, { body }: Draft): Understood {
  const quotes = extractQuotes(body)
  const counts = new Map<string, number>()
  for (const { speaker } of quotes) if (speaker !== null) counts.set(speaker, (counts.get(speaker) ?? 0) + 1)
  const directQuotes = quotes.filter(({ kind }) => kind === 'direct').length
  return {
    ...placed,
    directQuotes,
    reportedQuotes: quotes.length - directQuotes,
    speakers: [...counts].sort(([, a], [, b]) => b - a).map(([speaker]) => speaker),
  }
}
