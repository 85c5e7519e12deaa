import { UserError } from '../errors.ts'
import { fetchPage, type FetchedPage, type FetchOptions } from './fetch.ts'
import { readSource } from './read.ts'
import type { Draft } from './source.ts'

/**
 * The article at an address, for somebody who gives it by hand.
 * @throws UserError as `fetchPage`, and `bad-file` when the page holds no article
 */
export async function fetchDraft(url: string, options: FetchOptions = {}): Promise<Draft> {
  return draftOfPage(await fetchPage(url, options))
}

/**
 * The article of a fetched page; its address is the page's own word for it (a canonical link), else where it was found.
 * @throws UserError `bad-file` when the page holds no article
 */
export function draftOfPage(page: FetchedPage): Draft {
  const [reading] = readSource(page.bytes, page.finalUrl, page.charset)
  if (reading !== undefined && 'draft' in reading) return { ...reading.draft, url: reading.draft.url ?? page.finalUrl }
  throw new UserError(
    'bad-file',
    `${page.finalUrl} has no article text${reading === undefined ? '' : `: ${reading.problem.reason}`}.`,
    'Give the address of the article itself, or save the page and import the file.',
  )
}
