import { createHash } from 'node:crypto'
import type { Article } from './article.ts'

/** What a corpus already holds of a new article. */
export type Known =
  /** The same words, from the same outlet as far as both say. */
  | { readonly kind: 'same'; readonly entry: Entry }
  /** Another text of the same piece: the same address, or the same title and outlet and half of the paragraphs. */
  | { readonly kind: 'version'; readonly entry: Entry }
  /** The same words, published by another outlet: a syndicated copy, which is an article of its own. */
  | { readonly kind: 'copy'; readonly entry: Entry }

/** What is kept of an article in memory to recognise it. */
export type Entry = {
  readonly file: string
  readonly title: string
  readonly outlet: string | undefined
  readonly published: string | undefined
  /** Whether it was in the corpus before this import. */
  readonly isOld: boolean
  readonly words: string
  readonly paragraphs: readonly string[]
}

type Candidate = Pick<Article, 'title' | 'outlet' | 'published' | 'url' | 'body'>

/** The articles of a corpus by their words, addresses and titles. */
export type Catalogue = {
  /** What is held of an article; undefined when it is new. `isTitleStated` false keeps a makeshift title from deciding. */
  readonly find: (article: Candidate, isTitleStated: boolean) => Known | undefined
  /** Adds an article, in place of what the file held before. */
  readonly add: (article: Article, isOld: boolean) => Entry
  /** Forgets what a file held. */
  readonly remove: (file: string) => void
}

export function openCatalogue(): Catalogue {
  const byFile = new Map<string, Entry>()
  const byWords = new Map<string, Entry[]>()
  const byUrl = new Map<string, Entry>()
  const byTitle = new Map<string, Entry[]>()
  const isLive = (entry: Entry) => byFile.get(entry.file) === entry
  const live = (entries: readonly Entry[] | undefined) => (entries ?? []).filter(isLive)

  return {
    find: (article, isTitleStated) => {
      const same = live(byWords.get(wordsKey(article.body)))
      const own = same.find((entry) => isSameOutlet(entry.outlet, article.outlet))
      if (own !== undefined) return { kind: 'same', entry: own }
      const [copy] = same
      if (copy !== undefined) return { kind: 'copy', entry: copy }
      const atUrl = article.url === undefined ? undefined : byUrl.get(urlKey(article.url))
      if (atUrl !== undefined && isLive(atUrl)) return { kind: 'version', entry: atUrl }
      if (!isTitleStated) return undefined
      const paragraphs = new Set(paragraphKeys(article.body))
      const version = live(byTitle.get(letters(article.title))).find(
        (entry) => isSameOutlet(entry.outlet, article.outlet) && sharesHalf(entry.paragraphs, paragraphs),
      )
      return version === undefined ? undefined : { kind: 'version', entry: version }
    },
    add: (article, isOld) => {
      const entry: Entry = {
        file: article.file,
        title: article.title,
        outlet: article.outlet,
        published: article.published,
        isOld,
        words: wordsKey(article.body),
        paragraphs: paragraphKeys(article.body),
      }
      byFile.set(article.file, entry)
      push(byWords, entry.words, entry)
      push(byTitle, letters(article.title), entry)
      if (article.url !== undefined) byUrl.set(urlKey(article.url), entry)
      return entry
    },
    remove: (file) => {
      byFile.delete(file)
    },
  }
}

function push(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = map.get(key)
  if (entries === undefined) map.set(key, [entry])
  else entries.push(entry)
}

function isSameOutlet(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || letters(a) === letters(b)
}

/** Half of the paragraphs of the shorter text, at least one. */
function sharesHalf(old: readonly string[], fresh: ReadonlySet<string>): boolean {
  const shared = new Set(old).size === 0 ? 0 : old.filter((key) => fresh.has(key)).length
  return shared > 0 && shared >= Math.min(old.length, fresh.size) / 2
}

/** Letters and digits alone, so that quotes, dashes, spaces and case make no other article. */
function letters(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}

function wordsKey(body: string): string {
  return createHash('sha256').update(letters(body)).digest('base64')
}

/** Short keys: a false match needs the same title and outlet besides. */
function paragraphKeys(body: string): readonly string[] {
  return body.split('\n\n').map((paragraph) => wordsKey(paragraph).slice(0, 8))
}

/** An address without what does not name the page: scheme, `www.`, trailing slash, campaign parameters, fragment. */
function urlKey(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  const query = [...url.searchParams]
    .filter(([name]) => !/^(utm_.*|fbclid|gclid|mc_.id|cmpid|ref|smid|ocid|xtor|at_.*|amp)$/i.test(name))
    .sort()
    .map(([name, value]) => `${name}=${value}`)
  return `${url.hostname.replace(/^(www|m|amp)\./, '')}${url.pathname.replace(/(\/amp)?\/?$/, '')}?${query.join('&')}`
}
