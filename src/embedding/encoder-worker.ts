import { parentPort, workerData } from 'node:worker_threads'
import { UserError } from '../errors.ts'
import type { Failure, FromWorker, ToWorker, WorkerStart } from './encoder-pool.ts'
import { loadEncoder } from './encoder.ts'
import { isWhole } from './model-directory.ts'
import { convertUseLite } from './use-lite.ts'

/** The thread that tokenises and computes, so that the thread that answers people never waits for arithmetic. */
async function main(): Promise<void> {
  const { encoder: options, convert } = workerData as WorkerStart
  const post = (message: FromWorker, transfer: readonly ArrayBuffer[] = []) =>
    parentPort?.postMessage(message, transfer)
  try {
    if (convert && !(await isWhole(options.directory))) await convertUseLite(options.directory, options.precision)
    const encoder = await loadEncoder(options)
    parentPort?.on('message', ({ job, texts }: ToWorker) => {
      encoder.encode(texts).then(
        (vectors) => post({ kind: 'vectors', job, vectors }, [vectors.buffer]),
        (error: unknown) => post({ kind: 'failed', job, failure: failure(error) }),
      )
    })
    post({ kind: 'ready', dimensions: encoder.dimensions })
  } catch (error) {
    post({ kind: 'failed', failure: failure(error) })
  }
}

/** Classes do not survive the way between threads; their fields do. */
function failure(error: unknown): Failure {
  if (error instanceof UserError) return { code: error.code, message: error.message, remedy: error.remedy }
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

await main()
