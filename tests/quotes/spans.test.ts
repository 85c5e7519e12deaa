import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findQuotations, splitBlocks } from '../../src/quotes/spans.ts'

const words = (text: string) => findQuotations(text).map(({ start, end }) => text.slice(start, end))

describe('quotation marks', () => {
  test.each([
    ['curly', 'She said, “The dam will hold.”', ['The dam will hold.']],
    ['straight', 'She said, "The dam will hold."', ['The dam will hold.']],
    ['mixed', 'She said, “The dam will hold."', ['The dam will hold.']],
    ['guillemets', 'She said, « The dam will hold. »', ['The dam will hold.']],
    ['German', 'She said, „The dam will hold“, and left.', ['The dam will hold']],
    ['two apostrophes', "She said, ''The dam will hold.''", ['The dam will hold.']],
    ['backticks', "She said, ``The dam will hold.''", ['The dam will hold.']],
    ['single', "She said, 'The dam will hold.'", ['The dam will hold.']],
    ['single curly', 'She said, ‘The dam will hold.’', ['The dam will hold.']],
    ['a closing mark in place of an opening one', 'She said, ”The dam will hold.”', ['The dam will hold.']],
    ['brackets and an ellipsis', 'She said “[the dam] … will hold.”', ['[the dam] … will hold.']],
    ['two in one sentence', '“The dam,” she said, “will hold.”', ['The dam,', 'will hold.']],
    ['a space before the closing mark', '“Enough! ” she said.', ['Enough!']],
    ['no space before the opening mark', 'She spoke of"a hard winter." Then she left.', ['a hard winter.']],
  ])('given %s, when read, then the words between them are found', (_, text, expected) => {
    expect(words(text)).toEqual(expected)
  })

  test('given marks inside marks, when read, then the outer words are one quotation', () => {
    expect(words('“He told me ‘never again’ and left,” she said.')).toEqual(['He told me ‘never again’ and left,'])
    expect(words(`"He told me 'never again' and left," she said.`)).toEqual([`He told me 'never again' and left,`])
  })

  test.each([
    ['apostrophes', "The workers' harbour isn't the town's, and rock 'n' roll won't save it."],
    ['curly apostrophes', 'The workers’ harbour isn’t the town’s.'],
    ['decades', "The crane dates from the '80s, the quay from the ’20s."],
    ['feet and inches', `The fence is 6'2" high and 12" thick.`],
    ['a mark that is never closed, in the middle of a paragraph', 'The “ mark is lost here and the text goes on.'],
    ['a closing mark alone', 'They waited on the quay.” Then it goes on.'],
    ['marks around nothing', 'They wrote “” and " " and “…”.'],
  ])('given %s, when read, then there is no quotation', (_, text) => {
    expect(words(text)).toEqual([])
  })

  test('given inches inside a quotation, when read, then they do not end it', () => {
    expect(words('"The fence is 12" thick," she said.')).toEqual(['The fence is 12" thick,'])
  })

  test('given paragraphs that each open a mark, when read, then each is a part of one quotation', () => {
    const text = '“We began in spring.\n\n“We ended in autumn.”\n\nNobody “noticed.”'
    const found = findQuotations(text)
    expect(found.map(({ start, end }) => text.slice(start, end))).toEqual([
      'We began in spring.',
      'We ended in autumn.',
      'noticed.',
    ])
    expect(found.map(({ continuesPrevious }) => continuesPrevious)).toEqual([false, true, false])
  })

  test('given a mark that is never closed, when read, then it reaches no further than its paragraph', () => {
    const text = '“We began in spring.\n\nThe town was quiet. “It rained,” she said.'
    expect(words(text)).toEqual(['We began in spring.', 'It rained,'])
  })

  test('given a second opening mark before any closing one, when read, then only the closed pair counts', () => {
    expect(words('They called “ it a day. Then “we slept,” she said.')).toEqual(['we slept,'])
  })
})

describe('paragraphs', () => {
  test('given lines that are whole paragraphs, when split, then each line is a block', () => {
    expect(splitBlocks('The dam held.\n“It did,” she said.\nRain fell.')).toHaveLength(3)
  })

  test('given wrapped lines, when split, then they are one block and a quotation goes across the line break', () => {
    const text =
      'The minister told the reporters who had come to the dam on that day, “The work\nwill be finished before the winter storms arrive, whatever the weather service\nsays.”'
    expect(splitBlocks(text)).toHaveLength(1)
    expect(words(text)).toHaveLength(1)
  })
})

test('given any text, when read, then quotations lie inside it in order, apart, and inside their marks', () => {
  const piece = fc.constantFrom(
    '“',
    '”',
    '"',
    "'",
    '‘',
    '’',
    '«',
    '»',
    "''",
    '`',
    ' ',
    '\n',
    '\n\n',
    'word',
    'Okoro',
    '.',
    ',',
    '9',
    '\ud800',
    '\0',
    '\u200f',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('')
      let last = 0
      for (const { start, end, outer } of findQuotations(text)) {
        expect(outer.start).toBeGreaterThanOrEqual(last)
        expect(start).toBeGreaterThan(outer.start)
        expect(end).toBeGreaterThan(start)
        expect(outer.end).toBeGreaterThanOrEqual(end)
        expect(outer.end).toBeLessThanOrEqual(text.length)
        last = outer.end
      }
    }),
    { numRuns: 500 },
  )
})
