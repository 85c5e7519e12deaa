import { inspect } from 'node:util'
import type { Command } from '../command.ts'
import type { Config } from '../config.ts'
import { failureReply } from '../failure.ts'
import { strikeSecrets } from '../secrets.ts'
import { openOrBuild } from './build.ts'
import { runPrompt } from './prompt.ts'
import { plain, renderReply, type Layout } from './render.ts'

/** The prompt on this process's terminal, over the configured coverage; ends with the input. */
export async function chat(config: Config, commands: readonly Command[]): Promise<void> {
  const engine = await openOrBuild(config, process.stderr)
  try {
    await runPrompt({
      input: process.stdin,
      output: process.stdout,
      // Those of moderators are Discord's; here, whoever may run this may run `verbatim corpus`.
      commands: commands.filter(({ definition }) => definition.access === 'everyone'),
      context: () => ({ engine }),
      failureReply: (error) => failureReply(error, logIncident),
      color: layout().color,
    })
  } finally {
    await engine.close()
  }
}

/** Writes what broke to standard error, where an operator of the command line looks; never the bot's token. */
export function logIncident(incident: string, error: unknown): void {
  process.stderr.write(safe(`incident ${incident}: ${inspect(error)}\n`))
}

/** Tells on standard error why the process cannot go on. */
export function reportFailure(error: unknown): void {
  const columns = process.stderr.columns || 80
  process.stderr.write(safe(renderReply(failureReply(error, logIncident), { columns, color: false })))
}

function safe(text: string): string {
  return strikeSecrets(plain(text), [process.env['DISCORD_TOKEN']])
}

/** How replies are laid out on this process's terminal. */
export function layout(): Layout {
  return {
    columns: process.stdout.columns || 80,
    color: process.stdout.isTTY && process.env.NO_COLOR === undefined,
  }
}
