import { Worker } from 'node:worker_threads'
import { type ErrorCode, UserError } from '../errors.ts'
import type { EncoderOptions } from './encoder.ts'

/** What a worker is started with. */
export type WorkerStart = {
  readonly encoder: EncoderOptions
  /** Whether the directory is the built-in model's, which the worker converts when it is not whole. */
  readonly convert: boolean
}

/** An error on its way between threads. */
export type Failure = { readonly message: string; readonly code?: ErrorCode; readonly remedy?: string }

export type ToWorker = { readonly job: number; readonly texts: readonly string[] }

export type FromWorker =
  | { readonly kind: 'ready'; readonly dimensions: number }
  | { readonly kind: 'vectors'; readonly job: number; readonly vectors: Float32Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly job?: number; readonly failure: Failure }

/** Workers that share one queue. */
export type EncoderPool = {
  readonly dimensions: number
  /**
   * Vectors of the texts, one after the other. An urgent job goes before those that wait.
   * @throws the worker's error; Error after `close`
   */
  encode(texts: readonly string[], urgent: boolean): Promise<Float32Array>
  /** Starts the workers that are still missing, without waiting for them. Worth half a second of work or more. */
  grow(): void
  /** Ends the workers; what they were doing is lost. Calling it again is harmless. */
  close(): Promise<void>
}

type Job = ToWorker & {
  readonly resolve: (vectors: Float32Array) => void
  readonly reject: (error: Error) => void
}

type Seat = { readonly worker: Worker; job?: Job | undefined; ready: boolean }

/**
 * A worker is not given its parent's TypeScript loader in every start (test runners have none that Node knows), so it
 * brings its own.
 */
const bootstrap = `
  import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})
    .then(({ register }) => register())
    .then(() => import(${JSON.stringify(new URL('./encoder-worker.ts', import.meta.url))}))
`

/**
 * Starts one worker and waits until its model is loaded; up to `threads` of them run after `grow`. Idle workers do not
 * keep the process alive.
 * @throws whatever kept the model from being loaded
 */
export async function openEncoderPool(start: WorkerStart, threads: number): Promise<EncoderPool> {
  const seats: Seat[] = []
  const waiting: Job[] = []
  let jobs = 0
  let broken: Error | undefined

  function breakDown(error: Error): void {
    broken ??= error
    for (const job of [...waiting.splice(0), ...seats.flatMap((seat) => seat.job ?? [])]) job.reject(broken)
    for (const seat of seats) seat.job = undefined
  }

  function assign(): void {
    for (const seat of seats) {
      if (!seat.ready || seat.job) continue
      const job = waiting.shift()
      if (!job) {
        seat.worker.unref()
        continue
      }
      seat.job = job
      seat.worker.ref()
      seat.worker.postMessage({ job: job.job, texts: job.texts } satisfies ToWorker)
    }
  }

  function finish(seat: Seat, settle: (job: Job) => void): void {
    const { job } = seat
    seat.job = undefined
    if (job) settle(job)
    assign()
  }

  function seatWorker(convert: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(bootstrap, {
        eval: true,
        workerData: { ...start, convert } satisfies WorkerStart,
        execArgv: [],
        name: 'embedding',
      })
      const seat: Seat = { worker, ready: false }
      seats.push(seat)
      const fail = (error: Error) => {
        reject(error)
        breakDown(error)
      }
      worker.on('error', fail)
      worker.on('exit', () => {
        fail(new Error('the embedding thread ended'))
      })
      worker.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'ready':
            seat.ready = true
            resolve(message.dimensions)
            return assign()
          case 'vectors':
            return finish(seat, (job) => job.resolve(message.vectors))
          case 'failed':
            if (message.job === undefined) return fail(revive(message.failure))
            return finish(seat, (job) => job.reject(revive(message.failure)))
        }
      })
    })
  }

  async function close(): Promise<void> {
    breakDown(new Error('the embedder is closed'))
    await Promise.all(seats.splice(0).map((seat) => seat.worker.terminate()))
  }

  const dimensions = await seatWorker(start.convert).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    dimensions,
    encode: (texts, urgent) =>
      new Promise((resolve, reject) => {
        if (broken) return reject(broken)
        const job = { job: ++jobs, texts, resolve, reject }
        if (urgent) waiting.unshift(job)
        else waiting.push(job)
        assign()
      }),
    grow() {
      while (!broken && seats.length < threads) seatWorker(false).catch(breakDown)
    },
    close,
  }
}

function revive({ message, code, remedy }: Failure): Error {
  return code && remedy ? new UserError(code, message, remedy) : new Error(message)
}
