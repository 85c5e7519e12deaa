import { UserError } from '../../src/errors.ts'
import { serve } from '../../src/thread/serve.ts'

/** A service in every mood: what a thread may do to whoever calls it. */
export type Moody = {
  twice(number: number): Promise<number>
  life(): Promise<number>
  refuse(): Promise<never>
  stumble(): Promise<never>
  giveAFunction(): Promise<unknown>
  hold(milliseconds: number): Promise<void>
  complain(): Promise<void>
  crash(): Promise<void>
  exit(): Promise<void>
  hoard(): Promise<void>
  never(): Promise<void>
  after(milliseconds: number): Promise<string>
  count(to: number, tell: (number: number) => void): Promise<number>
  untilAborted(signal: AbortSignal): Promise<string>
}

/** How often the service may open, counted in memory that all its lives share. */
export type MoodyData = { readonly lives: Int32Array<SharedArrayBuffer>; readonly most: number }

await serve(({ lives, most }: MoodyData, onProblem) => {
  const life = Atomics.add(lives, 0, 1) + 1
  if (life > most) return Promise.reject(new UserError('index-missing', 'There is nothing to open.', 'Make it.'))
  const service: Moody & { close(): Promise<void> } = {
    twice: (number) => Promise.resolve(number * 2),
    life: () => Promise.resolve(life),
    refuse: () => Promise.reject(new UserError('bad-argument', 'That is no claim.', 'Write one.')),
    stumble: () => Promise.reject(new RangeError('no passage 7')),
    giveAFunction: () => Promise.resolve(() => 1),
    hold(milliseconds) {
      for (const until = performance.now() + milliseconds; performance.now() < until;);
      return Promise.resolve()
    },
    complain() {
      onProblem(new UserError('index-damaged', 'The new index is damaged.', 'Build it.'))
      return Promise.resolve()
    },
    crash() {
      setImmediate(() => {
        throw new Error('a bug in a callback')
      })
      return new Promise(() => {})
    },
    exit: () => process.exit(3),
    hoard() {
      for (const hoard: number[][] = []; ;) hoard.push(new Array<number>(10_000).fill(Math.random()))
    },
    never: () => new Promise(() => {}),
    after: (milliseconds) =>
      new Promise((resolve) => {
        setTimeout(() => resolve('done'), milliseconds)
      }),
    count(to, tell) {
      for (let number = 1; number <= to; number++) tell(number)
      return Promise.resolve(to)
    },
    untilAborted: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve('aborted before')
        signal.addEventListener('abort', () => resolve('aborted'))
      }),
    close: () => Promise.resolve(),
  }
  return Promise.resolve(service)
})
