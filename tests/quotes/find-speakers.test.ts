import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSpeakerFinder, type SpeakerLookup } from '../../src/quotes/find-speakers.ts'

type Named = { readonly name: string; readonly aliases: readonly { readonly alias: string }[]; readonly quotes: number }

function speaker(name: string, quotes: number, ...aliases: readonly string[]): Named {
  return { name, quotes, aliases: aliases.map((alias) => ({ alias })) }
}

const finder = openSpeakerFinder([
  speaker('Bae Sun Ho', 40, 'Bae', 'Marshal Bae Sun-ho'),
  speaker('Bae Yu-na', 12),
  speaker('Nora Lund', 30, 'Lund', 'Governor Nora Lund'),
  speaker('Lund', 2),
  speaker('Peter Nash', 9, 'Nash'),
  speaker('Peter Nash Jr.', 3),
  speaker('Northern Harbour Authority', 7, 'NHA'),
  speaker('Øystein Bråten', 1),
  speaker('Oleksandr Marchenko', 5, 'Marchenko'),
])

function outcome(found: SpeakerLookup<Named>): string | string[] | null {
  switch (found.kind) {
    case 'one':
      return found.match.speaker.name
    case 'several':
      return found.candidates.map((candidate) => candidate.speaker.name)
    case 'none':
      return null
  }
}

describe('looking a speaker up', () => {
  test.each([
    ['the whole name', 'Nora Lund', 'Nora Lund'],
    ['other capitals and accents', 'oystein braten', 'Øystein Bråten'],
    ['a missing hyphen', 'Bae Yuna', 'Bae Yu-na'],
    ['another hyphen', 'bae sun-ho', 'Bae Sun Ho'],
    ['the names in the other order', 'Sun Ho Bae', 'Bae Sun Ho'],
    ['a given name', 'yu-na', 'Bae Yu-na'],
    ['a title before the name', 'President Nora Lund', 'Nora Lund'],
    ['an abbreviation', 'the NHA', 'Northern Harbour Authority'],
    ['some words of a body', 'harbour authority', 'Northern Harbour Authority'],
    ['beginnings', 'olek march', 'Oleksandr Marchenko'],
    ['a wrong letter', 'Nora Lumd', 'Nora Lund'],
    ['two wrong letters in a long name', 'Marchneko', 'Oleksandr Marchenko'],
    ['a name whose longer form is another person', 'peter nash', 'Peter Nash'],
    ['that longer form', 'nash jr', 'Peter Nash Jr.'],
    ['a surname of one bearer and of somebody without first name', 'Lund', 'Nora Lund'],
  ])('given %s, when looked up, then it means one speaker', (_, query, name) => {
    expect(outcome(finder.lookUp(query))).toBe(name)
  })
  test.each([
    ['a family name of two, though only one is called by it', 'bae', ['Bae Sun Ho', 'Bae Yu-na']],
    ['a surname of father and son', 'Nash', ['Peter Nash', 'Peter Nash Jr.']],
  ])('given %s, when looked up, then the candidates are listed, the most quoted first', (_, query, names) => {
    expect(outcome(finder.lookUp(query))).toEqual(names)
  })
  test('given a surname somebody bears without a first name, when it means another, then they are named beside', () => {
    const found = finder.lookUp('Lund')
    expect(found.kind === 'one' && found.others.map((other) => other.name)).toEqual(['Lund'])
    const whole = finder.lookUp('Nora Lund')
    expect(whole.kind === 'one' && whole.others.map((other) => other.name)).toEqual(['Lund'])
  })
  test.each(['', '   ', '…', '.*', 'zzzz', 'Q'.repeat(5_000)])(
    'given “%s”, when looked up, then it is nobody',
    (query) => {
      expect(finder.lookUp(query)).toEqual({ kind: 'none' })
    },
  )
})

describe('completing what is typed', () => {
  test('given nothing, when completed, then the most quoted come first', () => {
    expect(finder.complete('', 2).map((found) => found.name)).toEqual(['Bae Sun Ho', 'Nora Lund'])
  })
  test.each([
    ['b', ['Bae Sun Ho', 'Bae Yu-na', 'Øystein Bråten']],
    ['bae y', ['Bae Yu-na']],
    ['nh', ['Northern Harbour Authority']],
    ['marchemko', ['Oleksandr Marchenko']],
  ])('given “%s”, when completed, then the speakers are those', (typed, names) => {
    expect(finder.complete(typed).map((found) => found.name)).toEqual(names)
  })
})

const word = fc.constantFrom('Ada', 'Okoro', 'Nora', 'Lund', 'Bae', 'Sun', 'Ho', 'Peter', 'Nash')
const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '))
const many = fc.uniqueArray(fc.record({ name, quotes: fc.nat(50), aliases: fc.constant([]) }), {
  selector: (one) => one.name,
  minLength: 1,
  maxLength: 30,
})

describe('whatever the speakers', () => {
  test('given any of them, when looked up by a name of two words or more, then that speaker is found first', () =>
    fc.assert(
      fc.property(many, (speakers) => {
        const any = openSpeakerFinder(speakers)
        for (const one of speakers.filter((each) => each.name.includes(' '))) {
          const found = any.find(one.name)
          // Namesakes in the other order come as close.
          const letters = (text: string): string => text.toLowerCase().split(' ').sort().join(' ')
          expect(letters(found[0]?.speaker.name ?? '')).toBe(letters(one.name))
        }
      }),
    ))
  test('given any query, when looked up, then candidates are at least two', () =>
    fc.assert(
      fc.property(many, fc.string(), (speakers, query) => {
        const found = openSpeakerFinder(speakers).lookUp(query)
        if (found.kind === 'several') expect(found.candidates.length).toBeGreaterThan(1)
      }),
    ))
})
