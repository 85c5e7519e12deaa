import { expect, test } from 'vitest'
import { cueForm } from '../../src/quotes/cues.ts'

test.each([
  ['says', 'say'],
  ['told', 'tell'],
  ['denied', 'deny'],
  ['denies', 'deny'],
  ['quipped', 'quip'],
  ['admitting', 'admit'],
  ['writing', 'write'],
  ['written', 'write'],
  ['accused', 'accuse'],
  ['slammed', 'slam'],
  ['expresses', 'express'],
  ['sought', 'seek'],
])('given the form %s, when looked up, then it is a cue of the verb %s', (form, lemma) => {
  expect(cueForm(form)?.lemma).toBe(lemma)
})

test('given words that are no verbs of saying, when looked up, then there is no cue', () => {
  for (const word of ['walked', 'harbour', 'runs', 'sings', '']) expect(cueForm(word)).toBeUndefined()
})

test('given forms of one verb, when looked up, then gerund and participle are told apart', () => {
  expect(cueForm('saying')).toMatchObject({ gerund: true, participle: false })
  expect(cueForm('written')).toMatchObject({ gerund: false, participle: true })
})
