import { stemmer } from 'stemmer'
import { fold } from './fold.ts'

/** A word as questions and passages are compared: its stem, and what its spelling tells. */
export type Term = {
  /** Lower case, no diacritics, no apostrophes: letters and digits, a decimal point inside a number. */
  readonly stem: string
  readonly isCapital: boolean
  /** Only white space or a hyphen between the term before and this one. */
  readonly isAdjacent: boolean
  /** Not a word of the text: the first letters of a name that ends here, "who" after "World Health Organization". */
  readonly isInitials: boolean
}

/** A term with its place in the text. Initials stand where the last word of their name does. */
export type PlacedTerm = Term & {
  /** As written, folded: what spelling is corrected by. */
  readonly word: string
  readonly start: number
  readonly end: number
}

/** Abbreviations with points, numbers with their separators, words with inner apostrophes. */
const WORD = /(?:\p{L}\.){2,}|\p{N}+(?:[.,]\p{N}+)*|[\p{L}\p{N}]+(?:'\p{L}+)*/gu
const CAPITAL = /^\p{Lu}/u
const BETWEEN = /^(?:\s+|\s*-\s*)$/

/**
 * The terms of a text in order. A possessive loses its ending, "U.S." its points, "O'Hara" its apostrophe, "1,250" its
 * comma; irregular forms count as their base form ("sought" as "seek"). Linear in the length of the text.
 */
export function readTerms(text: string): PlacedTerm[] {
  const folded = fold(text)
  const terms: PlacedTerm[] = []
  let nameStart = 0
  let last = 0
  for (const match of folded.text.matchAll(WORD)) {
    const [written] = match
    const isNumber = /^\p{N}/u.test(written)
    const word = isNumber
      ? written.replaceAll(',', '')
      : written.replace(/'s$/, '').replace(/n't$/, 'nt').replace(/[.']/g, '')
    const { start, end } = folded.originalRange(match.index, match.index + written.length)
    const isAdjacent = last > 0 && BETWEEN.test(folded.text.slice(last, match.index))
    last = match.index + written.length
    const isCapital = CAPITAL.test(text.slice(start, start + 2))
    if (!isAdjacent || !(isCapital || NAME_LINKS.has(word))) nameStart = terms.length + (isCapital ? 0 : 1)
    terms.push({ stem: isNumber ? word : stemOf(word), word, start, end, isCapital, isAdjacent, isInitials: false })
    if (isCapital) for (const initials of initialsOf(terms, nameStart)) terms.push(initials)
  }
  return terms
}

/** Small words inside a name. */
const NAME_LINKS = new Set(['of', 'the', 'and', 'for', 'on'])
const MAX_INITIALS = 6

/** Initials of the names that end with the last term and begin at `nameStart` or later, with and without small words. */
function initialsOf(terms: readonly PlacedTerm[], nameStart: number): PlacedTerm[] {
  const last = terms.at(-1)
  if (last === undefined) return []
  const found = new Set<string>()
  let capitals = last.word.slice(0, 1)
  let all = capitals
  for (let i = terms.length - 2; i >= nameStart && all.length < MAX_INITIALS; i -= 1) {
    const term = terms[i]
    if (term === undefined || term.isInitials) continue
    all = term.word.slice(0, 1) + all
    if (!term.isCapital) continue
    capitals = term.word.slice(0, 1) + capitals
    found.add(capitals).add(all)
  }
  return [...found].map((initials) => ({ ...last, stem: initials, word: initials, isInitials: true }))
}

const stems = new Map<string, string>()
const REMEMBERED_STEMS = 50_000

/** The stem of a folded word (Porter 1980), after irregular forms are brought to their base form. */
export function stemOf(word: string): string {
  const known = stems.get(word)
  if (known !== undefined) return known
  const stem = stemmer(BASE_FORMS.get(word) ?? word)
  if (stems.size >= REMEMBERED_STEMS) stems.clear()
  stems.set(word, stem)
  return stem
}

/** Terms as the index keeps them: stems between spaces, with a mark for each thing that the spelling tells. */
export function formatTerms(terms: readonly Term[]): string {
  return terms
    .map(
      ({ stem, isCapital, isAdjacent, isInitials }) =>
        (isInitials ? '~' : '') + (isAdjacent ? '_' : '') + (isCapital ? '^' : '') + stem,
    )
    .join(' ')
}

/** What `formatTerms` was given. */
export function parseTerms(formatted: string): Term[] {
  if (formatted === '') return []
  return formatted.split(' ').map((marked) => {
    let at = 0
    const isInitials = marked.startsWith('~')
    if (isInitials) at += 1
    const isAdjacent = marked.startsWith('_', at)
    if (isAdjacent) at += 1
    const isCapital = marked.startsWith('^', at)
    if (isCapital) at += 1
    return { stem: marked.slice(at), isCapital, isAdjacent, isInitials }
  })
}

/** Base form, then the forms that no stemmer brings to it. */
const IRREGULAR = `be am is are was were been being|have has had having|do does did done doing|say said says|go went gone goes
  get got gotten|make made|know knew known|think thought|take took taken|see saw seen|come came|give gave given|find found
  tell told|become became|leave left|feel felt|bring brought|begin began begun|keep kept|hold held|write wrote written
  stand stood|hear heard|mean meant|meet met|run ran|pay paid|sit sat|speak spoke spoken|lead led|grow grew grown|lose lost
  fall fell fallen|send sent|build built|draw drew drawn|break broke broken|spend spent|rise rose risen|drive drove driven
  buy bought|wear wore worn|choose chose chosen|win won|seek sought|sell sold|fight fought|teach taught|eat ate eaten
  catch caught|throw threw thrown|shoot shot|sing sang sung|fly flew flown|steal stole stolen|swear swore sworn
  strike struck|forget forgot forgotten|hide hid hidden|drink drank drunk|wake woke woken|bear bore borne born
  sink sank sunk|swim swam swum|tear tore torn|freeze froze frozen|lend lent|bend bent|deal dealt|dig dug|feed fed
  hang hung|shake shook shaken|sleep slept|slide slid|stick stuck|sweep swept|ride rode ridden|blow blew blown
  withdraw withdrew withdrawn|overthrow overthrew overthrown|undertake undertook undertaken|understand understood
  forbid forbade forbidden|man men|woman women|child children|person people|foot feet|mouse mice|tooth teeth
  die died dies dying dead death|marry married marries`

const BASE_FORMS: ReadonlyMap<string, string> = new Map(
  IRREGULAR.split(/\||\n/).flatMap((row) => {
    const [base = '', ...forms] = row.trim().split(' ')
    return forms.map((form) => [form, base] as const)
  }),
)
