import { buildIndex, type BuildOptions } from '../../src/index/index.ts'

/** Builds an index as its first argument says, and writes a line when a phase begins. Run by kill.test.ts. */
const options = JSON.parse(process.argv[2] ?? '{}') as BuildOptions
let phase = ''
function enter(next: string): void {
  if (next === phase) return
  phase = next
  process.stdout.write(`${phase}\n`)
}
enter('start')
await buildIndex({ ...options, onProgress: ({ stage }) => enter(stage) })
