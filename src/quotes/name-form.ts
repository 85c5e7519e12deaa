import { foldKey } from '../text/fold.ts'
import { isA, isBodyWord, isFirstName, isRole } from './lexicon.ts'

/** A printed name taken apart, so that two printed forms of one name compare equal. */
export type NameForm = {
  /** As printed, without title, article and possessive: what a reader is shown. */
  readonly text: string
  /** Folded words without titles, hyphens and full stops, initials and suffix included: one string per name. */
  readonly key: string
  /** The words of `key` without middle initials and suffix. */
  readonly words: readonly string[]
  /** Initials between the first and the last name: `j` in Donald J. Trump; empty for none. */
  readonly initials: string
  /** `jr`, `sr`, `ii`, `iii`, `iv`; empty for none. */
  readonly suffix: string
  /** Offices that stand before the name: `president`, `foreign minister`. */
  readonly offices: readonly string[]
  /** Whether a title of any kind stood before the name. */
  readonly isTitled: boolean
  /** Capitals only, two to eight letters: KCNA, U.N. */
  readonly isAcronym: boolean
}

function list(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

/** Offices that few hold at a time, spelled out: the same surname with the same office is the same person. */
const OFFICES: ReadonlyMap<string, string> = new Map([
  ...[
    ...list(
      `president premier chancellor minister secretary senator representative governor mayor general colonel admiral major
      captain judge justice ambassador sheriff archbishop bishop cardinal ayatollah speaker commissioner`,
    ),
  ].map((office) => [office, office] as const),
  ['sen', 'senator'],
  ['rep', 'representative'],
  ['congressman', 'representative'],
  ['congresswoman', 'representative'],
  ['gov', 'governor'],
  ['gen', 'general'],
  ['col', 'colonel'],
  ['adm', 'admiral'],
  ['maj', 'major'],
  ['capt', 'captain'],
  ['pres', 'president'],
])
/** Titles after which a given name stands: the title belongs to the name. */
const REGAL = list('king queen prince princess pope emperor empress emir sultan sister brother')
const TITLES = new Set([
  ...OFFICES.keys(),
  ...REGAL,
  ...list(
    `mr mrs ms miss mx dr prof professor sir dame lord lady mme madame monsieur herr frau señor señora sheikh rev reverend
    rabbi imam father hon lt sgt sergeant cmdr commander lieutenant corporal officer detective inspector superintendent
    constable chairman chairwoman chair leader director chief executive ceo spokesman spokeswoman spokesperson lawmaker
    candidate nominee attorney coach councilman councilwoman economist analyst strategist adviser advisor aide envoy
    historian lawyer activist deputy assistant undersecretary sens reps govs`,
  ),
])
/** What stands before a title and belongs to it. */
const MODIFIERS = list(
  `former ex then acting interim deputy vice prime foreign defense defence interior finance trade energy health education
  justice treasury labor labour first lady press chief senior supreme national security state federal senate house majority
  minority crown grand assistant associate district attorney army navy police fire campaign communications executive the
  us uk un eu special presidential republican democratic opposition party co`,
)
/** Modifiers under which an office stays the same. */
const UNTELLING = list('former ex then acting interim the us uk un eu special republican democratic opposition')
const SUFFIXES = list('jr sr ii iii iv')
/** Titles and modifiers are looked for in so many first words. */
const LONGEST_TITLE = 6

/** Takes a printed name apart; empty `key` when there is no letter or digit in it. Memoise where names repeat. */
export function readName(printed: string): NameForm {
  const all = withoutApposition(printed)
    .replace(/\([^)]*\)/g, ' ')
    .replace(/[“”"«»‘]/gu, ' ')
    .split(/\s+/)
    .map((word) => word.replace(/^[^\p{L}\p{N}@#&]+|[^\p{L}\p{N}.,'’&]+$/gu, ''))
    .filter((word) => /[\p{L}\p{N}&]/u.test(word))
  const untitled = withoutTitle(withoutArticle(all))
  const shown = untitled.words.map((word, i) => (i === untitled.words.length - 1 ? stripPossessive(word) : word))
  const text = shown.join(' ').replace(/[,;:]+$/, '')
  const folded = joinInitials(shown.flatMap((word) => nameWords(word)))
  const suffix = folded.length > 1 && SUFFIXES.has(folded.at(-1) ?? '') ? (folded.pop() ?? '') : ''
  const isMiddleInitial = (word: string, i: number): boolean => i > 0 && i < folded.length - 1 && word.length === 1
  const words = folded.filter((word, i) => !isMiddleInitial(word, i))
  return {
    text,
    key: [...folded, ...(suffix === '' ? [] : [suffix])].join(' '),
    words,
    initials: folded.filter(isMiddleInitial).join(''),
    suffix,
    offices: untitled.offices,
    isTitled: untitled.isTitled,
    isAcronym: shown.length === 1 && /^(?:\p{Lu}\.?){2,8}$/u.test(text),
  }
}

function withoutArticle(words: readonly string[]): readonly string[] {
  return words.length > 1 && /^(?:the|a|an)$/i.test(words[0] ?? '') ? words.slice(1) : words
}

/** Anton, president and owner → Anton; not "the minister, Ada Lee", whose name stands behind the comma. */
function withoutApposition(printed: string): string {
  const head = printed.split(/,\s+(?=\p{Ll})/u, 1)[0] ?? ''
  return /\p{Lu}/u.test(head) && !/^\p{Ll}/u.test(head) ? head : printed
}

/** Drops the possessive of a printed word: Putin’s, the workers’. */
function stripPossessive(word: string): string {
  return word
    .replace(/['’ʼ`´]s$/u, '')
    .replace(/(?<=s)['’ʼ`´]$/u, '')
    .replace(/['’ʼ`´]$/u, '')
}

/** The folded parts of one printed word: Yo-jong is two, O’Malley and U.S. are one. */
function nameWords(word: string): string[] {
  return foldKey(stripPossessive(word))
    .split(/[-/]+/)
    .map((part) => part.replace(/[^\p{L}\p{N}@#_&]/gu, ''))
    .filter((part) => part !== '')
}

/** J. D. Vance as JD Vance: the first names of some people are their initials. */
function joinInitials(words: readonly string[]): string[] {
  let count = 0
  while (count < words.length - 1 && words[count]?.length === 1) count += 1
  return count > 1 ? [words.slice(0, count).join(''), ...words.slice(count)] : [...words]
}

type Untitled = { readonly words: readonly string[]; readonly offices: readonly string[]; readonly isTitled: boolean }

function withoutTitle(words: readonly string[]): Untitled {
  const folded = words.map((word) => foldKey(word.replace(/[.,]/g, '')).replace(/'s$/, ''))
  if (words.length < 2 || isA(folded.join(' '), 'organisation')) return { words, offices: [], isTitled: false }
  const cut = titleEnd(folded)
  const rest = words.slice(cut)
  const isBody =
    cut > 0 && rest.length > 0 && folded.slice(cut).some((word) => isBodyWord(word)) && !isFirstName(folded[cut] ?? '')
  if (cut === 0 || isBody) return { words, offices: [], isTitled: false }
  const isRegal = rest.filter((word) => !SUFFIXES.has(foldKey(word))).length === 1 && REGAL.has(folded[cut - 1] ?? '')
  return { words: isRegal ? words.slice(cut - 1) : rest, offices: officesIn(folded.slice(0, cut)), isTitled: true }
}

/** How many first words are a title; 0 for none. At least one word of name stays. */
function titleEnd(folded: readonly string[]): number {
  let end = 0
  for (let i = 0; i < Math.min(LONGEST_TITLE, folded.length - 1); i += 1) {
    const word = folded[i] ?? ''
    const next = folded[i + 1] ?? ''
    if (next === '&' || (SUFFIXES.has(next) && i + 2 === folded.length)) break
    if (TITLES.has(word) && !(i > end && isFirstName(word))) {
      const before = folded.slice(end, i)
      const isPlain = before.every((w) => MODIFIERS.has(w) || TITLES.has(w) || isA(w, 'demonym') || isA(w, 'place'))
      // A longer office before a whole name: Oxford University Chancellor Ada Lee. Otherwise the words are the name's own.
      if (isPlain || folded.length - i - 1 >= 2) end = i + 1
      // Secretary of State Ada Lee
      if (end === i + 1 && next === 'of' && folded.length - i - 3 >= 1) end = i + 3
    }
  }
  return end
}

/**
 * The offices in words before a name, folded and without full stops, with what tells them apart: "prime minister" and
 * "foreign minister" are two, "deputy president" is not "president", "secretary of state" not "secretary".
 */
export function officesIn(words: readonly string[]): string[] {
  const offices = new Set<string>()
  for (const [i, word] of words.entries()) {
    const office = OFFICES.get(word)
    if (office === undefined) continue
    const before = words[i - 1] ?? ''
    const after = words[i + 1] === 'of' && MODIFIERS.has(words[i + 2] ?? '') ? ` of ${words[i + 2] ?? ''}` : ''
    const isPart = (MODIFIERS.has(before) && !UNTELLING.has(before)) || OFFICES.has(before)
    if (isPart) offices.delete(OFFICES.get(before) ?? '')
    offices.add(`${isPart ? `${before} ` : ''}${office}${after}`)
  }
  return [...offices].sort()
}

/** Whether a word before a name may belong to its title. */
export function isTitleWord(word: string): boolean {
  return TITLES.has(word) || MODIFIERS.has(word) || word === 'of'
}

/**
 * Whether printed words describe somebody instead of naming: “a senior official”, “Trump supporters”. Such a source
 * has no identity beyond its article.
 */
export function isDescription(printed: string): boolean {
  const words = printed.trim().split(/\s+/)
  const named = /^(?:the|a|an)$/i.test(words[0] ?? '') ? words.slice(1) : words
  const first = named[0] ?? ''
  const last = named.at(-1) ?? ''
  if (!/[\p{Lu}\p{N}@]/u.test(printed)) return true
  if (/^an?$/i.test(words[0] ?? '')) return true
  const folded = foldKey(first)
  if (/^\p{Ll}/u.test(first) && isRole(folded)) return true
  return /^\p{Ll}/u.test(last) && isRole(foldKey(last))
}

/** What the form of a name alone tells: a person, a body, or nothing. */
export function kindOfForm(form: NameForm): 'person' | 'body' | undefined {
  const [first = ''] = form.words
  if (form.isTitled) return 'person'
  if (form.isAcronym) return 'body'
  const whole = form.words.join(' ')
  if (isA(whole, 'organisation') || isA(whole, 'place')) return 'body'
  if (form.words.some((word) => isBodyWord(word) || isBodyWord(word.replace(/s$/, ''))))
    return form.words.length === 2 && isFirstName(first) && !isA(first, 'place') ? 'person' : 'body'
  if (/\s(?:of|and|for|&)\s/i.test(form.text)) return 'body'
  return form.words.length > 1 ? 'person' : undefined
}
