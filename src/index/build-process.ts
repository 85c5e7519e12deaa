import { constants, setPriority } from 'node:os'
import { UserError } from '../errors.ts'
import { build } from './build.ts'
import type { FromBuilder, ToBuilder } from './builder.ts'

// The process that builds. What people ask goes before it, and before the embedding processes that it starts, which
// take over its priority. A terminal sends Ctrl-C to both; it is for the one that started it to say what that means.
// A build that is ended in the middle changes nothing.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

const stop = new AbortController()

process.on('message', (message: ToBuilder) => {
  if (message.kind === 'stop') stop.abort(new Error('the build was cancelled'))
  else void run(message)
})

async function run({ input, asked }: Extract<ToBuilder, { kind: 'build' }>): Promise<void> {
  try {
    const work = await build(input, asked, (progress) => post({ kind: 'progress', progress }), stop.signal)
    post(work === undefined ? { kind: 'elsewhere' } : { kind: 'done', work })
  } catch (error) {
    post(failureOf(error))
  }
}

function failureOf(error: unknown): FromBuilder {
  if (!(error instanceof UserError))
    return { kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  if (error.code === 'index-busy') return { kind: 'elsewhere' }
  return { kind: 'failed', code: error.code, message: error.message, remedy: error.remedy }
}

function post(message: FromBuilder): void {
  process.send?.(message)
}
