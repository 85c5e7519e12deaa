import type { Evidence } from './attribution.ts'
import type { Attribution } from './quote.ts'

const BY_ATTRIBUTION: Readonly<Record<Attribution, number>> = {
  cue: 0.95,
  'according-to': 0.9,
  document: 0.8,
  pronoun: 0.85,
  description: 0.7,
  interrupted: 0.95,
  continued: 0.75,
  none: 0,
}

/** Probability that the speaker of an attributed quotation is right. */
export function confidenceOf(attribution: Attribution, evidence: Evidence, margin: number): number {
  void evidence
  void margin
  return BY_ATTRIBUTION[attribution]
}
