import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../tests/discord/process.ts'
import { startLocalDiscord, type Channel, type LocalDiscord } from '../tests/discord/server/server.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** The real bot in a process of its own, in many servers of a local Discord that enforces its three seconds. */
export type MeasuredBot = {
  readonly discord: LocalDiscord
  readonly channels: readonly Channel[]
  /** What the bot says of itself, by the names of its metrics; the event loop's delay is that since the last time. */
  metrics(): Promise<(name: string) => number>
  close(): Promise<void>
}

/** @param places where articles and index lie, and an empty folder for everything else */
export async function startMeasuredBot(
  places: { readonly corpusDir: string; readonly indexDir: string; readonly dir: string },
  servers: number,
): Promise<MeasuredBot> {
  const { corpusDir, indexDir, dir } = places
  const discord = await startLocalDiscord({ strictClock: true })
  const guilds = Array.from({ length: servers }, (_, i) => discord.addGuild(`Server ${i}`))
  const port = await freePort()
  const bot = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), MAIN], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      CORPUS_DIR: corpusDir,
      INDEX_DIR: indexDir,
      DATA_DIR: join(dir, 'data'),
      HEALTH_PORT: String(port),
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const close = async () => {
    bot.kill('SIGTERM')
    if (bot.exitCode === null && bot.signalCode === null) await new Promise((resolve) => bot.once('exit', resolve))
    await discord.close()
  }
  await discord.connected().catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    discord,
    channels: guilds.flatMap((guild) => guild.channels),
    metrics: async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      return (name) => Number(new RegExp(`^${name} (.+)$`, 'mu').exec(text)?.[1])
    },
    close,
  }
}
