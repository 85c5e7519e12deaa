import fc from 'fast-check'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseArticle, type Article } from '../../src/corpus/corpus.ts'
import { rankingOn } from '../../src/index/bm25.ts'
import { openCoverage } from '../../src/index/coverage.ts'
import { fingerprintArticle, openDraftStore, type DraftStore } from '../../src/index/draft-store.ts'
import { mergeSpeakers, readArticleNames } from '../../src/quotes/names.ts'
import { extractQuotes } from '../../src/quotes/quotes.ts'
import { splitPassages } from '../../src/text/passages.ts'
import { splitSentences } from '../../src/text/sentences.ts'
import { madeUpBody } from './made-up-coverage.ts'

let dir = ''
let files = 0
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'verbatim-store-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

function put(store: DraftStore, article: Article): void {
  const sentences = splitSentences(article.body)
  const quotes = extractQuotes(article.body)
  store.putArticle(
    article,
    { fingerprint: fingerprintArticle(article) },
    {
      sentences,
      embeddingTexts: sentences.map(({ text }) => text),
      passages: splitPassages(article.body, sentences),
      quotes,
      names: readArticleNames(article.file, article.body, quotes),
    },
  )
}

/** A vector that only its text's number decides. */
const vectorOf = (vectorId: number) => Float32Array.from({ length: 4 }, (_, i) => Math.sin(vectorId * (i + 1)))

/** Finishes a store and reads what questions would see of it. */
async function finish(store: DraftStore, file: string): Promise<unknown> {
  store.removeUnusedVectors()
  store.putVectors(store.pendingTexts(1000).map(({ vectorId }) => ({ vectorId, vector: vectorOf(vectorId) })))
  store.putSpeakers(mergeSpeakers(store.articleNames()))
  store.check()
  const { vectors, ...counts } = store.counts()
  const words = await store.words(new AbortController().signal)
  store.close()
  const coverage = openCoverage(file)
  const textAt = ({ articleId, start, end }: { articleId: number; start: number; end: number }) =>
    coverage.body(articleId).slice(start, end)
  const content = {
    counts,
    vectors,
    stems: words.stems,
    bm25: rankingOn(words)
      .any(
        ['council', 'bolt', 'edit', 'winter'].map((stem) => words.stems.indexOf(stem)).filter((stem) => stem >= 0),
        1000,
      )
      .map(({ place, bm25 }) => `${bm25.toFixed(6)} ${textAt(coverage.passage(words.passages.ids[place] ?? 0))}`)
      .sort(),
    quotes: coverage
      .searchQuotes(['nobody', 'paper'], 1000)
      .map(({ quoteId, bm25 }) => `${bm25.toFixed(9)} ${textAt(coverage.quote(quoteId))}`)
      .sort(),
    speakers: coverage.speakers().map(({ speakerId, name, kind, aliases, quotes, articles }) => {
      const said = coverage.quotesOfSpeaker(speakerId).map(textAt).sort()
      return { name, kind, aliases, quotes, articles, said }
    }),
  }
  coverage.close()
  return content
}

const article = (number: number, edition: number): Article =>
  parseArticle(`---\ntitle: Story ${String(number)}\n---\n\n${madeUpBody(number, edition)}\n`, `s${String(number)}.md`)

test('given any order of puts, changes and removals, when a store is finished, then it equals one that only got the outcome', async () => {
  const step = fc.record({
    number: fc.integer({ min: 1, max: 6 }),
    edition: fc.integer({ min: 0, max: 3 }),
    endsBuild: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const [changedFile = '', freshFile = ''] = [0, 1].map(() => path.join(dir, `${String(files++)}.db`))
      const changed = openDraftStore(changedFile)
      const outcome = new Map<number, number>()
      for (const { number, edition, endsBuild } of steps) {
        outcome.delete(number)
        if (edition === 0) changed.removeArticle(`s${String(number)}.md`)
        else {
          put(changed, article(number, edition))
          outcome.set(number, edition)
        }
        if (endsBuild) changed.putSpeakers(mergeSpeakers(changed.articleNames()))
      }
      const fresh = openDraftStore(freshFile)
      for (const [number, edition] of outcome) put(fresh, article(number, edition))
      expect(await finish(changed, changedFile)).toEqual(await finish(fresh, freshFile))
    }),
    { numRuns: 30 },
  )
})

test('given a store that is being filled, when its folder is looked at, then no journal is written beside it', async () => {
  const file = path.join(dir, 'journalled.db')
  const store = openDraftStore(file)
  for (let number = 0; number < 30; number++) put(store, article(number, 1))
  expect((await readdir(dir)).filter((name) => name.startsWith('journalled.db'))).toEqual(['journalled.db'])
  store.close()
  const again = openDraftStore(file)
  for (let number = 0; number < 30; number++) again.removeArticle(`s${String(number)}.md`)
  expect((await readdir(dir)).filter((name) => name.startsWith('journalled.db'))).toEqual(['journalled.db'])
  again.close()
})

test('given speakers with numbers, when another comes who is quoted more, then each keeps the number', async () => {
  const file = path.join(dir, 'numbered.db')
  const numbersOf = () => {
    const coverage = openCoverage(file)
    const numbers = new Map(coverage.speakers().map(({ name, speakerId }) => [name, speakerId]))
    coverage.close()
    return numbers
  }
  const said = (speaker: string) => `“The yard will open,” ${speaker} said.`
  const store = openDraftStore(file)
  put(store, parseArticle(`---\ntitle: First\n---\n\n${said('Ada Okoro')}\n`, 'first.md'))
  await finish(store, file)
  const before = numbersOf()
  const again = openDraftStore(file)
  const loud = Array.from({ length: 5 }, () => said('Tomas Brandt')).join('\n\n')
  put(again, parseArticle(`---\ntitle: Second\n---\n\n${loud}\n`, 'second.md'))
  await finish(again, file)
  const after = numbersOf()
  expect([...after.keys()]).toEqual(['Tomas Brandt', 'Ada Okoro'])
  expect(after.get('Ada Okoro')).toBe(before.get('Ada Okoro'))
  expect(after.get('Tomas Brandt')).not.toBe(before.get('Ada Okoro'))
})

test('given a text that was embedded before, when its article is put anew, then its vector is taken over', () => {
  const [earlierFile, file] = [path.join(dir, 'earlier.db'), path.join(dir, 'later.db')]
  const earlier = openDraftStore(earlierFile)
  put(earlier, article(1, 1))
  const known = earlier.pendingTexts(1000)
  earlier.putVectors(known.map(({ vectorId }) => ({ vectorId, vector: vectorOf(vectorId) })))
  earlier.close()
  const later = openDraftStore(file, earlierFile)
  put(later, article(2, 1))
  put(later, article(1, 2))
  const pending = later.pendingTexts(1000).map(({ text }) => text)
  expect(pending).toContain('“We read it in edition 2 of the paper.”')
  expect(known.filter(({ text }) => pending.includes(text))).toEqual([])
  later.close()
})

test('given a store whose sentences have no vector yet, when checked, then it is not sound', () => {
  const store = openDraftStore(path.join(dir, 'unsound.db'))
  put(store, article(1, 1))
  expect(() => store.check()).toThrow('no vector')
  store.close()
})
