import { describe, expect, test } from 'vitest'
import { readSource, type Draft } from '../../src/corpus/corpus.ts'

function read(html: string, name = 'page.html'): Draft {
  const [reading] = readSource(Buffer.from(html), name)
  if (reading === undefined || !('draft' in reading)) throw new Error('no article')
  return reading.draft
}

const first =
  'The council of Northport voted 61 to 40 on Monday to rebuild the old harbour, a project that has divided the town for years.'
const second =
  'The vote came after a debate of nine hours, in which the leader of the opposition called the plan a gift to builders, and walked out.'
const page = (head: string, body: string) => `<!doctype html><html><head>${head}</head><body>${body}</body></html>`
const paragraphs = `<p>${first}</p><p>${second}</p>`

describe('the metadata of a web page', () => {
  test('given JSON-LD, OpenGraph and a title, when read, then JSON-LD wins', () => {
    const ld = {
      '@graph': [
        { '@type': 'WebPage', name: 'page' },
        {
          '@type': ['NewsArticle'],
          headline: 'Council backs harbour &amp; bridge',
          datePublished: '2024-06-24T07:11:00+02:00',
          author: [{ name: 'Dana Whitlock' }, { name: 'Omar Reyes' }],
          publisher: { name: 'Marn Gazette' },
          mainEntityOfPage: { '@id': 'https://gazette.example/harbour' },
        },
      ],
    }
    const head = `<title>Council - Site</title><meta property="og:title" content="Other"><meta property="og:site_name" content="Other">
      <script type="application/ld+json">${JSON.stringify(ld)}</script><meta property="article:tag" content="harbour">`
    expect(read(page(head, `<article>${paragraphs}</article>`))).toMatchObject({
      title: 'Council backs harbour & bridge',
      outlet: 'Marn Gazette',
      author: 'Dana Whitlock, Omar Reyes',
      published: '2024-06-24T07:11:00+02:00',
      url: 'https://gazette.example/harbour',
      tags: ['harbour'],
      body: `${first}\n\n${second}`,
    })
  })

  test('given broken JSON-LD, when read, then OpenGraph and meta elements are used', () => {
    const head = `<script type="application/ld+json">{"headline": </script><meta property="og:title" content="Council backs harbour | Marn Gazette">
      <meta property="og:site_name" content="Marn Gazette"><meta name="author" content="By Dana Whitlock">
      <meta property="article:published_time" content="2024-06-24"><link rel="canonical" href="https://gazette.example/h">`
    expect(read(page(head, paragraphs))).toMatchObject({
      title: 'Council backs harbour',
      outlet: 'Marn Gazette',
      author: 'Dana Whitlock',
      published: '2024-06-24',
      url: 'https://gazette.example/h',
    })
  })

  test('given a page that first appeared elsewhere, when read, then the site is the syndicator', () => {
    const head =
      '<meta property="og:title" content="Council backs harbour"><meta property="og:site_name" content="Daily Isle">'
    const draft = read(page(head, `${paragraphs}<p>This article was originally published on gazette.example</p>`))
    expect([draft.outlet, draft.via]).toEqual(['gazette.example', 'Daily Isle'])
  })

  test('given nothing but text, when read, then outlet, author and date are absent', () => {
    const draft = read(page('', paragraphs))
    expect([draft.outlet, draft.author, draft.published, draft.url]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  test('given an address that runs code, when read, then it is not taken', () => {
    expect(read(page('<link rel="canonical" href="javascript:alert(1)">', paragraphs)).url).toBeUndefined()
  })
})

describe('the text of a web page', () => {
  test('given menus, pictures, scripts, forms and hidden text, when read, then only the article stays', () => {
    const body = `<nav><a href="/">Home</a></nav><header><h1>Council backs harbour</h1></header>
      <article><p>${first}</p><figure><img src="a.jpg"><figcaption>Boats in port</figcaption></figure>
      <script>var x = "y"</script><style>p{}</style><p hidden>Not seen by anybody at all here.</p>
      <div class="share"><button>Share</button></div><p>${second}</p></article>
      <form><input name="q"><p>Leave a Reply</p></form><footer>Imprint</footer>`
    const draft = read(page('<title>Council backs harbour</title>', body))
    expect(draft.body).toBe(`${first}\n\n${second}`)
  })

  test('given entities, inline marks, breaks, lists and quotes, when read, then the words and their order are kept', () => {
    const body = `<article><p>${first}</p><blockquote><p>&ldquo;We <b>will</b> <i>build</i>,&rdquo; the&nbsp;mayor said.</p></blockquote>
      <ul><li>The harbour costs forty million marks.</li><li>The bridge costs ten million marks.</li></ul><p>Nine members<br>did not vote on Monday.</p></article>`
    expect(read(page('', body)).body.split('\n\n')).toEqual([
      first,
      '“We will build,” the\u00a0mayor said.',
      'The harbour costs forty million marks.',
      'The bridge costs ten million marks.',
      'Nine members',
      'did not vote on Monday.',
    ])
  })

  test('given a saved page with the ending of a text, when read, then it is read as a page', () => {
    expect(read(page('<title>Council backs harbour</title>', paragraphs), 'page.txt').body).toBe(
      `${first}\n\n${second}`,
    )
  })

  test.each([
    ['200,000 open elements', `<html><body>${'<div>'.repeat(200_000)}<p>${first}</p>`],
    ['2,000 elements in each other', page('', `${'<div>'.repeat(2000)}<p>${first}</p>${'</div>'.repeat(2000)}`)],
    ['300,000 stray signs', `<html><body><p>${first}</p>${'<'.repeat(300_000)}`],
    ['scripts without end', `<html><body><p>${first}</p>${'<script>'.repeat(50_000)}`],
    [
      'metadata without end',
      page(`<script type="application/ld+json">${'['.repeat(100_000)}</script>`, `<p>${first}</p>`),
    ],
  ])('given %s, when read, then the text is found and nothing overflows', (_, html) => {
    expect(read(html).body).toContain(first)
  })
})
