import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Tokenizer, unigramTokenizer } from '../../src/embedding/unigram.ts'
import { convertUseLite } from '../../src/embedding/use-lite.ts'
import { splitSentences } from '../../src/text/sentences.ts'

const articles = fileURLToPath(new URL('../../../shared/retrieval-dev/articles', import.meta.url))
const hasArticles = existsSync(articles)

describe('a small vocabulary', () => {
  const pieces = ['<unknown>', '▁', 'a', 'b', 'ab', 'ha', 'haha', '▁ab', 'x']
  const scores = Float64Array.of(-20, -5, -4, -4, -3, -2, -4, -2.5, -9)
  const tokenize = unigramTokenizer(pieces, scores, 0)
  const piecesOf = (text: string, maxTokens = 128) => [...tokenize(text, maxTokens)].map((id) => pieces[id])

  test('given a word, when tokenised, then the pieces of highest summed score are taken', () => {
    expect(piecesOf('ab')).toEqual(['▁ab'])
    expect(piecesOf('aab')).toEqual(['▁', 'a', 'ab'])
  })

  test('given two segmentations of equal score, when tokenised, then the last piece is the longer one', () => {
    expect(piecesOf('hahaha')).toEqual(['▁', 'ha', 'haha'])
  })

  test('given characters that no piece covers, when tokenised, then a run of them is one unknown token', () => {
    expect(piecesOf('a漢字😀b')).toEqual(['▁', 'a', '<unknown>', 'b'])
    expect(piecesOf('漢 字')).toEqual(['▁', '<unknown>', '▁', '<unknown>'])
  })

  test('given spaces, when tokenised, then each is a mark of its own', () => {
    expect(piecesOf(' a  b ')).toEqual(['▁', '▁', 'a', '▁', '▁', 'b', '▁'])
  })

  test('given more tokens than are wanted, when tokenised, then the first ones are what the whole begins with', () => {
    const text = 'ab hahaha a xb '.repeat(50)
    const whole = piecesOf(text, 10_000)
    expect(whole.length).toBeGreaterThan(300)
    for (const most of [1, 2, 3, 50, 299]) expect(piecesOf(text, most)).toEqual(whole.slice(0, most))
  })

  test('given an empty text, when tokenised, then only the mark of its start is left', () => {
    expect(piecesOf('')).toEqual(['▁'])
  })

  test('given a piece with a mark inside, when built, then it is refused', () => {
    expect(() => unigramTokenizer(['<unknown>', 'a▁b'], Float64Array.of(-20, -1), 0)).toThrow(RangeError)
  })
})

describe('the built-in vocabulary', () => {
  let cacheDir: string
  let ours: Tokenizer
  let theirs: { encode(text: string): number[] }

  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'verbatim-tokens-'))
    const directory = join(cacheDir, 'model')
    await convertUseLite(directory, 'fp32')
    const { AutoTokenizer, env } = await import('@xenova/transformers')
    env.allowRemoteModels = false
    env.localModelPath = dirname(directory)
    const tokenizer = await AutoTokenizer.from_pretrained(basename(directory), { local_files_only: true })
    const { vocab, scores, unk_token_id } = tokenizer.model as unknown as {
      vocab: string[]
      scores: number[]
      unk_token_id: number
    }
    theirs = tokenizer
    ours = unigramTokenizer(vocab, Float64Array.from(scores), unk_token_id)
  })

  afterAll(() => rm(cacheDir, { recursive: true, force: true }))

  const expectSameIds = (text: string) => {
    const ids = theirs.encode(text)
    expect([...ours(text, 1_000_000)], JSON.stringify(text)).toEqual(ids)
    expect([...ours(text, 128)], JSON.stringify(text)).toEqual(ids.slice(0, 128))
  }

  test.each([
    'The harbour master said: “Nobody sails before dawn”; nobody did.',
    'hahahahahaha ------------ ............ ======== 0000000000',
    ':) :( http://example.org/a?b=c 10:30 “a”:b',
    '<reserved 0> </s> <s> � extra_token_id_1',
    'ﬁne ½ ① ﷺ Å é e\u0301 ｆｕｌｌ　ｗｉｄｔｈ',
    '漢字かな交じり文 😀👩‍👩‍👧 \ud800 lone',
    '\t tabs\nand\r\nlines   spaces\u00a0\u200b',
  ])('given %j, when tokenised, then the ids are those of transformers.js', (text) => {
    expectSameIds(text)
  })

  test('given any text, when tokenised, then the ids are those of transformers.js', () => {
    const words = fc.array(
      fc.constantFrom('the', 'bridge', 'Mr.', '$1.5', 'haha', '--', '“so”', 'naïve', '漢', ':', ' '),
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
      words.map((parts) => parts.join(' ')),
      words.map((parts) => parts.join('')),
    )
    fc.assert(fc.property(text, expectSameIds), { numRuns: 500 })
  })

  // Skipped where the development sets are not there; the property above covers made-up text everywhere.
  test.runIf(hasArticles)(
    'given real sentences, when tokenised, then the ids are those of transformers.js',
    async () => {
      let compared = 0
      for (const file of await readdir(articles)) {
        for (const { text } of splitSentences(await readFile(join(articles, file), 'utf8'))) {
          expectSameIds(text)
          compared++
        }
      }
      expect(compared).toBeGreaterThan(1000)
    },
  )
})
