import type { ImportEntry, ImportReport } from '../corpus/corpus.ts'
import { plain } from './render.ts'
import { renderTable } from './table.ts'

/** An import's report as text: a row an article, then what failed and why, then the sums. */
export function renderImportReport(report: ImportReport, options: { readonly dryRun: boolean }): string {
  const rows = report.entries.flatMap((entry) => (entry.outcome === 'failed' ? [] : [rowOf(entry)]))
  const failures = report.entries.flatMap((entry) =>
    entry.outcome === 'failed' ? [`  ${placeOf(entry)}: ${entry.reason}. ${entry.remedy}`] : [],
  )
  const { imported, updated, unchanged, duplicate, failed } = report.counts
  const sums = [
    [imported, 'imported'],
    [updated, 'updated'],
    [unchanged, 'unchanged'],
    [duplicate, 'duplicate'],
    [failed, 'failed'],
  ] as const
  return [
    ...(rows.length === 0 ? [] : [renderTable(COLUMNS, rows, 44)]),
    ...(failures.length === 0 ? [] : [`Not imported:\n${plain(failures.join('\n'))}`]),
    [
      `${options.dryRun ? 'Dry run, nothing written: ' : ''}${
        sums
          .filter(([count]) => count > 0)
          .map(([count, outcome]) => `${String(count)} ${outcome}`)
          .join(', ') || 'no articles found'
      }.`,
      ...(report.passedOver > 0 ? [`${String(report.passedOver)} files of other kinds were passed over.`] : []),
      ...(report.isCancelled ? ['Cancelled before the end.'] : []),
    ].join(' '),
  ].join('\n\n')
}

const COLUMNS = [
  { heading: 'What' },
  { heading: 'Title' },
  { heading: 'Outlet' },
  { heading: 'Published' },
  { heading: 'Words', isNumber: true },
  { heading: 'Removed', isNumber: true },
  { heading: 'File' },
] as const

function rowOf(entry: Exclude<ImportEntry, { outcome: 'failed' }>): string[] {
  return [
    entry.outcome,
    entry.title,
    entry.outlet ?? '–',
    entry.published?.slice(0, 10) ?? '–',
    String(entry.words),
    entry.furniture.length === 0 ? '–' : `${String(entry.furniture.length)} lines`,
    entry.file,
  ]
}

function placeOf(entry: ImportEntry): string {
  return entry.line === undefined ? entry.source : `${entry.source}:${String(entry.line)}`
}
