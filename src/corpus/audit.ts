import { randomUUID } from 'node:crypto'
import { mkdir, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { isSystemError, syncDirectory } from '../durable.ts'
import { UserError } from '../errors.ts'

const auditRecordSchema = z.object({
  /** ISO date-time in UTC. */
  at: z.iso.datetime(),
  /** Who: a Discord user's id, a login name, `feeds`. */
  by: z.string(),
  /** How people call them, where that is known. */
  name: z.string().optional(),
  /** From where: `terminal`, `discord <server>/<channel>`, a feed's address. */
  from: z.string(),
  /** What was asked for: `add`, `remove`, `restore`, `export`, `reindex`, … */
  action: z.string(),
  /** `begun` stands before the change is made, so that none is without its record; `refused` changed nothing. */
  outcome: z.enum(['begun', 'done', 'failed', 'refused']),
  /** The same for `begun` and for what came of it. */
  change: z.string().optional(),
  /** The article's file in the corpus. */
  file: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
})

/** One line of the audit log. */
export type AuditRecord = z.output<typeof auditRecordSchema>

/** Longest text of a field; a title of a megabyte must not make the log unreadable. */
const MAX_FIELD = 1000

/** How much of the log's end is read at most. */
const MAX_READ_BYTES = 4 * 1024 * 1024

const NEWLINE = 10

function auditFile(dataDir: string): string {
  return path.join(dataDir, 'audit.jsonl')
}

/**
 * Writes a record at the end of `audit.jsonl` in the data folder and waits until it is on disk. Nothing written before
 * is touched; a line that a crash cut short stays and is ended, so that the next one is whole.
 * @throws UserError `write-failed` when it cannot be written
 */
export async function appendAudit(dataDir: string, record: AuditRecord): Promise<void> {
  const cut = Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, MAX_FIELD) : value]),
  )
  try {
    const isNew = await mkdir(dataDir, { recursive: true })
    const handle = await open(auditFile(dataDir), 'a+', 0o600)
    try {
      const { size } = await handle.stat()
      const last = size === 0 ? NEWLINE : (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0]
      // One write, so that lines of several processes do not mix.
      const line = Buffer.from(`${last === NEWLINE ? '' : '\n'}${JSON.stringify(cut)}\n`)
      const { bytesWritten } = await handle.write(line)
      if (bytesWritten < line.length) await handle.write(line, bytesWritten) // a full disk says so now
      await handle.sync()
      if (size === 0) await syncDirectory(dataDir)
    } finally {
      await handle.close()
    }
    if (isNew !== undefined) await syncDirectory(path.dirname(dataDir))
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new UserError(
      'write-failed',
      `The audit log in ${dataDir} cannot be written (${error.code}: ${error.message}).`,
      'Check that the folder exists, that you may write there and that the disk is not full. Without a record nothing is changed.',
      { cause: error },
    )
  }
}

/**
 * Does what somebody asked for with a record before and one after it, `done` or `failed`; when the first cannot be
 * written, nothing is done.
 * @param done what the second record tells of what was made
 * @throws what `work` throws; UserError `write-failed` when the log cannot be written, which says whether it was done
 */
export async function withAudit<T>(
  log: { readonly dataDir: string; readonly now: () => Date },
  record: Omit<AuditRecord, 'at' | 'outcome' | 'change'>,
  work: () => Promise<T>,
  done: (made: T) => Partial<AuditRecord>,
): Promise<T> {
  const change = randomUUID()
  const write = (outcome: AuditRecord['outcome'], rest: Partial<AuditRecord>) =>
    appendAudit(log.dataDir, { at: log.now().toISOString(), ...record, ...rest, outcome, change })
  await write('begun', {})
  let made: T
  try {
    made = await work()
  } catch (error) {
    // The change's own failure is what its maker must hear, even when the log fails too.
    await write('failed', { detail: error instanceof Error ? error.message : String(error) }).catch(() => undefined)
    throw error
  }
  await write('done', done(made)).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error
    throw new UserError(error.code, `The change was made (${record.action}), but: ${error.message}`, error.remedy, {
      cause: error,
    })
  })
  return made
}

/**
 * The last records of the audit log, newest first; lines that are no records (cut short by a crash) are counted. Looks
 * no further back than four megabytes.
 * @throws UserError `bad-file` when it cannot be read
 */
export async function readAudit(
  dataDir: string,
  last: number,
): Promise<{ readonly records: readonly AuditRecord[]; readonly damagedLines: number }> {
  const lines = (await endOfLog(dataDir)).split('\n').filter((line) => line !== '')
  const records: AuditRecord[] = []
  let damagedLines = 0
  for (const line of lines.reverse()) {
    if (records.length === last) break
    const record = parseRecord(line)
    if (record === undefined) damagedLines++
    else records.push(record)
  }
  return { records, damagedLines }
}

/** Where a reading of the audit log has come to: pass it on to the next. */
export type AuditPlace = { readonly bytes: number }

/** At most this much is read at a time. */
const MAX_STEP_BYTES = 64 * 1024

/** The end of the audit log as it is now. */
export async function auditEnd(dataDir: string): Promise<AuditPlace> {
  return { bytes: await sizeOf(auditFile(dataDir)) }
}

/**
 * The records that were written since `place`, oldest first, at most some hundred at a time; lines that are no records
 * are passed over. A log that became shorter (it was moved away) is read from its beginning.
 * @throws UserError `bad-file` when it cannot be read
 */
export async function readAuditSince(
  dataDir: string,
  place: AuditPlace,
): Promise<{ readonly records: readonly AuditRecord[]; readonly place: AuditPlace }> {
  const file = auditFile(dataDir)
  const size = await sizeOf(file)
  const from = place.bytes > size ? 0 : place.bytes
  if (size === from) return { records: [], place: { bytes: from } }
  const handle = await open(file, 'r').catch((error: unknown) => Promise.reject(unreadable(file, error)))
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_STEP_BYTES), 0, MAX_STEP_BYTES, from)
    const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1
    // A line that is longer than a step is none of ours.
    const read = end === 0 && bytesRead === MAX_STEP_BYTES ? bytesRead : end
    const lines = buffer.toString('utf8', 0, end).split('\n')
    const records = lines.flatMap((line) => parseRecord(line) ?? [])
    return { records, place: { bytes: from + read } }
  } catch (error) {
    throw unreadable(file, error)
  } finally {
    await handle.close()
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 0
    throw unreadable(file, error)
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (!isSystemError(error)) return error
  return new UserError(
    'bad-file',
    `The audit log ${file} cannot be read (${error.code}: ${error.message}).`,
    'Check its owner, its permissions and the disk; moved away, it begins anew.',
    { cause: error },
  )
}

function parseRecord(line: string): AuditRecord | undefined {
  try {
    return auditRecordSchema.parse(JSON.parse(line))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** Whole lines at the end of the log; nothing when there is no log yet. */
async function endOfLog(dataDir: string): Promise<string> {
  try {
    const handle = await open(auditFile(dataDir), 'r')
    try {
      const { size } = await handle.stat()
      const from = Math.max(0, size - MAX_READ_BYTES)
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
      const text = buffer.toString('utf8', 0, bytesRead)
      return from === 0 ? text : text.slice(text.indexOf('\n') + 1)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return ''
    throw unreadable(auditFile(dataDir), error)
  }
}
