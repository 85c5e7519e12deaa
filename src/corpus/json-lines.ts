import { UserError } from '../errors.ts'
import { readExported } from './exported.ts'
import { fragmentLines, isHtml } from './html.ts'
import { plainNames, readMetadata } from './metadata.ts'
import { draftOf, linesOf } from './plain-text.ts'
import type { Importer, SourceReading } from './source.ts'

/** Exports: one JSON object a line (`.jsonl`, `.ndjson`), or a `.json` file with one article or a list of them. */
export const jsonLines: Importer = {
  extensions: ['.jsonl', '.ndjson', '.json'],
  accepts: (text) => /^\s*(\{\s*"|\[\s*\{)/.test(text.slice(0, 200)) && /["\]}]\s*$/.test(text.slice(-20)),
  read: (text, name) => readWhole(text, name) ?? readLines(text, name),
}

/** Where lists of articles lie in an export that is one object. */
const LISTS = ['articles', 'items', 'results', 'data', 'docs', 'documents', 'stories', 'entries', 'hits', 'response']

/** A text that is one JSON value; undefined when it is several. */
function readWhole(text: string, name: string): readonly SourceReading[] | undefined {
  const value = parseJson(text)
  if (value === undefined) {
    if (!/\n\s*\{/.test(text) && !/\.(jsonl|ndjson)$/i.test(name))
      throw new UserError('bad-file', `${name} is not JSON.`, 'Export it again, one JSON object a line.')
    return undefined
  }
  const records = articlesIn(value)
  if (records === undefined) {
    const readings = [readRecord(value, name, undefined)]
    const [only] = readings
    if (only !== undefined && 'problem' in only)
      throw new UserError('bad-file', `${name} ${only.problem.reason}.`, only.problem.remedy)
    return readings
  }
  if (records.length === 0) throw new UserError('bad-file', `${name} holds an empty list.`, 'Export it again.')
  return records.map((record, i) => readRecord(record, name, i + 1))
}

function articlesIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value as unknown[]
  if (typeof value !== 'object' || value === null) return undefined
  for (const key of LISTS) {
    const list = (value as Record<string, unknown>)[key]
    if (Array.isArray(list) && list.some((entry) => typeof entry === 'object')) return list as unknown[]
  }
  return undefined
}

function readLines(text: string, name: string): readonly SourceReading[] {
  return text.split(/\r?\n/).flatMap((line, i) => (line.trim() === '' ? [] : [readJsonLine(line, name, i + 1)]))
}

/** One line of an export; a line that is no article gives its problem. */
export function readJsonLine(line: string, name: string, number: number): SourceReading {
  const record = parseJson(line)
  if (record === undefined)
    return {
      problem: {
        line: number,
        reason: 'is not a JSON object',
        remedy: 'Export the line again, one JSON object a line.',
      },
    }
  return readRecord(record, name, number)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined // `undefined` is no JSON value, so it cannot be mistaken for one
  }
}

/** Fields that hold an article's text, in order of trust. */
const TEXTS = [
  'text',
  'body',
  'content',
  'articlebody',
  'bodytext',
  'fulltext',
  'maintext',
  'article',
  'html',
  'bodyhtml',
  'contenthtml',
  'rawhtml',
  'story',
  'description',
  'summary',
]

function readRecord(record: unknown, name: string, line: number | undefined): SourceReading {
  const exported = readExported(record, line)
  if (exported !== undefined) return exported
  const at = line === undefined ? {} : { line }
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    return {
      problem: { ...at, reason: 'is not a JSON object', remedy: 'Export it again, one object for each article.' },
    }
  const fields = flattened(record as Record<string, unknown>)
  const text = TEXTS.map((key) => fields.get(key)).find((value) => typeof value === 'string' && value.trim() !== '')
  if (typeof text !== 'string')
    return {
      problem: { ...at, reason: 'has no text', remedy: 'Give each object a "text", "html" or "body" field.' },
    }
  try {
    const draft = draftOf(
      isHtml(text) || hasTags(text) ? fragmentLines(text) : linesOf(text),
      name,
      readMetadata(fields),
    )
    return { draft: { ...draft, ...at } }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { problem: { ...at, reason: 'has no article text', remedy: error.remedy } }
  }
}

function hasTags(text: string): boolean {
  return /<(p|br|div)\s*\/?>/i.test(text)
}

/** The record's fields, and those of a nested `article` or `fields` object where it has none of its own. */
function flattened(record: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
  const own = plainNames(record)
  const nested = ['article', 'fields', 'source', 'document', '_source']
    .map((key) => record[key])
    .filter(
      (value): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value),
    )
    .filter((value) => TEXTS.some((key) => plainNames(value).has(key)))
  return new Map([...nested.flatMap((value) => [...plainNames(value)]), ...own])
}
