import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, DefaultRestOptions, Events, GatewayIntentBits, Options, Status } from 'discord.js'
import PQueue from 'p-queue'
import type { Logger } from 'pino'
import type { Command } from '../command.ts'
import type { Engine } from '../engine.ts'
import { UserError } from '../errors.ts'
import type { Moderation, UpkeepEvent } from '../moderation/moderation.ts'
import { announceAudit } from './audit-channel.ts'
import { createCooldown, type Pace } from './cooldown.ts'
import { createCustomIds, type LongTexts } from './custom-ids.ts'
import { serveHealth, type HealthServer } from './health.ts'
import { createLog } from './logging.ts'
import { wordLogin } from './login.ts'
import { createMetrics } from './metrics.ts'
import { createModerators } from './moderators.ts'
import { inviteUrl, registerCommands } from './registration.ts'
import { createRouter } from './router.ts'
import { SETTINGS_COMMAND } from './settings.ts'
import { answerManager, isShard } from './shards.ts'
import { openStore } from './store.ts'

export type BotConfig = {
  readonly discordToken: string
  /** Register the commands in this server only. */
  readonly discordGuildId?: string | undefined
  /** Members with one of these roles are moderators too. */
  readonly moderatorRoleIds: readonly string[]
  /** Where changes are announced. */
  readonly auditChannelId?: string | undefined
  /** Whether edits of the corpus are noticed and indexed. */
  readonly watch?: boolean | undefined
  /** Where votes, channel settings and the audit log lie; never inside the index. */
  readonly dataDir: string
  readonly logLevel: string
  readonly logQuestions: boolean
  readonly healthPort?: number | undefined
  /** Discord's API; another address only for tests and the preview. */
  readonly discordApiUrl?: string | undefined
}

export type BotParts = {
  readonly config: BotConfig
  readonly commands: readonly Command[]
  /** Both are closed by the bot when it leaves. */
  readonly engine: Engine
  readonly moderation: Moderation
  /** JSON lines on standard output by default. */
  readonly log?: Logger | undefined
  /** How often somebody, a channel, a button may be used. */
  readonly paces?: { readonly user: Pace; readonly channel: Pace; readonly button: Pace } | undefined
  /** Longest that a question waits for its turn; beyond, its asker is told to come back. Milliseconds. */
  readonly patienceMs?: number | undefined
}

export type Bot = {
  readonly client: Client<true>
  readonly inviteUrl: string
  /** Where /healthz, /readyz and /metrics are; undefined without HEALTH_PORT. */
  readonly healthPort: number | undefined
  /** Stops taking questions, finishes those that run (at most `graceMs`), leaves. Twice is harmless. */
  close(graceMs?: number): Promise<void>
}

/** What one person and one channel may ask: a burst, then one every few seconds. */
export const PACES = {
  user: { burst: 5, everyMs: 4000 },
  channel: { burst: 30, everyMs: 500 },
  button: { burst: 15, everyMs: 1000 },
} as const

/** How long running answers may take once the process is asked to leave; service managers kill after ten seconds or more. */
const GRACE_MS = 8000
/** Requests to Discord at the same time; at 200 ms each, 500 a second. */
const CONNECTIONS = 100
/** What runs besides the answers may finish what it is at. Milliseconds. */
const LAST_WORDS_MS = 2000
/** After following feeds and edits broke. Milliseconds. */
const KEEP_UP_AGAIN_MS = 60_000
const TEXTS_KEPT_MS = 90 * 24 * 3600_000

/** The log that a bot process writes: no token of any kind, and no text of questions unless LOG_QUESTIONS says so. */
export function botLog(config: Pick<BotConfig, 'discordToken' | 'logLevel'>): Logger {
  return createLog({ level: config.logLevel, secrets: [config.discordToken] })
}

/**
 * Connects to Discord, registers the commands where they changed, and answers until it is closed. Resolves once the
 * gateway is ready.
 * @throws UserError 'bad-config' for a token or server that Discord refuses, 'discord-unreachable',
 *   'write-failed' when DATA_DIR cannot be written
 */
export async function startBot(parts: BotParts): Promise<Bot> {
  const { config, engine, moderation, log: given, paces = PACES, patienceMs } = parts
  const commands = new Map(parts.commands.map((command) => [command.definition.name, command]))
  const log = given ?? botLog(config)
  const leaving = new AbortController()
  // Every answer under way listens.
  setMaxListeners(0, leaving.signal)
  const store = openStore(config.dataDir)
  store.forgetTexts(new Date(Date.now() - TEXTS_KEPT_MS))
  const connections = new PQueue({ concurrency: CONNECTIONS })
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    allowedMentions: { parse: [] },
    // Everything that an answer needs comes with its interaction; what the client would remember only grows.
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: 0,
      GuildMemberManager: { maxSize: 0, keepOverLimit: (member) => member.id === member.client.user.id },
      UserManager: { maxSize: 0, keepOverLimit: (user) => user.id === user.client.user.id },
    }),
    rest: {
      // One queue for each interaction's token; most are of no use after a minute.
      handlerSweepInterval: 60_000,
      ...(config.discordApiUrl === undefined ? {} : { api: config.discordApiUrl }),
      // Answers to interactions do not count against the global limit of 50 requests a second, and this bot sends
      // hardly anything else; Discord's 429 are obeyed in any case.
      globalRequestsPerSecond: 5000,
      // Where Discord is slow, connections would become as many as answers are under way.
      // Discord waits three seconds for a callback, and fifteen minutes for everything else.
      makeRequest: (url, init) =>
        connections.add(() => DefaultRestOptions.makeRequest(url, init), {
          priority: url.includes('/callback') ? 1 : 0,
        }),
    },
  })
  // The client's own status stays "ready" once it was; its shards tell when the gateway is gone.
  const gatewayReady = () => client.isReady() && client.ws.shards.every((shard) => shard.status === Status.Ready)
  const metrics = createMetrics({
    gatewayReady,
    servers: () => client.guilds.cache.size,
    index: () => engine.status(),
    votes: () => store.voteCounts(),
    running: () => router.running(),
  })
  const ids = createCustomIds(store.signingKey, longTexts(store.texts, log))
  const moderators = createModerators({
    moderation,
    engine,
    commands,
    store,
    ids,
    log,
    dataDir: config.dataDir,
    guildId: config.discordGuildId,
    roleIds: config.moderatorRoleIds,
    signal: leaving.signal,
  })
  const router = createRouter({
    engine,
    moderation,
    moderators,
    commands,
    store,
    ids,
    cooldown: createCooldown(),
    paces,
    patienceMs,
    metrics,
    log,
    logQuestions: config.logQuestions,
    rest: client.rest,
    signal: leaving.signal,
  })
  client.on(Events.InteractionCreate, (interaction) => void router.handle(interaction))
  client.on(Events.Error, (error) => log.error({ err: error }, 'the client reports an error'))
  client.on(Events.ShardError, (error, shard) => log.error({ err: error, shard }, 'the gateway reports an error'))
  client.on(Events.ShardReconnecting, (shard) => {
    if (!leaving.signal.aborted) log.warn({ shard }, 'the gateway is gone; connecting again')
  })
  client.on(Events.ShardResume, (shard, replayed) => log.info({ shard, replayed }, 'the gateway is back'))
  client.on(Events.ShardReady, (shard) => log.info({ shard }, 'the gateway is ready'))
  client.on(Events.Invalidated, () => log.fatal('Discord ended the session for good'))
  client.rest.on('rateLimited', ({ route, method, timeToReset }) =>
    log.warn({ route, method, timeToReset }, 'waiting for a rate limit'),
  )

  /** What runs besides the answers, until the bot leaves. */
  const background: Promise<void>[] = []
  const keepUp = async () => {
    const { signal } = leaving
    for (;;) {
      try {
        await moderation.keepUp(
          config.watch ?? false,
          (event) => {
            // Other processes find the new index by themselves, a little later.
            if (event.kind === 'reindexed') void engine.refresh().finally(() => logUpkeep(log, event))
            else logUpkeep(log, event)
          },
          signal,
        )
        return
      } catch (error) {
        if (isAborted(signal)) return
        log.error({ err: error }, 'feeds and edits cannot be followed; it is tried again in a minute')
        await wait(KEEP_UP_AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  let health: HealthServer | undefined
  let closing: Promise<void> | undefined
  const close = (graceMs = GRACE_MS): Promise<void> => {
    closing ??= leave(graceMs)
    return closing
  }
  const leave = async (graceMs: number) => {
    client.removeAllListeners(Events.InteractionCreate)
    const timer = setTimeout(() => leaving.abort(), graceMs)
    const abandoned = new Promise<void>((resolve) => leaving.signal.addEventListener('abort', () => resolve()))
    await Promise.race([router.idle(), abandoned])
    clearTimeout(timer)
    leaving.abort()
    await Promise.race([Promise.all(background), wait(LAST_WORDS_MS, undefined, { ref: false })])
    await client.destroy()
    await health?.close()
    await engine.close()
    await moderation.close()
    store.close()
  }

  try {
    const ready = new Promise<Client<true>>((resolve) => client.once(Events.ClientReady, resolve))
    await client.login(config.discordToken).catch((cause: unknown) => Promise.reject(wordLogin(cause)))
    const connected = await ready
    const applicationId = connected.application.id
    const isFirst = !isShard() || client.shard?.ids.includes(0) === true
    if (isFirst) {
      const definitions = [...parts.commands.map((command) => command.definition), SETTINGS_COMMAND]
      const registration = await registerCommands(client.rest, applicationId, definitions, config.discordGuildId).catch(
        (cause: unknown) => Promise.reject(wordRegistration(cause, config.discordGuildId)),
      )
      log.info({ ...registration }, registration.changed ? 'commands registered' : 'commands are as Discord has them')
    }
    // One process looks after the corpus for all.
    if (isFirst) {
      if (config.discordGuildId === undefined && config.moderatorRoleIds.length === 0 && client.guilds.cache.size > 1)
        log.warn(
          { servers: client.guilds.cache.size },
          'the bot is in several servers: only MODERATOR_ROLE_IDS can change the articles, or DISCORD_GUILD_ID names the one server',
        )
      background.push(keepUp())
      if (config.auditChannelId !== undefined)
        background.push(
          announceAudit(
            { rest: client.rest, channelId: config.auditChannelId, dataDir: config.dataDir, store, log },
            leaving.signal,
          ),
        )
    }
    const readiness = async () => {
      if (!gatewayReady()) return { ready: false, why: 'the gateway is not connected' }
      return engine.status().then(
        () => ({ ready: true }),
        (error: unknown) => ({ ready: false, why: error instanceof Error ? error.message : 'the index is not open' }),
      )
    }
    if (isShard()) answerManager({ ready: readiness, metrics: () => metrics.registry.getMetricsAsJSON() })
    else if (config.healthPort !== undefined)
      health = await serveHealth(config.healthPort, { ready: readiness, metrics: () => metrics.registry.metrics() })
    const invite = inviteUrl(applicationId)
    log.info({ user: connected.user.tag, servers: client.guilds.cache.size, invite }, 'ready')
    return { client: connected, inviteUrl: invite, healthPort: health?.port, close }
  } catch (error) {
    await close(0)
    throw error
  }
}

/** An answer does without a button rather than stay away because the disk is full. */
function longTexts({ get, put }: LongTexts, log: Logger): LongTexts {
  return {
    get,
    put: (key, text) => {
      try {
        put(key, text)
      } catch (error) {
        log.error({ err: error }, 'the text of a button could not be kept; pressed, it will say that it is too old')
      }
    },
  }
}

/**
 * Runs a bot until it is told to leave: SIGTERM and SIGINT finish what is running; a promise that nobody handles, or an
 * exception that nobody catches, is logged with its stack and ends the process.
 * @returns the exit code: 0 when asked to leave, 1 after a failure
 */
export async function runUntilStopped(close: () => Promise<void>, log: Logger): Promise<number> {
  const code = await new Promise<number>((resolve) => {
    const stop = (signal: string) => {
      log.info({ signal }, 'leaving: finishing what is running')
      resolve(0)
    }
    const fail = (what: string) => (error: unknown) => {
      log.fatal({ err: error instanceof Error ? error : new Error(String(error)) }, what)
      resolve(1)
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
    // A shard does not outlive its manager.
    process.once('disconnect', () => stop('disconnect'))
    process.on('unhandledRejection', fail('nobody handled a rejection'))
    process.on('uncaughtException', fail('nobody caught an exception'))
  })
  await close()
  return code
}

/** Asked anew: what TypeScript knows of `aborted` may have changed meanwhile. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

function logUpkeep(log: Logger, event: UpkeepEvent): void {
  switch (event.kind) {
    case 'feeds':
      for (const { outlet, message } of event.failures)
        log.warn({ outlet, why: message }, 'a feed or a piece of it could not be read')
      return log.info({ added: event.added }, 'feeds were read')
    case 'watching':
      return log.info('watching the corpus')
    case 'reindexed': {
      const { generation, changed, articles, seconds, problems } = event.report
      return log.info({ generation, changed, articles, seconds: seconds.total, problems: problems.length }, 'reindexed')
    }
    case 'problem':
      return log.warn({ why: event.message, remedy: event.remedy }, 'feeds or edits could not be taken in')
    default: {
      const unknown: never = event
      return unknown
    }
  }
}

function wordRegistration(cause: unknown, guildId: string | undefined): unknown {
  const status = cause instanceof Error && 'status' in cause ? cause.status : undefined
  if (guildId === undefined || (status !== 403 && status !== 404)) return wordLogin(cause)
  return new UserError(
    'bad-config',
    `Discord does not let the bot register commands in the server ${guildId} (DISCORD_GUILD_ID).`,
    'Invite the bot there with the scopes bot and applications.commands, or correct the id.',
    { cause },
  )
}
