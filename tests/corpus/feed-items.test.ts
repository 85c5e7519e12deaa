import { describe, expect, test } from 'vitest'
import { readFeed } from '../../src/corpus/feed-items.ts'
import { UserError } from '../../src/errors.ts'

const URL_ = 'https://courier.example.org/feeds/all'

const rss = (items: string, channel = '') => `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Harlow Courier</title><link>https://courier.example.org/</link><description>News</description>${channel}${items}</channel></rss>`

const item = `<item><title>Bridge &amp; ferry</title><link>/bridge</link><guid isPermaLink="false">b-1</guid>
<dc:creator>Mina Holt</dc:creator><pubDate>Thu, 20 Jun 2024 10:00:00 GMT</pubDate>
<description>A teaser.</description><content:encoded><![CDATA[<p>The bridge is shut &amp; the ferry runs.</p>]]></content:encoded></item>`

describe('reading a feed', () => {
  test('given RSS with the whole text, then each field and the longest text are read, and addresses are made absolute', () => {
    const { items, ttlMinutes } = readFeed(rss(item, '<ttl>90</ttl>'), URL_)
    expect(ttlMinutes).toBe(90)
    expect(items).toEqual([
      {
        key: expect.any(String) as string,
        url: 'https://courier.example.org/bridge',
        title: 'Bridge & ferry',
        author: 'Mina Holt',
        published: 'Thu, 20 Jun 2024 10:00:00 GMT',
        content: '<p>The bridge is shut &amp; the ferry runs.</p>',
      },
    ])
  })

  test('given Atom, RDF and JSON feeds, then they give the same', () => {
    const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title>C</title><id>c</id><updated>2024-06-20T10:00:00Z</updated>
      <entry><id>b-1</id><title type="html">Bridge</title><link rel="self" href="/x"/><link href="/bridge"/><author><name>Mina Holt</name></author>
      <published>2024-06-20T10:00:00Z</published><updated>2024-06-21T10:00:00Z</updated><content type="html">&lt;p&gt;Shut.&lt;/p&gt;</content></entry></feed>`
    const rdf = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="x"><title>C</title><link>x</link><description>x</description></channel>
      <item rdf:about="b-1"><title>Bridge</title><link>/bridge</link><dc:creator>Mina Holt</dc:creator><dc:date>2024-06-20T10:00:00Z</dc:date><description>&lt;p&gt;Shut.&lt;/p&gt;</description></item></rdf:RDF>`
    const json = JSON.stringify({
      version: 'https://jsonfeed.org/version/1.1',
      title: 'C',
      items: [
        {
          id: 'b-1',
          url: '/bridge',
          title: 'Bridge',
          authors: [{ name: 'Mina Holt' }],
          date_published: '2024-06-20T10:00:00Z',
          content_html: '<p>Shut.</p>',
        },
      ],
    })
    const [first, ...others] = [atom, rdf, json].map((text) => readFeed(text, URL_).items)
    expect(first).toEqual([
      {
        key: expect.any(String) as string,
        url: 'https://courier.example.org/bridge',
        title: 'Bridge',
        author: 'Mina Holt',
        published: '2024-06-20T10:00:00Z',
        content: '<p>Shut.</p>',
      },
    ])
    for (const other of others) expect(other).toEqual(first)
  })

  test('given the same item twice and one without anything, then none is there twice', () => {
    expect(readFeed(rss(`${item}${item}<item><title>Other</title></item>`), URL_).items).toHaveLength(2)
  })

  test.each(['javascript:alert(1)', 'mailto:desk@example.org', 'http://', ''])(
    'given the address "%s", then the item has none',
    (link) => {
      expect(readFeed(rss(`<item><title>A</title><link>${link}</link></item>`), URL_).items[0]).not.toHaveProperty(
        'url',
      )
    },
  )

  test('given a guid that is an address and no link, then it is the address', () => {
    expect(
      readFeed(rss('<item><title>A</title><guid>https://courier.example.org/a</guid></item>'), URL_).items[0]?.url,
    ).toBe('https://courier.example.org/a')
  })

  test.each(['', 'not a feed', '<html><body>Sign in</body></html>', '{"version": 1}', '<rss><channel>', '[]', 'null'])(
    'given "%s", then it is said that this is no feed, or it has no items',
    (text) => {
      try {
        expect(readFeed(text, URL_).items).toEqual([])
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        expect((error as UserError).code).toBe('bad-file')
      }
    },
  )

  test('given entities that would expand without end, then nothing is expanded', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `<!ENTITY e${String(i + 1)} "${`&e${String(i)};`.repeat(10)}">`)
    const bomb = rss('<item><title>&e12;</title><link>/a</link></item>').replace(
      '<rss',
      `<!DOCTYPE rss [<!ENTITY e0 "boom">${levels.join('')}]><rss`,
    )
    let text = ''
    try {
      text = JSON.stringify(readFeed(bomb, URL_))
    } catch (error) {
      expect(error).toBeInstanceOf(UserError)
    }
    expect(text).not.toContain('boomboom')
  })

  test('given ten thousand items, then no more than a thousand are looked at', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `<item><title>${String(i)}</title></item>`).join('')
    expect(readFeed(rss(many), URL_).items).toHaveLength(1000)
  })
})
