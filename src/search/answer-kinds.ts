import { ADJACENT, CAPITAL, INITIALS, TERM_BITS, type WordLists } from '../index/index.ts'
import { readTerms } from '../text/terms.ts'
import { SMALL_WORDS, type QuestionKind } from './question.ts'

const wordsIn = (text: string): ReadonlySet<string> =>
  new Set(readTerms(text).flatMap(({ stem, isInitials }) => (isInitials ? [] : [stem])))

const NUMBER_WORDS = wordsIn(
  `one two three four five six seven eight nine ten eleven twelve dozen dozens twenty thirty forty
  fifty sixty seventy eighty ninety hundred thousand million billion trillion half quarter twice`,
)
const DATE_WORDS = wordsIn(
  `january february march april june july august september october november december jan feb aug sept
  oct nov dec monday tuesday wednesday thursday friday saturday sunday`,
)
const TIME_WORDS = wordsIn(
  `yesterday today tomorrow tonight ago week month year decade century spring summer fall autumn winter`,
)
const REASON_WORDS = wordsIn(`because since due reason avoid cite amid result lead prompt blame after order`)
const PLACE_PREPOSITIONS = new Set(['in', 'at', 'to', 'near', 'from', 'outsid', 'across'])
const YEAR = /^(?:1[0-9]|20)\d\d$/
const NUMBER = /^\p{N}/u

const NO_TERM = -1

const IS_SMALL = 1
const IS_NUMBER = 2
const IS_TIME = 4
const IS_REASON = 8
const IS_PREPOSITION = 16
const IS_THE = 32

/** Tells of sentences what kind of answer they hold. */
export type AnswerKinds = {
  /**
   * Whether the terms hold what the question wants and does not say itself: a name, a date, a place, a number, a reason.
   * @param asked whether the question says the stem of that number
   */
  holds(kind: QuestionKind, asked: (stem: number) => boolean, from: number, to: number): boolean
  /** Whether one of the terms is a number with one of the wanted stems a few words before or after it. */
  hasNumberNear(isWanted: (stem: number) => boolean, from: number, to: number): boolean
}

/** Prepares it for all stems of the word lists. Ranges are of the terms of sentences. */
export function answerKindsOf({ stems, sentences: { terms } }: WordLists): AnswerKinds {
  const kinds = Uint8Array.from(stems, kindsOf)
  const kindOf = (code: number) => kinds[code >>> TERM_BITS] ?? 0

  function isNew(code: number, asked: (stem: number) => boolean): boolean {
    return (kindOf(code) & IS_SMALL) === 0 && !asked(code >>> TERM_BITS)
  }

  /** Whether a term, after the two before it, is what questions of the kind want. */
  function isKind(kind: QuestionKind, code: number, before: number, beforeThat: number): boolean {
    switch (kind) {
      case 'who':
        return before !== NO_TERM && (before & code & CAPITAL) !== 0 && (code & ADJACENT) !== 0
      case 'when':
        return (kindOf(code) & IS_TIME) !== 0
      case 'where': {
        if ((code & CAPITAL) === 0 || before === NO_TERM) return false
        const preposition = (kindOf(before) & IS_THE) !== 0 ? beforeThat : before
        return preposition !== NO_TERM && (kindOf(preposition) & IS_PREPOSITION) !== 0
      }
      case 'number':
        return (kindOf(code) & IS_NUMBER) !== 0
      case 'why':
      case 'said':
      case 'what':
      case 'topic':
        return false
    }
  }

  return {
    holds(kind, asked, from, to) {
      if (kind === 'said' || kind === 'what' || kind === 'topic') return false
      let [before, beforeThat] = [NO_TERM, NO_TERM]
      for (let i = from; i < to; i += 1) {
        const code = terms[i] ?? 0
        if (kind === 'why' && (kindOf(code) & IS_REASON) !== 0) return true
        if ((code & INITIALS) !== 0) continue
        if (isKind(kind, code, before, beforeThat) && isNew(code, asked) && (kind !== 'who' || isNew(before, asked)))
          return true
        beforeThat = before
        before = code
      }
      return false
    },
    hasNumberNear(isWanted, from, to) {
      for (let i = from; i < to; i += 1) {
        if ((kindOf(terms[i] ?? 0) & IS_NUMBER) === 0) continue
        for (let near = Math.max(from, i - 3); near < Math.min(to, i + 5); near += 1)
          if (near !== i && isWanted((terms[near] ?? 0) >>> TERM_BITS)) return true
      }
      return false
    },
  }
}

function kindsOf(stem: string): number {
  return (
    (SMALL_WORDS.has(stem) ? IS_SMALL : 0) +
    (NUMBER_WORDS.has(stem) || NUMBER.test(stem) ? IS_NUMBER : 0) +
    (DATE_WORDS.has(stem) || TIME_WORDS.has(stem) || YEAR.test(stem) ? IS_TIME : 0) +
    (REASON_WORDS.has(stem) ? IS_REASON : 0) +
    (PLACE_PREPOSITIONS.has(stem) ? IS_PREPOSITION : 0) +
    (stem === 'the' ? IS_THE : 0)
  )
}
