import { openEngine } from '../src/engine.ts'
import { residentMemory, type Resident } from './machine.ts'

/** What a process that answers holds, in MB. */
export type Held = {
  readonly opened: Resident
  readonly asked: Resident
}

const QUESTIONS = 200

// A process that opens an index, answers questions, and tells what it holds.
const [indexDir = '', cacheDir = ''] = process.argv.slice(2)
const engine = await openEngine({ indexDir, embedding: { model: 'use-lite', precision: 'int8', cacheDir } })
await engine.ask({ text: 'Who spoke first?' })
globalThis.gc?.()
const opened = residentMemory()
const topics = ['taxes', 'the debate', 'a treaty', 'tanks', 'the court', 'the budget', 'a bridge', 'the vote']
for (let i = 0; i < QUESTIONS; i++)
  await engine.ask({ text: `Who spoke about ${topics[i % topics.length] ?? ''} in ${String(1900 + i)}?` })
globalThis.gc?.()
const held: Held = { opened, asked: residentMemory() }
await engine.close()
process.stdout.write(JSON.stringify(held))
