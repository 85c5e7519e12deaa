import { describe, expect, test } from 'vitest'
import type { Block, Reply } from '../../src/reply.ts'
import { plain, renderReply } from '../../src/terminal/render.ts'

const reply = (...blocks: Block[]): Reply => ({ outcome: 'answered', audience: 'everyone', blocks, actions: [] })
const print = (block: Block, color = false): string => renderReply(reply(block), { columns: 80, color })
const quoted = {
  kind: 'quoted',
  as: 'passage',
  articleId: 1,
  start: 0,
  end: 33,
  text: 'It rained. The bridge was closed.',
  emphasis: { start: 11, end: 33 },
  sources: [
    {
      articleId: 1,
      title: 'Bridge closed',
      outlet: 'Sample Desk',
      published: '2024-06-24',
      url: 'https://example.com/a',
    },
  ],
} as const satisfies Block

describe('a reply in the terminal', () => {
  test('given a passage, when rendered without colour, then its answering sentence stands between asterisks', () => {
    expect(print(quoted)).toContain('│ It rained. **The bridge was closed.**')
  })

  test('given a passage, when rendered with colour, then its answering sentence is bold and nothing is added', () => {
    expect(print(quoted, true)).toContain('\u001b[1mThe bridge was closed.')
    expect(print(quoted, true)).not.toContain('**')
  })

  test('given a source, when rendered, then outlet, title, date and link are there', () => {
    const text = print(quoted)
    for (const part of ['Sample Desk', 'Bridge closed', '24 June 2024', 'https://example.com/a'])
      expect(text).toContain(part)
  })

  test('given reported speech, when rendered, then it is labelled and not in quotation marks', () => {
    const text = print({ ...quoted, as: 'reported', speaker: 'Ada Okoro' })
    expect(text).toContain('Ada Okoro · reported, in the journalist’s words')
    expect(text).not.toMatch(/[“”]/u)
  })

  test('given a direct quote without a speaker, when rendered, then it says that none is named', () => {
    expect(print({ ...quoted, as: 'direct', speaker: null })).toContain('Speaker not named')
  })

  test('given an article that holds escape sequences, when rendered, then none reaches the terminal', () => {
    const hostile = 'Red \u001b[31malert\u001b[0m \u001b]0;title\u0007 \u202etxt\u0008 end'
    expect(plain(hostile)).toBe('Red alert  txt end')
    expect(
      [...print({ ...quoted, text: hostile, end: hostile.length, emphasis: { start: 0, end: 4 } })].filter(
        (c) => c < ' ' && c !== '\n',
      ),
    ).toEqual([])
  })

  test('given more sources than fit, when rendered, then the rest are counted', () => {
    const [source] = quoted.sources
    const text = print({ ...quoted, sources: [source, ...Array.from({ length: 7 }, () => source)] })
    expect(text).toContain('and 3 more')
  })

  test('given a claimed quote that was altered, when rendered, then missing and added words are marked', () => {
    const text = print({
      kind: 'diff',
      parts: [
        { op: 'same', text: 'the bridge is' },
        { op: 'missing', text: 'not' },
        { op: 'added', text: 'never' },
        { op: 'same', text: 'safe' },
      ],
    })
    expect(text).toContain('the bridge is [-not-] {+never+} safe')
  })

  test('given labels of different lengths, when a list is rendered, then its details are aligned', () => {
    const text = print({
      kind: 'list',
      items: [
        { label: 'Ada Okoro', detail: '3 quotes' },
        { label: 'Bo', detail: '1 quote' },
      ],
    })
    const [first = '', second = ''] = text.split('\n')
    expect(first.indexOf('3 quotes')).toBe(second.indexOf('1 quote'))
  })
})
