import path from 'node:path'
import { watch as watchFiles } from 'chokidar'
import { UserError } from '../errors.ts'
import type { BuildReport } from '../index/index.ts'
import { counted } from '../wording.ts'

/** Quiet time after an edit before a build: editors save in several steps, and `git pull` changes many files. */
const SETTLED_MS = 500

/** What became of a build after an edit; `failure`: something that a person can mend, and watching goes on. */
export type Rebuild = { readonly report: BuildReport } | { readonly failure: UserError }

/** Edits of a corpus's articles, from the moment on that `watchCorpus` has resolved. */
export type CorpusWatch = {
  /**
   * Has the index built after each run of edits, one build at a time, until the signal aborts.
   * @throws what is a bug, and UserError 'watch-failed' when the system cannot watch so many files
   */
  readonly rebuild: (
    build: () => Promise<BuildReport>,
    signal: AbortSignal,
    onRebuild: (rebuild: Rebuild) => void,
  ) => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Begins to notice edits of the articles in a corpus folder: files that come, change, are renamed or go, in sub-folders
 * too, whoever makes them. What a corpus does not read (hidden names, other endings) does not count.
 * @throws UserError 'watch-failed' when the system cannot watch so many files
 */
export async function watchCorpus(corpusDir: string): Promise<CorpusWatch> {
  let editedAt: number | undefined
  let failure: UserError | undefined
  let wake: () => void = () => undefined
  const watcher = watchFiles(corpusDir, {
    ignoreInitial: true,
    ignored: (file, stats) => {
      const below = path.relative(corpusDir, file)
      if (below === '') return false
      return path.basename(file).startsWith('.') || (stats?.isFile() === true && !/\.md$/iu.test(file))
    },
  })
  watcher.on('all', () => {
    editedAt = Date.now()
    wake()
  })
  watcher.on('error', (error) => {
    failure = cannotWatch(corpusDir, error)
    wake()
  })
  await new Promise<void>((resolve) => {
    wake = resolve
    watcher.once('ready', resolve)
  })
  if (failure !== undefined) {
    await watcher.close()
    throw failure
  }

  /** Until nothing was edited for a while since an edit, the watch fails, or the signal aborts. */
  async function settled(signal: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = editedAt === undefined ? undefined : editedAt + SETTLED_MS - Date.now()
      if (signal.aborted || failure !== undefined || (leftMs !== undefined && leftMs <= 0)) return
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        wake = resolve
        if (leftMs !== undefined) timer = setTimeout(resolve, leftMs)
      })
      clearTimeout(timer)
    }
  }

  return {
    close: () => watcher.close(),
    async rebuild(build, signal, onRebuild) {
      signal.addEventListener('abort', () => {
        wake()
      })
      for (;;) {
        await settled(signal)
        if (signal.aborted) return
        if (failure !== undefined) throw failure
        editedAt = undefined
        try {
          onRebuild({ report: await build() })
        } catch (error) {
          if (isAborted(signal)) return
          if (!(error instanceof UserError)) throw error
          onRebuild({ failure: error })
        }
      }
    },
  }
}

/** Asked anew: what TypeScript knows of `aborted` may have changed while a build ran. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

function cannotWatch(corpusDir: string, error: unknown): UserError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const isLimit = code === 'ENOSPC' || code === 'EMFILE'
  return new UserError(
    'watch-failed',
    `${corpusDir} cannot be watched (${code}).`,
    isLimit
      ? 'The system watches no more files: raise fs.inotify.max_user_watches, or set CHOKIDAR_USEPOLLING=1.'
      : 'Check the folder and its permissions; `verbatim index` builds without watching.',
    { cause: error },
  )
}

/** A build on one line: when, what changed, how long it took. @param now local time is shown */
export function rebuildLine(rebuild: Rebuild, now: Date): string {
  const time = now.toTimeString().slice(0, 8)
  if ('failure' in rebuild) {
    const { message, remedy } = rebuild.failure
    return `${time} Not built: ${`${message} ${remedy}`.replace(/\s+/gu, ' ')}`
  }
  const { generation, changed, articles, keptArticles, problems, seconds } = rebuild.report
  const left = problems.length === 0 ? '' : `, ${counted(problems.length, 'problem')}: ${problems[0]?.file ?? ''}`
  if (!changed) return `${time} Nothing changed in ${counted(articles, 'article')}${left}`
  const read = articles - keptArticles
  return `${time} Generation ${String(generation)}: ${counted(articles, 'article')}, ${String(read)} new or changed${left}, in ${seconds.total.toFixed(1)} s`
}
