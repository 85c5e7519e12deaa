import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { ENTRIES } from './entries.ts'
import { SHAPES } from './hostile.ts'
import type { Done, Job } from './reader.ts'

/**
 * `npm run fuzz -- --minutes 10`: for half of the time, ways in get long texts of every shape, in random order; then all
 * of them random hostile ones. Prints what was tried, what was slow, and each failure with its seed; ends with 1 when there was one.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    /** Characters of the longest text. */
    longest: { type: 'string', default: '1000000' },
    /** Only entries whose name has this. */
    only: { type: 'string', default: '' },
  },
})
const startedAt = performance.now()
const endsAt = startedAt + Number(values.minutes) * 60_000
const longest = Number(values.longest)

/** CPU time that a megabyte may take, and how long an answer is waited for. */
const SLOW_MS_PER_MEGABYTE = 1000
const PATIENCE_MS = 120_000
/** What a text of five megabytes may take: enough for a parsed page of that size. */
const HEAP_MEGABYTES = 2048

let reader: ChildProcess | undefined

/** Runs a job in a process that may hang or die without taking this one along. */
async function ask(job: Job): Promise<Done | { readonly problem: string }> {
  const child = (reader ??= fork(fileURLToPath(new URL('reader.ts', import.meta.url)), {
    execArgv: [...process.execArgv, `--max-old-space-size=${String(HEAP_MEGABYTES)}`],
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  }))
  const done = await new Promise<Done | string>((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      resolve(`no answer in ${String(PATIENCE_MS / 1000)} s`)
    }, PATIENCE_MS)
    child.once('message', (answer: Done) => {
      clearTimeout(timer)
      child.removeAllListeners()
      resolve(answer)
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(`the process ended (${signal ?? String(code)}); more than ${String(HEAP_MEGABYTES)} MB?`)
    })
    child.send(job)
  })
  if (typeof done !== 'string') return done
  child.removeAllListeners()
  reader = undefined
  return { problem: done }
}

const problems: string[] = []
const slow: string[] = []
let characters = 0
let texts = 0
let peakMegabytes = 0

function note(job: Job, done: Done | { readonly problem: string }): void {
  if (done.problem !== undefined) {
    problems.push(`${JSON.stringify(job)}: ${done.problem}`)
    console.error(`problem: ${problems.at(-1) ?? ''}`)
  }
  if (!('characters' in done)) return
  characters += done.characters
  texts += job.kind === 'random' ? job.runs : 1
  peakMegabytes = Math.max(peakMegabytes, done.peakMegabytes)
}

const entries = ENTRIES.filter(({ name }) => name.includes(values.only))
console.log(`seed ${values.seed}, Node ${process.version}`)
const pairs = entries
  .filter(({ most }) => most === undefined)
  .flatMap((entry) => Object.keys(SHAPES).map((shape) => ({ entry: entry.name, shape })))
const order =
  fc.sample(fc.shuffledSubarray(pairs, { minLength: pairs.length }), { numRuns: 1, seed: Number(values.seed) })[0] ?? []
let pairsTried = 0
for (const { entry, shape } of order) {
  if (performance.now() > (startedAt + endsAt) / 2) break
  pairsTried++
  let msPerMegabyte = 0
  for (const size of [20_000, 200_000, longest]) {
    // What is slow at this length would hold the longer one up for minutes, and is known by then.
    if (size > longest || msPerMegabyte > SLOW_MS_PER_MEGABYTE * 4) break
    const job: Job = { kind: 'long', entry, shape, size }
    const done = await ask(job)
    note(job, done)
    if (!('cpuMs' in done)) break
    msPerMegabyte = done.cpuMs / (size / 1e6)
    if (msPerMegabyte > SLOW_MS_PER_MEGABYTE * (size === longest ? 1 : 4))
      slow.push(`${entry} · ${shape}: ${(done.cpuMs / 1000).toFixed(1)} s for ${size.toLocaleString('en')} characters`)
  }
}
let seed = Number(values.seed)
const randomEntries = [...entries.map(({ name }) => name), 'import of bytes']
while (performance.now() < endsAt)
  for (const entry of randomEntries) {
    const job: Job = { kind: 'random', entry, seed: seed++, runs: 300 }
    note(job, await ask(job))
  }
reader?.kill()
console.log(
  `${texts.toLocaleString('en')} texts, ${(characters / 1e6).toFixed(0)} million characters, ${String(entries.length + 1)} ways in, ${String(pairsTried)} of ${String(pairs.length)} long texts; ` +
    `at most ${String(peakMegabytes)} MB of memory; ${String(problems.length)} problems.`,
)
if (slow.length > 0) console.log(`More than a second of CPU a megabyte:\n${slow.map((line) => `  ${line}`).join('\n')}`)
process.exitCode = problems.length > 0 ? 1 : 0
