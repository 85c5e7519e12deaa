import { wholeCharacters } from '../text/characters.ts'
import { oneLine } from './article.ts'
import { readDateValue } from './dates.ts'

/** What a source's own fields say about its article; absent where they say nothing usable. */
export type Metadata = {
  readonly title?: string
  readonly outlet?: string
  readonly via?: string
  readonly author?: string
  readonly published?: string
  readonly url?: string
  readonly tags?: readonly string[]
}

/** Names under which exports, front matter and feeds keep each field, in order of trust; `_`, `-` and case aside. */
const FIELD_NAMES: Readonly<Record<keyof Metadata, readonly string[]>> = {
  title: ['title', 'headline', 'name', 'webtitle'],
  outlet: [
    'outlet',
    'publisher',
    'publication',
    'newspaper',
    'source',
    'sourcename',
    'site',
    'sitename',
    'website',
    'domain',
  ],
  via: ['via', 'syndicator', 'carrier'],
  author: ['author', 'authors', 'byline', 'creator', 'writer', 'dccreator'],
  published: [
    'published',
    'publishedat',
    'publicationdate',
    'datepublished',
    'publishedon',
    'publishdate',
    'publisheddate',
    'pubdate',
    'published_time',
    'webpublicationdate',
    'date',
    'datetime',
    'timestamp',
    'createdat',
    'created',
    'seendate',
  ],
  url: ['url', 'link', 'canonicalurl', 'canonical', 'permalink', 'weburl', 'sourceurl', 'href', 'uri'],
  tags: ['tags', 'keywords', 'topics'],
}

/** Most tags that are kept; more are a search engine's keywords. */
const MAX_TAGS = 20

/** A record's fields by their plain names: lower case, without `_`, `-`, `.` and spaces. */
export function plainNames(fields: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(fields).map(([key, value]) => [key.toLowerCase().replace(/[_\-.\s:]/g, ''), value]))
}

/** Reads a record's metadata, whatever the usual names for it; nested `{name}` objects and lists are read too. */
export function readMetadata(fields: ReadonlyMap<string, unknown>): Metadata {
  const find = <T>(field: keyof Metadata, read: (value: unknown) => T | undefined): T | undefined => {
    for (const name of FIELD_NAMES[field]) {
      const value = read(fields.get(name))
      if (value !== undefined) return value
    }
    return undefined
  }
  const found = {
    title: find('title', readName),
    outlet: find('outlet', readOutlet),
    via: find('via', readOutlet),
    author: find('author', readPeople),
    published: find('published', readDateValue),
    url: find('url', readUrl),
    tags: find('tags', readTags),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** A text, or the name in `{name}`, on one line. */
export function readName(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const line = oneLine(wholeCharacters(value, 1000))
    return line === '' ? undefined : line
  }
  if (Array.isArray(value)) return readName(value[0])
  if (typeof value !== 'object' || value === null) return undefined
  const names = plainNames(value as Record<string, unknown>)
  return readName(names.get('name') ?? names.get('title') ?? names.get('@value') ?? names.get('id'))
}

/** An outlet's name; a web address gives its host. */
function readOutlet(value: unknown): string | undefined {
  const name = readName(value)
  return name !== undefined && /^https?:\/\//i.test(name) ? hostOf(name) : name
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, '') : undefined
}

/** One name, or several joined with commas; addresses of author pages are not names. */
export function readPeople(value: unknown): string | undefined {
  const names = (Array.isArray(value) ? value : [value])
    .map(readName)
    .filter((name) => name !== undefined)
    .map((name) => name.replace(/^by:?\s+/i, ''))
    .filter((name) => name !== '' && !/^https?:\/\//i.test(name) && name.length <= 200)
  return names.length === 0 ? undefined : [...new Set(names)].join(', ')
}

/** An http or https address, without its fragment. */
export function readUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 2000 || !URL.canParse(value.trim())) return undefined
  const url = new URL(value.trim())
  if (!/^https?:$/.test(url.protocol)) return undefined
  url.hash = ''
  return url.href
}

export function readTags(value: unknown): readonly string[] | undefined {
  const list: unknown[] = typeof value === 'string' ? value.split(/[,;]/) : Array.isArray(value) ? value : []
  const tags = [...new Set(list.map(readName).filter((tag) => tag !== undefined))].slice(0, MAX_TAGS)
  return tags.length === 0 ? undefined : tags
}
