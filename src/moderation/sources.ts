import path from 'node:path'
import { readSource, type Draft } from '../corpus/corpus.ts'
import { fetchPage } from '../corpus/fetch.ts'
import { EXTENSIONS } from '../corpus/read.ts'
import { fetchDraft } from '../corpus/web.ts'
import { UserError } from '../errors.ts'
import { formatBytes } from '../wording.ts'

/** Where somebody gets an article from. */
export type DraftSource =
  | { readonly kind: 'page'; readonly url: string }
  /** A file that lies at an address, under a name of its own. */
  | { readonly kind: 'file'; readonly url: string; readonly name: string; readonly sizeBytes: number }

export type SourceReport = {
  /** The page's address or the file's name. */
  readonly source: string
  /** Articles of the file that could not be read. */
  readonly problems: readonly { readonly line?: number; readonly reason: string; readonly remedy: string }[]
}

/** Larger files are imported by whoever runs the bot, who sees how far it is and can stop it. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024
export const MAX_ARTICLES = 200

/**
 * The articles of a page or a file.
 * @throws UserError `bad-file` for a file that is too large, of a kind that is not read, or without an article;
 *   'bad-argument' for more than `MAX_ARTICLES`; `fetch-…` as `fetchPage`; the signal's reason
 */
export async function readDrafts(
  source: DraftSource,
  options: { readonly allowLoopback: boolean; readonly signal?: AbortSignal },
): Promise<SourceReport & { readonly drafts: readonly Draft[] }> {
  if (source.kind === 'page')
    return { source: source.url, drafts: [await fetchDraft(source.url, options)], problems: [] }
  const name = path.posix.basename(source.name.replaceAll('\\', '/'))
  const bytes = await bytesOf({ ...source, name }, options)
  const readings = readSource(bytes, name)
  if (readings.length > MAX_ARTICLES)
    throw new UserError(
      'bad-argument',
      `${name} holds ${readings.length.toLocaleString('en')} articles; at most ${String(MAX_ARTICLES)} can be added here at once.`,
      'Whoever runs the bot can import it: npm run -s verbatim -- import <path…>',
    )
  return {
    source: name,
    drafts: readings.flatMap((reading) => ('draft' in reading ? [reading.draft] : [])),
    problems: readings.flatMap((reading) => ('problem' in reading ? [reading.problem] : [])),
  }
}

async function bytesOf(
  { name, sizeBytes, url }: Extract<DraftSource, { kind: 'file' }>,
  options: { readonly allowLoopback: boolean; readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  if (!EXTENSIONS.has(path.posix.extname(name).toLowerCase()))
    throw new UserError(
      'bad-file',
      `${name} is of no kind that is read.`,
      `Send one of these: ${[...EXTENSIONS].join(', ')}.`,
    )
  if (sizeBytes > MAX_FILE_BYTES)
    throw new UserError(
      'bad-file',
      `${name} has ${formatBytes(sizeBytes)}; at most ${formatBytes(MAX_FILE_BYTES)} are read.`,
      'Split it, or have it imported by whoever runs the bot: npm run -s verbatim -- import <path…>',
    )
  const { bytes } = await fetchPage(url, { ...options, accept: 'any', limits: { bytes: MAX_FILE_BYTES } })
  return bytes
}
