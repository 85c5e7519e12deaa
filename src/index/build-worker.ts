import { parentPort, workerData } from 'node:worker_threads'
import { UserError, type ErrorCode } from '../errors.ts'
import { build, type BuildInput, type BuildProgress, type BuildReport } from './build.ts'

/** What the thread of a build tells. Classes do not survive the way between threads; their fields do. */
export type FromBuild =
  | { readonly kind: 'progress'; readonly progress: BuildProgress }
  | { readonly kind: 'done'; readonly report: BuildReport }
  | { readonly kind: 'failed'; readonly message: string; readonly code?: ErrorCode; readonly remedy?: string }

/** Any message to the thread means: stop. */
async function main(): Promise<void> {
  const post = (message: FromBuild) => parentPort?.postMessage(message)
  const stop = new AbortController()
  parentPort?.once('message', () => {
    stop.abort(new Error('the build was cancelled'))
  })
  try {
    const report = await build(
      workerData as BuildInput,
      (progress) => post({ kind: 'progress', progress }),
      stop.signal,
    )
    post({ kind: 'done', report })
  } catch (error) {
    if (error instanceof UserError)
      post({ kind: 'failed', code: error.code, message: error.message, remedy: error.remedy })
    else post({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    parentPort?.close()
  }
}

await main()
