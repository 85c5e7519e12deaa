import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Table from 'cli-table3'
import type { Held } from './memory-process.ts'
import { openWork } from './work.ts'

/** A small coverage and a large one; what a sentence takes is the difference. */
const sizes = (process.env['BENCH_SENTENCES'] ?? '1000,100000').split(',').map(Number)
const plain = { head: [], border: [] }

/** Memory of the process that answers and of its embedding processes: open, after questions, at most, while building. */
export async function run(): Promise<void> {
  const work = await openWork()
  const table = new Table({
    style: plain,
    head: ['sentences', 'open', 'after 200 questions', 'answering', 'embedding', 'at most', 'build at most', 'coverage.db', 'vectors.hnsw'], // prettier-ignore
  })
  const rest: { sentences: number; megabytes: number }[] = []
  try {
    for (const size of sizes) {
      const { indexDir, report, peakMegabytes } = await work.index(size)
      const child = fileURLToPath(new URL('./memory-process.ts', import.meta.url))
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--expose-gc',
        '--import',
        import.meta.resolve('tsx'),
        child,
        indexDir,
        work.embedding.cacheDir,
      ])
      const held = JSON.parse(stdout) as Held
      const { asked } = held
      rest.push({ sentences: report.sentences, megabytes: asked.megabytes })
      table.push([
        report.sentences,
        ...[
          held.opened.megabytes,
          asked.megabytes,
          asked.ownMegabytes,
          asked.megabytes - asked.ownMegabytes,
          asked.peakMegabytes,
        ].map((mb) => mb.toFixed(0)),
        peakMegabytes.toFixed(0),
        ...(await Promise.all(['coverage.db', 'vectors.hnsw'].map((file) => sizeOf(indexDir, file)))),
      ])
    }
    console.log('MB, resident. After 200 questions: all processes, then the one that answers, then those that embed.')
    console.log(table.toString())
    const [small, large] = [rest[0], rest.at(-1)]
    if (small && large && large.sentences > small.sentences) {
      const each = (large.megabytes - small.megabytes) / (large.sentences - small.sentences)
      console.log(`At rest, 100,000 sentences more take ${(each * 100_000).toFixed(0)} MB.`)
    }
  } finally {
    await work.close()
  }
}

async function sizeOf(indexDir: string, file: string): Promise<string> {
  const generations = join(indexDir, 'generations')
  const numbers = (await readdir(generations)).map(Number).filter(Number.isInteger)
  const path = join(generations, String(Math.max(...numbers)), file)
  return stat(path).then(
    ({ size }) => (size / 1e6).toFixed(0),
    () => '',
  )
}
