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

const MOST_SPEAKERS = 5

/** "2 direct, 1 reported; by Ada Okoro, Ilse Varga and 3 more". */
export function quotesText({ directQuotes, reportedQuotes, speakers }: Understood): string {
  if (directQuotes + reportedQuotes === 0) return 'none found'
  const more = speakers.length > MOST_SPEAKERS ? ` and ${String(speakers.length - MOST_SPEAKERS)} more` : ''
  const by = speakers.length === 0 ? '' : `; by ${speakers.slice(0, MOST_SPEAKERS).join(', ')}${more}`
  return `${String(directQuotes)} direct, ${String(reportedQuotes)} reported${by}`
}
