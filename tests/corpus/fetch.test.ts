import type { ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { FetchError, fetchPage, USER_AGENT, type FetchOptions, type Resolve } from '../../src/corpus/fetch.ts'
import { UserError } from '../../src/errors.ts'
import { drip, openServer, writeForever, type HostileServer } from './hostile-server.ts'

const servers: HostileServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(...args: Parameters<typeof openServer>): Promise<HostileServer> {
  const server = await openServer(...args)
  servers.push(server)
  return server
}

/** No proxy, whatever the machine has; loopback allowed, since the server is here. */
const LOCAL: FetchOptions = { allowLoopback: true, env: {} }

async function failure(url: string, options: FetchOptions = LOCAL): Promise<FetchError> {
  const error: unknown = await fetchPage(url, options).then(
    () => new Error('was fetched'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(FetchError)
  const failed = error as FetchError
  expect(failed.remedy).not.toBe('')
  return failed
}

const html = (response: ServerResponse, headers = {}) =>
  response.writeHead(200, { 'content-type': 'text/html; charset=UTF-8', ...headers })

describe('a page that is what it should be', () => {
  test('given a page, when fetched, then its bytes, type, character set and validators come back', async () => {
    const server = await serve((_, response) => {
      html(response, { etag: '"v1"', 'last-modified': 'Mon, 24 Jun 2024 07:11:00 GMT' })
      response.end('<p>The harbour reopened.</p>')
    })
    const page = await fetchPage(`${server.origin}/news#top`, LOCAL)
    expect({ ...page, bytes: Buffer.from(page.bytes).toString() }).toEqual({
      status: 200,
      bytes: '<p>The harbour reopened.</p>',
      contentType: 'text/html',
      charset: 'utf-8',
      finalUrl: `${server.origin}/news`,
      etag: '"v1"',
      lastModified: 'Mon, 24 Jun 2024 07:11:00 GMT',
    })
    expect(server.requests[0]?.headers['user-agent']).toBe(USER_AGENT)
  })

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const)('given a page packed as %s, when fetched, then it is unpacked', async (encoding, pack) => {
    const server = await serve((_, response) => {
      html(response, { 'content-encoding': encoding })
      response.end(pack('The harbour reopened.'))
    })
    expect(Buffer.from((await fetchPage(server.origin, LOCAL)).bytes).toString()).toBe('The harbour reopened.')
  })

  test('given redirects within the limit, when fetched, then the last address is told', async () => {
    const server = await serve((request, response) => {
      const step = Number(request.url?.slice(1))
      if (step < 5) response.writeHead(302, { location: `/${String(step + 1)}` }).end()
      else html(response).end('there')
    })
    expect((await fetchPage(`${server.origin}/0`, LOCAL)).finalUrl).toBe(`${server.origin}/5`)
  })

  test('given validators of an earlier answer, when nothing changed, then the status is 304 and there are no bytes', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.headers['if-none-match'] === '"v1"' ? 304 : 200).end()
    })
    const page = await fetchPage(server.origin, {
      ...LOCAL,
      ifNot: { etag: '"v1"', lastModified: 'Mon, 24 Jun 2024 07:11:00 GMT' },
    })
    expect([page.status, page.bytes.length]).toEqual([304, 0])
    expect(server.requests[0]?.headers['if-modified-since']).toBe('Mon, 24 Jun 2024 07:11:00 GMT')
  })
})

describe('where a fetch may lead', () => {
  test.each([
    'file:///etc/passwd',
    'ftp://news.example.org/a',
    'gopher://news.example.org/a',
    'data:text/html,hello',
    'javascript:alert(1)',
    'http://anna:secret@news.example.org/',
    'http://news.example.org:22/',
    'http://news.example.org:25/',
    'news.example.org',
    '',
  ])('given "%s", then it is refused before anything is asked', async (url) => {
    let resolved = 0
    const resolve: Resolve = () => Promise.resolve((resolved++, []))
    expect((await failure(url, { ...LOCAL, resolve })).code).toBe('fetch-refused')
    expect(resolved).toBe(0)
  })

  test.each([
    '127.0.0.1',
    '2130706433',
    '0177.0.0.1',
    '0x7f000001',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    '0',
  ])(
    'given a server on this machine and its address spelt %s, when fetched without the allowance, then it is never asked',
    async (host) => {
      const server = await serve((_, response) => html(response).end('secret'))
      expect((await failure(`http://${host}:${String(server.port)}/`, { env: {} })).code).toBe('fetch-refused')
      expect(server.asked).toEqual([])
    },
  )

  test('given a name with one public and one private address, then it is refused', async () => {
    const resolve: Resolve = () =>
      Promise.resolve([
        { address: '93.184.215.14', family: 4 },
        { address: '10.0.0.7', family: 4 },
      ])
    const error = await failure('http://news.example.org/', { env: {}, resolve })
    expect(error.code).toBe('fetch-refused')
    expect(error.message).toContain('a private address')
    expect(error.message).not.toContain('10.0.0.7')
  })

  test('given a resolver that changes its answer, when fetched, then the first, checked answer is where the connection goes', async () => {
    const server = await serve((_, response) => html(response).end('the checked server'))
    const answers = ['127.0.0.1', '169.254.169.254', '10.0.0.7']
    const resolve: Resolve = () => Promise.resolve([{ address: answers.shift() ?? '10.0.0.7', family: 4 }])
    const url = `http://rebinding.example.org:${String(server.port)}/`
    const page = await fetchPage(url, { ...LOCAL, resolve })
    expect(Buffer.from(page.bytes).toString()).toBe('the checked server')
    expect(answers).toHaveLength(2)
    const again = await failure(url, { ...LOCAL, resolve })
    expect([again.code, again.message]).toEqual(['fetch-refused', expect.stringContaining('metadata')])
  })

  test.each([
    ['a private address', 'http://10.0.0.7/'],
    ['a metadata address in decimal', 'http://2852039166/latest/meta-data/'],
    ['a name of a private network', 'http://metadata.google.internal/'],
    ['a private address without a scheme', '//192.168.0.1/'],
    ['a file', 'file:///etc/passwd'],
    ['a mail server', 'http://news.example.org:25/'],
    ['nowhere', 'http://'],
  ])('given a redirect to %s, then it is refused', async (_, location) => {
    const server = await serve((__, response) => response.writeHead(301, { location }).end())
    expect((await failure(server.origin)).code).toBe('fetch-refused')
    expect(server.asked).toEqual(['/'])
  })

  test('given a redirect to a name whose address is private, then it is refused', async () => {
    const server = await serve((_, response) =>
      response.writeHead(307, { location: 'http://inner.example.org/admin' }).end(),
    )
    const resolve: Resolve = (name) =>
      Promise.resolve([
        {
          address: name === 'outer.example.org' ? '127.0.0.1' : 'fd00::7',
          family: name === 'outer.example.org' ? 4 : 6,
        },
      ])
    const error = await failure(`http://outer.example.org:${String(server.port)}/`, { ...LOCAL, resolve })
    expect([error.code, error.message]).toEqual(['fetch-refused', expect.stringContaining('inner.example.org')])
  })
})

describe('a server that means harm', () => {
  test('given redirects in a circle, then the fetch ends at the second visit', async () => {
    const server = await serve((request, response) =>
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end(),
    )
    const error = await failure(`${server.origin}/a`)
    expect([error.code, error.message]).toEqual(['fetch-failed', expect.stringContaining('circle')])
    expect(server.asked).toEqual(['/a', '/b'])
  })

  test('given redirects without end, then the fetch ends at the limit', async () => {
    const server = await serve((request, response) =>
      response.writeHead(302, { location: `/${String(Number(request.url?.slice(1)) + 1)}` }).end(),
    )
    expect((await failure(`${server.origin}/0`)).message).toContain('more than 5 times')
    expect(server.asked).toHaveLength(6)
  })

  test('given a redirect with an endless body, then the body is not waited for', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/end') return html(response).end('there')
      response.writeHead(302, { location: '/end' })
      writeForever(response, Buffer.alloc(65_536))
    })
    expect((await fetchPage(server.origin, LOCAL)).status).toBe(200)
  })

  test('given a body without end, then the fetch ends at the byte limit', async () => {
    const server = await serve((_, response) => {
      html(response)
      writeForever(response, Buffer.alloc(65_536, '.'))
    })
    const error = await failure(server.origin, { ...LOCAL, limits: { bytes: 300_000 } })
    expect([error.code, error.message]).toEqual(['fetch-too-large', expect.stringContaining('293 KB')])
  })

  test('given a stated length above the limit, then not a byte of it is waited for', async () => {
    const server = await serve((_, response) => {
      html(response, { 'content-length': '99999999' })
      response.flushHeaders()
    })
    expect((await failure(server.origin)).code).toBe('fetch-too-large')
  })

  test.each([
    ['gzip', gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    ['br', brotliCompressSync(Buffer.alloc(64 * 1024 * 1024))],
  ])('given a decompression bomb in %s, then the fetch ends at the byte limit', async (encoding, bomb) => {
    const server = await serve((_, response) => {
      html(response, { 'content-encoding': encoding })
      response.end(bomb)
    })
    expect((await failure(server.origin, { ...LOCAL, limits: { bytes: 1_000_000 } })).code).toBe('fetch-too-large')
  })

  test('given packed nothing without end, then the bytes on the wire are bounded too', async () => {
    const server = await serve((_, response) => {
      html(response, { 'content-encoding': 'gzip' })
      writeForever(response, Buffer.concat(Array<Buffer>(500).fill(gzipSync(''))))
    })
    expect((await failure(server.origin, { ...LOCAL, limits: { bytes: 300_000 } })).code).toBe('fetch-too-large')
  })

  test.each([
    ['deflate', deflateSync('text')],
    ['gzip, gzip', gzipSync(gzipSync('text'))],
    ['zstd', Buffer.from('text')],
  ])('given a page packed as %s, which was not asked for, then it is not unpacked', async (encoding, body) => {
    const server = await serve((_, response) => {
      html(response, { 'content-encoding': encoding })
      response.end(body)
    })
    expect((await failure(server.origin)).message).toContain('was not asked for')
  })

  test.each([
    ['gzip', gzipSync('The harbour reopened.').subarray(0, 25)],
    ['gzip', Buffer.from('not packed at all')],
    ['br', Buffer.from('\xff\xff\xff\xff', 'latin1')],
  ])('given %s that is damaged, then the fetch fails and says so', async (encoding, body) => {
    const server = await serve((_, response) => {
      html(response, { 'content-encoding': encoding })
      response.end(body)
    })
    expect((await failure(server.origin)).message).toContain('damaged')
  })

  test('given a body that comes a byte at a time without end, then the total time ends it', async () => {
    const server = await serve((_, response) => {
      html(response)
      drip(response, 10)
    })
    const error = await failure(server.origin, { ...LOCAL, limits: { totalMs: 200 } })
    expect([error.code, error.message]).toEqual(['fetch-timeout', expect.stringContaining('200 ms')])
  })

  test('given headers that never come, then the fetch does not wait for the total time', async () => {
    const server = await serve(() => undefined)
    const error = await failure(server.origin, { ...LOCAL, limits: { idleMs: 100, totalMs: 3_600_000 } })
    expect([error.code, error.message]).toEqual(['fetch-timeout', expect.stringContaining('stopped answering')])
  })

  test('given a body that stops in the middle, then the fetch does not wait for the total time', async () => {
    const server = await serve((_, response) => {
      html(response)
      response.write('The harbour')
    })
    expect((await failure(server.origin, { ...LOCAL, limits: { idleMs: 100, totalMs: 3_600_000 } })).code).toBe(
      'fetch-timeout',
    )
  })

  test('given a resolver that never answers, then the total time ends the fetch', async () => {
    const resolve: Resolve = () => new Promise(() => undefined)
    const options = { env: {}, resolve, limits: { totalMs: 100 } }
    expect((await failure('http://slow.example.org/', options)).code).toBe('fetch-timeout')
    expect(
      (await failure('http://slow.example.org/', { ...options, env: { HTTP_PROXY: 'http://127.0.0.1:9' } })).code,
    ).toBe('fetch-timeout')
  })

  test('given headers beyond every measure, then the fetch fails', async () => {
    const server = await serve((_, response) => {
      html(response, { 'x-long': 'x'.repeat(100_000) })
      response.end()
    })
    expect((await failure(server.origin)).code).toBe('fetch-failed')
  })

  test('given a connection cut in the middle of a body of stated length, then half a page is not taken for a page', async () => {
    const server = await serve((_, response) => {
      html(response, { 'content-length': '1000' })
      response.write('The harbour', () => response.destroy())
    })
    expect((await failure(server.origin)).code).toBe('fetch-failed')
  })
})

describe('what is not a page', () => {
  test.each(['application/pdf', 'image/png', 'application/octet-stream', 'text/htmlx', ''])(
    'given the type "%s", then it is not read',
    async (type) => {
      const server = await serve((_, response) => {
        response.writeHead(200, type === '' ? {} : { 'content-type': type })
        writeForever(response, Buffer.alloc(1024))
      })
      expect((await failure(server.origin)).code).toBe('fetch-wrong-type')
    },
  )

  test.each([
    [404, 'Check the address.'],
    [403, 'does not let programs'],
    [500, 'Try again later.'],
    [304, 'Try again later.'],
    [999, 'Try again later.'],
  ])('given an answer of %d, then the status is told and what to do', async (status, remedy) => {
    const server = await serve((_, response) => response.writeHead(status).end())
    const error = await failure(server.origin)
    expect([error.code, error.status, error.message]).toEqual([
      'fetch-failed',
      status,
      expect.stringContaining(String(status)),
    ])
    expect(error.remedy).toContain(remedy)
  })

  test('given an answer that asks to be left alone, then it is told for how long', async () => {
    const server = await serve((_, response) => response.writeHead(429, { 'retry-after': '120' }).end())
    expect((await failure(server.origin)).retryAfter).toBe('120')
  })

  test('given nothing that listens, or no such host, then the failure says which', async () => {
    const server = await serve(() => undefined)
    await server.close()
    expect((await failure(server.origin)).message).toContain('nothing answers there')
    const resolve: Resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    expect((await failure('http://gone.example.org/', { env: {}, resolve })).message).toContain('no host of that name')
  })

  test('given a signal that aborts, then its reason is thrown and the server is left', async () => {
    const abort = new AbortController()
    const server = await serve((_, response) => {
      html(response)
      drip(response, 10)
      abort.abort(new Error('the moderator went away'))
    })
    await expect(fetchPage(server.origin, { ...LOCAL, signal: abort.signal })).rejects.toThrow(
      'the moderator went away',
    )
    await expect(fetchPage(server.origin, { ...LOCAL, signal: abort.signal })).rejects.toThrow(
      'the moderator went away',
    )
  })
})

describe('behind a proxy', () => {
  const unresolvable: Resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))

  test('given HTTP_PROXY, when this machine cannot resolve names, then the proxy is asked for the whole URL', async () => {
    const proxy = await serve((_, response) => html(response).end('through the proxy'))
    const page = await fetchPage('http://news.example.org/a?b=1', {
      env: { HTTP_PROXY: proxy.origin },
      resolve: unresolvable,
    })
    expect(Buffer.from(page.bytes).toString()).toBe('through the proxy')
    expect(proxy.asked).toEqual(['http://news.example.org/a?b=1'])
    expect(proxy.requests[0]?.headers.host).toBe('news.example.org')
  })

  test('given HTTPS_PROXY, then https goes through a tunnel by name', async () => {
    const proxy = await serve((_, response) => response.end())
    const error = await failure('https://news.example.org/a', {
      env: { https_proxy: proxy.origin },
      resolve: unresolvable,
    })
    expect(error.code).toBe('fetch-failed') // the proxy of this test speaks no TLS at the tunnel's end
    expect(proxy.asked[0]).toBe('CONNECT news.example.org:443')
  })

  test.each([
    'http://10.0.0.7/',
    'http://2130706433/',
    'http://[::1]/',
    'http://metadata.google.internal/',
    'http://redis/',
  ])('given %s, then the proxy is never asked', async (url) => {
    const proxy = await serve((_, response) => html(response).end('secret'))
    expect((await failure(url, { env: { HTTP_PROXY: proxy.origin }, resolve: unresolvable })).code).toBe(
      'fetch-refused',
    )
    expect(proxy.asked).toEqual([])
  })

  test('given a name that this machine resolves to a private address, then the proxy is never asked', async () => {
    const proxy = await serve((_, response) => html(response).end('secret'))
    const resolve: Resolve = () => Promise.resolve([{ address: '192.168.1.1', family: 4 }])
    expect((await failure('http://inner.example.org/', { env: { HTTP_PROXY: proxy.origin }, resolve })).code).toBe(
      'fetch-refused',
    )
    expect(proxy.asked).toEqual([])
  })

  test('given a redirect through the proxy to a private address, then it is refused', async () => {
    const proxy = await serve((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end())
    expect(
      (await failure('http://news.example.org/', { env: { HTTP_PROXY: proxy.origin }, resolve: unresolvable })).code,
    ).toBe('fetch-refused')
    expect(proxy.asked).toEqual(['http://news.example.org/'])
  })

  test('given NO_PROXY, then its hosts are reached directly, with the full check of addresses', async () => {
    const proxy = await serve((_, response) => html(response).end('through the proxy'))
    const server = await serve((_, response) => html(response).end('direct'))
    const env = { HTTP_PROXY: proxy.origin, NO_PROXY: '.example.org' }
    const resolve: Resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }])
    const url = `http://news.example.org:${String(server.port)}/`
    expect(Buffer.from((await fetchPage(url, { env, resolve, allowLoopback: true })).bytes).toString()).toBe('direct')
    expect((await failure(url, { env, resolve })).code).toBe('fetch-refused')
    expect([proxy.asked, server.asked]).toEqual([[], ['/']])
  })

  test('given a proxy that is not a URL, then the setting is named', async () => {
    const error: unknown = await fetchPage('http://news.example.org/', { env: { HTTP_PROXY: '::nonsense' } }).catch(
      (e: unknown) => e,
    )
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).code).toBe('bad-config')
  })
})
