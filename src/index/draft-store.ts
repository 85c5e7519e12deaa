import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import type { Article } from '../corpus/corpus.ts'
import type { ArticleNames, MergedSpeakers } from '../quotes/names.ts'
import type { Quote } from '../quotes/quote.ts'
import type { Passage } from '../text/passages.ts'
import type { Sentence } from '../text/sentences.ts'
import { formatTerms, readTerms } from '../text/terms.ts'
import { gatherWords, marksOf } from './gather-words.ts'
import { PAGE_BYTES, SCHEMA } from './schema.ts'
import type { WordLists } from './words.ts'

/** What the text of an article gives. */
export type SplitArticle = {
  readonly sentences: readonly Sentence[]
  /** What is embedded for each sentence. */
  readonly embeddingTexts: readonly string[]
  readonly passages: readonly Passage[]
  readonly quotes: readonly Quote[]
  readonly names: ArticleNames
}

/** What is known of an article's file: a fingerprint of what it says, and the stamp of the file where it has one. */
export type StoredArticle = { readonly fingerprint: Buffer; readonly stamp?: string }

export type PendingText = { readonly vectorId: number; readonly text: string }

/**
 * `coverage.db` while it is written. Nothing is journalled: a draft that fails is thrown away, so every error here
 * ends the build. Close it before it is published.
 */
export type DraftStore = {
  /** Every article in the store, by file. */
  articles(): Map<string, StoredArticle>
  /** Takes an article in, in place of the one of the same file. */
  putArticle(article: Article, stored: StoredArticle, split: SplitArticle): void
  /** Remembers the state of an article's file. */
  putStamp(file: string, stamp: string | undefined): void
  removeArticle(file: string): void
  /** Texts that have no vector yet, at most `limit`, those of one article side by side. */
  pendingTexts(limit: number): PendingText[]
  countPending(): number
  putVectors(vectors: readonly { readonly vectorId: number; readonly vector: Float32Array }[]): void
  /** Removes the vectors that no sentence has any more. @returns their numbers */
  removeUnusedVectors(): number[]
  /** Once nothing is pending. */
  vectorIds(): number[]
  vector(vectorId: number): Float32Array
  /** What each article tells about the names of its speakers, under its file. */
  articleNames(): ArticleNames[]
  /** Replaces the speakers. Who keeps their name keeps their number, so that little is written after a small change. */
  putSpeakers(merged: MergedSpeakers): void
  counts(): { articles: number; passages: number; sentences: number; vectors: number; quotes: number; speakers: number }
  /** The word lists of what is in the store. @throws the signal's reason */
  words(signal: AbortSignal): Promise<WordLists>
  /** Packs the full-text table, so that each word is read from one place. Worth it after many changes. */
  optimize(): void
  /** @throws Error when the database is not sound or its tables disagree */
  check(): void
  close(): void
}

/**
 * Opens a draft's database: an empty file gets its tables, a copy of an older generation's is changed.
 * @param reuse `coverage.db` of a generation of the same model, whose vectors are taken over for equal texts
 */
export function openDraftStore(file: string, reuse?: string): DraftStore {
  const db = new Database(file)
  db.pragma(`page_size = ${String(PAGE_BYTES)}`)
  // SQLite refuses to go without a journal in the defensive mode that the library opens with.
  db.unsafeMode(true)
  db.pragma('journal_mode = OFF')
  db.unsafeMode(false)
  db.pragma('synchronous = OFF')
  db.pragma('locking_mode = EXCLUSIVE')
  db.pragma('cache_size = -65536')
  const isEmpty = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0
  if (isEmpty) db.exec(SCHEMA)
  db.exec('CREATE TEMP TABLE pending (vector_id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT')
  if (reuse !== undefined) db.prepare('ATTACH ? AS earlier').run(reuse)
  db.exec('BEGIN')

  const insertArticle = db.prepare(
    `INSERT INTO articles (file, slug, title, outlet, author, published, url, via, tags, fingerprint, stamp)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const updateStamp = db.prepare<[string | null, string]>('UPDATE articles SET stamp = ? WHERE file = ?')
  const insertBody = db.prepare('INSERT INTO bodies (article_id, body) VALUES (?, ?)')
  const insertSentence = db.prepare(
    'INSERT INTO sentences (article_id, paragraph, "start", "end", vector_id, terms, marks) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const insertPassage = db.prepare(
    `INSERT INTO passages (article_id, paragraph, "start", "end", first_sentence_id, sentence_count)
     VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const insertQuote = db.prepare(
    `INSERT INTO quotes (article_id, kind, "start", "end", utterance, speaker, mention_start, mention_end, cue_start,
     cue_end, attribution, confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertQuoteText = db.prepare('INSERT INTO quotes_fts (rowid, text) VALUES (?, ?)')
  const insertNames = db.prepare('INSERT INTO article_names (article_id, names) VALUES (?, ?)')
  const findKey = db.prepare<[Buffer], number>('SELECT id FROM vector_keys WHERE key = ?').pluck()
  const insertKey = db.prepare<[Buffer]>('INSERT INTO vector_keys (key) VALUES (?)')
  const insertPending = db.prepare<[number, string]>('INSERT INTO pending (vector_id, text) VALUES (?, ?)')
  const insertVector = db.prepare<[number, Buffer]>('INSERT INTO vectors (id, vector) VALUES (?, ?)')
  const removePending = db.prepare<[number]>('DELETE FROM pending WHERE vector_id = ?')
  const earlierVector =
    reuse === undefined
      ? undefined
      : db
          .prepare<[Buffer], Buffer>(
            'SELECT vector FROM earlier.vectors JOIN earlier.vector_keys USING (id) WHERE key = ?',
          )
          .pluck()
  const articleOfFile = db.prepare<[string], { id: number; body: string }>(
    'SELECT id, body FROM articles JOIN bodies ON article_id = id WHERE file = ?',
  )
  const spansOfQuotes = db.prepare<[number], { quoteId: number; start: number; end: number }>(
    'SELECT id AS quoteId, "start", "end" FROM quotes WHERE article_id = ?',
  )
  const removeQuoteText = db.prepare<[number, string]>(
    `INSERT INTO quotes_fts (quotes_fts, rowid, text) VALUES ('delete', ?, ?)`,
  )
  const removals = [
    'DELETE FROM passages WHERE article_id = ?',
    'DELETE FROM quotes WHERE article_id = ?',
    'DELETE FROM sentences WHERE article_id = ?',
    'DELETE FROM article_names WHERE article_id = ?',
    'DELETE FROM bodies WHERE article_id = ?',
    'DELETE FROM articles WHERE id = ?',
  ].map((sql) => db.prepare<[number]>(sql))
  /** Only what an article had that went or changed can be in no sentence any more. */
  const perhapsUnused = new Set<number>()
  const vectorsOfArticle = db.prepare<[number], number>('SELECT vector_id FROM sentences WHERE article_id = ?').pluck()
  const vectorOf = db.prepare<[number], Buffer>('SELECT vector FROM vectors WHERE id = ?').pluck()
  const count = (table: string) => db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0

  function vectorIdOf(text: string): number {
    const key = textKey(text)
    const known = findKey.get(key)
    if (known !== undefined) return known
    const vectorId = Number(insertKey.run(key).lastInsertRowid)
    const vector = earlierVector?.get(key)
    if (vector === undefined) insertPending.run(vectorId, text)
    else insertVector.run(vectorId, vector)
    return vectorId
  }

  function removeArticle(file: string): void {
    const article = articleOfFile.get(file)
    if (article === undefined) return
    const { id, body } = article
    // Only who says which words a row had lets the table count its words right afterwards.
    for (const { quoteId, start, end } of spansOfQuotes.all(id)) removeQuoteText.run(quoteId, body.slice(start, end))
    for (const vectorId of vectorsOfArticle.all(id)) perhapsUnused.add(vectorId)
    for (const removal of removals) removal.run(id)
  }

  /** Brings the table of speakers in line. @returns their numbers by key */
  function numberSpeakers(speakers: MergedSpeakers['speakers']): ReadonlyMap<string, number> {
    const rows = db.prepare<[], [number, string, string]>('SELECT id, name, kind FROM speakers ORDER BY id').raw().all()
    const known = new Map(rows.map(([id, name, kind]) => [name, { id, kind }]))
    const insert = db.prepare<[number, string, string]>('INSERT INTO speakers (id, name, kind) VALUES (?, ?, ?)')
    const update = db.prepare<[string, number]>('UPDATE speakers SET kind = ? WHERE id = ?')
    const remove = db.prepare<[number]>('DELETE FROM speakers WHERE id = ?')
    const numbers = new Map<string, number>()
    const kept = new Set<number>()
    let last = rows.at(-1)?.[0] ?? 0
    for (const { key, name, kind } of speakers) {
      const before = known.get(name)
      known.delete(name)
      const id = before?.id ?? ++last
      numbers.set(key, id)
      kept.add(id)
      if (before === undefined) insert.run(id, name, kind)
      else if (before.kind !== kind) update.run(kind, id)
    }
    for (const [id] of rows) if (!kept.has(id)) remove.run(id)
    return numbers
  }

  function putAliases(speakers: MergedSpeakers['speakers'], numbers: ReadonlyMap<string, number>): void {
    const rows = db
      .prepare<[], [number, string, string]>('SELECT speaker_id, alias, reason FROM speaker_aliases')
      .raw()
      .all()
    const nameOf = (speakerId: number, alias: string) => `${String(speakerId)} ${alias}`
    const known = new Map(rows.map((row) => [nameOf(row[0], row[1]), row]))
    const put = db.prepare<[number, string, string]>(
      'INSERT OR REPLACE INTO speaker_aliases (speaker_id, alias, reason) VALUES (?, ?, ?)',
    )
    const remove = db.prepare<[number, string]>('DELETE FROM speaker_aliases WHERE speaker_id = ? AND alias = ?')
    for (const { key, aliases } of speakers) {
      const speakerId = numbers.get(key) ?? 0
      for (const { alias, reason } of aliases) {
        const name = nameOf(speakerId, alias)
        if (known.get(name)?.[2] !== reason) put.run(speakerId, alias, reason)
        known.delete(name)
      }
    }
    for (const [speakerId, alias] of known.values()) remove.run(speakerId, alias)
  }

  return {
    articles: () => readStoredArticles(db),
    putArticle(article, { fingerprint, stamp }, { sentences, embeddingTexts, passages, quotes, names }) {
      removeArticle(article.file)
      const { file, slug, title, outlet, author, published, url, via, tags = [], body } = article
      const optional = [outlet, author, published, url, via].map((value) => value ?? null)
      const articleId = insertArticle.run(
        file,
        slug,
        title,
        ...optional,
        JSON.stringify(tags),
        fingerprint,
        stamp ?? null,
      ).lastInsertRowid
      insertBody.run(articleId, body)
      insertNames.run(articleId, JSON.stringify(names))
      const sentenceIds = sentences.map(({ paragraph, start, end, text }, i) => {
        const vectorId = vectorIdOf(embeddingTexts[i] ?? text)
        const terms = formatTerms(readTerms(text))
        return insertSentence.run(articleId, paragraph, start, end, vectorId, terms, marksOf(text)).lastInsertRowid
      })
      for (const { paragraph, start, end, firstSentence, sentenceCount } of passages) {
        const first = sentenceIds[firstSentence] ?? 0
        insertPassage.run(articleId, paragraph, start, end, first, sentenceCount)
      }
      for (const { kind, start, end, text, utterance, speaker, mention, cue, attribution, confidence } of quotes) {
        const spans = [mention?.start, mention?.end, cue?.start, cue?.end].map((offset) => offset ?? null)
        const values = [articleId, kind, start, end, utterance, speaker, ...spans, attribution, confidence]
        insertQuoteText.run(insertQuote.run(...values).lastInsertRowid, text)
      }
    },
    putStamp: (file, stamp) => void updateStamp.run(stamp ?? null, file),
    removeArticle,
    pendingTexts: (limit) =>
      db
        .prepare<[number], PendingText>(
          'SELECT vector_id AS vectorId, text FROM temp.pending ORDER BY vector_id LIMIT ?',
        )
        .all(limit),
    countPending: () => count('temp.pending'),
    putVectors(vectors) {
      for (const { vectorId, vector } of vectors) {
        insertVector.run(vectorId, toBlob(vector))
        removePending.run(vectorId)
      }
    },
    removeUnusedVectors() {
      const isUsed = db.prepare<[number], number>('SELECT 1 FROM sentences WHERE vector_id = ?').pluck()
      const unused = [...perhapsUnused].filter((vectorId) => isUsed.get(vectorId) === undefined).sort((a, b) => a - b)
      perhapsUnused.clear()
      const removals = ['vector_keys WHERE id', 'vectors WHERE id', 'temp.pending WHERE vector_id'].map((from) =>
        db.prepare<[number]>(`DELETE FROM ${from} = ?`),
      )
      for (const vectorId of unused) for (const removal of removals) removal.run(vectorId)
      return unused
    },
    // Of the keys, because a list of the vectors would be read from all their pages.
    vectorIds: () => db.prepare<[], number>('SELECT id FROM vector_keys ORDER BY id').pluck().all(),
    vector: (vectorId) => fromBlob(vectorOf.get(vectorId), vectorId),
    articleNames: () =>
      db
        .prepare<[], string>('SELECT names FROM article_names ORDER BY article_id')
        .pluck()
        .all()
        .map((names) => JSON.parse(names) as ArticleNames),
    putSpeakers({ speakers, speakerOf }) {
      const numbers = numberSpeakers(speakers)
      putAliases(speakers, numbers)
      const assign = db.prepare<[number | null, number, string]>(
        'UPDATE quotes SET speaker_id = ? WHERE article_id = ? AND speaker = ?',
      )
      const named = db
        .prepare<[], [number, string, string, number | null]>(
          `SELECT DISTINCT article_id, file, speaker, speaker_id FROM quotes JOIN articles ON articles.id = article_id
           WHERE speaker IS NOT NULL`,
        )
        .raw()
        .all()
      for (const [articleId, file, speaker, before] of named) {
        const number = numbers.get(speakerOf(file, speaker)?.key ?? '') ?? null
        if (number !== before) assign.run(number, articleId, speaker)
      }
    },
    counts: () => ({
      articles: count('articles'),
      passages: count('passages'),
      sentences: count('sentences'),
      vectors: count('vector_keys'),
      quotes: count('quotes'),
      speakers: count('speakers'),
    }),
    words: (signal) => gatherWords(db, signal),
    optimize() {
      db.exec(`INSERT INTO quotes_fts (quotes_fts) VALUES ('optimize')`)
    },
    check() {
      const verdict = db.pragma('quick_check(1)', { simple: true })
      if (verdict !== 'ok') throw new Error(`the database of the new index is not sound: ${String(verdict)}`)
      const strays = db
        .prepare('SELECT count(*) FROM sentences WHERE vector_id NOT IN (SELECT id FROM vectors)')
        .pluck()
        .get()
      if (strays !== 0) throw new Error(`${String(strays)} sentences of the new index have no vector`)
    },
    close() {
      if (!db.open) return
      if (db.inTransaction) db.exec('COMMIT')
      db.close()
    },
  }
}

/** Every article of a `coverage.db`, by file. */
export function readStoredArticles(db: Database.Database): Map<string, StoredArticle> {
  const rows = db.prepare<[], [string, Buffer, string | null]>('SELECT file, fingerprint, stamp FROM articles').raw()
  return new Map(
    rows.all().map(([file, fingerprint, stamp]) => [file, { fingerprint, ...(stamp === null ? {} : { stamp }) }]),
  )
}

/** The stamps of those that have one, by file. */
export function stampsOf(articles: ReadonlyMap<string, StoredArticle>): ReadonlyMap<string, string> {
  return new Map([...articles].flatMap(([file, { stamp }]) => (stamp === undefined ? [] : [[file, stamp] as const])))
}

/** The vector's four-byte floats in little-endian order. */
function toBlob(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
}

/** A vector as `coverage.db` keeps it. */
export function fromBlob(blob: Buffer | undefined, vectorId: number): Float32Array {
  if (blob === undefined) throw new RangeError(`no vector ${String(vectorId)}`)
  const bytes = blob.byteOffset % 4 === 0 ? blob : Buffer.from(Uint8Array.from(blob).buffer)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

const KEY_BYTES = 16

/** What two equal texts share: the first half of their SHA-256. */
function textKey(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, KEY_BYTES)
}

/** Changes whenever anything that the index keeps of an article changes. */
export function fingerprintArticle(article: Article): Buffer {
  const { file, slug, title, outlet, author, published, url, via, tags, body } = article
  return textKey(JSON.stringify([file, slug, title, outlet, author, published, url, via, tags, body]))
}
