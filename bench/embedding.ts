import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import type * as OnnxRuntime from 'onnxruntime-common'
import { type Embedder, openEmbedder } from '../src/embedding/embedding.ts'
import { splitSentences } from '../src/text/sentences.ts'
import { median } from './figures.ts'
import { familyCpuMs } from './machine.ts'
import { vary } from './texts.ts'

const { InferenceSession, Tensor } = createRequire(import.meta.resolve('@xenova/transformers'))(
  'onnxruntime-node',
) as typeof OnnxRuntime

const rounds = 5
/** Enough that every process takes part: fewer are not worth starting them for. */
const sentencesPerRound = 800
const tokenBudget = 512

/** A way of embedding sentences; gives nothing back, only its time counts. */
type Contender = { readonly name: string; readonly run: (sentences: readonly string[]) => Promise<unknown> }

/**
 * Sentences per second of the built-in model: transformers.js one sentence at a time, ours, and the limit, the same
 * file run by the bare runtime in batches of tokens that were made beforehand. Medians of rounds in which the
 * contenders take turns, each round on other sentences. CPU time tells the same on a machine that is busy with other
 * things; threads that wait for each other count in it.
 */
export async function run(): Promise<void> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'verbatim-bench-'))
  const opened: Embedder[] = []
  const open = async (precision: 'int8' | 'fp32', threads: number) => {
    const embedder = await openEmbedder({ model: 'use-lite', precision, cacheDir, threads })
    opened.push(embedder)
    return embedder
  }
  try {
    const all = availableParallelism()
    const sentences = await readSentences()
    console.log(`${sentences.length} sentences, ${rounds} rounds of ${sentencesPerRound}, ${all} processors\n`)
    const [int8, fp32, int8Alone, fp32Alone] = [
      await open('int8', all),
      await open('fp32', all),
      await open('int8', 1),
      await open('fp32', 1),
    ]
    const [directory = ''] = (await readdir(cacheDir)).filter((name) => name.endsWith('fp32'))
    const model = (precision: 'int8' | 'fp32') =>
      join(
        cacheDir,
        directory.replace('fp32', precision),
        'onnx',
        precision === 'int8' ? 'model_quantized.onnx' : 'model.onnx',
      )
    const pipeline = await openPipeline(cacheDir, directory)

    await race(`all ${all} processors`, sentences, [
      { name: 'transformers.js, one by one, fp32', run: (texts) => oneByOne(pipeline, texts) },
      { name: 'ours, fp32', run: (texts) => fp32.embed(texts) },
      { name: 'ours, int8', run: (texts) => int8.embed(texts) },
      { name: 'limit: bare runtime, fp32', run: await bareRuntime(model('fp32'), pipeline, sentences, all) },
      { name: 'limit: bare runtime, int8', run: await bareRuntime(model('int8'), pipeline, sentences, all) },
    ])
    await race('one processor', sentences, [
      { name: 'ours, fp32', run: (texts) => fp32Alone.embed(texts) },
      { name: 'ours, int8', run: (texts) => int8Alone.embed(texts) },
      { name: 'limit: bare runtime, fp32', run: await bareRuntime(model('fp32'), pipeline, sentences, 1) },
      { name: 'limit: bare runtime, int8', run: await bareRuntime(model('int8'), pipeline, sentences, 1) },
    ])
    await fidelity(int8, fp32, sentences.slice(0, 1000))
    await queryLatency(int8, sentences)
  } finally {
    await Promise.all(opened.map((embedder) => embedder.close()))
    await rm(cacheDir, { recursive: true, force: true })
  }
}

/**
 * Sentences of the development sets where they are, else of the sample corpus, in an order that mixes the articles;
 * where they are too few for all rounds, with copies in other words.
 */
async function readSentences(): Promise<string[]> {
  const shared = ['retrieval-dev/articles', 'quotes-dev/text'].map((folder) =>
    fileURLToPath(new URL(`../../shared/${folder}`, import.meta.url)),
  )
  const folders = shared.every((folder) => existsSync(folder))
    ? shared
    : [fileURLToPath(new URL('../corpus', import.meta.url))]
  const byArticle: string[][] = []
  for (const folder of folders) {
    for (const file of (await readdir(folder)).sort()) {
      const body = (await readFile(join(folder, file), 'utf8')).replace(/^---[\s\S]*?\n---\n/, '')
      byArticle.push(splitSentences(body).map(({ text }) => text))
    }
  }
  const longest = Math.max(...byArticle.map((sentences) => sentences.length))
  const all = Array.from({ length: longest }, (_, i) => byArticle.flatMap((sentences) => sentences[i] ?? [])).flat()
  const copies = Math.ceil(((rounds + 2) * sentencesPerRound) / all.length)
  return Array.from({ length: copies }, (_, copy) =>
    copy === 0 ? all : all.map((sentence) => vary(sentence, copy)),
  ).flat()
}

async function race(title: string, sentences: readonly string[], contenders: readonly Contender[]): Promise<void> {
  const perSecond = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  const cpuMs = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    const slice = roundOf(sentences, round)
    for (const { name, run } of contenders) {
      const [start, cpuStart] = [performance.now(), familyCpuMs()]
      await run(slice)
      if (round < 0) continue
      perSecond.get(name)?.push((slice.length / (performance.now() - start)) * 1000)
      cpuMs.get(name)?.push((familyCpuMs() - cpuStart) / slice.length)
    }
  }
  const [first] = contenders
  const speedOf = (name: string) => median(perSecond.get(name) ?? [])
  const cpuOf = (name: string) => median(cpuMs.get(name) ?? [])
  const table = new Table({
    head: [title, 'sentences/s', `× ${first?.name ?? ''}`, '× limit', 'CPU ms/sentence', '× limit'],
    style: { head: [], border: [] },
  })
  for (const { name } of contenders) {
    const limit = `limit: bare runtime, ${name.endsWith('int8') ? 'int8' : 'fp32'}`
    table.push([
      name,
      speedOf(name).toFixed(0),
      (speedOf(name) / speedOf(first?.name ?? '')).toFixed(2),
      (speedOf(name) / speedOf(limit)).toFixed(2),
      cpuOf(name).toFixed(2),
      (cpuOf(limit) / cpuOf(name)).toFixed(2),
    ])
  }
  console.log(`${table.toString()}\n`)
}

/** The sentences of a round; round −1 warms up. */
function roundOf(sentences: readonly string[], round: number): string[] {
  const start = ((round + 1) * sentencesPerRound) % Math.max(1, sentences.length - sentencesPerRound)
  return sentences.slice(start, start + sentencesPerRound)
}

type Pipeline = Awaited<ReturnType<typeof openPipeline>>

async function openPipeline(cacheDir: string, directory: string) {
  const { env, pipeline } = await import('@xenova/transformers')
  env.allowRemoteModels = false
  env.localModelPath = cacheDir
  return pipeline('feature-extraction', directory, { quantized: false, local_files_only: true })
}

async function oneByOne(pipeline: Pipeline, texts: readonly string[]): Promise<void> {
  for (const text of texts) await pipeline(text, { pooling: 'cls', normalize: true })
}

/** Runs batches that were made beforehand: sorted by length, as many texts as the token budget allows. */
async function bareRuntime(
  file: string,
  pipeline: Pipeline,
  sentences: readonly string[],
  threads: number,
): Promise<Contender['run']> {
  const session = await InferenceSession.create(file, { intraOpNumThreads: threads, logSeverityLevel: 3 })
  const made = new Map<string, OnnxRuntime.InferenceSession.OnnxValueMapType[]>()
  for (let round = -1; round < rounds; round++) {
    const texts = roundOf(sentences, round)
    const tokens = texts
      .map((text) => pipeline.tokenizer.encode(text).slice(0, 128))
      .sort((a: readonly number[], b: readonly number[]) => b.length - a.length)
    const batches: OnnxRuntime.InferenceSession.OnnxValueMapType[] = []
    for (let start = 0; start < tokens.length;) {
      const width = tokens[start]?.length ?? 1
      const rows = tokens.slice(start, start + Math.max(1, Math.floor(tokenBudget / width)))
      batches.push(padded(rows, width))
      start += rows.length
    }
    made.set(texts.join(), batches)
  }
  return async (texts) => {
    for (const batch of made.get(texts.join()) ?? []) await session.run(batch)
  }
}

function padded(rows: readonly (readonly number[])[], width: number): OnnxRuntime.InferenceSession.OnnxValueMapType {
  const ids = new BigInt64Array(rows.length * width)
  const mask = new BigInt64Array(rows.length * width)
  for (const [row, tokens] of rows.entries()) {
    for (const [column, token] of tokens.entries()) ids[row * width + column] = BigInt(token)
    mask.fill(1n, row * width, row * width + tokens.length)
  }
  return {
    input_ids: new Tensor('int64', ids, [rows.length, width]),
    attention_mask: new Tensor('int64', mask, [rows.length, width]),
  }
}

async function fidelity(int8: Embedder, fp32: Embedder, sentences: readonly string[]): Promise<void> {
  const [rounded, exact] = [await int8.embed(sentences), await fp32.embed(sentences)]
  const cosines = rounded
    .map((vector, i) => vector.reduce((sum, value, k) => sum + value * (exact[i]?.[k] ?? 0), 0))
    .sort((a, b) => a - b)
  const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length
  console.log(
    `int8 against fp32 on ${sentences.length} sentences: mean cosine ${mean.toFixed(5)}, ` +
      `5 % below ${cosines[Math.floor(cosines.length / 20)]?.toFixed(5)}, least ${cosines[0]?.toFixed(5)}`,
  )
}

async function queryLatency(embedder: Embedder, sentences: readonly string[]): Promise<void> {
  const queries = sentences.slice(0, 200).map((sentence) => sentence.split(' ').slice(0, 9).join(' '))
  const measure = async () => {
    const times: number[] = []
    for (const query of queries) {
      const start = performance.now()
      await embedder.embed([query], { role: 'query' })
      times.push(performance.now() - start)
    }
    times.sort((a, b) => a - b)
    return `p50 ${times[100]?.toFixed(2)} ms, p95 ${times[190]?.toFixed(2)} ms`
  }
  await embedder.embed(['a first question'], { role: 'query' })
  console.log(`one query of nine words, int8: new ${await measure()}; asked again: ${await measure()}`)
}
