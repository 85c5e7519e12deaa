import { describe, expect, test } from 'vitest'
import type { Command } from '../../src/command.ts'
import { UserError } from '../../src/errors.ts'
import { readTypedCommand } from '../../src/terminal/typed-command.ts'

const command = (name: string, options: Command['definition']['options']): Command => ({
  definition: { name, description: name, options, example: `/${name} …`, access: 'everyone' },
  run: () => Promise.resolve({ outcome: 'answered', audience: 'everyone', blocks: [], actions: [] }),
})
const text = (name: string, required = false) => ({
  name,
  description: `the ${name}`,
  type: 'string' as const,
  required,
})
const commands = [
  command('ask', [text('question', true), { name: 'since', description: 'from this day on', type: 'date' }]),
  command('quotes', [
    text('speaker', true),
    text('about'),
    { name: 'private', description: 'only me', type: 'boolean' },
  ]),
  command('verify', [text('quote', true), text('speaker')]),
  command('help', []),
]
const read = (line: string) => {
  const typed = readTypedCommand(line, commands)
  return [typed.command.definition.name, typed.options]
}
const refusal = (line: string): UserError => {
  try {
    readTypedCommand(line, commands)
  } catch (error) {
    if (error instanceof UserError) return error
  }
  throw new Error(`"${line}" was not refused`)
}

describe('a line typed at the prompt', () => {
  test.each([
    ['just a question?', ['ask', { question: 'just a question?' }]],
    ['/ask who signed it?', ['ask', { question: 'who signed it?' }]],
    ['/ASK who', ['ask', { question: 'who' }]],
    [
      '/quotes ada okoro about:"the old bridge" private:yes',
      ['quotes', { speaker: 'ada okoro', about: 'the old bridge', private: true }],
    ],
    ['/quotes "ada okoro"', ['quotes', { speaker: 'ada okoro' }]],
    ['/verify "it is safe" speaker:okoro', ['verify', { quote: '"it is safe"', speaker: 'okoro' }]],
    ['/ask the score was 3:1 since:2024-06-24', ['ask', { question: 'the score was 3:1', since: '2024-06-24' }]],
    ['/help', ['help', {}]],
  ])('given %j, when read, then it is %j', (line, expected) => {
    expect(read(line)).toEqual(expected)
  })

  test('given an unknown command, when read, then the known ones are named', () => {
    expect(refusal('/askk x')).toMatchObject({
      code: 'bad-argument',
      remedy: expect.stringContaining('/ask') as string,
    })
  })

  test('given a command without what it needs, when read, then the missing option is named', () => {
    expect(refusal('/quotes about:bridge').message).toContain('speaker')
  })

  test.each(['2024-13-01', 'yesterday', '2024-02-30'])('given the date %s, when read, then it is refused', (date) => {
    expect(refusal(`/ask who since:${date}`).message).toContain(date)
  })

  test('given no option where a command takes none, when something is typed, then it says so', () => {
    expect(refusal('/help me').message).toContain('takes no options')
  })
})
