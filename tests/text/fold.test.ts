import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, foldKey } from '../../src/text/fold.ts'

describe('fold', () => {
  test.each([
    ['quotes', '“It’s here”', '"it\'s here"'],
    ['dashes', 'Okoro‑Bell — 1990–95', 'okoro-bell - 1990-95'],
    ['diacritics', 'Jérôme Łukasz Çelik', 'jerome lukasz celik'],
    ['white space', ' two\u00a0 \n words ', 'two words'],
    ['ligatures and invisible marks', 'ﬁne\u200b day\u00ad', 'fine day'],
  ])('given %s that look different, when folded, then they read the same', (_case, text, folded) => {
    expect(foldKey(text)).toBe(folded)
  })

  test('given a match in the folded text, when mapped back, then the slice is verbatim', () => {
    const original = 'She said: “Déjà  vu…” and left.'
    const folded = fold(original)
    const at = folded.text.indexOf('deja vu...')
    const { start, end } = folded.originalRange(at, at + 'deja vu...'.length)
    expect(original.slice(start, end)).toBe('Déjà  vu…')
  })

  test('given a combining accent, when a letter is mapped back, then it keeps its accent', () => {
    const original = 'cafe\u0301 au lait'
    const { start, end } = fold(original).originalRange(0, 4)
    expect(original.slice(start, end)).toBe('cafe\u0301')
  })

  test('given a range outside, when mapped back, then it is refused', () => {
    expect(() => fold('abc').originalRange(2, 9)).toThrow(RangeError)
  })

  test('for any text, folding twice changes nothing and every range maps to its own words', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), fc.nat(), (text, a, b) => {
        const folded = fold(text)
        if (folded.text === '') return
        const start = Math.min(a, b) % folded.text.length
        const end = Math.min(start + 1 + (Math.max(a, b) % 12), folded.text.length)
        const range = folded.originalRange(start, end)
        expect(range.end).toBeGreaterThan(range.start)
        expect(foldKey(text.slice(range.start, range.end))).toContain(folded.text.slice(start, end).trim())
        expect(foldKey(folded.text)).toBe(folded.text)
      }),
    ))
})
