import { execFile, type ExecFileException } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Embedder, type EmbeddingConfig, openEmbedder } from '../../src/embedding/embedding.ts'
import { type LocalHub, openLocalHub, tinyModel } from './local-hub.ts'

const sentences = [
  'The harbour bridge was closed to lorries on Monday.',
  'Lorries may no longer cross the bridge at the harbour.',
  'The minister of finance presented a budget without new taxes.',
  'A heatwave has dried up the reservoirs of the south.',
  'Who closed the bridge?',
  '“We will rebuild it,” the mayor said.',
  'No.',
]

const cosine = (a: Float32Array | undefined, b: Float32Array | undefined) => {
  if (!a || !b) throw new Error('a vector is missing')
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0)
}

let cacheDir: string
let hub: LocalHub

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'verbatim-embedding-'))
  hub = await openLocalHub('some-lab/tiny-letters', 'main', tinyModel(48))
})

afterAll(async () => {
  await hub.close()
  await rm(cacheDir, { recursive: true, force: true })
})

const implementations: readonly [string, () => EmbeddingConfig][] = [
  ['the built-in model, int8', () => ({ model: 'use-lite', precision: 'int8', cacheDir })],
  ['the built-in model, fp32', () => ({ model: 'use-lite', precision: 'fp32', cacheDir })],
  ['a hub model', () => ({ model: 'some-lab/tiny-letters', precision: 'int8', cacheDir, hubUrl: hub.url })],
]

describe.each(implementations)('%s', (_, config) => {
  let embedder: Embedder

  beforeAll(async () => {
    embedder = await openEmbedder({ ...config(), threads: 2 })
  })

  afterAll(() => embedder.close())

  test('given texts, when embedded, then each has one vector of length one, in order', async () => {
    const vectors = await embedder.embed(sentences)
    expect(vectors).toHaveLength(sentences.length)
    for (const [i, vector] of vectors.entries()) {
      expect(vector).toHaveLength(embedder.dimensions)
      expect(cosine(vector, vector)).toBeCloseTo(1, 5)
      const [alone] = await embedder.embed([sentences[i] ?? ''])
      expect(cosine(vector, alone)).toBeCloseTo(1, 5)
    }
  })

  test('given any texts in any company, when embedded, then a vector depends on its own text only', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...sentences, 'word '.repeat(90)), { maxLength: 40 }),
        async (texts) => {
          const together = await embedder.embed(texts)
          const own = new Map<string, Float32Array>()
          for (const [i, text] of texts.entries()) {
            const vector = own.get(text) ?? (await embedder.embed([text]))[0] ?? new Float32Array()
            own.set(text, vector)
            expect(cosine(together[i], vector)).toBeGreaterThan(0.99999)
          }
        },
      ),
      { numRuns: 10 },
    ))

  test('given no texts, when embedded, then there are no vectors', async () => {
    expect(await embedder.embed([])).toEqual([])
  })

  test('given blank texts among others, when embedded, then they have the zero vector', async () => {
    const [empty, text, blank] = await embedder.embed(['', 'bridge', ' \n\t'])
    expect(empty?.every((value) => value === 0)).toBe(true)
    expect(blank?.every((value) => value === 0)).toBe(true)
    expect(cosine(text, text)).toBeCloseTo(1, 5)
  })

  test('given hostile texts, when embedded, then each has a vector', async () => {
    const hostile = [
      '\ud800',
      '漢字'.repeat(5000),
      '\u0000',
      'ﷺ'.repeat(3000),
      '😀',
      '"'.repeat(10_000),
      '-'.repeat(400),
    ]
    for (const vector of await embedder.embed(hostile)) expect(cosine(vector, vector)).toBeCloseTo(1, 5)
  })

  test('given a text of a million characters, when embedded, then its beginning counts', async () => {
    const beginning = 'the bridge is closed and nobody knows for how long '.repeat(40)
    const [huge, cut] = await embedder.embed([beginning + 'x y z '.repeat(160_000), beginning + 'a b c '.repeat(1000)])
    expect(cosine(huge, huge)).toBeCloseTo(1, 5)
    expect(cosine(huge, cut)).toBeGreaterThan(0.9)
  })

  test('given a vector is changed by its owner, when the query is asked again, then the change is not seen', async () => {
    const [first] = await embedder.embed(['who closed the bridge'], { role: 'query' })
    const before = first?.slice()
    first?.fill(0)
    const [second] = await embedder.embed(['who closed the bridge'], { role: 'query' })
    expect(second).toEqual(before)
    expect(second?.buffer.byteLength).toBe(4 * embedder.dimensions)
  })

  test('given many texts, when embedded, then progress rises to their number and the event loop keeps turning', async () => {
    const texts = Array.from({ length: 600 }, (_, i) => `${sentences[i % sentences.length]} Number ${i}.`)
    const progress: number[] = []
    let turns = 0
    const turning = setInterval(() => turns++, 1)
    await embedder.embed([...texts, ''], { onProgress: (done) => progress.push(done) })
    clearInterval(turning)
    expect(progress.at(-1)).toBe(601)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(progress.length).toBeGreaterThan(2)
    expect(turns).toBeGreaterThan(2)
  })

  test('given it is aborted on its way, when embedding, then it ends with the reason and goes on serving', async () => {
    const controller = new AbortController()
    const texts = Array.from({ length: 600 }, (_, i) => `${sentences[i % sentences.length]} Number ${i}.`)
    const seen: number[] = []
    const embedding = embedder.embed(texts, {
      signal: controller.signal,
      onProgress: (done) => {
        seen.push(done)
        controller.abort(new Error('never mind'))
      },
    })
    await expect(embedding).rejects.toThrow('never mind')
    expect(seen.at(-1)).toBeLessThan(600)
    await expect(embedder.embed(['x'], { signal: controller.signal })).rejects.toThrow('never mind')
    expect(await embedder.embed(sentences)).toHaveLength(sentences.length)
  })

  test('given a question during a long job, when embedded, then it does not wait for the end of the job', async () => {
    const texts = Array.from({ length: 1200 }, (_, i) => `${sentences[i % sentences.length]} Number ${i}.`)
    const order: string[] = []
    const job = embedder.embed(texts).then(() => order.push('job'))
    const question = embedder.embed(['who closed the bridge now'], { role: 'query' }).then(() => order.push('question'))
    await Promise.all([job, question])
    expect(order).toEqual(['question', 'job'])
  })

  test('given many questions at once, when one process embeds them, then they are done in the order they came', async () => {
    const single = await openEmbedder({ ...config(), threads: 1 })
    const asked = Array.from({ length: 12 }, (_, i) => `who closed bridge number ${String(i)}`)
    const order: string[] = []
    await Promise.all(asked.map((text) => single.embed([text], { role: 'query' }).then(() => order.push(text))))
    await single.close()
    expect(order).toEqual(asked)
  })

  test('given it is closed during a job, when closed twice, then the job fails and so does every later one', async () => {
    const other = await openEmbedder({ ...config(), threads: 1 })
    const job = other.embed(Array.from({ length: 2000 }, (_, i) => `${sentences[0]} Number ${i}.`))
    const failed = expect(job).rejects.toThrow('closed')
    await other.close()
    await other.close()
    await failed
    await expect(other.embed(['x'])).rejects.toThrow('closed')
    await expect(other.embed([])).rejects.toThrow('closed')
  })
})

describe('the built-in model', () => {
  let int8: Embedder
  let fp32: Embedder

  beforeAll(async () => {
    int8 = await openEmbedder({ model: 'use-lite', precision: 'int8', cacheDir, threads: 1 })
    fp32 = await openEmbedder({ model: 'use-lite', precision: 'fp32', cacheDir, threads: 1 })
  })

  afterAll(() => Promise.all([int8.close(), fp32.close()]))

  test('given two precisions, when opened, then their ids differ, since their vectors do', () => {
    expect(int8.id).toMatch(/^use-lite@\d+\/int8$/)
    expect(fp32.id).toBe(int8.id.replace('int8', 'fp32'))
    expect(int8.dimensions).toBe(512)
  })

  test('given the same news in other words, when embedded, then it lies nearer than other news', async () => {
    const [closed, mayNotCross, budget, heatwave, question] = await int8.embed(sentences)
    expect(cosine(closed, mayNotCross)).toBeGreaterThan(cosine(closed, budget) + 0.2)
    expect(cosine(closed, mayNotCross)).toBeGreaterThan(cosine(closed, heatwave) + 0.2)
    expect(cosine(question, closed)).toBeGreaterThan(cosine(question, budget) + 0.2)
  })

  test('given 128 tokens, when more follow, then they do not change the vector', async () => {
    const beginning = 'the bridge is closed and nobody knows for how long '.repeat(20)
    const [one, other] = await fp32.embed([`${beginning}he said`, `${beginning}she asked them all twice`])
    expect(cosine(one, other)).toBeCloseTo(1, 6)
  })

  test('given eight bits instead of 32, when embedded, then the vectors keep a mean cosine of 0.999', async () => {
    const texts = [...sentences, ...sentences.map((text) => `${text} ${sentences[0]}`)]
    const [rounded, exact] = [await int8.embed(texts), await fp32.embed(texts)]
    const cosines = rounded.map((vector, i) => cosine(vector, exact[i]))
    expect(cosines.reduce((sum, value) => sum + value, 0) / cosines.length).toBeGreaterThan(0.999)
    expect(Math.min(...cosines)).toBeGreaterThan(0.997)
  })

  test('given pipeline() of transformers.js on the converted files, when embedding, then the vectors are the same', async () => {
    const directory = (await readdir(cacheDir)).find((name) => name.startsWith('use-lite') && name.endsWith('fp32'))
    const { env, pipeline } = await import('@xenova/transformers')
    env.allowRemoteModels = false
    env.localModelPath = cacheDir
    const extract = await pipeline('feature-extraction', directory ?? '', { quantized: false, local_files_only: true })
    const vectors = await fp32.embed(sentences)
    for (const [i, text] of sentences.entries()) {
      const { data } = await extract(text, { pooling: 'cls', normalize: true })
      expect(cosine(vectors[i], data as Float32Array)).toBeCloseTo(1, 5)
    }
  })
})

describe('a process of its own', () => {
  let own: string
  const embeddingModule = JSON.stringify(new URL('../../src/embedding/embedding.ts', import.meta.url))

  beforeEach(async () => {
    own = await mkdtemp(join(tmpdir(), 'verbatim-process-'))
  })

  afterEach(() => rm(own, { recursive: true, force: true }))

  /** Runs a script that has an open embedder; gives its exit code and what it printed. */
  function run(script: string, nodeOptions = '') {
    const code = `
      const { openEmbedder } = await import(${embeddingModule})
      const embedder = await openEmbedder({ model: 'use-lite', precision: 'int8', cacheDir: ${JSON.stringify(own)}, threads: 2 })
      ${script}
    `
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', code]
    const env = { ...process.env, NODE_OPTIONS: nodeOptions }
    return new Promise<{ code: ExecFileException['code']; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
        resolve({ code: error ? (error.code ?? error.signal ?? 'failed') : 0, stdout, stderr })
      })
    })
  }

  /** Ends every computing process at once. @returns how many there were */
  const KILLER = `
    import { execFileSync } from 'node:child_process'
    function killAll() {
      const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
      const pids = children.split('\\n').filter((line) => line.includes('encoder-process')).map((line) => parseInt(line, 10))
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      return pids.length
    }
  `
  const oneVector = `console.log((await embedder.embed(['a bridge']))[0].subarray(0, 4).join())`

  test('given a fresh directory, when embedding, then nothing is printed and no network is touched', async () => {
    // Pipes between processes on this machine go through the same classes; they have a path instead of a port.
    const guard = `
      import net from 'node:net'
      import dns from 'node:dns'
      const refuse = () => process.exit(77)
      for (const [prototype, method] of [[net.Socket.prototype, 'connect'], [net.Server.prototype, 'listen']]) {
        const original = prototype[method]
        prototype[method] = function (...args) {
          const [first] = args.flat()
          return typeof first === 'string' || first?.path ? original.apply(this, args) : refuse()
        }
      }
      dns.lookup = refuse
      globalThis.fetch = refuse
    `
    const quiet = await run(
      `await embedder.embed(['a bridge'])`,
      `--import data:text/javascript,${encodeURIComponent(guard)}`,
    )
    expect(quiet).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('given an embedder that nobody closes, when the work is done, then the process ends', async () => {
    expect(await run(oneVector)).toMatchObject({ code: 0, stderr: '' })
  })

  test('given it exits in the middle of work, when it has done so, then its code is its own', async () => {
    const script = `
      embedder.embed(Array.from({ length: 5000 }, (_, i) => 'The bridge was closed for the day number ' + i), {
        onProgress: () => process.exit(3),
      })
    `
    expect(await run(script)).toMatchObject({ code: 3, stderr: '' })
  })

  test('given two that start at once on nothing, when both convert, then both embed alike and one copy stays', async () => {
    const [one, other] = await Promise.all([run(oneVector), run(oneVector)])
    expect(one).toMatchObject({ code: 0, stderr: '' })
    expect(other).toEqual(one)
    expect(await readdir(own)).toHaveLength(1)
  })

  test('given a conversion that was cut short, when opened, then it is made again', async () => {
    await cp(cacheDir, own, { recursive: true })
    for (const name of await readdir(own)) {
      if (name.startsWith('use-lite')) await truncate(join(own, name, 'tokenizer.json'), 1000)
    }
    const fresh = await run(oneVector)
    await rm(own, { recursive: true })
    expect(fresh).toEqual(await run(oneVector))
  })

  // Other systems list a process's children by other means.
  test.runIf(process.platform === 'linux')(
    'given the computing process is killed, when it had texts in hand, then another embeds them',
    async () => {
      await cp(cacheDir, own, { recursive: true })
      const script = `
        const texts = Array.from({ length: 500 }, (_, i) => 'The bridge was closed for the day number ' + i)
        const job = embedder.embed(texts).then((vectors) => vectors.length, (error) => error.message)
        console.log(killAll(), await job)
      `
      expect(await run(KILLER + script)).toEqual({ code: 0, stdout: '1 500\n', stderr: '' })
    },
  )

  test.runIf(process.platform === 'linux')(
    'given every computing process is killed, when embedding, then it says so with what to do, and once they live the next text is embedded',
    async () => {
      await cp(cacheDir, own, { recursive: true })
      const script = `
        const texts = Array.from({ length: 5000 }, (_, i) => 'The bridge was closed for the day number ' + i)
        const job = embedder.embed(texts).then(() => 'done', ({ code, remedy }) => code + ' ' + remedy)
        let isOver = false
        void job.finally(() => (isOver = true))
        while (!isOver) {
          killAll()
          await new Promise((resolve) => setImmediate(resolve))
        }
        console.log(await job)
        console.log((await embedder.embed(['a bridge'])).length)
      `
      const { code, stdout, stderr } = await run(KILLER + script)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/^embedding-killed .*memory.*\n1\n$/u)
    },
  )
})
