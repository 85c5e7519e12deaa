import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lexiconOf } from '../../src/search/lexicon.ts'
import { readQuestion } from '../../src/search/question.ts'
import { openHarbourCoverage, type HarbourCoverage } from './harbour-coverage.ts'

let coverage: HarbourCoverage
beforeAll(async () => {
  coverage = await openHarbourCoverage()
})
afterAll(() => coverage.close())

const read = (text: string) => readQuestion(text, lexiconOf(coverage.generation))

describe('kinds of question', () => {
  test.each([
    ['who opened the line', 'who'],
    ['which mayor opened the line', 'who'],
    ['when did the museum open', 'when'],
    ['what year was that', 'when'],
    ['where does the ferry go', 'where'],
    ['how many clocks are there', 'number'],
    ['why is the bridge closed', 'why'],
    ['what river is that', 'where'],
    ['what colour is that', 'what'],
    ['flood damage', 'topic'],
    ['what did serrano say about wages', 'said'],
    ['what is serrano saying about wages', 'said'],
    ['did ohara ever promise a bridge', 'said'],
    ['what was the ferry called', 'what'],
  ])('given %j, then it asks for: %s', (text, kind) => {
    expect(read(text).kind).toBe(kind)
  })

  test('given whose words are asked for, then that name is the speaker and the rest the topic', () => {
    const { terms } = read('what did paulo serrano say about higher wages')
    expect(terms.map(({ readings: [reading], isSpeaker }) => [reading?.stem, isSpeaker])).toEqual([
      ['paulo', true],
      ['serrano', true],
      ['higher', false],
      ['wage', false],
    ])
  })
})

describe('readings of a word', () => {
  const readings = (word: string) =>
    lexiconOf(coverage.generation)
      .readings(word)
      .map(({ stem }) => stem)

  test.each([
    ['a letter too many', 'musseum', 'museum'],
    ['a letter too few', 'crosing', 'cross'],
    ['two letters changed over', 'brigde', 'bridg'],
    ['two words written as one', 'ferryline', 'line'],
    ['a short form', 'fed', 'feder'],
  ])('given %s, then the word that is meant is among them', (_case, word, stem) => {
    expect(readings(word)).toContain(stem)
  })

  test('given a known word, then it is never taken for a misspelt one', () => {
    expect(readings('clock')[0]).toBe('clock')
    expect(readings('clock')).not.toContain('lock')
  })

  test('given a number, then it stands only for itself', () => {
    expect(readings('1924')).toEqual(['1924'])
  })
})
