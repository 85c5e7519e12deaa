import { TERM_BITS, type Generation, type PassageRow } from '../index/index.ts'
import { readTerms } from '../text/terms.ts'
import type { Lexicon } from './lexicon.ts'
import type { QuestionTerm } from './question.ts'

/** What a passage holds of somebody's words, each 0…1. */
export type Said = {
  readonly quoted: number
  readonly named: number
  readonly described: number
  readonly othersWords: number
}

/** How far from a speaker's name a description of him is looked for, in words. */
const DESCRIPTION_REACH = 9

/**
 * Tells for a passage whether it holds words of the speaker that the question names or describes.
 * @param articleAt the article's place in the word lists  @param isAsked whether the question asks for that stem
 */
export function saidEvidence(
  generation: Generation,
  lexicon: Lexicon,
  speakers: readonly QuestionTerm[],
  isAsked: (stem: number) => boolean,
): (passage: Pick<PassageRow, 'start' | 'end'>, articleAt: number) => Said {
  const { articles, sentences, quotes, names, stems: allStems } = generation.words
  const fits = new Map<number, { named: number; described: number }>()
  const total = speakers.reduce((sum, { idf }) => sum + idf, 0) || 1
  const shareIn = (stems: ReadonlySet<string>) => {
    let sum = 0
    for (const { idf, readings } of speakers)
      sum += idf * Math.max(0, ...readings.map(({ stem, weight }) => (stems.has(stem) ? weight : 0)))
    return sum / total
  }

  function fitOf(name: number, speakerId: number, articleAt: number): { named: number; described: number } {
    const key = articleAt * names.length + name
    const known = fits.get(key)
    if (known !== undefined) return known
    const own = readTerms(names[name] ?? '')
    const stems = new Set(own.map(({ stem }) => stem))
    if (speakerId >= 0) for (const stem of lexicon.namesOf(speakerId)) stems.add(stem)
    const named = shareIn(stems)
    const last = own.findLast(({ isInitials }) => !isInitials)?.stem
    const described = named > 0.99 || last === undefined ? named : Math.max(named, describedAs(articleAt, last, stems))
    const fit = { named, described }
    fits.set(key, fit)
    return fit
  }

  /** Share of the question's description that stands around a name in its article. */
  function describedAs(articleAt: number, name: string, stems: ReadonlySet<string>): number {
    const wanted = generation.stemNumber(name)
    if (wanted < 0) return shareIn(stems)
    const around = new Set(stems)
    const last = articles.sentencesFrom[articleAt + 1] ?? 0
    for (let sentence = articles.sentencesFrom[articleAt] ?? 0; sentence < last; sentence += 1) {
      const [from, to] = [sentences.termsFrom[sentence] ?? 0, sentences.termsFrom[sentence + 1] ?? 0]
      for (let at = from; at < to; at += 1) {
        if ((sentences.terms[at] ?? 0) >>> TERM_BITS !== wanted) continue
        const end = Math.min(to, at + DESCRIPTION_REACH + 1)
        for (let near = Math.max(from, at - DESCRIPTION_REACH); near < end; near += 1) {
          const stem = (sentences.terms[near] ?? 0) >>> TERM_BITS
          if (isAsked(stem)) around.add(allStems[stem] ?? '')
        }
      }
    }
    return shareIn(around)
  }

  return ({ start, end }, articleAt) => {
    const found = { quoted: 0, named: 0, described: 0, othersWords: 0 }
    const to = articles.quotesFrom[articleAt + 1] ?? 0
    for (let quote = articles.quotesFrom[articleAt] ?? 0; quote < to; quote += 1) {
      if ((quotes.end[quote] ?? 0) <= start || (quotes.start[quote] ?? 0) >= end) continue
      if (quotes.isDirect[quote] === 1) found.quoted = 1
      const name = quotes.name[quote] ?? -1
      if (name < 0) continue
      const { named, described } = fitOf(name, quotes.speakerIds[quote] ?? -1, articleAt)
      found.named = Math.max(found.named, named)
      found.described = Math.max(found.described, described)
      if (described < 0.4) found.othersWords = 1
    }
    if (found.named > 0.4) found.othersWords = 0
    return found
  }
}
