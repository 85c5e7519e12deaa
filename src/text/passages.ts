import type { Sentence } from './sentences.ts'
import type { TextSpan } from './paragraphs.ts'

/** What is quoted in an answer: neighbouring sentences of one paragraph. `firstSentence` counts in the whole text. */
export type Passage = TextSpan & {
  readonly paragraph: number
  readonly firstSentence: number
  readonly sentenceCount: number
}

/** Most sentences of a passage. */
export const MAX_PASSAGE_SENTENCES = 4
/** Most words of a passage, where its sentences allow; a longer sentence is a passage of its own. */
export const MAX_PASSAGE_WORDS = 90

/**
 * The passages of a text, in order: a paragraph of up to 4 sentences and 90 words is one passage; a longer one gives
 * overlapping passages, from each sentence on as many as fit, none inside another. Every sentence lies in at least
 * one passage, and no passage crosses a paragraph.
 * @param text what `sentences` were split from  @param sentences all of them, as `splitSentences` gives them
 */
export function splitPassages(text: string, sentences: readonly Sentence[]): readonly Passage[] {
  const words = sentences.map((sentence) => countWords(sentence.text))
  const passages: Passage[] = []
  let covered = 0
  for (const [first, sentence] of sentences.entries()) {
    let end = first + 1
    let total = words[first] ?? 0
    for (; end < first + MAX_PASSAGE_SENTENCES && sentences[end]?.paragraph === sentence.paragraph; end += 1) {
      total += words[end] ?? 0
      if (total > MAX_PASSAGE_WORDS) break
    }
    const last = sentences[end - 1]
    if (end <= covered || last === undefined) continue
    covered = end
    passages.push({
      start: sentence.start,
      end: last.end,
      text: text.slice(sentence.start, last.end),
      paragraph: sentence.paragraph,
      firstSentence: first,
      sentenceCount: end - first,
    })
  }
  return passages
}

/** Words as a reader counts them: runs of anything but white space that hold a letter or a digit. */
export function countWords(text: string): number {
  let count = 0
  for (const word of text.split(/\s+/u)) if (/[\p{L}\p{N}]/u.test(word)) count += 1
  return count
}
