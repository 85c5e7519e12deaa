import { parentPort, workerData } from 'node:worker_threads'
import { failureOf, type FromThread, type SentArgument, type Service, type ToThread } from './thread.ts'

/**
 * Makes the calling module the thread of a service: opens it and answers calls until it is to close. For modules that
 * `openThread` starts.
 * @param open gets the data that `openThread` was given, and where to report problems that belong to no call; the
 * service's `close` is called at the end
 */
export async function serve<Data>(
  open: (data: Data, onProblem: (error: unknown) => void) => Promise<Service & { close(): Promise<void> }>,
): Promise<void> {
  const port = parentPort
  if (port === null) throw new Error('a module that serves runs in a thread')
  const post = (message: FromThread) => port.postMessage(message)
  let service: Awaited<ReturnType<typeof open>>
  try {
    service = await open(workerData as Data, (error) => post({ kind: 'problem', failure: failureOf(error) }))
  } catch (error) {
    post({ kind: 'unopened', failure: failureOf(error) })
    port.close()
    return
  }
  const inHand = new Set<Promise<void>>()
  const aborts = new Map<number, AbortController>()
  const received = (id: number, args: readonly SentArgument[]): unknown[] =>
    args.map((arg, argument) => {
      switch (arg.kind) {
        case 'plain':
          return arg.value
        case 'listener':
          return (value: unknown) => post({ kind: 'told', id, argument, value })
        case 'signal': {
          const abort = aborts.get(id) ?? new AbortController()
          aborts.set(id, abort)
          if (arg.isAborted) abort.abort()
          return abort.signal
        }
      }
    })
  port.on('message', (message: ToThread) => {
    if (message === 'close') {
      void Promise.all(inHand)
        .then(() => service.close())
        .finally(() => port.close())
      return
    }
    if ('kind' in message) {
      aborts.get(message.id)?.abort()
      return
    }
    const { id, method, args } = message
    const call = Promise.resolve()
      .then(() => {
        const asked = service[method]
        if (asked === undefined) throw new Error(`the thread has no method ${method}`)
        return asked(...(received(id, args) as never[]))
      })
      .then((result) => post({ kind: 'result', id, result }))
      .catch((error: unknown) => post({ kind: 'failed', id, failure: failureOf(error) }))
      .finally(() => {
        inHand.delete(call)
        aborts.delete(id)
      })
    inHand.add(call)
  })
  post({ kind: 'open' })
}
