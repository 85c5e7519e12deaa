import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatArticle, parseArticle, type Article } from '../../src/corpus/corpus.ts'
import { normaliseBody, oneLine } from '../../src/corpus/article.ts'
import { UserError } from '../../src/errors.ts'

const file = 'harbour.md'

function failure(source: string): UserError {
  try {
    parseArticle(source, file)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('the article was accepted')
}

describe('reading an article', () => {
  test('given front matter and paragraphs, when read, then each field and the body are there', () => {
    const source =
      '---\ntitle: Harbour vote\noutlet: Marn Gazette\nauthor: Dana Whitlock\npublished: 2024-06-24\n' +
      'url: https://gazette.example/harbour\nvia: Wire Desk\ntags: [harbour, money]\n---\n\nFirst.\n\nSecond.\n'
    expect(parseArticle(source, 'local/harbour.md')).toEqual({
      slug: 'local/harbour',
      file: 'local/harbour.md',
      title: 'Harbour vote',
      outlet: 'Marn Gazette',
      author: 'Dana Whitlock',
      published: '2024-06-24',
      url: 'https://gazette.example/harbour',
      via: 'Wire Desk',
      tags: ['harbour', 'money'],
      body: 'First.\n\nSecond.',
    })
  })

  test('given a byte-order mark, Windows line ends and extra blank lines, when read, then the body is the stable one', () => {
    expect(parseArticle('\uFEFF---\r\ntitle: T\r\n---\r\n\r\nA  b \r\n\r\n\r\n\r\nC\r\n', file).body).toBe('A  b\n\nC')
  })

  test('given values that YAML would take for numbers, dates or nothing, when read, then they are as written', () => {
    const { title, outlet, author, tags } = parseArticle(
      '---\ntitle: 1.10\noutlet: true\nauthor:\ntags: [2024, no]\n---\nText.',
      file,
    )
    expect([title, outlet, author, tags]).toEqual(['1.10', 'true', undefined, ['2024', 'no']])
  })

  test('given a field that we do not know, when read, then it is no part of the article and no error', () => {
    expect(parseArticle('---\ntitle: T\nsection: Coast\n---\nText.', file)).not.toHaveProperty('section')
  })

  test('given a rule of dashes in the text, when read, then only the first pair fences the front matter', () => {
    expect(parseArticle('---\ntitle: T\n---\nA\n\n---\n\nB', file).body).toBe('A\n\n---\n\nB')
  })

  test.each([
    ['no front matter', 'Just text.', 'bad-front-matter', /has no front matter/],
    ['no title', '---\noutlet: X\n---\nText.', 'bad-front-matter', /title is missing/],
    ['an empty title', '---\ntitle: " "\n---\nText.', 'bad-front-matter', /title is empty/],
    [
      'a date in words',
      '---\ntitle: T\npublished: 24 June 2024\n---\nText.',
      'bad-front-matter',
      /published is not an ISO date/,
    ],
    ['a day that does not exist', '---\ntitle: T\npublished: 2023-02-29\n---\nText.', 'bad-front-matter', /published/],
    [
      'an address that runs code',
      '---\ntitle: T\nurl: "javascript:alert(1)"\n---\nText.',
      'bad-front-matter',
      /url is not a web address/,
    ],
    [
      'a misspelt field',
      '---\ntitle: T\npublised: 2024-06-24\n---\nText.',
      'bad-front-matter',
      /publised is not a field; "published" is/,
    ],
    ['tags that are no list', '---\ntitle: T\ntags: a, b\n---\nText.', 'bad-front-matter', /tags is not a list/],
    ['a field twice', '---\ntitle: T\ntitle: U\n---\nText.', 'bad-front-matter', /not YAML.*unique.*line 3/],
    ['an alias', '---\ntitle: &a T\noutlet: *a\n---\nText.', 'bad-front-matter', /outlet is not text/],
    ['brackets without end', `---\ntitle: ${'['.repeat(9000)}\n---\nText.`, 'bad-front-matter', /brackets/],
    ['endless front matter', `---\ntitle: ${'x'.repeat(20_000)}\n---\nText.`, 'bad-front-matter', /characters/],
    ['no text', '---\ntitle: T\n---\n\n', 'bad-article', /body has no text/],
  ])('given %s, when read, then it is refused with file, field and remedy', (_, source, code, message) => {
    const error = failure(source)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error.message).toContain(file)
    expect(error.remedy).not.toBe('')
  })

  test('given several wrong fields, when read, then all are named at once', () => {
    expect(failure('---\nurl: x\npublished: y\n---\nText.').message).toMatch(/title.*published.*url/)
  })
})

const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map(oneLine)
const someLine = line.filter((text) => text !== '')
const awkward = fc.constantFrom(
  'null',
  'true',
  '1.10',
  '2024-01-01',
  '- x',
  '"',
  "it's: # a",
  '---',
  '[a',
  '{b}',
  '&a',
  '*a',
  '!x',
  '> y',
  '| z',
  '%',
  '@q',
)
const value = fc.oneof(someLine, awkward)
const body = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 80 }), awkward), { minLength: 1, maxLength: 6 })
  .map((paragraphs) => normaliseBody(paragraphs.join('\n\n')))
  .filter((text) => text !== '')

const article: fc.Arbitrary<Article> = fc
  .record(
    {
      title: value,
      outlet: value,
      author: value,
      published: fc.constantFrom('2024-06-24', '2024-06-24T07:11:00Z', '2024-06-24T07:11:00+05:30'),
      url: fc.webUrl(),
      via: value,
      tags: fc.array(value, { maxLength: 4 }),
      body,
    },
    { requiredKeys: ['title', 'body'] },
  )
  .map((fields) => ({ slug: 'a', file: 'a.md', ...fields }))

describe('writing an article', () => {
  test('given any article, when formatted and read, then it is the same article', () => {
    fc.assert(
      fc.property(article, (written) => {
        expect(parseArticle(formatArticle(written), 'a.md')).toEqual(written)
      }),
      { numRuns: 500 },
    )
  })

  test('given any body, when normalised twice, then the second time changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(normaliseBody(normaliseBody(text))).toBe(normaliseBody(text))
      }),
    )
  })

  test('given a plain article, when formatted, then a person can edit the file', () => {
    expect(
      formatArticle({
        slug: 'a',
        file: 'a.md',
        title: 'Harbour: the vote',
        published: '2024-06-24',
        body: 'One.\n\nTwo.',
      }),
    ).toBe('---\ntitle: "Harbour: the vote"\npublished: 2024-06-24\n---\n\nOne.\n\nTwo.\n')
  })
})
