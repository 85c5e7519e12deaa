import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'

/** What a file held when it was written: its size and the CRC-32 of its bytes, eight hexadecimal digits. */
export type Checksum = { readonly sizeBytes: number; readonly crc32: string }

const CHUNK_BYTES = 1 << 20

/**
 * Reads a file to its end, a megabyte at a time, so that the calling thread is never held for more than a millisecond.
 * CRC-32 finds what disks, crashes and hurried hands do to a file, at several times the speed of SHA-256.
 * @throws the system error when the file cannot be read
 */
export async function checksumFile(file: string, signal?: AbortSignal): Promise<Checksum> {
  const handle = await open(file, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let sizeBytes = 0
    let crc = 0
    for (;;) {
      signal?.throwIfAborted()
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, sizeBytes)
      if (bytesRead === 0) return { sizeBytes, crc32: crc.toString(16).padStart(8, '0') }
      crc = crc32(chunk.subarray(0, bytesRead), crc)
      sizeBytes += bytesRead
    }
  } finally {
    await handle.close()
  }
}

/** What SQLite says of a file that the disk gives back otherwise than it was written, or not at all. */
const SQLITE_DAMAGE_CODES = /^SQLITE_(CORRUPT|IOERR|NOTADB|CANTOPEN)/u

/** Words an error of reading a published index for a person; every other error is handed back as it is. */
export function readingError(error: unknown, indexDir: string): unknown {
  if (error instanceof Error && 'code' in error && SQLITE_DAMAGE_CODES.test(String(error.code)))
    return damaged(`coverage.db cannot be read (${String(error.code)})`, error)
  if (!isSystemError(error)) return error
  const { code, message } = error
  if (['EIO', 'EISDIR', 'ENOTDIR'].includes(code)) return damaged(`a file of it cannot be read (${message})`, error)
  return new UserError(
    'index-unreadable',
    `The index at ${indexDir} cannot be read (${message}).`,
    ['EMFILE', 'ENFILE'].includes(code)
      ? 'Allow more open files (`ulimit -n`), or close what opens so many.'
      : 'Let Verbatim read that folder: check its owner and permissions, or set INDEX_DIR to another.',
    { cause: error },
  )
}

/** A generation that is damaged is never served. */
export function damaged(what: string, cause?: unknown): UserError {
  return new UserError(
    'index-damaged',
    `The index is damaged: ${what}.`,
    'Build it anew with `verbatim index`; the articles are not touched.',
    cause === undefined ? {} : { cause },
  )
}

const SQLITE_DISK_CODES = /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|CORRUPT)/u

/** Words an error of the disk for a person; every other error is handed back as it is. */
export function diskError(error: unknown, indexDir: string): unknown {
  const isSqlite = error instanceof Error && 'code' in error && SQLITE_DISK_CODES.test(String(error.code))
  const isFile = isSystemError(error) && error.syscall?.startsWith('spawn') === false
  if (!isSqlite && !isFile) return error
  const reason = isFile ? error.message : `${String(error.code)}: ${error.message}`
  if (isSystemError(error, 'EMFILE', 'ENFILE'))
    return new UserError(
      'write-failed',
      `The index at ${indexDir} could not be built: too many files are open (${reason}). The one before, if any, is still in use.`,
      'Allow more open files (`ulimit -n`), or close what opens so many, then run `verbatim index` again.',
      { cause: error },
    )
  return new UserError(
    'write-failed',
    `The index at ${indexDir} could not be written (${reason}). The one before, if any, is still in use.`,
    'Check that there is room on the disk and that you may write there, then run `verbatim index` again.',
    { cause: error },
  )
}
