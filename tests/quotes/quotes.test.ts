import { describe, expect, test } from 'vitest'
import { extractQuotes } from '../../src/quotes/quotes.ts'

const direct = (text: string) => extractQuotes(text).filter((quote) => quote.kind === 'direct')
const speakers = (text: string) => direct(text).map((quote) => [quote.text, quote.speaker])

describe('who said it', () => {
  test('given a quote split by its cue, when extracted, then both halves have one speaker and one utterance', () => {
    const quotes = direct('“The bridge,” said Ada Okoro, “is safe.”')
    expect(quotes.map((quote) => [quote.text, quote.speaker])).toEqual([
      ['The bridge,', 'Ada Okoro'],
      ['is safe.', 'Ada Okoro'],
    ])
    expect(new Set(quotes.map((quote) => quote.utterance)).size).toBe(1)
  })

  test('given a cue before the quote, when extracted, then the subject of the cue is the speaker', () => {
    expect(speakers('Mayor Ingrid Solberg told reporters on Monday: “We will rebuild the harbour.”')).toEqual([
      ['We will rebuild the harbour.', 'Ingrid Solberg'],
    ])
  })

  test('given a pronoun, when extracted, then the speaker is the person it means', () => {
    const text = 'Minister Ada Okoro visited the dam with Jonas Lindqvist.\n\n“It will hold,” she said.'
    expect(speakers(text)).toEqual([['It will hold,', 'Ada Okoro']])
  })
})
