import { readDate } from './dates.ts'
import { endsSentence, wordsOf } from './wording.ts'

/** Where on the page a line stands: before the first paragraph, among the paragraphs, after the last. */
export type Place = 'head' | 'middle' | 'tail'

/**
 * What a line says about the article itself. `outlet` is who published it first, `carrier` who passed it on; `weight`
 * is how sure the wording makes it, the highest wins.
 */
export type Statement = {
  readonly field: 'title' | 'outlet' | 'carrier' | 'author' | 'published' | 'updated' | 'url'
  readonly value: string
  readonly weight: number
}

/** What a page states about its article; what no line states is absent. */
export type Stated = {
  readonly title?: string
  readonly outlet?: string
  readonly via?: string
  readonly author?: string
  readonly published?: string
  readonly url?: string
}

type Reading = {
  readonly statements: readonly Statement[]
  /** Whether the line says nothing else, so that it is not part of the article. */
  readonly isFurniture: boolean
}

const NOTHING: Reading = { statements: [], isFurniture: false }

/** A name of an outlet or agency: starts with a capital, at most six words, or a domain. */
const NAME = String.raw`(?:[Tt]he )?(?:\p{Lu}|\d)[\p{L}\p{N}&'’+.\-]*(?: (?:(?:\p{Lu}|\d)[\p{L}\p{N}&'’+.\-]*|of|and|de|la|du|the|&)){0,5}`
const DOMAIN = String.raw`(?:[\p{L}\p{N}-]+\.)+\p{L}{2,12}`

const re = (source: string, flags = 'iu') => new RegExp(source, flags)

type Rule = {
  readonly pattern: RegExp
  /** Statements in the match; undefined when it is not what it looked like. */
  readonly read: (match: RegExpExecArray, place: Place) => Reading | undefined
}

function says(field: Statement['field'], value: string | undefined, weight: number, isFurniture = true): Reading {
  const clean = value === undefined ? '' : tidy(value)
  return { statements: clean === '' ? [] : [{ field, value: clean, weight }], isFurniture }
}

function tidy(value: string): string {
  return value
    .trim()
    .replace(/^["'“‘(]+|["'”’),;:]+$/gu, '')
    .replace(/(?<=\p{L}{3})\.$/u, '')
    .trim()
}

/** Each reads one wording; the first that fits the line is used. */
const RULES: readonly Rule[] = [
  // Source: https://… | URL: https://…
  {
    pattern: /^(?:(?:source|url|link|original|read the original|via|permalink)\s*:?\s*)?(https?:\/\/\S+)$/i,
    read: ([, url], place) => (place === 'middle' ? undefined : says('url', url, 5)),
  },
  // Title: … | Author: … | Date: … as exports put before a text
  {
    pattern:
      /^(title|headline|author|byline|date|published|publication date|source|publication|publisher|outlet|newspaper)\s*:\s*(\S.{0,240})$/i,
    read: ([, label = '', value = ''], place) =>
      place === 'head' ? readLabelled(label.toLowerCase(), value) : undefined,
  },
  // This article is originally published on example.com.
  {
    pattern: re(
      String.raw`^\(?(?:this|the|a version of this|note: this) (?:article|story|piece|post|report|column|essay|interview|analysis|commentary|content|op-ed)\b.{0,60}?\b(?:(?:originally|first|previously) (?:published|appeared|posted|ran|featured)|(?:re-?published|reproduced|reprinted|reposted|shared)(?: here)?)(?: with (?:the )?permission)?(?: (?:on|in|at|by|from|of|here))+ (?:the website of )?(${DOMAIN}|${NAME})`,
    ),
    read: (match) => (wordsOf(match.input).length <= 40 ? says('outlet', cutName(match[1]), 9) : undefined),
  },
  {
    pattern: re(
      String.raw`^\(?(?:(?:originally|first) (?:published|appeared|posted)|(?:re-?published|reproduced|reprinted)(?: with permission)?)(?: (?:on|in|at|by|from|of))+:? (${DOMAIN}|${NAME})\.?\)?$`,
    ),
    read: ([, name]) => says('outlet', cutName(name), 9),
  },
  // The post “…” appeared first on ….
  {
    pattern:
      /^the (?:post|article) (.{3,240}?) (?:appeared first|first appeared|was first published) (?:on|in) (.{2,60}?)\.?$/i,
    read: ([, title = '', site]) => ({
      statements: [...says('title', title, 5).statements, ...says('carrier', site, 4).statements],
      isFurniture: true,
    }),
  },
  // (This story has not been edited by … staff and is auto-generated from a syndicated feed.)
  {
    pattern:
      /\b(?:has not been|have been|has been|may have been|wasn['’]t|was not) (?:edited|created|reworked|modified|changed|reviewed|written)(?: or (?:edited|modified))? by (?:the )?(.{2,50}?)(?:['’]s?)? (?:staff|team|editors?|editorial|desk|newsroom)\b.*\b(?:feed|agency|agencies|auto-?generated)\b/i,
    read: ([, site]) => says('carrier', site, 8),
  },
  {
    pattern: re(
      String.raw`\b(?:feed|agency|agencies|service|auto-?generated)\b.*[.;] (${NAME}) (?:(?:holds|accepts|takes|assumes) no (?:responsibility|liability)|has not edited|is not responsible)`,
      'u',
    ),
    read: ([, site]) => says('carrier', site, 7),
  },
  // Wire Desk | Updated: 19-03-2024 18:40 IST | Created: …
  {
    pattern: /\b(?:updated|created|published|posted|modified|uploaded)\b/i,
    read: ({ input }) => readCreditBar(input),
  },
  // (Reporting by A and B; Editing by C)
  {
    pattern: /^\(?(?:additional )?reporting by ([^;.()]{3,160})(?:;|\.|\)|$)/i,
    read: ({ input, 1: names }) =>
      wordsOf(input).length <= 45 && (/;|\b(editing|writing) by\b/i.test(input) || wordsOf(input).length <= 12)
        ? says('author', /^\(?additional/i.test(input) ? '' : withoutPlaces(names ?? ''), 4)
        : undefined,
  },
  // (Al Jazeera), alone
  {
    pattern: re(String.raw`^[([](?:source:? )?(${NAME})[)\]]\.?$`, 'u'),
    read: ([, name = '']) =>
      wordsOf(name).length <= 4 && !NOT_AN_OUTLET.test(name) ? says('outlet', name, 8) : undefined,
  },
  // Source: …
  {
    pattern: re(String.raw`^sources?\s*[:–-]\s*(${DOMAIN}|${NAME})(?: and (?:news )?agencies)?\.?$`),
    read: ([, name = ''], place) =>
      place !== 'head' && /^(?:[Tt]he )?[\p{Lu}\d]/u.test(name) && wordsOf(name).length <= 5
        ? says('outlet', name, 6)
        : undefined,
  },
  // CLICK HERE TO GET THE … APP
  {
    pattern: /^(?:click here to (?:get|download)|(?:get|download)) the (.{2,30}?)(?: mobile)? app\b/i,
    read: ([, name], place) => (place === 'head' ? undefined : says('outlet', name, 3)),
  },
  // Copyright 2024 ….
  {
    pattern: re(
      String.raw`^(?:©|\(c\)|copyright)[\s©]*(?:\(c\)\s*)?(?:\d{4}(?:\s*[-–]\s*\d{4})?,?)?\s*(?:by )?(${DOMAIN}|${NAME})`,
    ),
    read: ({ 1: name = '' }) =>
      /^(?:[Tt]he )?\p{Lu}/u.test(name) ? says('carrier', name.replace(/[,.]? All$/i, ''), 2) : undefined,
  },
  // By A B, in the head of the page
  {
    pattern: /^(?:(?:written|posted|reported|story|words) )?by:?\s+(\p{Lu}.{2,140})$/iu,
    read: ({ 1: names = '', input }, place) =>
      place === 'head' && !endsSentence(input.replace(/\.$/, '')) ? readByline(names) : undefined,
  },
  // A line that is a date
  {
    pattern: /\d{4}/,
    read: ({ input }, place) =>
      place === 'head' && isDateAlone(input) ? says('published', readDate(input), 4) : undefined,
  },
  // The network’s A B contributed to this report.
  {
    pattern: re(
      String.raw`^(${NAME}?)['’]s? (?:\p{Lu}[\p{L}.'’-]+ ){1,4}.{0,80}?contributed to this (?:report|story|article)`,
      'u',
    ),
    read: ([, name]) => says('outlet', name, 2, false),
  },
]

const NOT_AN_OUTLET =
  /^(end|ends|more|photos?|images?|video|file|updated?|advertisement|continued?|live|exclusive|opinion|analysis|with |l|r|c|left|right|center)\b/i

/** What a line states about the article, and whether it is a line of the page rather than of the article. */
export function readStatements(line: string, place: Place): Reading {
  if (line.length > 700) return NOTHING
  for (const { pattern, read } of RULES) {
    const match = pattern.exec(line)
    const reading = match === null ? undefined : read(match, place)
    if (reading !== undefined) return reading
  }
  return NOTHING
}

/**
 * Who wrote the first paragraph, as agencies put it before the first sentence: `SEOUL, June 24, 2024 (Agency) - `.
 * The line stays as it is.
 */
export function readDateline(line: string): readonly Statement[] {
  const match = re(String.raw`^(\p{Lu}[\p{L}\p{N}.,'’ /-]{1,70}?)?\s?\((${NAME})\)\s*(?:[-–—―]{1,2}|:)\s`, 'u').exec(
    line.slice(0, 160),
  )
  const name = match?.[2]
  if (match === null || name === undefined || wordsOf(name).length > 3) return []
  const published = readDate(match[1] ?? '')
  return [
    { field: 'outlet', value: name, weight: 5 },
    ...(published === undefined ? [] : [{ field: 'published' as const, value: published, weight: 3 }]),
  ]
}

/** Weight from which a line's word on the first outlet counts against the metadata of the page it stands on. */
const SURE = 8

/**
 * The strongest statement for each field. A carrier is the syndicator, or the outlet where nobody else is named.
 * @param site the outlet that the page's metadata names, which is only the carrier of what another published first
 */
export function conclude(statements: readonly Statement[], words: string, site?: string): Stated {
  const best = (field: Statement['field']) =>
    statements
      .filter((statement) => statement.field === field)
      .reduce<Statement | undefined>((a, b) => (a === undefined || b.weight > a.weight ? b : a), undefined)
  const [origin, stated] = [best('outlet'), best('carrier')]
  const first = site === undefined || (origin !== undefined && origin.weight >= SURE) ? origin?.value : site
  const carrier: Statement | undefined = site === undefined ? stated : { field: 'carrier', value: site, weight: SURE }
  const isSyndicator = stated !== undefined && stated.weight >= 7
  const outlet = first ?? (isSyndicator ? undefined : carrier?.value)
  const via =
    carrier !== undefined && carrier.weight >= 4 && !sameName(carrier.value, outlet) ? carrier.value : undefined
  const published = (best('published') ?? best('updated'))?.value
  return {
    ...optional('title', best('title')?.value),
    ...optional('outlet', outlet && inItsOwnCase(outlet, words)),
    ...optional('via', via && inItsOwnCase(via, words)),
    ...optional('author', best('author')?.value),
    ...optional('published', published),
    ...optional('url', best('url')?.value),
  }
}

function sameName(a: string, b: string | undefined): boolean {
  const key = (name: string) => name.toLowerCase().replace(/^the |[^\p{L}\p{N}]/gu, '')
  return b !== undefined && key(a) === key(b)
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { [P in K]?: string })
}

/** A name that was shouted ("GET THE … APP"), as the text writes it elsewhere. */
function inItsOwnCase(name: string, words: string): string {
  if (name !== name.toUpperCase() || name.length < 5) return name
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const written = words.match(re(String.raw`(?<!\p{L})${escaped}(?!\p{L})`, 'giu')) ?? []
  return written.find((form) => form !== name && /\p{Ll}/u.test(form) && /^\p{Lu}/u.test(form)) ?? name
}

function readLabelled(label: string, value: string): Reading | undefined {
  if (/^(title|headline)$/.test(label)) return says('title', value, 10)
  if (/^(author|byline)$/.test(label)) return says('author', value.replace(/^by\s+/i, ''), 10)
  if (/date|published/.test(label)) {
    const date = readDate(value)
    return date === undefined ? undefined : says('published', date, 10)
  }
  return wordsOf(value).length <= 8 ? says('outlet', value, 10) : undefined
}

const STAMP =
  /\b(?:(?:first|last|originally|article) )?(updated|created|published|posted|modified|uploaded)\b(?: (?:on|at|date))?\s*:?/i

/** Segments between bars, each a name, a byline or a dated stamp; nothing of the kind gives undefined. */
function readCreditBar(line: string): Reading | undefined {
  if (wordsOf(line).length > 30) return undefined
  const segments = line.split(/\s*[|•·]\s*/).filter((segment) => segment !== '')
  const statements: Statement[] = []
  let stamps = 0
  segments.forEach((segment, i) => {
    const stamp = STAMP.exec(segment)
    const byline = /^by:?\s+(\p{Lu}.{2,80}?)(?=\s*(?:$|,|\b(?:updated|published|posted|last|first)\b))/iu.exec(segment)
    if (byline !== null) statements.push(...readByline(byline[1] ?? '').statements)
    if (stamp !== null) {
      const before = segment.slice(0, stamp.index).trim()
      const date = readDate(segment.slice(stamp.index + stamp[0].length))
      if (date === undefined || (before !== '' && byline === null && !isName(before))) return
      stamps++
      const isFirst = !/updated|modified/i.test(stamp[1] ?? '')
      statements.push({ field: isFirst ? 'published' : 'updated', value: date, weight: 6 })
    } else if (i === 0 && segments.length > 1 && byline === null && isName(segment)) {
      statements.push({ field: 'outlet', value: tidy(segment), weight: 8 })
    }
  })
  // Without bars, a stamp opens the line and little follows the date: else it is a sentence about a publication.
  const isStamp = segments.length > 1 || (wordsOf(line).length <= 14 && !/\p{Ll}{3}\.$/u.test(line))
  return stamps > 0 && isStamp ? { statements, isFurniture: true } : undefined
}

function isName(text: string): boolean {
  return re(String.raw`^${NAME}$`, 'u').test(text) && readDate(text) === undefined
}

/** The names of a byline, without the titles, places and dates behind them. */
function readByline(names: string): Reading {
  const date = readDate(names)
  const people = names
    .split(/\s*(?:[|•·@(]|\s[-–—]\s|,\s|\b(?:updated|published|posted)\b)/i, 1)[0]
    ?.replace(/\s+(?:for|in|at|on)\s+.*$/u, '')
    .trim()
  const isPeople =
    people !== undefined &&
    !/^(our|staff|admin|administrator|editor|editors|news ?desk|web ?desk|online desk|the editors?|guest)\b/i.test(
      people,
    ) &&
    wordsOf(people).length <= 10 &&
    wordsOf(people).every(
      (word) => /^\p{Lu}/u.test(word) || /^(and|de|van|von|der|den|da|di|al|el|bin|la|le)$/.test(word),
    )
  if (!isPeople) return { statements: [], isFurniture: date !== undefined }
  return {
    statements: [
      ...says('author', people, 6).statements,
      ...(date === undefined ? [] : says('published', date, 5).statements),
    ],
    isFurniture: true,
  }
}

/** "A in Seoul and B in Tokyo" without the places. */
function withoutPlaces(names: string): string {
  return names.replace(/ in (?:\p{Lu}[\p{L}.'’-]*(?: (?=\p{Lu}))?)+/gu, '').trim()
}

const CALENDAR =
  /^(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?[.,]*$|^(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*[.,]*$|^\d{1,4}(st|nd|rd|th)?[.,]*$|^[\d:./-]+(am|pm|a\.m\.|p\.m\.|z)?[.,]*$|^(am|pm|a\.m\.|p\.m\.|at|on|of|the|date|\p{Lu}{2,4})[.,]*$/iu

/** Whether a line holds a date and nothing else. */
function isDateAlone(line: string): boolean {
  const words = line.split(/[\s|,•·]+/).filter((word) => word !== '')
  return words.length <= 9 && words.every((word) => CALENDAR.test(word)) && readDate(line) !== undefined
}

/** The leading words of a match that are a name or a domain: rules that ignore case take in too many. */
function cutName(match: string | undefined): string {
  const words = (match ?? '').trim().split(/\s+/)
  if (re(`^${DOMAIN}$`).test(tidy(words[0] ?? ''))) return words[0] ?? ''
  const end = words.findIndex(
    (word, i) =>
      !/^["“'‘(]?[\p{Lu}\d&]/u.test(word) &&
      !(/^(of|and|de|la|du|the)$/.test(word) || (i === 0 && /^the$/i.test(word))),
  )
  const name = words.slice(0, end < 0 ? words.length : end)
  while (/^(of|and|de|la|du|the)$/.test(name.at(-1) ?? '')) name.pop()
  return name.join(' ')
}
