import type { Command } from '../command.ts'
import type { Config } from '../config.ts'
import { failureReply } from '../failure.ts'
import { openOrBuild } from './build.ts'
import { runPrompt } from './prompt.ts'
import type { Layout } from './render.ts'

/** The prompt on this process's terminal, over the configured coverage; ends with the input. */
export async function chat(config: Config, commands: readonly Command[]): Promise<void> {
  const engine = await openOrBuild(config, process.stderr)
  try {
    await runPrompt({
      input: process.stdin,
      output: process.stdout,
      commands,
      context: () => ({ engine }),
      failureReply: (error) => failureReply(error, logIncident),
      color: layout().color,
    })
  } finally {
    await engine.close()
  }
}

/** Writes what broke to standard error, where an operator of the command line looks. */
export function logIncident(incident: string, error: unknown): void {
  console.error(`incident ${incident}:`, error)
}

/** How replies are laid out on this process's terminal. */
export function layout(): Layout {
  return {
    columns: process.stdout.columns || 80,
    color: process.stdout.isTTY && process.env.NO_COLOR === undefined,
  }
}
