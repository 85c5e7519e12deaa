import Database from 'better-sqlite3'
import type { Attribution, QuoteKind } from '../quotes/quote.ts'
import { foldKey } from '../text/fold.ts'
import { fromBlob } from './draft-store.ts'

/** Numbers of one generation; another generation numbers anew, so a number never leaves the process. */
export type ArticleId = number & { readonly of?: 'article' }
export type SentenceId = number & { readonly of?: 'sentence' }
export type PassageId = number & { readonly of?: 'passage' }
export type QuoteId = number & { readonly of?: 'quote' }
export type SpeakerId = number & { readonly of?: 'speaker' }

/** An article without its body. What the source does not say is null. */
export type ArticleRow = {
  readonly articleId: ArticleId
  readonly slug: string
  readonly file: string
  readonly title: string
  readonly outlet: string | null
  readonly author: string | null
  readonly published: string | null
  readonly url: string | null
  readonly via: string | null
  readonly tags: readonly string[]
}

/** Offsets into the article's body: UTF-16 code units, half-open. */
export type SentenceRow = {
  readonly sentenceId: SentenceId
  readonly articleId: ArticleId
  /** Counted from 0 in the article. */
  readonly paragraph: number
  readonly start: number
  readonly end: number
  /** Equal sentences share it. */
  readonly vectorId: number
}

/** Its sentences are `firstSentenceId` and the `sentenceCount - 1` after it. */
export type PassageRow = {
  readonly passageId: PassageId
  readonly articleId: ArticleId
  readonly paragraph: number
  readonly start: number
  readonly end: number
  readonly firstSentenceId: SentenceId
  readonly sentenceCount: number
}

export type QuoteRow = {
  readonly quoteId: QuoteId
  readonly articleId: ArticleId
  readonly kind: QuoteKind
  readonly start: number
  readonly end: number
  readonly utterance: number
  /** The fullest name the article gives; null where the text does not tell. */
  readonly speaker: string | null
  /** Across articles; null where `speaker` is, and where it names nobody beyond its article: "an official". */
  readonly speakerId: SpeakerId | null
  readonly mentionStart: number | null
  readonly mentionEnd: number | null
  readonly cueStart: number | null
  readonly cueEnd: number | null
  readonly attribution: Attribution
  readonly confidence: number
}

/** One person or body across articles. */
export type SpeakerSummary = {
  readonly speakerId: SpeakerId
  readonly name: string
  readonly kind: 'person' | 'body'
  /** Other names that articles use, each with why it is the same speaker. */
  readonly aliases: readonly { readonly alias: string; readonly reason: string }[]
  readonly quotes: number
  readonly articles: number
}

/** Which articles count. An article without a date is outside every `since` and `until`. */
export type ArticleFilter = {
  /** Names of outlets, whatever their capitals and accents. */
  readonly outlets?: readonly string[]
  /** ISO date, that day included. */
  readonly since?: string
  /** ISO date, that day included. */
  readonly until?: string
  /** Only articles with one of these tags, whatever their capitals and accents. */
  readonly tags?: readonly string[]
}

/** A quote's weight for the words of a query; higher is better, comparable within one query only. */
export type QuoteScore = { readonly quoteId: QuoteId; readonly bm25: number }

/**
 * What one generation's `coverage.db` holds; every method reads at once and throws after `close`. Lists are in the
 * order of the articles' files, within an article in the order of the text, unless they say otherwise.
 */
export type Coverage = {
  articles(): readonly ArticleRow[]
  /** @throws RangeError when there is none of that number; so do all that take one number and give one row */
  article(articleId: ArticleId): ArticleRow
  articleBySlug(slug: string): ArticleRow | undefined
  body(articleId: ArticleId): string
  /** Outlets with the number of their articles, most first. */
  outlets(): readonly { readonly outlet: string; readonly articles: number }[]
  /** The articles that a filter keeps. */
  articlesKept(filter: ArticleFilter): readonly ArticleRow[]

  sentence(sentenceId: SentenceId): SentenceRow
  sentencesOfArticle(articleId: ArticleId): readonly SentenceRow[]
  sentencesOfPassage(passageId: PassageId): readonly SentenceRow[]
  passage(passageId: PassageId): PassageRow
  passagesOfArticle(articleId: ArticleId): readonly PassageRow[]
  /** The L2-normalised vector of a sentence; the caller's to keep. */
  vector(sentenceId: SentenceId): Float32Array

  quote(quoteId: QuoteId): QuoteRow
  quotesOfArticle(articleId: ArticleId): readonly QuoteRow[]
  quotesOfSpeaker(speakerId: SpeakerId, filter?: ArticleFilter): readonly QuoteRow[]
  /** Quotes that hold any of the phrases, each word for word, best first; any text is a phrase. */
  searchQuotes(phrases: readonly string[], limit: number, filter?: ArticleFilter): QuoteScore[]
  /** Most quotes first, then by name. */
  speakers(): readonly SpeakerSummary[]

  /** Every vector's number, ascending. */
  vectorIds(): readonly number[]
  vectorById(vectorId: number): Float32Array
  /** Calling it again is harmless. */
  close(): void
}

const ARTICLE = 'id AS articleId, slug, file, title, outlet, author, published, url, via, tags'
const SENTENCE =
  'SELECT id AS sentenceId, article_id AS articleId, paragraph, "start", "end", vector_id AS vectorId FROM sentences'
const PASSAGE = `SELECT id AS passageId, article_id AS articleId, paragraph, "start", "end",
  first_sentence_id AS firstSentenceId, sentence_count AS sentenceCount FROM passages`
const QUOTE = `SELECT id AS quoteId, article_id AS articleId, kind, "start", "end", utterance, speaker,
  speaker_id AS speakerId, mention_start AS mentionStart, mention_end AS mentionEnd, cue_start AS cueStart,
  cue_end AS cueEnd, attribution, confidence FROM quotes`
const KEPT = 'article_id IN (SELECT value FROM json_each(?))'

/** Opens a finished database; nobody changes it any more, so its lock is taken once and not for every question. */
export function openCoverage(file: string): Coverage {
  const db = new Database(file, { readonly: true, fileMustExist: true })
  db.pragma('locking_mode = EXCLUSIVE')

  const one = <Row>(sql: string, what: string) => {
    const statement = db.prepare<[number], Row>(sql)
    return (id: number): Row => {
      const row = statement.get(id)
      if (row === undefined) throw new RangeError(`no ${what} ${String(id)}`)
      return row
    }
  }
  const many = <Row>(sql: string) => {
    const statement = db.prepare<[number], Row>(sql)
    return (id: number): readonly Row[] => statement.all(id)
  }

  const articles = db
    .prepare<[], Omit<ArticleRow, 'tags'> & { tags: string }>(`SELECT ${ARTICLE} FROM articles ORDER BY file`)
    .all()
    .map((row): ArticleRow => ({ ...row, tags: JSON.parse(row.tags) as string[] }))
  const articleById = new Map(articles.map((row) => [row.articleId, row]))
  const articleBySlug = new Map(articles.map((row) => [row.slug, row]))

  const sentence = one<SentenceRow>(`${SENTENCE} WHERE id = ?`, 'sentence')
  const passage = one<PassageRow>(`${PASSAGE} WHERE id = ?`, 'passage')
  const bodyRow = one<{ body: string }>('SELECT body FROM bodies WHERE article_id = ?', 'article')
  const vectorRow = one<{ vector: Buffer }>('SELECT vector FROM vectors WHERE id = ?', 'vector')
  const sentencesBetween = db.prepare<[number, number], SentenceRow>(`${SENTENCE} WHERE id >= ? AND id < ? ORDER BY id`)
  const byScore = 'ORDER BY bm25 DESC, rowid LIMIT ?'
  const bestQuotes = `SELECT rowid AS quoteId, -bm25(quotes_fts) AS bm25 FROM quotes_fts WHERE quotes_fts MATCH ?`
  const quotesAll = db.prepare<[string, number], QuoteScore>(`${bestQuotes} ${byScore}`)
  const quotesKept = db.prepare<[string, string, number], QuoteScore>(
    `${bestQuotes} AND rowid IN (SELECT id FROM quotes WHERE ${KEPT}) ${byScore}`,
  )
  const keptIds = (filter: ArticleFilter) => JSON.stringify(articlesKept(filter).map(({ articleId }) => articleId))

  function articlesKept({ outlets, since, until, tags }: ArticleFilter): readonly ArticleRow[] {
    const wantedOutlets = outlets && new Set(outlets.map(foldKey))
    const wantedTags = tags && new Set(tags.map(foldKey))
    const from = since?.slice(0, ISO_DATE_LENGTH)
    const to = until?.slice(0, ISO_DATE_LENGTH)
    return articles.filter(({ outlet, published, tags }) => {
      const date = published?.slice(0, ISO_DATE_LENGTH)
      return (
        (!wantedTags || tags.some((tag) => wantedTags.has(foldKey(tag)))) &&
        (!wantedOutlets || (outlet !== null && wantedOutlets.has(foldKey(outlet)))) &&
        (from === undefined || (date !== undefined && date >= from)) &&
        (to === undefined || (date !== undefined && date <= to))
      )
    })
  }

  return {
    articles: () => articles,
    article(articleId) {
      const row = articleById.get(articleId)
      if (row === undefined) throw new RangeError(`no article ${String(articleId)}`)
      return row
    },
    articleBySlug: (slug) => articleBySlug.get(slug),
    body: (articleId) => bodyRow(articleId).body,
    outlets() {
      const counts = new Map<string, number>()
      for (const { outlet } of articles) if (outlet !== null) counts.set(outlet, (counts.get(outlet) ?? 0) + 1)
      return [...counts].map(([outlet, articles]) => ({ outlet, articles })).sort((a, b) => b.articles - a.articles)
    },
    articlesKept,
    sentence,
    sentencesOfArticle: many<SentenceRow>(`${SENTENCE} WHERE article_id = ? ORDER BY id`),
    sentencesOfPassage(passageId) {
      const { firstSentenceId, sentenceCount } = passage(passageId)
      return sentencesBetween.all(firstSentenceId, firstSentenceId + sentenceCount)
    },
    passage,
    passagesOfArticle: many<PassageRow>(`${PASSAGE} WHERE article_id = ? ORDER BY id`),
    vector: (sentenceId) => vectorById(sentence(sentenceId).vectorId),
    quote: one<QuoteRow>(`${QUOTE} WHERE id = ?`, 'quote'),
    quotesOfArticle: many<QuoteRow>(`${QUOTE} WHERE article_id = ? ORDER BY id`),
    quotesOfSpeaker: (speakerId, filter = {}) =>
      db
        .prepare<[number, string], QuoteRow>(`${QUOTE} WHERE speaker_id = ? AND ${KEPT} ORDER BY id`)
        .all(speakerId, keptIds(filter)),
    searchQuotes(phrases, limit, filter) {
      if (phrases.length === 0) return []
      const expression = phrases.map(quotedPhrase).join(' OR ')
      return filter === undefined
        ? quotesAll.all(expression, limit)
        : quotesKept.all(expression, keptIds(filter), limit)
    },
    speakers() {
      const aliases = new Map<SpeakerId, { alias: string; reason: string }[]>()
      const aliasRows = db
        .prepare<[], { speakerId: SpeakerId; alias: string; reason: string }>(
          'SELECT speaker_id AS speakerId, alias, reason FROM speaker_aliases ORDER BY alias',
        )
        .all()
      for (const { speakerId, ...alias } of aliasRows)
        aliases.set(speakerId, [...(aliases.get(speakerId) ?? []), alias])
      return db
        .prepare<[], Omit<SpeakerSummary, 'aliases'>>(
          `SELECT speakers.id AS speakerId, name, speakers.kind AS kind, count(*) AS quotes, count(DISTINCT article_id) AS articles
           FROM speakers JOIN quotes ON quotes.speaker_id = speakers.id
           GROUP BY speakers.id ORDER BY quotes DESC, name`,
        )
        .all()
        .map((row) => ({ ...row, aliases: aliases.get(row.speakerId) ?? [] }))
    },
    vectorIds: () => db.prepare<[], number>('SELECT id FROM vectors ORDER BY id').pluck().all(),
    vectorById,
    close() {
      db.close()
    },
  }

  function vectorById(vectorId: number): Float32Array {
    return fromBlob(vectorRow(vectorId).vector, vectorId)
  }
}

/** A phrase of an FTS5 expression. Quotation marks would end it, and NUL ends a text that SQLite parses. */
function quotedPhrase(words: string): string {
  return `"${words.replace(/["\0]/gu, ' ')}"`
}

const ISO_DATE_LENGTH = '2024-06-24'.length
