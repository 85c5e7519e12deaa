import Database from 'better-sqlite3'
import { createHmac, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import type { Decision } from '../reply.ts'
import type { LongTexts } from './custom-ids.ts'

/** How a channel wants to be answered. */
export type ChannelSettings = {
  readonly enabled: boolean
  /** Answers are seen by the asker only, unless the asker says otherwise. */
  readonly private: boolean
  readonly outlets: readonly string[]
  readonly tags: readonly string[]
}

export const DEFAULT_SETTINGS: ChannelSettings = { enabled: true, private: false, outlets: [], tags: [] }

/** What a reader said of a passage as an answer to a question. One vote each; a later one replaces it. */
export type Vote = {
  readonly question: string
  /** The article's file in the corpus, and where in its body: they outlive reindexing. */
  readonly file: string
  readonly start: number
  readonly end: number
  readonly quote: string
  readonly generation: number
  readonly useful: boolean
  /** ISO date and time. */
  readonly at: string
}

/** A decision that a moderator was asked for and has not made. */
export type PendingDecision = {
  /** The command that goes on with it. */
  readonly command: string
  readonly decision: Decision
  /** Who was asked, and in which server. */
  readonly userId: string
  readonly guildId: string
}

/** Decisions by a random id, each made at most once, by whichever process gets there first. */
export type PendingDecisions = {
  /** @param id the one it had, when it was taken and could not be carried out */
  put(pending: PendingDecision, validMs: number, id?: string): string
  /** undefined when it was made or its time is over. */
  get(id: string): PendingDecision | undefined
  /** Ends it; undefined when somebody else did. */
  take(id: string): { readonly remainingMs: number } | undefined
}

/**
 * What must outlive restarts and reindexing: channel settings, votes, texts of buttons, the key that signs buttons.
 * One SQLite file; several processes (shards) may have it open.
 */
export type Store = {
  readonly signingKey: Buffer
  readonly texts: LongTexts
  readonly decisions: PendingDecisions
  settings(channelId: string): ChannelSettings
  changeSettings(channelId: string, settings: ChannelSettings, by: string, at: Date): void
  vote(vote: Vote, userId: string): void
  votes(): readonly Vote[]
  voteCounts(): { readonly useful: number; readonly notUseful: number }
  /** How far the audit log has been announced, in bytes; undefined before the first time. */
  announced(): number | undefined
  setAnnounced(bytes: number): void
  /** Forgets texts that no button has used since then. */
  forgetTexts(before: Date): void
  /** Closing twice is harmless. */
  close(): void
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS settings (
    channel_id TEXT PRIMARY KEY, enabled INTEGER NOT NULL, private INTEGER NOT NULL,
    outlets TEXT NOT NULL, tags TEXT NOT NULL, changed_by TEXT NOT NULL, changed_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS votes (
    question TEXT NOT NULL, file TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, voter TEXT NOT NULL,
    quote TEXT NOT NULL, generation INTEGER NOT NULL, useful INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (question, file, start, "end", voter)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS decisions (
    id TEXT PRIMARY KEY, command TEXT NOT NULL, decision TEXT NOT NULL, user_id TEXT NOT NULL, guild_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS places (name TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, text TEXT NOT NULL, used_at TEXT NOT NULL) STRICT;
`

const REMEMBERED_TEXTS = 1000

type SettingsRow = { enabled: number; private: number; outlets: string; tags: string }
type DecisionRow = { command: string; decision: string; user_id: string; guild_id: string; expires_at: number }
type VoteRow = Omit<Vote, 'useful'> & { useful: number }

/**
 * @throws UserError 'write-failed' when the directory cannot be written; 'store-damaged' when the file is not as SQLite
 *   wrote it, or a newer version of Verbatim did
 */
export function openStore(dataDir: string, now: () => Date = () => new Date()): Store {
  const database = openDatabase(join(dataDir, 'discord.db'))
  const key = (name: string): Buffer => {
    // The first process to insert wins; every other reads what it wrote.
    database.prepare('INSERT OR IGNORE INTO keys (name, value) VALUES (?, ?)').run(name, randomBytes(32))
    return (database.prepare('SELECT value FROM keys WHERE name = ?').get(name) as { value: Buffer }).value
  }
  const voterKey = key('voter')
  const readSettings = database.prepare('SELECT enabled, private, outlets, tags FROM settings WHERE channel_id = ?')
  const writeSettings = database.prepare(
    `INSERT OR REPLACE INTO settings (channel_id, enabled, private, outlets, tags, changed_by, changed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const writeVote = database.prepare(
    `INSERT OR REPLACE INTO votes (question, file, start, "end", voter, quote, generation, useful, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const readVotes = database.prepare(
    'SELECT question, file, start, "end", quote, generation, useful, at FROM votes ORDER BY at, rowid',
  )
  const countVotes = database.prepare('SELECT count(*) AS all_votes, coalesce(sum(useful), 0) AS useful FROM votes')
  const putText = database.prepare(
    'INSERT INTO texts (key, text, used_at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET used_at = excluded.used_at',
  )
  const getText = database.prepare('SELECT text FROM texts WHERE key = ?')
  const putDecision = database.prepare(
    'INSERT INTO decisions (id, command, decision, user_id, guild_id, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const getDecision = database.prepare('SELECT * FROM decisions WHERE id = ? AND expires_at > ?')
  const takeDecision = database.prepare('DELETE FROM decisions WHERE id = ? AND expires_at > ? RETURNING expires_at')
  const forgetDecisions = database.prepare('DELETE FROM decisions WHERE expires_at <= ?')
  const getPlace = database.prepare("SELECT bytes FROM places WHERE name = 'announced'").pluck()
  const setPlace = database.prepare("INSERT OR REPLACE INTO places (name, bytes) VALUES ('announced', ?)")
  const forget = database.prepare('DELETE FROM texts WHERE used_at < ?')
  /** Rendering tries several times to fit a message; its texts are written once. */
  const justPut = new Set<string>()
  return {
    signingKey: key('buttons'),
    texts: {
      put: (textKey, text) => {
        if (justPut.has(textKey)) return
        putText.run(textKey, text, now().toISOString())
        if (justPut.size >= REMEMBERED_TEXTS) justPut.clear()
        justPut.add(textKey)
      },
      get: (textKey) => (getText.get(textKey) as { text: string } | undefined)?.text,
    },
    decisions: {
      put: ({ command, decision, userId, guildId }, validMs, id = randomBytes(9).toString('base64url')) => {
        const nowMs = now().getTime()
        forgetDecisions.run(nowMs)
        putDecision.run(id, command, JSON.stringify(decision), userId, guildId, nowMs + validMs)
        return id
      },
      get: (id) => {
        const row = getDecision.get(id, now().getTime()) as DecisionRow | undefined
        if (row === undefined) return undefined
        const { command, decision, user_id: userId, guild_id: guildId } = row
        return { command, decision: JSON.parse(decision) as Decision, userId, guildId }
      },
      take: (id) => {
        const nowMs = now().getTime()
        const row = takeDecision.get(id, nowMs) as Pick<DecisionRow, 'expires_at'> | undefined
        return row === undefined ? undefined : { remainingMs: row.expires_at - nowMs }
      },
    },
    settings: (channelId) => {
      const row = readSettings.get(channelId) as SettingsRow | undefined
      if (row === undefined) return DEFAULT_SETTINGS
      return {
        enabled: row.enabled === 1,
        private: row.private === 1,
        outlets: JSON.parse(row.outlets) as string[],
        tags: JSON.parse(row.tags) as string[],
      }
    },
    changeSettings: (channelId, settings, by, at) => {
      const { enabled, private: isPrivate, outlets, tags } = settings
      writeSettings.run(
        channelId,
        enabled ? 1 : 0,
        isPrivate ? 1 : 0,
        JSON.stringify(outlets),
        JSON.stringify(tags),
        by,
        at.toISOString(),
      )
    },
    vote: (vote, userId) => {
      // Who voted is kept only as far as one vote a person needs it.
      const voter = createHmac('sha256', voterKey).update(userId).digest('base64url').slice(0, 16)
      const { question, file, start, end, quote, generation, useful, at } = vote
      writeVote.run(question, file, start, end, voter, quote, generation, useful ? 1 : 0, at)
    },
    votes: () => (readVotes.all() as VoteRow[]).map((row) => ({ ...row, useful: row.useful === 1 })),
    voteCounts: () => {
      const row = countVotes.get() as { all_votes: number; useful: number }
      return { useful: row.useful, notUseful: row.all_votes - row.useful }
    },
    announced: () => getPlace.get() as number | undefined,
    setAnnounced: (bytes) => void setPlace.run(bytes),
    forgetTexts: (before) => void forget.run(before.toISOString()),
    close: () => void database.close(),
  }
}

/** Raised when the tables change so that an older version could not read them. */
const FORMAT = 1

function openDatabase(path: string): Database.Database {
  let database: Database.Database | undefined
  try {
    mkdirSync(dirname(path), { recursive: true })
    // It holds the key that signs buttons, and questions: nobody else's to read.
    closeSync(openSync(path, 'a', 0o600))
    database = new Database(path, { timeout: 5000 })
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    const format = Number(database.pragma('user_version', { simple: true }))
    if (format > FORMAT)
      throw new UserError(
        'store-damaged',
        `${path} was written by a newer version of Verbatim (format ${String(format)}; this one reads ${String(FORMAT)}).`,
        'Update Verbatim, or give this version another DATA_DIR.',
      )
    const found = database.pragma('quick_check(1)', { simple: true })
    if (found !== 'ok') throw damaged(path, String(found))
    database.exec(SCHEMA)
    database.pragma(`user_version = ${String(FORMAT)}`)
    return database
  } catch (cause) {
    database?.close()
    if (cause instanceof UserError) throw cause
    if (cause instanceof Database.SqliteError && /^SQLITE_(?:CORRUPT|NOTADB)/u.test(cause.code))
      throw damaged(path, cause.message, cause)
    throw new UserError(
      'write-failed',
      `${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Let the bot write to DATA_DIR, or name another directory.',
      { cause },
    )
  }
}

function damaged(path: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    'store-damaged',
    `${path} is damaged (${reason}). It holds votes and channel settings.`,
    'Put back the copy of your last backup; or move the file away: votes and settings begin anew, the articles are not touched.',
    { cause },
  )
}
