import { Command as Program, CommanderError } from 'commander'
import { config as loadEnvFile } from 'dotenv'
import { readConfig } from './config.ts'
import { UserError } from './errors.ts'
import { loadCommands } from './load-commands.ts'
import { reportFailure } from './terminal/chat.ts'
import { EXIT } from './terminal/subcommand.ts'
import { addSubcommands } from './terminal/subcommands.ts'

/** `verbatim <subcommand>`. Exit codes: 0 answered, 1 error, 2 usage, 3 nothing found. */
async function main(argv: readonly string[]): Promise<number> {
  loadEnvFile({ quiet: true })
  const program = new Program('verbatim')
    .description('Answers questions about news coverage with the coverage’s own words.')
    .showHelpAfterError('Try --help.')
    .exitOverride() // so for every subcommand that is added
    .addHelpText('after', '\nExit codes: 0 answered, 1 error, 2 usage, 3 nothing found.')
  let exitCode: number = EXIT.answered
  try {
    const commands = await loadCommands()
    addSubcommands(program, {
      commands,
      exit: (code) => {
        exitCode = code
      },
    })
    addVotes(program)
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.answered : EXIT.usage
    reportFailure(error)
    return error instanceof UserError && error.code === 'bad-argument' ? EXIT.usage : EXIT.error
  }
}

/** What readers in Discord said of passages, for evaluation: one JSON object a vote, oldest first. */
function addVotes(program: Program): void {
  program
    .command('votes')
    .description('what readers in Discord said of passages, as JSON Lines')
    .action(async () => {
      const { openStore } = await import('./discord/store.ts')
      const store = openStore(readConfig(process.env).dataDir)
      for (const vote of store.votes()) process.stdout.write(`${JSON.stringify(vote)}\n`)
      store.close()
    })
}

process.exitCode = await main(process.argv.slice(2))
