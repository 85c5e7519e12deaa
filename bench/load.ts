import { fork, type ChildProcess } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { startMeasuredBot, type MeasuredBot } from './bot.ts'
import { gatherCrowd, type Crowd, type Outcome } from './crowd.ts'
import { quantile } from './figures.ts'
import { openWork } from './work.ts'

/** Length of the run; 30 for the real one. */
const minutes = Number(process.env['MINUTES'] ?? '2')
/** Sentences of the coverage that is asked and rebuilt. */
const sentences = Number(process.env['BENCH_SENTENCES'] ?? '10000')
/** How many times the rate that the bot keeps up with. */
const overloadFactor = Number(process.env['OVERLOAD'] ?? '2')
/** Questions a second that are known to be kept up with; looked for where absent. */
const knownRate = process.env['RATE']
const SLICES = 10
const SAMPLES_PER_SLICE = 4
/** Enough that no channel is asked in too often. */
const SERVERS = 1000
/** The rate that is kept up with is looked for from this many a second on, in steps of so much. */
const FIRST_RATE = 20
const RATE_STEP = 1.25
const STEP_MS = 8000
/** A rate is kept up with where everybody is answered, nearly all of them within a second: nobody waits for others. */
const KEPT_UP = { share: 0.95, ms: 1000 }
/** Afterwards it is asked at a share of that rate. */
const AFTERWARDS = { share: 0.25, ms: 15_000 }
const plain = { head: [], border: [] }

/**
 * The real bot under twice the load that it can bear, while the index is built again and again: first how many
 * questions a second it keeps up with, then twice as many for `MINUTES`, then a quarter, with the time to
 * acknowledgement and answer as Discord sees them, the questions turned away, and the bot's own event-loop delay, memory
 * and open handles.
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
  const crowd = gatherCrowd(bot.discord, bot.channels)
  let builder: ChildProcess | undefined
  try {
    builder = fork(fileURLToPath(new URL('./load-builder.ts', import.meta.url)), [corpusDir, indexDir], {
      execArgv: ['--import', import.meta.resolve('tsx')],
    })
    let builds = 0
    builder.on('message', () => builds++)
    // The first questions load what answers need.
    await crowd.ask(FIRST_RATE, STEP_MS, () => {})
    const rate = knownRate === undefined ? await sustainableRate(crowd) : Number(knownRate)
    const before = await sample(bot)
    console.log(
      `${sentences} sentences, indexed again and again: ${rate.toFixed(0)} questions/s are kept up with. Now ${(overloadFactor * rate).toFixed(0)}/s for ${minutes} min.`,
    )
    const { outcomes, samples, over } = await overload(crowd, rate * overloadFactor, bot)
    const recovery = await afterwards(crowd, rate, bot, before)
    await over
    report(outcomes, samples)
    console.log(summaryOf(outcomes, samples))
    const read = await bot.metrics()
    console.log(
      `The bot counted ${read('verbatim_shed_total')} turned away, ${read('verbatim_dropped_total')} dropped, ${read('verbatim_lost_total')} lost. ` +
        `${String(builds)} builds were published meanwhile. Requests refused by the validator: ${bot.discord.violations.length}`,
    )
    console.log(recovery)
  } finally {
    crowd.close()
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

/** The highest of rising rates at which nobody waits for others or goes without an answer. Questions a second. */
async function sustainableRate(crowd: Crowd): Promise<number> {
  const isKeptUpWith = async (rate: number) => {
    const outcomes: Outcome[] = []
    await crowd.ask(rate, STEP_MS, (outcome) => outcomes.push(outcome))
    const times = outcomes.map(({ how, answeredMs }) => (how === 'answered' ? (answeredMs ?? Infinity) : Infinity))
    return quantile(times, KEPT_UP.share) <= KEPT_UP.ms && times.every((ms) => ms < Infinity)
  }
  let rate = FIRST_RATE
  // Whatever else the machine does may spoil one try.
  while ((await isKeptUpWith(rate)) || (await isKeptUpWith(rate))) rate *= RATE_STEP
  return rate / RATE_STEP
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

/** @returns as soon as the last has asked, `over` when all know what came of it; times from the start, in ms */
async function overload(
  crowd: Crowd,
  rate: number,
  bot: MeasuredBot,
): Promise<{ outcomes: Outcome[]; samples: Sample[]; over: Promise<void> }> {
  const started = performance.now()
  const endMs = minutes * 60_000
  const outcomes: Outcome[] = []
  const samples: Sample[] = []
  const delay = monitorEventLoopDelay()
  delay.enable()
  const over = crowd.ask(rate, endMs, (outcome) => outcomes.push({ ...outcome, askedAt: outcome.askedAt - started }))
  for (let next = 1; next <= SLICES * SAMPLES_PER_SLICE; next++) {
    await wait(Math.max(0, started + (next * endMs) / SLICES / SAMPLES_PER_SLICE - performance.now()))
    const at = performance.now() - started
    const standInMs = delay.percentile(99) / 1e6
    delay.reset()
    samples.push({ at, standInMs, ...(await sample(bot)) })
  }
  delay.disable()
  return { outcomes, samples, over }
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
    const own = outcomes.filter(({ askedAt }) => inSlice(askedAt))
    const seen = samples.slice(slice * SAMPLES_PER_SLICE, (slice + 1) * SAMPLES_PER_SLICE)
    const answered = own.filter(({ how }) => how === 'answered')
    const away = own.filter(({ how }) => how === 'turned away')
    const ms = (of: readonly Outcome[], time: 'acknowledgedMs' | 'answeredMs', share: number) => {
      const values = of.flatMap((outcome) => outcome[time] ?? [])
      return values.length === 0 ? '' : quantile(values, share).toFixed(0)
    }
    const perSecond = (count: number) => ((count * 1000) / sliceMs).toFixed(0)
    const middle = (of: 'megabytes' | 'handles') => quantile(seen.map((each) => each[of]), 0.5).toFixed(0) // prettier-ignore
    table.push([
      ((slice * sliceMs) / 60_000).toFixed(1),
      perSecond(own.length),
      perSecond(answered.length),
      share(away.length, own.length),
      own.length - answered.length - away.length,
      ms(own, 'acknowledgedMs', 0.5),
      ms(own, 'acknowledgedMs', 0.99),
      ms(answered, 'answeredMs', 0.5),
      ms(answered, 'answeredMs', 0.99),
      ms(away, 'answeredMs', 0.99),
      Math.max(...seen.map(({ loopMs }) => loopMs)).toFixed(0),
      Math.max(...seen.map(({ standInMs }) => standInMs)).toFixed(0),
      middle('megabytes'),
      middle('handles'),
    ])
  }
  console.log(
    `Times in ms as Discord sees them; loop p99 is the event-loop delay of the bot, then of the\nstand-in for Discord, which the times hold too.\n${table.toString()}`,
  )
}

const share = (count: number, of: number) =>
  `${((100 * count) / Math.max(1, of)).toFixed(count * 1000 < of && count > 0 ? 2 : 0)} %`

function summaryOf(outcomes: readonly Outcome[], samples: readonly Sample[]): string {
  const of = (...hows: readonly Outcome['how'][]) => outcomes.filter(({ how }) => hows.includes(how))
  const [answered, away] = [of('answered'), of('turned away')]
  const without = of('unacknowledged', 'unanswered')
  const p99 = (some: readonly Outcome[]) => quantile(some.flatMap(({ answeredMs }) => answeredMs ?? []), 0.99).toFixed(0) // prettier-ignore
  const last = Math.max(0, ...without.map(({ askedAt }) => askedAt / 1000))
  const loops = samples.map(({ loopMs }) => loopMs)
  return (
    `Of ${outcomes.length} questions ${share(answered.length, outcomes.length)} were answered (p99 ${p99(answered)} ms), ` +
    `${share(away.length, outcomes.length)} were turned away (p99 ${p99(away)} ms), ` +
    `${without.length} (${share(without.length, outcomes.length)}) had no answer${without.length === 0 ? '' : `, the last after ${last.toFixed(0)} s`}: ` +
    `${of('unacknowledged').length} were not acknowledged in time.\n` +
    `Event-loop delay p99 of the bot: ${quantile(loops, 0.5).toFixed(0)} ms in the middle, ${Math.max(...loops).toFixed(0)} at most. ` +
    `Memory in the second half: ${slopePerMinute(samples).toFixed(2)} MB/min.`
  )
}

/** Whether the load leaves anything behind. */
async function afterwards(
  crowd: Crowd,
  rate: number,
  bot: MeasuredBot,
  before: Omit<Sample, 'at' | 'standInMs'>,
): Promise<string> {
  const endedAt = performance.now()
  const outcomes: Outcome[] = []
  await crowd.ask(AFTERWARDS.share * rate, AFTERWARDS.ms, (outcome) => outcomes.push(outcome))
  const isSlow = ({ how, answeredMs = Infinity }: Outcome) => how !== 'answered' || answeredMs > KEPT_UP.ms
  const slow = outcomes.filter(isSlow).map(({ askedAt }) => (askedAt - endedAt) / 1000)
  const after = await sample(bot)
  return (
    `Afterwards, at ${(AFTERWARDS.share * rate).toFixed(0)}/s: ` +
    `${slow.length === 0 ? 'everybody is answered within a second' : `${slow.length} of ${outcomes.length} not answered within a second, the last of them ${Math.max(...slow).toFixed(1)} s after the end`}. ` +
    `Memory ${before.megabytes.toFixed(0)} MB before, ${after.megabytes.toFixed(0)} MB after; handles ${before.handles}, ${after.handles}.`
  )
}

/** Least-squares slope of the resident memory over the second half of the run. */
function slopePerMinute(samples: readonly Sample[]): number {
  const half = samples.filter(({ at }) => at > (minutes * 60_000) / 2)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [atMean, memoryMean] = [mean(half.map(({ at }) => at)), mean(half.map(({ megabytes }) => megabytes))]
  const covariance = half.reduce((sum, { at, megabytes }) => sum + (at - atMean) * (megabytes - memoryMean), 0)
  return (60_000 * covariance) / half.reduce((sum, { at }) => sum + (at - atMean) ** 2, 0)
}
