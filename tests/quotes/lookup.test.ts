import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  countSpeakers,
  groupByMonth,
  groupByOutlet,
  listSayings,
  rankSayings,
  type ListedQuote,
  type Saying,
} from '../../src/quotes/lookup.ts'

let next = 0
function quote(text: string, fields: Partial<ListedQuote & { speakerId: number | null }> = {}) {
  next += 1
  return {
    quoteId: next,
    articleId: next,
    kind: 'direct' as const,
    start: 0,
    end: text.length,
    utterance: 0,
    text,
    outlet: null,
    published: null,
    speakerId: 1,
    ...fields,
  }
}

const texts = (sayings: readonly Saying<ListedQuote>[]): string[] =>
  sayings.map(({ printings: [[first]] }) => first.text)

const BRIDGE = 'The harbour bridge will stay open through the winter'

describe('a list of quotes', () => {
  test('given one quote in two outlets, when listed, then it is one saying with two printings, the earlier second', () => {
    const [saying, other] = listSayings([
      quote(BRIDGE, { outlet: 'Gazette', published: '2024-03-02' }),
      quote(`${BRIDGE}.`, { outlet: 'Courier', published: '2024-03-01' }),
    ])
    expect(other).toBeUndefined()
    expect(saying?.printings.map(([first]) => first.outlet)).toEqual(['Gazette', 'Courier'])
    expect(saying).toMatchObject({ first: '2024-03-01', last: '2024-03-02' })
  })
  test('given a fragment of a quote in another article, when listed, then it is a printing of the whole quote', () => {
    const sayings = listSayings([quote('bridge will stay open through the winter'), quote(BRIDGE)])
    expect(texts(sayings)).toEqual([BRIDGE])
    expect(sayings[0]?.printings).toHaveLength(2)
  })
  test('given a few common words that another quote contains, when listed, then they stay a saying of their own', () => {
    expect(listSayings([quote('stay open'), quote(BRIDGE)])).toHaveLength(2)
  })
  test('given a quote split by its cue in one article, when another prints it whole, then it is one saying', () => {
    const halves = { articleId: 900, utterance: 4 }
    const sayings = listSayings([
      quote('The harbour bridge will stay open', { ...halves, start: 0 }),
      quote('through the winter', { ...halves, start: 60 }),
      quote(BRIDGE),
    ])
    expect(sayings).toHaveLength(1)
    expect(sayings[0]?.printings.map((printing) => printing.length).sort()).toEqual([1, 2])
  })
  test('given quotes of several days, when listed, then the newest is first, the undated last, reported ones behind', () => {
    const sayings = listSayings([
      quote('the oldest', { published: '2023-01-01' }),
      quote('without a date'),
      quote('what was reported', { kind: 'reported', published: '2025-01-01' }),
      quote('the newest', { published: '2024-05-05T10:00:00Z' }),
    ])
    expect(texts(sayings)).toEqual(['the newest', 'the oldest', 'without a date', 'what was reported'])
  })
  test('given the same words as quote and as report, when listed, then they stay apart', () => {
    expect(listSayings([quote(BRIDGE), quote(BRIDGE, { kind: 'reported' })])).toHaveLength(2)
  })
  test('given relevance to a topic, when ranked, then the best is first and quotes off the topic are left out', () => {
    const quotes = [quote('about ferries', { published: '2024-01-01' }), quote('about bridges'), quote('about lunch')]
    const relevance = new Map([
      [quotes[0]?.quoteId ?? 0, 0.4],
      [quotes[1]?.quoteId ?? 0, 0.9],
    ])
    expect(texts(rankSayings(quotes, relevance))).toEqual(['about bridges', 'about ferries'])
  })
})

describe('quotes side by side', () => {
  const sayings = listSayings([
    quote('what was said in May', { published: '2024-05-05', outlet: 'Gazette' }),
    quote('what was said in March', { published: '2024-03-09', outlet: 'Courier' }),
    quote('what else was said in March', { published: '2024-03-02', outlet: 'Gazette' }),
    quote('what was said some day'),
  ])
  test('given quotes of months, when grouped by month, then months run forward and earliest and latest are marked', () => {
    const timeline = groupByMonth(sayings)
    expect(timeline.months.map(({ month, sayings: ofMonth }) => [month, texts(ofMonth)])).toEqual([
      ['2024-03', ['what else was said in March', 'what was said in March']],
      ['2024-05', ['what was said in May']],
      [null, ['what was said some day']],
    ])
    expect(timeline.earliest?.first).toBe('2024-03-02')
    expect(timeline.latest?.first).toBe('2024-05-05')
  })
  test('given no dates, when grouped by month, then nothing is earliest or latest', () => {
    expect(groupByMonth(listSayings([quote('some day')]))).toMatchObject({ earliest: null, latest: null })
  })
  test('given outlets, when grouped by them, then the one with most sayings is first and the nameless last', () => {
    expect(groupByOutlet(sayings).map(({ outlet, sayings: ofOutlet }) => [outlet, ofOutlet.length])).toEqual([
      ['Gazette', 2],
      ['Courier', 1],
      [null, 1],
    ])
  })
  test('given a quote in two outlets, when grouped by outlet, then each shows its own printing only', () => {
    const both = listSayings([quote(BRIDGE, { outlet: 'Gazette' }), quote(BRIDGE, { outlet: 'Courier' })])
    expect(groupByOutlet(both).map(({ outlet, sayings: [one] }) => [outlet, one?.printings.length])).toEqual([
      ['Courier', 1],
      ['Gazette', 1],
    ])
  })
})

test('given quotes of several speakers, when counted, then each has its quotes, articles, outlets and dates', () => {
  expect(
    countSpeakers([
      quote('one', { speakerId: 7, articleId: 1, outlet: 'Gazette', published: '2024-03-02' }),
      quote('two', { speakerId: 7, articleId: 1, outlet: 'Gazette', published: '2024-03-02' }),
      quote('three', { speakerId: 7, articleId: 2, outlet: 'Courier', published: '2024-01-02T08:00:00Z' }),
      quote('four', { speakerId: 3, articleId: 2 }),
      quote('five', { speakerId: null }),
    ]),
  ).toEqual([
    { speakerId: 7, quotes: 3, articles: 2, outlets: ['Courier', 'Gazette'], first: '2024-01-02', last: '2024-03-02' },
    { speakerId: 3, quotes: 1, articles: 1, outlets: [], first: null, last: null },
  ])
})

const word = fc.constantFrom('the', 'bridge', 'will', 'stay', 'open', 'now')
const anyQuote = fc
  .record({
    text: fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' ')),
    articleId: fc.nat(4),
    utterance: fc.nat(2),
    start: fc.nat(900),
    kind: fc.constantFrom('direct' as const, 'reported' as const),
    outlet: fc.constantFrom(null, 'Gazette', 'Courier'),
    published: fc.constantFrom(null, '2024-03-02', '2024-05-01T09:00:00Z', '2023-12-31'),
  })
  .map((fields) => quote(fields.text, fields))

test('given any quotes, when listed and grouped, then each is printed exactly once', () =>
  fc.assert(
    fc.property(fc.array(anyQuote, { minLength: 1, maxLength: 20 }), (quotes) => {
      const ids = quotes.map(({ quoteId }) => quoteId).sort((a, b) => a - b)
      const printed = (sayings: readonly Saying<ListedQuote>[]): number[] =>
        sayings
          .flatMap(({ printings }) => printings.flat())
          .map(({ quoteId }) => quoteId)
          .sort((a, b) => a - b)
      const sayings = listSayings(quotes)
      expect(printed(sayings)).toEqual(ids)
      expect(printed(groupByMonth(sayings).months.flatMap((month) => month.sayings))).toEqual(ids)
      expect(printed(groupByOutlet(sayings).flatMap((share) => share.sayings))).toEqual(ids)
    }),
  ))
