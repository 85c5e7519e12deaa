import type { Attribution } from './quotes/quote.ts'
import type { ArticleRow } from './index/index.ts'
import type { Block, QuotedBlock, SourceLine } from './reply.ts'
import type { QuotedPassage } from './search/search.ts'

/** A passage as a block to read, its answering sentence marked. */
export function passageBlock(hit: QuotedPassage): QuotedBlock {
  const [first, ...others] = hit.sources
  const start = Math.max(0, hit.answering.start - hit.start)
  const end = Math.min(hit.text.length, hit.answering.end - hit.start)
  return {
    kind: 'quoted',
    as: 'passage',
    articleId: hit.articleId,
    start: hit.start,
    end: hit.end,
    text: hit.text,
    ...(start < end ? { emphasis: { start, end } } : {}),
    sources: [sourceLine(first), ...others.map(sourceLine)],
    passageId: hit.passageId,
  }
}

/** An article as the source of quoted words; what it does not say is left out. */
export function sourceLine(article: ArticleRow): SourceLine {
  return {
    articleId: article.articleId,
    title: article.title,
    ...(article.outlet === null ? {} : { outlet: article.outlet }),
    ...(article.published === null ? {} : { published: article.published }),
    ...(article.url === null ? {} : { url: article.url }),
    ...(article.via === null ? {} : { via: article.via }),
  }
}

/** A reply that only says something. */
export function textBlock(text: string): Block {
  return { kind: 'text', text }
}

/** From here on an attribution needs no word on how sure it is; below, replies say so. */
const CERTAIN_FROM = 0.85

/** A word on how sure a quote's speaker is; undefined where there is no doubt worth telling. */
export function certaintyOf({
  speaker,
  attribution,
  confidence,
}: {
  readonly speaker: string | null
  readonly attribution: Attribution
  readonly confidence: number
}): string | undefined {
  if (speaker === null || confidence >= CERTAIN_FROM) return undefined
  const percent = `${String(Math.round(confidence * 100))} % sure`
  switch (attribution) {
    case 'pronoun':
    case 'description':
      return `named by the context, ${percent}`
    case 'continued':
      return `goes on from the quote before, ${percent}`
    case 'cue':
    case 'according-to':
    case 'document':
    case 'interrupted':
    case 'none':
      return percent
  }
}
