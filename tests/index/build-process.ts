import { UserError } from '../../src/errors.ts'
import { buildIndex, type BuildOptions } from '../../src/index/index.ts'

/**
 * Builds an index as its first argument says, in a process of its own that a test may kill or starve. Writes a line
 * when a phase begins, and the code of the error when it fails.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as BuildOptions
let phase = ''
function enter(next: string): void {
  if (next === phase) return
  phase = next
  process.stdout.write(`${phase}\n`)
}
enter('start')
const stop = new AbortController()
process.once('SIGTERM', () => {
  stop.abort(new UserError('cancelled', 'Cancelled.', 'Nothing changed.'))
  enter('cancelled')
})
try {
  await buildIndex({ ...options, signal: stop.signal, onProgress: ({ stage }) => enter(stage) })
} catch (error) {
  if (!(error instanceof UserError)) throw error
  enter(error.code)
  process.exitCode = 1
}
