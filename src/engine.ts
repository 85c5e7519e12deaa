import type { Hit } from './search/search.ts'
import type { Answer } from './answer/answer.ts'

/** A question, and what of the coverage may answer it. */
export type AskedQuestion = {
  readonly text: string
  /** Only articles of these outlets; absent: all. */
  readonly outlets?: readonly string[] | undefined
  /** ISO dates, both inclusive; articles without a date are left out when either is given. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** Most hits; 10 by default. */
  readonly limit?: number | undefined
}

/** What an article says of itself. */
export type ArticleSummary = {
  readonly id: number
  readonly slug: string
  readonly file: string
  readonly title: string
  readonly outlet?: string
  readonly author?: string
  readonly published?: string
  readonly url?: string
  readonly via?: string
}

/** A passage in its place: the paragraph before, its own paragraph, the paragraph after. Verbatim slices of the body. */
export type PassageContext = {
  readonly article: ArticleSummary
  readonly before: { readonly start: number; readonly end: number; readonly text: string } | null
  readonly paragraph: { readonly start: number; readonly end: number; readonly text: string }
  readonly after: { readonly start: number; readonly end: number; readonly text: string } | null
}

export type ArticleQuery = {
  readonly about?: string | undefined
  readonly outlets?: readonly string[] | undefined
  /** Most articles; 25 by default. */
  readonly limit?: number | undefined
}

export type EngineStatus = {
  readonly generation: number
  /** When the generation was published, ISO date-time. */
  readonly builtAt: string
  /** The embedding model's id. */
  readonly model: string
  readonly articles: number
  readonly passages: number
  readonly sentences: number
  readonly quotes: number
  readonly speakers: number
  readonly outlets: number
}

/** Identifies a hit across requests: its passage and which of the passage's sentences answers. */
export type HitRef = { readonly passageId: number; readonly answeringSentence: number }

/**
 * Everything a command asks of the coverage. Each call works on one generation of the index from start to end, and the
 * next call on the newest one that is published.
 */
export type Engine = {
  /** What the index that answers now is made of. */
  status(): Promise<EngineStatus>
  ask(question: AskedQuestion): Promise<Answer>
  /** The same hits again, for a further page; null when the index has moved on from `generation`. */
  hits(generation: number, refs: readonly HitRef[]): Promise<readonly Hit[] | null>
  /** Articles, newest first; about a topic, best first. */
  articles(options: ArticleQuery): Promise<readonly ArticleSummary[]>
  /** null when the article or the range is not there any more. */
  context(articleId: number, start: number, end: number): Promise<PassageContext | null>
  /** Whether `text` is what the article's body has at that place: asked of every quoted span before it is sent. */
  isVerbatim(articleId: number, start: number, end: number, text: string): Promise<boolean>
  /** At most 25 names for what somebody has typed so far, best first; the most quoted for nothing. */
  completeSpeakers(typed: string): Promise<readonly string[]>
  completeOutlets(typed: string): Promise<readonly string[]>
  completeArticles(typed: string): Promise<readonly ArticleSummary[]>
  /** Moves to the newest generation now, where one was published. */
  refresh(): Promise<void>
  /** Closing twice is harmless. */
  close(): Promise<void>
}
