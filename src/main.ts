import { config as loadEnvFile } from 'dotenv'
import { readConfig } from './config.ts'
import { failureReply } from './failure.ts'
import { loadCommands } from './load-commands.ts'
import { renderReply } from './terminal/render.ts'
import { chat, logIncident } from './terminal/subcommands.ts'

/** `npm start`: the bot where there is a token, else the terminal prompt, where the same commands work. */
async function main(): Promise<number> {
  loadEnvFile({ quiet: true })
  try {
    const config = readConfig(process.env)
    const commands = await loadCommands()
    process.stdout.write('No DISCORD_TOKEN is set, so this is the terminal prompt; the same commands work here.\n')
    await chat(config, commands)
    return 0
  } catch (error) {
    process.stderr.write(
      renderReply(failureReply(error, logIncident), {
        columns: process.stderr.columns || 80,
        color: process.stderr.isTTY,
      }),
    )
    return 1
  }
}

process.exitCode = await main()
