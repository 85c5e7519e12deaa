import { expect, test } from 'vitest'
import { areCopies, shinglesOf } from '../../src/search/duplicates.ts'

const numbers = new Map<string, number>()
/** The words by number, as the index names their stems. */
const wordsOf = (text: string) =>
  (text.toLowerCase().match(/\p{L}+/gu) ?? []).map((word) => {
    numbers.set(word, numbers.get(word) ?? numbers.size)
    return numbers.get(word) ?? 0
  })
const same = (a: string, b: string) => areCopies(shinglesOf(wordsOf(a)), shinglesOf(wordsOf(b)))
const REPORT = 'The old mill by the weir burned down on Friday night and took the neighbouring granary with it.'

test('given a text and itself in other marks and capitals, then they are copies', () => {
  expect(same(`“${REPORT}”`, REPORT.toUpperCase())).toBe(true)
})
test('given a text trimmed by a clause, then they are copies', () => {
  expect(same(REPORT, 'The old mill by the weir burned down on Friday night.')).toBe(true)
})
test('given two reports of one event, then they are not copies', () => {
  expect(
    same(REPORT, 'On Friday night a fire destroyed the old mill by the weir; a granary beside it burned too.'),
  ).toBe(false)
})
test('given two short texts with different words, then they are not copies', () => {
  expect(same('She agreed.', 'He agreed.')).toBe(false)
})
