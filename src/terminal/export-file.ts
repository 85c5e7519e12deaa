import { randomBytes } from 'node:crypto'
import { open, rename, unlink } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'

/**
 * Writes lines to a file that appears complete and synced to disk, or not at all; one that is there is replaced.
 * @returns true: all were taken
 * @throws UserError 'write-failed'; the old file is still there then. What `lines` throws
 */
export async function writeLines(file: string, lines: AsyncIterable<string>, signal: AbortSignal): Promise<true> {
  const temporary = `${file}.writing-${randomBytes(4).toString('hex')}`
  try {
    const handle = await open(temporary, 'wx')
    try {
      for await (const line of lines) {
        signal.throwIfAborted()
        await handle.writeFile(line)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    return true
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    if (!isSystemError(error)) throw error
    throw new UserError(
      'write-failed',
      `${file} cannot be written (${error.code}).`,
      'Check that its folder exists, that you may write there and that the disk is not full.',
      { cause: error },
    )
  }
}

/**
 * Prints lines. Who reads them may stop before the end, as `head` does.
 * @returns whether all were taken
 */
export async function printLines(lines: AsyncIterable<string>, signal: AbortSignal): Promise<boolean> {
  try {
    await pipeline(Readable.from(lines), process.stdout, { end: false, signal })
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (!isSystemError(error, 'EPIPE')) throw error
    return false
  }
}
