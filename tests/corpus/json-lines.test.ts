import { describe, expect, test } from 'vitest'
import { readSource } from '../../src/corpus/corpus.ts'

const text = 'The council of Northport voted on Monday to rebuild the old harbour.'
const read = (value: string, name = 'export.jsonl') => readSource(Buffer.from(value), name)
const drafts = (value: unknown, name?: string) =>
  read(JSON.stringify(value), name).flatMap((reading) => ('draft' in reading ? [reading.draft] : []))

describe('JSON Lines', () => {
  test('given the names that exports use, when read, then each field is found', () => {
    expect(
      drafts({
        headline: 'Council backs harbour',
        body: text,
        source: { id: null, name: 'Marn Gazette' },
        authors: ['Dana Whitlock', { name: 'Omar Reyes' }],
        published_at: '2024-06-24T07:11:00Z',
        url: 'https://gazette.example/h',
        keywords: 'harbour, money',
      }),
    ).toMatchObject([
      {
        title: 'Council backs harbour',
        outlet: 'Marn Gazette',
        author: 'Dana Whitlock, Omar Reyes',
        published: '2024-06-24T07:11:00Z',
        url: 'https://gazette.example/h',
        tags: ['harbour', 'money'],
        body: text,
      },
    ])
  })

  test.each([
    ['1719213060', '2024-06-24T07:11:00Z'],
    [1_719_213_060_000, '2024-06-24T07:11:00Z'],
    ['Mon, 24 Jun 2024 07:11:00 GMT', '2024-06-24T07:11:00Z'],
    ['24.06.2024', '2024-06-24'],
    ['20240624T071100Z', '2024-06-24'],
    ['4/5/2024', undefined],
    ['yesterday', undefined],
    [true, undefined],
  ])('given the date %j, when read, then it is %j', (date, published) => {
    expect(drafts({ title: 'T', text, date })[0]?.published).toBe(published)
  })

  test('given HTML in a field, when read, then its paragraphs are the text', () => {
    expect(drafts({ title: 'T', html: `<p>${text}</p><p>Nine &amp; ten.</p>` })[0]?.body).toBe(`${text}\n\nNine & ten.`)
  })

  test('given bad lines, when read, then each is named by its number and the others go on', () => {
    const readings = read(`{"text":"${text}"}\nnot json\n\n{"title":"T"}\n{"text":"Second one."}\n`)
    expect(
      readings.map((reading) =>
        'draft' in reading ? reading.draft.line : [reading.problem.line, reading.problem.reason],
      ),
    ).toEqual([1, [2, 'is not a JSON object'], [4, 'has no text'], 5])
  })

  test('given a list in a .json file, when read, then each entry is an article', () => {
    expect(
      drafts({ status: 'ok', articles: [{ text }, { text: 'Second one.' }] }, 'news.json').map((draft) => draft.line),
    ).toEqual([1, 2])
  })

  test('given a field with a name from Object’s prototype, when read, then nothing happens', () => {
    expect(drafts(JSON.parse(`{"text":"${text}","__proto__":{"title":"x"},"constructor":"y"}`))[0]?.isTitleStated).toBe(
      false,
    )
  })
})
