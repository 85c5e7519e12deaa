import { describe, expect, test } from 'vitest'
import { completionOf } from '../../src/search/completion.ts'

const names = ['Ada Okoro', 'Adam Bell', 'Bo Adair', 'Kim Yo-jong', 'José Marín', 'The Daily Post']
const completion = completionOf(names, (name) => name)

describe('completion', () => {
  test('given nothing typed, then the most wanted come first', () => {
    expect(completion.complete('')).toEqual(names)
  })

  test('given the beginning of a label, then labels that begin so come before words that do', () => {
    expect(completion.complete('ada')).toEqual(['Ada Okoro', 'Adam Bell', 'Bo Adair'])
  })

  test.each([
    ['okoro', 'Ada Okoro'],
    ['kim yo jong', 'Kim Yo-jong'],
    ['jose marin', 'José Marín'],
    ['bell ad', 'Adam Bell'],
    ['okroo', 'Ada Okoro'],
    ['dayly', 'The Daily Post'],
  ])('given %j, then %s is offered first', (typed, first) => {
    expect(completion.complete(typed)[0]).toBe(first)
  })

  test('given what nobody is called, then nothing is offered', () => {
    expect(completion.complete('zzzzzz')).toEqual([])
  })

  test('given more matches than Discord shows, then 25 are offered', () => {
    const many = completionOf(
      Array.from({ length: 60 }, (_, i) => `Article ${String(i)}`),
      (name) => name,
    )
    expect(many.complete('art')).toHaveLength(25)
    expect(many.complete('')).toHaveLength(25)
  })
})
