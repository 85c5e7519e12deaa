import Database from 'better-sqlite3'
import fc from 'fast-check'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rankingOn } from '../../src/index/bm25.ts'
import { gatherWords, marksOf } from '../../src/index/gather-words.ts'
import { SCHEMA } from '../../src/index/schema.ts'
import { FINISHED, readWords, TERM_BITS, UNIT_BIT, writeWords, type WordLists } from '../../src/index/words.ts'
import { splitPassages } from '../../src/text/passages.ts'
import { splitSentences } from '../../src/text/sentences.ts'
import { formatTerms, readTerms } from '../../src/text/terms.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'verbatim-words-'))
})
afterAll(() => rm(dir, { recursive: true }))

type Story = { readonly title: string; readonly body: string }

/** A database with these articles, and a full-text table of SQLite's over their passages to compare with. */
function databaseOf(stories: readonly Story[]) {
  const db = new Database(':memory:')
  db.exec(SCHEMA)
  db.exec(`CREATE VIRTUAL TABLE passages_fts USING fts5 (title, text, tokenize = "unicode61 tokenchars '.'")`)
  const stemsOf = (text: string) =>
    readTerms(text)
      .map(({ stem }) => stem)
      .join(' ')
  let [sentenceId, passageId] = [0, 0]
  for (const [i, { title, body }] of stories.entries()) {
    const articleId = i + 1
    db.prepare(`INSERT INTO articles (id, file, slug, title, tags, fingerprint) VALUES (?, ?, ?, ?, '[]', x'00')`).run(
      articleId,
      `${String(articleId)}.md`,
      String(articleId),
      title,
    )
    db.prepare('INSERT INTO bodies VALUES (?, ?)').run(articleId, body)
    const sentences = splitSentences(body)
    const firstId = sentenceId + 1
    for (const { paragraph, start, end, text } of sentences)
      db.prepare('INSERT INTO sentences VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
        ++sentenceId,
        articleId,
        paragraph,
        start,
        end,
        // Copies of a sentence share a vector.
        text.length,
        formatTerms(readTerms(text)),
        marksOf(text),
      )
    for (const { paragraph, start, end, firstSentence, sentenceCount } of splitPassages(body, sentences)) {
      const of = [++passageId, articleId, paragraph, start, end, firstId + firstSentence, sentenceCount]
      db.prepare('INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)').run(...of)
      const text = sentences.slice(firstSentence, firstSentence + sentenceCount)
      db.prepare('INSERT INTO passages_fts (rowid, title, text) VALUES (?, ?, ?)').run(
        passageId,
        stemsOf(title),
        text.map((sentence) => stemsOf(sentence.text)).join(' '),
      )
    }
  }
  return db
}

const WORDS = [
  'ferry',
  'harbour',
  'storm',
  'Mayor Okoro',
  'the crew',
  'tickets',
  '3.5 miles',
  'quay',
  'lamp',
  'at dawn',
]
const sentence = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 12 })
  .map((words) => `The ${words.join(' ')}.`)
const body = fc
  .array(fc.array(sentence, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 })
  .map((paragraphs) => paragraphs.map((sentences) => sentences.join(' ')).join('\n\n'))
const stories = fc.array(fc.record({ title: sentence, body }), { minLength: 1, maxLength: 12 })
const questions = fc.uniqueArray(fc.constantFrom('ferri', 'storm', 'okoro', 'crew', '3.5', 'lamp', 'the', 'dawn'), {
  minLength: 1,
})

function numbersOf({ stems }: WordLists, wanted: readonly string[]): number[] {
  return wanted.map((stem) => stems.indexOf(stem)).filter((number) => number >= 0)
}

test('given any articles and words, when passages are ranked, then they score as in the full-text search of SQLite', async () => {
  await fc.assert(
    fc.asyncProperty(stories, questions, fc.integer({ min: 1, max: 50 }), async (articles, stems, limit) => {
      const db = databaseOf(articles)
      const words = await gatherWords(db)
      const ranking = rankingOn(words)
      const numbers = numbersOf(words, stems)
      for (const [operator, found] of [
        ['OR', ranking.any(numbers, limit)],
        ['AND', numbers.length < stems.length ? [] : ranking.all(numbers, limit)],
      ] as const) {
        const expected = db
          .prepare<[string, number], { id: number; bm25: number }>(
            'SELECT rowid AS id, -bm25(passages_fts) AS bm25 FROM passages_fts WHERE passages_fts MATCH ? ORDER BY bm25 DESC LIMIT ?',
          )
          .all(stems.map((stem) => `"${stem}"`).join(` ${operator} `), limit)
        expect(found.map(({ bm25 }) => bm25)).toEqual(expected.map(({ bm25 }) => expect.closeTo(bm25, 3) as unknown))
        const scores = new Map(expected.map(({ id, bm25 }) => [id, bm25]))
        const least = expected.at(-1)?.bm25 ?? 0
        for (const { place, bm25 } of found)
          expect(scores.get(words.passages.ids[place] ?? 0) ?? least).toBeCloseTo(bm25, 3)
      }
      db.close()
    }),
    { numRuns: 60 },
  )
})

test('given thousands of passages, when common words are asked with rare ones, then the best are those of a full count', async () => {
  const common = ['ferry', 'harbour', 'storm', 'quay']
  const articles = Array.from({ length: 3000 }, (_, i) => ({
    title: `Report ${String(i)}`,
    body: `The ${common.filter((_, w) => (i * 7 + w * 3) % 4 !== 0).join(' ')} ${i % 97 === 0 ? 'walrus' : ''} ${
      i % 11 === 0 ? 'lamp lamp' : 'crew'
    } ${'long '.repeat(i % 9)}day.`,
  }))
  const db = databaseOf(articles)
  const words = await gatherWords(db)
  const ranking = rankingOn(words)
  const stems = ['walru', 'lamp', 'crew', 'ferri', 'harbour', 'storm', 'quai']
  const numbers = numbersOf(words, stems)
  expect(numbers).toHaveLength(stems.length)
  const all = ranking.any(numbers, words.passages.ids.length)
  for (const limit of [1, 10, 80]) expect(ranking.any(numbers, limit)).toEqual(all.slice(0, limit))
  const isKept = Uint8Array.from(articles, (_, article) => (article % 500 === 3 ? 1 : 0))
  const articleOf = (place: number) => words.sentences.article[words.passages.first[place] ?? 0] ?? 0
  const kept = all.filter(({ place }) => isKept[articleOf(place)] === 1)
  expect(ranking.any(numbers, 10, isKept)).toEqual(kept.slice(0, 10))
  const [ferry = 0] = numbersOf(words, ['ferri'])
  const withFerry = ranking.all([ferry], articles.length).filter(({ place }) => isKept[articleOf(place)] === 1)
  expect(ranking.all([ferry], 10, isKept)).toEqual(withFerry.slice(0, 10))
  db.close()
})

test('given word lists, when written and read, then they are the same', async () => {
  const db = databaseOf([
    { title: 'Ferry late', body: 'The ferry was 3.5 miles out. It cost $4 more than before\n\nMayor Okoro left.' },
    { title: '', body: '' },
  ])
  const words = await gatherWords(db)
  db.close()
  const file = path.join(dir, 'words.bin')
  await writeWords(file, words)
  expect(await readWords(file)).toEqual(words)
  expect(Array.from(words.sentences.marks)).toEqual([FINISHED + UNIT_BIT.distance, UNIT_BIT.money, FINISHED])
  const [from = 0, to = 0] = words.sentences.termsFrom
  const stems = Array.from(words.sentences.terms.slice(from, to), (code) => words.stems[code >>> TERM_BITS])
  expect(stems).toEqual(['the', 'ferri', 'be', '3.5', 'mile', 'out'])
})

test('given no article, when word lists are made, then they are empty and rank nothing', async () => {
  const db = databaseOf([])
  const words = await gatherWords(db)
  db.close()
  const file = path.join(dir, 'empty.bin')
  await writeWords(file, words)
  expect((await readWords(file)).stems).toEqual([])
  expect(rankingOn(words).any([], 10)).toEqual([])
  expect(rankingOn(words).all([], 10)).toEqual([])
})

test('given a file that is cut short or of something else, when read, then it is refused', async () => {
  const file = path.join(dir, 'broken.bin')
  const db = databaseOf([{ title: 'Ferry', body: 'The ferry came.' }])
  await writeWords(file, await gatherWords(db))
  db.close()
  await truncate(file, (await readFile(file)).length - 9)
  await expect(readWords(file)).rejects.toThrow()
  await writeFile(file, Buffer.from([2, 0, 0, 0, 0x7b, 0x7d]))
  await expect(readWords(file)).rejects.toThrow('holds no words')
  await writeFile(file, '')
  await expect(readWords(file)).rejects.toThrow('cut short')
})

test('given a signal that is aborted, when word lists are made, then it stops with the reason', async () => {
  const db = databaseOf([{ title: 'Ferry', body: 'The ferry came.' }])
  await expect(gatherWords(db, AbortSignal.abort(new Error('never mind')))).rejects.toThrow('never mind')
  db.close()
})
