import { attribute, attributionOf, type Attributed } from './attribution.ts'
import { readCues, type CueUse } from './clauses.ts'
import { confidenceOf } from './confidence.ts'
import { Resolver } from './coreference.ts'
import { readFrames, type Frame } from './frames.ts'
import { readMentions } from './mentions.ts'
import type { Quote } from './quote.ts'
import { findReported, type ReportedClause } from './reported.ts'
import { findQuotations, splitBlocks, type Quotation } from './spans.ts'

/**
 * Everything a text quotes, in the order of the text, each with its speaker where the text tells. Names, titles and
 * scare quotes in quotation marks are left out. Works on plain bodies and on raw scraped pages alike, in time linear in
 * the text's length, and never throws: what cannot be understood is left out.
 */
export function extractQuotes(text: string): readonly Quote[] {
  const blocks = splitBlocks(text)
  const quotations = findQuotations(text, blocks)
  const frames = readFrames(text, blocks, quotations)
  const mentions = readMentions(text, frames, quotations)
  const cues = frames.map((frame, index) => readCues(frame, mentions.chunks[index] ?? [], mentions.possessorsOf))
  const resolver = new Resolver(text, frames, mentions)
  const { attributed, referents } = attribute({ text, frames, cues, quotations, resolver })
  const quotes: Quote[] = []
  const utteranceOf = new Map<CueUse, number>()
  let utterance = 0
  for (const found of attributed) {
    const quotation = quotations[found.quotation]
    if (!quotation) continue
    quotes.push(directQuote(text, frames, quotation, found))
    utterance = Math.max(utterance, found.utterance)
    if (found.cue && !utteranceOf.has(found.cue.use)) utteranceOf.set(found.cue.use, found.utterance)
  }
  for (const clause of findReported(frames, mentions.chunks, cues, referents)) {
    const number = utteranceOf.get(clause.cue) ?? ++utterance
    utteranceOf.set(clause.cue, number)
    quotes.push(reportedQuote(text, frames, clause, number))
  }
  return quotes.sort((a, b) => a.start - b.start || b.end - a.end)
}

function directQuote(text: string, frames: readonly Frame[], quotation: Quotation, found: Attributed): Quote {
  const { referent, cue } = found
  const speaker = referent?.name ?? null
  return {
    start: quotation.start,
    end: quotation.end,
    kind: 'direct',
    text: text.slice(quotation.start, quotation.end),
    utterance: found.utterance,
    speaker,
    mention: referent && (found.attribution !== 'continued' || speaker === null) ? referent.mention : null,
    cue: cue ? cueSpan(text, frames[cue.frame], cue.use) : null,
    attribution: found.attribution,
    confidence: speaker === null ? 0 : confidenceOf(found.attribution, found.evidence, referent?.margin ?? 0),
  }
}

function reportedQuote(text: string, frames: readonly Frame[], clause: ReportedClause, utterance: number): Quote {
  const { start, end, referent, cue } = clause
  const attribution = attributionOf(referent, cue)
  return {
    start,
    end,
    kind: 'reported',
    text: text.slice(start, end),
    utterance,
    speaker: referent.name,
    mention: referent.mention,
    cue: cueSpan(text, frames[clause.frame], cue),
    attribution,
    confidence: referent.name === null ? 0 : confidenceOf(attribution, 'before', referent.margin),
  }
}

function cueSpan(text: string, frame: Frame | undefined, cue: CueUse): Quote['cue'] {
  const first = frame?.tokens[cue.first]
  const last = frame?.tokens[cue.last]
  return first && last ? { start: first.start, end: last.end, text: text.slice(first.start, last.end) } : null
}
