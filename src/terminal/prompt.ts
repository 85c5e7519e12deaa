import { createInterface } from 'node:readline'
import type { Command, CommandContext } from '../command.ts'
import type { Reply } from '../reply.ts'
import { renderReply } from './render.ts'
import { readTypedCommand } from './typed-command.ts'

/** What the prompt works with. Streams are passed in, so that a test can be the person who types. */
export type PromptOptions = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  readonly commands: readonly Command[]
  /** Made anew for each line, so that a line is answered from the newest index. */
  readonly context: () => CommandContext | Promise<CommandContext>
  /** The one place that words a failure for a person. */
  readonly failureReply: (error: unknown) => Reply
  readonly color: boolean
}

const QUIT = /^\/?(quit|exit|q)$/iu

/**
 * Reads one line at a time, answers each, and ends with the input (or /quit). On a terminal it shows a prompt and keeps
 * a history; lines that are typed while an answer is on its way are answered in order.
 */
export async function runPrompt(options: PromptOptions): Promise<void> {
  const { input, output, commands } = options
  const isInteractive = input.isTTY === true && output.isTTY === true
  const lines = createInterface({
    input,
    output: isInteractive ? output : undefined,
    terminal: isInteractive,
    prompt: '› ',
    completer: (line: string) => completeCommand(line, commands),
  })
  if (isInteractive) {
    output.write('Ask a question, or /help. Ctrl-D or /quit leaves.\n')
    lines.prompt()
  }
  for await (const line of lines) {
    const text = line.trim()
    if (QUIT.test(text)) break
    if (text !== '') {
      if (!isInteractive) output.write(`› ${text}\n`)
      const reply = await answerLine(text, options)
      output.write(`\n${renderReply(reply, { columns: output.columns ?? 80, color: options.color })}\n`)
    }
    if (isInteractive) lines.prompt()
  }
  lines.close()
}

async function answerLine(text: string, { commands, context, failureReply }: PromptOptions): Promise<Reply> {
  try {
    const { command, options } = readTypedCommand(text, commands)
    return await command.run(options, await context())
  } catch (error) {
    return failureReply(error)
  }
}

function completeCommand(line: string, commands: readonly Command[]): [string[], string] {
  const names = commands.map((command) => `/${command.definition.name} `)
  return [line.startsWith('/') ? names.filter((name) => name.startsWith(line)) : [], line]
}
