import type { Answer } from './answer/answer.ts'
import type { Quote } from './quotes/quote.ts'

/** One line of `ask --json` and `search --json`: stable; `score` is comparable between questions, hits are best first. */
export function answerJson(question: string, answer: Answer): object {
  const hits = answer.kind === 'answered' ? answer.hits : answer.nearest
  return {
    question,
    answered: answer.kind === 'answered',
    hits: hits.map((hit) => ({
      article: hit.article.slug,
      file: hit.article.file,
      quote: hit.text,
      start: hit.start,
      end: hit.end,
      score: hit.score,
      sources: hit.sources,
    })),
  }
}

/** One line of `extract --json`: stable; offsets are UTF-16 code units of the file's text. */
export function extractJson(file: string, quote: Quote): object {
  return {
    file,
    quote: quote.text,
    start: quote.start,
    end: quote.end,
    speaker: quote.speaker,
    speakerMention: quote.mention?.text ?? null,
    cue: quote.cue?.text ?? null,
    kind: quote.kind,
    attribution: quote.attribution,
    confidence: quote.confidence,
  }
}
