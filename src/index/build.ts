import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Article, ArticleProblem } from '../corpus/corpus.ts'
import { readChanges } from '../corpus/reading.ts'
import { knownEmbedderId, openEmbedder, type Embedder, type EmbeddingConfig } from '../embedding/embedding.ts'
import { UserError } from '../errors.ts'
import { mergeSpeakers, readArticleNames } from '../quotes/names.ts'
import { extractQuotes } from '../quotes/quotes.ts'
import { splitPassages } from '../text/passages.ts'
import { splitSentences } from '../text/sentences.ts'
import { BUILD_STAGES, type BuildInput, type BuildStage, type BuildWork, type StageProgress } from './build-report.ts'
import {
  openJournal,
  readBuildState,
  reportSince,
  requestOf,
  type BuildJournal,
  type BuildState,
} from './build-state.ts'
import { fingerprintArticle, openDraftStore, stampsOf, type DraftStore, type SplitArticle } from './draft-store.ts'
import { diskError } from './disk.ts'
import {
  beginDraft,
  damagedFiles,
  generationDir,
  readCurrent,
  readManifest,
  removeOldGenerations,
} from './generations.ts'
import { withBuildLock } from './lock.ts'
import type { Manifest } from './manifest.ts'
import { SCHEMA_FINGERPRINT } from './schema.ts'
import { createVectorGraph, readVectorGraph, type VectorGraph } from './vectors.ts'
import { writeWords } from './words.ts'

/** Texts that are embedded, then stored, at a time. */
const EMBED_BATCH = 4096
/** Vectors that are linked before the thread looks whether it shall stop. */
const LINK_BATCH = 256
/** A graph in which more than this share of the vectors is removed is built anew. */
const MAX_REMOVED_SHARE = 0.2
/** New articles above this share of all make packing the full-text table worth its time. */
const PACK_SHARE = 0.1
const PROGRESS_EVERY_MS = 100

/**
 * Builds the next generation from the articles and publishes it; until then, and whatever happens, what was live stays
 * live. Articles that did not change are taken over; a text that has a vector is not embedded again. Works in the
 * calling thread and holds it for long: `buildIndex` gives it a process of its own.
 * @param asked the state when the build was asked for
 * @returns undefined when a build since then has done what is asked
 * @throws UserError 'index-busy', 'corpus-empty', 'model-unavailable', 'write-failed'; the signal's reason
 */
export async function build(
  input: BuildInput,
  asked: BuildState,
  onProgress: (progress: StageProgress) => void,
  signal: AbortSignal,
): Promise<BuildWork | undefined> {
  const { indexDir } = input
  const request = requestOf(input)
  try {
    return await withBuildLock(indexDir, async () => {
      if (reportSince(asked, await readBuildState(indexDir), request) !== undefined) return undefined
      const journal = await openJournal(indexDir, request)
      const clock = stageClock((progress) => {
        onProgress(progress)
        journal.progress(progress)
      })
      try {
        const report = await buildLocked(input, clock, journal, signal)
        await journal.end({ report })
        return report
      } catch (error) {
        const failure = diskError(error, indexDir)
        const isShared = failure instanceof UserError && !signal.aborted
        await journal.end(isShared ? { failure: plain(failure) } : undefined)
        throw failure
      }
    })
  } catch (error) {
    throw diskError(error, indexDir)
  }
}

function plain({ code, message, remedy }: UserError) {
  return { code, message, remedy }
}

async function buildLocked(
  input: BuildInput,
  clock: StageClock,
  journal: BuildJournal,
  signal: AbortSignal,
): Promise<BuildWork> {
  const { corpusDir, indexDir } = input
  const draft = await beginDraft(indexDir)
  const database = draft.file('coverage.db')
  const model = openLater(input.embedding)
  let store: DraftStore | undefined
  try {
    const recipe = await recipeFingerprint()
    const modelId = knownEmbedderId(input.embedding) ?? (await clock.during('embed', () => model.open())).id
    const earlier = input.full ? undefined : await clock.during('store', () => earlierGeneration(indexDir, modelId))
    const isCopied = earlier?.manifest.recipe === recipe
    if (isCopied) await clock.during('store', () => copyFile(earlier.database, database, constants.COPYFILE_FICLONE))
    store = openDraftStore(database, isCopied ? undefined : earlier?.database)

    await journal.beginReading()
    const read = await readArticles(store, corpusDir, { clock, signal, onFirstPut: model.begin })
    if (isCopied && earlier.graph !== undefined && read.putArticles === 0 && read.removedArticles === 0) {
      await removeOldGenerations(indexDir)
      return report(earlier.manifest, { changed: false, read, embedded: 0, clock })
    }

    const unused = store.removeUnusedVectors()
    // The model opens in its own process and the graph is read in a thread, while this one sees to the speakers.
    const earlierGraph = isCopied && earlier.graph !== undefined ? readingGraph(earlier.graph, earlier) : undefined
    putSpeakers(store, clock)
    const embedded = await embedPending(store, model, clock, signal)
    const { dimensions } = isCopied ? earlier.manifest.model : await clock.during('embed', () => model.open())
    const graph = await linkVectors(store, dimensions, earlierGraph, unused, clock, signal)
    finishStore(store, read, clock)
    const finished = store
    const counts = store.counts()
    const corpus = corpusFingerprint(store)
    const manifest = await clock.during('publish', async () => {
      await both(graph.write(draft.file('vectors.hnsw')), async () => {
        finished.check()
        const words = await finished.words(signal)
        finished.close()
        await writeWords(draft.file('words.bin'), words)
      })
      signal.throwIfAborted()
      return draft.publish({
        created: new Date().toISOString(),
        model: { id: modelId, dimensions },
        schema: SCHEMA_FINGERPRINT,
        recipe,
        corpus,
        counts,
      })
    })
    await removeOldGenerations(indexDir)
    return report(manifest, { changed: true, read, embedded, clock })
  } finally {
    store?.close()
    await draft.discard()
    await model.close()
  }
}

/** An embedding model that is opened when there is something to embed. */
type LaterModel = {
  /** Starts opening it, without waiting. */
  begin(): void
  /** @throws as `openEmbedder` */
  open(): Promise<Embedder>
  close(): Promise<void>
}

function openLater(config: EmbeddingConfig): LaterModel {
  let opening: Promise<Embedder> | undefined
  const open = () => (opening ??= openEmbedder(config))
  return {
    open,
    begin: () => void open().catch(() => undefined), // `open` tells
    close: async () => opening?.then((embedder) => embedder.close()).catch(() => undefined),
  }
}

/** A generation to take over from: of the same model, and whole. */
type EarlierGeneration = {
  readonly manifest: Manifest
  readonly database: string
  /** Absent when it is damaged; it can be made again. */
  readonly graph: string | undefined
}

async function earlierGeneration(indexDir: string, modelId: string): Promise<EarlierGeneration | undefined> {
  try {
    const generation = await readCurrent(indexDir)
    const manifest = await readManifest(indexDir, generation)
    if (manifest.model.id !== modelId) return undefined
    const broken = await damagedFiles(indexDir, manifest)
    if (broken.includes('coverage.db')) return undefined
    const dir = generationDir(indexDir, generation)
    return {
      manifest,
      database: path.join(dir, 'coverage.db'),
      graph: broken.includes('vectors.hnsw') ? undefined : path.join(dir, 'vectors.hnsw'),
    }
  } catch (error) {
    // Missing, damaged, of another format: everything is made anew, which is what the remedy of each of them says.
    if (error instanceof UserError && error.code !== 'index-unreadable') return undefined
    throw error
  }
}

type ReadArticles = {
  readonly articles: number
  readonly putArticles: number
  readonly removedArticles: number
  readonly problems: readonly ArticleProblem[]
}

/** Brings the store in line with the corpus, one article at a time. */
async function readArticles(
  store: DraftStore,
  corpusDir: string,
  {
    clock,
    signal,
    onFirstPut,
  }: { readonly clock: StageClock; readonly signal: AbortSignal; readonly onFirstPut: () => void },
): Promise<ReadArticles> {
  const known = store.articles()
  const problems: ArticleProblem[] = []
  let articles = 0
  let putArticles = 0
  const corpus = readChanges(corpusDir, stampsOf(known))[Symbol.asyncIterator]()
  for (;;) {
    signal.throwIfAborted()
    const { value: read, done } = await clock.during('read', () => corpus.next())
    if (done) break
    const { file, number, files, stamp } = read
    clock.progress('read', number, files)
    if (read.kind === 'problems') {
      problems.push(...read.problems)
      // The article is as it was for all that anybody knows; a disk that fails must not take it out of the index.
      if (read.isDiskFault === true && known.delete(file)) articles++
      continue
    }
    const before = known.get(file)
    known.delete(file)
    articles++
    if (read.kind === 'unchanged') continue
    const fingerprint = fingerprintArticle(read.article)
    if (before?.fingerprint.equals(fingerprint) === true) {
      if (before.stamp !== stamp) clock.run('store', () => store.putStamp(file, stamp))
      continue
    }
    if (putArticles === 0) onFirstPut()
    const split = splitArticle(read.article, clock)
    const stored = { fingerprint, ...(stamp === undefined ? {} : { stamp }) }
    clock.run('store', () => store.putArticle(read.article, stored, split))
    putArticles++
  }
  if (articles === 0 && problems.length > 0)
    throw new UserError(
      'corpus-empty',
      `None of the ${String(new Set(problems.map(({ file }) => file)).size)} files in ${corpusDir} is an article: ` +
        `${problems[0]?.file ?? ''} ${problems[0]?.reason ?? ''}.`,
      'Correct the files, or import them with `verbatim import <path…>`.',
    )
  clock.run('store', () => {
    for (const file of known.keys()) store.removeArticle(file)
  })
  return { articles, putArticles, removedArticles: known.size, problems }
}

function splitArticle(article: Article, clock: StageClock): SplitArticle {
  const { sentences, passages } = clock.run('split', () => {
    const sentences = splitSentences(article.body)
    return { sentences, passages: splitPassages(article.body, sentences) }
  })
  const { quotes, names } = clock.run('quotes', () => {
    const quotes = extractQuotes(article.body)
    return { quotes, names: readArticleNames(article.file, article.body, quotes) }
  })
  return { sentences, embeddingTexts: sentences.map(({ text }) => text), passages, quotes, names }
}

/** @returns how many texts were embedded */
async function embedPending(
  store: DraftStore,
  model: LaterModel,
  clock: StageClock,
  signal: AbortSignal,
): Promise<number> {
  const total = store.countPending()
  if (total === 0) return 0
  const embedder = await clock.during('embed', () => model.open())
  let done = 0
  for (;;) {
    const texts = store.pendingTexts(EMBED_BATCH)
    if (texts.length === 0) return done
    const vectors = await clock.during('embed', () =>
      embedder.embed(
        texts.map(({ text }) => text),
        { role: 'passage', signal, onProgress: (embedded) => clock.progress('embed', done + embedded, total) },
      ),
    )
    clock.run('store', () =>
      store.putVectors(
        texts.map(({ vectorId }, i) => ({ vectorId, vector: vectors[i] ?? new Float32Array(embedder.dimensions) })),
      ),
    )
    done += texts.length
  }
}

function putSpeakers(store: DraftStore, clock: StageClock): void {
  const merged = clock.run('quotes', () => mergeSpeakers(store.articleNames()))
  clock.run('store', () => store.putSpeakers(merged))
}

/** Begins to read a graph; who awaits it learns of a failure. */
function readingGraph(file: string, { manifest }: EarlierGeneration): Promise<VectorGraph> {
  const reading = readVectorGraph(file, manifest.model.dimensions)
  reading.catch(() => undefined)
  return reading
}

/** The graph of all vectors: the earlier one with what changed, or a new one. */
async function linkVectors(
  store: DraftStore,
  dimensions: number,
  earlierGraph: Promise<VectorGraph> | undefined,
  unused: readonly number[],
  clock: StageClock,
  signal: AbortSignal,
): Promise<VectorGraph> {
  const { graph, vectorIds } = await clock.during('hnsw', async () => {
    const all = store.vectorIds()
    const earlier = await earlierGraph
    const added = earlier === undefined ? all : all.filter((vectorId) => !earlier.has(vectorId))
    if (earlier === undefined || earlier.size() + added.length - all.length > all.length * MAX_REMOVED_SHARE)
      return { graph: createVectorGraph(dimensions, all.length), vectorIds: all }
    for (const vectorId of unused) if (earlier.has(vectorId)) earlier.remove(vectorId)
    return { graph: earlier, vectorIds: added }
  })
  for (let done = 0; done < vectorIds.length; done += LINK_BATCH) {
    clock.run('hnsw', () => {
      for (const vectorId of vectorIds.slice(done, done + LINK_BATCH)) graph.add(vectorId, store.vector(vectorId))
    })
    clock.progress('hnsw', Math.min(done + LINK_BATCH, vectorIds.length), vectorIds.length)
    await nextTurn()
    signal.throwIfAborted()
  }
  return graph
}

function finishStore(store: DraftStore, read: ReadArticles, clock: StageClock): void {
  clock.run('store', () => {
    if (read.putArticles > read.articles * PACK_SHARE) store.optimize()
  })
  clock.progress('publish', 0, 1)
}

/** Works while something else is under way, and ends when both have: nothing is left writing into a draft that failed. */
async function both(underWay: Promise<void>, work: () => Promise<void>): Promise<void> {
  const [other, own] = await Promise.allSettled([underWay, work()])
  if (own.status === 'rejected') throw own.reason
  if (other.status === 'rejected') throw other.reason
}

function report(
  manifest: Manifest,
  { changed, read, embedded, clock }: { changed: boolean; read: ReadArticles; embedded: number; clock: StageClock },
): BuildWork {
  const { articles, passages, sentences, quotes, speakers } = manifest.counts
  const bytes = Object.values(manifest.files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  clock.progress('publish', 1, 1)
  return {
    generation: manifest.generation,
    model: manifest.model.id,
    changed,
    articles,
    passages,
    sentences,
    quotes,
    speakers,
    keptArticles: read.articles - read.putArticles,
    embeddedSentences: embedded,
    reusedSentences: sentences - embedded,
    seconds: clock.seconds(),
    megabytes: bytes / 1e6,
    peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6,
    problems: [...read.problems],
  }
}

/** Modules whose code decides what the index keeps of an article. */
const RECIPE_MODULES = ['text', 'corpus', 'quotes', 'index']

/**
 * Fingerprint of everything that turns articles into rows: our code, which runs from its source, and the versions of
 * the libraries. So an update of Verbatim splits and reads the articles again, and nobody has to raise a number.
 */
async function recipeFingerprint(): Promise<string> {
  const src = fileURLToPath(new URL('..', import.meta.url))
  const hash = createHash('sha256')
  for (const module of RECIPE_MODULES) {
    for (const name of (await readdir(path.join(src, module))).sort())
      if (name.endsWith('.ts')) hash.update(name).update(await readFile(path.join(src, module, name)))
  }
  hash.update(await readFile(path.join(src, '..', 'package.json')))
  return hash.digest('hex').slice(0, 32)
}

function corpusFingerprint(store: DraftStore): string {
  const fingerprints = [...store.articles().values()].map(({ fingerprint }) => fingerprint.toString('hex')).sort()
  return createHash('sha256').update(fingerprints.join('')).digest('hex').slice(0, 32)
}

/** Where the time of a build goes, and how often that is told. */
type StageClock = {
  run<T>(stage: BuildStage, work: () => T): T
  during<T>(stage: BuildStage, work: () => Promise<T>): Promise<T>
  progress(stage: BuildStage, done: number, total: number): void
  seconds(): Record<BuildStage | 'total', number>
}

function stageClock(onProgress: (progress: StageProgress) => void): StageClock {
  const started = performance.now()
  const spentMs = Object.fromEntries(BUILD_STAGES.map((stage) => [stage, 0])) as Record<BuildStage, number>
  let current: BuildStage | undefined
  let stageStarted = started
  let told = -Infinity
  return {
    run(stage, work) {
      const from = performance.now()
      try {
        return work()
      } finally {
        spentMs[stage] += performance.now() - from
      }
    },
    async during(stage, work) {
      const from = performance.now()
      try {
        return await work()
      } finally {
        spentMs[stage] += performance.now() - from
      }
    },
    progress(stage, done, total) {
      const now = performance.now()
      const isNew = stage !== current
      if (isNew) {
        current = stage
        stageStarted = now
      }
      if (!isNew && done !== total && now - told < PROGRESS_EVERY_MS) return
      told = now
      const seconds = (now - stageStarted) / 1000
      onProgress({ stage, done, total, rate: seconds > 0 ? done / seconds : 0 })
    },
    seconds: () => {
      const seconds = Object.fromEntries(BUILD_STAGES.map((stage) => [stage, spentMs[stage] / 1000]))
      return { ...seconds, total: (performance.now() - started) / 1000 } as Record<BuildStage | 'total', number>
    },
  }
}
