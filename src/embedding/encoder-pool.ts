import { type ChildProcess, fork } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, UserError } from '../errors.ts'
import { type EncoderOptions, UnusableModel } from './encoder.ts'

/** The first message to a process: what it is to load. */
export type EncoderStart = {
  readonly encoder: EncoderOptions
  /** Whether the directory has to be made first, out of the built-in model. */
  readonly convert: boolean
}

/** An error on its way between processes. */
export type Failure = {
  readonly message: string
  readonly code?: ErrorCode
  readonly remedy?: string
  readonly isUnusable?: boolean
}

/** Texts to embed, the message that follows the first one. */
export type EncoderJob = { readonly job: number; readonly texts: readonly string[] }

/** What a process sends back. */
export type FromEncoder =
  | { readonly kind: 'ready'; readonly dimensions: number }
  | { readonly kind: 'vectors'; readonly job: number; readonly vectors: Float32Array }
  | { readonly kind: 'failed'; readonly job?: number; readonly failure: Failure }

/** Processes that share one queue. */
export type EncoderPool = {
  readonly dimensions: number
  /**
   * Vectors of the texts, one after the other. Urgent jobs go before those that are not, in the order they came.
   * @throws the process's error; UserError 'embedding-killed' when two processes were ended from outside over the same
   * texts; Error after `close`
   */
  encode(texts: readonly string[], urgent: boolean): Promise<Float32Array>
  /** Starts the processes that are still missing, without waiting for them. Pays for a second of work or more. */
  grow(): void
  /** Ends the processes; what they were doing is lost. Calling it again is harmless. */
  close(): Promise<void>
}

type Job = EncoderJob & {
  readonly urgent: boolean
  /** Processes that died with it in hand. */
  deaths: number
  readonly resolve: (vectors: Float32Array) => void
  readonly reject: (error: Error) => void
}

type Seat = { readonly child: ChildProcess; readonly jobs: Job[]; isReady: boolean }

/** Deaths of processes that a job survives: one may have been somebody else's fault, another would be the next. */
const mostDeaths = 1

/** Jobs that a process is given at once: the one it does and the one that it finds when it is done. */
export const jobsInHand = 2

const closedMessage = 'the embedder is closed'
/** The last words of a process that dies, in characters. */
const mostLastWords = 2000

/**
 * Starts one process and waits until its model is loaded; up to `most` of them run after `grow`. Idle ones do not keep
 * this process alive, and none outlives it. When one dies, another does the jobs that it had in hand; a job that a second
 * one dies of fails. A job that finds none starts another.
 *
 * Processes, not worker threads: onnxruntime-node 1.14 computes on the thread that calls it, which must not be the one
 * that answers people; a worker thread that is ended while it computes takes the whole process with it (abort), and
 * once the last thread that had loaded the runtime is gone no other can load it ("Module did not self-register").
 * @throws whatever kept the model from being loaded
 */
export async function openEncoderPool(start: EncoderStart, most: number): Promise<EncoderPool> {
  const seats: Seat[] = []
  const waiting: Job[] = []
  let jobs = 0
  let isClosed = false

  /** Gives up a process, its jobs, and, when it was the last one, the jobs that wait. */
  function unseat(seat: Seat, error: Error): void {
    const at = seats.indexOf(seat)
    if (at >= 0) seats.splice(at, 1)
    for (const job of seat.jobs.splice(0)) job.reject(error)
    if (seats.length === 0) for (const job of waiting.splice(0)) job.reject(error)
  }

  /** Puts the jobs of a process that died before those that wait, and sees to it that one is there to do them. */
  function bury(seat: Seat, error: Error): void {
    const isLate = (job: Job) => ++job.deaths > mostDeaths
    const jobs = seat.jobs.splice(0)
    const lost = jobs.filter(isLate)
    waiting.unshift(...jobs.filter((job) => !lost.includes(job)))
    for (const job of lost) job.reject(error)
    seats.splice(seats.indexOf(seat), 1)
    if (seats.length === 0 && waiting.length > 0) void startAnother()
    assign()
  }

  function assign(): void {
    for (const seat of seats) {
      while (seat.isReady && seat.jobs.length < jobsInHand) {
        const job = waiting.shift()
        if (!job) break
        seat.jobs.push(job)
        seat.child.send({ job: job.job, texts: job.texts } satisfies EncoderJob)
      }
      if (seat.isReady) holdAlive(seat.child, seat.jobs.length > 0)
    }
  }

  function finish(seat: Seat, id: number, settle: (job: Job) => void): void {
    const at = seat.jobs.findIndex(({ job }) => job === id)
    const [job] = at < 0 ? [] : seat.jobs.splice(at, 1)
    if (job) settle(job)
    assign()
  }

  function seatProcess(convert: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(new URL('./encoder-process.ts', import.meta.url)), {
        execArgv: ['--import', import.meta.resolve('tsx')],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      const seat: Seat = { child, jobs: [], isReady: false }
      seats.push(seat)
      let lastWords = ''
      const fail = (error: Error) => {
        reject(error)
        unseat(seat, error)
        child.kill('SIGKILL')
      }
      if (child.stderr instanceof Socket) child.stderr.unref()
      child.stderr?.setEncoding('utf8').on('data', (words: string) => {
        lastWords = (lastWords + words).slice(-mostLastWords)
      })
      child.on('error', fail)
      child.on('exit', (code, signal) => {
        const death = deathOf(code, signal, lastWords)
        // One that never got ready would not the next time either.
        if (seat.isReady && seats.includes(seat)) bury(seat, death)
        else fail(death)
      })
      child.on('message', (message: FromEncoder) => {
        switch (message.kind) {
          case 'ready':
            seat.isReady = true
            resolve(message.dimensions)
            return assign()
          case 'vectors':
            return finish(seat, message.job, (job) => job.resolve(message.vectors))
          case 'failed':
            if (message.job === undefined) return fail(revive(message.failure))
            return finish(seat, message.job, (job) => job.reject(revive(message.failure)))
        }
      })
      child.send({ ...start, convert } satisfies EncoderStart)
    })
  }

  async function close(): Promise<void> {
    isClosed = true
    const children = seats.map(({ child }) => child)
    for (const seat of [...seats]) unseat(seat, new Error(closedMessage))
    await Promise.all(children.map(end))
  }

  /** What keeps it from starting is told to the jobs that wait for it. */
  async function startAnother(): Promise<void> {
    await seatProcess(false).catch(() => {})
  }

  const dimensions = await seatProcess(start.convert).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    dimensions,
    encode: (texts, urgent) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new Error(closedMessage))
        const job = { job: ++jobs, texts, urgent, deaths: 0, resolve, reject }
        const behind = urgent ? waiting.findIndex((other) => !other.urgent) : -1
        waiting.splice(behind < 0 ? waiting.length : behind, 0, job)
        if (seats.length === 0) void startAnother()
        assign()
      }),
    grow() {
      while (!isClosed && seats.length < most) void startAnother()
    },
    close,
  }
}

/** Whether this process has to stay because of the child. */
function holdAlive(child: ChildProcess, isHeld: boolean): void {
  if (isHeld) {
    child.ref()
    child.channel?.ref()
  } else {
    child.unref()
    child.channel?.unref()
  }
}

function deathOf(code: number | null, signal: NodeJS.Signals | null, lastWords: string): Error {
  if (signal !== 'SIGKILL' && signal !== 'SIGTERM')
    return new Error(`the embedding process ended (${signal ?? code}) ${lastWords}`.trimEnd())
  return new UserError(
    'embedding-killed',
    `The process that embeds texts was ended from outside (${signal}), for want of memory perhaps.`,
    'Try again. If it comes back, look into the system’s log and free some memory.',
  )
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    holdAlive(child, true)
    child.on('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function revive({ message, code, remedy, isUnusable = false }: Failure): Error {
  if (isUnusable) return new UnusableModel(message)
  return code && remedy ? new UserError(code, message, remedy) : new Error(message)
}
