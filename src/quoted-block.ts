import type { EngineQuote, SayingsPage } from './engine.ts'
import type { Printing, Saying } from './quotes/lookup.ts'
import type { Attribution } from './quotes/quote.ts'
import { splitParagraphs } from './text/paragraphs.ts'
import { splitSentences } from './text/sentences.ts'
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

/** Characters of the sentence around a quote that are shown, at most. */
const LONGEST_CONTEXT = 400

/** A saying as blocks, one a quote of its utterance: the words, who said them, the sentence around, every source. */
export function sayingBlocks(saying: Saying<EngineQuote>, page: SayingsPage): QuotedBlock[] {
  const [shown, ...copies] = saying.printings
  const sources = [shown, ...copies].flatMap(([quote]) => {
    const article = page.articles.get(quote.articleId)
    return article === undefined ? [] : [sourceLine(article)]
  })
  const [first, ...others] = sources
  if (first === undefined) return []
  return piecesOf(shown, page).map((quote) => {
    const certainty = certaintyOf(quote)
    const cueContext = contextOf(quote, page.bodies.get(quote.articleId) ?? '')
    return {
      kind: 'quoted',
      as: quote.kind,
      articleId: quote.articleId,
      start: quote.start,
      end: quote.end,
      text: quote.text,
      speaker: quote.speaker,
      ...(certainty === undefined ? {} : { certainty }),
      ...(cueContext === undefined ? {} : { cueContext }),
      sources: [first, ...others],
    }
  })
}

/**
 * What is shown of one printing: each direct quote; reported speech in one piece, the cue inside it too, for
 * "North Korea, she added, would wait" is not two sayings.
 */
function piecesOf(printing: Printing<EngineQuote>, page: SayingsPage): readonly EngineQuote[] {
  const [first] = printing
  const last = printing.at(-1) ?? first
  const body = page.bodies.get(first.articleId)
  if (first.kind === 'direct' || first === last || body === undefined) return printing
  return [{ ...first, end: last.end, text: body.slice(first.start, last.end) }]
}

/** The sentences a quote stands in, where they say more than the quote; a verbatim slice of the body. */
function contextOf(quote: EngineQuote, body: string): string | undefined {
  const paragraph = splitParagraphs(body).find(({ start, end }) => start <= quote.start && quote.end <= end)
  if (paragraph === undefined) return undefined
  const own = splitSentences(paragraph.text).filter(
    ({ start, end }) => paragraph.start + start < quote.end && quote.start < paragraph.start + end,
  )
  const [first, last] = [own[0], own.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const context = paragraph.text.slice(first.start, last.end)
  return context.length > LONGEST_CONTEXT || context.length < quote.text.length + 4 ? undefined : context
}

/** The quotes of a saying as `quotes --json` prints them. */
export function sayingJson(saying: Saying<EngineQuote>, page: SayingsPage, speaker: string): object[] {
  return saying.printings.flatMap((printing) =>
    printing.map((quote) => {
      const article = page.articles.get(quote.articleId)
      const body = page.bodies.get(quote.articleId) ?? ''
      const { cueStart, cueEnd } = quote
      return {
        quote: quote.text,
        speaker,
        cue: cueStart === null || cueEnd === null ? null : body.slice(cueStart, cueEnd),
        kind: quote.kind,
        attribution: quote.attribution,
        confidence: quote.confidence,
        article: article?.slug,
        file: article?.file,
        start: quote.start,
        end: quote.end,
        outlet: quote.outlet,
        published: quote.published,
      }
    }),
  )
}
