import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { UserError } from '../errors.ts'

/** Long enough for somebody who looks at the lock to look away; a build holds it for longer. */
const GLANCE_MS = 100

/**
 * Runs `work` while no other build of the same index runs, in this process or another. The lock is SQLite's lock on
 * `build.lock`: the system itself lets go of it when its process ends, however it ends, so it is never stale.
 * @throws UserError 'index-busy' at once when another build holds it
 */
export async function withBuildLock<T>(indexDir: string, work: () => Promise<T>): Promise<T> {
  await mkdir(indexDir, { recursive: true })
  const lock = new Database(lockFile(indexDir), { timeout: GLANCE_MS })
  try {
    acquire(lock, indexDir)
    return await work()
  } finally {
    lock.close()
  }
}

/** Whether somebody builds the index right now, in this process or another. */
export function isBuildLocked(indexDir: string): boolean {
  if (!existsSync(lockFile(indexDir))) return false
  const lock = new Database(lockFile(indexDir), { readonly: true, timeout: 0 })
  try {
    lock.prepare('SELECT count(*) FROM sqlite_schema').get()
    return false
  } catch (error) {
    if (isBusy(error)) return true
    throw error
  } finally {
    lock.close()
  }
}

function acquire(lock: Database.Database, indexDir: string): void {
  try {
    lock.pragma('journal_mode = OFF')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    if (!isBusy(error)) throw error
    throw new UserError(
      'index-busy',
      `Another build of the index at ${indexDir} is running.`,
      'Wait until it is done; questions are answered from the index as it was.',
      { cause: error },
    )
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}

// Nobody may open this file by other means than SQLite: closing it would take the lock from its holder.
function lockFile(indexDir: string): string {
  return path.join(indexDir, 'build.lock')
}
