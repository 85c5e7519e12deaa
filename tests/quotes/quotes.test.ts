import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Quote } from '../../src/quotes/quote.ts'
import { extractQuotes } from '../../src/quotes/quotes.ts'

/** A first paragraph that introduces two people, then the text. */
const told = (text: string) =>
  `Ada Okoro, the harbour minister, met Jonas Lindqvist, a union leader, in Lund on Monday.\n\n${text}`
const quotesOf = (text: string, kind: Quote['kind'] = 'direct') =>
  extractQuotes(text).filter((quote) => quote.kind === kind)
const spoken = (text: string) => quotesOf(text).map((quote) => [quote.text, quote.speaker])
const reported = (text: string) => quotesOf(text, 'reported').map((quote) => [quote.text, quote.speaker])

describe('who said it', () => {
  test.each<[string, string, [string, string | null][]]>([
    ['the cue behind', '“It will hold,” Okoro said.', [['It will hold,', 'Ada Okoro']]],
    ['the cue inverted', '“It will hold!” shouted Lindqvist.', [['It will hold!', 'Jonas Lindqvist']]],
    ['the cue in front', 'Okoro told the Lund Gazette: “It will hold.”', [['It will hold.', 'Ada Okoro']]],
    [
      'the cue between',
      '“The dam,” said Okoro, “will hold.”',
      [
        ['The dam,', 'Ada Okoro'],
        ['will hold.', 'Ada Okoro'],
      ],
    ],
    [
      'a relative clause behind the speaker',
      '“It will hold,” said Okoro, who had called Lindqvist at noon.',
      [['It will hold,', 'Ada Okoro']],
    ],
    [
      'an appositive between speaker and cue',
      '“It will hold,” Maria Berg, head of water, power and roads, said on a call.',
      [['It will hold,', 'Maria Berg']],
    ],
    [
      'a title with a preposition in it',
      '“It will hold,” Hands for Harbours director Maria Berg told the paper.',
      [['It will hold,', 'Maria Berg']],
    ],
    [
      'according to',
      'The wall is “older than the town,” according to Lindqvist.',
      [['older than the town,', 'Jonas Lindqvist']],
    ],
    [
      'in the words of',
      'It is, in Lindqvist’s words, “older than the town.”',
      [['older than the town.', 'Jonas Lindqvist']],
    ],
    ['a speaker label', 'Okoro: “It will hold.”', [['It will hold.', 'Ada Okoro']]],
    ['a tweet', 'Okoro tweeted: “It will hold.”', [['It will hold.', 'Ada Okoro']]],
    ['a letter', 'A letter from Lindqvist said the wall was “beyond repair.”', [['beyond repair.', 'Jonas Lindqvist']]],
    [
      'a chain of reports',
      'A spokesman said the minister had called it “a gift to the town.”',
      [['a gift to the town.', 'Ada Okoro']],
    ],
    ['the passive', 'The wall was described by Lindqvist as “a bad joke.”', [['a bad joke.', 'Jonas Lindqvist']]],
    [
      'an infinitive with its own subject',
      'Okoro urged Lindqvist to call it “a bad joke.”',
      [['a bad joke.', 'Jonas Lindqvist']],
    ],
    [
      'a participle behind the main verb',
      'Okoro dismissed the idea, saying it “would drown the town.”',
      [['would drown the town.', 'Ada Okoro']],
    ],
    [
      'a participle in front',
      'Speaking in Lund, Okoro said the idea “would drown the town.”',
      [['would drown the town.', 'Ada Okoro']],
    ],
    [
      'two people joined',
      '“We agree,” Okoro and Lindqvist said in a joint statement.',
      [['We agree,', 'Ada Okoro and Jonas Lindqvist']],
    ],
    [
      'somebody quoted by a paper',
      '“It is closed”, the Gazette quoted Maria Berg as saying.',
      [['It is closed', 'Maria Berg']],
    ],
    [
      'a body',
      'A statement by the governments of Norway and Denmark said the deal was “final.”',
      [['final.', 'the governments of Norway and Denmark']],
    ],
    ['an unnamed source', '“It will not hold,” said one senior official.', [['It will not hold,', null]]],
    [
      'a noun of saying',
      'Lindqvist’s claim that the wall was “beyond repair” is false.',
      [['beyond repair', 'Jonas Lindqvist']],
    ],
    ['a message', 'The message from Okoro was that “every stone counts.”', [['every stone counts.', 'Ada Okoro']]],
    ['put it', 'As Lindqvist put it, “we will win.”', [['we will win.', 'Jonas Lindqvist']]],
    [
      'somebody quoted by others',
      'Lindqvist was quoted by the Gazette as saying “we will win.”',
      [['we will win.', 'Jonas Lindqvist']],
    ],
    ['an age and a home', '“It will hold,” Maria Berg, 54, of Ystad, said.', [['It will hold,', 'Maria Berg']]],
    [
      'a source close to somebody',
      'A source close to Lindqvist called him “furious at the paper.”',
      [['furious at the paper.', null]],
    ],
    [
      'two judgements in a sentence',
      'Lindqvist called Okoro “too weak,” and she called him “a bully.”',
      [
        ['too weak,', 'Jonas Lindqvist'],
        ['a bully.', 'Ada Okoro'],
      ],
    ],
    [
      'a colon behind any verb',
      'Lindqvist took to the stage with a simple answer: “No deal.”',
      [['No deal.', 'Jonas Lindqvist']],
    ],
    [
      'retold by a paper',
      'Okoro said the talks were “going nowhere,” according to the Gazette.',
      [['going nowhere,', 'Ada Okoro']],
    ],
  ])('given %s, when extracted, then the speaker is right', (_, text, expected) => {
    expect(spoken(told(text))).toEqual(expected)
  })

  test.each<[string, string, [string, string | null][]]>([
    ['she', '“It will hold,” she said.', [['It will hold,', 'Ada Okoro']]],
    ['he', '“It will hold,” he said.', [['It will hold,', 'Jonas Lindqvist']]],
    ['a job', '“It will hold,” the minister said.', [['It will hold,', 'Ada Okoro']]],
    [
      'they',
      'Okoro and Lindqvist signed the deal, both said. “We agree,” they added.',
      [['We agree,', 'Ada Okoro and Jonas Lindqvist']],
    ],
    [
      'a job that two hold with different words',
      'Prime Minister Karin Dahl said Okoro had time. The prime minister added: “She stays.”',
      [['She stays.', 'Karin Dahl']],
    ],
    [
      'a name that comes behind the description',
      'The prime minister of Norway, Nils Berge, said: “We are friends.”',
      [['We are friends.', 'Nils Berge']],
    ],
    [
      'kinship told before',
      'Eva Lindqvist, the sister of the union leader, was there. The sister said: “He is tired.”',
      [['He is tired.', 'Eva Lindqvist']],
    ],
  ])('given %s for the speaker, when extracted, then it is resolved to the name', (_, text, expected) => {
    expect(spoken(told(text))).toEqual(expected)
  })

  const ferry =
    'In May, Maret Sool called the ferry tax “a bad joke.” The sister of Mayor Odrin Sool said it would “sink us.”\n\n'

  test.each<[string, string, (string | null)[]]>([
    [
      'the subject of the sentence before in the paragraph, though the woman of the paragraph before is known as one',
      'Maret Sool is his sister. She called the tax “a bad joke.”\n\nTenna Quill is the harbour minister. She praised it as “a fair price.”',
      ['Maret Sool', 'Tenna Quill'],
    ],
    [
      'a gender that a pronoun told before',
      'Tenna Quill is the harbour minister. She praised it as “a fair price.”\n\nOdrin Sool was there. Tenna Quill shook his hand. “Never again,” she said.',
      ['Tenna Quill', 'Tenna Quill'],
    ],
    [
      'a job right behind somebody new',
      `${ferry}In July it was the turn of Tenna Quill. The harbour minister said the tax would “empty the quay.” The town, she complained, was “asleep.”`,
      ['Maret Sool', 'Maret Sool', 'Tenna Quill', 'Tenna Quill'],
    ],
    [
      'a job that nobody near is said to have',
      `${ferry}The tax begins in June. The harbour minister said it was “a fair price.”`,
      ['Maret Sool', 'Maret Sool', null],
    ],
    [
      'a job right behind a new place',
      `${ferry}In July the fleet lay in Tenna Sound. The harbour minister said it was “a fair price.”`,
      ['Maret Sool', 'Maret Sool', null],
    ],
    [
      'a job behind two new names',
      `${ferry}Tenna Quill met Bero Stamm. The harbour minister said it was “a fair price.”`,
      ['Maret Sool', 'Maret Sool', null],
    ],
    [
      'they for a list in the same sentence',
      'Tenna Quill answered Norway, Denmark and Finland on Monday, two days after they had called the tax “a bad joke.”',
      ['Norway, Denmark and Finland'],
    ],
    [
      'a number for a list',
      'Norway, Denmark and Finland met on Monday. The ferries stayed away. The three governments called the tax “a bad joke.”',
      ['Norway, Denmark and Finland'],
    ],
    [
      'a number that no list has',
      'Norway, Denmark and Finland met on Monday. The ferries stayed away. The four governments called the tax “a bad joke.”',
      [null],
    ],
    [
      'their statement',
      'Norway, Denmark and Finland met on Monday. The three governments had made up their minds. Their statement called the tax “a bad joke.”',
      ['Norway, Denmark and Finland'],
    ],
    [
      'the signatories and what they are',
      'Mayors from nearly 30 towns asked for calm. Tenna Quill signed the appeal, as did Bero Stamm, who runs the port, and 28 other mayors.\n\nThe signatories called the tax “a bad joke.” In their appeal they said it would “sink the town.”\n\nIt was “a sad day,” according to the mayors.',
      [
        'Tenna Quill, Bero Stamm and 28 other mayors',
        'Tenna Quill, Bero Stamm and 28 other mayors',
        'Tenna Quill, Bero Stamm and 28 other mayors',
      ],
    ],
    [
      'signatories whom nobody names',
      'Mayors from nearly 30 towns asked for calm. The signatories called the tax “a bad joke.”',
      [null],
    ],
    ['her words', 'Tenna Quill left at noon. In her words it is “a fair price.”', ['Tenna Quill']],
  ])('given %s, when extracted, then it is resolved as the text goes on', (_, text, speakers) => {
    expect(quotesOf(text).map((quote) => quote.speaker)).toEqual(speakers)
  })

  test('given a surname alone, when extracted, then the fullest name of the text is returned, even one that comes later', () => {
    expect(spoken('“It will hold,” Solberg said.\n\nIngrid Anna Solberg is an engineer.')).toEqual([
      ['It will hold,', 'Ingrid Anna Solberg'],
    ])
  })

  test('given a fuller name only inside a quotation, when extracted, then it is the speaker’s name', () => {
    const text = 'Okoro opened the quay.\n\n“Ada Okoro has done nothing,” one trader said.\n\n“I did,” Okoro said.'
    expect(spoken(text).at(-1)).toEqual(['I did,', 'Ada Okoro'])
  })

  test('given a family name that comes first, when extracted, then it leads to the whole name', () => {
    const text = 'Foreign Minister Han Ji Woo arrived. Han said: “It will hold.” “We saw it,” Han Ji-woo added.'
    expect(quotesOf(text).map((quote) => quote.speaker)).toEqual(['Han Ji Woo', 'Han Ji Woo'])
  })

  test('given two people of one surname, when extracted, then they are kept apart', () => {
    const text = told('“He is tired,” Eva Lindqvist said.\n\n“I am not,” Jonas Lindqvist said.\n\n“He is,” she said.')
    expect(quotesOf(text).map((quote) => quote.speaker)).toEqual(['Eva Lindqvist', 'Jonas Lindqvist', 'Eva Lindqvist'])
  })

  test('given an unnamed source taken up by "he", when extracted, then no name is put to it', () => {
    const [first, second] = quotesOf(told('“It leaks,” said a senior official. “Badly,” he added.'))
    expect([first?.speaker, second?.speaker]).toEqual([null, null])
    expect(second?.mention?.text).toBe('a senior official')
  })
})

describe('quotes without a cue of their own', () => {
  test('given a second sentence behind the cue, when extracted, then it belongs to the utterance', () => {
    const [first, second] = quotesOf(told('“It will hold,” Okoro said. “It always has.”'))
    expect(second).toMatchObject({ speaker: 'Ada Okoro', attribution: 'interrupted', utterance: first?.utterance })
  })

  test('given paragraphs that each open a mark, when extracted, then they are one utterance of one speaker', () => {
    const found = quotesOf(told('Okoro said: “It will hold.\n\n“It always has.\n\n“Trust it.”'))
    expect(found.map((quote) => quote.speaker)).toEqual(['Ada Okoro', 'Ada Okoro', 'Ada Okoro'])
    expect(new Set(found.map((quote) => quote.utterance)).size).toBe(1)
  })

  test('given a paragraph that is only a quote, when extracted, then the last speaker goes on', () => {
    const [, second] = quotesOf(told('“It will hold,” Okoro said.\n\n“It always has.”'))
    expect(second).toMatchObject({ speaker: 'Ada Okoro', attribution: 'continued', mention: null, cue: null })
  })

  test('given a gesture beside the quote, when extracted, then who makes it speaks', () => {
    expect(spoken(told('“Too late.” Lindqvist shook his head. “Nobody asked us.”'))).toEqual([
      ['Too late.', 'Jonas Lindqvist'],
      ['Nobody asked us.', 'Jonas Lindqvist'],
    ])
  })

  test('given nobody near who could have said it, when extracted, then the speaker is null', () => {
    expect(quotesOf('The rain fell for nine days and the river rose.\n\n“It will hold.”')).toMatchObject([
      { speaker: null, attribution: 'none', confidence: 0 },
    ])
  })
})

describe('words in marks that nobody says', () => {
  test.each([
    'The film “The Long Road Home” opened on Friday.',
    'Okoro spoke on the show “Morning in Lund.”',
    'DPRN stands for “Democratic Parish of Rural Norrland,” its full name.',
    'The so-called “harbour tax” was dropped.',
    'He is known as “the Lion of Lund.”',
    'The old “customs house” quarter is quiet.',
  ])('given %s, when extracted, then there is no quote', (text) => {
    expect(spoken(told(text))).toEqual([])
  })

  test('given a title inside a sentence with a cue, when extracted, then only the speech is a quote', () => {
    expect(spoken(told('Okoro wrote in her memoir, “The Harbour Years,” that the port was “a second home.”'))).toEqual([
      ['a second home.', 'Ada Okoro'],
    ])
  })
})

describe('reported speech', () => {
  test.each<[string, string, [string, string | null][]]>([
    ['that', 'Okoro said on Monday that the dam would hold.', [['the dam would hold', 'Ada Okoro']]],
    ['no that', 'Okoro said the dam would hold.', [['the dam would hold', 'Ada Okoro']]],
    ['a hearer', 'Okoro told reporters the dam would hold.', [['the dam would hold', 'Ada Okoro']]],
    ['the cue at the end', 'The dam would hold, Okoro said.', [['The dam would hold', 'Ada Okoro']]],
    ['according to', 'According to Lindqvist, the dam leaks.', [['the dam leaks', 'Jonas Lindqvist']]],
    ['according to at the end', 'The dam leaks, according to Lindqvist.', [['The dam leaks', 'Jonas Lindqvist']]],
    ['a promise', 'Okoro vowed to rebuild the harbour wall.', [['to rebuild the harbour wall', 'Ada Okoro']]],
    ['an unnamed source', 'Engineers said the dam would hold.', [['the dam would hold', null]]],
    [
      'an inserted cue',
      'The dam, Okoro said, would hold.',
      [
        ['The dam', 'Ada Okoro'],
        ['would hold', 'Ada Okoro'],
      ],
    ],
    [
      'two speakers in a sentence',
      'Okoro said the dam would hold, but Lindqvist claimed it leaked badly.',
      [
        ['the dam would hold', 'Ada Okoro'],
        ['it leaked badly', 'Jonas Lindqvist'],
      ],
    ],
  ])('given %s, when extracted, then the clause is reported', (_, text, expected) => {
    expect(reported(told(text))).toEqual(expected)
  })

  test.each([
    'Okoro did not say whether the dam would hold.',
    'Okoro declined to say that the dam would hold.',
    'Okoro said goodbye.',
    '“It will hold,” Okoro said.',
    'Okoro said: “It will hold.”',
  ])('given %s, when extracted, then nothing is reported', (text) => {
    expect(reported(told(text))).toEqual([])
  })

  test('given a fragment in marks inside a reported clause, when extracted, then the quote lies inside the clause', () => {
    const found = extractQuotes(told('Okoro said the wall was “older than the town” and safe.'))
    expect(found.map((quote) => [quote.kind, quote.text, quote.speaker])).toEqual([
      ['reported', 'the wall was “older than the town” and safe', 'Ada Okoro'],
      ['direct', 'older than the town', 'Ada Okoro'],
    ])
    expect(new Set(found.map((quote) => quote.utterance)).size).toBe(1)
  })
})

describe('how it was made', () => {
  test.each([
    ['“It will hold,” Okoro said.', 'cue'],
    ['It is “sound,” according to Okoro.', 'according-to'],
    ['A letter from Okoro said it was “sound.”', 'document'],
    ['“It will hold,” she said.', 'pronoun'],
    ['“It will hold,” the minister said.', 'description'],
  ])(
    'given %s, when extracted, then the attribution says %s and the confidence lies between chance and certainty',
    (text, attribution) => {
      const [quote] = quotesOf(told(text))
      expect(quote?.attribution).toBe(attribution)
      expect(quote?.confidence).toBeGreaterThan(0.5)
      expect(quote?.confidence).toBeLessThan(1)
    },
  )

  test('given a name beside the cue and a description, when extracted, then the name is surer', () => {
    const [named, described] = quotesOf(told('“It will hold,” Okoro said.\n\n“I hope so,” the minister said.'))
    expect(named?.confidence).toBeGreaterThan(described?.confidence ?? 1)
  })

  test('given a cue and a mention, when extracted, then their spans are the words of the text', () => {
    const text = told('“It will hold,” the minister said.')
    const [quote] = quotesOf(text)
    expect([quote?.mention, quote?.cue].map((span) => text.slice(span?.start, span?.end))).toEqual([
      'the minister',
      'said',
    ])
  })
})

describe('any text', () => {
  const piece = fc.constantFrom(
    ...[
      '“',
      '”',
      '"',
      "'",
      '’',
      '«',
      '»',
      ',',
      '.',
      ': ',
      '\n',
      '\n\n',
      '(',
      ')',
      '-',
      '—',
      ' ',
      '\ud800',
      '\0',
      '\u200f',
      '😀',
      'é',
      '6\'2"',
    ],
    ...[
      ' said ',
      ' Okoro ',
      ' Ada Okoro ',
      ' she ',
      ' the minister ',
      ' according to ',
      ' that ',
      ' and ',
      ' who ',
      ' of ',
      ' to say ',
      ' called ',
      ' saying ',
      ' it will hold ',
    ],
  )
  const anyText = fc.array(piece, { maxLength: 80 }).map((pieces) => pieces.join(''))

  test('given any text, when extracted, then every span is a slice of it and spans overlap only by nesting', () => {
    let total = 0
    fc.assert(
      fc.property(anyText, (text) => {
        const quotes = extractQuotes(text)
        total += quotes.length
        for (const quote of quotes) {
          expect(text.slice(quote.start, quote.end)).toBe(quote.text)
          expect(quote.text.trim()).not.toBe('')
          for (const span of [quote.mention, quote.cue])
            if (span) expect(text.slice(span.start, span.end)).toBe(span.text)
          expect(quote.speaker === null).toBe(quote.confidence === 0)
          for (const other of quotes) {
            const crosses = quote.start < other.start && other.start < quote.end && quote.end < other.end
            expect(crosses).toBe(false)
            if (other !== quote && other.kind === 'direct' && quote.kind === 'direct') {
              expect(other.start >= quote.end || other.end <= quote.start).toBe(true)
            }
          }
        }
      }),
      { numRuns: 1_000 },
    )
    expect(total).toBeGreaterThan(0)
  })

  test('given quotes in whole sentences, when other paragraphs stand before them, then only the offsets move', () => {
    const paragraph = fc.constantFrom('Rain fell on the quay.', 'The quay was empty.', 'Ships came and went all day.')
    fc.assert(
      fc.property(fc.array(paragraph, { maxLength: 5 }), (paragraphs) => {
        const lead = paragraphs.map((text) => `${text}\n\n`).join('')
        const text = '“It will hold,” Ada Okoro said. Jonas Lindqvist said the dam leaked.'
        const moved = extractQuotes(lead + text).map((quote) => [quote.start - lead.length, quote.text, quote.speaker])
        expect(moved).toEqual(extractQuotes(text).map((quote) => [quote.start, quote.text, quote.speaker]))
      }),
    )
  })

  test('given lone surrogates, NULs and direction marks between the words, when extracted, then offsets stay exact', () => {
    const text = '\ud800\0 \u200f“It will hold,” \u202bAda Okoro\u202c said.\udfff'
    const [quote] = quotesOf(text)
    expect(quote?.text).toBe('It will hold,')
    expect(text.slice(quote?.start, quote?.end)).toBe('It will hold,')
  })

  test.each([
    ['nothing', ''],
    ['white space', ' \n\n \t '],
    ['marks only', '"'.repeat(5_000)],
    ['one endless sentence', 'and then she said that '.repeat(5_000)],
    ['one endless word', 'a'.repeat(100_000)],
    ['one endless quotation', `“${'word '.repeat(20_000)}”`],
    ['open marks only', '“ word '.repeat(5_000)],
  ])('given %s, when extracted, then it ends and nothing crosses the end', (_, text) => {
    for (const quote of extractQuotes(text)) expect(quote.end).toBeLessThanOrEqual(text.length)
  })
})
