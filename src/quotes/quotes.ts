import { attribute, type Attributed } from './attribution.ts'
import { readCues } from './clauses.ts'
import { confidenceOf } from './confidence.ts'
import { Resolver } from './coreference.ts'
import { readFrames, type Frame } from './frames.ts'
import { readMentions } from './mentions.ts'
import type { Quote } from './quote.ts'
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
  const mentions = readMentions(text, frames)
  const cues = frames.map((frame, index) => readCues(frame, mentions.chunks[index] ?? []))
  const resolver = new Resolver(text, frames, mentions)
  const quotes: Quote[] = []
  for (const found of attribute({ text, frames, cues, quotations, resolver })) {
    const quotation = quotations[found.quotation]
    if (quotation) quotes.push(directQuote(text, frames, quotation, found))
  }
  return quotes
}

function directQuote(text: string, frames: readonly Frame[], quotation: Quotation, found: Attributed): Quote {
  const { referent, cue } = found
  const speaker = referent?.name ?? null
  const tokens = cue ? frames[cue.frame]?.tokens : undefined
  const first = cue ? tokens?.[cue.use.first] : undefined
  const last = cue ? tokens?.[cue.use.last] : undefined
  return {
    start: quotation.start,
    end: quotation.end,
    kind: 'direct',
    text: text.slice(quotation.start, quotation.end),
    utterance: found.utterance,
    speaker,
    mention: referent && found.attribution !== 'continued' ? referent.mention : null,
    cue: first && last ? { start: first.start, end: last.end, text: text.slice(first.start, last.end) } : null,
    attribution: found.attribution,
    confidence: speaker === null ? 0 : confidenceOf(found),
  }
}
