import Database from 'better-sqlite3'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.ts'
import { writing } from './folder.ts'

/** Names that start with a dot are not read as articles. */
const LOCK = '.lock'
const LOOK_EVERY_MS = 50
/** An article is placed in far less; an import of many holds the lock until its end. */
const PATIENCE_MS = 30_000

/**
 * Runs work while nobody else adds articles to the same corpus, in this process or another: what an article is compared
 * with must not change before it is written, or the same article comes in twice. The lock is SQLite's on a hidden file;
 * the system lets go of it when its process ends, however it ends, so it is never stale.
 * @throws UserError 'corpus-busy' when somebody holds it for longer than half a minute; 'write-failed' when the corpus
 *   cannot be written
 */
export async function withCorpusLock<T>(corpusDir: string, work: () => Promise<T>): Promise<T> {
  const lock = await writing(corpusDir, async () => {
    await mkdir(corpusDir, { recursive: true })
    return openLock(corpusDir)
  })
  try {
    for (const started = performance.now(); !acquired(lock, corpusDir); await wait(LOOK_EVERY_MS))
      if (performance.now() - started > PATIENCE_MS)
        throw new UserError(
          'corpus-busy',
          `Somebody else is adding articles to ${corpusDir}.`,
          'Wait until that import has ended, and do it again.',
        )
    return await work()
  } finally {
    lock.close()
  }
}

function openLock(corpusDir: string): Database.Database {
  try {
    return new Database(path.join(corpusDir, LOCK), { timeout: 0 })
  } catch (error) {
    throw unwritable(error, corpusDir)
  }
}

function unwritable(error: unknown, corpusDir: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  return new UserError(
    'write-failed',
    `The corpus at ${corpusDir} cannot be written (${error.code}: ${error.message}).`,
    'Check that the folder exists, that you may write there and that the disk is not full.',
    { cause: error },
  )
}

function acquired(lock: Database.Database, corpusDir: string): boolean {
  try {
    lock.pragma('journal_mode = OFF')
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return false
    throw unwritable(error, corpusDir)
  }
}
