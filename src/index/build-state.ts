import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { isSystemError } from '../durable.ts'
import { UserError, type ErrorCode } from '../errors.ts'
import {
  buildReportSchema,
  stageProgressSchema,
  type BuildInput,
  type BuildWork,
  type StageProgress,
} from './build-report.ts'

const requestSchema = z.object({
  /** Folder and model, as one text: builds of other articles or another model are nobody's answer. */
  subject: z.string(),
  full: z.boolean(),
})

const outcomeSchema = z.object({
  /** The how-manieth reading of the corpus it was. */
  reading: z.int().min(1),
  request: requestSchema,
  result: z.union([
    z.object({ report: buildReportSchema }),
    z.object({
      failure: z.object({
        code: z.custom<ErrorCode>((code) => typeof code === 'string'),
        message: z.string(),
        remedy: z.string(),
      }),
    }),
  ]),
})

const stateSchema = z.object({
  /**
   * How many builds have begun to read the corpus. Raised before the first article is read: whoever changes an article
   * and then finds the number n here knows that reading n + 1 sees the change, and that reading n may not.
   */
  readings: z.int().min(0),
  /** How far the build is that runs; tells nothing while nobody holds the lock. */
  progress: stageProgressSchema,
  /** How the last builds ended, newest first. One that was cancelled or killed leaves none. */
  outcomes: z.array(outcomeSchema),
})

/** What is asked of a build. */
export type BuildRequest = Readonly<z.infer<typeof requestSchema>>

/** What builds tell one another across processes: `build.json`, beside their lock. */
export type BuildState = Readonly<z.infer<typeof stateSchema>>

type Outcome = BuildState['outcomes'][number]

/** Somebody who waits finds the build waited for and the one after it among these, with some to spare. */
const OUTCOMES_KEPT = 4

const BEGINNING: StageProgress = { stage: 'read', done: 0, total: 0, rate: 0 }
const NOTHING_YET: BuildState = { readings: 0, progress: BEGINNING, outcomes: [] }

/** What a build with this input is asked for. */
export function requestOf({ corpusDir, embedding, full = false }: BuildInput): BuildRequest {
  const { model, precision, revision, hubUrl } = embedding
  return { subject: JSON.stringify([path.resolve(corpusDir), model, precision, revision, hubUrl]), full }
}

/** The state as it is; where there is none, or none that can be read, as before the first build. */
export async function readBuildState(indexDir: string): Promise<BuildState> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(stateFile(indexDir), 'utf8')))
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError || error instanceof z.ZodError)
      return NOTHING_YET
    throw error
  }
}

/**
 * The report of a build that read the corpus after reading `asked.readings`, so that it has whatever was there when
 * `asked` was read. Where that build found nothing to change, the build of the same generation that ran when `asked`
 * was read is the one that tells what happened.
 * @returns undefined when there was no such build yet  @throws UserError why that build failed
 */
export function reportSince(asked: BuildState, state: BuildState, request: BuildRequest): BuildWork | undefined {
  const covering = state.outcomes.find(
    ({ reading, request: built }) => reading > asked.readings && isFor(built, request),
  )
  if (covering === undefined) return undefined
  if ('report' in covering.result) return whatHappened(asked, state, covering.result.report)
  const { code, message, remedy } = covering.result.failure
  throw new UserError(code, message, remedy)
}

/** The report itself, or, where it found nothing to change, that of the build that was waited for. */
export function whatHappened(asked: BuildState, state: BuildState, report: BuildWork): BuildWork {
  if (report.changed) return report
  const wasOver = asked.outcomes.some(({ reading }) => reading === asked.readings)
  const waitedFor = state.outcomes.find(({ reading }) => reading === asked.readings && !wasOver)?.result
  return waitedFor !== undefined && 'report' in waitedFor && waitedFor.report.generation === report.generation
    ? waitedFor.report
    : report
}

function isFor(built: BuildRequest, asked: BuildRequest): boolean {
  return built.subject === asked.subject && (built.full || !asked.full)
}

/** How one build tells of itself. Only the holder of the build lock may. */
export type BuildJournal = {
  /** Raises the number of readings. Await it before the first article is read. */
  beginReading(): Promise<void>
  /** Written at a new stage, else twice a second at most; what the disk refuses is not told. */
  progress(progress: StageProgress): void
  /** Await it before the lock is let go of. @param result absent when the build was cancelled or is at fault itself */
  end(result?: Outcome['result']): Promise<void>
}

const WRITE_EVERY_MS = 500

/** Begins to tell of a build. */
export async function openJournal(indexDir: string, request: BuildRequest): Promise<BuildJournal> {
  const before = await readBuildState(indexDir)
  let state: BuildState = { ...before, progress: BEGINNING }
  let writtenAt = -Infinity
  let writing: Promise<void> = Promise.resolve()

  function write(): Promise<void> {
    writtenAt = performance.now()
    const text = JSON.stringify(state)
    // One after the other: each replaces the file by way of the same temporary one.
    const next = writing.then(() => replaceState(indexDir, text))
    writing = next.catch(() => undefined)
    return next
  }

  await write()
  return {
    beginReading() {
      state = { ...state, readings: before.readings + 1 }
      return write()
    },
    progress(progress) {
      const isNew = progress.stage !== state.progress.stage
      state = { ...state, progress }
      if (isNew || performance.now() - writtenAt >= WRITE_EVERY_MS) write().catch(unlessOfDisk)
    },
    async end(result) {
      if (result !== undefined && state.readings > before.readings) {
        const outcome: Outcome = { reading: state.readings, request, result }
        state = { ...state, outcomes: [outcome, ...state.outcomes].slice(0, OUTCOMES_KEPT) }
      }
      // Where it cannot be written, whoever waits builds once more.
      await write().catch(unlessOfDisk)
    },
  }
}

function unlessOfDisk(error: unknown): void {
  if (!isSystemError(error)) throw error
}

/** Readers find the whole old state or the whole new one; after a power failure nobody waits who would need it. */
async function replaceState(indexDir: string, text: string): Promise<void> {
  const file = stateFile(indexDir)
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

function stateFile(indexDir: string): string {
  return path.join(indexDir, 'build.json')
}
