import { link, lstat, mkdir, open, readFile, readdir, realpath, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { isSystemError, removeFile, replaceFile, syncDirectory, TEMPORARY, withSyncedFile } from '../durable.ts'
import { UserError } from '../errors.ts'
import { formatArticle, type Article, type ArticleProblem } from './article.ts'

/** Bytes of one article file that are read; the longest reportage is a hundredth of it. */
const MAX_ARTICLE_BYTES = 8 * 1024 * 1024

/** What a disk or a network share says that fails, and may not fail the next time. */
const DISK_FAULTS = ['EIO', 'EREMOTEIO', 'ESTALE', 'ETIMEDOUT']

/** Why the text of an article's file cannot be had. */
type Unread = { readonly problem: ArticleProblem; readonly isDiskFault: boolean }

/**
 * The text of an article's file, or why it cannot be had.
 * @throws the system error when the system has no room for another open file
 */
export async function readArticleFile(dir: string, file: string): Promise<string | Unread> {
  const problem = (reason: string, remedy: string, isDiskFault = false): Unread => ({
    problem: { file, reason, remedy },
    isDiskFault,
  })
  try {
    const full = path.join(dir, file)
    const found = await stat(full)
    // A pipe would be waited for, a device read forever.
    if (!found.isFile()) return problem('is no file', 'Take it out of the corpus.')
    if ((await lstat(full)).isSymbolicLink() && !isWithin(await realpath(dir), await realpath(full)))
      return problem('is a link to a file outside the corpus', 'Copy the file into the corpus.')
    const { size } = found
    if (size > MAX_ARTICLE_BYTES)
      return problem(`is larger than ${String(MAX_ARTICLE_BYTES / 1024 / 1024)} MB`, 'Split it into its articles.')
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(full))
  } catch (error) {
    if (error instanceof TypeError) return problem('is not UTF-8 text', 'Save it as UTF-8, or import it.')
    // Not the file's fault: an index that is built without it would have lost an article.
    if (isSystemError(error, 'EMFILE', 'ENFILE', 'ENOMEM')) throw error
    if (isSystemError(error, ...DISK_FAULTS))
      return problem(
        `cannot be read (${error.code}: the disk fails)`,
        'Look into the system’s log, and take the file from a backup if it stays so. An index that has the article keeps it.',
        true,
      )
    if (isSystemError(error)) return problem(`cannot be read (${error.code})`, 'Check the file and its permissions.')
    throw error
  }
}

/**
 * How long a file must have been left alone before its stamp is trusted: longer than any clock of a file system ticks
 * (two seconds on FAT).
 */
const SETTLED_MS = 3000

/**
 * What tells one state of a file from every other: its size, number, time of its last writing, and time of its last
 * change of any kind. The last one is the system's own: whoever writes the file, renames another over it or sets back
 * its times moves it, and cannot set it. The stamp is taken before the file is read, and only when the last change is
 * so long ago that a later one must show another time; so equal stamps mean equal bytes, short of a clock that is set
 * back to the very nanosecond, or a network share whose attributes are cached (until the cache expires).
 * @returns undefined when the file changed just now, or cannot be looked at
 */
export async function stampOf(dir: string, file: string): Promise<string | undefined> {
  try {
    const nowMs = Date.now()
    const { size, ino, mtimeNs, ctimeNs, ctimeMs } = await stat(path.join(dir, file), { bigint: true })
    if (nowMs - Number(ctimeMs) < SETTLED_MS) return undefined
    return [size, ino, mtimeNs, ctimeNs].join(':')
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

/** Paths of a corpus's article files relative to it, with forward slashes, sorted. */
export async function articleFiles(dir: string): Promise<string[]> {
  const files: string[] = []
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(dir, folder)) {
      if (entry.name.startsWith('.')) continue
      const file = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) folders.push(file)
      else if (/\.md$/i.test(file) && !/^readme\.md$/i.test(entry.name)) files.push(file)
    }
  }
  return files.sort((a, b) => (a < b ? -1 : 1))
}

async function entriesOf(dir: string, folder: string) {
  try {
    return await readdir(path.join(dir, folder), { withFileTypes: true })
  } catch (error) {
    if (folder !== '' || !isSystemError(error)) throw error
    throw new UserError(
      'corpus-empty',
      `There is no folder of articles at ${dir} (${error.code}).`,
      'Create it, or import articles into it with `verbatim import <path…>`.',
      { cause: error },
    )
  }
}

/**
 * Writes an article as a new file, `<slug>.md`, or `<slug>-2.md`, … when that is taken.
 * @param taken the lower-cased names in use; gets the new one
 * @returns the file's path relative to the corpus
 */
export async function writeNew(dir: string, article: Article, taken: Set<string>): Promise<string> {
  return writing(dir, async () => {
    await mkdir(dir, { recursive: true })
    return withSyncedFile(dir, formatArticle(article), async (temporary) => {
      for (;;) {
        const file = freeFile(article.slug, taken)
        const full = path.join(dir, file)
        taken.add(file.toLowerCase())
        if (file.includes('/')) await folderFor(dir, file)
        if (!(await claim(temporary, full))) continue
        await syncDirectory(path.dirname(full))
        return file
      }
    })
  })
}

/**
 * Makes the folder of a file of the corpus where there is none.
 * @throws UserError `write-failed` when a link leads it out of the corpus
 */
export async function folderFor(dir: string, file: string): Promise<void> {
  const folder = path.dirname(path.join(dir, file))
  await mkdir(folder, { recursive: true })
  if (isWithin(await realpath(dir), await realpath(folder))) return
  throw new UserError(
    'write-failed',
    `${file} would lie outside the corpus at ${dir}: its folder is a link.`,
    'Put a folder in the place of the link.',
  )
}

function isWithin(dir: string, file: string): boolean {
  const relative = path.relative(dir, file)
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

/** The first of `<slug>.md`, `<slug>-2.md`, … that is not taken. */
export function freeFile(slug: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const file = n === 1 ? `${slug}.md` : `${slug}-${String(n)}.md`
    if (!taken.has(file.toLowerCase())) return file
  }
}

/** Gives the temporary file its name unless that exists: a hard link never replaces. */
export async function claim(temporary: string, file: string): Promise<boolean> {
  try {
    await link(temporary, file)
    return true
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (error.code === 'EEXIST') return false
    // A file system without hard links (FAT, some network shares): reserve the name, then replace the reservation.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(error.code)) throw error
    return claimByReservation(temporary, file)
  }
}

async function claimByReservation(temporary: string, file: string): Promise<boolean> {
  try {
    await (await open(file, 'wx')).close()
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false
    throw error
  }
  await rename(temporary, file)
  return true
}

/**
 * Takes away what writers left behind that were killed: temporary files that nobody has touched for an hour.
 * @param now milliseconds since 1970
 */
export async function sweepTemporaries(dir: string, now: number): Promise<void> {
  const folders = new Set(['.', ...(await articleFiles(dir)).map((file) => path.dirname(file))])
  for (const folder of folders)
    for (const name of await readdir(path.join(dir, folder)))
      if (name.startsWith(TEMPORARY)) await unlinkIfOld(path.join(dir, folder, name), now)
}

async function unlinkIfOld(file: string, now: number): Promise<void> {
  try {
    if ((await stat(file)).mtimeMs < now - 3_600_000) await removeFile(file)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error
  }
}

/** Does what needs to write in a folder. @throws what `work` throws; UserError `write-failed` where the file system refuses */
export async function writing<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unwritable(dir, error)
  }
}

/** What the file system says about a folder that cannot be written, in words; every other error as it is. */
export function unwritable(dir: string, error: unknown): unknown {
  if (!isSystemError(error)) return error
  return new UserError(
    'write-failed',
    `The folder ${dir} cannot be written (${error.code}: ${error.message}).`,
    'Check that the folder exists, that you may write there and that the disk is not full.',
    { cause: error },
  )
}

/** Replaces a file of the corpus in one step; the old one stays until the new one is on disk. */
export async function replaceIn(dir: string, file: string, text: string): Promise<void> {
  await writing(dir, () => replaceFile(path.join(dir, file), text))
}
