import Table from 'cli-table3'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EmbeddingConfig } from '../src/embedding/embedding.ts'
import { formatArticle } from '../src/corpus/corpus.ts'
import { openEngine, type Engine } from '../src/engine.ts'
import { BUILD_STAGES } from '../src/index/build-report.ts'
import { buildIndex, type BuildReport } from '../src/index/index.ts'
import { quantile } from './figures.ts'
import { readTexts, vary, writeBriefs } from './texts.ts'

/** Articles of the corpus; `BENCH_ARTICLES=10000` for another number. */
const articles = Number(process.env['BENCH_ARTICLES'] ?? '5000')
/** Questions asked while nothing is built, and at least as many while something is. */
const questionsAsked = 2000
/** Asked in turn, quiet and during a reindex, so that whatever else the machine does falls on both alike. */
const questionsInTurn = 200
const quietReindexes = 3
const plain = { head: [], border: [] }

/**
 * What it costs to add an article to a large corpus: the reindex against a full build, by stage, and the questions that
 * are answered meanwhile against those answered in quiet. Questions are asked one after the other without a pause; one
 * counts as asked during a reindex when the reindex was running from its start to its end, or ended in it, and so it
 * bears the move to the new generation too. At the end the whole index is built anew while questions go on.
 */
export async function run(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'verbatim-bench-'))
  const [corpusDir, indexDir] = [join(root, 'corpus'), join(root, 'index')]
  const embedding: EmbeddingConfig = { model: 'use-lite', precision: 'int8', cacheDir: join(root, 'models') }
  const build = (full: boolean) => buildIndex({ corpusDir, indexDir, embedding, full })
  let engine: Engine | undefined
  try {
    const texts = await readTexts()
    const written = await writeBriefs(corpusDir, texts, articles)
    const stages = new Table({
      style: plain,
      head: ['build', 'articles', 'sentences', 'seconds', ...BUILD_STAGES.map(String), 'embedded', 'peak MB'],
    })
    const full = await build(true)
    stages.push(row('full', full))
    let added = 0
    const addOne = async () => {
      const body = vary(written[added % written.length]?.body ?? '', 7777 + added)
      const file = `added-${String(added++)}.md`
      await writeFile(join(corpusDir, file), formatArticle({ file, slug: file.slice(0, -3), title: 'Added', body }))
    }
    const inQuiet: BuildReport[] = []
    for (let i = 0; i < quietReindexes; i++) {
      await addOne()
      inQuiet.push(await build(false))
    }
    const one = medianOf(inQuiet)
    stages.push(row(`one added (median of ${String(quietReindexes)})`, one))

    engine = await openEngine({ indexDir, embedding })
    const ask = asking(engine, texts)
    await ask(questionsInTurn, () => true)
    const quiet: Asked[] = []
    const during: Asked[] = []
    const reindexes: BuildReport[] = []
    while (during.length < questionsAsked) {
      quiet.push(...(await ask(questionsInTurn, () => true)))
      await addOne()
      const reindex = build(false)
      during.push(...(await ask(Infinity, whilePending(reindex))))
      reindexes.push(await reindex)
    }
    stages.push(row(`one added, questions meanwhile (median of ${String(reindexes.length)})`, medianOf(reindexes)))

    const anew = build(true)
    const duringFull = await ask(Infinity, whilePending(anew))
    stages.push(row('full, questions meanwhile', await anew))
    console.log(`${stages.toString()}\n`)
    const { total, publish } = one.seconds
    const share = (seconds: number) => `${((100 * seconds) / full.seconds.total).toFixed(2)} %`
    console.log(
      `one article added, nobody asking: ${share(total)} of a full build; without publishing ${share(total - publish)}\n`,
    )

    const questions = new Table({
      style: plain,
      head: ['asked', 'questions', 'failed', 'p50 ms', 'p95 ms', 'p99 ms', 'p95 ratio'],
    })
    const quietP95 = quantile(timesOf(quiet), 0.95)
    const rows = {
      'in quiet': quiet,
      [`during ${String(reindexes.length)} reindexes`]: during,
      'during a full build': duringFull,
    }
    for (const [when, asked] of Object.entries(rows)) {
      const failed = asked.filter(({ hasFailed }) => hasFailed).length
      const times = timesOf(asked)
      const p95 = quantile(times, 0.95)
      const ms = [quantile(times, 0.5), p95, quantile(times, 0.99)].map((value) => value.toFixed(1))
      questions.push([when, asked.length, failed, ...ms, (p95 / quietP95).toFixed(2)])
    }
    console.log(questions.toString())
  } finally {
    await engine?.close()
    await rm(root, { recursive: true, force: true })
  }
}

type Asked = { readonly ms: number; readonly hasFailed: boolean }

/** Asks one question after the other, each with other words, until there were so many or `goesOn` says no. */
function asking(engine: Engine, texts: readonly string[]) {
  let number = 0
  return async (most: number, goesOn: () => boolean): Promise<Asked[]> => {
    const asked: Asked[] = []
    while (asked.length < most && goesOn()) {
      number++
      const words = (texts[number % texts.length] ?? '').split(/\s+/u)
      const from = (number * 37) % Math.max(1, words.length - 9)
      const started = performance.now()
      const hasFailed = await engine.ask({ text: `what about ${words.slice(from, from + 8).join(' ')}?` }).then(
        () => false,
        () => true,
      )
      asked.push({ ms: performance.now() - started, hasFailed })
    }
    return asked
  }
}

function medianOf(reports: readonly BuildReport[]): BuildReport {
  const sorted = reports.toSorted((a, b) => a.seconds.total - b.seconds.total)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new RangeError('no build')
  return middle
}

function whilePending(work: Promise<unknown>): () => boolean {
  let isPending = true
  const end = () => {
    isPending = false
  }
  work.then(end, end)
  return () => isPending
}

const timesOf = (asked: readonly Asked[]) => asked.map(({ ms }) => ms)

function row(what: string, report: BuildReport): (string | number)[] {
  const { articles, sentences, seconds, embeddedSentences, peakMegabytes } = report
  const stages = BUILD_STAGES.map(
    (stage) => `${seconds[stage].toFixed(2)} (${((100 * seconds[stage]) / seconds.total).toFixed(0)} %)`,
  )
  return [what, articles, sentences, seconds.total.toFixed(2), ...stages, embeddedSentences, peakMegabytes.toFixed(0)]
}
