import { randomBytes } from 'node:crypto'
import { open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { isSystemError, syncDirectory } from '../durable.ts'
import { UserError } from '../errors.ts'
import { readArticle } from './article.ts'
import { articleFiles, claim, folderFor, writing } from './folder.ts'
import { slugOf } from './slug.ts'

/** Names that start with a dot are not read as articles. */
const TRASH = '.trash'
const ARTICLE = 'article.md'
const REMOVAL = 'removal.json'

const removalSchema = z.object({
  /** Where the article lay, relative to the corpus. */
  file: z.string(),
  /** Who removed it. */
  by: z.string(),
  name: z.string().optional(),
  /** When, ISO date-time in UTC. */
  at: z.iso.datetime(),
  reason: z.string().optional(),
})

export type Removal = z.output<typeof removalSchema>

/** An article that was removed and can come back. */
export type Removed = Removal & {
  /** What `restoreFromTrash` takes. */
  readonly id: string
  /** Absent when the article was damaged already. */
  readonly title?: string
}

/**
 * Moves an article's file to `.trash/<id>/article.md`, with who and when in `removal.json` beside it. The move is one
 * step: after a crash the article is either where it was or in the trash, and whole.
 * @throws UserError `article-missing` when the corpus has no such file; `write-failed` when it cannot be moved, and
 *   then nothing has changed
 */
export async function moveToTrash(corpusDir: string, removal: Removal): Promise<Removed> {
  const day = removal.at.replace(/\.\d+/, '').replace(/[-:]/g, '')
  const id = `${day}-${slugOf(path.posix.basename(removal.file, '.md')).slice(0, 40)}-${randomBytes(3).toString('hex')}`
  const place = path.join(corpusDir, TRASH, id)
  const source = path.join(corpusDir, removal.file)
  const title = await titleOf(source)
  await writing(corpusDir, async () => {
    try {
      await folderFor(corpusDir, path.posix.join(TRASH, id, ARTICLE))
      await writeSynced(path.join(place, REMOVAL), `${JSON.stringify(removal)}\n`)
      await syncDirectory(path.join(corpusDir, TRASH))
      await rename(source, path.join(place, ARTICLE))
    } catch (error) {
      await rm(place, { recursive: true, force: true }).catch(() => undefined)
      if (isSystemError(error) && error.code === 'ENOENT') throw missing(removal.file)
      throw error
    }
    await syncDirectory(place)
    await syncDirectory(path.dirname(source))
  })
  return { ...removal, id, ...(title === undefined ? {} : { title }) }
}

/**
 * Puts a removed article back where it was; when that name is taken, beside it (`<name>-2.md`, …). No file is replaced.
 * @returns the article's file relative to the corpus
 * @throws UserError `article-missing` when the trash has no such article; `write-failed` when the corpus cannot be written
 */
export async function restoreFromTrash(corpusDir: string, id: string): Promise<string> {
  const removed = (await trashed(corpusDir)).find((entry) => entry.id === id)
  if (removed === undefined)
    throw new UserError(
      'article-missing',
      `There is no removed article "${id.slice(0, 100)}".`,
      'It may be restored already; the list of removed articles shows what can be.',
    )
  const place = path.join(corpusDir, TRASH, id)
  return writing(corpusDir, async () => {
    const taken = new Set((await articleFiles(corpusDir)).map((file) => file.toLowerCase()))
    await folderFor(corpusDir, removed.file)
    for (let n = 1; ; n++) {
      const file = n === 1 ? removed.file : removed.file.replace(/(\.md)?$/i, `-${String(n)}.md`)
      if (!taken.has(file.toLowerCase()) && (await claim(path.join(place, ARTICLE), path.join(corpusDir, file)))) {
        await syncDirectory(path.dirname(path.join(corpusDir, file)))
        await rm(place, { recursive: true, force: true })
        return file
      }
    }
  })
}

/** The removed articles, the last removed first. */
export async function listTrash(corpusDir: string): Promise<readonly Removed[]> {
  const entries = await trashed(corpusDir)
  return entries.sort((a, b) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1))
}

/** What is whole in the trash. A crash can leave a removal without its article; then the article is where it was. */
async function trashed(corpusDir: string): Promise<Removed[]> {
  const removed: Removed[] = []
  for (const id of await idsIn(path.join(corpusDir, TRASH))) {
    const place = path.join(corpusDir, TRASH, id)
    const removal = await readRemoval(path.join(place, REMOVAL))
    if (removal === undefined || !(await isThere(path.join(place, ARTICLE)))) continue
    // A crash can come between giving an article its name again and taking it out of the trash.
    if (await isSameFile(path.join(place, ARTICLE), path.join(corpusDir, removal.file))) continue
    const title = await titleOf(path.join(place, ARTICLE))
    removed.push({ ...removal, id, ...(title === undefined ? {} : { title }) })
  }
  return removed
}

async function idsIn(trash: string): Promise<readonly string[]> {
  try {
    return await readdir(trash)
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return []
    throw error
  }
}

async function readRemoval(file: string): Promise<Removal | undefined> {
  try {
    const removal = removalSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    return isInside(removal.file) ? removal : undefined
  } catch (error) {
    const isUnreadable = isSystemError(error) && ['ENOENT', 'ENOTDIR'].includes(error.code)
    if (isUnreadable || error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** Whether a stored path stays below the corpus, in folders that are read. */
function isInside(file: string): boolean {
  return file !== '' && file.split('/').every((part) => part !== '' && !part.startsWith('.')) && !/[\\\0]/.test(file)
}

async function titleOf(file: string): Promise<string | undefined> {
  try {
    const read = readArticle(await readFile(file, 'utf8'), path.basename(file))
    return 'article' in read ? read.article.title : undefined
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

async function isThere(file: string): Promise<boolean> {
  return (await statOf(file)) !== undefined
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = [await statOf(a), await statOf(b)]
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev
}

async function statOf(file: string) {
  try {
    return await stat(file)
  } catch (error) {
    if (isSystemError(error) && ['ENOENT', 'ENOTDIR'].includes(error.code)) return undefined
    throw error
  }
}

function missing(file: string): UserError {
  return new UserError(
    'article-missing',
    `There is no article ${file}.`,
    'It may have been removed or renamed meanwhile; look at the list of articles.',
  )
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
