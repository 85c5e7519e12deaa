import { fork, type ChildProcess } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { textOf } from '../tests/discord/server/reading.ts'
import type { Channel, LocalDiscord } from '../tests/discord/server/server.ts'
import { startMeasuredBot, type MeasuredBot } from './bot.ts'
import { quantile } from './figures.ts'
import { openWork } from './work.ts'

/** Length of the run; 30 for the real one. */
const minutes = Number(process.env['MINUTES'] ?? '2')
/** Sentences of the coverage that is asked and rebuilt. */
const sentences = Number(process.env['BENCH_SENTENCES'] ?? '10000')
/** How many times the rate that the bot keeps up with. */
const OVERLOAD = 2
const FIRST_SECONDS = 10
const ASKERS = 32
const SLICES = 10
/** Enough that no channel is asked in too often. */
const SERVERS = 500
const plain = { head: [], border: [] }

const WORDS = ['the tax plan', 'the debate', 'the primary', 'the treaty', 'tanks', 'the court', 'the budget', 'the campaign', 'missiles', 'the vote'] // prettier-ignore
const ASKS = ['Who spoke about', 'When was there news of', 'What happened with', 'How many people speak of', 'Why is there talk of'] // prettier-ignore

/** What became of one question. */
type Outcome = {
  readonly startedAt: number
  readonly acknowledgedMs: number | undefined
  readonly answeredMs: number | undefined
  readonly isShed: boolean
}

/**
 * The real bot under twice the load that it can bear, while the index is built again and again: first how many
 * questions a second it answers at most, then twice as many for `MINUTES`, with the time to acknowledgement and answer as
 * Discord sees them, the questions turned away, and the bot's own event-loop delay, memory and open handles.
 */
export async function run(): Promise<void> {
  const work = await openWork()
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-load-'))
  const built = await work.index(sentences)
  const [corpusDir, indexDir] = [join(dir, 'corpus'), join(dir, 'index')]
  await cp(built.corpusDir, corpusDir, { recursive: true })
  await cp(built.indexDir, indexDir, { recursive: true })
  await cp(work.embedding.cacheDir, join(indexDir, 'models'), { recursive: true })
  const bot = await startMeasuredBot({ corpusDir, indexDir, dir }, SERVERS)
  const { discord, channels } = bot
  let builder: ChildProcess | undefined
  try {
    const ask = asker(discord, channels)
    const rate = await sustainableRate(ask)
    console.log(
      `${sentences} sentences. ${ASKERS} askers in turns: ${rate.toFixed(0)} answers/s. Now ${(OVERLOAD * rate).toFixed(0)} questions/s for ${minutes} min.`,
    )
    builder = fork(fileURLToPath(new URL('./load-builder.ts', import.meta.url)), [corpusDir, indexDir], {
      execArgv: ['--import', import.meta.resolve('tsx')],
    })
    let builds = 0
    builder.on('message', () => builds++)
    const { outcomes, samples } = await overload(ask, rate * OVERLOAD, bot)
    report(outcomes, samples)
    console.log(
      `${String(builds)} builds were published meanwhile. Requests refused by the validator: ${discord.violations.length}`,
    )
    const still = await ask()
    console.log(`Afterwards a question is answered in ${(still.answeredMs ?? Number.NaN).toFixed(0)} ms.`)
  } finally {
    // It ends its build first: what it started would go on writing.
    if (builder !== undefined && builder.exitCode === null) {
      builder.disconnect()
      await new Promise((resolve) => builder?.once('exit', resolve))
    }
    await bot.close()
    await rm(dir, { recursive: true, force: true })
    await work.close()
  }
}

type Ask = () => Promise<Outcome>

/** Asks as somebody new in the next channel; what is over is forgotten, so that the stand-in for Discord does not grow. */
function asker(discord: LocalDiscord, channels: readonly Channel[]): Ask {
  let asked = 0
  return async () => {
    const i = asked++
    const channel = channels[i % channels.length] ?? discord.channel()
    const question = `${ASKS[i % ASKS.length]} ${WORDS[(i * 7) % WORDS.length]} in ${1900 + ((i * 13) % 300)}?`
    const turn = discord.user(`Reader ${i}`).in(channel).start('/ask', { question })
    const { interaction } = turn
    const { startedAt } = interaction
    const text = await turn.answer().then(textOf, () => undefined)
    const since = (at: number | undefined) => (at === undefined ? undefined : at - startedAt)
    const outcome: Outcome = {
      startedAt,
      acknowledgedMs: since(interaction.acknowledgedAt),
      answeredMs: text === undefined ? undefined : since(interaction.answeredAt),
      isShed: text?.startsWith('Many are asking') === true,
    }
    discord.forget(interaction)
    return outcome
  }
}

/** Answers a second when a few people each ask anew once they are answered. */
async function sustainableRate(ask: Ask): Promise<number> {
  await ask()
  const started = performance.now()
  const until = started + FIRST_SECONDS * 1000
  let answers = 0
  await Promise.all(
    Array.from({ length: ASKERS }, async () => {
      while (performance.now() < until) if ((await ask()).answeredMs !== undefined) answers++
    }),
  )
  return (answers * 1000) / (performance.now() - started)
}

/** What the bot says of itself at one time. */
type Sample = {
  readonly at: number
  readonly loopMs: number
  readonly megabytes: number
  readonly handles: number
  /** Delay of this process's loop, which stands in for Discord: what it adds to the times. */
  readonly standInMs: number
}

async function overload(ask: Ask, rate: number, bot: MeasuredBot): Promise<{ outcomes: Outcome[]; samples: Sample[] }> {
  const started = performance.now()
  const endMs = minutes * 60_000
  const outcomes: Outcome[] = []
  const samples: Sample[] = []
  const open = new Set<Promise<void>>()
  let asked = 0
  let nextSample = 0
  const delay = monitorEventLoopDelay()
  delay.enable()
  for (let elapsed = 0; elapsed < endMs; elapsed = performance.now() - started) {
    for (; asked < (elapsed * rate) / 1000; asked++) {
      const one = ask().then((outcome) => {
        outcomes.push({ ...outcome, startedAt: outcome.startedAt - started })
        open.delete(one)
      })
      open.add(one)
    }
    if (elapsed >= nextSample) {
      nextSample += endMs / SLICES / 4
      const standInMs = delay.percentile(99) / 1e6
      delay.reset()
      void sample(bot).then(
        (read) => samples.push({ at: elapsed, standInMs, ...read }),
        () => {},
      )
    }
    await wait(10)
  }
  delay.disable()
  await Promise.all(open)
  return { outcomes, samples }
}

async function sample(bot: MeasuredBot): Promise<Omit<Sample, 'at' | 'standInMs'>> {
  const read = await bot.metrics()
  return {
    loopMs: read('nodejs_eventloop_lag_p99_seconds') * 1000,
    megabytes: read('process_resident_memory_bytes') / 2 ** 20,
    handles: read('nodejs_active_resources_total'),
  }
}

function report(outcomes: readonly Outcome[], samples: readonly Sample[]): void {
  const sliceMs = (minutes * 60_000) / SLICES
  const head = ['minute', 'asked/s', 'answered/s', 'turned away', 'no answer']
  const table = new Table({
    style: plain,
    head: [...head, 'ack. p50', 'p99', 'answer p50', 'p99', 'away p99', 'loop p99', 'Discord’s', 'MB', 'handles'],
  })
  for (let slice = 0; slice < SLICES; slice++) {
    const inSlice = (at: number) => Math.min(SLICES - 1, Math.floor(at / sliceMs)) === slice
    const own = outcomes.filter(({ startedAt }) => inSlice(startedAt))
    const seen = samples.filter(({ at }) => inSlice(at))
    const answered = own.filter(({ answeredMs, isShed }) => answeredMs !== undefined && !isShed)
    const shed = own.filter(({ isShed }) => isShed)
    const acknowledged = own.flatMap(({ acknowledgedMs }) => acknowledgedMs ?? [])
    const ms = (values: readonly number[], share: number) =>
      values.length === 0 ? '' : quantile(values, share).toFixed(0)
    const times = answered.flatMap(({ answeredMs }) => answeredMs ?? [])
    const awayTimes = shed.flatMap(({ answeredMs }) => answeredMs ?? [])
    const perSecond = (count: number) => ((count * 1000) / sliceMs).toFixed(0)
    table.push([
      ((slice * sliceMs) / 60_000).toFixed(1),
      perSecond(own.length),
      perSecond(answered.length),
      `${((100 * shed.length) / Math.max(1, own.length)).toFixed(0)} %`,
      own.length - answered.length - shed.length,
      ms(acknowledged, 0.5),
      ms(acknowledged, 0.99),
      ms(times, 0.5),
      ms(times, 0.99),
      ms(awayTimes, 0.99),
      Math.max(...seen.map(({ loopMs }) => loopMs)).toFixed(0),
      Math.max(...seen.map(({ standInMs }) => standInMs)).toFixed(0),
      quantile(
        seen.map(({ megabytes }) => megabytes),
        0.5,
      ).toFixed(0),
      quantile(
        seen.map(({ handles }) => handles),
        0.5,
      ),
    ])
  }
  console.log(
    `Times in ms as Discord sees them; loop p99 is the event-loop delay of the bot, then of the\nstand-in for Discord, which the times hold too.\n${table.toString()}`,
  )
  console.log(`Memory in the second half: ${slopePerMinute(samples).toFixed(2)} MB/min.`)
}

/** Least-squares slope of the resident memory over the second half of the run. */
function slopePerMinute(samples: readonly Sample[]): number {
  const half = samples.filter(({ at }) => at > (minutes * 60_000) / 2)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [atMean, memoryMean] = [mean(half.map(({ at }) => at)), mean(half.map(({ megabytes }) => megabytes))]
  const covariance = half.reduce((sum, { at, megabytes }) => sum + (at - atMean) * (megabytes - memoryMean), 0)
  return (60_000 * covariance) / half.reduce((sum, { at }) => sum + (at - atMean) ** 2, 0)
}
