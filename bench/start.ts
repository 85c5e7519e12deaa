import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { openEngine } from '../src/engine.ts'
import { median } from './figures.ts'
import { openWork } from './work.ts'

/** Sentences of the ready index. */
const sentences = Number(process.env['BENCH_SENTENCES'] ?? '100000')
const rounds = 5
const plain = { head: [], border: [] }

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const QUESTION = 'What did the minister say about the vote?'

/**
 * From `npm start` to the first answer, as somebody at the prompt waits for it: with a ready index of 100,000 sentences,
 * and with no `index/` at all, where the model is converted and the sample articles are read, embedded and linked first.
 * Medians of five starts.
 */
export async function run(): Promise<void> {
  const work = await openWork()
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-start-'))
  const table = new Table({ style: plain, head: ['from npm start to', 'seconds', 'least', 'most'] })
  const add = (what: string, times: readonly number[]) =>
    table.push([what, ...[median(times), Math.min(...times), Math.max(...times)].map((ms) => (ms / 1000).toFixed(2))])
  try {
    const { corpusDir, indexDir } = await work.index(sentences)
    await cp(work.embedding.cacheDir, join(indexDir, 'models'), { recursive: true })
    const ready: number[] = []
    for (let round = -1; round < rounds; round++) {
      const ms = await firstAnswer(dir, corpusDir, indexDir)
      if (round >= 0) ready.push(ms)
    }
    add(`the first answer, ${String(sentences)} sentences`, ready)
    const opening: number[] = []
    for (let round = 0; round < rounds; round++) {
      const started = performance.now()
      const engine = await openEngine({ indexDir, embedding: work.embedding })
      opening.push(performance.now() - started)
      await engine.close()
    }
    add('  of which opening index and model', opening)
    const fresh: number[] = []
    for (let round = 0; round < rounds; round++)
      fresh.push(await firstAnswer(dir, join(ROOT, 'corpus'), join(dir, `index-${String(round)}`)))
    add('the first answer, sample corpus, no index/', fresh)
    console.log(table.toString())
  } finally {
    await rm(dir, { recursive: true, force: true })
    await work.close()
  }
}

/** Milliseconds from the start of the process to its first answer; ends the process. @throws Error when it gives none */
async function firstAnswer(cwd: string, corpusDir: string, indexDir: string): Promise<number> {
  const started = performance.now()
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), join(ROOT, 'src/main.ts')], {
    cwd,
    env: { PATH: process.env['PATH'], CORPUS_DIR: corpusDir, INDEX_DIR: indexDir },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.stdin.write(`${QUESTION}\n`)
  let printed = ''
  let answeredMs: number | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    // The prompt repeats the question; what follows it is the answer.
    const [, answer = ''] = printed.split(QUESTION)
    if (answeredMs !== undefined || answer.trim() === '') return
    answeredMs = performance.now() - started
    child.stdin.end('/quit\n')
  })
  await exited
  if (answeredMs === undefined) throw new Error(`no answer: ${printed.slice(-500)}`)
  return answeredMs
}
