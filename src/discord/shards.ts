import { REST, Routes, ShardingManager, type Shard } from 'discord.js'
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'
import type { Logger } from 'pino'
import { z } from 'zod'
import { serveHealth, type HealthServer } from './health.ts'
import { wordLogin } from './login.ts'

/** Whether this process is one shard that a manager has started. */
export function isShard(): boolean {
  return process.env['SHARDING_MANAGER'] !== undefined && process.send !== undefined
}

export type ShardsConfig = {
  readonly discordToken: string
  /** `auto`: as many as Discord recommends. */
  readonly shards: string
  readonly healthPort?: number | undefined
  readonly discordApiUrl?: string | undefined
}

export type Shards = {
  readonly count: number
  readonly healthPort: number | undefined
  /** Asks every shard to finish and leave, and waits for it. Twice is harmless. */
  close(): Promise<void>
}

/** Discord's answer to "how many shards, and how many may log in at once". */
const gatewayBot = z.object({
  shards: z.int().positive(),
  session_start_limit: z.object({ max_concurrency: z.int().positive() }),
})

/** One login for each of the buckets that Discord has, every five seconds. */
const LOGIN_WINDOW_MS = 5500
const CLOSE_MS = 15_000

type ShardMetrics = readonly MetricObjectWithValues<MetricValue<string>>[]
type ShardStatus = { readonly ready: boolean; readonly why?: string; readonly metrics: ShardMetrics }

/**
 * Runs `script` once for each shard, each in a process of its own that reads the same index, and starts one that dies
 * again. Health and metrics of all of them are served from here.
 * @throws UserError 'bad-config' for a token that Discord refuses, 'discord-unreachable'
 */
export async function startShards(script: string, config: ShardsConfig, log: Logger): Promise<Shards> {
  const rest = new REST(config.discordApiUrl === undefined ? {} : { api: config.discordApiUrl }).setToken(
    config.discordToken,
  )
  const answer = await rest.get(Routes.gatewayBot()).catch((cause: unknown) => Promise.reject(wordLogin(cause)))
  const recommended = gatewayBot.parse(answer)
  const count = config.shards === 'auto' ? recommended.shards : Number(config.shards)
  const manager = new ShardingManager(script, {
    token: config.discordToken,
    totalShards: count,
    mode: 'process',
    respawn: true,
    execArgv: process.execArgv,
  })
  manager.on('shardCreate', (shard) => {
    shard.on('death', () => log.error({ shard: shard.id }, 'a shard ended'))
    shard.on('spawn', () => log.info({ shard: shard.id }, 'a shard starts'))
  })
  const health: HealthServer | undefined =
    config.healthPort === undefined
      ? undefined
      : await serveHealth(config.healthPort, {
          ready: async () => {
            if (manager.shards.size < count)
              return { ready: false, why: `${manager.shards.size} of ${count} shards have started` }
            const statuses = await Promise.all([...manager.shards.values()].map(askShard))
            const down = statuses.findIndex((status) => !status.ready)
            return down < 0
              ? { ready: true }
              : { ready: false, why: `shard ${down}: ${statuses[down]?.why ?? 'not ready'}` }
          },
          metrics: async () => {
            const statuses = await Promise.all([...manager.shards.values()].map(askShard))
            return AggregatorRegistry.aggregate(statuses.map((status) => [...status.metrics])).metrics()
          },
        })
  await manager.spawn({ delay: LOGIN_WINDOW_MS / recommended.session_start_limit.max_concurrency, timeout: 60_000 })
  let closing: Promise<void> | undefined
  return {
    count,
    healthPort: health?.port,
    close: () => {
      closing ??= (async () => {
        manager.respawn = false
        await Promise.all([...manager.shards.values()].map(endShard))
        await health?.close()
      })()
      return closing
    },
  }
}

async function endShard(shard: Shard): Promise<void> {
  const child = shard.process
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

/** What a manager asks and a shard answers, over the channel between the two processes. */
const request = z.object({ verbatim: z.literal('status?'), id: z.number() })
const response = z.object({
  verbatim: z.literal('status'),
  id: z.number(),
  ready: z.boolean(),
  why: z.string().optional(),
  metrics: z.array(z.custom<ShardMetrics[number]>((value) => typeof value === 'object' && value !== null)),
})

/** A shard that does not answer in this time is not ready. Milliseconds. */
const STATUS_MS = 2000
let nextId = 0

function askShard(shard: Shard): Promise<ShardStatus> {
  const child = shard.process
  if (child === null || !child.connected)
    return Promise.resolve({ ready: false, why: 'it is not running', metrics: [] })
  const id = nextId++
  return new Promise((resolve) => {
    const done = (status: ShardStatus) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      resolve(status)
    }
    const onMessage = (message: unknown) => {
      const parsed = response.safeParse(message)
      if (!parsed.success || parsed.data.id !== id) return
      const { ready, why, metrics } = parsed.data
      done({ ready, metrics, ...(why === undefined ? {} : { why }) })
    }
    const timer = setTimeout(() => done({ ready: false, why: 'it does not answer', metrics: [] }), STATUS_MS)
    child.on('message', onMessage)
    child.send({ verbatim: 'status?', id })
  })
}

/** In a shard: answers what its manager asks. */
export function answerManager(source: {
  readonly ready: () => Promise<{ readonly ready: boolean; readonly why?: string }>
  readonly metrics: () => Promise<ShardMetrics>
}): void {
  process.on('message', (message) => {
    const parsed = request.safeParse(message)
    if (!parsed.success) return
    const answer = async () => {
      const [status, metrics] = await Promise.all([source.ready(), source.metrics()])
      process.send?.({ verbatim: 'status', id: parsed.data.id, ...status, metrics })
    }
    // A manager that gets no answer finds out by itself.
    answer().catch(() => undefined)
  })
}
