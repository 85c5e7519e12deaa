import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { buildIndex } from '../src/index/index.ts'
import { startMeasuredBot } from './bot.ts'
import { quantile } from './figures.ts'

const QUESTIONS = 500
/** They arrive evenly over this time. */
const WITHIN_MS = 2000
const BURSTS = 5
const SERVERS = 50

const corpusDir = fileURLToPath(new URL('../corpus', import.meta.url))
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
    corpusDir,
    indexDir,
    embedding: { model: 'use-lite', precision: 'int8', cacheDir },
  })
  const bot = await startMeasuredBot({ corpusDir, indexDir, dir }, SERVERS)
  const { discord, channels } = bot
  try {
    const table = new Table({
      head: ['burst', 'acknowledged', 'p50', 'p99', 'max', 'answered', 'p50', 'p99', 'max', 'loop p99', 'memory'],
      style: { head: [], border: [] },
    })
    await discord
      .user('First')
      .in(channels[0] ?? discord.channel())
      .type('/ask', { question: 'Who spoke?' })
    for (let burst = 1; burst <= BURSTS; burst++) {
      await bot.metrics() // reading starts a new measurement
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
      const metric = await bot.metrics()
      const lag = metric('nodejs_eventloop_lag_p99_seconds') * 1000
      const memory = metric('process_resident_memory_bytes') / 2 ** 20
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
    await bot.close()
    await rm(dir, { recursive: true, force: true })
  }
}

function spread(values: readonly number[]): string[] {
  return [0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(0))
}
