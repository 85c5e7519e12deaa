import type { IncomingMessage, ServerResponse } from 'node:http'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readAudit } from '../../src/corpus/audit.ts'
import { readCorpus } from '../../src/corpus/corpus.ts'
import { openDesk, type Desk } from '../../src/corpus/desk.ts'
import { withFeedLock } from '../../src/corpus/feed-state.ts'
import {
  feedStatus,
  followFeeds,
  pollFeeds,
  readFeedList,
  systemClock,
  type Clock,
  type Feed,
  type PollOptions,
} from '../../src/corpus/feeds.ts'
import { UserError } from '../../src/errors.ts'
import { openServer, type HostileServer } from './hostile-server.ts'

const MINUTE = 60_000
const START = Date.parse('2024-06-24T12:00:00Z')

let root: string
let corpusDir: string
let dataDir: string
let desk: Desk
let site: HostileServer
/** What each address of the site answers; the key is host and path. */
let routes: Map<string, (request: IncomingMessage, response: ServerResponse) => void>
let asked: string[]
let nowMs: number
let waits: number[]

/** Time passes only when somebody waits. */
const clock: Clock = {
  now: () => nowMs,
  random: () => 0.5,
  wait: (ms, signal) => {
    signal?.throwIfAborted()
    waits.push(ms)
    nowMs += ms
    return Promise.resolve()
  },
}

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'verbatim-feeds-'))
  corpusDir = path.join(root, 'corpus')
  dataDir = path.join(root, 'data')
  nowMs = START
  waits = []
  asked = []
  routes = new Map()
  desk = openDesk({ corpusDir, dataDir }, () => new Date(nowMs))
  site = await openServer((request, response) => {
    const address = `${request.headers.host?.replace(/:\d+$/, '') ?? ''}${request.url ?? ''}`
    asked.push(address)
    const route = routes.get(address)
    if (route === undefined) response.writeHead(404).end()
    else route(request, response)
  })
})
afterEach(async () => {
  await site.close()
  await rm(root, { recursive: true, force: true })
})

const at = (host: string, pathname: string) => `http://${host}.example.org:${String(site.port)}${pathname}`
const on = (host: string, pathname: string, answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  routes.set(`${host}.example.org${pathname}`, answer)
const send =
  (type: string, text: string | Buffer, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(200, { 'content-type': type, ...headers }).end(text)

const options = (changes: Partial<PollOptions> = {}): PollOptions => ({
  desk,
  dataDir,
  clock,
  fetchOptions: {
    allowLoopback: true,
    env: {},
    resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
  },
  ...changes,
})

const feed = (host = 'courier', pathname = '/rss'): Feed => ({ url: at(host, pathname), outlet: 'Harlow Courier' })

const prose = (about: string) =>
  Array.from(
    { length: 6 },
    (_, i) =>
      `The council heard on day ${String(i + 1)} that the ${about} would cost the town more than its surveyors had promised in the spring. “We will not pay twice,” said the treasurer, Ada Okoro.`,
  )
const htmlOf = (about: string) =>
  prose(about)
    .map((text) => `<p>${text}</p>`)
    .join('')
const page = (title: string, about: string) =>
  `<!doctype html><html><head><title>${title} - Harlow Courier</title></head><body><nav>Home Sport</nav><article><h1>${title}</h1>${htmlOf(about)}</article></body></html>`

type Announced = {
  readonly id: string
  readonly title: string
  readonly html?: string
  readonly link?: string
  readonly date?: string
}
const rss = (items: readonly Announced[], channel = '') =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Courier</title><link>x</link><description>x</description>${channel}${items
    .map(
      ({ id, title, html = 'A few words only.', link = `/${id}`, date = 'Thu, 20 Jun 2024 10:00:00 GMT' }) =>
        `<item><guid isPermaLink="false">${id}</guid><title>${title}</title><link>${link}</link><pubDate>${date}</pubDate><content:encoded><![CDATA[${html}]]></content:encoded></item>`,
    )
    .join('')}</channel></rss>`

async function articles() {
  const found = []
  for await (const read of readCorpus(corpusDir)) if ('article' in read) found.push(read.article)
  return found
}

const minutesUntil = (date: Date | undefined) => ((date?.getTime() ?? NaN) - nowMs) / MINUTE

async function failure(work: Promise<unknown>): Promise<UserError> {
  const error: unknown = await work.then(
    () => new Error('succeeded'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

describe('what a feed announces', () => {
  test('given the whole text in the feed, then it becomes an article without its page being asked for', async () => {
    on(
      'courier',
      '/rss',
      send('application/rss+xml', rss([{ id: 'bridge', title: 'Harlow shuts its bridge', html: htmlOf('bridge') }])),
    )
    const [report] = await pollFeeds([feed()], options())
    expect(report).toMatchObject({ outcome: 'read', known: 0, problems: [] })
    expect(report?.added.map(({ file }) => file)).toEqual(['harlow-shuts-its-bridge.md'])
    expect(await articles()).toMatchObject([
      {
        title: 'Harlow shuts its bridge',
        outlet: 'Harlow Courier',
        published: '2024-06-20T10:00:00Z',
        url: at('courier', '/bridge'),
        body: prose('bridge').join('\n\n'),
      },
    ])
    expect(asked).toEqual(['courier.example.org/robots.txt', 'courier.example.org/rss'])
    expect((await readAudit(dataDir, 1)).records).toMatchObject([
      { action: 'add', by: 'feeds', from: feed().url, outcome: 'done' },
    ])
  })

  test.each([
    ['a teaser', 'A few words only.'],
    ['a long text that breaks off', `${htmlOf('bridge')}<p>The treasurer then said that the council […]</p>`],
    ['a long text with a link to the rest', `${htmlOf('bridge')}<p><a href="/bridge">Continue reading</a></p>`],
    ['nothing', ''],
  ])(
    'given %s in the feed, then the article is read from its page, with the feed’s title and date',
    async (_, html) => {
      on(
        'courier',
        '/rss',
        send('application/rss+xml', rss([{ id: 'bridge', title: 'Harlow shuts its bridge', html }])),
      )
      on('courier', '/bridge', send('text/html', page('Bridge shut', 'bridge')))
      await pollFeeds([feed()], options())
      expect(await articles()).toMatchObject([
        {
          title: 'Harlow shuts its bridge',
          outlet: 'Harlow Courier',
          published: '2024-06-20T10:00:00Z',
          url: at('courier', '/bridge'),
          body: prose('bridge').join('\n\n'),
        },
      ])
    },
  )

  test('given pages in windows-1251 and ISO-8859-1, then the server’s and the feed’s word for it is kept', async () => {
    const latin = Buffer.from(
      rss([{ id: 'a', title: 'Caf\xe9 in Harlow shuts', html: htmlOf('caf\xe9') }]).replace(
        '?>',
        ' encoding="ISO-8859-1"?>',
      ),
      'latin1',
    )
    on('courier', '/rss', send('application/xml', latin))
    await pollFeeds([feed()], options())
    expect(await articles()).toMatchObject([{ title: 'Café in Harlow shuts' }])
  })

  test('given a poll that brings nothing new, then nothing is added and no page is asked for again', async () => {
    on('courier', '/rss', send('application/rss+xml', rss([{ id: 'bridge', title: 'Bridge', html: 'Teaser' }])))
    on('courier', '/bridge', send('text/html', page('Bridge shut', 'bridge')))
    await pollFeeds([feed()], options())
    asked = []
    const [report] = await pollFeeds([feed()], options({ isForced: true }))
    expect(report).toMatchObject({ outcome: 'read', added: [], known: 0, problems: [] })
    expect(asked).not.toContain('courier.example.org/bridge')
  })

  test('given an article that a moderator removed, then the feed does not bring it back', async () => {
    on('courier', '/rss', send('application/rss+xml', rss([{ id: 'bridge', title: 'Bridge', html: htmlOf('bridge') }])))
    await pollFeeds([feed()], options())
    await desk.remove('bridge', { by: '4711', from: 'terminal' })
    await pollFeeds([feed()], options({ isForced: true }))
    expect(await articles()).toEqual([])
  })

  test('given a piece that the corpus has already, then it is known and not added', async () => {
    on('courier', '/rss', send('application/rss+xml', rss([{ id: 'bridge', title: 'Bridge', html: htmlOf('bridge') }])))
    on(
      'courier',
      '/atom',
      send('application/rss+xml', rss([{ id: 'other-id', title: 'Bridge', html: htmlOf('bridge'), link: '/bridge' }])),
    )
    await pollFeeds([feed()], options())
    const [report] = await pollFeeds([feed('courier', '/atom')], options())
    expect(report).toMatchObject({ added: [], known: 1 })
  })

  test('given more pieces than one poll takes, then the newest come first and the others with the next poll', async () => {
    const announced = Array.from({ length: 40 }, (_, i) => ({
      id: `p${String(i)}`,
      title: `Piece ${String(i)}`,
      html: htmlOf(`bridge number ${String(i)}`),
    }))
    on('courier', '/rss', (request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end()
      else send('application/rss+xml', rss(announced), { etag: '"1"' })(request, response)
    })
    const [first] = await pollFeeds([feed()], options())
    expect([first?.added.length, first?.added.at(-1)?.title]).toEqual([30, 'Piece 0'])
    const [second] = await pollFeeds([feed()], options({ isForced: true }))
    expect(second?.added.length).toBe(10)
    const [third] = await pollFeeds([feed()], options({ isForced: true }))
    expect(third?.outcome).toBe('unchanged')
  })

  test('given a page that fails, then it is tried three times and given up, and the others are added', async () => {
    on(
      'courier',
      '/rss',
      send(
        'application/rss+xml',
        rss([
          { id: 'broken', title: 'Broken' },
          { id: 'bridge', title: 'Bridge', html: htmlOf('bridge') },
        ]),
      ),
    )
    on('courier', '/broken', (_, response) => response.writeHead(500).end())
    const givenUp = []
    for (let poll = 0; poll < 3; poll++) {
      const [report] = await pollFeeds([feed()], options({ isForced: true }))
      givenUp.push(report?.problems.map(({ title, isGivenUp }) => [title, isGivenUp]))
    }
    expect(givenUp).toEqual([[['Broken', false]], [['Broken', false]], [['Broken', true]]])
    const [last] = await pollFeeds([feed()], options({ isForced: true }))
    expect(last?.problems).toEqual([])
    expect(await articles()).toHaveLength(1)
  })

  test('given pages at private addresses, of other types or gone, then they are refused once and not asked for again', async () => {
    const links = [
      'http://169.254.169.254/latest/meta-data/',
      'http://10.0.0.7/',
      at('courier', '/picture'),
      at('courier', '/gone'),
    ]
    on(
      'courier',
      '/rss',
      send('application/rss+xml', rss(links.map((link, i) => ({ id: String(i), title: String(i), link })))),
    )
    on('courier', '/picture', send('image/png', 'x'))
    const [report] = await pollFeeds([feed()], options())
    expect(report?.problems.map(({ isGivenUp }) => isGivenUp)).toEqual([true, true, true, true])
    expect(report?.problems.map(({ remedy }) => remedy)).not.toContain('')
    asked = []
    await pollFeeds([feed()], options({ isForced: true }))
    expect(asked.filter((address) => !address.endsWith('.txt'))).toEqual(['courier.example.org/rss'])
  })
})

describe('politeness', () => {
  test('given validators of the last poll, then they are sent, and an unchanged feed is not read', async () => {
    on('courier', '/rss', (request, response) => {
      if (
        request.headers['if-none-match'] === '"7"' &&
        request.headers['if-modified-since'] === 'Thu, 20 Jun 2024 10:00:00 GMT'
      )
        response.writeHead(304).end()
      else
        send('application/rss+xml', rss([{ id: 'bridge', title: 'Bridge', html: htmlOf('bridge') }]), {
          etag: '"7"',
          'last-modified': 'Thu, 20 Jun 2024 10:00:00 GMT',
        })(request, response)
    })
    const [first] = await pollFeeds([feed()], options())
    const [second] = await pollFeeds([feed()], options({ isForced: true }))
    expect([first?.outcome, second?.outcome]).toEqual(['read', 'unchanged'])
  })

  test('given a feed that was asked just now, then it is not asked again before its time', async () => {
    on('courier', '/rss', send('application/rss+xml', rss([], '<ttl>120</ttl>')))
    const [first] = await pollFeeds([feed()], options())
    expect(minutesUntil(first?.nextPoll)).toBeCloseTo(126, 5) // two hours as the feed asks, and half of a tenth by chance
    asked = []
    nowMs += 125 * MINUTE
    expect((await pollFeeds([feed()], options()))[0]?.outcome).toBe('not-due')
    expect(asked).toEqual([])
    nowMs += 2 * MINUTE
    expect((await pollFeeds([feed()], options()))[0]?.outcome).toBe('read')
  })

  test('given a clock that was years ahead when a feed was asked, then it is asked again when the clock is right', async () => {
    on('courier', '/rss', send('application/rss+xml', rss([])))
    nowMs += 5 * 365 * 24 * 60 * MINUTE
    await pollFeeds([feed()], options())
    nowMs -= 5 * 365 * 24 * 60 * MINUTE
    expect((await pollFeeds([feed()], options()))[0]?.outcome).toBe('read')
  })

  test('given a feed that fails again and again, then it is asked ever more seldom, up to a day, and a success ends that', async () => {
    const gaps = []
    for (let poll = 0; poll < 8; poll++) {
      const [report] = await pollFeeds([feed()], options({ isForced: true }))
      expect(report).toMatchObject({
        outcome: 'failed',
        failure: { message: expect.stringContaining('404') as string },
      })
      gaps.push(Math.round(minutesUntil(report?.nextPoll) / 1.05))
    }
    expect(gaps).toEqual([60, 120, 240, 480, 960, 1440, 1440, 1440])
    expect(await feedStatus([feed()], dataDir)).toMatchObject([
      { failures: 8, lastError: expect.stringContaining('404') as string },
    ])
    on('courier', '/rss', send('application/rss+xml', rss([])))
    const [report] = await pollFeeds([feed()], options({ isForced: true }))
    expect(Math.round(minutesUntil(report?.nextPoll) / 1.05)).toBe(30)
    const [status] = await feedStatus([feed()], dataDir)
    expect([status?.failures, status?.lastError]).toEqual([0, undefined])
  })

  test.each([
    ['7200', 126],
    [new Date(START + 180 * MINUTE).toUTCString(), 189],
    ['99999999', 7 * 24 * 60 * 1.05],
    ['soon', 63],
  ])('given a server that asks to be left alone ("%s"), then it is', async (retryAfter, minutes) => {
    on('courier', '/rss', (_, response) => response.writeHead(503, { 'retry-after': retryAfter }).end())
    const [report] = await pollFeeds([feed()], options())
    expect(minutesUntil(report?.nextPoll)).toBeCloseTo(minutes, 0)
  })

  test('given a feed that is gone for good, then it is asked no more unless somebody insists', async () => {
    on('courier', '/rss', (_, response) => response.writeHead(410).end())
    expect((await pollFeeds([feed()], options()))[0]?.outcome).toBe('gone')
    asked = []
    nowMs += 30 * 24 * 60 * MINUTE
    expect((await pollFeeds([feed()], options()))[0]).toMatchObject({ outcome: 'gone' })
    expect(asked).toEqual([])
    on('courier', '/rss', send('application/rss+xml', rss([])))
    expect((await pollFeeds([feed()], options({ isForced: true })))[0]?.outcome).toBe('read')
    expect((await feedStatus([feed()], dataDir))[0]?.isGone).toBe(false)
  })

  test('given a robots.txt that forbids a page, then the page is not asked for and said why', async () => {
    on(
      'courier',
      '/robots.txt',
      send('text/plain', 'User-agent: *\nDisallow: /closed\n\nUser-agent: Verbatim\nDisallow: /bridge\n'),
    )
    on(
      'courier',
      '/rss',
      send(
        'application/rss+xml',
        rss([
          { id: 'bridge', title: 'Bridge' },
          { id: 'closed', title: 'Closed' },
        ]),
      ),
    )
    on('courier', '/closed', send('text/html', page('Closed', 'ferry')))
    const [report] = await pollFeeds([feed()], options())
    expect(report?.problems).toMatchObject([
      { title: 'Bridge', reason: expect.stringContaining('robots.txt') as string, isGivenUp: true },
    ])
    expect(report?.added.map(({ title }) => title)).toEqual(['Closed'])
    expect(asked).not.toContain('courier.example.org/bridge')
  })

  test('given a redirect to a host whose robots.txt forbids the page, then the page is not used', async () => {
    on('courier', '/rss', send('application/rss+xml', rss([{ id: 'bridge', title: 'Bridge' }])))
    on('courier', '/bridge', (_, response) => response.writeHead(302, { location: at('post', '/bridge') }).end())
    on('post', '/robots.txt', send('text/plain', 'User-agent: *\nDisallow: /'))
    on('post', '/bridge', send('text/html', page('Bridge', 'bridge')))
    const [report] = await pollFeeds([feed()], options())
    expect(report?.problems).toMatchObject([{ reason: expect.stringContaining('post.example.org') as string }])
  })

  test('given a robots.txt that cannot be read, then nothing of the host is, until it can', async () => {
    on('courier', '/robots.txt', (_, response) => response.writeHead(503).end())
    on('courier', '/rss', send('application/rss+xml', rss([])))
    const [report] = await pollFeeds([feed()], options())
    expect(report).toMatchObject({
      outcome: 'failed',
      failure: { message: expect.stringContaining('robots.txt') as string },
    })
    expect(asked).toEqual(['courier.example.org/robots.txt'])
  })

  test('given several feeds and pages of two hosts, then no host is asked twice at once, nor without a pause, nor before its Crawl-delay', async () => {
    const underWay = new Map<string, number>()
    let most = 0
    const overlapping =
      (answer: (request: IncomingMessage, response: ServerResponse) => void) =>
      (request: IncomingMessage, response: ServerResponse) => {
        const host = request.headers.host ?? ''
        underWay.set(host, (underWay.get(host) ?? 0) + 1)
        most = Math.max(most, underWay.get(host) ?? 0)
        setImmediate(() => {
          underWay.set(host, (underWay.get(host) ?? 0) - 1)
          answer(request, response)
        })
      }
    on('post', '/robots.txt', send('text/plain', 'User-agent: *\nCrawl-delay: 7'))
    for (const host of ['courier', 'post'])
      for (const name of ['a', 'b', 'c']) {
        on(
          host,
          `/${name}.rss`,
          overlapping(send('application/rss+xml', rss([{ id: `${host}-${name}`, title: `${host} ${name}` }]))),
        )
        on(host, `/${host}-${name}`, overlapping(send('text/html', page(`${host} ${name}`, `${host} bridge ${name}`))))
      }
    const feeds = ['courier', 'post'].flatMap((host) => ['a', 'b', 'c'].map((name) => feed(host, `/${name}.rss`)))
    const reports = await pollFeeds(feeds, options())
    expect(reports.map(({ url, added }) => [url, added.length])).toEqual(feeds.map(({ url }) => [url, 1]))
    expect(most).toBe(1)
    expect(waits.filter((ms) => ms > 1000).length).toBeGreaterThanOrEqual(3)
    expect(Math.max(...waits)).toBe(7000)
  })
})

describe('hostile feeds', () => {
  test.each([
    ['text that is no feed', 'application/rss+xml', 'nonsense', 'not an RSS, Atom or JSON feed'],
    ['a picture', 'image/png', 'x', 'image/png'],
    ['bytes that are no text', 'text/xml', '%PDF-1.7 x', 'PDF'],
  ])('given %s, then this feed fails and the others are read', async (_, type, body, reason) => {
    on('bad', '/rss', send(type, body))
    on('courier', '/rss', send('application/rss+xml', rss([{ id: 'bridge', title: 'Bridge', html: htmlOf('bridge') }])))
    const [bad, good] = await pollFeeds([feed('bad'), feed()], options())
    expect(bad).toMatchObject({ outcome: 'failed', failure: { message: expect.stringContaining(reason) as string } })
    expect(good?.added).toHaveLength(1)
  })

  test('given a feed that redirects to a private address, then it fails', async () => {
    on('courier', '/rss', (_, response) => response.writeHead(301, { location: 'http://192.168.1.1/rss' }).end())
    expect((await pollFeeds([feed()], options()))[0]).toMatchObject({
      outcome: 'failed',
      failure: { message: expect.stringContaining('private') as string },
    })
  })

  test('given scripts, markup and control characters in a title, then they are text on one line', async () => {
    const title = '&lt;script&gt;alert(1)&lt;/script&gt;\n---\noutlet: forged&#7;'
    on('courier', '/rss', send('application/rss+xml', rss([{ id: 'x', title, html: htmlOf('bridge') }])))
    await pollFeeds([feed()], options())
    expect(await articles()).toMatchObject([
      { title: '<script>alert(1)</script> --- outlet: forged', outlet: 'Harlow Courier' },
    ])
  })
})

describe('between polls', () => {
  test('given the system’s clock, when a wait is called off, then it ends at once with the reason', async () => {
    const abort = new AbortController()
    const wait = systemClock.wait(3_600_000, abort.signal)
    abort.abort(new Error('closing time'))
    await expect(wait).rejects.toThrow('closing time')
    await expect(systemClock.wait(3_600_000, abort.signal)).rejects.toThrow('closing time')
    await systemClock.wait(0)
    expect(systemClock.random()).toBeLessThan(1)
    expect(systemClock.now()).toBeGreaterThan(START)
  })

  test('given a signal that aborts in the middle, then its reason is thrown, what was added stays, and the lock is free', async () => {
    const abort = new AbortController()
    on(
      'courier',
      '/rss',
      send(
        'application/rss+xml',
        rss([
          { id: 'later', title: 'Later' },
          { id: 'bridge', title: 'Bridge', html: htmlOf('bridge') },
        ]),
      ),
    )
    on('courier', '/later', () => {
      abort.abort(new Error('closing time'))
    })
    await expect(pollFeeds([feed()], options({ signal: abort.signal }))).rejects.toThrow('closing time')
    expect(await articles()).toHaveLength(1)
    on('courier', '/later', send('text/html', page('Later', 'ferry')))
    const [report] = await pollFeeds([feed()], options())
    expect(report).toMatchObject({ known: 1, added: [{ title: 'Later' }] })
  })

  test('given another process that polls, then a poll says so and asks nobody', async () => {
    const error = await withFeedLock(dataDir, () => failure(pollFeeds([feed()], options())))
    expect([error.code, asked]).toEqual(['feeds-busy', []])
  })

  test('given a state file that somebody damaged, then it is named and not overwritten', async () => {
    await pollFeeds([feed()], options())
    await writeFile(path.join(dataDir, 'feeds.json'), '{"version": 1, "feeds": ')
    expect((await failure(pollFeeds([feed()], options()))).code).toBe('bad-file')
    expect((await failure(feedStatus([feed()], dataDir))).remedy).toContain('Delete it')
    expect(await readFile(path.join(dataDir, 'feeds.json'), 'utf8')).toBe('{"version": 1, "feeds": ')
  })

  test('given a feed that was never asked, then its status is empty', async () => {
    expect(await feedStatus([feed()], dataDir)).toEqual([{ ...feed(), failures: 0, isGone: false, added: 0 }])
  })

  test('given feeds to follow, then each is polled when it is due, mistakes in the list are told, and the signal ends it', async () => {
    const abort = new AbortController()
    on('courier', '/rss', send('application/rss+xml', rss([])))
    const passes: number[] = []
    const failures: string[] = []
    let look = 0
    const readFeeds = () => {
      look++
      return look === 2
        ? Promise.reject(new UserError('bad-config', 'a mistake in the list', 'Correct it.'))
        : Promise.resolve([feed()])
    }
    await followFeeds(
      readFeeds,
      { ...options(), signal: abort.signal },
      () => {
        passes.push((nowMs - START) / MINUTE)
        if (passes.length === 3) abort.abort()
      },
      (error) => failures.push(error.message),
    )
    expect(passes[0]).toBe(0)
    expect(passes[1]).toBeGreaterThanOrEqual(31)
    expect(passes[1]).toBeLessThan(47)
    expect(passes).toHaveLength(3)
    expect(failures).toEqual(['a mistake in the list'])
  })
})

describe('the list of feeds', () => {
  const list = async (text: string) => {
    const file = path.join(root, 'feeds.yaml')
    await writeFile(file, text)
    return readFeedList(file)
  }

  test('given a list, then each feed has its address and outlet', async () => {
    expect(
      await list(
        '# ours\n- url: https://courier.example.org/rss\n  outlet: Harlow Courier\n- {url: http://post.example.org/atom, outlet: County Post}\n',
      ),
    ).toEqual([
      { url: 'https://courier.example.org/rss', outlet: 'Harlow Courier' },
      { url: 'http://post.example.org/atom', outlet: 'County Post' },
    ])
    expect(await list('')).toEqual([])
  })

  test.each([
    ['- url: ftp://x.example.org\n  outlet: X', 'entry 1: url is not a web address'],
    ['- url: https://a.example.org\n  outlet: A\n- url: https://b.example.org', 'entry 2: outlet is missing'],
    ['- url: https://a.example.org\n  outlet: A\n  name: A', 'entry 1'],
    ['- https://a.example.org', 'entry 1'],
    ['url: https://a.example.org', 'not a list of feeds'],
    ['- [', 'not YAML'],
    ['- &a {url: https://a.example.org, outlet: A}\n- *a', 'aliases'],
    ['- {url: https://a.example.org, outlet: A}\n- {url: https://a.example.org, outlet: B}', 'twice'],
  ])('given %j, then it is said what is wrong', async (text, what) => {
    const error = await failure(list(text))
    expect([error.code, error.message]).toEqual(['bad-config', expect.stringContaining(what)])
    expect(error.remedy).toContain('outlet:')
  })

  test('given no such file, then it is named', async () => {
    expect((await failure(readFeedList(path.join(root, 'none.yaml')))).message).toContain(
      'none.yaml cannot be read (ENOENT)',
    )
  })
})
