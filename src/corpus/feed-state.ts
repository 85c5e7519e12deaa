import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { lock } from 'proper-lockfile'
import { z } from 'zod'
import { isSystemError } from '../durable.ts'
import { UserError } from '../errors.ts'
import { replaceIn, unwritable, writing } from './folder.ts'

const feedStateSchema = z.object({
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** ISO date-times in UTC. */
  lastPoll: z.iso.datetime().optional(),
  lastSuccess: z.iso.datetime().optional(),
  nextPoll: z.iso.datetime().optional(),
  /** Polls that failed since the last one that did not. */
  failures: z.int().min(0).default(0),
  lastError: z.string().optional(),
  /** The server said that the feed is gone for good; it is asked no more. */
  isGone: z.boolean().default(false),
  /** Articles that came from this feed in all. */
  added: z.int().min(0).default(0),
  /** Items that are done with, by key, and when the feed last announced them. */
  seen: z.record(z.string(), z.iso.datetime()).default({}),
  /** Items that could not be read yet, and how often that was tried. */
  tries: z.record(z.string(), z.int()).default({}),
})

/** What is remembered of a feed between two polls. */
export type FeedState = z.output<typeof feedStateSchema>

const fileSchema = z.object({ version: z.literal(1), feeds: z.record(z.string(), feedStateSchema) })

export const NEW_FEED: FeedState = { failures: 0, isGone: false, added: 0, seen: {}, tries: {} }

/**
 * What is remembered of each feed, by its address.
 * @throws UserError `bad-file` when the file was damaged or cannot be read
 */
export async function readFeedStates(dataDir: string): Promise<Readonly<Record<string, FeedState>>> {
  const file = path.join(dataDir, 'feeds.json')
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).feeds
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return {}
    if (isSystemError(error))
      throw new UserError(
        'bad-file',
        `${file} cannot be read (${error.code}: ${error.message}).`,
        'Check its owner, its permissions and the disk. Without it, every feed is read anew, and articles that the corpus has are recognised.',
        { cause: error },
      )
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error
    throw new UserError(
      'bad-file',
      `${file} is damaged.`,
      'Delete it: every feed is then read anew, and articles that the corpus has are recognised.',
      { cause: error },
    )
  }
}

/** Replaces what is remembered, in one step. @throws UserError `write-failed`, and then the old file is still there */
export async function writeFeedStates(dataDir: string, feeds: Readonly<Record<string, FeedState>>): Promise<void> {
  await replaceIn(dataDir, 'feeds.json', `${JSON.stringify({ version: 1, feeds })}\n`)
}

/**
 * Runs work while no other process polls feeds with the same data folder; a lock whose process died is taken over.
 * @throws UserError `feeds-busy` at once when another process polls; `write-failed` when the folder cannot be written
 */
export async function withFeedLock<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  await writing(dataDir, () => mkdir(dataDir, { recursive: true }))
  const release = await lock(dataDir, { lockfilePath: path.join(dataDir, 'feeds.lock'), stale: 30_000 }).catch(
    (error: unknown) => {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ELOCKED') throw unwritable(dataDir, error)
      throw new UserError('feeds-busy', 'Another process is polling the feeds.', 'Wait until it is done.', {
        cause: error,
      })
    },
  )
  try {
    return await work()
  } finally {
    await release()
  }
}
