import type { Config } from '../config.ts'
import { embeddingOf, openEngine, type Engine } from '../engine.ts'
import { UserError, type ErrorCode } from '../errors.ts'
import { buildIndex, type BuildReport } from '../index/index.ts'
import { counted } from '../wording.ts'
import { problemLines } from './problem-lines.ts'
import { formatSeconds, showProgress } from './progress.ts'
import { renderTable } from './table.ts'

/** What a build works with besides the configuration. */
export type BuildChoices = {
  /** Where progress is shown. */
  readonly stream: NodeJS.WriteStream
  readonly full?: boolean
  readonly signal?: AbortSignal
}

/** An index that is replaced without asking: there is none, it is damaged, or another version of Verbatim made it. */
const REBUILT: ReadonlySet<ErrorCode> = new Set(['index-missing', 'index-damaged', 'index-version'])

/** What people call the stages of a build. */
const STAGES = {
  read: 'reading',
  split: 'splitting',
  quotes: 'quotes',
  embed: 'embedding',
  store: 'storing',
  hnsw: 'linking',
  publish: 'publishing',
} as const

/**
 * Builds the index with a progress bar; where another build is running, shows that one first. Articles that are wrong
 * are named at the end, with field, reason and remedy.
 * @throws UserError as `buildIndex`; the signal's reason when it is aborted
 */
export async function buildWithProgress(config: Config, choices: BuildChoices): Promise<BuildReport> {
  const { stream, full = false, signal } = choices
  let display = showProgress(stream)
  let isJoining = false
  try {
    return await buildIndex({
      corpusDir: config.corpusDir,
      indexDir: config.indexDir,
      embedding: embeddingOf(config),
      full,
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ stage, done, total, joined }) => {
        if (joined !== isJoining) {
          display.stop()
          stream.write(
            joined
              ? 'Another build is running; waiting for it.\n'
              : 'That build is over; looking for what came in since.\n',
          )
          display = showProgress(stream)
          isJoining = joined
        }
        display.update({ stage: STAGES[stage], done, total })
      },
    })
  } finally {
    display.stop()
  }
}

/**
 * Opens the engine; where there is no index yet, a damaged one, or one of another version, builds it first, with a progress bar.
 * @param onProblem told when a newer generation cannot be opened
 * @throws UserError as `openEngine` and `buildIndex`
 */
export async function openOrBuild(
  config: Config,
  stream: NodeJS.WriteStream,
  onProblem?: (error: unknown) => void,
): Promise<Engine> {
  const open = () =>
    openEngine({
      indexDir: config.indexDir,
      embedding: embeddingOf(config),
      ...(onProblem === undefined ? {} : { onProblem }),
    })
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof UserError) || !REBUILT.has(error.code)) throw error
    stream.write(
      error.code === 'index-missing'
        ? `There is no index yet; building it from ${config.corpusDir}.\n`
        : `${error.message}\nBuilding it again from ${config.corpusDir}.\n`,
    )
    const report = await buildWithProgress(config, { stream })
    stream.write(`${summarise(report)}\n\n`)
    return open()
  }
}

/** One line on what a build did. */
function summarise(report: BuildReport): string {
  const { articles, passages, quotes, seconds } = report
  return `Indexed ${counted(articles, 'article')}, ${counted(passages, 'passage')}, ${counted(quotes, 'quote')} in ${seconds.total.toFixed(1)} s.`
}

/** A build's report as text: what there is now, how long it took, and the articles that were left out. */
export function renderBuildReport(report: BuildReport): string {
  const { seconds, problems } = report
  return [
    report.changed
      ? summarise(report)
      : `Nothing changed: generation ${String(report.generation)} has all ${counted(report.articles, 'article')}.`,
    renderTable(
      [{ heading: '' }, { heading: '', isNumber: true }],
      [
        ['generation', String(report.generation)],
        ['articles', report.articles.toLocaleString('en')],
        ['passages', report.passages.toLocaleString('en')],
        ['sentences', report.sentences.toLocaleString('en')],
        ['  embedded now', report.embeddedSentences.toLocaleString('en')],
        ['  reused', report.reusedSentences.toLocaleString('en')],
        ['quotes', report.quotes.toLocaleString('en')],
        ['speakers', report.speakers.toLocaleString('en')],
        ['size', `${report.megabytes.toFixed(1)} MB`],
        ['time', seconds.total < 60 ? `${seconds.total.toFixed(1)} s` : formatSeconds(Math.round(seconds.total))],
      ],
    ),
    ...(problems.length === 0
      ? []
      : [`${counted(problems.length, 'problem')}; these articles were left out:\n${problemLines(problems)}`]),
  ].join('\n')
}
