import Database from 'better-sqlite3'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { UserError } from '../errors.ts'

/**
 * Runs `work` while no other build of the same index runs, in this process or another. The lock is SQLite's lock on
 * `build.lock`: the system itself lets go of it when its process ends, however it ends, so it is never stale.
 * @throws UserError 'index-busy' at once when another build holds it
 */
export async function withBuildLock<T>(indexDir: string, work: () => Promise<T>): Promise<T> {
  await mkdir(indexDir, { recursive: true })
  const lock = new Database(path.join(indexDir, 'build.lock'), { timeout: 0 })
  try {
    acquire(lock, indexDir)
    return await work()
  } finally {
    lock.close()
  }
}

function acquire(lock: Database.Database, indexDir: string): void {
  try {
    lock.pragma('journal_mode = OFF')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error
    throw new UserError(
      'index-busy',
      `Another build of the index at ${indexDir} is running.`,
      'Wait until it is done; questions are answered from the index as it was.',
      { cause: error },
    )
  }
}
