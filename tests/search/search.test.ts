import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeHit, search, type Hit, type Question } from '../../src/search/search.ts'
import { openHarbourCoverage, type HarbourCoverage } from './harbour-coverage.ts'

let coverage: HarbourCoverage
beforeAll(async () => {
  coverage = await openHarbourCoverage()
})
afterAll(() => coverage.close())

const ask = (text: string, more: Omit<Question, 'text'> = {}): Promise<readonly Hit[]> =>
  search(coverage.generation, coverage.embedder, { text, ...more })
const first = async (text: string): Promise<string> => (await ask(text))[0]?.text ?? ''
const answering = ({ text, start, answering: mark }: Hit): string => text.slice(mark.start - start, mark.end - start)

describe('the first hit', () => {
  test.each([
    ['a number is asked for, the passage with the number', 'how many people fled the quillfort flood', '1,250 people'],
    ['money is asked for, the passage with the sum', 'how much will the repairs in quillfort cost', '$14 million'],
    ['a person is asked for, the passage that names one', 'who founded the clock museum', 'Agnes Petrov'],
    ['a date is asked for, the passage that has it', 'when was the clock museum founded', '1923'],
    ['somebody’s words are asked for, his own', 'what did serrano say about waiting', 'We have been patient'],
    [
      'only a pronoun stands beside the words, they still count as his',
      'what did ohara say about his kids',
      'my own children',
    ],
    ['a speaker is described, not named, his words', 'what did the baker say about warnings', 'Nobody warned us'],
    ['a reason is asked for, the passage with because', 'why does the federation pay for the flood repairs', 'because'],
    ['a word is misspelt, the passage with the right one', 'how long does the ferrry crosing take', '45 minutes'],
    ['an apostrophe is left out, the name is found', 'which line did ohara open', "O'Hara opened"],
    ['a body is meant by its initials, it is found', 'what will the whf pay for', 'World Harbour Federation'],
    ['another word of the root is used, it is found', 'is the bridge a danger', 'too dangerous'],
  ])('given that %s', async (_case, question, words) => {
    expect(await first(question)).toContain(words)
  })

  test('given a question, when answered, then the answering sentence lies in the passage and the passage in its article', async () => {
    const [hit] = await ask('how long does the ferry take?')
    expect(hit && answering(hit)).toBe('The crossing takes 45 minutes and runs 12 times a day.')
    expect(hit && coverage.generation.body(hit.articleId).slice(hit.start, hit.end)).toBe(hit?.text)
  })
})

describe('the list', () => {
  test('given two outlets with the same words, when found, then they are one hit with both sources', async () => {
    const hits = await ask('how many people fled the flood?')
    expect(hits.filter((hit) => hit.text.includes('1,250 people'))).toHaveLength(1)
    expect(hits[0]?.sources.map((source) => source.outlet).sort()).toEqual(['The Even Post', 'The Odd Gazette'])
    expect(hits[0]?.sources[0]).toEqual(hits[0]?.article)
  })

  test('given a filter, when searched, then only its articles are hits and sources', async () => {
    const hits = await ask('how many people fled the flood?', { filter: { outlets: ['the odd gazette'] } })
    expect(hits.length).toBeGreaterThan(0)
    for (const { sources } of hits) expect(sources.map(({ outlet }) => outlet)).toEqual(['The Odd Gazette'])
  })

  test('given dates that nothing is from, when searched, then there is no hit', async () => {
    expect(await ask('flood', { filter: { since: '2025-01-01' } })).toEqual([])
  })

  test('given a limit, when searched, then the first hits are those without it', async () => {
    const all = await ask('the town')
    expect((await ask('the town', { limit: 2 })).map((hit) => hit.text)).toEqual(all.slice(0, 2).map((hit) => hit.text))
  })

  test('given any hits, then scores lie between 0 and 1 and fall', async () => {
    const scores = (await ask('what happened in sandvik')).map((hit) => hit.score)
    expect(scores.length).toBeGreaterThan(2)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
    for (const score of scores) expect(score >= 0 && score <= 1).toBe(true)
  })

  test('given a hit, when described again, then it is the same passage with the same sources', async () => {
    const [hit] = await ask('how many people fled the flood?')
    expect(hit).toBeDefined()
    if (hit === undefined) return
    const { score, ...passage } = hit
    expect(score).toBeGreaterThan(0)
    expect(describeHit(coverage.generation, hit)).toMatchObject(passage)
  })
})

describe('what is no question', () => {
  test.each(['', '   ', '?!', '😀 😀', '"', '*'])('given %j, when searched, then there is no hit', async (text) => {
    expect(await ask(text)).toEqual([])
  })

  test.each([
    ['an FTS5 expression', 'title:flood OR "ferry" AND NEAR(bridge, 2) NOT *'],
    ['an unclosed quotation mark', '"who opened the ferry'],
    ['only small words', 'who is the who'],
    ['ten thousand characters', 'ferry '.repeat(2000)],
    ['one endless word', 'x'.repeat(10_000)],
    ['other scripts', 'паром 渡船 λιμάνι'],
  ])('given %s, when searched, then it is answered or not, without an error', async (_case, text) => {
    expect(Array.isArray(await ask(text))).toBe(true)
  })

  test('given any text, when searched, then hits are exact slices', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 80 }), async (text) => {
        for (const hit of await ask(text, { limit: 3 }))
          expect(coverage.generation.body(hit.articleId).slice(hit.start, hit.end)).toBe(hit.text)
      }),
      { numRuns: 40 },
    )
  })
})
