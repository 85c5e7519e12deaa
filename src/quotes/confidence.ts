import type { Evidence } from './attribution.ts'
import type { Attribution } from './quote.ts'

/**
 * Share of right speakers by attribution and by where the cue stands, shrunk towards 0.85 as if twelve more quotes had
 * been seen, so that small classes claim little. Set: quotes-dev, 60 articles, 435 quotes with a name for the speaker.
 * `npm run bench quotes` prints this table and how well it holds by bins.
 */
const RIGHT: Readonly<
  Record<Exclude<Attribution, 'pronoun' | 'none'>, Partial<Record<Evidence, number>> & { other: number }>
> = {
  cue: { beside: 0.97, colon: 0.96, before: 0.95, around: 0.89, other: 0.88 },
  'according-to': { other: 0.9 },
  document: { other: 0.86 },
  description: { beside: 0.9, other: 0.83 },
  interrupted: { other: 0.97 },
  continued: { 'previous paragraph': 0.9, colon: 0.88, other: 0.85 },
}

/** The same for pronouns, by how clearly the best candidate beat the next one. */
const PRONOUN_RIGHT = { narrow: 0.86, clear: 0.97 } as const
/** Above this margin (score points of the resolver) every pronoun of the set was resolved rightly. */
const CLEAR_MARGIN = 2.5

/**
 * Probability that the speaker of an attributed quotation is right.
 * @param margin by how much the referent beat the next candidate, in the resolver's score points
 */
export function confidenceOf(attribution: Attribution, evidence: Evidence, margin: number): number {
  if (attribution === 'none') return 0
  if (attribution === 'pronoun') return margin < CLEAR_MARGIN ? PRONOUN_RIGHT.narrow : PRONOUN_RIGHT.clear
  return RIGHT[attribution][evidence] ?? RIGHT[attribution].other
}
