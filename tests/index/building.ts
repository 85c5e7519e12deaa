import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { embedding, type Site } from './made-up-coverage.ts'

/** A process of its own that builds an index, with the processes that it starts. */
export type Building = {
  /** Resolves at the line that says that a phase begins: 'start', a stage, the code of an error. */
  reached(phase: string): Promise<void>
  /** Told of every such line from here on. */
  onPhase(listener: (phase: string) => void): void
  /** To all its processes at once. */
  signal(signal: NodeJS.Signals): void
  /** As a caller does, by the signal of the build. Wakes no process but the first. */
  cancel(): Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly pid: number
}

/** Begins to build, as `verbatim index` would. */
export function startBuilding({ corpusDir, indexDir }: Site, full = false): Building {
  const program = fileURLToPath(new URL('./build-process.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), program, JSON.stringify({ corpusDir, indexDir, embedding, full })],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  )
  const { pid } = child
  if (pid === undefined) throw new Error('no process')
  const lines = createInterface({ input: child.stdout })
  const seen: string[] = []
  lines.on('line', (line) => seen.push(line))
  return {
    pid,
    reached: (phase) =>
      new Promise((resolve, reject) => {
        if (seen.includes(phase)) return resolve()
        lines.on('line', (line) => {
          if (line === phase) resolve()
        })
        lines.on('close', () => reject(new Error(`ended before ${phase}, after ${seen.join(' ')}`)))
      }),
    onPhase: (listener) => lines.on('line', listener),
    signal(signal) {
      try {
        process.kill(-pid, signal)
      } catch {
        // All of them have ended.
      }
    },
    async cancel() {
      process.kill(pid, 'SIGTERM')
      process.kill(pid, 'SIGCONT')
      await this.reached('cancelled')
    },
    ended: once(child, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    })),
  }
}
