import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Table from 'cli-table3'
import { openEmbedder } from '../../src/embedding/embedding.ts'
import { buildIndex, openIndex, type Generation } from '../../src/index/index.ts'
import { parseArticle, formatArticle } from '../../src/corpus/corpus.ts'
import { quantile } from '../figures.ts'
import { hasQuestionSets, isRight, readNews, readWiki } from '../question-sets.ts'
import { SAMPLE_QUESTIONS } from '../sample-questions.ts'
import { openWork, type Work } from '../work.ts'
import type { Measured } from './measure.ts'
import { writeTask } from './units.ts'

/** Sentences of the corpora whose speed is measured; `BENCH_SENTENCES=1000` for others, separated by commas. */
const sizes = (process.env['BENCH_SENTENCES'] ?? '1000,10000,100000').split(',').map(Number)
const NAMES: Readonly<Record<string, string>> = {
  lancedb: 'LanceDB, hybrid',
  orama: 'Orama, hybrid',
  vectra: 'Vectra, vectors',
  minisearch: 'MiniSearch, text',
}
/** `BENCH_PEERS=lancedb` for some of them, separated by commas. */
const peers = (process.env['BENCH_PEERS'] ?? Object.keys(NAMES).join(',')).split(',')
const SPEED_QUESTIONS = 200
/** A peer's questions stop after that time, at the earliest after 20. */
const MOST_SECONDS = 15
/** A peer that takes longer is given up. */
const PATIENCE_MS = 300_000
const plain = { head: [], border: [] }

const here = fileURLToPath(new URL('.', import.meta.url))
const adapter = (peer: string) => join(here, 'adapters', `${peer}.ts`)
const retrieval = join(here, 'verbatim.ts')
const whole = join(here, 'verbatim-whole.ts')

/**
 * Verbatim beside other search libraries for Node.js, on the same sentences with the same vectors, each in a process
 * of its own: time to build, time per question, memory, and how often the right paragraph comes first.
 */
export async function run(): Promise<void> {
  if (!existsSync(join(here, '..', 'node_modules'))) {
    console.log('The peers are not installed. Install them with: npm install --prefix bench')
    return
  }
  const work = await openWork()
  try {
    for (const size of sizes) await speed(work, size)
    await quality(work)
  } finally {
    await work.close()
  }
}

/** One process: builds or asks. @throws Error with what the process said when it failed */
async function measure(file: string, taskDir: string, indexDir: string, phase: 'build' | 'ask'): Promise<Measured> {
  const tsx = ['--expose-gc', '--max-old-space-size=12000', '--import', import.meta.resolve('tsx')]
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...tsx, join(here, 'measure.ts'), file, taskDir, indexDir, phase],
    { maxBuffer: 2 ** 28, timeout: PATIENCE_MS, env: { ...process.env, RUST_LOG: 'error' } },
  )
  return JSON.parse(stdout.slice(stdout.indexOf('{"buildSeconds"'))) as Measured
}

/** Builds and asks a peer; the build of one that is kept on disk has a process of its own. */
async function measurePeer(peer: string, taskDir: string): Promise<Measured> {
  const indexDir = join(taskDir, peer)
  await mkdir(indexDir, { recursive: true })
  try {
    const built = await measure(adapter(peer), taskDir, indexDir, 'build')
    const asked = await measure(adapter(peer), taskDir, indexDir, 'ask')
    return asked.buildSeconds > 0 ? asked : { ...asked, buildSeconds: built.buildSeconds }
  } finally {
    await rm(indexDir, { recursive: true, force: true })
  }
}

async function speed(work: Work, size: number): Promise<void> {
  const { indexDir, report } = await work.index(size)
  const generation = await openIndex(indexDir)
  const questions = (await speedQuestions(generation)).slice(0, SPEED_QUESTIONS)
  const taskDir = join(work.dir, `peers-${String(size)}`)
  await mkdir(taskDir, { recursive: true })
  const rows = [...sentencesOf(generation)]
  const vectors = await embedQuestions(work, questions)
  writeTask(
    taskDir,
    {
      dimensions: generation.manifest.model.dimensions,
      texts: rows.map(({ text }) => text),
      questions,
      k: 10,
      mostSeconds: MOST_SECONDS,
    },
    (function* () {
      for (const { vectorId } of rows) yield generation.vectorById(vectorId)
    })(),
    vectors,
  )
  await generation.close()

  const table = new Table({
    style: plain,
    head: [
      `${String(rows.length)} sentences`,
      'build s',
      'open ms',
      'p50 ms',
      'p95 ms',
      'p50 × ours',
      'p95 × ours',
      'CPU ms',
      'CPU × ours',
      'MB',
      'peak MB',
    ],
  })
  process.env['BENCH_MODELS'] = work.embedding.cacheDir
  const ours = await measure(retrieval, taskDir, indexDir, 'ask')
  const [p50, p95] = [quantile(ours.times, 0.5), quantile(ours.times, 0.95)]
  const add = (name: string, { buildSeconds, openMs, times, cpuMs, megabytes, peakMegabytes }: Measured) => {
    const [own50, own95] = [quantile(times, 0.5), quantile(times, 0.95)]
    table.push([
      name,
      buildSeconds > 0 ? buildSeconds.toFixed(1) : '',
      openMs >= 1 ? openMs.toFixed(0) : '',
      own50.toFixed(2),
      own95.toFixed(2),
      (own50 / p50).toFixed(2),
      (own95 / p95).toFixed(2),
      cpuMs.toFixed(2),
      (cpuMs / ours.cpuMs).toFixed(2),
      megabytes.toFixed(0),
      peakMegabytes.toFixed(0),
    ])
  }
  const { total, embed } = report.seconds
  add('Verbatim, retrieval', { ...ours, buildSeconds: total - embed })
  add('Verbatim, question to answer', await measure(whole, taskDir, indexDir, 'ask'))
  for (const peer of peers) {
    try {
      add(NAMES[peer] ?? peer, await measurePeer(peer, taskDir))
    } catch (error) {
      table.push([NAMES[peer] ?? peer, { colSpan: 10, content: `gives up: ${lastWords(error)}` }])
    }
  }
  console.log(
    `Vectors are given to all. A build of Verbatim, beside its indexes, also splits sentences and finds quotes and\nspeakers (embedding, which the peers leave to others, took ${embed.toFixed(0)} s more). Memory is that of the process that asks; CPU ms\nare those of a question on all threads, which tell the same on a busy machine.`,
  )
  console.log(`${table.toString()}\n`)
  await rm(taskDir, { recursive: true, force: true })
}

function lastWords(error: unknown): string {
  if (error instanceof Error && 'killed' in error && error.killed === true)
    return `not done after ${String(PATIENCE_MS / 1000)} s`
  const text = error instanceof Error ? error.message : String(error)
  return (/^(?:\w*Error: )(.+)$/mu.exec(text)?.[1] ?? text.split('\n')[0] ?? '').trim().slice(0, 90)
}

function* sentencesOf(generation: Generation) {
  for (const { articleId } of generation.articles()) {
    const body = generation.body(articleId)
    for (const sentence of generation.sentencesOfArticle(articleId))
      yield { ...sentence, text: body.slice(sentence.start, sentence.end) }
  }
}

async function embedQuestions(work: Work, questions: readonly string[]): Promise<Float32Array[]> {
  const embedder = await openEmbedder(work.embedding)
  try {
    return await embedder.embed(questions, { role: 'query' })
  } finally {
    await embedder.close()
  }
}

/** Questions of the development sets in turns, where they are; else ones made of the sentences. */
async function speedQuestions(generation: Generation): Promise<string[]> {
  if (hasQuestionSets) {
    const [news, wiki] = [await readNews(), await readWiki()]
    return news.questions.flatMap(({ text }, i) => [text, wiki.questions[i * 5]?.text ?? text])
  }
  const sentences = [...sentencesOf(generation)].filter(({ text }) => text.length > 80)
  return Array.from({ length: SPEED_QUESTIONS }, (_, i) => {
    const words = (sentences[(i * 7919) % sentences.length]?.text ?? '').split(' ')
    return `What about ${words.slice(0, 9).join(' ')}?`
  })
}

/** A question with the paragraphs that answer it. */
type Judged = { readonly text: string; readonly places: ReadonlySet<string> }

async function quality(work: Work): Promise<void> {
  const sample = join(here, '..', '..', 'corpus')
  const sampleIndex = join(work.dir, 'sample-index')
  await buildIndex({ corpusDir: sample, indexDir: sampleIndex, embedding: work.embedding })
  const generation = await openIndex(sampleIndex)
  const plainText = (text: string) => text.replaceAll('’', "'")
  await qualityTable(
    work,
    'sample corpus',
    sampleIndex,
    SAMPLE_QUESTIONS.map(({ text, right }) => ({
      text,
      places: new Set(
        [...paragraphsOf(generation)].flatMap(({ place, text }) =>
          right.some((words) => plainText(text).includes(plainText(words))) ? [place] : [],
        ),
      ),
    })),
  )
  await generation.close()
  if (!hasQuestionSets) {
    console.log('../shared/retrieval-dev is not here; quality is measured on the sample corpus only.')
    return
  }
  const wiki = await readWiki()
  const [corpusDir, indexDir] = [join(work.dir, 'wiki'), join(work.dir, 'wiki-index')]
  await mkdir(corpusDir, { recursive: true })
  await copyArticles(wiki.files, corpusDir)
  await buildIndex({ corpusDir, indexDir, embedding: work.embedding })
  const wikiGeneration = await openIndex(indexDir)
  const passages = [...passagesOf(wikiGeneration)]
  await qualityTable(
    work,
    'retrieval-dev',
    indexDir,
    wiki.questions.map(({ text, golds }) => ({
      text,
      places: new Set(
        golds.flatMap((gold) =>
          passages.flatMap(({ file, text, place }) =>
            file === `${gold.file}.md` && isRight(text, gold) ? [place] : [],
          ),
        ),
      ),
    })),
  )
  await wikiGeneration.close()
}

async function copyArticles(files: readonly string[], corpusDir: string): Promise<void> {
  for (const file of files) {
    const name = file.split('/').at(-1) ?? ''
    await writeFile(join(corpusDir, name), formatArticle(parseArticle(await readFile(file, 'utf8'), name)))
  }
}

function* passagesOf(generation: Generation) {
  for (const { articleId, file } of generation.articles()) {
    const body = generation.body(articleId)
    for (const { passageId, paragraph, start, end } of generation.passagesOfArticle(articleId))
      yield { passageId, file, place: `${file}#${String(paragraph)}`, text: body.slice(start, end) }
  }
}

/** Each paragraph with its sentences in one text. */
function* paragraphsOf(generation: Generation) {
  for (const { articleId, file } of generation.articles()) {
    const body = generation.body(articleId)
    const ends = new Map<number, { start: number; end: number }>()
    for (const { paragraph, start, end } of generation.sentencesOfArticle(articleId))
      ends.set(paragraph, { start: ends.get(paragraph)?.start ?? start, end })
    for (const [paragraph, { start, end }] of ends)
      yield { place: `${file}#${String(paragraph)}`, text: body.slice(start, end) }
  }
}

/** Hits that are asked for, so that ten paragraphs are among them. */
const DEEP = 30

/**
 * hit@1 and nDCG@10 of paragraphs: a hit counts for the paragraph it lies in, a paragraph once. One right paragraph is
 * wanted, so nDCG@10 is 1 / log2(rank + 1) of the first right one, 0 below rank 10. Peers search sentences, and
 * passages of up to four sentences whose vector is the model's for the whole passage.
 */
async function qualityTable(work: Work, set: string, indexDir: string, judged: readonly Judged[]): Promise<void> {
  const asked = judged.filter(({ places }) => places.size > 0)
  const generation = await openIndex(indexDir)
  const questions = asked.map(({ text }) => text)
  const vectors = await embedQuestions(work, questions)
  const passages = [...passagesOf(generation)]
  const placeOfPassage = new Map(passages.map(({ passageId, place }) => [passageId, place]))
  const sentences = [...sentencesOf(generation)].map(({ articleId, paragraph, text, vectorId }) => ({
    text,
    vector: generation.vectorById(vectorId),
    place: `${generation.article(articleId).file}#${String(paragraph)}`,
  }))
  const embedder = await openEmbedder(work.embedding)
  const passageVectors = await embedder.embed(passages.map(({ text }) => text))
  await embedder.close()
  const units = {
    sentences,
    passages: passages.map(({ text, place }, i) => ({ text, place, vector: passageVectors[i] ?? new Float32Array() })),
  }
  const { dimensions } = generation.manifest.model
  await generation.close()
  const table = new Table({
    style: plain,
    head: [`${set}, ${String(asked.length)} questions`, 'searched', 'hit@1', 'nDCG@10'],
  })
  const add = (name: string, searched: string, found: readonly (readonly (string | undefined)[])[]) => {
    const ranks = asked.map(({ places }, i) => [...new Set(found[i])].findIndex((place) => places.has(place ?? '')))
    const hit1 = ranks.filter((rank) => rank === 0).length / ranks.length
    const gains = ranks.map((rank) => (rank < 0 || rank >= 10 ? 0 : 1 / Math.log2(rank + 2)))
    const ndcg = gains.reduce((sum, gain) => sum + gain, 0) / gains.length
    table.push([name, searched, hit1.toFixed(3), ndcg.toFixed(3)])
  }
  for (const kind of ['passages', 'sentences'] as const) {
    const taskDir = join(work.dir, `quality-${kind}`)
    await mkdir(taskDir, { recursive: true })
    const task = { dimensions, questions, k: DEEP, mostSeconds: 600, texts: units[kind].map(({ text }) => text) }
    writeTask(
      taskDir,
      task,
      units[kind].map(({ vector }) => vector),
      vectors,
    )
    if (kind === 'passages') {
      const { found } = await measure(retrieval, taskDir, indexDir, 'ask')
      add(
        'Verbatim',
        'both',
        found.map((ids) => ids.map((id) => placeOfPassage.get(id))),
      )
    }
    for (const peer of peers) {
      const { found } = await measurePeer(peer, taskDir)
      add(
        NAMES[peer] ?? peer,
        kind,
        found.map((ids) => ids.map((id) => units[kind][id]?.place)),
      )
    }
    await rm(taskDir, { recursive: true, force: true })
  }
  console.log(`${table.toString()}\n`)
}
