import { lookup as systemLookup } from 'node:dns/promises'
import { STATUS_CODES } from 'node:http'
import type { LookupFunction } from 'node:net'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici'
import { UserError, type ErrorCode } from '../errors.ts'
import { addressRefusal, hostRefusal, type AddressRules } from './address.ts'

/** Bounds of one fetch, redirects included. */
export type FetchLimits = {
  readonly redirects: number
  /** Of the body, both as it comes over the wire and after decompression. */
  readonly bytes: number
  /** From the call to the last byte. */
  readonly totalMs: number
  /** Without a single byte: while connecting, before the headers, between two pieces of the body. */
  readonly idleMs: number
}

/** All addresses of a name, as the system's resolver gives them. Rejects with a system error when there is none. */
export type Resolve = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

export type FetchOptions = AddressRules & {
  readonly limits?: Partial<FetchLimits>
  /** Media types that are read; `PAGE_TYPES` when not given, `any` for no check. */
  readonly accept?: readonly string[] | 'any'
  /** Makes the fetch conditional, from an earlier answer; one that did not change has status 304 and no bytes. */
  readonly ifNot?: { readonly etag?: string | undefined; readonly lastModified?: string | undefined }
  readonly resolve?: Resolve
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read (lower case first, as everywhere); `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
}

export type FetchedPage = {
  /** 200 to 299, or 304 when the fetch was conditional. */
  readonly status: number
  readonly bytes: Uint8Array
  /** Media type in lower case, without parameters; empty when the server names none (with `accept: 'any'`). */
  readonly contentType: string
  /** As the server names it, in lower case. */
  readonly charset?: string
  /** Where the last redirect led. */
  readonly finalUrl: string
  readonly etag?: string
  readonly lastModified?: string
}

/** A fetch that failed, with what the server said about it, if it said anything. */
export class FetchError extends UserError {
  readonly status: number | undefined
  /** The header `Retry-After` as sent: seconds or an HTTP date. */
  readonly retryAfter: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    remedy: string,
    options: ErrorOptions & { readonly status?: number; readonly retryAfter?: string | undefined } = {},
  ) {
    super(code, message, remedy, options)
    this.name = 'FetchError'
    this.status = options.status
    this.retryAfter = options.retryAfter
  }
}

export const PAGE_TYPES = ['text/html', 'application/xhtml+xml', 'text/plain', 'text/markdown'] as const

/** What this program calls itself; its first word is the name that robots.txt knows it by. */
export const USER_AGENT = 'Verbatim/0.1 (self-hosted search in news coverage; honours robots.txt)'

const LIMITS: FetchLimits = { redirects: 5, bytes: 8 * 1024 * 1024, totalMs: 30_000, idleMs: 10_000 }

/** A server that sends more than this in headers is not one of news. */
const MAX_HEADER_BYTES = 32 * 1024

const ATTACH = 'Save the page in a browser and import the file instead.'

/**
 * Fetches a page of the public internet, so that nobody who can name a URL can reach what only this machine can reach.
 *
 * - http and https only, no user names in the address, ports 80, 443 and those from 1024 on.
 * - Refused when the host, any address it resolves to, or the same of any redirect is not public (`addressRefusal`).
 *   The connection goes to the very addresses that were checked: a resolver that changes its answer gains nothing.
 * - Bounded in redirects, bytes on the wire and after decompression, total time, and time without a byte.
 * - Only the media types asked for, read from an answer of 200 to 299.
 *
 * Proxies from the environment are used. Then the proxy looks the name up and connects, so the checked address cannot
 * be enforced from here: literal addresses and private names are still refused, and so is a name for which this
 * machine's resolver answers with an address that is not public; where it answers nothing (usual behind a proxy), the
 * proxy, which the operator chose, decides. The proxy's own address is the operator's and is not checked.
 *
 * @throws FetchError `fetch-refused`, `fetch-failed`, `fetch-timeout`, `fetch-too-large`, `fetch-wrong-type`; UserError
 *   `bad-config` for a proxy that is not a URL; the signal's reason when it aborts
 */
export async function fetchPage(url: string, options: FetchOptions = {}): Promise<FetchedPage> {
  options.signal?.throwIfAborted()
  const limits = { ...LIMITS, ...options.limits }
  const deadline = new AbortController()
  const timer = setTimeout(() => {
    deadline.abort()
  }, limits.totalMs)
  const signal = options.signal === undefined ? deadline.signal : AbortSignal.any([options.signal, deadline.signal])
  const route = openRoute(options, limits)
  try {
    return await followRedirects(parseUrl(url), options, limits, route, signal)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (deadline.signal.aborted)
      throw new FetchError(
        'fetch-timeout',
        `${url} took longer than ${seconds(limits.totalMs)}.`,
        `Try again later. ${ATTACH}`,
        {
          cause: error,
        },
      )
    throw wordedFailure(error, url)
  } finally {
    clearTimeout(timer)
    // Not waited for: it would wait for a resolver that never answers.
    void route.dispatcher.destroy().catch(() => undefined)
  }
}

async function followRedirects(
  start: URL,
  options: FetchOptions,
  limits: FetchLimits,
  route: Route,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const visited = new Set<string>()
  for (let url = start; ;) {
    if (visited.has(url.href))
      throw new FetchError('fetch-failed', `${start.href} sends its readers round in a circle.`, ATTACH)
    if (visited.size > limits.redirects)
      throw new FetchError(
        'fetch-failed',
        `${start.href} leads on more than ${String(limits.redirects)} times.`,
        ATTACH,
      )
    visited.add(url.href)
    await refuseUnsafe(url, options, route, signal)
    const asking = request(url, {
      dispatcher: route.dispatcher,
      signal,
      headers: requestHeaders(options),
      headersTimeout: limits.idleMs,
      bodyTimeout: limits.idleMs,
    })
    const response = await abortable(asking, signal)
    const location = redirectOf(response)
    if (location === undefined) return await readResponse(url, response, options, limits)
    response.body.on('error', () => undefined).destroy()
    url = parseUrl(location, url)
  }
}

function requestHeaders(options: FetchOptions): Record<string, string> {
  const accept = options.accept ?? PAGE_TYPES
  return {
    'user-agent': USER_AGENT,
    accept: accept === 'any' ? '*/*' : [...accept, '*/*;q=0.1'].join(', '),
    'accept-encoding': 'gzip, br',
    ...(options.ifNot?.etag === undefined ? {} : { 'if-none-match': options.ifNot.etag }),
    ...(options.ifNot?.lastModified === undefined ? {} : { 'if-modified-since': options.ifNot.lastModified }),
  }
}

function redirectOf(response: Dispatcher.ResponseData): string | undefined {
  return [301, 302, 303, 307, 308].includes(response.statusCode) ? header(response, 'location') : undefined
}

function parseUrl(text: string, base?: URL): URL {
  let url: URL
  try {
    url = new URL(text, base)
  } catch (error) {
    throw new FetchError(
      'fetch-refused',
      `"${text.slice(0, 200)}" is not a web address.`,
      'Give it in full, as in https://example.org/news.',
      {
        cause: error,
      },
    )
  }
  url.hash = ''
  const remedy = 'Only public pages at http:// and https:// addresses are fetched.'
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new FetchError('fetch-refused', `${shown(url)} is not an http or https address.`, remedy)
  if (url.username !== '' || url.password !== '')
    throw new FetchError(
      'fetch-refused',
      `The address of ${url.host} holds a user name or password.`,
      `Leave it out. ${remedy}`,
    )
  const port = url.port === '' ? 80 : Number(url.port)
  if (port < 1024 && port !== 80 && port !== 443)
    throw new FetchError('fetch-refused', `${shown(url)} names port ${url.port}, which is not a web server’s.`, remedy)
  return url
}

function shown(url: URL): string {
  return url.href.slice(0, 300)
}

/** How requests leave this machine. */
type Route = {
  readonly dispatcher: Dispatcher
  readonly resolve: Resolve
  /** Whether a proxy may carry the request, so that the dispatcher's own check of addresses may not see it. */
  readonly isProxied: (url: URL) => boolean
}

function openRoute(options: FetchOptions, limits: FetchLimits): Route {
  const env = options.env ?? process.env
  const resolve = options.resolve ?? ((hostname) => systemLookup(hostname, { all: true, verbatim: true }))
  const agentOptions = {
    connect: { lookup: checkedLookup(resolve, options), timeout: limits.idleMs },
    maxHeaderSize: MAX_HEADER_BYTES,
    connections: 1,
  }
  const httpProxy = env['http_proxy'] ?? env['HTTP_PROXY'] ?? ''
  const httpsProxy = env['https_proxy'] ?? env['HTTPS_PROXY'] ?? ''
  if (httpProxy === '' && httpsProxy === '')
    return { dispatcher: new Agent(agentOptions), resolve, isProxied: () => false }
  const noProxy = env['no_proxy'] ?? env['NO_PROXY'] ?? ''
  return {
    dispatcher: openProxy({ ...agentOptions, httpProxy, httpsProxy, noProxy, proxyTunnel: false }),
    resolve,
    isProxied: (url) => httpProxy !== '' || url.protocol === 'https:',
  }
}

function openProxy(options: EnvHttpProxyAgent.Options): EnvHttpProxyAgent {
  try {
    return new EnvHttpProxyAgent(options)
  } catch (error) {
    throw new UserError(
      'bad-config',
      'HTTP_PROXY or HTTPS_PROXY is not the URL of a proxy.',
      'Write it as in http://proxy.example:3128, or unset it.',
      { cause: error },
    )
  }
}

/** What can be told before a connection is made; the rest is `checkedLookup`'s, at the moment of connecting. */
async function refuseUnsafe(url: URL, rules: AddressRules, route: Route, signal: AbortSignal): Promise<void> {
  const reason = hostRefusal(url.hostname, rules)
  if (reason !== undefined) throw refusedAddress(url.hostname, reason)
  if (!route.isProxied(url)) return
  const addresses = await abortable(
    route.resolve(url.hostname.replace(/^\[|\]$/g, '')).catch((error: unknown) => {
      if (isCoded(error)) return []
      throw error
    }),
    signal,
  )
  refuseAddresses(url.hostname, addresses, rules)
}

/** As `work`, or the signal's reason as soon as it aborts: a resolver cannot be called off, and undici waits for it. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          reject(signal.reason as Error)
        },
        { once: true },
      )
    }),
  ])
}

/** A lookup for `net.connect` that gives only addresses it has judged, so that what is judged is what is connected to. */
function checkedLookup(resolve: Resolve, rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname)
      .then((addresses) => {
        refuseAddresses(hostname, addresses, rules)
        const wanted = addresses.filter(({ family }) => !options.family || family === options.family)
        const [first] = wanted
        if (first === undefined) throw Object.assign(new Error(`no address of ${hostname}`), { code: 'ENOTFOUND' })
        if (options.all === true) callback(null, [...wanted])
        else callback(null, first.address, first.family)
      })
      .catch((error: unknown) => {
        callback(error as NodeJS.ErrnoException, [])
      })
  }
}

function refuseAddresses(
  hostname: string,
  addresses: readonly { readonly address: string }[],
  rules: AddressRules,
): void {
  for (const { address } of addresses) {
    const reason = addressRefusal(address, rules)
    if (reason !== undefined) throw refusedAddress(hostname, reason)
  }
}

/** The address itself is not told: who asks from outside must not learn this network's addresses. */
function refusedAddress(hostname: string, reason: string): FetchError {
  return new FetchError(
    'fetch-refused',
    `${hostname} was not fetched: it is, or leads to, ${reason}.`,
    `Only pages of the public internet are fetched. ${ATTACH}`,
  )
}

async function readResponse(
  url: URL,
  response: Dispatcher.ResponseData,
  options: FetchOptions,
  limits: FetchLimits,
): Promise<FetchedPage> {
  try {
    const { statusCode: status } = response
    const isUnchanged = status === 304 && options.ifNot !== undefined
    if (!isUnchanged && (status < 200 || status > 299)) throw badStatus(url, response)
    const [contentType = '', ...parameters] = (header(response, 'content-type') ?? '').toLowerCase().split(';')
    const charset = parameters
      .map((text) => /^\s*charset\s*=\s*"?([\w.:-]+)"?\s*$/.exec(text)?.[1])
      .find((name) => name !== undefined)
    if (!isUnchanged) refuseType(url, contentType.trim(), options.accept ?? PAGE_TYPES)
    const etag = header(response, 'etag')
    const lastModified = header(response, 'last-modified')
    return {
      status,
      bytes: isUnchanged ? new Uint8Array() : await readBody(url, response, limits.bytes),
      contentType: contentType.trim(),
      finalUrl: url.href,
      ...(charset === undefined ? {} : { charset }),
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
    }
  } finally {
    response.body.on('error', () => undefined).destroy()
  }
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function badStatus(url: URL, response: Dispatcher.ResponseData): FetchError {
  const { statusCode: status } = response
  const remedies: Readonly<Record<number, string>> = {
    401: `It wants its readers to sign in. ${ATTACH}`,
    403: `It does not let programs read this page. ${ATTACH}`,
    404: 'Check the address.',
    410: 'The page was taken away.',
    451: ATTACH,
    429: 'It asks to be left alone for a while; try again later.',
  }
  const name = STATUS_CODES[status]
  return new FetchError(
    'fetch-failed',
    `${shown(url)} answered ${String(status)}${name === undefined ? '' : ` (${name})`}.`,
    remedies[status] ?? `Try again later. ${ATTACH}`,
    { status, retryAfter: header(response, 'retry-after') },
  )
}

function refuseType(url: URL, contentType: string, accept: readonly string[] | 'any'): void {
  if (accept === 'any' || accept.includes(contentType)) return
  throw new FetchError(
    'fetch-wrong-type',
    `${shown(url)} is ${contentType === '' ? 'of no stated type' : contentType.slice(0, 80)}, not ${accept.slice(0, 3).join(', ')}.`,
    'Give the address of the article itself, or import its text as a file.',
  )
}

async function readBody(url: URL, response: Dispatcher.ResponseData, limit: number): Promise<Uint8Array> {
  const tooLarge = new FetchError(
    'fetch-too-large',
    `${shown(url)} is larger than ${String(Math.round(limit / 1024))} KB.`,
    `Give the address of one article. ${ATTACH}`,
  )
  if (Number(header(response, 'content-length') ?? 0) > limit) throw tooLarge
  const chunks: Uint8Array[] = []
  let isOver = false
  const bounded = async function* (source: AsyncIterable<Uint8Array>) {
    let bytes = 0
    for await (const chunk of source) {
      bytes += chunk.byteLength
      isOver ||= bytes > limit
      if (isOver) throw tooLarge
      yield chunk
    }
  }
  const collect = async (source: AsyncIterable<Uint8Array>) => {
    for await (const chunk of bounded(source)) chunks.push(chunk)
  }
  const decoder = decoderOf(url, header(response, 'content-encoding'))
  try {
    if (decoder === undefined) await collect(response.body as AsyncIterable<Uint8Array>)
    else await pipeline(Readable.from(bounded(response.body as AsyncIterable<Uint8Array>)), decoder, collect)
  } catch (error) {
    throw isOver ? tooLarge : error // a pipeline may report that it was cut, not why
  }
  return Buffer.concat(chunks)
}

/** One coding at most, and only what was asked for: a page packed twice is not a page. */
function decoderOf(url: URL, encoding: string | undefined): Transform | undefined {
  const coding = (encoding ?? '').trim().toLowerCase()
  if (coding === '' || coding === 'identity') return undefined
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip()
  if (coding === 'br') return createBrotliDecompress()
  throw new FetchError(
    'fetch-failed',
    `${shown(url)} came packed as "${coding.slice(0, 40)}", which was not asked for.`,
    ATTACH,
  )
}

/** What a system, TLS, HTTP or zlib error means, by its code; the first that fits. */
const MEANINGS: readonly (readonly [code: RegExp, meaning: string, remedy: string])[] = [
  [
    /^(ENOTFOUND|EAI_)/,
    'there is no host of that name',
    'Check the address, and whether this machine can reach the internet.',
  ],
  [/^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$|^ETIMEDOUT$/, 'it stopped answering', `Try again later. ${ATTACH}`],
  [/^ECONNREFUSED$|^E(HOST|NET)UNREACH$/, 'nothing answers there', 'Check the address, or try again later.'],
  [/CERT|SELF_SIGNED|^ERR_(TLS|SSL)/, 'its certificate is not valid', `Check the address. ${ATTACH}`],
  [/^(Z_|ERR_BROTLI|BROTLI|ERR__ERROR)/, 'what it sent is damaged', `Try again later. ${ATTACH}`],
  [/^HPE_|^UND_ERR_(HEADERS_OVERFLOW|RES)/, 'its answer is not proper HTTP', ATTACH],
  [/^/, 'the connection broke', `Try again later. ${ATTACH}`],
]

/** The error itself when it is worded already or a bug; an error with a code as a sentence. */
function wordedFailure(error: unknown, url: string): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof UserError) return cause
    if (!isCoded(cause)) continue
    const { code } = cause
    const [, meaning, remedy] = MEANINGS.find(([pattern]) => pattern.test(code)) ?? ['', 'it failed', ATTACH]
    const isTimeout = /TIMEOUT|ETIMEDOUT/.test(code)
    return new FetchError(
      isTimeout ? 'fetch-timeout' : 'fetch-failed',
      `${url.slice(0, 300)} could not be fetched: ${meaning} (${code}).`,
      remedy,
      { cause: error },
    )
  }
  return error
}

function isCoded(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

function seconds(ms: number): string {
  return ms < 1000 ? `${String(ms)} ms` : `${String(Math.round(ms / 1000))} seconds`
}
