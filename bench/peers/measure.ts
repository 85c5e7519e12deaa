import { pathToFileURL } from 'node:url'
import { familyCpuMs, residentMemory } from '../machine.ts'
import type { PeerModule } from './peer.ts'
import { questionVectors, readTask, unitsOf } from './units.ts'

/** What a child process tells. */
export type Measured = {
  /** Time to build; 0 where this process did not build. */
  readonly buildSeconds: number
  readonly openMs: number
  /** Time of each question that was asked, after a warm-up, milliseconds. */
  readonly times: readonly number[]
  /** CPU time of a question on average, of all threads and processes, milliseconds. */
  readonly cpuMs: number
  /** Hits of each question that was asked, in the order of the questions. */
  readonly found: readonly (readonly number[])[]
  readonly megabytes: number
  readonly peakMegabytes: number
}

/** Questions that are asked beforehand, as often as the first question can be repeated. */
const WARM_UP = 10
const FEWEST = 20

// The process that builds and asks one peer: adapter file, directory of the task, directory of the index, phase.
const [adapter = '', taskDir = '', indexDir = '', phase = 'ask'] = process.argv.slice(2)
const { peer } = (await import(pathToFileURL(adapter).href)) as PeerModule
const task = readTask(taskDir)
let buildSeconds = 0
if (phase === 'build' || !peer.isKept) {
  const started = performance.now()
  const { dimensions, texts } = task
  await peer.build(unitsOf(taskDir, task), { dir: indexDir, dimensions, count: texts.length })
  buildSeconds = (performance.now() - started) / 1000
}
const times: number[] = []
const found: (readonly number[])[] = []
let openMs = 0
let cpuMs = 0
if (phase === 'ask') {
  const vectors = questionVectors(taskDir, task)
  const opening = performance.now()
  await peer.open(indexDir)
  openMs = performance.now() - opening
  const ask = (i: number) => peer.search(task.questions[i] ?? '', vectors[i] ?? new Float32Array(), task.k)
  const until = performance.now() + task.mostSeconds * 1000
  for (let i = 0; i < Math.min(WARM_UP, task.questions.length) && performance.now() < until; i++) await ask(i)
  const cpuStart = familyCpuMs()
  for (const [i] of task.questions.entries()) {
    if (i >= FEWEST && performance.now() > until) break
    const started = performance.now()
    found.push(await ask(i))
    times.push(performance.now() - started)
  }
  cpuMs = (familyCpuMs() - cpuStart) / times.length
}
globalThis.gc?.()
const measured: Measured = { buildSeconds, openMs, times, cpuMs, found, ...residentMemory() }
process.stdout.write(JSON.stringify(measured), () => process.exit(0))
