import { createHash } from 'node:crypto'
import { parseFeed } from 'feedsmith'
import { UserError } from '../errors.ts'

/** One piece that a feed announces. */
export type FeedItem = {
  /** The same whenever the feed announces the piece again. */
  readonly key: string
  readonly url?: string
  readonly title?: string
  readonly author?: string
  /** As the feed writes it. */
  readonly published?: string
  /** The longest text or HTML that the feed gives of the piece: all of it, or a teaser. */
  readonly content?: string
}

export type FeedReading = {
  /** In the feed's order, mostly the newest first; none twice. */
  readonly items: readonly FeedItem[]
  /** How long the feed asks to be left alone, in minutes. */
  readonly ttlMinutes?: number
}

/** Items of one feed that are looked at; the usual feed has twenty. */
const MAX_ITEMS = 1000

/**
 * Reads an RSS, RDF, Atom or JSON feed. Entities that a document type declares are not expanded.
 * @param url where the feed lies, for relative addresses in it
 * @throws UserError `bad-file` when the text is no feed
 */
export function readFeed(text: string, url: string): FeedReading {
  const { format, feed } = parse(text, url)
  const found: readonly Found[] =
    format === 'rss'
      ? (feed.items ?? []).map((item) => ({
          id: item.guid?.value,
          link: item.link ?? (item.guid?.isPermaLink === false ? undefined : item.guid?.value),
          title: item.title,
          authors: [...(item.dc?.creators ?? []), ...(item.authors ?? []).map((author) => author.name)],
          published: item.pubDate ?? item.dc?.dates?.[0],
          contents: [item.content?.encoded, item.description],
        }))
      : format === 'rdf'
        ? (feed.items ?? []).map((item) => ({
            id: item.rdf?.about,
            link: item.link,
            title: item.title,
            authors: item.dc?.creators ?? [],
            published: item.dc?.dates?.[0],
            contents: [item.content?.encoded, item.description],
          }))
        : format === 'atom'
          ? (feed.entries ?? []).map((entry) => ({
              id: entry.id,
              link: (entry.links?.find(({ rel }) => rel === undefined || rel === 'alternate') ?? entry.links?.[0])
                ?.href,
              title: entry.title?.value,
              authors: (entry.authors ?? []).map((author) => author.name),
              published: entry.published ?? entry.updated,
              contents: [entry.content?.value, entry.summary?.value],
            }))
          : (feed.items ?? []).map((item) => ({
              id: item.id,
              link: item.url ?? item.external_url,
              title: item.title,
              authors: (item.authors ?? []).map((author) => author.name),
              published: item.date_published,
              contents: [item.content_html, item.content_text, item.summary],
            }))
  const items = new Map(
    found
      .slice(0, MAX_ITEMS)
      .map((item) => itemOf(item, url))
      .map((item) => [item.key, item]),
  )
  const ttl = format === 'rss' ? feed.ttl : undefined
  return { items: [...items.values()], ...(ttl === undefined ? {} : { ttlMinutes: ttl }) }
}

function parse(text: string, url: string) {
  try {
    return parseFeed(text)
  } catch (error) {
    throw new UserError(
      'bad-file',
      `${url} is not an RSS, Atom or JSON feed.`,
      'Check the address in the list of feeds.',
      {
        cause: error,
      },
    )
  }
}

/** What the four kinds of feeds have in common. */
type Found = {
  readonly id: string | undefined
  readonly link: string | undefined
  readonly title: string | undefined
  readonly authors: readonly (string | undefined)[]
  readonly published: string | undefined
  readonly contents: readonly (string | undefined)[]
}

function itemOf(found: Found, feedUrl: string): FeedItem {
  const url = webAddress(found.link, feedUrl)
  const authors = found.authors.filter((name) => name !== undefined && name.trim() !== '').join(', ')
  const content = found.contents.reduce<string>(
    (longest, text = '') => (text.length > longest.length ? text : longest),
    '',
  )
  const title = found.title?.trim() ?? ''
  return {
    key: createHash('sha256')
      .update(found.id ?? url ?? `${title}\n${content}`)
      .digest('base64url')
      .slice(0, 22),
    ...(url === undefined ? {} : { url }),
    ...(title === '' ? {} : { title }),
    ...(authors === '' ? {} : { author: authors }),
    ...(found.published === undefined ? {} : { published: found.published }),
    ...(content.trim() === '' ? {} : { content }),
  }
}

function webAddress(link: string | undefined, base: string): string | undefined {
  if (link === undefined || link.trim() === '' || !URL.canParse(link.trim(), base)) return undefined
  const url = new URL(link.trim(), base)
  return /^https?:$/.test(url.protocol) ? url.href : undefined
}
