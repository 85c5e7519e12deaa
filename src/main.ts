import { fileURLToPath } from 'node:url'
import { config as loadEnvFile } from 'dotenv'
import { readConfig, type Config } from './config.ts'
import type { Command } from './command.ts'
import { embeddingOf } from './engine.ts'
import { loadCommands } from './load-commands.ts'
import { openOrBuild } from './terminal/build.ts'
import { chat, reportFailure } from './terminal/chat.ts'
import { ThreadDied } from './thread/thread.ts'

/** `npm start`: the bot where there is a token, else the terminal prompt, where the same commands work. */
async function main(): Promise<number> {
  loadEnvFile({ quiet: true })
  try {
    // In a shard, its manager has put the shard's own number there.
    const env = process.env['SHARDING_MANAGER'] === undefined ? process.env : { ...process.env, SHARDS: undefined }
    const config = readConfig(env)
    const commands = await loadCommands()
    if (config.discordToken !== undefined) return await runBot(config, config.discordToken, commands)
    process.stdout.write('No DISCORD_TOKEN is set, so this is the terminal prompt; the same commands work here.\n')
    await chat(config, commands)
    return 0
  } catch (error) {
    reportFailure(error)
    return 1
  }
}

/** The bot, or with SHARDS the manager that runs it once a shard; ends when the process is told to leave. */
async function runBot(config: Config, discordToken: string, commands: readonly Command[]): Promise<number> {
  // The client takes a second to load; the terminal prompt does without it.
  const { botLog, runUntilStopped, startBot } = await import('./discord/discord.ts')
  const { isShard, startShards } = await import('./discord/shards.ts')
  const { openModeration } = await import('./moderation/moderation.ts')
  const { shards, ...rest } = config
  const settings = { ...rest, discordToken }
  const log = botLog(settings)
  if (shards !== undefined && !isShard()) {
    const running = await startShards(fileURLToPath(import.meta.url), { ...settings, shards }, log)
    return runUntilStopped(() => running.close(), log)
  }
  const engine = await openOrBuild(config, process.stderr, (error) => {
    log.error(
      { err: error },
      error instanceof ThreadDied
        ? 'the thread that answers died; the next question starts another'
        : 'the new index cannot be opened; the one before goes on answering',
    )
  })
  const { corpusDir, indexDir, dataDir, feedsFile } = config
  const moderation = openModeration(
    { corpusDir, indexDir, dataDir, feedsFile, embedding: embeddingOf(config) },
    (error) => {
      log.error({ err: error }, 'the thread of the moderators’ commands died; the next command starts another')
    },
  )
  const bot = await startBot({ config: settings, commands, engine, moderation, log })
  process.stdout.write(`Invite the bot to a server: ${bot.inviteUrl}\n`)
  return runUntilStopped(() => bot.close(), log)
}

process.exitCode = await main()
