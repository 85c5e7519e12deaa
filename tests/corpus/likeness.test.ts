import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCorpus, type Article } from '../../src/corpus/corpus.ts'
import { likenessOf, NEARLY_ALIKE, sketchOf } from '../../src/corpus/likeness.ts'

const likeness = (a: string, b: string) => likenessOf(sketchOf(a), new Set(sketchOf(b)))

async function sampleArticles(): Promise<readonly Article[]> {
  const articles: Article[] = []
  for await (const read of readCorpus(new URL('../../corpus', import.meta.url).pathname))
    if ('article' in read) articles.push(read.article)
  return articles
}

describe('how alike two texts are', () => {
  test('given the sample corpus, then only its syndicated copies are nearly alike, far from all other pairs', async () => {
    const articles = await sampleArticles()
    const pairs = articles.flatMap((a, i) =>
      articles.slice(0, i).map((b) => ({ a, b, alike: likeness(a.body, b.body) })),
    )
    const near = pairs.filter(({ alike }) => alike >= NEARLY_ALIKE)
    expect(near.length).toBeGreaterThan(0)
    expect(Math.min(...near.map(({ alike }) => alike))).toBeGreaterThan(0.85)
    expect(Math.max(...pairs.filter(({ alike }) => alike < NEARLY_ALIKE).map(({ alike }) => alike))).toBeLessThan(0.1)
  })

  test('given copies with every eighth word changed, then each is nearly alike', async () => {
    for (const { body, file } of await sampleArticles()) {
      const edited = body.split(' ').map((word, i) => (i % 8 === 0 ? `edited${String(i)}` : word))
      expect(likeness(edited.join(' '), body), file).toBeGreaterThanOrEqual(NEARLY_ALIKE)
    }
  })

  test('given a part of an article, then it is wholly alike, whichever is asked about the other', async () => {
    const [article] = await sampleArticles()
    const body = article?.body ?? ''
    const part = body.slice(0, body.lastIndexOf('\n\n'))
    expect(likeness(part, body)).toBe(1)
    expect(likeness(body, part)).toBe(1)
  })

  test('given other quotation marks, capitals and spaces, then nothing is less alike', () => {
    expect(
      likeness('“The dam will hold,” THE mayor  told\nthe council.', '"The dam will hold", the mayor told the council'),
    ).toBe(1)
  })

  test('given texts of fewer than five words, then nothing is said of them', () => {
    expect([likeness('', ''), likeness('The dam holds', 'The dam holds')]).toEqual([0, 0])
  })

  test('given any two texts, then the likeness is from 0 to 1 and the same both ways, and 1 of a text with itself', () => {
    const text = fc
      .array(fc.constantFrom('dam', 'river', 'mayor', 'said', 'will', 'hold', 'water', 'the'), {
        minLength: 5,
        maxLength: 60,
      })
      .map((words) => words.join(' '))
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(likeness(a, b)).toBeGreaterThanOrEqual(0)
        expect(likeness(a, b)).toBeLessThanOrEqual(1)
        expect(likeness(a, b)).toBe(likeness(b, a))
        if (sketchOf(a).length > 0) expect(likeness(a, a)).toBe(1)
      }),
    )
  })
})
