import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeMarkdown, linkTarget, maskedLink, shorten, timestamp } from '../../src/discord/markdown.ts'
import { markupIn, visibleText } from './server/reading.ts'

const MISCHIEF = [
  '**', '*', '_', '__', '~~', '`', '```', '||', '\\', '>', '> ', '>>> ', '# ', '## ', '-# ', '- ', '* ', '+ ', '1. ', '12) ',
  '[', ']', '(', ')', '<', '@', '@everyone', '@here', '<@123456789012345678>', '<@!123456789012345678>',
  '<@&123456789012345678>', '<#123456789012345678>', '<:jar:123456789012345678>', '<a:jar:123456789012345678>', ':smile:',
  ':+1:', '<t:1700000000:R>', '</ask:123456789012345678>', '<123456789012345678:guide>', 'https://evil.example/a_b',
  'steam://run/1', '<https://evil.example>', '[words](https://evil.example)', 'discord.gg/abc', 'discord.com/invite/abc',
  'discord.gift/abc', '¯\\_(ツ)_/¯', ' ', '  ', '\n', '\t', 'a', 'word', '7', 'é', '“', '😀', '-', ':', '.',
] as const // prettier-ignore

const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...MISCHIEF), fc.string({ maxLength: 3, unit: 'grapheme' })), {
    minLength: 1,
    maxLength: 14,
  })
  .map((parts) => parts.join(''))

/** The client's parser takes a tab for four spaces, drops form feeds, and has one kind of line break; no words change. */
const asSeen = (text: string) =>
  text.replaceAll('\t', '    ').replaceAll('\f', '').replace(/\r\n?/gu, '\n').replace(/ +\n/gu, '\n')

describe('escaping', () => {
  test('given any text, when escaped, then the client shows that text and finds no markup in it', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const markdown = escapeMarkdown(text)
        expect(markupIn(markdown)).toEqual([])
        expect(asSeen(visibleText(markdown))).toBe(asSeen(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('given any text, when escaped in bold between other text, then only the bold is markup', () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText, (before, inside, after) => {
        const words = inside.trim()
        fc.pre(words !== '')
        const markdown = `${escapeMarkdown(before)}**${escapeMarkdown(words)}**${escapeMarkdown(after)}`
        expect(markupIn(markdown)).toEqual(['strong'])
        expect(asSeen(visibleText(markdown))).toBe(asSeen(`${before}${words}${after}`))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['a heading', '# Front page'],
    ['small print', '-# Front page'],
    ['a list', '- first\n- second'],
    ['a numbered list', '1. first\n2. second'],
    ['a quotation', '> he said\n>>> more'],
    ['a spoiler', 'the ||ending||'],
    ['a masked link', '[the council](https://evil.example)'],
    ['an address', 'see https://evil.example/page'],
    ['an invitation', 'join discord.gg/newsroom or discord.com/invite/newsroom'],
    ['a mention of everyone', '@everyone and @here'],
    ['a mention of somebody', '<@123456789012345678> <@&123456789012345678> <#123456789012345678>'],
    ['a time', '<t:1700000000:R>'],
    ['an emoji', ':smile: <:jar:123456789012345678>'],
    ['a code block', '```\nrm\n```'],
    ['the shrug', '¯\\_(ツ)_/¯'],
  ])('given %s in an article, when escaped, then it stays text', (_, text) => {
    const markdown = escapeMarkdown(text)
    expect(markupIn(markdown)).toEqual([])
    expect(visibleText(markdown)).toBe(text)
  })

  test('given an address or invitation, when escaped, then its raw form is gone, so that nothing unfurls it', () => {
    const markdown = escapeMarkdown('https://evil.example/x discord.gg/abc Discord.com/invite/abc')
    expect(markdown).not.toMatch(/https?:\/\/|discord\.(?:gg|com)/iu)
  })

  test('given ordinary prose, when escaped, then it costs no characters', () => {
    const prose =
      'At 3:30, the mayor - Lena Brandt - said: “Work should begin in April; it will cost 1.5 million (or more).”'
    expect(escapeMarkdown(prose).length - prose.length).toBeLessThanOrEqual(1)
  })
})

describe('links', () => {
  test('given a title and an address, when linked, then the client shows the title over the address', () => {
    const link = maskedLink('Bridge [video] *closes*', 'https://post.example/a b?x=(1)') ?? ''
    expect(markupIn(link)).toEqual(['link'])
    expect(visibleText(link)).toBe('Bridge [video] *closes*')
    expect(link).toContain('(https://post.example/a%20b?x=%281%29)')
  })

  test.each([
    ['an address as its words', 'Read https://good.example', 'https://evil.example'],
    ['brackets that do not pair', 'Bridge ] closes [', 'https://post.example'],
    ['another scheme', 'Bridge closes', 'javascript:alert(1)'],
    ['no address at all', 'Bridge closes', 'post.example/a'],
  ])('given %s, when linked, then there is no link', (_, title, url) => {
    expect(maskedLink(title, url)).toBeUndefined()
  })

  test('given any title, when linked, then there is one link with that title, or none', () => {
    fc.assert(
      fc.property(hostileText, (title) => {
        const words = title.replace(/\s+/gu, ' ')
        const link = maskedLink(title, 'https://post.example/a')
        if (link === undefined) return
        expect(markupIn(link)).toEqual(['link'])
        expect(visibleText(link)).toBe(words)
      }),
      { numRuns: 1000 },
    )
  })

  test('given an address of other letters, when made a target, then it is plain ASCII', () => {
    expect(linkTarget('https://münchen.example/straße?q=ü')).toMatch(/^https:\/\/[\x21-\x7e]+$/u)
  })
})

describe('dates', () => {
  test('given a bare date, when stamped, then it is noon of that day in UTC', () => {
    expect(timestamp('2024-06-24')).toBe(`<t:${Date.UTC(2024, 5, 24, 12) / 1000}:D>`)
  })
  test('given a time with and without a zone, when stamped, then the one without is UTC', () => {
    expect(timestamp('2024-06-24T07:11:00+02:00')).toBe(`<t:${Date.UTC(2024, 5, 24, 5, 11) / 1000}:D>`)
    expect(timestamp('2024-06-24T07:11:00')).toBe(`<t:${Date.UTC(2024, 5, 24, 7, 11) / 1000}:D>`)
  })
  test('given something else, when stamped, then there is no stamp', () => {
    expect(timestamp('last Tuesday')).toBeUndefined()
  })
})

test('given a text of emoji, when shortened, then none is cut in half', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('😀', 'a') }), fc.integer({ min: 1, max: 20 }), (text, most) => {
      const short = shorten(text, most)
      expect(short.length).toBeLessThanOrEqual(most)
      expect(() => encodeURIComponent(short)).not.toThrow()
    }),
  )
})
