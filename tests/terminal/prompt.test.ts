import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Command, CommandContext } from '../../src/command.ts'
import { runPrompt } from '../../src/terminal/prompt.ts'

const echo: Command = {
  definition: {
    name: 'ask',
    description: 'Repeats the question',
    options: [{ name: 'question', description: 'a question', type: 'string', required: true }],
    example: '/ask who?',
    access: 'everyone',
  },
  run: ({ question }) =>
    question === 'break'
      ? Promise.reject(new Error('broken'))
      : Promise.resolve({
          outcome: 'answered',
          audience: 'everyone',
          blocks: [{ kind: 'text', text: `heard ${String(question)}` }],
          actions: [],
        }),
}

async function typed(input: string): Promise<string> {
  const output = new PassThrough()
  await runPrompt({
    input: Readable.from([input]),
    output,
    commands: [echo],
    context: () => ({}) as CommandContext,
    failureReply: () => ({
      outcome: 'failed',
      audience: 'asker',
      blocks: [{ kind: 'notice', text: 'it broke' }],
      actions: [],
    }),
    color: false,
  })
  return String(output.read() ?? '')
}

describe('the prompt, when its input is not a terminal', () => {
  test('given two lines, when read, then each is answered in order and the prompt ends', async () => {
    const text = await typed('first\n\n/ask second')
    expect(text.indexOf('heard first')).toBeGreaterThan(-1)
    expect(text.indexOf('heard second')).toBeGreaterThan(text.indexOf('heard first'))
  })

  test('given a command that fails, when read, then it is told and the next line is answered', async () => {
    const text = await typed('break\nnext\n')
    expect(text).toContain('it broke')
    expect(text).toContain('heard next')
  })

  test('given /quit, when read, then nothing after it is answered', async () => {
    expect(await typed('one\n/quit\ntwo\n')).not.toContain('heard two')
  })

  test('given no line at all, when read, then the prompt ends', async () => {
    expect(await typed('')).toBe('')
  })
})
