import { foldKey } from '../text/fold.ts'
import { Abbreviations } from './abbreviations.ts'
import { Clusters } from './clusters.ts'
import { findIntroductions, type Introduction } from './introductions.ts'
import { isBodyWord } from './lexicon.ts'
import { isDescription, isTitleWord, kindOfForm, officesIn, readName, type NameForm } from './name-form.ts'
import type { Quote } from './quote.ts'

/** What one article tells about the names of its speakers: all that merging needs, small enough to keep. */
export type ArticleNames = {
  /** The article's slug. */
  readonly article: string
  readonly speakers: readonly ArticleSpeaker[]
  readonly introductions: readonly Introduction[]
}

export type ArticleSpeaker = {
  /** The fullest form the article gives: `Quote.speaker`. */
  readonly name: string
  /** The words that name the speaker beside its quotes, each once: "Foreign Minister Ada Lee", "Lee", "she". */
  readonly mentions: readonly string[]
  /** Offices that stand before the name anywhere in the article: `president`. */
  readonly offices: readonly string[]
  readonly quotes: number
}

/** Why a printed name was taken for the speaker. */
export type AliasReason =
  | 'title left out'
  | 'other hyphens, capitals or accents'
  | 'middle initial left out or put in'
  | 'family name, in an article that gives the full name'
  | 'given name, in an article that gives the full name'
  | 'part of the name, in an article that gives the full name'
  | 'family name with the same office, borne by nobody else in the coverage'
  | 'same names in the other order'
  | 'i written for y, with the same office'
  | 'introduced as an abbreviation'
  | 'introduced as the official name'
  | 'common abbreviation'

/** Another printed form of a speaker's name, with the reason and the first article (by slug) that shows it. */
export type Alias = {
  readonly alias: string
  readonly reason: AliasReason
  readonly article: string
  /** How many articles print it. */
  readonly articles: number
}

/** A person or body under one name in the whole coverage. */
export type Speaker = {
  /** Unique among the speakers of a build; the folded canonical name, so it stays as long as the name does. */
  readonly key: string
  /** The canonical name: the full form that most articles print, without title. */
  readonly name: string
  readonly kind: 'person' | 'body'
  /** Every other printed form, most printed first. */
  readonly aliases: readonly Alias[]
  readonly quotes: number
  readonly articles: number
}

export type MergedSpeakers = {
  /** Most quoted first, then by key. */
  readonly speakers: readonly Speaker[]
  /**
   * Who a name means in an article that was merged. Null for what has no identity beyond its article: a description
   * ("a senior official"), a bare surname that several people of the coverage bear.
   */
  speakerOf(article: string, name: string): Speaker | null
}

/** A speaker's names are looked for in so many places of a text; the office stands at the first. */
const PLACES_READ = 12
/** Characters before a name in which its office stands. */
const WORDS_BEFORE = 60
const PRONOUNS: ReadonlyMap<string, 'person' | 'body'> = new Map([
  ['he', 'person'],
  ['she', 'person'],
  ['him', 'person'],
  ['her', 'person'],
  ['it', 'body'],
])

/** Gathers what merging needs from one article and its quotes. Linear in the body's length. */
export function readArticleNames(article: string, body: string, quotes: readonly Quote[]): ArticleNames {
  const bySpeaker = new Map<string, { mentions: Set<string>; quotes: number }>()
  for (const { speaker, mention } of quotes) {
    if (speaker === null) continue
    const known = bySpeaker.get(speaker) ?? { mentions: new Set<string>(), quotes: 0 }
    known.quotes += 1
    if (mention) known.mentions.add(mention.text.replace(/\s+/g, ' '))
    bySpeaker.set(speaker, known)
  }
  const speakers = [...bySpeaker].map(([name, { mentions, quotes: count }]) => ({
    name,
    mentions: [...mentions],
    offices: officesBefore(body, name),
    quotes: count,
  }))
  return { article, speakers, introductions: findIntroductions(body) }
}

function officesBefore(body: string, name: string): string[] {
  const offices = new Set<string>()
  let at = body.indexOf(name)
  for (let places = 0; at >= 0 && places < PLACES_READ; places += 1) {
    const from = Math.max(0, at - WORDS_BEFORE)
    const before = body.slice(from, at)
    // A comma may stand between: “the foreign minister, Ada Lee”.
    const words = before.replace(/,? $/, '').split(/\s+/)
    let first = words.length
    // The first word of a window may be cut.
    while (first > (from > 0 ? 1 : 0) && isTitleWord(foldKey((words[first - 1] ?? '').replace(/\./g, '')))) first -= 1
    for (const office of officesIn(words.slice(first).map((word) => foldKey(word.replace(/\./g, '')))))
      offices.add(office)
    at = body.indexOf(name, at + name.length)
  }
  return [...offices].sort()
}

/** One name over all articles that print it: forms with equal `NameForm.key`. */
type Node = {
  readonly form: NameForm
  /** Every printed form of a name or mention, with the articles that print it. */
  readonly printed: Map<string, Printed>
  readonly offices: Set<string>
  /** Votes: how often the articles treat it as a person, as a body; call it by its first, by its last word alone. */
  person: number
  body: number
  calledFirst: number
  calledLast: number
}
type Printed = {
  readonly form: NameForm
  /** Where the form itself does not tell. */
  readonly reason: AliasReason | undefined
  readonly firstArticle: string
  lastArticle: string
  articles: number
}
/** A name in one article. */
type Use = {
  readonly article: string
  readonly speaker: ArticleSpeaker
  /** All speakers of the article. */
  readonly beside: readonly ArticleSpeaker[]
}
/** What a printed name or mention tells by itself. */
type Reading = {
  readonly form: NameForm
  /** What a pronoun tells. */
  readonly told: 'person' | 'body' | undefined
  /** Neither a pronoun nor a description. */
  readonly isName: boolean
  /** The form without the marks around it: what an alias shows. */
  readonly alias: string
}
type Coverage = {
  readonly nodes: Map<string, Node>
  readonly clusters: Clusters
  /** Article → name → key of the node it means there; null for nobody who is known. */
  readonly meant: Map<string, Map<string, string | null>>
  /** Key → the uses of a name of one word, in articles that give no fuller one. */
  readonly bare: Map<string, Use[]>
  readonly abbreviations: Abbreviations
  readonly read: (printed: string) => Reading
}

/**
 * One canonical name per person or body, from the names of all articles. The outcome does not depend on their order.
 * Near-linear: names meet only in buckets of one key. Careful: another middle initial, a suffix, or a second bearer of
 * the surname keeps people apart; nothing is merged because it merely looks alike.
 */
export function mergeSpeakers(articles: readonly ArticleNames[]): MergedSpeakers {
  const ordered = [...articles].sort((a, b) => compare(a.article, b.article))
  const coverage = readCoverage(ordered)
  uniteSpellings(coverage)
  uniteInitials(coverage)
  uniteOrders(coverage)
  uniteTransliterations(coverage)
  settleBareNames(coverage)
  return describeSpeakers(coverage, ordered)
}

function readCoverage(articles: readonly ArticleNames[]): Coverage {
  const readings = new Map<string, Reading>()
  const read = (printed: string): Reading => {
    const known = readings.get(printed)
    if (known) return known
    const told = PRONOUNS.get(printed.toLowerCase())
    const isName = told === undefined && !isDescription(printed)
    const reading = { form: readName(printed), told, isName, alias: withoutMarks(printed) }
    readings.set(printed, reading)
    return reading
  }
  const coverage: Coverage = {
    nodes: new Map(),
    clusters: new Clusters(),
    meant: new Map(),
    bare: new Map(),
    abbreviations: new Abbreviations(articles, (printed) => read(printed).form),
    read,
  }
  for (const [formal, common] of coverage.abbreviations.officialNames()) {
    nodeFor(coverage, formal)
    nodeFor(coverage, common)
    coverage.clusters.unite(formal.key, common.key, 'introduced as the official name')
  }
  for (const { article, speakers } of articles) {
    coverage.meant.set(article, new Map())
    for (const speaker of [...speakers].sort((a, b) => compare(a.name, b.name)))
      readUse(coverage, { article, speaker, beside: speakers })
  }
  return coverage
}

function readUse(coverage: Coverage, use: Use): void {
  const { article, speaker } = use
  const { form, isName } = coverage.read(speaker.name)
  const expansion = coverage.abbreviations.expansionOf(article, form)
  const meant = expansion?.form ?? form
  const isNamed = form.key !== '' && isName
  coverage.meant.get(article)?.set(speaker.name, isNamed ? meant.key : null)
  if (!isNamed) return
  const node = nodeFor(coverage, meant)
  for (const mention of speaker.mentions) {
    const { told } = coverage.read(mention)
    if (told) node[told] += 2
  }
  if (meant.words.length === 1 && meant.suffix === '' && !meant.isAcronym) {
    const uses = coverage.bare.get(meant.key)
    if (uses) uses.push(use)
    else coverage.bare.set(meant.key, [use])
  } else recordUse(coverage, node, use, expansion?.reason)
}

/** The offices an article gives a speaker, before the name or inside a mention. */
function officesOf({ read }: Coverage, { name, mentions, offices }: ArticleSpeaker): Iterable<string> {
  const inNames = [name, ...mentions].flatMap((printed) => read(printed).form.offices)
  return inNames.length === 0 ? offices : new Set([...offices, ...inNames])
}

function nodeFor(coverage: Coverage, form: NameForm): Node {
  const known = coverage.nodes.get(form.key)
  if (known) return known
  const node: Node = { form, printed: new Map(), offices: new Set(), person: 0, body: 0, calledFirst: 0, calledLast: 0 }
  const kind = kindOfForm(form)
  if (kind) node[kind] = 1
  coverage.nodes.set(form.key, node)
  return node
}

function kindOf(node: Node): 'person' | 'body' {
  return node.body > node.person ? 'body' : 'person'
}

/** Notes an article's use of a name with the node it means: all forms the article prints, and how it calls it. */
function recordUse(coverage: Coverage, node: Node, { article, speaker }: Use, reason?: AliasReason): void {
  for (const office of officesOf(coverage, speaker)) node.offices.add(office)
  recordPrinted(node, coverage.read(speaker.name), article, reason)
  const { words } = node.form
  for (const mention of speaker.mentions) {
    const reading = coverage.read(mention)
    if (!reading.isName) continue
    const { form } = reading
    const expansion = coverage.abbreviations.expansionOf(article, form)
    if (expansion?.form.key === node.form.key) recordPrinted(node, reading, article, expansion.reason)
    else if (isPart(form, node.form)) recordPrinted(node, reading, article, reason)
    if (form.words.length !== 1 || words.length === 1 || reason !== undefined) continue
    if (form.words[0] === words[0]) node.calledFirst += 1
    if (form.words[0] === words.at(-1)) node.calledLast += 1
  }
}

function recordPrinted(node: Node, { form, alias }: Reading, article: string, reason: AliasReason | undefined): void {
  const known = node.printed.get(alias)
  if (!known) node.printed.set(alias, { form, reason, firstArticle: article, lastArticle: article, articles: 1 })
  else if (known.lastArticle !== article) {
    known.articles += 1
    known.lastArticle = article
  }
}

/** Whether a mention is the name or words of it that name: not "the Agency" for a news agency. */
function isPart(mention: NameForm, name: NameForm): boolean {
  if (mention.words.length === 0 || !mention.words.every((word) => name.words.includes(word))) return false
  return mention.words.length === name.words.length || !mention.words.every((word) => isBodyWord(word))
}

function withoutMarks(name: string): string {
  return (name.split(/,\s+(?=\p{Ll})/u, 1)[0] ?? '')
    .replace(/\s+/g, ' ')
    .replace(/^(?:the|a|an) /i, '')
    .replace(/['’]s?$|[,;:]+$/u, '')
    .trim()
}

/** Joins what is the same name but for where its parts are cut: Yojong, Yo-jong, Yo Jong; not Ann Abell, Anna Bell. */
function uniteSpellings({ nodes, clusters }: Coverage): void {
  const isNameOfParts = (node: Node): boolean => node.form.words.length > 1
  for (const bucket of buckets(nodes, isNameOfParts, ({ form }) => tag(form.words.join(''), form))) {
    const finest = bucket.sort((a, b) => a.form.words.length - b.form.words.length)
    const isNested = finest.every((node, i) => {
      const cuts = cutsOf(finest[i + 1]?.form.words ?? node.form.words)
      return [...cutsOf(node.form.words)].every((cut) => cuts.has(cut))
    })
    if (isNested) for (const node of finest) clusters.unite(node.form.key, finest[0]?.form.key ?? '', HYPHENS)
  }
}

function cutsOf(words: readonly string[]): Set<number> {
  let at = 0
  return new Set(words.slice(0, -1).map((word) => (at += word.length)))
}

/** Joins Donald J. Trump and Donald Trump, unless the coverage has several middle initials for the name. */
function uniteInitials({ nodes, clusters }: Coverage): void {
  const isPerson = (node: Node): boolean => kindOf(node) === 'person' && node.form.words.length > 1
  for (const bucket of buckets(nodes, isPerson, ({ form }) => `${form.words.join(' ')}|${form.suffix}`)) {
    const longest = bucket.map((node) => node.form.initials).sort((a, b) => b.length - a.length)[0] ?? ''
    if (!bucket.every((node) => longest.startsWith(node.form.initials))) continue
    for (const node of bucket) clusters.unite(node.form.key, bucket[0]?.form.key ?? '', INITIALS)
  }
}

/** Joins Shinzo Abe and Abe Shinzo where both are called Abe. */
function uniteOrders({ nodes, clusters }: Coverage): void {
  const isPerson = (node: Node): boolean => kindOf(node) === 'person' && node.form.words.length > 1
  for (const bucket of buckets(nodes, isPerson, ({ form }) => tag([...form.words].sort().join(' '), form))) {
    for (const first of bucket.filter((node) => node.calledFirst > 0 && node.calledLast === 0)) {
      const rotated = [...first.form.words.slice(1), first.form.words[0]].join(' ')
      const last = bucket.find((node) => node.form.words.join(' ') === rotated)
      if (last && last.calledLast > 0 && last.calledFirst === 0) clusters.unite(first.form.key, last.form.key, ORDER)
    }
  }
}

/** Joins Sergei and Sergey, Zelensky and Zelenskyy where the rest of the name and the office agree. */
function uniteTransliterations({ nodes, clusters }: Coverage): void {
  const isOfficer = (node: Node): boolean =>
    kindOf(node) === 'person' && node.form.words.length > 1 && node.offices.size > 0
  const transliterated = (word: string): string => (word.length > 3 ? word.replace(/[iy]+/g, 'i') : word)
  const keyOf = ({ form }: Node): string => tag(form.words.map(transliterated).join(' '), form)
  for (const bucket of buckets(nodes, isOfficer, keyOf)) {
    const byOffice = new Map<string, Node>()
    for (const node of bucket) {
      for (const office of node.offices) {
        const other = byOffice.get(office)
        if (other) clusters.unite(node.form.key, other.form.key, TRANSLITERATION)
        else byOffice.set(office, node)
      }
    }
  }
}

const HYPHENS = 'other hyphens, capitals or accents'
const INITIALS = 'middle initial left out or put in'
const ORDER = 'same names in the other order'
const TRANSLITERATION = 'i written for y, with the same office'

function tag(words: string, form: NameForm): string {
  return `${words}|${form.initials}|${form.suffix}`
}

/** The nodes that share a key, two or more of them. */
function buckets(
  nodes: ReadonlyMap<string, Node>,
  belongs: (node: Node) => boolean,
  keyOf: (node: Node) => string,
): Node[][] {
  const byKey = new Map<string, Node[]>()
  for (const node of nodes.values()) {
    if (!belongs(node)) continue
    const key = keyOf(node)
    const bucket = byKey.get(key)
    if (bucket) bucket.push(node)
    else byKey.set(key, [node])
  }
  return [...byKey.values()].filter((bucket) => bucket.length > 1)
}

/**
 * What a surname alone means in an article that gives no full name: the one bearer who holds the office the article
 * gives; with a single bearer or none in the coverage a speaker of its own; with several, nobody.
 */
function settleBareNames(coverage: Coverage): void {
  const { nodes, clusters } = coverage
  const bearers = new Map<string, Map<string, Node[]>>()
  for (const node of nodes.values()) {
    const { words } = node.form
    if (words.length < 2 || node.printed.size === 0 || kindOf(node) === 'body') continue
    for (const word of new Set([words[0] ?? '', words.at(-1) ?? ''])) {
      if (!coverage.bare.has(word)) continue
      const clustersOfWord = bearers.get(word) ?? new Map<string, Node[]>()
      bearers.set(word, clustersOfWord)
      const root = clusters.rootOf(node.form.key)
      clustersOfWord.set(root, [...(clustersOfWord.get(root) ?? []), node])
    }
  }
  for (const [word, uses] of coverage.bare) {
    const own = nodeFor(coverage, coverage.read(word).form)
    const candidates = kindOf(own) === 'body' ? [] : [...(bearers.get(word)?.values() ?? [])]
    for (const use of uses) {
      const offices = candidates.length === 0 ? [] : [...officesOf(coverage, use.speaker)]
      const holders = candidates.filter((nodesOf) =>
        nodesOf.some((node) => offices.some((office) => node.offices.has(office))),
      )
      const [holder = [], another] = holders
      const [bearer] = holder
      const isListedApart = use.beside.some(({ name }) =>
        holder.some((node) => node.form.key === coverage.read(name).form.key),
      )
      if (bearer && !another && !isListedApart && familyName(holder) === word) {
        coverage.meant.get(use.article)?.set(use.speaker.name, bearer.form.key)
        recordUse(coverage, bearer, use, 'family name with the same office, borne by nobody else in the coverage')
      } else if (candidates.length < 2) recordUse(coverage, own, use)
      else coverage.meant.get(use.article)?.set(use.speaker.name, null)
    }
  }
}

/** The family name of somebody: the word the articles call them by alone; the last one where they do not. */
function familyName(nodes: readonly Node[]): string {
  const first = nodes.reduce((sum, node) => sum + node.calledFirst, 0)
  const last = nodes.reduce((sum, node) => sum + node.calledLast, 0)
  const form = nodes[0]?.form
  // Yo-jong: a small letter behind the hyphen is how family-first names are printed, so the last word is a given name.
  const isFamilyFirst = first === last ? /\s\p{Lu}[\p{L}]+-\p{Ll}[\p{L}]*$/u.test(form?.text ?? '') : first > last
  return (isFamilyFirst ? form?.words[0] : form?.words.at(-1)) ?? ''
}

function describeSpeakers(coverage: Coverage, articles: readonly ArticleNames[]): MergedSpeakers {
  const { nodes, clusters, meant } = coverage
  const counts = new Map<string, { quotes: number; articles: number; last: string }>()
  for (const { article, speakers } of articles) {
    for (const { name, quotes } of speakers) {
      const key = meant.get(article)?.get(name)
      if (key === null || key === undefined) continue
      const root = clusters.rootOf(key)
      const count = counts.get(root) ?? { quotes: 0, articles: 0, last: '' }
      if (count.articles === 0) counts.set(root, count)
      count.quotes += quotes
      if (count.articles === 0 || count.last !== article) count.articles += 1
      count.last = article
    }
  }
  const members = new Map<string, Node[]>()
  for (const node of nodes.values()) {
    const root = clusters.rootOf(node.form.key)
    if (!counts.has(root)) continue
    const known = members.get(root)
    if (known) known.push(node)
    else members.set(root, [node])
  }
  const byRoot = new Map<string, Speaker>()
  for (const [root, { quotes, articles: count }] of counts)
    byRoot.set(root, { ...describeSpeaker(members.get(root) ?? [], clusters), quotes, articles: count })
  return {
    speakers: [...byRoot.values()].sort((a, b) => b.quotes - a.quotes || compare(a.key, b.key)),
    speakerOf(article, name) {
      const key = meant.get(article)?.get(name)
      return key === null || key === undefined ? null : (byRoot.get(clusters.rootOf(key)) ?? null)
    },
  }
}

function describeSpeaker(
  nodes: readonly Node[],
  clusters: Clusters,
): Pick<Speaker, 'key' | 'name' | 'kind' | 'aliases'> {
  const canonical = canonicalForm(nodes)
  const family = familyName(nodes.filter((node) => node.form.words.length > 1))
  const aliases: Alias[] = []
  for (const node of nodes) {
    for (const [alias, { form, reason, firstArticle, articles }] of node.printed) {
      if (alias === canonical.text) continue
      const why = reason ?? reasonFor(form, node, canonical, family, clusters)
      aliases.push({ alias, reason: why, article: firstArticle, articles })
    }
  }
  const person = nodes.reduce((sum, node) => sum + node.person - node.body, 0)
  return {
    key: canonical.key,
    name: canonical.text,
    kind: person < 0 ? 'body' : 'person',
    aliases: onePerName(aliases).sort((a, b) => b.articles - a.articles || compare(a.alias, b.alias)),
  }
}

/** Two nodes of a speaker may print the same alias: the surname of either form of a name. */
function onePerName(aliases: readonly Alias[]): Alias[] {
  const byName = new Map<string, Alias>()
  for (const alias of aliases) {
    const known = byName.get(alias.alias)
    const [first, second] =
      known && compare(alias.article, known.article) < 0 ? [alias, known] : [known ?? alias, alias]
    byName.set(alias.alias, known ? { ...first, articles: first.articles + second.articles } : alias)
  }
  return [...byName.values()]
}

/** The whole form that most articles print; words before an abbreviation, small letters before capitals only. */
function canonicalForm(nodes: readonly Node[]): NameForm {
  const forms = new Map<string, { form: NameForm; articles: number }>()
  for (const node of nodes) {
    forms.set(node.form.text, forms.get(node.form.text) ?? { form: node.form, articles: 0 })
    for (const { form, articles } of node.printed.values()) {
      if (form.key !== node.form.key) continue
      const known = forms.get(form.text)
      forms.set(form.text, { form, articles: (known?.articles ?? 0) + articles })
    }
  }
  const shouts = (form: NameForm): number => (form.text === form.text.toUpperCase() ? 1 : 0)
  const [best] = [...forms.values()].sort(
    (a, b) =>
      Number(a.form.isAcronym) - Number(b.form.isAcronym) ||
      shouts(a.form) - shouts(b.form) ||
      b.articles - a.articles ||
      b.form.text.length - a.form.text.length ||
      compare(a.form.text, b.form.text),
  )
  if (!best) throw new Error('a speaker without a name')
  return best.form
}

function reasonFor(form: NameForm, node: Node, canonical: NameForm, family: string, clusters: Clusters): AliasReason {
  const isWhole = form.words.join('') === node.form.words.join('')
  if (!isWhole && form.words.length === 1 && form.words[0] === family)
    return 'family name, in an article that gives the full name'
  if (!isWhole)
    return form.words.length === 1 && [node.form.words[0], node.form.words.at(-1)].includes(form.words[0])
      ? 'given name, in an article that gives the full name'
      : 'part of the name, in an article that gives the full name'
  if (form.key === canonical.key) return form.isTitled ? 'title left out' : HYPHENS
  if (form.words.join(' ') === canonical.words.join(' ')) return INITIALS
  return clusters.reasonOf(node.form.key) ?? (form.isTitled ? 'title left out' : HYPHENS)
}

/** By code units: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
