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
    const changes = new Table({
      style: plain,
      head: ['sentences', 'after a full build', 'seconds', 'of the full build', 'but publishing', 'embedded'],
    })
    for (const size of sizes) {
      const corpusDir = join(root, `corpus-${String(size)}`)
      const indexDir = join(root, `index-${String(size)}`)
      const articles = await writeCorpus(corpusDir, texts, size)
      const build = (full = false) => buildIndex({ corpusDir, indexDir, embedding, full })
      const full = await build(true)
      console.log(stageTable(full))
      const change = async (what: string, article?: Article) => {
        if (article) await writeFile(join(corpusDir, article.file), formatArticle(article))
        const report = await build()
        const { total, publish } = report.seconds
        const [all, rest] = [total, total - publish].map((seconds) => percent(seconds, full.seconds.total))
        changes.push([full.sentences, what, total.toFixed(2), all, rest, report.embeddedSentences])
      }
      const [first, second] = articles
      if (!first || !second) throw new Error('a corpus of fewer than two articles')
      await change('nothing changed')
      await change('one sentence changed', { ...first, body: `${first.body} Nobody was hurt.` })
      await change('one article added', { ...second, file: 'added.md', body: vary(second.body, 7777) })
    }
    console.log(changes.toString())
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** Where the time of a full build goes. Memory is that of the build's process; those that embed have their own. */
function stageTable({ seconds, articles, sentences, megabytes, peakMegabytes }: BuildReport): string {
  const table = new Table({
    style: plain,
    head: ['stage', 'seconds', 'share', 'articles/s', 'sentences/s'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  })
  for (const stage of [...BUILD_STAGES, 'total'] as const) {
    const spent = seconds[stage]
    const rates = [articles, sentences].map((count) => (spent < 0.005 ? '' : (count / spent).toFixed(0)))
    table.push([stage, spent.toFixed(2), percent(spent, seconds.total), ...rates])
  }
  return (
    `${String(articles)} articles, ${String(sentences)} sentences: ${megabytes.toFixed(0)} MB on the disk, ` +
    `${peakMegabytes.toFixed(0)} MB of memory at most\n${table.toString()}\n`
  )
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`
}
