import { Option, type Command as Program } from 'commander'
import type { Config } from '../config.ts'
import type { FeedReport, FeedStatus } from '../corpus/feeds.ts'
import { feedsFileOf } from '../moderation/feeds-file.ts'
import { counted, formatAge } from '../wording.ts'
import { showProgress } from './progress.ts'
import { plain } from './render.ts'
import {
  configOf,
  EXIT,
  interruptSignal,
  subcommand,
  writeJsonLines,
  type Places,
  type SubcommandContext,
} from './subcommand.ts'
import { renderTable } from './table.ts'

/** Adds `feeds`: how each feed of the list is doing, and with `--once` one pass over those that are due. */
export function addFeeds(program: Program, { exit }: SubcommandContext): void {
  subcommand(program, 'feeds', 'Shows how the feeds that FEEDS lists are doing, or asks them once', 'feeds --once')
    .addOption(new Option('--list', 'show how each feed is doing and ask none; the default').conflicts('once'))
    .option('--once', 'ask every feed that is due, add what is new, and end')
    .option('--json', 'print JSON Lines, an object a feed')
    .action(async (flags: Places & { once?: boolean; json?: boolean }) => {
      const config = configOf(flags)
      const { feedStatus, readFeedList } = await import('../corpus/feeds.ts')
      const feeds = await readFeedList(feedsFileOf(config.feedsFile))
      if (flags.once === true) {
        const reports = await pollOnce(config, feeds)
        if (flags.json === true) writeJsonLines(reports)
        else process.stdout.write(`${renderReports(reports, Date.now())}\n`)
        exit(reports.some(({ failure }) => failure !== undefined) ? EXIT.error : EXIT.answered)
        return
      }
      const states = await feedStatus(feeds, config.dataDir)
      if (flags.json === true) writeJsonLines(states)
      else process.stdout.write(`${renderStates(states, Date.now())}\n`)
      exit(states.length === 0 ? EXIT.nothingFound : EXIT.answered)
    })
}

async function pollOnce(
  { corpusDir, dataDir }: Config,
  feeds: readonly { readonly url: string; readonly outlet: string }[],
): Promise<readonly FeedReport[]> {
  const { pollFeeds, systemClock } = await import('../corpus/feeds.ts')
  const { openDesk } = await import('../corpus/desk.ts')
  const display = showProgress(process.stderr)
  let done = 0
  try {
    return await pollFeeds(feeds, {
      desk: openDesk({ corpusDir, dataDir }),
      dataDir,
      clock: systemClock,
      signal: interruptSignal(),
      onFeed: () => {
        if (process.stderr.isTTY) display.update({ stage: 'feeds', done: ++done, total: feeds.length })
      },
    })
  } finally {
    display.stop()
  }
}

const NO_FEEDS = 'The list has no feeds.'

function renderStates(states: readonly FeedStatus[], nowMs: number): string {
  if (states.length === 0) return NO_FEEDS
  const rows = states.map(({ outlet, url, lastSuccess, nextPoll, isGone, failures, added }) => [
    outlet,
    url,
    lastSuccess === undefined ? 'never' : formatAge(lastSuccess, nowMs),
    isGone ? 'never: gone' : nextText(nextPoll, nowMs),
    String(failures),
    added.toLocaleString('en'),
  ])
  const errors = states.flatMap(({ outlet, lastError }) => (lastError === undefined ? [] : [`${outlet}: ${lastError}`]))
  return [
    renderTable(
      [
        { heading: 'Outlet' },
        { heading: 'Address' },
        { heading: 'Last read' },
        { heading: 'Next' },
        { heading: 'Failures', isNumber: true },
        { heading: 'Articles', isNumber: true },
      ],
      rows,
    ),
    ...(errors.length === 0 ? [] : ['', plain(errors.join('\n'))]),
  ].join('\n')
}

function nextText(iso: string | undefined, nowMs: number): string {
  return iso === undefined || Date.parse(iso) <= nowMs ? 'due' : formatAge(iso, nowMs)
}

function renderReports(reports: readonly FeedReport[], nowMs: number): string {
  if (reports.length === 0) return NO_FEEDS
  const rows = reports.map(({ outlet, outcome, added, known, problems, nextPoll }) => [
    outlet,
    outcome.replace('-', ' '),
    String(added.length),
    String(known),
    String(problems.length),
    nextPoll === undefined ? '–' : nextText(nextPoll.toISOString(), nowMs),
  ])
  const titles = reports.flatMap(({ added }) =>
    added.map(({ outcome, title, file }) => `  ${outcome} ${file}: ${title}`),
  )
  const failures = reports.flatMap(({ outlet, failure, problems }) => [
    ...(failure === undefined ? [] : [`  ${outlet}: ${failure.message} ${failure.remedy}`]),
    ...problems.map(
      ({ title, url, reason, remedy, isGivenUp }) =>
        `  ${outlet}: ${title ?? url ?? 'a piece'}: ${reason} ${remedy}${isGivenUp ? ' It is not tried again.' : ''}`,
    ),
  ])
  return [
    renderTable(
      [
        { heading: 'Outlet' },
        { heading: 'Outcome' },
        { heading: 'New', isNumber: true },
        { heading: 'Known', isNumber: true },
        { heading: 'Problems', isNumber: true },
        { heading: 'Next' },
      ],
      rows,
    ),
    ...(titles.length === 0
      ? []
      : [
          '',
          plain(`${counted(titles.length, 'article')} came in:\n${titles.join('\n')}`),
          'Bring the index up to date: npm run -s verbatim -- index',
        ]),
    ...(failures.length === 0 ? [] : ['', plain(`What failed:\n${failures.join('\n')}`)]),
  ].join('\n')
}
