import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseArticle } from '../../src/corpus/article.ts'
import { UserError } from '../../src/errors.ts'
import { quotedPart, verifyQuote, type Verdict } from '../../src/quotes/verify.ts'
import { readWords } from '../../src/quotes/words.ts'
import { coverageOf, type TestQuote } from './claims.ts'

const HARBOUR = `The harbour bridge will stay open through the winter, the town decided on Monday.

“The bridge will not close before 12 March, and nobody needs to worry about the ferries,” said Ada Okoro, the harbour master. “We have inspected every bolt twice.”

Council member Peter Nash told reporters: “Our budget has room for exactly three new ferries this year.”

Ada Okoro said the repairs would cost less than anyone had feared. She called the old plan “a costly mistake that we shall never repeat”.`
const COPY = `Peter Nash, a member of the council, said in a statement: "Our budget has room for exactly three new ferries this year."`
const coverage = coverageOf([HARBOUR, COPY])
const { source, idOf } = coverage

function verify(claim: string, speaker?: string): Verdict<TestQuote> {
  return verifyQuote(claim, source, speaker === undefined ? {} : { speakerIds: new Set([idOf(speaker)]) })
}

describe('words that were said', () => {
  test.each([
    ['as printed', 'The bridge will not close before 12 March, and nobody needs to worry about the ferries'],
    ['with other marks around', '"The bridge will not close before 12 March"'],
    ['in other capitals and spaces', 'THE BRIDGE  will not\nclose before 12 march'],
    ['with another mark at the end', 'nobody needs to worry about the ferries!'],
    ['as a fragment of five words', 'room for exactly three new'],
    ['as a fragment inside a sentence', 'a costly mistake that we shall never repeat'],
    ['across the cue', 'nobody needs to worry about the ferries. We have inspected every bolt twice.'],
    ['with ellipses around', '… will not close before 12 March …'],
  ])('given a quote %s, when checked, then it is verbatim', (_, claim) => {
    expect(verify(claim)).toMatchObject({ verdict: 'verbatim', elided: false, speaker: 'not-asked' })
  })
  test('given a quote in two articles, when checked, then both are its sources', () => {
    const found = verify('Our budget has room for exactly three new ferries this year')
    expect(found.verdict === 'verbatim' && found.sources.map(({ articleId }) => articleId)).toEqual([0, 1])
  })
  test('given a quote across its cue, when checked, then both parts are shown, slices of the body', () => {
    const found = verify('worry about the ferries. We have inspected')
    if (found.verdict !== 'verbatim') throw new Error(found.verdict)
    expect(found.sources[0].parts.map(({ text }) => text)).toEqual(['worry about the ferries', 'We have inspected'])
    for (const { start, end, text } of found.sources[0].parts) expect(HARBOUR.slice(start, end)).toBe(text)
  })
  test('given an ellipsis between words of one utterance, when checked, then it is verbatim and says so', () => {
    expect(verify('nobody needs … about the ferries')).toMatchObject({ verdict: 'verbatim', elided: true })
  })
  test('given an ellipsis that hides a “not”, when checked, then it is altered', () => {
    expect(verify('The bridge will … close before 12 March').verdict).toBe('altered')
    expect(verify('before 12 March, and … needs to worry about the ferries').verdict).toBe('altered')
  })
  test('given an ellipsis between two utterances, when checked, then it is altered', () => {
    expect(verify('nobody needs to worry … three new ferries this year').verdict).toBe('altered')
  })
})

describe('who said it', () => {
  test('given the right speaker, when checked, then it is confirmed', () => {
    expect(verify('room for exactly three new ferries', 'Peter Nash')).toMatchObject({
      verdict: 'verbatim',
      speaker: 'confirmed',
    })
  })
  test('given somebody else, when checked, then it is misattributed and shows who said it', () => {
    const found = verify('room for exactly three new ferries', 'Ada Okoro')
    expect(found.verdict === 'misattributed' && found.sources[0].quote?.speaker).toBe('Peter Nash')
  })
  test('given somebody nobody knows, when checked, then it is misattributed', () => {
    expect(verifyQuote('room for exactly three new ferries', source, { speakerIds: new Set() }).verdict).toBe(
      'misattributed',
    )
  })
  test('given words nobody is named for, when a speaker is claimed, then it is verbatim with an unknown speaker', () => {
    const unknown = coverageOf(['Nobody knows who wrote it.\n\n“The lamps of the pier burn all night long.”'])
    expect(verifyQuote('the lamps of the pier burn', unknown.source, { speakerIds: new Set([0]) })).toMatchObject({
      verdict: 'verbatim',
      speaker: 'unknown',
    })
  })
  test('given a surname alone in the article, when a bearer of it is claimed, then it is uncertain, not misattributed', () => {
    const both = coverageOf([HARBOUR, 'Nash spoke at the pier. “The tide waits for nobody in this town,” Nash said.'])
    const speakerIds = new Set([both.idOf('Peter Nash')])
    const claim = 'The tide waits for nobody in this town'
    expect(verifyQuote(claim, both.source, { speakerIds }).verdict).toBe('misattributed')
    expect(verifyQuote(claim, both.source, { speakerIds, namesakeIds: new Set([both.idOf('Nash')]) })).toMatchObject({
      verdict: 'verbatim',
      speaker: 'uncertain',
    })
  })
  test('given an attribution that is a guess, when another speaker is claimed, then it is uncertain, not misattributed', () => {
    const guess = {
      ...source,
      article: (id: number) => {
        const { body, quotes } = source.article(id)
        return { body, quotes: quotes.map((quote) => ({ ...quote, confidence: 0.4 })) }
      },
    }
    const speakerIds = new Set([idOf('Ada Okoro')])
    expect(verifyQuote('room for exactly three new ferries', guess, { speakerIds })).toMatchObject({
      verdict: 'verbatim',
      speaker: 'uncertain',
    })
  })
})

describe('words that were not said so', () => {
  test('given a changed word, when checked, then the diff shows both words in place', () => {
    const found = verify('Our budget has room for exactly nine new ferries this year')
    expect(found.verdict === 'altered' && found.nearest.diff).toEqual([
      { op: 'same', text: 'Our budget has room for exactly' },
      { op: 'missing', text: 'three' },
      { op: 'added', text: 'nine' },
      { op: 'same', text: 'new ferries this year.' },
    ])
  })
  test.each([
    ['a dropped not', 'The bridge will close before 12 March, and nobody needs to worry'],
    ['a changed number', 'The bridge will not close before 21 March'],
    ['a word put in', 'Our budget has no room for exactly three new ferries this year'],
    ['a changed first word', 'Their budget has room for exactly three new ferries'],
    ['a changed last word', 'Our budget has room for exactly three new houses'],
    ['words in another order', 'Exactly three new ferries our budget has room for this year'],
    ['a sign before a number', 'The bridge will not close before -12 March'],
  ])('given %s, when checked, then it is altered', (_, claim) => {
    expect(verify(claim).verdict).toBe('altered')
  })
  test('given halves of two quotes, when checked, then it is altered and names both', () => {
    const found = verify('The bridge will not close before 12 March, our budget has room for exactly three new ferries')
    expect(found.verdict).toBe('altered')
    expect(found.verdict === 'altered' && found.joined.map(({ quote }) => quote?.speaker)).toEqual([
      'Ada Okoro',
      'Peter Nash',
    ])
  })
  test('given two quotes that stand side by side, when joined, then it is not verbatim', () => {
    const beside = coverageOf([
      '“The north pier is closed to all boats,” said Ada Okoro.\n\n“The south pier is open to all boats,” said Peter Nash.',
    ])
    const found = verifyQuote(
      'The north pier is closed to all boats. The south pier is open to all boats.',
      beside.source,
    )
    expect(found.verdict).toBe('altered')
  })
  test('given the journalist’s words, when checked, then it is a paraphrase', () => {
    expect(verify('the repairs would cost less than anyone had feared')).toMatchObject({ verdict: 'paraphrase' })
  })
  test('given the journalist’s words with a quoted fragment among them, when checked, then it is a paraphrase', () => {
    expect(verify('She called the old plan a costly mistake')).toMatchObject({ verdict: 'paraphrase' })
  })
  test('given words of no article, when checked, then it is not found', () => {
    expect(verify('Every swallow in the valley sings a different tune at dusk').verdict).toBe('not-found')
  })
})

describe('claims that are no quotes', () => {
  test.each(['', '   \n', '“”', '.*', '\\', '…', '?!.,;', '.'.repeat(4_000), 'word '.repeat(1_000)])(
    'given “%s”, when checked, then the error says what to do',
    (claim) => {
      const check = (): unknown => verify(claim)
      expect(check).toThrow(UserError)
      expect(check).toThrow(expect.objectContaining({ code: 'bad-argument' }))
    },
  )
  test.each(['(a|b)+$', '" OR "', 'NEAR(', "'; DROP TABLE quotes; --", 'a '.repeat(2_000), '\u{1F6A2}x'])(
    'given “%s”, when checked, then the verdict is clean',
    (claim) => {
      expect(['not-found', 'paraphrase', 'verbatim', 'altered']).toContain(verify(claim).verdict)
    },
  )
  test('given any text, when checked, then it is a verdict or a bad argument', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string()), (claim) => {
        try {
          expect(verify(claim).verdict).toBeTruthy()
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    ))
})

test('given a message that says who said it, when its quote is looked for, then it is the words in marks', () => {
  expect(quotedPart('Nash: "Our budget has room for exactly three new ferries", lol')).toBe(
    'Our budget has room for exactly three new ferries',
  )
  expect(quotedPart('just "one word" here')).toBe('just "one word" here')
})

describe('the sample corpus, changed by machine', () => {
  const folder = new URL('../../corpus/', import.meta.url)
  const bodies = readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => parseArticle(readFileSync(new URL(file, folder), 'utf8'), file).body)
  const sample = coverageOf(bodies)
  const cases = claimsFrom(sample.articles)

  test('given its quotes and sentences, when changed in every way, then there are sixty cases or more', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60)
    expect(new Set(cases.map(({ change }) => change)).size).toBe(8)
  })
  test.each(cases)('given $change: “$claim”, when checked, then it is $verdict', ({ claim, verdict, speakerIds }) => {
    expect(verifyQuote(claim, sample.source, speakerIds ? { speakerIds } : {}).verdict).toBe(verdict)
  })
})

type Case = {
  readonly change: string
  readonly claim: string
  readonly verdict: Verdict<TestQuote>['verdict']
  readonly speakerIds?: ReadonlySet<number>
}

/** Claims with the verdict they must have, made from what the articles say by rules that look at nothing else. */
function claimsFrom(articles: readonly { readonly body: string; readonly quotes: readonly TestQuote[] }[]): Case[] {
  const said = articles.flatMap(({ quotes }) =>
    quotes.filter(({ kind, text }) => kind === 'direct' && readWords(text).length >= 8),
  )
  const everything = articles.map(({ body }) => folded(body)).join(' | ')
  const spokenOnly = articles.flatMap(({ quotes }) =>
    quotes.filter(({ kind }) => kind === 'direct').map(({ text }) => folded(text)),
  )
  const isNew = (claim: string): boolean => !everything.includes(folded(claim))
  const cases: Case[] = []
  for (const [i, quote] of said.entries()) {
    const words = quote.text.split(/\s+/)
    const middle = Math.floor(words.length / 2)
    const speakers = said.filter(({ text }) => text === quote.text).map(({ speakerId }) => speakerId)
    cases.push({ change: 'a quote', claim: `"${quote.text.toUpperCase()}"`, verdict: 'verbatim' })
    cases.push({ change: 'five words of a quote', claim: words.slice(1, 6).join(' '), verdict: 'verbatim' })
    const changed = words.map((word, at) => (at === middle ? 'lighthouses' : word)).join(' ')
    cases.push({ change: 'a changed word', claim: changed, verdict: 'altered' })
    const dropped = words.filter((_, at) => at !== middle).join(' ')
    if (isNew(dropped)) cases.push({ change: 'a dropped word', claim: dropped, verdict: 'altered' })
    const other = said.find(({ speakerId }) => speakerId !== null && !speakers.includes(speakerId))?.speakerId
    if (other != null && quote.speakerId !== null && quote.confidence >= 0.6)
      cases.push({
        change: 'another speaker',
        claim: quote.text,
        verdict: 'misattributed',
        speakerIds: new Set([other]),
      })
    const next = said[(i + 1) % said.length]
    const half = next ? next.text.split(/\s+/) : []
    const joined = [...words.slice(0, middle), ...half.slice(Math.floor(half.length / 2))].join(' ')
    if (isNew(joined)) cases.push({ change: 'halves of two quotes', claim: joined, verdict: 'altered' })
  }
  for (const { body, quotes } of articles) {
    const sentence = body.split(/(?<=[.!?])\s+|\n+/).find((one) => {
      const at = body.indexOf(one)
      const isQuoted = quotes.some(({ kind, start, end }) => kind === 'direct' && start < at + one.length && at < end)
      return (
        readWords(one).length >= 8 &&
        !isQuoted &&
        !/["“”]/.test(one) &&
        !spokenOnly.some((text) => text.includes(folded(one)))
      )
    })
    if (sentence) cases.push({ change: 'a sentence of the journalist', claim: sentence, verdict: 'paraphrase' })
  }
  const unrelated = [
    'The baker on our street sells warm rolls until eight in the evening',
    'My grandmother taught three generations of sailors how to knit',
    'It rained so hard that the football match was called off at half time',
    'Nothing grows in that garden except for nettles and stubborn roses',
  ]
  return [...cases, ...unrelated.map((claim): Case => ({ change: 'something unrelated', claim, verdict: 'not-found' }))]
}

function folded(text: string): string {
  return readWords(text)
    .map((word) => word.text)
    .join(' ')
}
