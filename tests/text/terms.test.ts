import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTerms, parseTerms, readTerms } from '../../src/text/terms.ts'

const stems = (text: string) =>
  readTerms(text)
    .filter((term) => !term.isInitials)
    .map((term) => term.stem)
const initials = (text: string) =>
  readTerms(text)
    .filter((term) => term.isInitials)
    .map((term) => term.stem)

describe('readTerms', () => {
  test.each([
    ['a possessive', "the harbour's cranes", 'the harbours cranes'],
    ['an apostrophe in a name', "O'Hara", 'ohara'],
    ['points in an abbreviation', 'the U.N. envoy', 'the UN envoy'],
    ['diacritics', 'Señor Núñez', 'senor nunez'],
    ['a comma in a number', '1,250 ships', '1250 ship'],
    ['an irregular form', 'They sought shelter', 'they seek shelter'],
    ['a hyphen', 'Min-seo', 'min seo'],
  ])('given %s, when read, then it is the same as without', (_case, text, same) => {
    expect(stems(text)).toEqual(stems(same))
  })

  test('given a decimal number, when read, then it stays whole', () => {
    expect(stems('It grew by 3.5 percent.')).toContain('3.5')
  })

  test('given a name of several words, when read, then its initials are terms too, with and without small words', () => {
    expect(initials('She leads the Ministry of the Northern Isles today')).toEqual(
      expect.arrayContaining(['mni', 'motni', 'ni']),
    )
  })

  test('given words in lower case, when read, then there are no initials', () => {
    expect(initials('the ministry of the northern isles')).toEqual([])
  })

  test('given names that a comma parts, when read, then no initials run across it', () => {
    expect(initials('Ada, Okoro, Pell')).toEqual([])
  })

  test('given any text, when read, then terms have places in it, in order', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        let place = 0
        for (const term of readTerms(text)) {
          if (term.isInitials) continue
          expect(term.start).toBeGreaterThanOrEqual(place)
          expect(term.end).toBeGreaterThan(term.start)
          expect(term.end).toBeLessThanOrEqual(text.length)
          expect(term.stem).toMatch(/^[\p{L}\p{N}.]+$/u)
          place = term.start
        }
      }),
    ))

  test('given any terms, when formatted and parsed, then they are the same', () => {
    const words = fc.array(fc.constantFrom('Ada', 'of', 'the', 'Isles,', 'saw', '1,250', 'ships.', 'U.N.'))
    fc.assert(
      fc.property(words, (text) => {
        const terms = readTerms(text.join(' '))
        expect(parseTerms(formatTerms(terms))).toEqual(
          terms.map(({ stem, isCapital, isAdjacent, isInitials }) => ({ stem, isCapital, isAdjacent, isInitials })),
        )
      }),
    )
  })
})
