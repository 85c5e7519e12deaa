import type { AuditRecord } from '../corpus/audit.ts'
import type { CorpusStatus } from '../corpus/desk.ts'
import type { IndexStatus } from '../moderation/index-status.ts'
import { counted, formatAge, formatBytes } from '../wording.ts'
import { problemLines } from './problem-lines.ts'
import { plain } from './render.ts'
import { renderTable } from './table.ts'

/** The corpus and its index as text: what there is, what is wrong, what changed last and by whom. */
export function renderStatus(status: CorpusStatus, index: IndexStatus, nowMs: number): string {
  const { articles, sizeBytes, removed, problems, changes } = status
  return [
    renderTable(
      [{ heading: 'Corpus' }, { heading: '' }],
      [
        ['articles', articles.toLocaleString('en')],
        ['size', formatBytes(sizeBytes)],
        ['removed', removed === 0 ? 'none' : `${String(removed)} can be restored (corpus removed)`],
      ],
      80,
    ),
    renderIndex(index, nowMs),
    ...(problems.length === 0
      ? []
      : [`${counted(problems.length, 'problem')}; these files are left out:\n${problemLines(problems)}`]),
    changes.length === 0 ? 'No changes are on record.' : renderChanges(changes),
  ].join('\n\n')
}

function renderIndex(index: IndexStatus, nowMs: number): string {
  if ('problem' in index) return plain(`${index.problem} ${index.remedy}`)
  const { counts } = index
  return renderTable(
    [{ heading: 'Index' }, { heading: '' }],
    [
      ['generation', String(index.generation)],
      ['built', formatAge(index.builtAt, nowMs)],
      ['model', index.model],
      [
        'holds',
        [
          counted(counts.articles, 'article'),
          counted(counts.passages, 'passage'),
          counted(counts.quotes, 'quote'),
          counted(counts.speakers, 'speaker'),
        ].join(', '),
      ],
      ['size', formatBytes(index.sizeBytes)],
      ['since then', sinceLine(index.since)],
    ],
    80,
  )
}

function sinceLine(since: Extract<IndexStatus, { generation: number }>['since']): string {
  const build = 'bring it up to date: npm run -s verbatim -- index'
  if (since == null) return `another version built it; ${build}`
  const { added, changed, removed } = since
  if (added + changed + removed === 0) return 'nothing changed'
  return `${String(added)} new, ${String(changed)} changed, ${String(removed)} gone; ${build}`
}

function renderChanges(changes: readonly AuditRecord[]): string {
  const rows = changes.map(({ at, by, name, from, action, file, title, detail, outcome }) => [
    `${at.slice(0, 16).replace('T', ' ')}`,
    name ?? by,
    from,
    outcome === 'done' ? action : `${action} (${outcome})`,
    file ?? title ?? detail ?? '',
  ])
  return renderTable(
    [
      { heading: 'Last changes (UTC)' },
      { heading: 'Who' },
      { heading: 'From' },
      { heading: 'What' },
      { heading: 'Article' },
    ],
    rows,
    44,
  )
}
