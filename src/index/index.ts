import { setTimeout as wait } from 'node:timers/promises'
import type { BuildInput, BuildWork, StageProgress } from './build-report.ts'
import { readBuildState, reportSince, requestOf, whatHappened } from './build-state.ts'
import { runBuilder } from './builder.ts'
import { diskError } from './disk.ts'
import { isBuildLocked } from './lock.ts'

export type { BuildInput, BuildStage } from './build-report.ts'
export { openIndex } from './generation.ts'
export type * from './coverage.ts'
export type * from './generation.ts'
export { followIndex } from './follow.ts'
export type { IndexFollower } from './follow.ts'
export {
  ADJACENT,
  CAPITAL,
  FINISHED,
  INITIALS,
  lowerBound,
  passagesWithSentence,
  sentencesWithVector,
  TERM_BITS,
  UNIT_BIT,
} from './words.ts'
export type { WordLists } from './words.ts'
export { removeMarksOf } from './generations.ts'
export { indexStanding } from './standing.ts'
export type { IndexStanding } from './standing.ts'

/** How far a build is. */
export type BuildProgress = StageProgress & {
  /** Whether it is somebody else's build, which is waited for; one's own may follow, from the first stage on. */
  readonly joined: boolean
}

/** What a build did. */
export type BuildReport = BuildWork & {
  /** Whether somebody else's build was running and was waited for. */
  readonly joined: boolean
}

/** What a build may be given besides its input. */
export type BuildOptions = BuildInput & {
  /** Told some ten times a second, and at the end of a stage; of somebody else's build some times a second. */
  readonly onProgress?: (progress: BuildProgress) => void
  /** Ends the build, or the waiting for somebody else's, within moments; what was live stays live. */
  readonly signal?: AbortSignal
}

const LOOK_EVERY_MS = 200

/**
 * Builds the index of a corpus, in a process of its own, and publishes it as the next generation. Until it is published,
 * and whatever happens, what was live stays live. One build runs at a time, across processes. Where one is running
 * already, this waits for it, and for one more if the first had begun to read the articles: what was in the corpus when
 * this was called is in the index when it resolves. All that wait share that one more. Where a build that is waited for
 * dies or is cancelled, the next in line builds.
 * @returns the report of the build that took in what was new
 * @throws UserError 'corpus-empty' when there is no folder, or only files that are no articles; 'model-unavailable';
 * 'write-failed'; 'build-killed'. The signal's reason when it is aborted
 */
export async function buildIndex(options: BuildOptions): Promise<BuildReport> {
  const { corpusDir, indexDir, embedding, full = false, onProgress, signal } = options
  const request = requestOf(options)
  let joined = false
  try {
    const asked = await readBuildState(indexDir)
    for (;;) {
      signal?.throwIfAborted()
      const state = await readBuildState(indexDir)
      const shared = reportSince(asked, state, request)
      if (shared !== undefined) return { ...shared, joined: true }
      if (isBuildLocked(indexDir)) {
        joined = true
        onProgress?.({ ...state.progress, joined })
        await wait(LOOK_EVERY_MS)
        continue
      }
      const tell = (progress: StageProgress) => onProgress?.({ ...progress, joined: false })
      const work = await runBuilder({ corpusDir, indexDir, embedding, full }, asked, tell, signal)
      if (work !== undefined) return { ...whatHappened(asked, await readBuildState(indexDir), work), joined }
    }
  } catch (error) {
    throw diskError(error, indexDir)
  }
}
