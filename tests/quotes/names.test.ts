import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findIntroductions } from '../../src/quotes/introductions.ts'
import { mergeSpeakers, readArticleNames, type ArticleNames, type MergedSpeakers } from '../../src/quotes/names.ts'
import type { Quote } from '../../src/quotes/quote.ts'

/** An article as extraction leaves it: each speaker with the mentions beside its quotes. */
function article(slug: string, body: string, speakers: Readonly<Record<string, readonly string[]>>): ArticleNames {
  const quotes = Object.entries(speakers).flatMap(([speaker, mentions]) =>
    mentions.map((mention, i): Quote => {
      const start = Math.max(0, body.indexOf(mention))
      return {
        start: 0,
        end: 1,
        kind: 'direct',
        text: body.slice(0, 1),
        utterance: i,
        speaker,
        mention: { start, end: start + mention.length, text: mention },
        cue: null,
        attribution: 'cue',
        confidence: 0.9,
      }
    }),
  )
  return readArticleNames(slug, body, quotes)
}

/** An article that names a speaker only as given. */
function naming(slug: string, ...names: readonly string[]): ArticleNames {
  return article(slug, `${names.join(' and ')} spoke.`, Object.fromEntries(names.map((name) => [name, [name]])))
}

function names(merged: MergedSpeakers): string[] {
  return merged.speakers.map((speaker) => speaker.name)
}

function aliases(merged: MergedSpeakers, name: string): [string, string][] {
  const speaker = merged.speakers.find((one) => one.name === name)
  return (speaker?.aliases ?? []).map((alias) => [alias.alias, alias.reason])
}

describe('one person under several printed names', () => {
  test('given a name with and without hyphen, capital and accent, when merged, then it is one speaker', () => {
    const merged = mergeSpeakers([
      naming('a', 'Min Seo-yun'),
      naming('b', 'Min Seo Yun'),
      naming('c', 'Min Seo-Yun'),
      naming('d', 'MIN SEO YUN'),
      naming('e', 'Min Seoyun'),
      naming('f', 'Min Seo-yun'),
    ])
    expect(names(merged)).toEqual(['Min Seo-yun'])
    expect(merged.speakers[0]).toMatchObject({ kind: 'person', quotes: 6, articles: 6 })
    expect(aliases(merged, 'Min Seo-yun').map(([, reason]) => reason)).toEqual(
      Array.from({ length: 4 }, () => 'other hyphens, capitals or accents'),
    )
  })
  test('given a title in one article, when merged, then the canonical name has none and the alias says why', () => {
    const merged = mergeSpeakers([
      naming('a', 'Ada Okoro'),
      article('b', 'Foreign Minister Ada Okoro spoke.', { 'Ada Okoro': ['Foreign Minister Ada Okoro'] }),
    ])
    expect(names(merged)).toEqual(['Ada Okoro'])
    expect(aliases(merged, 'Ada Okoro')).toEqual([['Foreign Minister Ada Okoro', 'title left out']])
  })
  test('given a middle initial in some articles, when merged, then it is one speaker under the commoner form', () => {
    const merged = mergeSpeakers([naming('a', 'Ruth B. Ekman'), naming('b', 'Ruth Ekman'), naming('c', 'Ruth Ekman')])
    expect(names(merged)).toEqual(['Ruth Ekman'])
    expect(aliases(merged, 'Ruth Ekman')).toEqual([['Ruth B. Ekman', 'middle initial left out or put in']])
  })
  test('given the two orders of a name and the same short form in both, when merged, then it is one speaker', () => {
    const merged = mergeSpeakers([
      article('a', 'Haru Mori spoke. Mori left.', { 'Haru Mori': ['Haru Mori', 'Mori'] }),
      article('b', 'Mori Haru spoke. Mori left.', { 'Mori Haru': ['Mori Haru', 'Mori'] }),
    ])
    expect(merged.speakers).toHaveLength(1)
  })
  test('given y for i in a name of the same office, when merged, then it is one speaker', () => {
    const merged = mergeSpeakers([
      article('a', 'Foreign Minister Andrei Belov spoke.', { 'Andrei Belov': ['Andrei Belov'] }),
      article('b', 'Foreign Minister Andrey Belov spoke.', { 'Andrey Belov': ['Andrey Belov'] }),
    ])
    expect(merged.speakers).toHaveLength(1)
  })
  test('given a surname alone with the office of its one bearer, when merged, then it means the bearer', () => {
    const merged = mergeSpeakers([
      article('a', 'President Nora Lund spoke.', { 'Nora Lund': ['Nora Lund'] }),
      article('b', 'President Lund spoke.', { Lund: ['Lund'] }),
    ])
    expect(names(merged)).toEqual(['Nora Lund'])
    expect(merged.speakerOf('b', 'Lund')?.name).toBe('Nora Lund')
  })
})

describe('short forms within an article', () => {
  test('given a family name that stands first, when the article calls them by it, then the alias is the family name', () => {
    const merged = mergeSpeakers([
      article('a', 'Bae Sun Ho spoke. Bae left.', { 'Bae Sun Ho': ['Bae Sun Ho', 'Bae'] }),
      article('b', 'Nora Lund spoke. Lund left. Nora smiled.', { 'Nora Lund': ['Lund', 'Nora'] }),
    ])
    expect(aliases(merged, 'Bae Sun Ho')).toEqual([['Bae', 'family name, in an article that gives the full name']])
    expect(aliases(merged, 'Nora Lund')).toEqual([
      ['Lund', 'family name, in an article that gives the full name'],
      ['Nora', 'given name, in an article that gives the full name'],
    ])
  })
  test('given pronouns and descriptions as mentions, when merged, then they are no aliases', () => {
    const merged = mergeSpeakers([
      article('a', 'Ada Okoro spoke. She left, the minister of trade.', {
        'Ada Okoro': ['She', 'the minister of trade'],
      }),
    ])
    expect(aliases(merged, 'Ada Okoro')).toEqual([])
  })
})

describe('people that are kept apart', () => {
  test.each([
    ['two people of one family name that stands first', ['Bae Sun Ho', 'Bae Yu-na']],
    ['a couple', ['Nora Lund', 'Olaf Lund']],
    ['father and son', ['Peter Nash', 'Peter Nash Jr.']],
    ['two middle initials', ['Peter A. Nash', 'Peter B. Nash']],
    ['a first and a last name that run together alike', ['Ann Abell', 'Anna Bell']],
    ['the same, with an initial between', ['Ann A. Bell', 'Anna Bell', 'Ann Abell']],
    ['the same names in the other order', ['James Thomas', 'Thomas James']],
    ['surnames one letter apart', ['Ida Andersen', 'Ida Anderson']],
    ['i and y without a common office', ['Terri Hall', 'Terry Hall']],
    ['a surname alone without an office', ['Nora Lund', 'Lund']],
    ['a ruler and a namesake', ['King Edgar', 'Edgar']],
  ])('given %s, when merged, then each is a speaker', (_, people) => {
    const merged = mergeSpeakers(people.map((name, i) => naming(`article-${String(i)}`, name)))
    expect(new Set(names(merged))).toEqual(new Set(people))
  })
  test('given a bare surname and two bearers in the coverage, when asked whom it means, then nobody', () => {
    const merged = mergeSpeakers([naming('a', 'Nora Lund'), naming('b', 'Olaf Lund'), naming('c', 'Lund')])
    expect(names(merged)).toEqual(['Nora Lund', 'Olaf Lund'])
    expect(merged.speakerOf('c', 'Lund')).toBeNull()
  })
  test('given two bearers and the office of one, when asked whom the surname with it means, then that one', () => {
    const merged = mergeSpeakers([
      article('a', 'Governor Nora Lund spoke.', { 'Nora Lund': ['Nora Lund'] }),
      article('b', 'Senator Olaf Lund spoke.', { 'Olaf Lund': ['Olaf Lund'] }),
      article('c', 'Gov. Lund spoke.', { Lund: ['Lund'] }),
    ])
    expect(merged.speakerOf('c', 'Lund')?.name).toBe('Nora Lund')
  })
  test('given two ministers of one surname, when one is prime minister, then the other office does not mean them', () => {
    const merged = mergeSpeakers([
      article('a', 'Prime Minister Nora Lund spoke.', { 'Nora Lund': ['Nora Lund'] }),
      article('b', 'Foreign Minister Lund spoke.', { Lund: ['Lund'] }),
    ])
    expect(merged.speakerOf('b', 'Lund')?.name).toBe('Lund')
  })
  test('given a description as speaker, when merged, then it is no speaker of the coverage', () => {
    const merged = mergeSpeakers([
      naming('a', 'a senior official'),
      naming('b', 'Lund supporters'),
      naming('c', 'officials'),
    ])
    expect(merged.speakers).toEqual([])
    expect(merged.speakerOf('a', 'a senior official')).toBeNull()
  })
})

describe('bodies', () => {
  test('given an abbreviation introduced in one article, when another prints it alone, then both are one body', () => {
    const merged = mergeSpeakers([
      article('a', 'The Northern Harbour Authority (NHA) said so.', { 'Northern Harbour Authority': ['NHA'] }),
      article('b', 'NHA said no more.', { NHA: ['NHA'] }),
      article('c', 'The Northern Harbour Authority’s word.', { 'the Northern Harbour Authority’s': ['it'] }),
    ])
    expect(names(merged)).toEqual(['Northern Harbour Authority'])
    expect(merged.speakers[0]?.kind).toBe('body')
    expect(aliases(merged, 'Northern Harbour Authority')).toEqual([['NHA', 'introduced as an abbreviation']])
  })
  test('given one abbreviation for two bodies, when a third article prints it alone, then it is neither', () => {
    const merged = mergeSpeakers([
      article('a', 'The Northern Harbour Authority (NHA) said so.', { NHA: ['NHA'] }),
      article('b', 'The National Housing Agency (NHA) said so.', { NHA: ['NHA'] }),
      naming('c', 'NHA'),
    ])
    expect(merged.speakerOf('a', 'NHA')?.name).toBe('Northern Harbour Authority')
    expect(merged.speakerOf('b', 'NHA')?.name).toBe('National Housing Agency')
    expect(merged.speakerOf('c', 'NHA')?.name).toBe('NHA')
  })
  test('given an official name, when the text says whose, then it is an alias of the common name', () => {
    const merged = mergeSpeakers([
      article('a', 'RNZ stands for “Republic of Nova Zembla,” the official name of Zembla.', { RNZ: ['RNZ'] }),
      naming('b', 'Zembla'),
      naming('c', 'Zembla'),
    ])
    expect(merged.speakerOf('a', 'RNZ')?.key).toBe(merged.speakerOf('b', 'Zembla')?.key)
  })
  test('given U.S., US and the United States, when merged, then they are one body', () => {
    const merged = mergeSpeakers([naming('a', 'the U.S.'), naming('b', 'US'), naming('c', 'the United States')])
    expect(names(merged)).toEqual(['United States'])
  })
  test.each([
    ['The Council of Coastal Towns (CCT) met.', 'CCT', 'Council of Coastal Towns'],
    ['CCT (Council of Coastal Towns) met.', 'CCT', 'Council of Coastal Towns'],
    ['The Council of Coastal Towns, or CCT, met.', 'CCT', 'Council of Coastal Towns'],
    ['CCT, or the Council of Coastal Towns, met.', 'CCT', 'Council of Coastal Towns'],
    ['CCT stands for Council of Coastal Towns.', 'CCT', 'Council of Coastal Towns'],
    ['The Department of Justice (“DOJ”) met.', 'DOJ', 'Department of Justice'],
  ])('given “%s”, when introductions are looked for, then %s is %s', (text, short, long) => {
    expect(findIntroductions(text)).toEqual([{ short, long }])
  })
  test.each(['Ada Okoro (L) walks.', 'Ada Okoro (AFP)', 'Sen. Peter Nash (R) met.', 'They met (IT) there.'])(
    'given “%s”, when introductions are looked for, then there is none',
    (text) => expect(findIntroductions(text)).toEqual([]),
  )
})

const GIVEN = ['Ada', 'Nora', 'Olaf', 'Peter', 'Peter A.', 'Peter B.', 'Seo-yun', 'Seo Yun', 'Sergei', 'Sergey']
const FAMILY = ['Lund', 'Nash', 'Nash Jr.', 'Bae', 'Okoro', 'Øster']
const OFFICE = ['', 'President ', 'Gov. ', 'Foreign Minister ']
const person = fc
  .tuple(fc.constantFrom(...OFFICE), fc.constantFrom('', ...GIVEN), fc.constantFrom(...FAMILY), fc.boolean())
  .map(([office, given, family, familyFirst]) => ({
    name: (familyFirst ? [family, given] : [given, family]).filter(Boolean).join(' '),
    office,
    family,
  }))
const coverage = fc
  .array(fc.array(person, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 })
  .map((all) =>
    all.map((people, i) =>
      article(
        `article-${String(i).padStart(2, '0')}`,
        people.map(({ name, office }) => `${office}${name} spoke.`).join(' '),
        Object.fromEntries(people.map(({ name, family }) => [name, [name, family]])),
      ),
    ),
  )

describe('whatever the coverage', () => {
  test('given articles in any order, when merged, then the speakers are the same', () =>
    fc.assert(
      fc.property(
        coverage.chain((articles) =>
          fc.tuple(fc.constant(articles), fc.shuffledSubarray(articles, { minLength: articles.length })),
        ),
        ([articles, shuffled]) => {
          expect(mergeSpeakers(shuffled).speakers).toEqual(mergeSpeakers(articles).speakers)
        },
      ),
    ))
  test('given any coverage, when merged, then keys are unique and every quote is counted once or means nobody', () =>
    fc.assert(
      fc.property(coverage, (articles) => {
        const merged = mergeSpeakers(articles)
        expect(new Set(merged.speakers.map(({ key }) => key)).size).toBe(merged.speakers.length)
        let quotes = 0
        for (const { article: slug, speakers } of articles) {
          for (const speaker of speakers) {
            const found = merged.speakerOf(slug, speaker.name)
            if (found === null) continue
            quotes += speaker.quotes
            // An alias or the canonical name: nobody is found under a name the index does not explain.
            const printed = [found.name, ...found.aliases.map((alias) => alias.alias)]
            expect(printed).toContain(speaker.name)
          }
        }
        expect(merged.speakers.reduce((sum, speaker) => sum + speaker.quotes, 0)).toBe(quotes)
      }),
    ))
  test('given any coverage, when merged, then nobody has two suffixes or two middle initials', () =>
    fc.assert(
      fc.property(coverage, (articles) => {
        for (const speaker of mergeSpeakers(articles).speakers) {
          const whole = [speaker.name, ...speaker.aliases.map((alias) => alias.alias)].filter((name) =>
            name.includes(' '),
          )
          const hasMark = (mark: RegExp): boolean => whole.some((name) => mark.test(name))
          expect(hasMark(/ A\. /) && hasMark(/ B\. /)).toBe(false)
          const full = whole.filter((name) => name.split(' ').length > 2 || !/Jr\.$/.test(name))
          if (full.some((name) => name.endsWith('Jr.'))) expect(full.every((name) => name.endsWith('Jr.'))).toBe(true)
        }
      }),
    ))
  test('given no articles, when merged, then there are no speakers', () => {
    expect(mergeSpeakers([]).speakers).toEqual([])
  })
})
