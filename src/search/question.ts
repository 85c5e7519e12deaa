import { readTerms, type PlacedTerm } from '../text/terms.ts'
import type { Unit } from '../text/units.ts'
import type { Lexicon, Reading } from './lexicon.ts'

/** What kind of answer a question wants; `said` wants somebody's words, `topic` anything about it. */
export type QuestionKind = 'said' | 'who' | 'when' | 'where' | 'number' | 'why' | 'what' | 'topic'

/** A word of a question that counts. */
export type QuestionTerm = {
  /** Place among the terms that count. */
  readonly index: number
  /** Place among all words of the question. */
  readonly place: number
  readonly readings: readonly Reading[]
  readonly idf: number
  /** False when no reading is in the index. */
  readonly isKnown: boolean
  readonly isSpeaker: boolean
}

/** A question as it is searched for. */
export type ReadQuestion = {
  readonly kind: QuestionKind
  readonly terms: readonly QuestionTerm[]
  /** Index of the term that names what is asked for: "colour" of "what colour is …"; undefined when none does. */
  readonly focus: number | undefined
  /** What a number asked for counts. */
  readonly unit: Unit | undefined
  /** Stems of everything it says, small words too. */
  readonly stems: ReadonlySet<string>
}

/** Longer questions are cut: no question needs more, and time stays bounded. */
const MAX_CHARACTERS = 600
const MAX_TERMS = 24

/** Reads a question. Any text is one; one of small words only keeps them, one of signs only has no terms. */
export function readQuestion(text: string, lexicon: Lexicon): ReadQuestion {
  const cut = text.slice(0, MAX_CHARACTERS)
  const words = readTerms(cut).filter((term) => !term.isInitials)
  const speaker = speakerRange(cut)
  const said = speaker !== undefined && words.some((word) => isWithin(word, speaker) && !SMALL_WORDS.has(word.word))
  const content = words.map((word, place) => ({ word, place })).filter(({ word }) => !SMALL_WORDS.has(word.word))
  const kept = content.length > 0 ? content : words.map((word, place) => ({ word, place }))
  const terms: QuestionTerm[] = []
  const seen = new Set<string>()
  for (const { word, place } of kept) {
    if (seen.has(word.stem) || terms.length >= MAX_TERMS) continue
    seen.add(word.stem)
    const readings = lexicon.readings(word.word)
    const frequency = Math.max(...readings.map(({ stem }) => lexicon.frequency(stem)))
    terms.push({
      index: terms.length,
      place,
      readings,
      idf: lexicon.idf(frequency),
      isKnown: frequency > 0,
      isSpeaker: said && isWithin(word, speaker),
    })
  }
  const kind = said ? 'said' : kindOf(cut)
  const asking = words.findIndex(({ word }) => ASKING.test(word))
  return {
    kind,
    terms,
    focus:
      kind === 'said'
        ? undefined
        : terms.find(({ place }) => asking >= 0 && place > asking && place <= asking + 2)?.index,
    unit: kind === 'number' ? UNITS.find(([, pattern]) => pattern.test(cut))?.[0] : undefined,
    stems: new Set(words.map(({ stem }) => stem)),
  }
}

const ASKING = /^(?:what|whats|which|whose|how)$/
const UNITS: readonly (readonly [Unit, RegExp])[] = [
  ['money', /\bhow much\b|\b(?:cost|price)\b/iu],
  ['time', /\bhow (?:long|old|late)\b|\bage\b/iu],
  ['distance', /\bhow (?:far|tall|high|big|large)\b/iu],
  ['frequency', /\bhow often\b|\bhow many times\b/iu],
]

function isWithin(word: PlacedTerm, range: Range): boolean {
  return range[0] <= word.start && word.end <= range[1]
}

type Range = readonly [start: number, end: number]

const SAYING =
  '(?:say|said|tell|told|think|call|claim|respond|react|describe|comment|write|tweet|warn|promise|argue|suggest|mean|explain|answer|reply|demand|predict)'
const EASING = '(?:(?:first|later|once|ever|actually|really|just|also) )*'
const SAID = new RegExp(
  '^\\W*(?:so |and )?(?:(?:what|how|why) (?:else |exactly )?)?' +
    `(?:(?:did|does|do|has|have|had) (.+?) ${EASING}${SAYING}|(?:is|are|was|were) (.+?) ${EASING}saying)\\b`,
  'iu',
)

/** Where the question names whose words it wants: "what did … say about". */
function speakerRange(text: string): Range | undefined {
  const match = SAID.exec(text)
  const speaker = match?.[1] ?? match?.[2]
  if (match === null || speaker === undefined) return undefined
  const start = match.index + match[0].indexOf(speaker)
  return [start, start + speaker.length]
}

/** What a person is called when nobody names them. */
const ROLE =
  '(?:person|people|man|woman|men|women|leader|president|minister|senator|governor|mayor|judge|justice|lawyer|donor|author|' +
  'writer|director|actor|actress|singer|player|coach|candidate|politician|official|officer|general|king|queen|emperor|' +
  'scientist|researcher|inventor|engineer|architect|artist|professor|doctor|journalist|reporter|founder|owner|chief|' +
  'spokes(?:man|woman|person)|critic|expert|analyst|ambassador|secretary|chairman|member)'

const KINDS: readonly (readonly [QuestionKind, RegExp])[] = [
  [
    'number',
    /\bhow (?:many|much|often|long|far|old|big|tall|large|high|fast|late)\b|\bwhat(?:s|'s|’s| is| was)?(?: the)? (?:average|number|amount|total|population|cost|price|percentage|size|age)\b/iu,
  ],
  [
    'who',
    new RegExp(
      `^\\W*(?:\\p{L}+ ){0,2}(?:who|whos|whose|whom)\\b|\\bwhom\\b|^\\W*(?:which|what) (?:\\p{L}+ )?${ROLE}s?\\b`,
      'iu',
    ),
  ],
  ['when', /\bwhen\b|\b(?:what|which|whats) (?:the )?(?:year|date|day|month|century|time|deadline)\b|\bdeadline\b/iu],
  [
    'where',
    /\bwhere\b|\b(?:what|which) (?:country|countries|city|cities|state|place|town|county|region|village|island|river|continent)\b/iu,
  ],
  ['why', /\bwhy\b|\bhow come\b|\bwhat (?:was|is) the reason\b/iu],
  ['what', /\b(?:what|whats|which)\b/iu],
]

function kindOf(text: string): QuestionKind {
  return KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? 'topic'
}

/** Words that a question is made with and that no passage is found by, folded and without apostrophes. */
export const SMALL_WORDS: ReadonlySet<string> = new Set(
  `a an the of to in on at by for from with about as into over after before and or but if so than then that this these
  those it its he she his her him they them their there i you we us our your my me is are was were be been being am do does
  did done doing has have had having will would shall should can could may might must not no who whom whose whos which what
  whats when whens where wheres why whys how hows many much often long any anything some s t re ll ve d m just also too very
  up out off down again more most other such own same because while during between through against only each few both once
  here all get got say said says tell told tells didnt doesnt dont isnt wasnt hasnt havent hadnt cant couldnt wont wouldnt
  im ive youre theyre thats lets ever actually really please pls exactly`.split(/\s+/),
)
