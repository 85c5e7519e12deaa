import { evidenceOf, type Candidate } from './evidence.ts'
import type { ReadQuestion } from './question.ts'

/** What tells whether the coverage answers a question at all, each about 0…1; most are of the first candidate. */
export const SIGNS = [
  'always',
  'relevance',
  'sharePassage',
  'shareContext',
  'bm25Passage',
  'namesContext',
  'othersPassage',
  'cosineSentence',
  'cosinePassage',
  'bestCosine',
  'agreement',
  'kindFound',
  'asksForWords',
  'speakerNamed',
  'quoted',
  'unknownWords',
  'length',
] as const
export type SignName = (typeof SIGNS)[number]

/** Relevance that counts as 1. */
const HIGH_RELEVANCE = 10
/** Words of a question that is long. */
const LONG_QUESTION = 8
const WITH_KIND: ReadonlySet<ReadQuestion['kind']> = new Set(['who', 'when', 'where', 'number', 'why'])

/** The signs of a question, in the order of `SIGNS`. @param first the most relevant candidate */
export function signsOf(
  question: ReadQuestion,
  candidates: readonly Candidate[],
  first: { readonly candidate: Candidate; readonly relevance: number },
): number[] {
  const of = (name: Parameters<typeof evidenceOf>[1]) => evidenceOf(first.candidate, name)
  const most = (name: Parameters<typeof evidenceOf>[1]) =>
    candidates.reduce((best, candidate) => Math.max(best, evidenceOf(candidate, name)), 0)
  const bestCosine = most('cosineSentence')
  const total = question.terms.reduce((sum, { idf }) => sum + idf, 0) || 1
  const unknown = question.terms.reduce((sum, { idf, isKnown }) => sum + (isKnown ? 0 : idf), 0)
  const signs: Record<SignName, number> = {
    always: 1,
    relevance: first.relevance / HIGH_RELEVANCE,
    sharePassage: of('sharePassage'),
    shareContext: of('shareContext'),
    bm25Passage: of('bm25Passage'),
    namesContext: of('namesContext'),
    othersPassage: of('othersPassage'),
    cosineSentence: of('cosineSentence'),
    cosinePassage: of('cosinePassage'),
    bestCosine,
    agreement: ((of('bm25Passage') / (most('bm25Passage') || 1)) * of('cosineSentence')) / (bestCosine || 1),
    kindFound: WITH_KIND.has(question.kind) ? of('kindPassage') - 0.5 : 0,
    asksForWords: question.kind === 'said' ? 1 : 0,
    speakerNamed: of('speakerNamed'),
    quoted: of('quoted'),
    unknownWords: unknown / total,
    length: Math.min(1, question.terms.length / LONG_QUESTION),
  }
  return SIGNS.map((name) => signs[name])
}
