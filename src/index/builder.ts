import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { UserError, type ErrorCode } from '../errors.ts'
import type { BuildInput, BuildWork, StageProgress } from './build-report.ts'
import type { BuildState } from './build-state.ts'

/** What the process of a build is told. */
export type ToBuilder =
  { readonly kind: 'build'; readonly input: BuildInput; readonly asked: BuildState } | { readonly kind: 'stop' }

/** What it tells. Classes do not survive the way between processes; their fields do. */
export type FromBuilder =
  | { readonly kind: 'progress'; readonly progress: StageProgress }
  | { readonly kind: 'done'; readonly work: BuildWork }
  /** Somebody else builds, or has built what was asked for. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'failed'; readonly message: string; readonly code?: ErrorCode; readonly remedy?: string }

/** The last words of a process that dies, in characters. */
const MOST_LAST_WORDS = 2000

/**
 * Builds in a process of its own, of lower priority: it shares neither a thread nor a heap with whoever answers
 * questions, and neither its crash nor its end for want of memory is theirs.
 * @returns undefined when somebody else builds, or has built since `asked`
 * @throws what `build` throws; UserError 'build-killed' when the process was ended from outside; the signal's reason
 */
export async function runBuilder(
  input: BuildInput,
  asked: BuildState,
  onProgress: (progress: StageProgress) => void,
  signal: AbortSignal | undefined,
): Promise<BuildWork | undefined> {
  const child = fork(fileURLToPath(new URL('./build-process.ts', import.meta.url)), {
    execArgv: ['--import', import.meta.resolve('tsx')],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const tell = (message: ToBuilder) => child.connected && child.send(message, () => undefined)
  const stop = () => tell({ kind: 'stop' })
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await new Promise<BuildWork | undefined>((resolve, reject) => {
      let lastWords = ''
      child.stderr?.setEncoding('utf8').on('data', (words: string) => {
        lastWords = (lastWords + words).slice(-MOST_LAST_WORDS)
      })
      child.on('error', reject)
      child.on('close', (code, killedBy) => {
        reject(signal?.aborted ? signal.reason : deathOf(input.indexDir, code, killedBy, lastWords))
      })
      child.on('message', (message: FromBuilder) => {
        switch (message.kind) {
          case 'progress':
            onProgress(message.progress)
            break
          case 'done':
            resolve(message.work)
            break
          case 'elsewhere':
            resolve(undefined)
            break
          case 'failed':
            reject(signal?.aborted ? signal.reason : revive(message))
            break
        }
      })
      tell({ kind: 'build', input, asked })
    })
  } finally {
    signal?.removeEventListener('abort', stop)
    await end(child)
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve()
    child.on('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function revive({ message, code, remedy }: Extract<FromBuilder, { kind: 'failed' }>): Error {
  return code !== undefined && remedy !== undefined ? new UserError(code, message, remedy) : new Error(message)
}

function deathOf(indexDir: string, code: number | null, killedBy: NodeJS.Signals | null, lastWords: string): Error {
  const isOutOfHeap = lastWords.includes('heap out of memory')
  if (killedBy !== 'SIGKILL' && killedBy !== 'SIGTERM' && !isOutOfHeap)
    return new Error(`the process of the build ended (${killedBy ?? String(code)}) ${lastWords}`.trimEnd())
  return new UserError(
    'build-killed',
    isOutOfHeap
      ? `The build of the index at ${indexDir} ran out of memory. The index before, if any, is still in use.`
      : `The build of the index at ${indexDir} was ended from outside (${killedBy ?? String(code)}), ` +
          'for want of memory perhaps. The index before, if any, is still in use.',
    isOutOfHeap
      ? 'Give it more, for example with NODE_OPTIONS=--max-old-space-size=4096, then run `verbatim index` again.'
      : 'Look into the system’s log, free some memory, then run `verbatim index` again.',
  )
}
