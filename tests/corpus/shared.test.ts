import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readSource, type Draft } from '../../src/corpus/corpus.ts'

const shared = new URL('../../../shared/', import.meta.url)
const isHere = existsSync(shared)
const load = (file: string): unknown => JSON.parse(readFileSync(new URL(file, shared), 'utf8'))
const flat = (text: string) => text.replace(/\s+/g, ' ').trim()

function drafts(folder: string, ending: string): ReadonlyMap<string, { draft: Draft; source: string }> {
  const dir = new URL(folder, shared)
  return new Map(
    readdirSync(dir)
      .filter((file) => file.endsWith(ending))
      .map((file) => {
        const bytes = readFileSync(new URL(file, dir))
        const [reading] = readSource(bytes, file)
        if (reading === undefined || !('draft' in reading)) throw new Error(file)
        return [file, { draft: reading.draft, source: bytes.toString('utf8') }]
      }),
  )
}

test.runIf(!isHere)('without the shared measuring sets beside the checkout, these measures are not taken', () => {
  expect(isHere).toBe(false)
})

describe.runIf(isHere)('the five scraped pages', () => {
  const expected = z
    .object({
      metadata: z.record(
        z.string(),
        z.object({
          title: z.string().nullable(),
          outlet: z.string().nullable(),
          published: z.string().nullable(),
          via: z.string().optional(),
        }),
      ),
      boilerplate: z.record(z.string(), z.array(z.string())),
      quotes: z.array(z.object({ file: z.string(), quote: z.string() })),
    })
    .transform((value) => value)
  const measure = () => ({ pages: drafts('seeds/', '.txt'), gold: expected.parse(load('seeds/expected.json')) })

  test('given what they state, when imported, then title, outlet, syndicator and date are as listed, and nothing else', () => {
    const { pages, gold } = measure()
    for (const [file, { title, outlet, published, via }] of Object.entries(gold.metadata)) {
      const draft = pages.get(file)?.draft
      expect([file, draft?.isTitleStated === true ? draft.title : null]).toEqual([file, title])
      expect([draft?.outlet ?? null, draft?.published ?? null, draft?.via]).toEqual([outlet, published, via])
    }
  })

  test('given their furniture, when imported, then none of it is in a body and every quotation is', () => {
    const { pages, gold } = measure()
    const kept = Object.entries(gold.boilerplate).flatMap(([file, lines]) =>
      lines.filter((line) =>
        pages
          .get(file)
          ?.draft.body.split('\n\n')
          .some((p) => p.includes(line.trim())),
      ),
    )
    expect(kept).toEqual([])
    expect(gold.quotes.filter(({ file, quote }) => pages.get(file)?.draft.body.includes(quote) !== true)).toEqual([])
  })
})

describe.runIf(isHere)('the sixty news texts', () => {
  test('given every marked quotation and every answer, when imported, then none is lost', () => {
    const texts = drafts('quotes-dev/text/', '.txt')
    const quotes = z
      .object({ files: z.array(z.object({ file: z.string(), quotes: z.array(z.object({ quote: z.string() })) })) })
      .parse(load('quotes-dev/gold.json'))
      .files.flatMap(({ file, quotes }) => quotes.map(({ quote }) => ({ file, quote })))
    const answers = z
      .array(
        z.object({ answers: z.array(z.object({ file: z.string(), start: z.number(), end: z.number() })).optional() }),
      )
      .parse(load('news-dev/questions.json'))
      .flatMap((question) => question.answers ?? [])
      .map(({ file, start, end }) => ({ file, start, quote: texts.get(file)?.source.slice(start, end) ?? '' }))
    expect(quotes.length).toBeGreaterThan(500)
    expect(answers.length).toBeGreaterThan(150)
    const isLost = ({ file, quote }: { file: string; quote: string }) => {
      const draft = texts.get(file)?.draft
      return draft === undefined || !flat(`${draft.title}. ${draft.body}`).includes(flat(quote).replace(/\.$/, ''))
    }
    expect(quotes.filter(isLost)).toEqual([])
    expect(answers.filter(isLost)).toEqual([])
  })

  test('given prose, when imported, then little of it is taken for furniture: at most one word in two hundred', () => {
    const texts = [...drafts('quotes-dev/text/', '.txt').values()]
    const words = (text: string) => text.split(/\s+/).length
    const all = texts.reduce((sum, { source }) => sum + words(source), 0)
    const out = texts.reduce((sum, { draft }) => sum + draft.furniture.reduce((n, line) => n + words(line), 0), 0)
    expect(out / all).toBeLessThan(0.005)
  })
})

describe.runIf(isHere)('the articles in Markdown', () => {
  test('given 48 articles with front matter, when imported, then every paragraph is whole', () => {
    for (const { draft, source } of drafts('retrieval-dev/articles/', '.md').values()) {
      const paragraphs = source.split('---\n').slice(2).join('---\n').trim().split('\n\n').map(flat)
      expect(draft.body.split('\n\n').map(flat)).toEqual(paragraphs)
    }
  })
})
