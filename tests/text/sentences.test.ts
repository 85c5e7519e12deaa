import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitParagraphs } from '../../src/text/paragraphs.ts'
import { splitSentences } from '../../src/text/sentences.ts'

const sentences = (text: string): string[] => splitSentences(text).map((sentence) => sentence.text)

describe('sentences', () => {
  test.each([
    ['abbreviations and titles', 'Gen. Pak of the U.S. Army left at 7 p.m. on Jan. 5. Sen. Mara Quill stayed.', 2],
    ['a cue after a quoted question', '“Is it safe?” she asked. Nobody answered.', 2],
    ['a named cue after a quoted question', '“Is it safe?” Ada Okoro asked. Nobody answered.', 2],
    ['a quotation that ends its sentence', 'He said, “We will go.” Then he left.', 2],
    ['a web address', 'See www.example.com for more. It is free.', 2],
    ['numbers', 'It cost $3.5 million. No. 5 was sold.', 2],
    ['a party and a place in brackets', 'Rep. Joan Pell (D-Conn.) spoke. He did not.', 2],
    ['a missing space', 'The vote was held.Nobody came.', 2],
    ['a title before a name', 'It was Gov. Smith who came.', 1],
  ])('given %s, when split, then sentences are whole', (_case, text, count) => {
    expect(sentences(text)).toHaveLength(count)
  })

  test('given a heading on a line of its own, when split, then it is a sentence of its own', () => {
    expect(sentences('What we know\nThe bridge closed on Monday.')).toEqual([
      'What we know',
      'The bridge closed on Monday.',
    ])
  })

  test('given lines wrapped at a fixed width, when split, then the sentence runs on', () => {
    const wrapped = 'The bridge over the northern arm of the river was closed to all\ntraffic on Monday.'
    expect(sentences(wrapped)).toEqual([wrapped])
  })

  test('given a word without end, when split, then it is one sentence and nothing is lost', () => {
    const text = `Before. ${'x'.repeat(50_000)} after. Next one.`
    expect(sentences(text).join(' ')).toBe(text)
  })

  test('given nothing but white space, when split, then there is no sentence', () => {
    expect(sentences(' \n\n\t')).toEqual([])
  })
})

const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '. ',
        '? ',
        '” ',
        '“',
        '\n',
        '\n\n',
        ' ',
        'U.S. ',
        'He said. ',
        '\u0000',
        '\ud800',
        '\u200f',
        '\u00a0',
        '...',
        'www.a.b ',
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

describe('for any text', () => {
  test('each sentence and each paragraph is an exact slice', () =>
    fc.assert(
      fc.property(anyText, (text) => {
        for (const span of [...splitSentences(text), ...splitParagraphs(text)])
          expect(text.slice(span.start, span.end)).toBe(span.text)
      }),
    ))

  test('sentences are in order, do not overlap, and leave out nothing but white space', () =>
    fc.assert(
      fc.property(anyText, (text) => {
        let at = 0
        for (const sentence of splitSentences(text)) {
          expect(sentence.start).toBeGreaterThanOrEqual(at)
          expect(sentence.end).toBeGreaterThan(sentence.start)
          expect(text.slice(at, sentence.start).trim()).toBe('')
          at = sentence.end
        }
        expect(text.slice(at).trim()).toBe('')
      }),
      { numRuns: 300 },
    ))

  test('each sentence lies inside its paragraph', () =>
    fc.assert(
      fc.property(anyText, (text) => {
        const paragraphs = splitParagraphs(text)
        for (const sentence of splitSentences(text)) {
          const paragraph = paragraphs[sentence.paragraph]
          expect(paragraph && paragraph.start <= sentence.start && sentence.end <= paragraph.end).toBe(true)
        }
      }),
    ))
})
