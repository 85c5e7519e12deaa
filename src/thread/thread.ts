import { Worker } from 'node:worker_threads'
import { UserError, type ErrorCode } from '../errors.ts'

/**
 * What a thread can be asked: methods that take and give plain data, what the structured clone algorithm copies. An
 * argument may also be an AbortSignal, or a function that is told plain data and gives nothing.
 */
export type Service = { readonly [method: string]: (...args: never[]) => Promise<unknown> }

/** A thread that answers for a service, seen from outside. */
export type Thread<S extends Service> = {
  /**
   * Calls a method of the service. Calls run side by side as far as the service lets them.
   * @throws what the method throws: a UserError stays one, any other error keeps its message and stack. Error when the
   * thread dies meanwhile, and after `close`
   */
  call<M extends keyof S & string>(method: M, ...args: Parameters<S[M]>): ReturnType<S[M]>
  /** Lets the calls under way finish, then ends the thread. Calling it again is harmless. */
  close(): Promise<void>
}

export type ThreadOptions = {
  /** What debuggers call it. */
  readonly name: string
  /** Told what the service reports by itself, and of a thread that died (a `ThreadDied`). */
  readonly onProblem?: ((error: unknown) => void) | undefined
  /** Takes away what a thread that died left behind. @param threadId its number, which no later thread gets */
  readonly cleanUp?: ((threadId: number) => void) | undefined
}

/** A thread came to its end without being asked to: a crash, want of memory, an end from outside. */
export class ThreadDied extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ThreadDied'
  }
}

/** An error on its way between threads: classes do not survive it, their fields do. */
export type Failure = {
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: ErrorCode
  readonly remedy?: string
}

/** An argument on its way to a thread: as it is, or what stands in for what cannot be copied. */
export type SentArgument =
  | { readonly kind: 'plain'; readonly value: unknown }
  | { readonly kind: 'listener' }
  | { readonly kind: 'signal'; readonly isAborted: boolean }

type ThreadCall = { readonly id: number; readonly method: string; readonly args: readonly SentArgument[] }
export type ToThread = ThreadCall | { readonly kind: 'abort'; readonly id: number } | 'close'
export type FromThread =
  | { readonly kind: 'open' }
  /** One of the call's listeners, by its place among the arguments, is told something. */
  | { readonly kind: 'told'; readonly id: number; readonly argument: number; readonly value: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'unopened' | 'problem'; readonly failure: Failure }

/**
 * A thread is not given its parent's TypeScript loader in every start (test runners have none that Node knows), so it
 * brings its own.
 */
function bootstrap(module: URL): string {
  return `
    import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})
      .then(({ register }) => register())
      .then(() => import(${JSON.stringify(module)}))
  `
}

/** Starts a module in a thread of its own. @param data what the module reads as `workerData` */
function startThread(module: URL, data: unknown, name: string): Worker {
  return new Worker(bootstrap(module), { eval: true, workerData: data, execArgv: [], name })
}

type Call = {
  readonly args: readonly unknown[]
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** One life of the thread. */
type Life = { ask(method: string, args: readonly unknown[]): Promise<unknown>; end(): Promise<void> }

/**
 * Opens a service in a thread of its own. One that dies takes the calls with it that it had in hand; the next call starts
 * another. An idle thread does not keep the process alive.
 * @param module calls `serve`  @param data plain, what its `serve` is given
 * @throws whatever kept the service from opening
 */
export async function openThread<S extends Service>(
  module: URL,
  data: unknown,
  options: ThreadOptions,
): Promise<Thread<S>> {
  let isClosed = false
  let life: Promise<Life> | undefined
  const begin = (): Promise<Life> => {
    const beginning = live(module, data, options, () => {
      if (life === beginning) life = undefined
    })
    return beginning
  }
  life = begin()
  await life
  return {
    call: (async (method, ...args) => {
      if (isClosed) throw new Error(`the thread ${options.name} is closed`)
      life ??= begin()
      return (await life).ask(method, args)
    }) as Thread<S>['call'],
    async close() {
      isClosed = true
      const last = await life?.catch(() => undefined)
      await last?.end()
    },
  }
}

/** @param onEnd called once, however the thread ends */
function live(
  module: URL,
  data: unknown,
  { name, onProblem, cleanUp }: ThreadOptions,
  onEnd: () => void,
): Promise<Life> {
  const worker = startThread(module, data, name)
  const { threadId } = worker
  const calls = new Map<number, Call>()
  let lastId = 0
  let death: Error | undefined
  let isAskedToEnd = false
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))

  const life: Life = {
    ask: (method, args) =>
      new Promise((resolve, reject) => {
        if (death !== undefined) return reject(death)
        const id = ++lastId
        const abort = () => worker.postMessage({ kind: 'abort', id } satisfies ToThread)
        const signals = args.filter((arg) => arg instanceof AbortSignal)
        for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
        const settled = <T>(then: (value: T) => void) => {
          return (value: T) => {
            for (const signal of signals) signal.removeEventListener('abort', abort)
            then(value)
          }
        }
        worker.postMessage({ id, method, args: args.map(sent) } satisfies ToThread)
        calls.set(id, { args, resolve: settled(resolve), reject: settled(reject) })
        worker.ref()
      }),
    async end() {
      isAskedToEnd = true
      worker.ref()
      worker.postMessage('close' satisfies ToThread)
      await ended
    },
  }

  function settle(id: number, how: (call: Call) => void): void {
    const call = calls.get(id)
    calls.delete(id)
    if (calls.size === 0 && !isAskedToEnd) worker.unref()
    if (call !== undefined) how(call)
  }

  return new Promise<Life>((resolve, reject) => {
    let isOpen = false
    const die = (error: Error) => {
      if (death !== undefined) return
      death = error
      onEnd()
      reject(error)
      for (const id of [...calls.keys()]) settle(id, (call) => call.reject(error))
      if (isOpen && !isAskedToEnd) onProblem?.(error)
    }
    worker.on('error', (cause) => die(new ThreadDied(`the thread ${name} died`, { cause })))
    worker.on('messageerror', (cause) => {
      die(new ThreadDied(`the thread ${name} sent what cannot be read`, { cause }))
      void worker.terminate()
    })
    worker.on('exit', () => {
      die(new ThreadDied(`the thread ${name} ended`))
      if (!isAskedToEnd) cleanUp?.(threadId)
    })
    worker.on('message', (message: FromThread) => {
      switch (message.kind) {
        case 'open':
          isOpen = true
          if (calls.size === 0) worker.unref()
          return resolve(life)
        case 'unopened':
          // The thread ends by itself.
          onEnd()
          return reject(revive(message.failure))
        case 'result':
          return settle(message.id, (call) => call.resolve(message.result))
        case 'failed':
          return settle(message.id, (call) => call.reject(revive(message.failure)))
        case 'told': {
          const listener = calls.get(message.id)?.args[message.argument]
          return typeof listener === 'function' ? void listener(message.value) : undefined
        }
        case 'problem':
          return onProblem?.(revive(message.failure))
      }
    })
  })
}

function sent(arg: unknown): SentArgument {
  if (typeof arg === 'function') return { kind: 'listener' }
  if (arg instanceof AbortSignal) return { kind: 'signal', isAborted: arg.aborted }
  return { kind: 'plain', value: arg }
}

/** What is told of an error to another thread. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UserError) return { message: error.message, code: error.code, remedy: error.remedy }
  if (!(error instanceof Error)) return { message: String(error) }
  return { message: error.message, stack: error.stack }
}

/** The error that another thread told of. */
export function revive({ message, stack, code, remedy }: Failure): Error {
  if (code !== undefined && remedy !== undefined) return new UserError(code, message, remedy)
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
