import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import { UserError } from '../errors.ts'
import { readDateValue } from './dates.ts'
import { plainNames, readName, readPeople, readTags, readUrl, type Metadata } from './metadata.ts'
import { draftOf } from './plain-text.ts'
import type { Draft, Importer } from './source.ts'

/** Saved web pages: metadata from JSON-LD, OpenGraph and meta elements, the text as Readability finds it. */
export const html: Importer = {
  extensions: ['.html', '.htm', '.xhtml'],
  accepts: isHtml,
  read: (text, name) => [{ draft: readHtml(text, name) }],
}

/** Whether a text is a web page or a piece of one, not a text with a stray tag. */
export function isHtml(text: string): boolean {
  const start = text.slice(0, 20_000)
  if (/^\s*(<!doctype html|<html[\s>]|<\?xml[^>]*>\s*<(!doctype )?html)/i.test(start)) return true
  return (start.match(/<(p|div|article|section|br|h[1-6]|body|head|span|li)(\s[^<>]*)?\/?>/gi) ?? []).length >= 3
}

/** Characters of HTML that are parsed; a page with more is not one article. */
const MAX_HTML = 16 * 1024 * 1024

/** Tags beyond which no tree is made: large articles with all their comments have a tenth. */
const MAX_TAGS = 100_000

/** Tags open at once beyond which no tree is made: the parser's time grows with the square. Real pages have 40. */
const MAX_OPEN_TAGS = 3000

/**
 * Depth, elements and nodes (texts and comments too) of a tree up to which Readability is asked: at depth 500 it takes
 * seconds, at 5,000 it hangs, and a hundred thousand nodes in one element overflow the tree's stack.
 */
const MAX_DEPTH = 150
const MAX_ELEMENTS = 40_000
const MAX_NODES = 80_000

/** The nodes of the light DOM, as far as they are used here. */
type DomNode = {
  readonly nodeType: number
  readonly nodeName: string
  readonly textContent: string | null
  readonly firstChild: DomNode | null
  readonly nextSibling: DomNode | null
  readonly parentNode: DomNode | null
  getAttribute?: (name: string) => string | null
}
type Dom = DomNode & {
  readonly documentElement: DomNode | null
  readonly body: DomNode | null
  querySelector: (selector: string) => DomNode | null
  querySelectorAll: (selector: string) => Iterable<DomNode>
}

function readHtml(source: string, name: string): Draft {
  if (source.length > MAX_HTML)
    throw new UserError('bad-file', `${name} has more HTML than an article.`, 'Save the article alone.')
  if (!isParsable(source)) return draftOf(strippedLines(source), name)
  const dom = parse(source)
  const known = readPageMetadata(dom)
  const { depth, elements, nodes } = extent(dom)
  if (depth > MAX_DEPTH || elements > MAX_ELEMENTS || nodes > MAX_NODES)
    return draftOf(elementLines(mainElement(dom)), name, known)
  // Readability takes the tree apart; the text around it is kept in case it finds nothing.
  const wholeLines = elementLines(mainElement(dom))
  const readable = readArticleElement(dom)
  const lines = readable === undefined ? [] : elementLines(readable.element)
  const length = (all: readonly string[]) => all.reduce((sum, line) => sum + line.length, 0)
  // A single short element is a teaser that Readability took for the article.
  const best = length(lines) >= Math.min(200, length(wholeLines) / 4) ? lines : wholeLines
  const author = known.author ?? readable?.author
  return draftOf(best, name, {
    ...known,
    ...(known.title === undefined && readable?.title !== undefined ? { title: readable.title } : {}),
    ...(author === undefined ? {} : { author }),
  })
}

/** The paragraphs of a piece of HTML, as exports and Markdown hold them. */
export function fragmentLines(source: string): readonly string[] {
  if (source.length > MAX_HTML || !isParsable(source)) return strippedLines(source)
  return elementLines(parse(`<!doctype html><html><body>${source}</body></html>`).body)
}

function parse(source: string): Dom {
  // A fragment without an <html> element would have its first element taken for the document's.
  const page = /<html[\s>]/i.test(source.slice(0, 20_000))
    ? source
    : `<!doctype html><html><body>${source}</body></html>`
  return parseHTML(page).document as unknown as Dom
}

/** What Readability takes for the article; undefined where it finds none, or breaks on a tree that no browser would make. */
function readArticleElement(dom: Dom): { element: DomNode; title?: string; author?: string } | undefined {
  const readability = new Readability<DomNode>(dom as never, {
    serializer: (node) => node as unknown as DomNode,
    charThreshold: 200,
  })
  let read: ReturnType<typeof readability.parse>
  try {
    read = readability.parse()
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined
    throw error
  }
  if (read?.content === null || read?.content === undefined) return undefined
  const title = readName(read.title)
  const author = readPeople(read.byline)
  return {
    element: read.content,
    ...(title === undefined ? {} : { title }),
    ...(author === undefined || author.length > 80 ? {} : { author }),
  }
}

function mainElement(dom: Dom): DomNode | null {
  const articles = [...dom.querySelectorAll('article, [itemprop="articleBody"]')]
  const only = articles.length === 1 ? articles[0] : undefined
  return only ?? dom.querySelector('main') ?? dom.body ?? dom.documentElement
}

const VOID = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|!doctype|!--)$/i

function isParsable(source: string): boolean {
  return (source.match(/</g) ?? []).length <= MAX_TAGS && mostOpenTags(source) <= MAX_OPEN_TAGS
}

/** The most tags open at once, counted without a tree; unclosed ones count, so this is an upper bound. */
function mostOpenTags(source: string): number {
  let open = 0
  let most = 0
  for (const [, slash, tag = '', end] of source.matchAll(/<(\/?)([a-z][a-z0-9-]*)[^<>]{0,2000}?(\/?)>/gi)) {
    if (VOID.test(tag) || end === '/') continue
    open = slash === '/' ? Math.max(0, open - 1) : open + 1
    most = Math.max(most, open)
  }
  return most
}

function extent(dom: Dom): { depth: number; elements: number; nodes: number } {
  let elements = 0
  let nodes = 0
  let deepest = 0
  walk(dom.documentElement, {
    enter: (_, depth) => {
      elements++
      deepest = Math.max(deepest, depth)
      return true
    },
    node: () => nodes++,
  })
  return { depth: deepest, elements, nodes }
}

const ELEMENT = 1
const TEXT = 3

type Visitor = {
  /** Called for each element; false leaves out what is in it. */
  readonly enter: (element: DomNode, depth: number) => boolean
  readonly leave?: (element: DomNode) => void
  readonly text?: (text: string) => void
  /** Called for each node of any kind. */
  readonly node?: () => void
}

/** Walks a tree in document order without recursion, so that no depth can exhaust the stack. */
function walk(root: DomNode | null, visitor: Visitor): void {
  let depth = 0
  let node = root
  while (node !== null) {
    let next: DomNode | null = null
    visitor.node?.()
    if (node.nodeType === TEXT) visitor.text?.(node.textContent ?? '')
    if (node.nodeType === ELEMENT && visitor.enter(node, depth)) {
      next = node.firstChild
      if (next === null) visitor.leave?.(node)
    }
    if (next !== null) {
      depth++
      node = next
      continue
    }
    while (node !== null && node !== root && node.nextSibling === null) {
      node = node.parentNode
      depth--
      if (node !== null) visitor.leave?.(node)
    }
    node = node === null || node === root ? null : node.nextSibling
  }
}

/** Elements whose text is not the article's, wherever they stand. */
const LEFT_OUT =
  /^(script|style|noscript|template|head|title|nav|form|button|select|textarea|input|iframe|object|embed|video|audio|svg|canvas|figure|figcaption|picture|img|aside|footer|dialog|menu)$/i

/** Elements inside a paragraph; every other one begins and ends a line. */
const INLINE =
  /^(a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|rp|rt|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr|td|th)$/i

/** The text of an element as lines: one for each block, line break and table row, white space as a browser shows it. */
function elementLines(root: DomNode | null): readonly string[] {
  const lines: string[] = []
  let line = ''
  const end = () => {
    const clean = line.replace(/[ \t\n\r\f]+/g, ' ').trim()
    if (clean !== '') lines.push(clean)
    line = ''
  }
  walk(root, {
    enter: (element) => {
      const tag = element.nodeName
      if (element !== root && (LEFT_OUT.test(tag) || isHidden(element))) {
        if (!INLINE.test(tag)) end()
        return false
      }
      if (/^t[dh]$/i.test(tag)) line += ' '
      else if (!INLINE.test(tag)) end()
      return true
    },
    leave: (element) => {
      if (!INLINE.test(element.nodeName)) end()
    },
    text: (text) => {
      line += text
    },
  })
  end()
  return lines
}

function isHidden(element: DomNode): boolean {
  const attribute = (name: string) => element.getAttribute?.(name) ?? null
  return (
    attribute('hidden') !== null ||
    attribute('aria-hidden') === 'true' ||
    /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attribute('style') ?? '')
  )
}

/** The text of HTML that is too deep for a tree: tags cut away in one pass, every one a line's end. */
function strippedLines(source: string): readonly string[] {
  const pieces: string[] = []
  let skipping: string | undefined
  for (const piece of source.split('<')) {
    const tag = /^\/?([a-z][a-z0-9]*)/i.exec(piece)?.[0].toLowerCase()
    if (skipping !== undefined && tag !== `/${skipping}`) continue
    skipping = tag !== undefined && /^(script|style|noscript|template)$/.test(tag) ? tag : undefined
    const text = tag === undefined ? piece : piece.slice(piece.indexOf('>') + 1)
    if (skipping === undefined) pieces.push(text, tag !== undefined && INLINE.test(tag.replace('/', '')) ? '' : '\n')
  }
  return pieces
    .join('')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .map(decodeReferences)
}

/** A plain text with its character references (`&amp;`) replaced; everything else stays as it is. */
export function decodeReferences(text: string): string {
  return text.includes('&') ? (parse(text.replaceAll('<', '&lt;')).body?.textContent ?? text) : text
}

/** What a page's own metadata says: JSON-LD first, then OpenGraph, then plain meta elements. */
function readPageMetadata(dom: Dom): Metadata {
  const ld = readJsonLd(dom)
  const meta = new Map<string, string[]>()
  for (const element of dom.querySelectorAll('meta')) {
    const key = (
      element.getAttribute?.('property') ??
      element.getAttribute?.('name') ??
      element.getAttribute?.('itemprop')
    )?.toLowerCase()
    const content = element.getAttribute?.('content')
    if (key === undefined || content === null || content === undefined) continue
    meta.set(key, [...(meta.get(key) ?? []), content])
  }
  const named = <T>(names: readonly string[], read: (value: unknown) => T | undefined): T | undefined => {
    for (const name of names) {
      const value = read(meta.get(name)?.[0])
      if (value !== undefined) return value
    }
    return undefined
  }
  const heading = () =>
    readName(dom.querySelector('h1')?.textContent) ?? readName(dom.querySelector('title')?.textContent)
  const outlet =
    ld.outlet ??
    named(['og:site_name', 'application-name', 'dc.publisher', 'publisher', 'citation_journal_title'], readName)
  const title =
    ld.title ?? named(['og:title', 'twitter:title', 'dc.title', 'headline', 'citation_title'], readName) ?? heading()
  const found: { [K in keyof Metadata]: Metadata[K] | undefined } = {
    title: title === undefined ? undefined : withoutOutlet(title, outlet),
    outlet,
    author:
      ld.author ??
      named(
        ['author', 'article:author', 'byl', 'parsely-author', 'sailthru.author', 'dc.creator', 'citation_author'],
        readPeople,
      ),
    published:
      ld.published ??
      named(
        [
          'article:published_time',
          'og:published_time',
          'datepublished',
          'publishdate',
          'pubdate',
          'parsely-pub-date',
          'sailthru.date',
          'dc.date',
          'dc.date.issued',
          'date',
          'citation_publication_date',
        ],
        readDateValue,
      ) ??
      readDateValue(
        dom.querySelector('time[datetime][pubdate], time[itemprop="datePublished"]')?.getAttribute?.('datetime') ??
          undefined,
      ),
    url:
      ld.url ??
      readUrl(dom.querySelector('link[rel="canonical"]')?.getAttribute?.('href')) ??
      named(['og:url', 'twitter:url'], readUrl),
    tags: readTags(meta.get('article:tag')) ?? ld.tags,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** "Headline | Outlet" and "Headline - Outlet" without the outlet, where the page names it. */
function withoutOutlet(title: string, outlet: string | undefined): string {
  if (outlet === undefined) return title
  const end = title.toLowerCase().lastIndexOf(outlet.toLowerCase())
  if (end <= 0 || end + outlet.length !== title.length) return title
  const rest = /^(.*\S)\s*(?:[|•·»]|\s[-–—:])\s*$/.exec(title.slice(0, end))?.[1]
  return rest ?? title
}

const ARTICLE_TYPE = /(Article|Posting|Report|Review|Analysis)$/i

/** Objects of JSON-LD that are looked at; more is not metadata. */
const MAX_LD_OBJECTS = 2000

function readJsonLd(dom: Dom): Metadata {
  for (const script of dom.querySelectorAll('script[type="application/ld+json"]')) {
    const article = findArticle(readJson(script.textContent ?? ''))
    if (article === undefined) continue
    const fields = plainNames(article)
    const read: { [K in keyof Metadata]: Metadata[K] | undefined } = {
      title: decoded(readName(fields.get('headline') ?? fields.get('name'))),
      outlet: decoded(readName(fields.get('publisher') ?? fields.get('sourceorganization'))),
      author: decoded(readPeople(fields.get('author') ?? fields.get('creator'))),
      published: readDateValue(fields.get('datepublished') ?? fields.get('datecreated')),
      url: readUrl(fields.get('url')) ?? readUrl(idOf(fields.get('mainentityofpage'))),
      tags: readTags(fields.get('keywords')),
    }
    return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined))
  }
  return {}
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined ? undefined : decodeReferences(text)
}

function idOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '@id' in value ? value['@id'] : value
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text.trim().replace(/^<!\[CDATA\[|\]\]>$/g, ''))
  } catch {
    return undefined // broken metadata is as good as none; the other elements of the page are asked
  }
}

/** The first object that says it is an article, breadth first: lists, `@graph`, `mainEntity`. */
function findArticle(root: unknown): Record<string, unknown> | undefined {
  const queue: unknown[] = [root]
  for (let i = 0; i < queue.length && i < MAX_LD_OBJECTS; i++) {
    const value = queue[i]
    if (Array.isArray(value)) queue.push(...(value as unknown[]).slice(0, MAX_LD_OBJECTS))
    else if (typeof value === 'object' && value !== null) {
      const record = value as Record<string, unknown>
      const types = [record['@type']].flat().filter((type) => typeof type === 'string')
      if (types.some((type) => ARTICLE_TYPE.test(type))) return record
      queue.push(record['@graph'], record['mainEntity'], record['itemListElement'])
    }
  }
  return undefined
}
