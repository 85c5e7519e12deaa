import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ANSWERED_FROM } from '../src/answer/answer.ts'
import { importPaths } from '../src/corpus/corpus.ts'
import { openEmbedder, type Embedder } from '../src/embedding/embedding.ts'
import { buildIndex, openIndex, type Generation } from '../src/index/index.ts'
import { signsOf, SIGNS } from '../src/search/answerability.ts'
import { EVIDENCE, gatherCandidates, type Candidate } from '../src/search/evidence.ts'
import { lexiconOf } from '../src/search/lexicon.ts'
import { readQuestion, type ReadQuestion } from '../src/search/question.ts'
import {
  auroc,
  hasQuestionSets,
  isRight,
  readNews,
  readWiki,
  type QuestionSet,
  type SetQuestion,
} from './question-sets.ts'

/**
 * Fits the two tables of src/search/weights.ts to the question sets in ../shared and prints them, with figures that are
 * cross-validated over articles: `npx tsx bench/calibrate.ts [--folds]`. `--keep DIR` keeps the indexes there and uses
 * them again. Takes some minutes.
 *
 * Relevance is a conditional logit over a question's candidates: the weights that make the right passages likeliest.
 * Answerability is a logistic regression over questions that have an answer in the index and questions that have none,
 * among them those of either half of the articles asked of the other half.
 */

/** How much a question of a set counts; news questions are what the product is for. */
const RELEVANCE_WEIGHT = { news: 1, wiki: 0.15 }
const ANSWER_WEIGHT = { news: 1, newsUnanswerable: 2.5, half: 0.3 }
const RELEVANCE_DECAY = 0.0015
const ANSWER_DECAY = 0.002
const FOLDS = 5
const REPETITIONS = 3
/** A question as an index sees it. */
type Case = {
  readonly id: string
  readonly set: 'news' | 'wiki'
  readonly isHalf: boolean
  /** The first article that answers, which decides the fold; empty for an unanswerable question. */
  readonly file: string
  readonly isAnswerable: boolean
  readonly question: ReadQuestion
  readonly candidates: readonly Candidate[]
  readonly right: readonly boolean[]
}

/** What an index of these files makes of the questions. */
async function casesOf(set: QuestionSet, files: readonly string[], dir: string, embedder: Embedder): Promise<Case[]> {
  const [corpusDir, indexDir] = [join(dir, 'corpus'), join(dir, 'index')]
  const sources = new Map<string, string>()
  if (!existsSync(corpusDir)) await mkdir(corpusDir, { recursive: true })
  for (const entry of (await importPaths(files, { corpusDir })).entries)
    if (entry.outcome !== 'failed') sources.set(entry.file, entry.source.split('/').at(-1) ?? '')
  await buildIndex({ corpusDir, indexDir, embedding: { ...EMBEDDING, cacheDir: MODELS } })
  const generation = await openIndex(indexDir)
  try {
    const vectors = await embedder.embed(
      set.questions.map(({ text }) => text),
      { role: 'query' },
    )
    return set.questions.map((question, i) =>
      caseOf(set, question, vectors[i] ?? new Float32Array(), generation, sources, files.length < set.files.length),
    )
  } finally {
    await generation.close()
  }
}

function caseOf(
  set: QuestionSet,
  { id, text, golds }: SetQuestion,
  vector: Float32Array,
  generation: Generation,
  sources: ReadonlyMap<string, string>,
  isHalf: boolean,
): Case {
  const question = readQuestion(text, lexiconOf(generation))
  const candidates = gatherCandidates(generation, lexiconOf(generation), question, vector, undefined)
  const present = new Set([...sources.values()].map(stem))
  const right = candidates.map(({ passage: { articleId, start, end } }) => {
    const source = stem(sources.get(generation.article(articleId).file) ?? '')
    const passage = generation.body(articleId).slice(start, end)
    return golds.some((gold) => stem(gold.file) === source && isRight(passage, gold))
  })
  const isAnswerable = golds.some(({ file }) => present.has(stem(file)))
  return { id, set: set.name, isHalf, file: golds[0]?.file ?? '', isAnswerable, question, candidates, right }
}

const stem = (name: string): string => name.replace(/\.(?:md|txt)$/, '')

/** Adam (Kingma and Ba 2015) on a concave objective, so that where it starts does not matter. */
function ascend(size: number, steps: number, gradient: (weights: Float64Array) => Float64Array): Float64Array {
  const [weights, mean, square] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  for (let step = 1; step <= steps; step += 1) {
    const slope = gradient(weights)
    for (let k = 0; k < size; k += 1) {
      const g = slope[k] ?? 0
      mean[k] = 0.9 * (mean[k] ?? 0) + 0.1 * g
      square[k] = 0.99 * (square[k] ?? 0) + 0.01 * g * g
      const direction = (mean[k] ?? 0) / (1 - 0.9 ** step) / (Math.sqrt((square[k] ?? 0) / (1 - 0.99 ** step)) + 1e-8)
      weights[k] = (weights[k] ?? 0) + 0.2 * (1 - step / steps) * direction
    }
  }
  return weights
}

function product(weights: Float64Array, values: ArrayLike<number>): number {
  let sum = 0
  for (let k = 0; k < weights.length; k += 1) sum += (weights[k] ?? 0) * (values[k] ?? 0)
  return sum
}

function fitRelevance(cases: readonly Case[], steps = 150): Float64Array {
  const usable = cases.filter(({ right }) => right.includes(true) && right.includes(false))
  const total = usable.reduce((sum, { set }) => sum + RELEVANCE_WEIGHT[set], 0)
  return ascend(EVIDENCE.length, steps, (weights) => {
    const slope = weights.map((weight) => -RELEVANCE_DECAY * weight)
    for (const { set, candidates, right } of usable) {
      const scores = candidates.map(({ evidence }) => product(weights, evidence))
      const most = Math.max(...scores)
      const odds = scores.map((score) => Math.exp(score - most))
      const all = odds.reduce((sum, value) => sum + value, 0)
      const good = odds.reduce((sum, value, i) => sum + (right[i] ? value : 0), 0)
      for (const [i, { evidence }] of candidates.entries()) {
        const pull = ((right[i] ? (odds[i] ?? 0) / good : 0) - (odds[i] ?? 0) / all) * (RELEVANCE_WEIGHT[set] / total)
        if (Math.abs(pull) < 1e-7) continue
        for (let k = 0; k < slope.length; k += 1) slope[k] = (slope[k] ?? 0) + pull * (evidence[k] ?? 0)
      }
    }
    return slope
  })
}

type Ranked = { readonly candidate: Candidate; readonly relevance: number; readonly right: boolean }

function rank({ candidates, right }: Case, weights: Float64Array): Ranked[] {
  const ranked = candidates
    .map((candidate, i) => ({ candidate, relevance: product(weights, candidate.evidence), right: right[i] ?? false }))
    .sort((a, b) => b.relevance - a.relevance)
  const kept: Ranked[] = []
  for (const next of ranked) {
    const { articleId, start, end } = next.candidate.passage
    if (!kept.some(({ candidate: { passage: p } }) => p.articleId === articleId && p.start < end && start < p.end))
      kept.push(next)
    if (kept.length >= 10) break
  }
  return kept
}

function signsOfCase(item: Case, weights: Float64Array): number[] {
  const [first] = rank(item, weights)
  return first === undefined ? [] : signsOf(item.question, item.candidates, first)
}

function fitAnswerability(cases: readonly Case[], weights: Float64Array): Float64Array {
  const rows = cases
    .map((item) => ({ item, signs: signsOfCase(item, weights) }))
    .filter(({ signs }) => signs.length > 0)
    .map(({ item: { set, isHalf, isAnswerable }, signs }) => ({
      signs,
      isAnswerable,
      weight:
        isHalf || set === 'wiki'
          ? ANSWER_WEIGHT.half
          : isAnswerable
            ? ANSWER_WEIGHT.news
            : ANSWER_WEIGHT.newsUnanswerable,
    }))
  const total = rows.reduce((sum, { weight }) => sum + weight, 0)
  return ascend(SIGNS.length, 400, (table) => {
    const slope = table.map((weight, k) => (k === 0 ? 0 : -ANSWER_DECAY * weight))
    for (const { signs, isAnswerable, weight } of rows) {
      const pull = ((isAnswerable ? 1 : 0) - 1 / (1 + Math.exp(-product(table, signs)))) * (weight / total)
      for (let k = 0; k < slope.length; k += 1) slope[k] = (slope[k] ?? 0) + pull * (signs[k] ?? 0)
    }
    return slope
  })
}

type Scored = { readonly item: Case; readonly place: number; readonly score: number }

function score(cases: readonly Case[], weights: Float64Array, table: Float64Array): Scored[] {
  return cases.map((item) => ({
    item,
    place: rank(item, weights).findIndex(({ right }) => right),
    score: product(table, signsOfCase(item, weights)),
  }))
}

function figures(label: string, scored: readonly Scored[]): void {
  const yes = scored.filter(({ item }) => item.isAnswerable)
  const no = scored.filter(({ item }) => !item.isAnswerable)
  const at = (k: number) => yes.filter(({ place }) => place >= 0 && place < k).length / yes.length
  const mrr = yes.reduce((sum, { place }) => sum + (place < 0 ? 0 : 1 / (place + 1)), 0) / yes.length
  const area =
    no.length === 0
      ? ''
      : ` auroc=${auroc(
          yes.map((s) => s.score),
          no.map((s) => s.score),
        ).toFixed(3)}`
  const said = ` answered=${(yes.filter((s) => isAnswered(s)).length / yes.length).toFixed(3)}`
  const falsely = no.length === 0 ? '' : ` falsely=${(no.filter((s) => isAnswered(s)).length / no.length).toFixed(3)}`
  console.log(
    `${label.padEnd(34)} n=${String(yes.length)} hit1=${at(1).toFixed(3)} hit3=${at(3).toFixed(3)} mrr10=${mrr.toFixed(3)}${area}${said}${falsely}`,
  )
}

/** Whether the first hit's probability reaches the threshold. */
const isAnswered = ({ score }: Scored): boolean => 1 / (1 + Math.exp(-score)) >= ANSWERED_FROM

/** News questions scored by tables that were fitted without the articles that answer them. */
function crossValidate(cases: readonly Case[]): Scored[] {
  const scored: Scored[] = []
  let seed = 7
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    const folds = new Map<string, number>()
    const foldOf = ({ file, id }: Case) => {
      const key = file === '' ? id : file
      const fold = folds.get(key) ?? Math.floor(random() * FOLDS)
      folds.set(key, fold)
      return fold
    }
    for (let fold = 0; fold < FOLDS; fold += 1) {
      const others = cases.filter((item) => item.set !== 'news' || foldOf(item) !== fold)
      const weights = fitRelevance(
        others.filter(({ isHalf }) => !isHalf),
        80,
      )
      const table = fitAnswerability(forAnswers(others), weights)
      const held = cases.filter((item) => item.set === 'news' && !item.isHalf && foldOf(item) === fold)
      scored.push(...score(held, weights, table))
    }
  }
  return scored
}

/** Questions that teach answerability: all news questions, and others only where half of the articles is missing. */
const forAnswers = (cases: readonly Case[]) => cases.filter(({ set, isHalf }) => set === 'news' || isHalf)

function printTable(name: string, keys: readonly string[], values: Float64Array): void {
  console.log(`\nexport const ${name} = {`)
  for (const [i, key] of keys.entries()) console.log(`  ${key}: ${(values[i] ?? 0).toFixed(2)},`)
  console.log('}')
}

const EMBEDDING = { model: 'use-lite', precision: 'int8' } as const
const keepAt = process.argv.indexOf('--keep')
const kept = keepAt > 0 ? process.argv[keepAt + 1] : undefined
const dir = kept ?? (await mkdtemp(join(tmpdir(), 'verbatim-calibrate-')))
const MODELS = join(dir, 'models')

if (!hasQuestionSets) {
  console.error('There are no question sets: calibration reads ../shared/news-dev and ../shared/retrieval-dev.')
  process.exit(2)
}
const embedder = await openEmbedder({ ...EMBEDDING, cacheDir: MODELS })
try {
  const cases: Case[] = []
  for (const set of [await readNews(), await readWiki()]) {
    const halves = [0, 1].map((half) => set.files.filter((_, i) => i % 2 === half))
    for (const [i, files] of [set.files, ...halves].entries()) {
      const asked =
        i === 0 || set.name === 'news' ? set : { ...set, questions: set.questions.filter((_, at) => at % 3 === 0) }
      cases.push(...(await casesOf(asked, files, join(dir, `${set.name}-${String(i)}`), embedder)))
    }
  }
  const weights = fitRelevance(cases.filter(({ isHalf }) => !isHalf))
  const table = fitAnswerability(forAnswers(cases), weights)
  const of = (set: Case['set'], isHalf: boolean) => cases.filter((item) => item.set === set && item.isHalf === isHalf)
  if (process.argv.includes('--folds')) figures('news, cross-validated', crossValidate(cases))
  figures('news', score(of('news', false), weights, table))
  figures('news, half of the articles', score(of('news', true), weights, table))
  figures('wiki', score(of('wiki', false), weights, table))
  figures('wiki, half of the articles', score(of('wiki', true), weights, table))
  printTable('RELEVANCE', EVIDENCE, weights)
  printTable('ANSWERABILITY', SIGNS, table)
} finally {
  await embedder.close()
  if (kept === undefined) await rm(dir, { recursive: true, force: true })
}
