import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readArticle } from '../../src/corpus/article.ts'
import { readSource } from '../../src/corpus/corpus.ts'
import { UserError } from '../../src/errors.ts'
import { plain } from '../../src/terminal/render.ts'
import { splitSentences } from '../../src/text/sentences.ts'
import { ENTRIES, importBytes } from './entries.ts'
import { hostileBytes, hostileText, SHAPES } from './hostile.ts'

/** The same runs shorter than `npm run fuzz`: enough to fail when a rule is broken outright. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 60)

describe('somebody else’s text', () => {
  test.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
    'given any of it, when read as %s, then offsets are exact and only what a person can mend is refused',
    (_, entry) => {
      let read = 0
      fc.assert(
        fc.property(hostileText, (text) => {
          entry.run(text.slice(0, entry.most))
          read++
        }),
        { numRuns: RUNS },
      )
      expect(read).toBeGreaterThanOrEqual(RUNS)
    },
  )

  test('given bytes in any encoding, cut and changed, when imported as any kind, then only what a person can mend is refused', () => {
    let read = 0
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        importBytes(bytes)
        read++
      }),
      { numRuns: RUNS },
    )
    expect(read).toBeGreaterThanOrEqual(RUNS)
  })

  test.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
    'given each thing a thousand times in a row, when read as %s, then nothing breaks',
    (_, entry) => {
      for (const [name, shape] of Object.entries(SHAPES))
        expect(() => {
          entry.run(shape(Math.min(4000, entry.most ?? Infinity)))
        }, name).not.toThrow()
    },
  )

  test('given a text of characters outside the basic plane without a title, when imported, then its title ends in a whole one', () => {
    const [reading] = readSource(Buffer.from(`a${'𐀀'.repeat(80)}`), 'a.txt')
    const title = reading !== undefined && 'draft' in reading ? reading.draft.title : ''
    expect(title).toMatch(/𐀀…$/u)
  })

  test('given a page that Readability breaks on, when imported, then that is no bug of ours', () => {
    expect(() => readSource(Buffer.from('<![CDATA[--><!DOCTYPE x [<!ENTITY a "b">]>'), 'a.html')).toThrow(UserError)
  })

  test('given a page of a hundred thousand pieces of text in one element, when imported, then its text is read', () => {
    const [reading] = readSource(
      Buffer.from(`<p>The bridge is closed.</p>${'@everyone <@1> '.repeat(66_667)}`),
      'a.html',
    )
    expect(reading).toMatchObject({ draft: { body: expect.stringContaining('The bridge is closed.') as string } })
  })

  test('given front matter of a very long line that is no YAML, when refused, then the reason stays readable', () => {
    const read = readArticle(`---\n>${' <feed xmlns="a">'.repeat(500)}\n---\n\nText.`, 'a.md')
    expect('problems' in read && read.problems[0].reason.length).toBeLessThan(300)
  })

  test('given spaces after the first word, when imported without a title, then the title has none at its end', () => {
    const [reading] = readSource(Buffer.from(`a${' '.repeat(4000)}a`), 'a.txt')
    expect(reading).toMatchObject({ draft: { title: 'a' } })
  })

  test('given the mark that turns Arabic letters, when shown in a terminal, then it is gone', () => {
    expect(plain('a\u061cb')).toBe('ab')
  })

  test('given half a character five hundred thousand times, when split, then it is one sentence', () => {
    expect(splitSentences('\ud83d'.repeat(500_000)).map(({ start, end }) => [start, end])).toEqual([[0, 500_000]])
  })

  test.each(['dashes', 'emoji', 'spaces between words', 'one line of words'])(
    'given eight times as many %s, when folded and read as terms, then it takes no more than a few times eight as long',
    (shape) => {
      const entry = ENTRIES.find(({ name }) => name === 'folding and terms')
      const text = SHAPES[shape]
      if (entry === undefined || text === undefined) throw new Error('there is no such entry or shape')
      const cpuMs = (size: number) =>
        Math.min(
          ...Array.from({ length: 3 }, () => {
            const before = process.cpuUsage()
            entry.run(text(size))
            return process.cpuUsage(before).user / 1000
          }),
        )
      cpuMs(20_000)
      // Linear is 8, quadratic 64.
      expect(cpuMs(160_000) / Math.max(1, cpuMs(20_000))).toBeLessThan(30)
    },
  )
})
