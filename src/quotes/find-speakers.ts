import { distance } from 'fastest-levenshtein'
import { foldKey } from '../text/fold.ts'
import { readName } from './name-form.ts'

/** What finding needs of a speaker; `Speaker` has it, and what the index keeps of one. */
export type FindableSpeaker = {
  readonly name: string
  readonly aliases: readonly { readonly alias: string }[]
  readonly quotes: number
}

/**
 * How a query met a name, best first: `name` the canonical name; `alias` another printed form; `words` some of its
 * words, in any order; `beginning` the beginnings of its words; `spelling` its words but for a letter or two.
 */
export type MatchKind = 'name' | 'alias' | 'words' | 'beginning' | 'spelling'

export type SpeakerMatch<S> = {
  readonly speaker: S
  readonly kind: MatchKind
  /** The name or alias that the query met. */
  readonly matched: string
  /** Letters to change in the query's words; 0 but for `spelling`. */
  readonly edits: number
}

/** Whom a query means. */
export type SpeakerLookup<S> =
  /** `others`: `namesakes` of the one, who may be somebody else. */
  | { readonly kind: 'one'; readonly match: SpeakerMatch<S>; readonly others: readonly S[] }
  /** Best first, at least two. */
  | { readonly kind: 'several'; readonly candidates: readonly SpeakerMatch<S>[] }
  | { readonly kind: 'none' }

export type SpeakerFinder<S> = {
  /** One speaker, or the candidates where the name fits several. */
  lookUp(query: string): SpeakerLookup<S>
  /** Every speaker whom a name may mean: better kinds first, then fewer edits, then most quoted. */
  find(query: string, limit?: number): readonly SpeakerMatch<S>[]
  /** Speakers known by a surname alone that is also this one's: perhaps the same person, perhaps not. */
  namesakes(speaker: S): readonly S[]
  /** Speakers for what somebody has typed so far, the most quoted first; for nothing the most quoted of all. */
  complete(typed: string, limit?: number): readonly S[]
}

/** More of a query than this is no name. */
const LONGEST_QUERY = 120
const MOST_WORDS = 8
const CANDIDATES = 25
const SUFFIX = /^(?:jr|sr|i{2,3}|iv)$/
const KINDS: readonly MatchKind[] = ['name', 'alias', 'words', 'beginning', 'spelling']

/** One printed form of a speaker. */
type Form = {
  readonly place: number
  readonly printed: string
  readonly words: readonly string[]
  readonly isName: boolean
}

/**
 * Prepares speakers for finding: done once for a generation, then each call takes a few milliseconds with 50,000
 * speakers. Forgives capitals, accents, hyphens, the order of names, missing names and wrong letters.
 */
export function openSpeakerFinder<S extends FindableSpeaker>(unsorted: readonly S[]): SpeakerFinder<S> {
  const speakers = [...unsorted].sort((a, b) => b.quotes - a.quotes || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const byLetters = new Map<string, Form[]>()
  const byWord = new Map<string, Form[]>()
  const put = (index: Map<string, Form[]>, key: string, form: Form): void => {
    const known = index.get(key)
    if (!known) index.set(key, [form])
    else if (known.at(-1) !== form) known.push(form)
  }
  for (const [place, speaker] of speakers.entries()) {
    const printed = new Set([speaker.name, ...speaker.aliases.map(({ alias }) => alias)])
    for (const name of printed) {
      const words = wordsOf(name)
      if (words.length === 0) continue
      const form = { place, printed: name, words, isName: name === speaker.name }
      put(byLetters, words.join(''), form)
      for (const [i, word] of words.entries()) {
        put(byWord, word, form)
        // “Yojong” for Yo-jong: neighbouring words also count as one.
        if (words.length > 2 && i > 0) put(byWord, `${words[i - 1] ?? ''}${word}`, form)
      }
    }
  }
  const vocabulary = [...byWord.keys()].sort()

  /** The best way each speaker is met, ranked. */
  function ranked(forms: readonly { form: Form; kind: MatchKind; edits: number }[]): SpeakerMatch<S>[] {
    const best = new Map<number, { form: Form; kind: MatchKind; edits: number }>()
    for (const met of forms) {
      const known = best.get(met.form.place)
      const isCloser =
        known && (closeness(met) - closeness(known) || met.form.words.length - known.form.words.length) < 0
      if (!known || isCloser) best.set(met.form.place, met)
    }
    return [...best.values()]
      .sort((a, b) => closeness(a) - closeness(b) || a.form.place - b.form.place)
      .flatMap(({ form, kind, edits }) => {
        const speaker = speakers[form.place]
        return speaker ? [{ speaker, kind, matched: form.printed, edits }] : []
      })
  }

  function exact(words: readonly string[]): { form: Form; kind: MatchKind; edits: number }[] {
    const forms = rotations(words).flatMap((rotation) => byLetters.get(rotation.join('')) ?? [])
    return forms.map((form) => ({ form, kind: form.isName ? 'name' : 'alias', edits: 0 }))
  }

  /** The forms that have, for every word of the query, one of the words given for it. */
  function having(alternatives: readonly ReadonlyMap<string, number>[]): Map<Form, number> {
    let kept: Map<Form, number> | undefined
    for (const words of alternatives) {
      const met = new Map<Form, number>()
      for (const [word, edits] of words) {
        for (const form of byWord.get(word) ?? []) {
          const before = kept ? kept.get(form) : 0
          if (before !== undefined) met.set(form, Math.min(met.get(form) ?? Infinity, before + edits))
        }
      }
      kept = met
    }
    return kept ?? new Map<Form, number>()
  }

  function met(alternatives: readonly ReadonlyMap<string, number>[], kind: MatchKind) {
    return [...having(alternatives)].map(([form, edits]) => ({ form, kind, edits }))
  }

  function beginningWith(beginning: string): Map<string, number> {
    const words = new Map<string, number>()
    for (let i = lowerBound(vocabulary, beginning); vocabulary[i]?.startsWith(beginning) === true; i += 1)
      words.set(vocabulary[i] ?? '', 0)
    return words
  }

  function spelledLike(word: string): Map<string, number> {
    const allowed = word.length < 4 ? 0 : word.length < 8 ? 1 : 2
    const words = new Map<string, number>(byWord.has(word) ? [[word, 0]] : [])
    if (allowed === 0) return words
    for (const other of vocabulary) {
      if (Math.abs(other.length - word.length) > allowed) continue
      const edits = distance(word, other)
      if (edits <= allowed) words.set(other, edits)
    }
    return words
  }

  function all(query: string): SpeakerMatch<S>[] {
    const typed = wordsOf(query.slice(0, LONGEST_QUERY)).slice(0, MOST_WORDS)
    const untitled = wordsOf(readName(query.slice(0, LONGEST_QUERY)).text).slice(0, MOST_WORDS)
    for (const words of untitled.length < typed.length && untitled.length > 0 ? [typed, untitled] : [typed]) {
      if (words.length === 0) continue
      const whole = [
        ...exact(words),
        ...met(
          words.map((word) => new Map([[word, 0]])),
          'words',
        ),
      ]
      const close = whole.length > 0 ? whole : met(words.map(beginningWith), 'beginning')
      const found = close.length > 0 ? close : met(words.map(spelledLike), 'spelling')
      if (found.length > 0) return ranked(found)
    }
    return []
  }

  function namesakes(speaker: S): S[] {
    const words = wordsOf(speaker.name)
    if (words.length < 2) return []
    const ends = new Set([words[0] ?? '', words.filter((word) => !SUFFIX.test(word)).at(-1) ?? ''])
    return [...ends]
      .flatMap((word) => byLetters.get(word) ?? [])
      .flatMap(({ place, isName }) => (isName ? (speakers[place] ?? []) : []))
  }

  return {
    namesakes,
    find: (query, limit = CANDIDATES) => all(query).slice(0, limit),
    lookUp(query) {
      const matches = all(query)
      const [best] = matches
      if (!best) return { kind: 'none' }
      const isShort = wordsOf(best.matched).length === 1
      // A surname is nobody's alone, however it was met; a whole name or an abbreviation is.
      const rivals = matches.filter((match) =>
        isShort && match.edits === 0 && best.edits === 0
          ? match.kind === best.kind || isSurnameOf(match, best.matched)
          : match.kind === best.kind && match.edits === best.edits,
      )
      const named = rivals.filter(({ speaker }) => wordsOf(speaker.name).length > 1)
      const [first, second] = named.length === 1 && isShort ? named : rivals
      if (first && !second) return { kind: 'one', match: first, others: namesakes(first.speaker) }
      return { kind: 'several', candidates: rivals.slice(0, CANDIDATES) }
    },
    complete(typed, limit = CANDIDATES) {
      const words = wordsOf(typed.slice(0, LONGEST_QUERY)).slice(0, MOST_WORDS)
      if (words.length === 0) return speakers.slice(0, limit)
      const begun = ranked([...exact(words), ...met(words.map(beginningWith), 'beginning')])
      return (begun.length > 0 ? begun : all(typed)).slice(0, limit).map(({ speaker }) => speaker)
    },
  }
}

function isSurnameOf<S extends FindableSpeaker>(match: SpeakerMatch<S>, word: string): boolean {
  const words = wordsOf(match.speaker.name).filter((part) => !SUFFIX.test(part))
  const [asked] = wordsOf(word)
  return words[0] === asked || words.at(-1) === asked
}

function closeness({ kind, edits }: { kind: MatchKind; edits: number }): number {
  return KINDS.indexOf(kind) * 100 + edits
}

/** Folded words of a name, hyphens and full stops aside: "Kim Yo-jong" is three. */
function wordsOf(name: string): string[] {
  return foldKey(name)
    .replace(/'s?(?=\s|$)/g, '')
    .split(/[\s/-]+/)
    .map((word) => word.replace(/[^\p{L}\p{N}@#&]/gu, ''))
    .filter((word, _, words) => word !== '' && !(word === 'the' && words.length > 1))
}

/** The words in their order and with each first part moved behind: Ada Lee, Lee Ada. */
function rotations(words: readonly string[]): (readonly string[])[] {
  return words.map((_, i) => [...words.slice(i), ...words.slice(0, i)])
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
