import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { buildIndex } from '../src/index/index.ts'
import { freePort } from '../tests/discord/process.ts'
import { startLocalDiscord } from '../tests/discord/server/server.ts'

const QUESTIONS = 500
/** They arrive evenly over this time. */
const WITHIN_MS = 2000
const BURSTS = 5

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const WORDS = ['tanks', 'the treaty', 'cluster munitions', 'missiles', 'the defence pact', 'the war', 'the vote', 'Russia', 'the sanctions', 'the launcher'] // prettier-ignore
const ASKS = ['Who spoke about', 'When was there news of', 'What happened with', 'How many countries speak of', 'Why is there talk of'] // prettier-ignore

/**
 * A burst of 500 questions to the real bot in a process of its own, by 500 people in 50 channels over the wire:
 * time to acknowledgement and to the answer as Discord sees them, the bot's event-loop delay and memory as it measures
 * them itself. Discord's three seconds are enforced. Ends by itself.
 */
export async function run(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-bench-'))
  const indexDir = join(dir, 'index')
  const cacheDir = join(indexDir, 'models')
  await buildIndex({
    corpusDir: join(ROOT, 'corpus'),
    indexDir,
    embedding: { model: 'use-lite', precision: 'int8', cacheDir },
  })
  const discord = await startLocalDiscord({ strictClock: true })
  const channels = Array.from({ length: 50 }, (_, i) => discord.addGuild(`Server ${i}`)).flatMap(
    (guild) => guild.channels,
  )
  const port = await freePort()
  const bot = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), join(ROOT, 'src/main.ts')], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      CORPUS_DIR: join(ROOT, 'corpus'),
      INDEX_DIR: indexDir,
      DATA_DIR: join(dir, 'data'),
      HEALTH_PORT: String(port),
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await discord.connected()
    const table = new Table({
      head: ['burst', 'acknowledged', 'p50', 'p99', 'max', 'answered', 'p50', 'p99', 'max', 'loop p99', 'memory'],
      style: { head: [], border: [] },
    })
    await discord
      .user('First')
      .in(channels[0] ?? discord.channel())
      .type('/ask', { question: 'Who spoke?' })
    for (let burst = 1; burst <= BURSTS; burst++) {
      await metric(port, 'nodejs_eventloop_lag_p99_seconds') // reading starts a new measurement
      const turns = []
      const start = performance.now()
      for (let i = 0; i < QUESTIONS; i++) {
        const due = start + (i * WITHIN_MS) / QUESTIONS
        if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
        const channel = channels[i % channels.length] ?? discord.channel()
        const question = `${ASKS[i % ASKS.length]} ${WORDS[(i * 7) % WORDS.length]} in ${1900 + ((i * burst) % 300)}?`
        turns.push(discord.user(`Reader ${burst}-${i}`).in(channel).start('/ask', { question }))
      }
      await Promise.allSettled(turns.map((turn) => turn.answer()))
      const interactions = turns.map((turn) => turn.interaction)
      const acknowledged = interactions.flatMap((each) =>
        each.acknowledgedAt === undefined ? [] : [each.acknowledgedAt - each.startedAt],
      )
      const answered = interactions.flatMap((each) =>
        each.answeredAt === undefined ? [] : [each.answeredAt - each.startedAt],
      )
      const lag = (await metric(port, 'nodejs_eventloop_lag_p99_seconds')) * 1000
      const memory = (await metric(port, 'process_resident_memory_bytes')) / 2 ** 20
      table.push([
        burst,
        acknowledged.length,
        ...spread(acknowledged),
        answered.length,
        ...spread(answered),
        `${lag.toFixed(1)} ms`,
        `${memory.toFixed(0)} MB`,
      ])
    }
    console.log(
      `${QUESTIONS} questions within ${WITHIN_MS / 1000} s, by as many people in ${channels.length} servers; times in ms`,
    )
    console.log(table.toString())
    console.log(`Requests refused by the validator: ${discord.violations.length}`)
    console.log(`Endpoints: ${discord.endpoints().join(', ')}`)
  } finally {
    bot.kill('SIGTERM')
    await new Promise((resolve) => bot.once('exit', resolve))
    await discord.close()
    await rm(dir, { recursive: true, force: true })
  }
}

function spread(values: readonly number[]): string[] {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return [at(0.5), at(0.99), at(1)].map((value) => value.toFixed(0))
}

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(new RegExp(`^${name} (.+)$`, 'mu').exec(text)?.[1])
}
