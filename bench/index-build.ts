import Table from 'cli-table3'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatArticle, type Article } from '../src/corpus/corpus.ts'
import type { EmbeddingConfig } from '../src/embedding/embedding.ts'
import { BUILD_STAGES } from '../src/index/build-report.ts'
import { buildIndex, type BuildReport } from '../src/index/index.ts'
import { readTexts, vary, writeCorpus } from './texts.ts'

/** Sentences of the corpora that are built; `BENCH_SENTENCES=100000` for others, separated by commas. */
const sizes = (process.env['BENCH_SENTENCES'] ?? '2000,10000').split(',').map(Number)
const plain = { head: [], border: [] }

/**
 * The build of an index by stage, and what a changed article costs. Texts are those of the development sets where they
 * are, else of the sample corpus; a larger corpus repeats them with other words, so that no two sentences are equal.
 */
export async function run(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'verbatim-bench-'))
  const embedding: EmbeddingConfig = { model: 'use-lite', precision: 'int8', cacheDir: join(root, 'models') }
  try {
    const texts = await readTexts()
    const builds = new Table({
      style: plain,
      head: ['sentences', 'articles', 'build', ...BUILD_STAGES.map(String), 'sentences/s', 'MB', 'peak RSS MB'],
    })
    const changes = new Table({
      style: plain,
      head: ['sentences', 'after a full build', 'seconds', 'share of the full build', 'embedded'],
    })
    for (const size of sizes) {
      const corpusDir = join(root, `corpus-${String(size)}`)
      const indexDir = join(root, `index-${String(size)}`)
      const articles = await writeCorpus(corpusDir, texts, size)
      const build = (full = false) => buildIndex({ corpusDir, indexDir, embedding, full })
      const full = await build(true)
      builds.push(row('full', full))
      const change = async (what: string, article?: Article) => {
        if (article) await writeFile(join(corpusDir, article.file), formatArticle(article))
        const report = await build()
        const share = `${((100 * report.seconds.total) / full.seconds.total).toFixed(1)} %`
        changes.push([full.sentences, what, report.seconds.total.toFixed(2), share, report.embeddedSentences])
        return report
      }
      const [first, second] = articles
      if (!first || !second) throw new Error('a corpus of fewer than two articles')
      await change('nothing changed')
      const report = await change('one sentence changed', { ...first, body: `${first.body} Nobody was hurt.` })
      builds.push(row('one changed', report))
      await change('one article added', { ...second, file: 'added.md', body: vary(second.body, 7777) })
    }
    console.log(`${builds.toString()}\n\n${changes.toString()}`)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function row(what: string, report: BuildReport): (string | number)[] {
  const { seconds, sentences, articles, megabytes } = report
  const stages = BUILD_STAGES.map(
    (stage) => `${seconds[stage].toFixed(2)} (${((100 * seconds[stage]) / seconds.total).toFixed(0)} %)`,
  )
  const rate = (sentences / seconds.total).toFixed(0)
  const peak = report.peakMegabytes.toFixed(0)
  return [sentences, articles, `${what} ${seconds.total.toFixed(1)} s`, ...stages, rate, megabytes.toFixed(1), peak]
}
