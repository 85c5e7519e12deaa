import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFrames } from '../../src/quotes/frames.ts'
import { findQuotations, splitBlocks } from '../../src/quotes/spans.ts'

function framesOf(text: string) {
  const blocks = splitBlocks(text)
  return readFrames(text, blocks, findQuotations(text, blocks))
}
const sentences = (text: string) => framesOf(text).map(({ start, end }) => text.slice(start, end))

test('given full stops inside a quotation, when read, then the sentence around it goes on', () => {
  const text = '“It holds. It always has. Trust it,” Okoro said. Rain fell.'
  expect(sentences(text)).toEqual(['“It holds. It always has. Trust it,” Okoro said.', 'Rain fell.'])
})

test('given a question in marks and its cue, when read, then they are one sentence', () => {
  expect(sentences('“Will it hold?” Okoro asked. “Yes.” Then she left.')).toEqual([
    '“Will it hold?” Okoro asked.',
    '“Yes.”',
    'Then she left.',
  ])
})

test('given abbreviations and initials, when read, then they end no sentence', () => {
  expect(sentences('Sen. Ada B. Okoro met Gov. Lind in the U.S. Capitol. It rained.')).toHaveLength(2)
})

test('given a headline in capitals, when read, then it is told apart from a sentence', () => {
  expect(
    framesOf('Harbour Minister Warns Town Over Leaking Dam\n\nThe Harbour Minister warned the Town.').map(
      (frame) => frame.titleCase,
    ),
  ).toEqual([true, false])
})

test('given hyphens in names, when read, then each name is one word', () => {
  const words = framesOf('Han Ji-woo met Jean-Claude Berg.')[0]?.tokens.map((token) => token.text)
  expect(words).toContain('Ji-woo')
  expect(words).toContain('Jean-Claude')
})

test('given a word of hyphens without end, when read, then no token grows with it', () => {
  const text = 'Ann-'.repeat(2000)
  const tokens = framesOf(text).flatMap((frame) => frame.tokens)
  expect(Math.max(...tokens.map((token) => token.text.length))).toBeLessThanOrEqual(60)
  expect(tokens.map((token) => token.text).join('')).toBe(text)
})

test('given any text, when read, then tokens are slices of it in order and no quotation is lost', () => {
  const piece = fc.constantFrom(
    '“',
    '”',
    '"',
    ' ',
    '. ',
    ', ',
    '\n\n',
    'Okoro',
    'said',
    "isn't",
    'Ji-woo',
    '\ud800',
    '\0',
    '\u200f',
    '…',
    '😀',
    '½',
    'ﬁ',
    '---',
    '$5.20',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 50 }), (pieces) => {
      const text = pieces.join('')
      const blocks = splitBlocks(text)
      const quotations = findQuotations(text, blocks)
      const tokens = readFrames(text, blocks, quotations).flatMap((frame) => frame.tokens)
      let last = 0
      for (const token of tokens) {
        expect(token.start).toBeGreaterThanOrEqual(last)
        expect(token.end).toBeGreaterThan(token.start)
        if (token.quotation < 0) expect(text.slice(token.start, token.end)).toBe(token.text)
        last = token.end
      }
      expect(new Set(tokens.map((token) => token.quotation).filter((index) => index >= 0)).size).toBe(quotations.length)
    }),
    { numRuns: 500 },
  )
})
