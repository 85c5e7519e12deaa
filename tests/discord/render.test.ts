import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCustomIds } from '../../src/discord/custom-ids.ts'
import { quotedWords, renderReply, type OutgoingMessage } from '../../src/discord/render.ts'
import type { Action, Block, QuotedBlock, Reply, SourceLine } from '../../src/reply.ts'
import { messageProblems } from './server/limits.ts'
import { markupIn, visibleText } from './server/reading.ts'

const kept = new Map<string, string>()
const ids = createCustomIds(randomBytes(32), { put: (k, t) => void kept.set(k, t), get: (k) => kept.get(k) })
const rendering = { ids, command: 'ask', generation: 3, question: 'Who said it?', ephemeral: false }

const source = (fields: Partial<SourceLine> = {}): SourceLine => ({ articleId: 1, title: 'Bridge closes', ...fields })
const quoted = (text: string, fields: Partial<QuotedBlock> = {}): QuotedBlock => ({
  kind: 'quoted',
  as: 'passage',
  articleId: 1,
  start: 0,
  end: text.length,
  text,
  sources: [source()],
  ...fields,
})
const reply = (blocks: readonly Block[], actions: readonly Action[] = []): Reply => ({
  outcome: 'answered',
  audience: 'everyone',
  blocks,
  actions,
})
const markdown = (message: OutgoingMessage) => {
  const texts: string[] = []
  JSON.stringify(message.components, (key, value: unknown) => {
    if (key === 'content') texts.push(String(value))
    return value
  })
  return texts.join('\n')
}
const problems = (message: OutgoingMessage) => messageProblems(message as unknown as Record<string, unknown>)

const prose = fc
  .array(
    fc.constantFrom(
      'word',
      'other',
      '**',
      '_a_',
      '@everyone',
      '||x||',
      'é😀',
      '\n',
      'https://evil.example/x',
      '“said”',
    ),
    {
      minLength: 1,
      maxLength: 900,
    },
  )
  .map((words) => words.join(' '))
  .filter((text) => text.trim() !== '')

const quotedBlock = fc
  .record({
    text: prose,
    cut: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    as: fc.constantFrom('passage', 'direct', 'reported'),
    speaker: fc.option(prose, { nil: undefined }),
    title: prose,
    url: fc.option(
      fc.constantFrom('https://post.example/a', `https://post.example/${'long'.repeat(300)}`, 'no address'),
      {
        nil: undefined,
      },
    ),
    copies: fc.integer({ min: 0, max: 12 }),
    id: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ text, cut, as, speaker, title, url, copies, id }): QuotedBlock => {
    const [a, b] = cut.map((share) => Math.floor(share * text.length)).sort((x, y) => x - y) as [number, number]
    const line = {
      ...source({ title, outlet: title, published: '2024-01-01', via: title }),
      ...(url === undefined ? {} : { url }),
    }
    return quoted(text, {
      as: as as QuotedBlock['as'],
      emphasis: { start: a, end: b },
      passageId: id,
      ...(speaker === undefined ? {} : { speaker }),
      sources: [line, ...Array.from({ length: copies }, () => line)],
    })
  })

const anyBlock: fc.Arbitrary<Block> = fc.oneof(
  { weight: 4, arbitrary: quotedBlock },
  fc.record({ kind: fc.constant('text' as const), text: prose }),
  fc.record({ kind: fc.constant('heading' as const), text: prose }),
  fc.record({ kind: fc.constant('notice' as const), text: prose, remedy: prose }),
  fc.record({
    kind: fc.constant('list' as const),
    items: fc.array(fc.record({ label: prose, detail: prose, url: fc.constant('https://post.example') }), {
      maxLength: 40,
    }),
  }),
  fc.record({
    kind: fc.constant('diff' as const),
    parts: fc.array(fc.record({ op: fc.constantFrom('same', 'missing', 'added'), text: prose }), { maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant('progress' as const), stage: prose, done: fc.nat(), total: fc.nat() }),
)

const actionsFor = (blocks: readonly Block[]): Action[] => [
  ...blocks.flatMap((block): Action[] =>
    block.kind === 'quoted'
      ? [
          { kind: 'context', articleId: block.articleId, start: block.start, end: block.end },
          { kind: 'vote', passageId: block.passageId ?? 0 },
        ]
      : [],
  ),
  { kind: 'page', direction: 'more', state: 'x'.repeat(300) },
  { kind: 'page', direction: 'back', state: 'y' },
  { kind: 'follow-up', question: 'z'.repeat(500), speaker: 'Ada' },
  { kind: 'share' },
  ...Array.from({ length: 7 }, (_, i): Action => ({ kind: 'ask', label: 'l'.repeat(200), question: `q${i}` })),
]

describe('rendering', () => {
  test('given any reply, when rendered, then the message is within every limit of the platform', () => {
    fc.assert(
      fc.property(fc.array(anyBlock, { minLength: 1, maxLength: 30 }), fc.boolean(), (blocks, ephemeral) => {
        const message = renderReply(reply(blocks, actionsFor(blocks)), { ...rendering, ephemeral })
        expect(problems(message)).toEqual([])
        expect(message.allowed_mentions).toEqual({ parse: [] })
        expect(message.flags & (1 << 2)).not.toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  test('given any quotation and any room, when shown, then its words are a slice of it, and bold is the answering stretch', () => {
    fc.assert(
      fc.property(quotedBlock, fc.integer({ min: 120, max: 4000 }), (block, room) => {
        const shown = quotedWords({ ...block, as: 'passage' }, room)
        const words = visibleText(shown).replace(/^\[…\] | \[…\]$/gu, '')
        const seen = (text: string) => text.replace(/\s+/gu, ' ').trim()
        expect(words.trim()).not.toBe('')
        expect(seen(block.text)).toContain(seen(words))
        expect(markupIn(shown).filter((type) => type !== 'strong')).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('given a quotation that is too long, when shown, then the answering stretch stays whole and cuts are marked', () => {
    const text =
      `${'Before it there are words. '.repeat(200)}Here is the answer. ${'After it there are words. '.repeat(200)}`.trim()
    const start = text.indexOf('Here')
    const shown = quotedWords({ as: 'passage', text, emphasis: { start, end: start + 19 } }, 500)
    expect(shown).toContain('**Here is the answer.**')
    expect(shown.startsWith('[…] ')).toBe(true)
    expect(shown.endsWith(' […]')).toBe(true)
    expect(shown.length).toBeLessThanOrEqual(510)
  })

  test('given three long passages, when rendered, then all three are there, cut alike', () => {
    const blocks = [1, 2, 3].map((n) => quoted(`Story ${n} goes on. `.repeat(300).trim()))
    const text = markdown(renderReply(reply(blocks), rendering))
    for (const n of [1, 2, 3]) expect(text).toContain(`Story ${n} goes on.`)
    expect(text.length).toBeGreaterThan(3500)
  })

  test('given direct and reported speech, when shown, then only direct speech stands in quotation marks', () => {
    expect(quotedWords({ as: 'direct', text: 'The pumps failed.' }, 4000)).toBe('“The pumps failed.”')
    expect(quotedWords({ as: 'reported', text: 'that the pumps had failed' }, 4000)).toBe('that the pumps had failed')
  })

  test('given a source without an address, when rendered, then it has no Source button and its title no link', () => {
    const message = renderReply(reply([quoted('The pumps failed.')]), rendering)
    expect(JSON.stringify(message)).not.toContain('"url"')
    expect(markdown(message)).toContain('Bridge closes')
  })

  test('given the same words in several articles, when rendered, then the others are named below the first, up to three', () => {
    const sources = ['One', 'Two', 'Three', 'Four', 'Five'].map((title) => source({ title })) as [
      SourceLine,
      ...SourceLine[],
    ]
    const text = markdown(renderReply(reply([quoted('The pumps failed.', { sources })]), rendering))
    expect(text).toBe('> The pumps failed.\n-# One\n-# also Two\n-# also Three\n-# and 2 more with the same words')
  })

  test('given an address too long for a button, when rendered, then the title still links to it', () => {
    const url = `https://post.example/${'a'.repeat(600)}`
    const message = renderReply(reply([quoted('The pumps failed.', { sources: [source({ url })] })]), rendering)
    expect(JSON.stringify(message)).not.toContain('"url"')
    expect(markdown(message)).toContain(`(${url})`)
  })

  test('given a public answer, when rendered, then there is nothing to share; given a private one, then there is', () => {
    const block = quoted('The pumps failed.')
    const actions: Action[] = [{ kind: 'context', articleId: 1, start: 0, end: 17 }, { kind: 'share' }]
    expect(JSON.stringify(renderReply(reply([block], actions), rendering))).not.toContain('Share')
    expect(JSON.stringify(renderReply(reply([block], actions), { ...rendering, ephemeral: true }))).toContain('Share')
  })

  test('given more blocks than a message has room for, when rendered, then it says how many are missing', () => {
    const blocks = Array.from({ length: 60 }, (_, i) => quoted(`${i} ${'word '.repeat(400)}`.trim()))
    expect(markdown(renderReply(reply(blocks), rendering))).toMatch(/-# \d+ more did not fit/u)
  })
})
