import Database from 'better-sqlite3'
import { UserError } from '../errors.ts'
import { readingError } from './disk.ts'
import { openIndex, type Generation } from './generation.ts'
import { readCurrent } from './generations.ts'

/** The live generation, whichever that is: requests in one process move to the next one when it is published. */
export type IndexFollower = {
  /**
   * Lends the newest generation that is open, until the promise that `work` gives is settled. When a newer one is
   * published it is opened meanwhile, so no request waits for it.
   * @throws what `work` throws; UserError 'index-damaged' where the disk does not give back what was written; Error after
   * `close`
   */
  use<T>(work: (generation: Generation) => T | Promise<T>): Promise<T>
  /** Moves to the live generation now. @throws as `openIndex`; the one before stays in use then */
  refresh(): Promise<void>
  /** Closes the generation once the requests that have it are done. Calling it again is harmless. */
  close(): Promise<void>
}

/** After this a generation that could not be opened is tried again: a disk may recover, files may be closed. */
const RETRY_MS = 60_000

/** A generation and the requests that have it. */
type Loan = {
  readonly generation: Generation
  borrowers: number
  isOver: boolean
  readonly closed: Promise<void>
  readonly settle: () => void
}

/**
 * Opens the live generation and follows.
 * @param options.onProblem told when a newer generation cannot be opened; the one before stays in use
 * @throws as `openIndex`
 */
export async function followIndex(
  indexDir: string,
  options: { readonly modelId?: string; readonly onProblem?: (error: unknown) => void } = {},
): Promise<IndexFollower> {
  const { onProblem, ...openOptions } = options
  let loan = lend(await openIndex(indexDir, openOptions))
  let moving: Promise<void> | undefined
  /** The generation that could not be opened (undefined: not even its number could be read), and when to try again. */
  let failed: { readonly generation: number | undefined; readonly againMs: number } | undefined
  let isClosed = false

  async function end(old: Loan): Promise<void> {
    old.isOver = true
    if (old.borrowers === 0) old.settle()
    await old.closed
  }

  async function move(): Promise<void> {
    const next = lend(await openIndex(indexDir, openOptions))
    const old = loan
    if (isClosed || next.generation.manifest.generation === old.generation.manifest.generation) return end(next)
    loan = next
    void end(old)
  }

  const refresh = () => (moving ??= move().finally(() => (moving = undefined)))

  /** Looks at a file of a few bytes. A deleted or damaged index leaves the open generation in use. */
  async function moveIfNewer(): Promise<void> {
    let current: number | undefined
    try {
      current = await readCurrent(indexDir)
      if (current === loan.generation.manifest.generation) return
      if (failed === undefined || failed.generation !== current || performance.now() >= failed.againMs) await refresh()
    } catch (error) {
      if (error instanceof UserError && error.code === 'index-missing') return
      // Told once a minute, not with every question.
      const isTold = failed?.generation === current && performance.now() < (failed?.againMs ?? 0)
      if (isTold) return
      failed = { generation: current, againMs: performance.now() + RETRY_MS }
      onProblem?.(error)
    }
  }

  return {
    async use(work) {
      if (isClosed) throw new Error('the index is closed')
      const borrowed = loan
      borrowed.borrowers++
      try {
        if (moving === undefined) void moveIfNewer()
        return await work(borrowed.generation)
      } catch (error) {
        throw error instanceof Database.SqliteError ? readingError(error, indexDir) : error
      } finally {
        borrowed.borrowers--
        if (borrowed.isOver && borrowed.borrowers === 0) borrowed.settle()
      }
    },
    refresh,
    async close() {
      isClosed = true
      await moving?.catch(() => undefined)
      await end(loan)
    },
  }
}

function lend(generation: Generation): Loan {
  let settle = () => {}
  const closed = new Promise<void>((resolve) => {
    settle = resolve
  }).then(() => generation.close())
  return { generation, borrowers: 0, isOver: false, closed, settle: () => settle() }
}
