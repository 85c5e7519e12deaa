import { join } from 'node:path'
import type { Answer } from './answer/answer.ts'
import type { Config } from './config.ts'
import type { EmbeddingConfig } from './embedding/embedding.ts'
import type { ArticleRow, QuoteRow, SpeakerSummary } from './index/index.ts'
import type { Saying, SpeakerPresence } from './quotes/lookup.ts'
import type { QuoteKind } from './quotes/quote.ts'
import type { Verdict } from './quotes/verify.ts'
import type { QuotedPassage } from './search/search.ts'
import { openThread } from './thread/thread.ts'

/** A question, and what of the coverage may answer it. */
export type AskedQuestion = {
  readonly text: string
  /** Only articles of these outlets; absent: all. */
  readonly outlets?: readonly string[] | undefined
  /** ISO dates, both inclusive; articles without a date are left out when either is given. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** Only articles with one of these tags. */
  readonly tags?: readonly string[] | undefined
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
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly tags?: readonly string[] | undefined
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

/** A quote as it is listed: its row, its words, what its article says. */
export type EngineQuote = QuoteRow & {
  readonly text: string
  readonly outlet: string | null
  readonly published: string | null
}

export type QuotesQuery = {
  /** A name, in any spelling that comes near. */
  readonly speaker: string
  readonly about?: string | undefined
  readonly outlets?: readonly string[] | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** Default all, direct ones first. */
  readonly kind?: QuoteKind | 'all' | undefined
}

/** Sayings with what it takes to tell where they stand. */
export type SayingsPage = {
  readonly generation: number
  readonly sayings: readonly Saying<EngineQuote>[]
  readonly articles: ReadonlyMap<number, ArticleRow>
  /** Bodies of the articles: the words around a quote are cut from them. */
  readonly bodies: ReadonlyMap<number, string>
}

export type QuotesOutcome =
  /** Newest first, about a topic best first. `others`: people of the same bare surname. Never empty. */
  | ({ readonly kind: 'found'; readonly speaker: SpeakerSummary; readonly others: readonly string[] } & SayingsPage)
  /** The speaker is known, but not with such a quote. */
  | { readonly kind: 'none'; readonly speaker: SpeakerSummary }
  /** The name fits several; best first. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly SpeakerSummary[] }
  | { readonly kind: 'unknown'; readonly nearest: readonly string[] }

export type SpeakersQuery = {
  readonly about?: string | undefined
  readonly outlets?: readonly string[] | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** Most speakers; all by default. */
  readonly limit?: number | undefined
}

/** The most quoted speakers, and how many there are with those left out. */
export type SpeakersPage = { readonly speakers: readonly SpeakerProfile[]; readonly total: number }

/** A speaker with how much of the coverage quotes them. */
export type SpeakerProfile = SpeakerPresence & {
  readonly name: string
  readonly aliases: SpeakerSummary['aliases']
}

/** The verdict on a claimed quote, with all it takes to tell it. */
export type Verification = {
  readonly verdict: Verdict<QuoteRow>
  /** Canonical names of whomever the given speaker may be; empty: the coverage quotes nobody of that name. */
  readonly claimedSpeakers?: readonly string[]
  /** The articles that the verdict speaks of. */
  readonly articles: ReadonlyMap<number, ArticleRow>
  /** Canonical names of the speakers of its quotes, by the speaker's number. */
  readonly speakers: ReadonlyMap<number, string>
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
  /** The answer, and the generation that gave it. */
  ask(question: AskedQuestion): Promise<Answer & { readonly generation: number }>
  /** The same hits again, for a further page; null when the index has moved on from `generation`. */
  hits(generation: number, refs: readonly HitRef[]): Promise<readonly QuotedPassage[] | null>
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
  /** What a speaker said. */
  quotes(query: QuotesQuery): Promise<QuotesOutcome>
  /** Sayings again by their quotes' numbers, for a further page; null when the index has moved on. */
  sayings(generation: number, quoteIds: readonly number[]): Promise<SayingsPage | null>
  /** Who is quoted, most quoted first; about a topic, only those quoted about it. */
  speakers(query: SpeakersQuery): Promise<SpeakersPage>
  /**
   * Checks a claimed quote against the coverage, word for word.
   * @param scope only articles of these outlets, with one of these tags; absent: all
   * @throws UserError 'bad-argument' for a claim without words or of more than 4,000 characters
   */
  verify(claim: string, speaker?: string, scope?: Pick<AskedQuestion, 'outlets' | 'tags'>): Promise<Verification>
  /** Moves to the newest generation now, where one was published. */
  refresh(): Promise<void>
  /** Closing twice is harmless. */
  close(): Promise<void>
}

/** Where the coverage lies and which model reads it. */
export type EngineConfig = {
  readonly indexDir: string
  readonly embedding: EmbeddingConfig
  /**
   * Told when a newer generation cannot be opened, while the one before goes on answering, and when the thread died (a
   * `ThreadDied`).
   */
  readonly onProblem?: (error: unknown) => void
}

/**
 * Opens the index that is live, and its embedding model, in a thread of their own: the calling one is not held by what it
 * asks. A thread that dies is started again by the next call.
 * @throws UserError 'index-missing', 'index-damaged', 'index-version', 'index-model-mismatch', 'model-unavailable'
 */
export async function openEngine({ onProblem, ...config }: EngineConfig): Promise<Engine> {
  const module = new URL('./engine/engine-thread.ts', import.meta.url)
  const cleanUp = async (threadId: number) => {
    const { removeMarksOf } = await import('./index/index.ts')
    await removeMarksOf(config.indexDir, threadId)
  }
  const { call, close } = await openThread<Engine>(module, config, {
    name: 'engine',
    onProblem,
    cleanUp: (threadId) => void cleanUp(threadId).catch((error: unknown) => onProblem?.(error)),
  })
  return {
    status: () => call('status'),
    ask: (question) => call('ask', question),
    hits: (generation, refs) => call('hits', generation, refs),
    articles: (query) => call('articles', query),
    context: (articleId, start, end) => call('context', articleId, start, end),
    isVerbatim: (articleId, start, end, text) => call('isVerbatim', articleId, start, end, text),
    completeSpeakers: (typed) => call('completeSpeakers', typed),
    completeOutlets: (typed) => call('completeOutlets', typed),
    completeArticles: (typed) => call('completeArticles', typed),
    quotes: (query) => call('quotes', query),
    sayings: (generation, quoteIds) => call('sayings', generation, quoteIds),
    speakers: (query) => call('speakers', query),
    verify: (claim, speaker, scope) => call('verify', claim, speaker, scope),
    refresh: () => call('refresh'),
    close,
  }
}

/** The embedding that a configuration asks for; models are kept inside the index folder. */
export function embeddingOf(config: Config): EmbeddingConfig {
  return {
    model: config.embeddingModel,
    precision: config.embeddingPrecision,
    cacheDir: join(config.indexDir, 'models'),
    ...(config.embeddingRevision === undefined ? {} : { revision: config.embeddingRevision }),
    ...(config.embeddingHubUrl === undefined ? {} : { hubUrl: config.embeddingHubUrl }),
  }
}
