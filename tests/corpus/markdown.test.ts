import { describe, expect, test } from 'vitest'
import { readSource, type Draft } from '../../src/corpus/corpus.ts'

function read(markdown: string): Draft {
  const [reading] = readSource(Buffer.from(markdown), 'notes.md')
  if (reading === undefined || !('draft' in reading)) throw new Error('no article')
  return reading.draft
}

describe('Markdown', () => {
  test('given front matter with a title, when read, then its fields and every paragraph are kept', () => {
    const source =
      '---\ntitle: "Harbour: the vote"\nsource: Marn Gazette\ndate: June 24, 2024\n---\n\n# Harbour: the vote\n\nWorld News\n\nThe council\nvoted.\n\nSubscribe'
    expect(read(source)).toMatchObject({
      title: 'Harbour: the vote',
      outlet: 'Marn Gazette',
      published: '2024-06-24',
      body: 'World News\n\nThe council voted.\n\nSubscribe',
      furniture: [],
    })
  })

  test('given a heading and no front matter, when read, then the heading is the title', () => {
    expect(read('# Council *backs* harbour\n\nThe council voted on Monday.')).toMatchObject({
      title: 'Council backs harbour',
      body: 'The council voted on Monday.',
    })
  })

  test('given marks of Markdown, when read, then the words stay and the marks go', () => {
    const source = [
      'The **council** of [Northport](https://x.example "t") _voted_ `61` to 40 on Monday in ![a picture](p.png) town.',
      '> “We will build,” the mayor said.',
      '- one bridge',
      '| boats | 3 |\n|---|---|\n| cars | 4 |',
      'AT&amp;T \\*paid\\* <b>nothing</b>.',
    ]
    expect(read(`---\ntitle: T\n---\n${source.join('\n\n')}`).body.split('\n\n')).toEqual([
      'The council of Northport voted 61 to 40 on Monday in  town.',
      '“We will build,” the mayor said.',
      'one bridge',
      'boats 3',
      'cars 4',
      'AT&T *paid* nothing.',
    ])
  })

  test.each([
    'It cost ~40 million marks, not ~10 million, in 2 * 3 ships.',
    'The file_name_of_it and [US, Japan, and South Korea] stay.',
    '1974. A bad year for the harbour.',
    'He got 5 < 6 and 7 > 3 votes.',
    'Rate #1 & rate #2 rose.',
  ])('given "%s", which only looks like Markdown, when read, then it stays as it is', (paragraph) => {
    expect(read(`---\ntitle: T\n---\n\n${paragraph}\n`).body).toBe(paragraph)
  })

  test.each(['> ', '- ', '*a ', '_a__b', '[', '`a``'])(
    'given "%s" forty thousand times, when read, then it ends',
    (mark) => {
      expect(read(`---\ntitle: T\n---\n\n${mark.repeat(40_000)}end`).body).toContain('end')
    },
  )
})
