import { distance } from 'fastest-levenshtein'
import type { Generation, SpeakerId } from '../index/index.ts'
import { readTerms, stemOf } from '../text/terms.ts'
import { answerKindsOf, type AnswerKinds } from './answer-kinds.ts'

/** The words of one generation: what they weigh, and what a word that it does not have may be meant for. */
export type Lexicon = {
  /** Passages that hold the stem. */
  frequency(stem: string): number
  /** ln(1 + (N − n + ½)/(n + ½)) of Robertson and Spärck Jones, N passages, n with the stem; for no stem the greatest. */
  idf(frequency: number): number
  /** Stems that a folded word stands for, most likely first, with how sure that is, 0…1; itself first when it is known. */
  readings(word: string): readonly Reading[]
  /** What kind of answer sentences hold. */
  readonly answers: AnswerKinds
  /** Stems of all names of a speaker. */
  namesOf(speakerId: SpeakerId): ReadonlySet<string>
}

export type Reading = { readonly stem: string; readonly weight: number }

const lexicons = new WeakMap<Generation, Lexicon>()

/** Reads the lexicon of a generation, once. */
export function lexiconOf(generation: Generation): Lexicon {
  const known = lexicons.get(generation)
  if (known !== undefined) return known
  const lexicon = readLexicon(generation)
  lexicons.set(generation, lexicon)
  return lexicon
}

/** A word in fewer passages may be a short form of a common one: "dems". */
const RARE = 3
const SHORT_FORM_WEIGHT = 0.7
const CORRECTION_WEIGHT = 0.9
const PARTS_WEIGHT = 0.9
const SHORTEST_CORRECTED = 4
/** Words of one root that no stemmer brings together: "nominee" for "nominate", "Indian" for "India". */
const RELATED_WEIGHT = 0.5
const MOST_RELATED = 4
const ROOT_LETTERS = 5
/** Share of the longer stem that two stems begin with alike. */
const ROOT_SHARE = 0.7
const HAS_DIGIT = /\d/

function readLexicon(generation: Generation): Lexicon {
  const { stems, postings } = generation.words
  const passages = Math.max(1, generation.manifest.counts.passages)
  const frequency = (stem: string) => generation.countPassagesWith(stem)
  const frequencyAt = (number: number) => (postings.from[number + 1] ?? 0) - (postings.from[number] ?? 0)
  let names: Map<SpeakerId, ReadonlySet<string>> | undefined

  /** Numbers of the stems that begin so, the first and the one behind the last. */
  function rangeOf(beginning: string): readonly [number, number] {
    return [firstFrom(beginning), firstFrom(`${beginning}\uffff`)]
  }

  function firstFrom(text: string): number {
    let [low, high] = [0, stems.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((stems[middle] ?? '') < text) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The most frequent known stem that is one or two typing errors away; the first letter is seldom wrong. */
  function correction(word: string): string | undefined {
    const stem = stemOf(word)
    if (word.length < SHORTEST_CORRECTED || HAS_DIGIT.test(word)) return undefined
    const most = word.length >= 7 ? 2 : 1
    let best: { stem: string; errors: number; passages: number } | undefined
    const [from, to] = rangeOf(word.slice(0, 1))
    for (let number = from; number < to; number += 1) {
      const candidate = stems[number] ?? ''
      if (candidate.length < SHORTEST_CORRECTED - 1 || Math.abs(candidate.length - stem.length) > most) continue
      if (frequencyAt(number) === 0 || HAS_DIGIT.test(candidate)) continue
      const errors = typingErrors(stem, candidate)
      if (errors > most || candidate.length - errors < 3) continue
      const found = { stem: candidate, errors, passages: frequencyAt(number) }
      if (best === undefined || errors < best.errors || (errors === best.errors && found.passages > best.passages))
        best = found
    }
    return best?.stem
  }

  /** The most frequent stem that a clipped word begins: "dems", "philly". */
  function longForm(word: string): string | undefined {
    const clipped = word.replace(/s$/, '').replace(/(?:(.)\1)?(?:y|ie)$/, '$1')
    if (clipped.length < 3 || HAS_DIGIT.test(word)) return undefined
    let best: string | undefined
    let most = 0
    const [from, to] = rangeOf(clipped)
    for (let number = from; number < to; number += 1) {
      const stem = stems[number] ?? ''
      if (stem.length < clipped.length + 2 || HAS_DIGIT.test(stem) || frequencyAt(number) <= most) continue
      best = stem
      most = frequencyAt(number)
    }
    return best
  }

  /** "ferryline" as "ferry line", where both are known. */
  function parts(word: string): readonly string[] | undefined {
    for (let i = 2; i <= word.length - 2; i += 1) {
      const [left, right] = [stemOf(word.slice(0, i)), stemOf(word.slice(i))]
      if (frequency(left) > 0 && frequency(right) > 0 && (left.length > 2 || right.length > 2)) return [left, right]
    }
    return undefined
  }

  function related(stem: string): readonly string[] {
    if (stem.length < ROOT_LETTERS || HAS_DIGIT.test(stem)) return []
    const family: { readonly other: string; readonly passages: number }[] = []
    const [from, to] = rangeOf(stem.slice(0, ROOT_LETTERS))
    for (let number = from; number < to; number += 1) {
      const other = stems[number] ?? ''
      if (other === stem || sharedStart(stem, other) < ROOT_SHARE * Math.max(stem.length, other.length)) continue
      if (frequencyAt(number) > 0 && !HAS_DIGIT.test(other)) family.push({ other, passages: frequencyAt(number) })
    }
    return family
      .sort((a, b) => b.passages - a.passages)
      .slice(0, MOST_RELATED)
      .map(({ other }) => other)
  }

  /** A word as it is written, or what it was meant for. */
  function meanings(word: string): Reading[] {
    const stem = stemOf(word)
    const readings: Reading[] = [{ stem, weight: 1 }]
    const n = frequency(stem)
    if (n > RARE) return readings
    const add = (read: string | undefined, weight: number) => {
      if (read !== undefined && read !== stem && frequency(read) > n) readings.push({ stem: read, weight })
    }
    if (n > 0) {
      add(longForm(word), SHORT_FORM_WEIGHT)
      return readings
    }
    const corrected = correction(word)
    add(corrected, CORRECTION_WEIGHT)
    if (corrected === undefined) {
      add(longForm(word), SHORT_FORM_WEIGHT)
      if (readings.length === 1) for (const part of parts(word) ?? []) add(part, PARTS_WEIGHT)
    }
    return readings
  }

  return {
    frequency,
    answers: answerKindsOf(generation.words),
    idf: (n) => Math.log(1 + (passages - n + 0.5) / (n + 0.5)),
    readings(word) {
      const readings = meanings(word)
      const known = new Set(readings.map(({ stem }) => stem))
      const family = readings.flatMap(({ stem, weight }) =>
        related(stem).map((other) => ({ stem: other, weight: weight * RELATED_WEIGHT })),
      )
      return [...readings, ...family.filter(({ stem }) => !known.has(stem))]
    },
    namesOf(speakerId) {
      names ??= new Map(
        generation
          .speakers()
          .map(({ speakerId, name, aliases }) => [
            speakerId,
            new Set([name, ...aliases.map(({ alias }) => alias)].flatMap((n) => readTerms(n).map(({ stem }) => stem))),
          ]),
      )
      return names.get(speakerId) ?? new Set()
    },
  }
}

function sharedStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return length
}

/** Levenshtein's distance, in which two letters changed over count as one error. */
function typingErrors(a: string, b: string): number {
  const errors = distance(a, b)
  if (errors !== 2 || a.length !== b.length) return errors
  let i = 0
  while (a[i] === b[i]) i += 1
  return a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2) ? 1 : errors
}
