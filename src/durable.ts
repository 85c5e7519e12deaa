import { randomBytes } from 'node:crypto'
import { open, rename, unlink } from 'node:fs/promises'
import path from 'node:path'

/** Whether an error is the file system's; with codes, whether it is one of those. */
export function isSystemError(
  error: unknown,
  ...codes: readonly string[]
): error is NodeJS.ErrnoException & { code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'syscall' in error &&
    (codes.length === 0 || codes.includes(error.code))
  )
}

/** Waits until the file's bytes are on the disk. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Waits until the names in a directory are on the disk, where the system can do that (Windows cannot, nor need it). */
export async function syncDirectory(dir: string): Promise<void> {
  try {
    const handle = await open(dir, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!isSystemError(error, 'EPERM', 'EISDIR', 'EACCES', 'EINVAL', 'ENOTSUP')) throw error
  }
}

/** Start of the names of files that are being written. Hidden: they are never read, and whoever cleans up knows them. */
export const TEMPORARY = '.writing-'

/** Writes a temporary file in a directory, synced, hands it on and takes away what is left of it. */
export async function withSyncedFile<T>(dir: string, text: string, use: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = path.join(dir, `${TEMPORARY}${randomBytes(8).toString('hex')}`)
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return await use(temporary)
  } finally {
    await removeFile(temporary)
  }
}

/** The file holds the whole old text or the whole new one, whenever the power fails. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const dir = path.dirname(file)
  await withSyncedFile(dir, text, (temporary) => rename(temporary, file))
  await syncDirectory(dir)
}

/** Takes a file away; one that is gone already is fine. */
export async function removeFile(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if (!isSystemError(error, 'ENOENT')) throw error
  })
}
