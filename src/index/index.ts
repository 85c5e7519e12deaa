import { Worker } from 'node:worker_threads'
import { UserError } from '../errors.ts'
import type { FromBuild } from './build-worker.ts'
import type { BuildInput, BuildProgress, BuildReport } from './build.ts'

export type { BuildInput, BuildProgress, BuildReport, BuildStage } from './build.ts'
export { openIndex } from './generation.ts'
export type * from './coverage.ts'
export type * from './generation.ts'
export { followIndex } from './follow.ts'
export type { IndexFollower } from './follow.ts'
export { indexStanding } from './standing.ts'
export type { IndexStanding } from './standing.ts'

/** What a build may be given besides its input. */
export type BuildOptions = BuildInput & {
  /** Told some ten times a second, and at the end of a stage. */
  readonly onProgress?: (progress: BuildProgress) => void
  /** Ends the build within moments; what was live stays live. */
  readonly signal?: AbortSignal
}

/**
 * A worker is not given its parent's TypeScript loader in every start (test runners have none that Node knows), so it
 * brings its own.
 */
const bootstrap = `
  import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})
    .then(({ register }) => register())
    .then(() => import(${JSON.stringify(new URL('./build-worker.ts', import.meta.url))}))
`

/**
 * Builds the index of a corpus, in a thread of its own, and publishes it as the next generation. Until it is published,
 * and whatever happens, what was live stays live. One build runs at a time, across processes.
 * @throws UserError 'index-busy' when another build is running; 'corpus-empty' when there is no folder, or only files
 * that are no articles; 'model-unavailable'; 'write-failed'. The signal's reason when it is aborted
 */
export async function buildIndex(options: BuildOptions): Promise<BuildReport> {
  const { corpusDir, indexDir, embedding, full, onProgress, signal } = options
  const input: BuildInput = { corpusDir, indexDir, embedding, full }
  signal?.throwIfAborted()
  const worker = new Worker(bootstrap, { eval: true, workerData: input, execArgv: [], name: 'index build' })
  const stop = () => {
    worker.postMessage('stop')
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await new Promise<BuildReport>((resolve, reject) => {
      worker.on('error', reject)
      worker.on('exit', () => {
        reject(new Error('the thread of the build ended'))
      })
      worker.on('message', (message: FromBuild) => {
        switch (message.kind) {
          case 'progress':
            onProgress?.(message.progress)
            break
          case 'done':
            resolve(message.report)
            break
          case 'failed':
            reject(signal?.aborted ? signal.reason : revive(message))
            break
        }
      })
    })
  } finally {
    signal?.removeEventListener('abort', stop)
    await worker.terminate()
  }
}

function revive({ message, code, remedy }: Extract<FromBuild, { kind: 'failed' }>): Error {
  return code !== undefined && remedy !== undefined ? new UserError(code, message, remedy) : new Error(message)
}
