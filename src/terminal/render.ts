import { stripVTControlCharacters } from 'node:util'
import colors from 'picocolors'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import type { Block, DiffPart, ListItem, QuotedBlock, Reply, SourceLine } from '../reply.ts'

/** How a reply is laid out: columns of the terminal, and whether it shows colour. */
export type Layout = { readonly columns: number; readonly color: boolean }

const MAX_COLUMNS = 100
const MIN_COLUMNS = 40

/**
 * A reply as text for a terminal, ending in a line break. Verbatim words stand behind a bar, the answering sentence is
 * bold (between ** where there is no colour). No control character of an article reaches the terminal.
 */
export function renderReply(reply: Reply, layout: Layout): string {
  const page = typesetter(layout)
  const blocks = reply.blocks.map((block) => renderBlock(block, page))
  const asks = reply.actions.flatMap((action) =>
    action.kind === 'ask' ? [`  ${page.dim('ask:')} ${plain(action.question)}`] : [],
  )
  return [...blocks, ...(asks.length > 0 ? [asks.join('\n')] : [])].join('\n\n') + '\n'
}

/** Words made safe for a terminal: no escape sequences, no control characters but line breaks. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROLS, '')
}

/** Control characters but the line break, and the marks that turn the direction of writing. */
const CONTROLS = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

type Typesetter = {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly strong: (text: string) => string
  readonly columns: number
}

function typesetter({ columns, color }: Layout): Typesetter {
  const paint = colors.createColors(color)
  return {
    bold: paint.bold,
    dim: paint.dim,
    red: paint.red,
    green: paint.green,
    strong: color ? paint.bold : (text) => `**${text}**`,
    columns: Math.max(MIN_COLUMNS, Math.min(columns, MAX_COLUMNS)),
  }
}

function renderBlock(block: Block, page: Typesetter): string {
  switch (block.kind) {
    case 'heading':
      return page.bold(plain(block.text))
    case 'text':
      return wrapAnsi(plain(block.text), page.columns)
    case 'quoted':
      return renderQuoted(block, page)
    case 'list':
      return renderList(block.items, page)
    case 'diff':
      return behindBar(block.parts.map((part) => renderDiffPart(part, page)).join(' '), page)
    case 'progress':
      return `${block.stage}: ${block.done}${block.total > 0 ? ` of ${block.total}` : ''}`
    case 'notice':
      return [
        wrapAnsi(plain(block.text), page.columns),
        ...(block.remedy === undefined ? [] : [wrapAnsi(plain(block.remedy), page.columns)]),
        ...(block.incident === undefined ? [] : [page.dim(`incident ${block.incident}`)]),
      ].join('\n')
  }
}

function renderQuoted(block: QuotedBlock, page: Typesetter): string {
  const { text, emphasis } = block
  const marked =
    emphasis === undefined
      ? plain(text)
      : plain(text.slice(0, emphasis.start)) +
        page.strong(plain(text.slice(emphasis.start, emphasis.end))) +
        plain(text.slice(emphasis.end))
  const words = block.as === 'direct' ? `“${marked}”` : marked
  const who = [
    block.as === 'passage' ? undefined : (block.speaker ?? 'Speaker not named'),
    block.as === 'reported' ? 'reported, in the journalist’s words' : undefined,
    block.certainty,
  ].filter((part) => part !== undefined)
  const [first, ...others] = block.sources
  return [
    ...(who.length > 0 ? [plain(who.join(' · '))] : []),
    behindBar(words, page),
    ...(block.cueContext === undefined
      ? []
      : [page.dim(wrapIndented(`in: ${plain(block.cueContext)}`, 4, page.columns))]),
    ...sourceLines('—', first, page),
    ...others.slice(0, 4).flatMap((source) => sourceLines('  also', source, page)),
    ...(others.length > 4 ? [page.dim(`    and ${others.length - 4} more`)] : []),
  ].join('\n')
}

function wrapIndented(text: string, indent: number, columns: number): string {
  return wrapAnsi(text, columns - indent)
    .split('\n')
    .map((line) => ' '.repeat(indent) + line)
    .join('\n')
}

function behindBar(text: string, page: Typesetter): string {
  return wrapAnsi(text, page.columns - 4)
    .split('\n')
    .map((line) => `  ${page.dim('│')} ${line}`)
    .join('\n')
}

function sourceLines(lead: string, source: SourceLine, page: Typesetter): string[] {
  const parts = [
    source.outlet,
    source.title,
    source.published && formatDate(source.published),
    source.via && `via ${source.via}`,
  ].filter((part) => part !== undefined && part !== '')
  const indent = ' '.repeat(lead.length + 3)
  const lines = wrapAnsi(plain(parts.join(' · ')), page.columns - indent.length).split('\n')
  const shown = lines.map((line, at) => page.dim(at === 0 ? `  ${lead} ${line}` : `${indent}${line}`))
  return [...shown, ...(source.url === undefined ? [] : [page.dim(`${indent}${plain(source.url)}`)])]
}

function renderDiffPart(part: DiffPart, page: Typesetter): string {
  const text = plain(part.text)
  if (part.op === 'same') return text
  return part.op === 'missing' ? page.red(`[-${text}-]`) : page.green(`{+${text}+}`)
}

/** Labels up to this wide have their details beside them; longer ones below. */
const LABEL_COLUMNS = 32

function renderList(items: readonly ListItem[], page: Typesetter): string {
  const rows = items.map((item) => ({
    label: plain(item.label),
    detail: plain(
      [item.detail, item.published && formatDate(item.published)].filter((part) => part !== undefined).join(' · '),
    ),
  }))
  const width = Math.max(...rows.map(({ label }) => stringWidth(label)))
  return rows
    .flatMap(({ label, detail }) => {
      if (detail === '') return [`  ${label}`]
      if (width > LABEL_COLUMNS) return [`  ${label}`, `    ${page.dim(detail)}`]
      return [`  ${label}${' '.repeat(width - stringWidth(label) + 2)}${page.dim(detail)}`]
    })
    .join('\n')
}

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

/** An ISO date for people: "24 June 2024"; what is no date is given back as it is. */
export function formatDate(iso: string): string {
  const time = Date.parse(iso)
  return Number.isNaN(time) ? iso : DATE.format(time)
}
