import { expect, test } from 'vitest'
import { extractQuotes } from '../../src/quotes/quotes.ts'

test.each([
  ['“The lamp is dark,” said the keeper, Paulo Serrano, who climbed the tower on Friday.', 'Paulo Serrano'],
  ['“The lamp is dark,” said the keeper, Paulo Serrano.', 'Paulo Serrano'],
  ['“She is innocent,” said her lawyer, Rob Hart.', 'Rob Hart'],
  ['In court, Fisk’s lawyer, Rob Hart, said, “She is innocent.”', 'Rob Hart'],
  ['In court, Fisk’s lawyer Grace Bell said, “She is innocent.”', 'Grace Bell'],
])('given a name beside what its bearer is, when extracted from %j, then the name is the speaker', (text, speaker) => {
  expect(extractQuotes(text).map((quote) => quote.speaker)).toEqual([speaker])
})

test('given a list behind a description, when extracted, then its first name is not taken for what is described', () => {
  const text = 'They met on Monday. “It is over,” said the owner, Ada Okoro and Bo Lind.'
  expect(extractQuotes(text)[0]?.speaker).not.toBe('Ada Okoro')
})
