import Database from 'better-sqlite3'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Command } from '../../src/command.ts'
import { startBot, type Bot, type BotParts } from '../../src/discord/discord.ts'
import { createLog } from '../../src/discord/logging.ts'
import type { Engine } from '../../src/engine.ts'
import { loadCommands } from '../../src/load-commands.ts'
import { openModeration, type Moderation } from '../../src/moderation/moderation.ts'
import { startLocalDiscord, type LocalDiscord, type LocalDiscordOptions } from './server/server.ts'
import { EMBEDDING, type TownCoverage } from './town-coverage.ts'

/** The real bot, connected to a Discord of its own. */
export type TestBot = {
  readonly discord: LocalDiscord
  readonly bot: Bot
  readonly dataDir: string
  readonly moderation: Moderation
  /** Every log line so far, parsed. */
  readonly log: readonly Readonly<Record<string, unknown>>[]
  /** Resolves once the log has a line of this message. */
  logged(message: string): Promise<void>
  /** Every decision that waits for a button has waited its fifteen minutes. */
  expireDecisions(): void
  /** Ends the bot's process, as it were, and starts another on the same data. */
  restart(): Promise<void>
  /** Closes everything. @throws where the bot sent anything that Discord would have refused */
  close(): Promise<void>
}

export type TestBotOptions = LocalDiscordOptions & {
  readonly coverage: TownCoverage
  readonly commands?: readonly Command[]
  readonly paces?: BotParts['paces']
  readonly patienceMs?: number
  readonly healthPort?: number
  readonly logQuestions?: boolean
  /** Register in the local server instead of globally. */
  readonly inGuild?: boolean
  /** Roles of moderators, once the local Discord is there. */
  readonly moderatorRoles?: (discord: LocalDiscord) => readonly string[]
  readonly auditChannel?: (discord: LocalDiscord) => string
  readonly feedsFile?: string
  readonly watch?: boolean
  /** What stands between the commands and the real engine. */
  readonly wrap?: (engine: Engine) => Engine
  /** Before the bot connects. */
  readonly prepare?: (discord: LocalDiscord) => void
}

/** Nobody waits in tests that are not about waiting. */
const UNHURRIED = { burst: 10_000, everyMs: 1 }

export async function startTestBot(options: TestBotOptions): Promise<TestBot> {
  const discord = await startLocalDiscord(options)
  options.prepare?.(discord)
  const dataDir = await mkdtemp(join(tmpdir(), 'verbatim-data-'))
  const commands = options.commands ?? (await loadCommands())
  const lines: Record<string, unknown>[] = []
  const written = new EventEmitter()
  const log = createLog({
    level: 'debug',
    secrets: [discord.token],
    destination: {
      write: (line) => {
        lines.push(JSON.parse(line) as Record<string, unknown>)
        written.emit('line')
      },
    },
  })
  const { corpusDir, indexDir } = options.coverage
  const { feedsFile } = options
  let moderation: Moderation
  const start = async (): Promise<Bot> => {
    const engine = await options.coverage.open()
    moderation = openModeration({
      corpusDir,
      indexDir,
      dataDir,
      feedsFile,
      embedding: EMBEDDING,
      allowLoopback: true,
    })
    const bot = await startBot({
      config: {
        discordToken: discord.token,
        moderatorRoleIds: options.moderatorRoles?.(discord) ?? [],
        ...(options.auditChannel === undefined ? {} : { auditChannelId: options.auditChannel(discord) }),
        watch: options.watch ?? false,
        ...(options.inGuild === true ? { discordGuildId: discord.guild.id } : {}),
        dataDir,
        logLevel: 'debug',
        logQuestions: options.logQuestions ?? false,
        ...(options.healthPort === undefined ? {} : { healthPort: options.healthPort }),
        discordApiUrl: discord.apiUrl,
      },
      commands,
      engine: options.wrap?.(engine) ?? engine,
      moderation,
      log,
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      paces: options.paces ?? { user: UNHURRIED, channel: UNHURRIED, button: UNHURRIED },
    })
    await discord.connected()
    return bot
  }
  let bot = await start()
  return {
    discord,
    get bot() {
      return bot
    },
    dataDir,
    get moderation() {
      return moderation
    },
    log: lines,
    logged: async (message) => {
      while (!lines.some((line) => line['msg'] === message)) await once(written, 'line')
    },
    expireDecisions: () => {
      const database = new Database(join(dataDir, 'discord.db'))
      database.prepare('UPDATE decisions SET expires_at = ?').run(Date.now())
      database.close()
    },
    restart: async () => {
      await bot.close()
      bot = await start()
    },
    close: async () => {
      await bot.close()
      await discord.close()
      await rm(dataDir, { recursive: true, force: true })
      expect(discord.violations).toEqual([])
    },
  }
}
