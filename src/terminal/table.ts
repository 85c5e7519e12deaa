import Table from 'cli-table3'
import { plain } from './render.ts'

/** A column: its heading, and whether its cells are numbers, which stand right. */
export type Column = { readonly heading: string; readonly isNumber?: boolean }

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const

/** Rows under headings, aligned, without lines; long cells are cut with … at `maxWidth` columns of text. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], maxWidth = 60): string {
  const table = new Table({
    head: columns.map((column) => column.heading),
    colAligns: columns.map((column) => (column.isNumber ? 'right' : 'left')),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) table.push(row.map((cell) => cut(plain(cell).replace(/\s+/gu, ' '), maxWidth)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function cut(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width
    ? text
    : `${characters
        .slice(0, width - 1)
        .join('')
        .trimEnd()}…`
}
