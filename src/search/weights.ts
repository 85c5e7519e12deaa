import { SIGNS, type SignName } from './answerability.ts'
import { EVIDENCE, type Candidate, type EvidenceName } from './evidence.ts'

/**
 * How much each piece of evidence counts. Conditional logit over the candidates of 150 news questions and, at 0.15 of
 * their weight, 1,190 encyclopedia questions: `npx tsx bench/calibrate.ts --folds`.
 */
const RELEVANCE: Readonly<Record<EvidenceName, number>> = {
  bm25Passage: 0.86,
  bm25Sentence: 0.77,
  bm25Context: 1.83,
  bm25Article: 2.1,
  sharePassage: 1.25,
  shareSentence: 1.08,
  shareContext: 2.16,
  shareArticle: 2.14,
  shareTitle: 1.93,
  namesContext: 1.6,
  othersPassage: 1.27,
  cosineSentence: 2.82,
  cosineOfBest: 3.06,
  cosinePassage: 1.75,
  exactPairs: 1.13,
  kindSentence: 2.24,
  kindPassage: 0.65,
  numberNear: 0.51,
  unitPassage: 2.05,
  focusSentence: 0.37,
  quoted: 1.43,
  speakerNamed: 2.25,
  speakerDescribed: 1.32,
  othersWords: -0.46,
  unfinished: -0.16,
}

/**
 * How much each sign says that there is an answer. Logistic regression over the news questions, answerable or not, and
 * both sets' questions asked of half of the articles; same command.
 */
const ANSWERABILITY: Readonly<Record<SignName, number>> = {
  always: -7.76,
  relevance: 2.07,
  sharePassage: 0.2,
  shareContext: 0.47,
  bm25Passage: 0.74,
  namesContext: 0.25,
  othersPassage: 0.82,
  cosineSentence: 1.04,
  cosinePassage: 0.99,
  bestCosine: 0.75,
  agreement: 1.37,
  kindFound: -0.1,
  asksForWords: -1.55,
  speakerNamed: 2.12,
  quoted: 0.62,
  unknownWords: -0.54,
  length: 2.17,
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
