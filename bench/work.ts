import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EmbeddingConfig } from '../src/embedding/embedding.ts'
import { buildIndex, type BuildReport } from '../src/index/index.ts'
import { residentMemory } from './machine.ts'
import { readTexts, writeCorpus } from './texts.ts'

/** Where a benchmark puts what it makes. */
export type Work = {
  readonly dir: string
  readonly embedding: EmbeddingConfig
  /** The index of a corpus of about that many natural sentences, with the report of its build. */
  index(sentences: number): Promise<BuiltIndex>
  /** Whether that index was built before. */
  hasIndex(sentences: number): boolean
  /** Removes what no other benchmark of the run uses. */
  close(): Promise<void>
}

export type BuiltIndex = {
  readonly corpusDir: string
  readonly indexDir: string
  readonly report: BuildReport
  /** Most resident memory while it was built, of this process and those that it started. */
  readonly peakMegabytes: number
}

/** Milliseconds between two looks at the memory. */
const LOOK_EVERY_MS = 100

/**
 * In a run of all benchmarks they share a directory, so that the large index is built once; else it is one's own.
 * `BENCH_WORK` names one that is kept, for a run after this one.
 */
export async function openWork(): Promise<Work> {
  const given = process.env['BENCH_WORK']
  const dir = given ?? (await mkdtemp(join(tmpdir(), 'verbatim-bench-')))
  const embedding: EmbeddingConfig = { model: 'use-lite', precision: 'int8', cacheDir: join(dir, 'models') }
  const rootOf = (sentences: number) => join(dir, `built-${String(sentences)}`)
  const reportIn = (root: string) => join(root, 'report.json')
  return {
    dir,
    embedding,
    async index(sentences) {
      const root = rootOf(sentences)
      const [corpusDir, indexDir, reportFile] = [join(root, 'corpus'), join(root, 'index'), reportIn(root)]
      if (!existsSync(reportFile)) {
        await rm(root, { recursive: true, force: true })
        await mkdir(root, { recursive: true })
        await writeCorpus(corpusDir, await readTexts(), sentences)
        let peakMegabytes = 0
        const look = () => (peakMegabytes = Math.max(peakMegabytes, residentMemory().megabytes))
        const timer = setInterval(look, LOOK_EVERY_MS)
        const report = await buildIndex({ corpusDir, indexDir, embedding }).finally(() => clearInterval(timer))
        await writeFile(reportFile, JSON.stringify({ report, peakMegabytes }))
      }
      const built = JSON.parse(await readFile(reportFile, 'utf8')) as Pick<BuiltIndex, 'report' | 'peakMegabytes'>
      return { corpusDir, indexDir, ...built }
    },
    hasIndex: (sentences) => existsSync(reportIn(rootOf(sentences))),
    async close() {
      if (given === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}
