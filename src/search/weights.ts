import { SIGNS, type SignName } from './answerability.ts'
import { EVIDENCE, type Candidate, type EvidenceName } from './evidence.ts'

/**
 * How much each piece of evidence counts. Conditional logit over the candidates of 150 news questions and, at three
 * tenths of their weight, a quarter of the 1,190 encyclopedia questions: `npx tsx bench/calibrate.ts --folds`.
 */
const RELEVANCE: Readonly<Record<EvidenceName, number>> = {
  bm25Passage: 1.33,
  bm25Context: 1.68,
  bm25Article: 2.34,
  sharePassage: 1.64,
  shareContext: 2.11,
  shareArticle: 2.45,
  shareTitle: 2.18,
  namesPassage: -0.48,
  namesContext: 1.84,
  othersPassage: 1.21,
  cosineSentence: 4.34,
  cosinePassage: 2.5,
  exactPairs: 0.65,
  kindSentence: 2.39,
  kindPassage: 0.53,
  numberNear: 0.87,
  unitPassage: 2.58,
  focusSentence: 0.56,
  quoted: 1.47,
  speakerNamed: 2.32,
  speakerDescribed: 1.08,
  speakerNearCue: 0.2,
  speakerAndTopic: 0.55,
  othersWords: -0.51,
  length: 0.83,
  unfinished: -0.45,
}

/**
 * How much each sign says that there is an answer. Logistic regression over the news questions, answerable or not, and
 * both sets' questions asked of half of the articles; same command.
 */
const ANSWERABILITY: Readonly<Record<SignName, number>> = {
  always: -7.27,
  relevance: 1.76,
  sharePassage: 0.41,
  shareContext: 0.75,
  bm25Passage: 0.45,
  namesContext: 0.37,
  othersPassage: 0.61,
  cosineSentence: 1.1,
  cosinePassage: 1.19,
  bestCosine: 0.57,
  agreement: 1.15,
  kindFound: 0.23,
  asksForWords: -1.65,
  speakerNamed: 1.91,
  quoted: 0.88,
  unknownWords: -0.54,
  length: 2.32,
}

const relevanceWeights = EVIDENCE.map((name) => RELEVANCE[name])
const answerWeights = SIGNS.map((name) => ANSWERABILITY[name])

/** How well a candidate fits its question: higher is better, comparable within one question. */
export function relevance({ evidence }: Candidate): number {
  return relevanceWeights.reduce((sum, weight, i) => sum + weight * (evidence[i] ?? 0), 0)
}

/** Probability that the coverage answers, 0…1. @param signs as `signsOf` gives them */
export function answerability(signs: readonly number[]): number {
  return 1 / (1 + Math.exp(-answerWeights.reduce((sum, weight, i) => sum + weight * (signs[i] ?? 0), 0)))
}
