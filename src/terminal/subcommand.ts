import type { Command as Program } from 'commander'
import type { Command } from '../command.ts'
import { readConfig, type Config } from '../config.ts'
import { UserError } from '../errors.ts'

/** Exit codes that scripts can rely on. */
export const EXIT = { answered: 0, error: 1, usage: 2, nothingFound: 3 } as const

/** What the program is given: the commands that Discord has too, and where its exit code goes. */
export type SubcommandContext = { readonly commands: readonly Command[]; readonly exit: (code: number) => void }

/** Flags of every subcommand that works on a coverage: where it lies. */
export type Places = { readonly corpus?: string; readonly index?: string }

/** Adds a subcommand with the flags for its places and an example under its help. */
export function subcommand(program: Program, name: string, description: string, example: string): Program {
  return withExample(
    program
      .command(name)
      .description(description)
      .option('--corpus <dir>', 'where the articles lie (CORPUS_DIR)')
      .option('--index <dir>', 'where the index lies (INDEX_DIR)'),
    example,
  )
}

/** Puts an example under a subcommand's help. */
export function withExample(program: Program, example: string): Program {
  return program.addHelpText('after', `\nExample:\n  npm run -s verbatim -- ${example}`)
}

/** The settings, with the places that the flags name. @throws UserError as `readConfig` */
export function configOf({ corpus, index }: Places): Config {
  return readConfig({
    ...process.env,
    ...(corpus === undefined ? {} : { CORPUS_DIR: corpus }),
    ...(index === undefined ? {} : { INDEX_DIR: index }),
  })
}

/** Aborted by Ctrl-C, so that long work ends with everything in order; a second Ctrl-C ends the process. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => {
    controller.abort(new UserError('cancelled', 'Cancelled.', 'What was there before is untouched.'))
  })
  return controller.signal
}

/** One object a line, for scripts. */
export function writeJsonLines(records: readonly unknown[]): void {
  process.stdout.write(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
}
