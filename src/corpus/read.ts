import { UserError } from '../errors.ts'
import { decodeText } from './encoding.ts'
import { html } from './html.ts'
import { jsonLines } from './json-lines.ts'
import { markdown } from './markdown.ts'
import { plainText } from './plain-text.ts'
import type { Importer, SourceReading } from './source.ts'

/** In the order in which they are asked about a file whose name says nothing; plain text takes what is left. */
const IMPORTERS: readonly Importer[] = [html, jsonLines, markdown, plainText]

/** Bytes of a file that holds one article, or a list read at once; exports with an article a line may be any size. */
const MAX_SOURCE_BYTES = 64 * 1024 * 1024

/** Endings of the files that an import of a folder looks at. */
export const EXTENSIONS: ReadonlySet<string> = new Set(IMPORTERS.flatMap((importer) => importer.extensions))

/**
 * The articles in one file's bytes: `name` tells the kind by its ending, else the text does. Nothing is read or
 * written. An export with several articles gives each, and a problem for each that could not be read.
 * @param charset as a web server states it
 * @throws UserError `bad-file` when the bytes are not text, too many, or hold no article
 */
export function readSource(bytes: Uint8Array, name: string, charset?: string): readonly SourceReading[] {
  if (bytes.length > MAX_SOURCE_BYTES)
    throw new UserError(
      'bad-file',
      `${name} is larger than ${String(MAX_SOURCE_BYTES / 1024 / 1024)} MB.`,
      'Split it into its articles, or make it a .jsonl file with one article a line.',
    )
  const text = decodeText(bytes, name, charset)
  if (text.trim() === '')
    throw new UserError('bad-file', `${name} is empty.`, 'Check that the file holds the article itself.')
  const importer = importerOf(name) ?? IMPORTERS.find((candidate) => candidate.accepts(text)) ?? plainText
  return importer.read(text, name)
}

function importerOf(name: string): Importer | undefined {
  const lower = name.toLowerCase()
  const named = IMPORTERS.find((importer) => importer.extensions.some((extension) => lower.endsWith(extension)))
  // What ends in .txt is often a saved page.
  return named === plainText ? undefined : named
}

/** Whether a file may hold more articles than fit in memory, one a line. */
export function isLineByLine(name: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(name)
}
