import { describe, expect, test } from 'vitest'
import { continueQuestion } from '../../src/discord/follow-up.ts'

const BEFORE = { question: 'What did Ada Okoro say about the bridge repairs?' }

describe('following up', () => {
  test.each([
    ['and what did she say later?', 'what did Ada Okoro say later about the bridge repairs?'],
    ['what else did she say?', 'what else did Ada Okoro say about the bridge repairs?'],
    ['And her plan for the ferries?', 'Ada Okoro’s plan for the ferries?'],
    ['why?', 'why about the bridge repairs?'],
    ['what did she say about the ferries?', 'what did Ada Okoro say about the ferries?'],
    ['What did Lena Brandt say?', 'What did Lena Brandt say about the bridge repairs?'],
    ['What did Lena Brandt say about the pool?', 'What did Lena Brandt say about the pool?'],
    ['how much will the new library cost?', 'how much will the new library cost?'],
  ])(
    'given “%s”, when it follows a question about Ada Okoro and the bridge repairs, then it asks “%s”',
    (next, asked) => {
      expect(continueQuestion(BEFORE, next)).toBe(asked)
    },
  )

  test('given a speaker the question did not name, when followed by a pronoun, then it is that speaker', () => {
    const before = { question: 'who warned of the storms?', speaker: 'Jonas Weld' }
    expect(continueQuestion(before, 'what did he say next?')).toBe('what did Jonas Weld say next about warned storms?')
  })

  test('given nothing but a connective, when continued, then it is asked as it is', () => {
    expect(continueQuestion({ question: '' }, 'and')).toBe('and')
  })
})
