import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countWords, MAX_PASSAGE_SENTENCES, MAX_PASSAGE_WORDS, splitPassages } from '../../src/text/passages.ts'
import { splitSentences } from '../../src/text/sentences.ts'

const passagesOf = (text: string) => splitPassages(text, splitSentences(text))
const sentenceOf = (words: number) => `The ${'long '.repeat(words - 2)}road.`

describe('splitPassages', () => {
  test('given a paragraph that fits, when split, then it is one passage', () => {
    const text = 'The ferry sank at noon. Nobody was hurt. Divers will look for it on Monday.'
    expect(passagesOf(text).map((passage) => passage.text)).toEqual([text])
  })

  test('given two short paragraphs, when split, then no passage holds words of both', () => {
    const text = 'The ferry sank at noon.\n\nNobody was hurt.'
    expect(passagesOf(text).map((passage) => passage.text)).toEqual(['The ferry sank at noon.', 'Nobody was hurt.'])
  })

  test('given a paragraph of six sentences, when split, then passages of four sentences overlap', () => {
    const text = ['One came.', 'Two left.', 'Three stayed.', 'Four slept.', 'Five ate.', 'Six sang.'].join(' ')
    expect(passagesOf(text).map(({ firstSentence, sentenceCount }) => [firstSentence, sentenceCount])).toEqual([
      [0, 4],
      [1, 4],
      [2, 4],
    ])
  })

  test('given long sentences, when split, then a passage ends before ninety words', () => {
    const text = [sentenceOf(50), sentenceOf(30), sentenceOf(30)].join(' ')
    expect(passagesOf(text).map((passage) => countWords(passage.text))).toEqual([80, 60])
  })

  test('given a sentence of more than ninety words, when split, then it is a passage of its own', () => {
    const text = [sentenceOf(20), sentenceOf(120), sentenceOf(20)].join(' ')
    expect(passagesOf(text).map((passage) => countWords(passage.text))).toEqual([20, 120, 20])
  })

  test('given an empty text, when split, then there is no passage', () => {
    expect(passagesOf(' \n\n ')).toEqual([])
  })

  test('given any text, when split, then passages are exact slices that leave no sentence out', () => {
    const word = fc.constantFrom('river', 'Gen.', 'U.S.', 'flooded', '“stop', 'now,”', '7', 'p.m.', 'she', 'said', 'A')
    const sentence = fc.array(word, { minLength: 1, maxLength: 40 }).map((words) => `${words.join(' ')}.`)
    const paragraph = fc.array(sentence, { minLength: 1, maxLength: 7 }).map((sentences) => sentences.join(' '))
    const body = fc.array(paragraph, { minLength: 1, maxLength: 4 }).map((paragraphs) => paragraphs.join('\n\n'))
    fc.assert(
      fc.property(body, (text) => {
        const sentences = splitSentences(text)
        const passages = splitPassages(text, sentences)
        const covered = new Set<number>()
        for (const passage of passages) {
          expect(text.slice(passage.start, passage.end)).toBe(passage.text)
          expect(passage.sentenceCount).toBeLessThanOrEqual(MAX_PASSAGE_SENTENCES)
          if (passage.sentenceCount > 1) expect(countWords(passage.text)).toBeLessThanOrEqual(MAX_PASSAGE_WORDS)
          for (let i = 0; i < passage.sentenceCount; i += 1) {
            expect(sentences[passage.firstSentence + i]?.paragraph).toBe(passage.paragraph)
            covered.add(passage.firstSentence + i)
          }
        }
        return passages.length > 0 && covered.size === sentences.length
      }),
      { numRuns: 60 },
    )
  })
})
