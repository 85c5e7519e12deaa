import type { QuoteKind, Span } from './quote.ts'
import { readWords } from './words.ts'

/** What listing needs of a quote: its place, its words, and what its article says of itself. */
export type ListedQuote = Span & {
  readonly quoteId: number
  readonly articleId: number
  readonly kind: QuoteKind
  readonly utterance: number
  readonly text: string
  readonly outlet: string | null
  /** ISO date or date-time. */
  readonly published: string | null
}

/** One printing of a saying: the quotes of its utterance in the order of the text. */
export type Printing<Q> = readonly [Q, ...Q[]]

/** What somebody said once, with every article that prints it. */
export type Saying<Q> = {
  readonly kind: QuoteKind
  /** The fullest printing first, the others from the earliest to the latest. */
  readonly printings: readonly [Printing<Q>, ...Printing<Q>[]]
  /** ISO dates (no time) of the first and the last printing; null when no printing has a date. */
  readonly first: string | null
  readonly last: string | null
}

/** A fragment of so many words belongs to the longer quote that contains it. */
const SHORTEST_FRAGMENT = 6

/**
 * Quotes as sayings: the quotes of an utterance together, and the same words of the same kind in several articles
 * together, whole or as a fragment of six words or more. For the quotes of one speaker. Direct ones first, newest first
 * by their first printing, undated ones last.
 */
export function listSayings<Q extends ListedQuote>(quotes: readonly Q[]): readonly Saying<Q>[] {
  return arrange(gatherSayings(quotes), (a, b) => compareNewest(a, b))
}

/**
 * As `listSayings`, but the most relevant first, direct or not where their relevance says so.
 * @param relevance by quote's number, higher is better; a saying counts as its best quote; one without is left out
 */
export function rankSayings<Q extends ListedQuote>(
  quotes: readonly Q[],
  relevance: ReadonlyMap<number, number>,
): readonly Saying<Q>[] {
  const scoreOf = (saying: Saying<Q>): number =>
    Math.max(...saying.printings.flat().map(({ quoteId }) => relevance.get(quoteId) ?? -Infinity))
  const scored = gatherSayings(quotes).map((saying) => ({ saying, score: scoreOf(saying) }))
  return scored
    .filter(({ score }) => score > -Infinity)
    .sort((a, b) => b.score - a.score || compareNewest(a.saying, b.saying))
    .map(({ saying }) => saying)
}

/** The sayings of one month. */
export type Month<Q> = {
  /** `2024-06`; null for sayings without a date. */
  readonly month: string | null
  readonly sayings: readonly Saying<Q>[]
}

export type Timeline<Q> = {
  /** From the earliest to the latest; undated sayings last. */
  readonly months: readonly Month<Q>[]
  /** The first and the last dated saying; null when none has a date. */
  readonly earliest: Saying<Q> | null
  readonly latest: Saying<Q> | null
}

/** Sayings by the month of their first printing, each month from its first day on. */
export function groupByMonth<Q extends ListedQuote>(sayings: readonly Saying<Q>[]): Timeline<Q> {
  const ordered = [...sayings].sort((a, b) => compareNewest(b, a))
  const dated = ordered.filter(({ first }) => first !== null)
  const groups = new Map<string | null, Saying<Q>[]>()
  for (const saying of [...dated, ...ordered.filter(({ first }) => first === null)]) {
    const month = saying.first?.slice(0, MONTH_LENGTH) ?? null
    groups.set(month, [...(groups.get(month) ?? []), saying])
  }
  return {
    months: [...groups].map(([month, ofMonth]) => ({ month, sayings: ofMonth })),
    earliest: dated[0] ?? null,
    latest: dated.at(-1) ?? null,
  }
}

/** What one outlet prints, in the order of the sayings given. */
export type OutletShare<Q> = {
  /** null for articles that do not say where they appeared. */
  readonly outlet: string | null
  /** Each with this outlet's printings only. */
  readonly sayings: readonly Saying<Q>[]
}

/** The outlets side by side, the one with most sayings first, then by name; without an outlet last. */
export function groupByOutlet<Q extends ListedQuote>(sayings: readonly Saying<Q>[]): readonly OutletShare<Q>[] {
  const shares = new Map<string | null, Saying<Q>[]>()
  for (const saying of sayings) {
    const printings = new Map<string | null, Printing<Q>[]>()
    for (const printing of saying.printings) {
      const { outlet } = printing[0]
      printings.set(outlet, [...(printings.get(outlet) ?? []), printing])
    }
    for (const [outlet, [first, ...others]] of printings) {
      if (first) shares.set(outlet, [...(shares.get(outlet) ?? []), sayingOf(saying.kind, [first, ...others])])
    }
  }
  return [...shares]
    .map(([outlet, ofOutlet]) => ({ outlet, sayings: ofOutlet }))
    .sort(
      (a, b) =>
        Number(a.outlet === null) - Number(b.outlet === null) ||
        b.sayings.length - a.sayings.length ||
        compare(a.outlet ?? '', b.outlet ?? ''),
    )
}

/** How much of the coverage quotes a speaker. */
export type SpeakerPresence = {
  readonly speakerId: number
  readonly quotes: number
  readonly articles: number
  /** Names of outlets, in alphabetical order. */
  readonly outlets: readonly string[]
  /** ISO dates (no time) of the first and last article; null when none has a date. */
  readonly first: string | null
  readonly last: string | null
}

/** What counting needs of a quote. */
export type CountedQuote = Pick<ListedQuote, 'articleId' | 'outlet' | 'published'> & {
  readonly speakerId: number | null
}

/** The speakers of quotes, most quoted first, then in most articles, then by number; quotes of nobody are left out. */
export function countSpeakers(quotes: readonly CountedQuote[]): readonly SpeakerPresence[] {
  const bySpeaker = new Map<number, CountedQuote[]>()
  for (const quote of quotes) {
    if (quote.speakerId === null) continue
    const known = bySpeaker.get(quote.speakerId)
    if (known) known.push(quote)
    else bySpeaker.set(quote.speakerId, [quote])
  }
  return [...bySpeaker]
    .map(([speakerId, said]) => ({
      speakerId,
      quotes: said.length,
      articles: new Set(said.map(({ articleId }) => articleId)).size,
      outlets: [...new Set(said.flatMap(({ outlet }) => (outlet === null ? [] : [outlet])))].sort(),
      ...datesOf(said),
    }))
    .sort((a, b) => b.quotes - a.quotes || b.articles - a.articles || a.speakerId - b.speakerId)
}

const DATE_LENGTH = '2024-06-24'.length
const MONTH_LENGTH = '2024-06'.length

/** A printing with its words joined by spaces, a space at both ends. */
type Worded<Q> = { readonly printing: Printing<Q>; readonly words: readonly string[]; readonly text: string }

function gatherSayings<Q extends ListedQuote>(quotes: readonly Q[]): Saying<Q>[] {
  const longestFirst = utterancesOf(quotes)
    .map((printing): Worded<Q> => {
      const words = printing.flatMap(({ text }) => readWords(text).map((word) => word.text))
      return { printing, words, text: ` ${words.join(' ')} ` }
    })
    .sort((a, b) => b.words.length - a.words.length || comparePlaces(a.printing[0], b.printing[0]))
  const whole = new Map<string, Worded<Q>[]>()
  const byPhrase = new Map<string, Worded<Q>[][]>()
  for (const worded of longestFirst) {
    const { kind } = worded.printing[0]
    const key = `${kind}${worded.text}`
    const group = whole.get(key) ?? groupContaining(worded, byPhrase.get(phraseKey(worded, 0)))
    if (group) {
      group.push(worded)
      whole.set(key, group)
      continue
    }
    const fresh = [worded]
    whole.set(key, fresh)
    const phrases = new Set(worded.words.map((_, at) => phraseKey(worded, at)))
    for (const phrase of phrases) {
      const known = byPhrase.get(phrase)
      if (known) known.push(fresh)
      else byPhrase.set(phrase, [fresh])
    }
  }
  return [...new Set(whole.values())].flatMap((group) => {
    const [first, ...others] = group.map(({ printing }) => printing)
    return first ? [sayingOf(first[0].kind, [first, ...others])] : []
  })
}

function phraseKey<Q extends ListedQuote>({ printing, words }: Worded<Q>, at: number): string {
  return `${printing[0].kind} ${words.slice(at, at + SHORTEST_FRAGMENT).join(' ')}`
}

/** The group whose fullest printing has all these words in one go; undefined for words too few to tell. */
function groupContaining<Q>({ words, text }: Worded<Q>, groups: readonly Worded<Q>[][] = []): Worded<Q>[] | undefined {
  return words.length < SHORTEST_FRAGMENT ? undefined : groups.find((group) => group[0]?.text.includes(text))
}

function utterancesOf<Q extends ListedQuote>(quotes: readonly Q[]): Printing<Q>[] {
  const byUtterance = new Map<string, [Q, ...Q[]]>()
  for (const quote of [...quotes].sort(comparePlaces)) {
    const key = `${String(quote.articleId)} ${quote.kind} ${String(quote.utterance)}`
    const known = byUtterance.get(key)
    if (known) known.push(quote)
    else byUtterance.set(key, [quote])
  }
  return [...byUtterance.values()]
}

function sayingOf<Q extends ListedQuote>(
  kind: QuoteKind,
  printings: readonly [Printing<Q>, ...Printing<Q>[]],
): Saying<Q> {
  const [fullest, ...others] = printings
  const dateOf = ([quote]: Printing<Q>): string => quote.published ?? '\uffff'
  others.sort((a, b) => compare(dateOf(a), dateOf(b)) || comparePlaces(a[0], b[0]))
  return { kind, printings: [fullest, ...others], ...datesOf(printings.map(([quote]) => quote)) }
}

function datesOf(quotes: readonly Pick<ListedQuote, 'published'>[]): {
  readonly first: string | null
  readonly last: string | null
} {
  const dates = quotes.flatMap(({ published }) => (published === null ? [] : [published.slice(0, DATE_LENGTH)])).sort()
  return { first: dates[0] ?? null, last: dates.at(-1) ?? null }
}

function arrange<Q>(sayings: readonly Saying<Q>[], order: (a: Saying<Q>, b: Saying<Q>) => number): Saying<Q>[] {
  return [...sayings].sort((a, b) => Number(a.kind === 'reported') - Number(b.kind === 'reported') || order(a, b))
}

/** Newest first, undated last, then in the order of the articles and their text. */
function compareNewest<Q extends ListedQuote>(a: Saying<Q>, b: Saying<Q>): number {
  return compare(b.first ?? '', a.first ?? '') || comparePlaces(a.printings[0][0], b.printings[0][0])
}

function comparePlaces(a: ListedQuote, b: ListedQuote): number {
  return a.articleId - b.articleId || a.start - b.start
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
