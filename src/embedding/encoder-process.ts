import { UserError } from '../errors.ts'
import type { EncoderJob, EncoderStart, Failure, FromEncoder } from './encoder-pool.ts'
import { type Encoder, loadEncoder, UnusableModel } from './encoder.ts'

// The process that tokenises and computes. It lives as long as the one that started it wants it to, whatever signals a
// terminal sends to both.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('disconnect', () => process.exit())
process.once('message', (start: EncoderStart) => {
  open(start).then(serve, (error: unknown) => post({ kind: 'failed', failure: failure(error) }))
})

async function open({ encoder, convert }: EncoderStart): Promise<Encoder> {
  if (convert) {
    const { convertUseLite } = await import('./use-lite.ts')
    await convertUseLite(encoder.directory, encoder.precision)
  }
  return loadEncoder(encoder)
}

function serve(encoder: Encoder): void {
  process.on('message', ({ job, texts }: EncoderJob) => {
    encoder.encode(texts).then(
      (vectors) => post({ kind: 'vectors', job, vectors }),
      (error: unknown) => post({ kind: 'failed', job, failure: failure(error) }),
    )
  })
  post({ kind: 'ready', dimensions: encoder.dimensions })
}

function post(message: FromEncoder): void {
  process.send?.(message)
}

/** Classes do not survive the way between processes; their fields do. */
function failure(error: unknown): Failure {
  if (error instanceof UserError) return { code: error.code, message: error.message, remedy: error.remedy }
  if (error instanceof UnusableModel) return { message: error.message, isUnusable: true }
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
