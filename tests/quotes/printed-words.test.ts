import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printedWord } from '../../src/quotes/printed-words.ts'

test('given any words, however many came before, when read, then each is folded as if it were the first', () => {
  const word = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('Lee’s', 'ÉTÉ', 'İn', 'o’clock', ''))
  fc.assert(
    fc.property(word, (text) => {
      for (const read of [printedWord(text), printedWord(text)]) {
        expect(read).toEqual({
          text,
          lower: text.toLowerCase().replaceAll('’', "'"),
          capital: /^\p{Lu}/u.test(text),
        })
      }
    }),
  )
})

test('given more words than are kept, when one of the first comes again, then it is read as before', () => {
  const first = { ...printedWord('Harbour') }
  for (let i = 0; i < 40_000; i++) printedWord(`word${String(i)}`)
  expect(printedWord('Harbour')).toEqual(first)
})
