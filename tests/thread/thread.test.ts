import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { openThread, ThreadDied, type Thread } from '../../src/thread/thread.ts'
import type { Moody, MoodyData } from './moody-thread.ts'

const module = new URL('./moody-thread.ts', import.meta.url)

type Opened = Thread<Moody> & AsyncDisposable & { readonly problems: unknown[]; readonly dead: number[] }

async function open(most = Infinity): Promise<Opened> {
  const data: MoodyData = { lives: new Int32Array(new SharedArrayBuffer(4)), most }
  const problems: unknown[] = []
  const dead: number[] = []
  const thread = await openThread<Moody>(module, data, {
    name: 'moody',
    onProblem: (error) => problems.push(error),
    cleanUp: (threadId) => dead.push(threadId),
  })
  return { ...thread, problems, dead, [Symbol.asyncDispose]: () => thread.close() }
}

test('given a thread, when methods are called side by side, then each call has its own result', async () => {
  await using thread = await open()
  const numbers = Array.from({ length: 50 }, (_, i) => i)
  expect(await Promise.all(numbers.map((number) => thread.call('twice', number)))).toEqual(numbers.map((n) => n * 2))
})

test('given what a person can mend, when a call or the opening fails with it, then code and remedy arrive', async () => {
  await using thread = await open()
  const error = await thread.call('refuse').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  expect(error).toMatchObject({ code: 'bad-argument', message: 'That is no claim.', remedy: 'Write one.' })
  await expect(open(0)).rejects.toMatchObject({ code: 'index-missing', remedy: 'Make it.' })
})

test('given a bug, when a call throws or gives what cannot be sent, then the message and the stack arrive and the thread lives', async () => {
  await using thread = await open()
  const error = await thread.call('stumble').catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ message: 'no passage 7', stack: expect.stringContaining('moody-thread.ts') as unknown })
  await expect(thread.call('giveAFunction')).rejects.toThrow(/could not be cloned/)
  expect(await thread.call('life')).toBe(1)
})

test.each(['crash', 'exit'] as const)(
  'given a thread that dies by %s, when it is called again, then calls in hand fail, the problem is told and another life answers',
  async (way) => {
    await using thread = await open()
    const lost = thread.call('never').catch((thrown: unknown) => thrown)
    await expect(thread.call(way)).rejects.toThrow(/the thread moody/)
    expect(await lost).toMatchObject({ message: expect.stringMatching(/the thread moody/) as unknown })
    expect(thread.problems).toEqual([expect.any(ThreadDied)])
    expect(await Promise.all([thread.call('life'), thread.call('life')])).toEqual([2, 2])
    expect(thread.dead).toHaveLength(1)
  },
)

test('given a thread that runs out of memory, when it is called again, then the process lives, the problem is told and another life answers', async () => {
  const script = `
    import { openThread } from ${JSON.stringify(new URL('../../src/thread/thread.ts', import.meta.url))}
    const data = { lives: new Int32Array(new SharedArrayBuffer(4)), most: 2 }
    const problems = []
    const thread = await openThread(new URL(${JSON.stringify(module)}), data, { name: 'moody', onProblem: ({ cause }) => problems.push(cause.code) })
    const failure = await thread.call('hoard').catch((error) => error.name)
    console.log(failure, problems.join(), await thread.call('life'))
    await thread.close()
  `
  const args = [
    '--max-old-space-size=60',
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
    '--eval',
    script,
  ]
  const output = new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => resolve(error?.message ?? stdout.trim()))
  })
  expect(await output).toBe('ThreadDied ERR_WORKER_OUT_OF_MEMORY 2')
})

test('given a thread that cannot open a second time, when it died and is called, then the reason is told each time', async () => {
  await using thread = await open(1)
  await expect(thread.call('exit')).rejects.toThrow(/ended/)
  await expect(thread.call('life')).rejects.toMatchObject({ code: 'index-missing' })
  await expect(thread.call('life')).rejects.toMatchObject({ code: 'index-missing' })
})

test('given a problem that belongs to no call, when the thread reports it, then whoever opened it is told', async () => {
  await using thread = await open()
  await thread.call('complain')
  expect(thread.problems).toEqual([new UserError('index-damaged', 'The new index is damaged.', 'Build it.')])
})

test('given a thread that computes, when it is busy, then the calling thread goes on turning', async () => {
  await using thread = await open()
  let turns = 0
  let isHeld = true
  const turn = () => {
    turns++
    if (isHeld) setImmediate(turn)
  }
  setImmediate(turn)
  await thread.call('hold', 100)
  isHeld = false
  expect(turns).toBeGreaterThan(5)
})

test('given calls under way, when the thread is closed, then they finish, and later ones are refused', async () => {
  const thread = await open()
  const started = thread.call('after', 20)
  await Promise.all([thread.close(), expect(started).resolves.toBe('done')])
  await thread.close()
  await expect(thread.call('twice', 1)).rejects.toThrow(/closed/)
  expect(thread.problems).toEqual([])
})

test('given listeners, when calls tell them something, then each hears its own call, in order and before the result', async () => {
  await using thread = await open()
  const heard: number[][] = [[], []]
  const calls = [3, 5].map(async (to, i) => {
    await thread.call('count', to, (number) => heard[i]?.push(number))
    return heard[i]?.length
  })
  expect(await Promise.all(calls)).toEqual([3, 5])
  expect(heard).toEqual([
    [1, 2, 3],
    [1, 2, 3, 4, 5],
  ])
})

test('given a signal, when it aborts during one of two calls or was aborted before, then only those calls hear of it', async () => {
  await using thread = await open()
  const [one, other] = [new AbortController(), new AbortController()]
  const [first, second] = [thread.call('untilAborted', one.signal), thread.call('untilAborted', other.signal)]
  await thread.call('twice', 1) // the calls before it have arrived
  one.abort()
  expect(await first).toBe('aborted')
  expect(await Promise.race([second, thread.call('after', 20)])).toBe('done')
  other.abort()
  expect(await second).toBe('aborted')
  expect(await thread.call('untilAborted', AbortSignal.abort())).toBe('aborted before')
})
