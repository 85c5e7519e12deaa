import type { APIApplicationCommand } from 'discord.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { choiceProblems, commandProblems, messageProblems, modalProblems } from './limits.ts'
import type { OpenApi } from './openapi.ts'
import { channelPayload, guildPayload, messagePayload, userPayload } from './payloads.ts'
import {
  editMessage,
  postAnswer,
  postMessage,
  tellChange,
  type Interaction,
  type Message,
  type World,
} from './world.ts'

/** How long an interaction waits for its acknowledgement, and how long its token lives: milliseconds, Discord's own. */
const ACKNOWLEDGE_MS = 3000
const TOKEN_MS = 15 * 60_000

type Json = Readonly<Record<string, unknown>>

/** One request as it came, and what it was answered. */
export type SeenRequest = {
  readonly method: string
  /** Below `/api/v10`. */
  readonly path: string
  readonly body: unknown
  readonly status: number
}

/** Something that goes wrong on Discord's side. */
export type Fault = {
  /** Requests whose `METHOD /path` matches. */
  readonly on: RegExp
  /** How many of them; the rest pass. */
  times: number
  /** What is answered instead; absent with `hangUp`. */
  readonly status?: number
  readonly body?: Json
  readonly headers?: Readonly<Record<string, string>>
  /** Cuts the connection without an answer. */
  readonly hangUp?: boolean
  /** The request is looked at only once this has resolved. */
  readonly until?: (request: IncomingMessage) => Promise<void>
  /** The request takes effect first, and only its answer is lost. */
  readonly afterEffect?: boolean
}

export type Rest = {
  readonly requests: SeenRequest[]
  /** Requests that Discord would refuse as malformed, with what is wrong with them. */
  readonly violations: string[]
  readonly faults: Fault[]
  /** Lets go of an interaction that is over, and of the requests so far: for runs of millions. */
  forget(interaction: Interaction): void
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

type Outcome = { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }

const ok = (body: unknown, status = 200): Outcome => ({ status, body })
const problem = (status: number, code: number, message: string): Outcome => ({ status, body: { code, message } })
const UNKNOWN_INTERACTION = problem(404, 10_062, 'Unknown interaction')

export function createRest(world: World, openApi: OpenApi | undefined, gatewayUrl: () => string, shards: number): Rest {
  const requests: SeenRequest[] = []
  const violations: string[] = []
  const faults: Fault[] = []
  const buckets = new Map<string, { remaining: number; resetAt: number }>()
  const byToken = new Map<string, Interaction>()

  const refuse = (problems: readonly string[], where: string): Outcome => {
    for (const each of problems) violations.push(`${where}: ${each}`)
    return { status: 400, body: { code: 50_035, message: 'Invalid Form Body', errors: { _errors: problems } } }
  }

  const route = (request: IncomingMessage, { body, files }: Body, path: string, query: URLSearchParams): Outcome => {
    const method = request.method ?? 'GET'
    const where = `${method} ${path}`
    const template = openApi?.operation(method, path)
    if (openApi !== undefined) {
      if (template === undefined) return refuse(['Discord has no such endpoint'], where)
      const problems = openApi.check(method, template, body)
      if (problems.length > 0) return refuse(problems, where)
    }
    const parts = path.split('/').slice(1)
    if (parts[0] === 'interactions' && parts[3] === 'callback')
      return callback(parts[1] ?? '', parts[2] ?? '', body as Json, files, query, where)
    if (parts[0] === 'webhooks') return webhook(method, parts, body as Json | undefined, files, where)
    if (request.headers.authorization !== `Bot ${world.application.token}`) return problem(401, 0, '401: Unauthorized')
    if (parts[0] === 'applications' && parts.includes('commands')) return commands(method, parts, body, where)
    if (method === 'POST' && parts[0] === 'channels' && parts[2] === 'messages')
      return channelMessage(parts[1] ?? '', body as Json, where)
    if (method === 'GET') {
      const found = read(path)
      if (found !== undefined) return ok(found)
    }
    return refuse(['the local Discord does not serve this endpoint'], where)
  }

  const read = (path: string): unknown => {
    const [, first, id] = path.split('/')
    if (path === '/gateway') return { url: gatewayUrl() }
    if (path === '/gateway/bot')
      return {
        url: gatewayUrl(),
        shards,
        session_start_limit: { total: 1000, remaining: 1000, reset_after: 86_400_000, max_concurrency: 16 },
      }
    if (path === '/users/@me') return userPayload(world, 'bot')
    if (path === '/applications/@me' || path === '/oauth2/applications/@me')
      return { id: world.application.id, name: 'Verbatim', description: '', flags: 0, bot_public: true }
    const guild = world.guilds.find((each) => each.id === id)
    if (first === 'guilds' && guild !== undefined) return guildPayload(world, guild)
    const channel = world.channels.get(id ?? '')
    if (first === 'channels' && channel !== undefined) return channelPayload(channel)
    return undefined
  }

  const commands = (method: string, parts: readonly string[], body: unknown, where: string): Outcome => {
    const guildId = parts[2] === 'guilds' ? parts[3] : undefined
    const commandId = parts[guildId === undefined ? 3 : 5]
    const all = world.application.commands
    const mine = () => [...all.values()].filter((command) => command.guild_id === guildId)
    const put = (command: Json, replacing?: APIApplicationCommand) => {
      const same = replacing ?? mine().find((c) => c.name === command['name'] && c.type === (command['type'] ?? 1))
      const id = same?.id ?? world.nextId()
      const stored = { ...storedCommand(command), id, version: world.nextId(), application_id: world.application.id }
      all.set(id, { ...stored, ...(guildId === undefined ? {} : { guild_id: guildId }) } as APIApplicationCommand)
      return all.get(id)
    }
    const problems = (Array.isArray(body) ? body : body === undefined ? [] : [body]).flatMap((each) =>
      commandProblems(each as Json),
    )
    if (method === 'PUT' && Array.isArray(body)) {
      const keys = body.map((each: Json) => `${String(each['type'] ?? 1)} ${String(each['name'])}`)
      if (new Set(keys).size !== keys.length) problems.push('two commands of one name and type')
    }
    if (problems.length > 0) return refuse(problems, where)
    switch (method) {
      case 'GET':
        return commandId === undefined ? ok(mine()) : ok(all.get(commandId))
      case 'PUT': {
        const kept = (body as Json[]).map((each) => put(each))
        for (const command of mine()) if (!kept.includes(command)) all.delete(command.id)
        return ok(mine())
      }
      case 'POST':
        return ok(put(body as Json), 201)
      case 'PATCH': {
        const old = all.get(commandId ?? '')
        if (old === undefined) return problem(404, 10_063, 'Unknown application command')
        return ok(put({ ...(old as unknown as Json), ...(body as Json) }, old))
      }
      case 'DELETE':
        return all.delete(commandId ?? '') ? { status: 204 } : problem(404, 10_063, 'Unknown application command')
      default:
        return problem(405, 0, '405: Method Not Allowed')
    }
  }

  const callback = (
    id: string,
    token: string,
    body: Json,
    files: Message['attachments'],
    query: URLSearchParams,
    where: string,
  ): Outcome => {
    const interaction = world.interactions.get(id)
    if (interaction === undefined || interaction.token !== token) return UNKNOWN_INTERACTION
    if (interaction.callback !== undefined) return problem(400, 40_060, 'Interaction has already been acknowledged.')
    if (world.clock.counted() - interaction.createdAt > ACKNOWLEDGE_MS) return UNKNOWN_INTERACTION
    const type = Number(body['type'])
    const data = (body['data'] ?? {}) as Json
    const problems = callbackProblems(interaction, type, data)
    if (problems.length > 0) return refuse(problems, where)
    interaction.callback = type
    interaction.acknowledgedAt = performance.now()
    byToken.set(token, interaction)
    const answered = () => (interaction.answeredAt = performance.now())
    if (type === 4) {
      interaction.original = postAnswer(world, interaction, data, files)
      answered()
    } else if (type === 5) interaction.original = postAnswer(world, interaction, data, [], true)
    else if (type === 6 || type === 7) {
      if (interaction.source !== undefined) interaction.original = interaction.source
      if (type === 7 && interaction.source !== undefined) {
        editMessage(interaction.source, data)
        answered()
      }
    } else if (type === 8) {
      interaction.choices = data['choices'] as NonNullable<Interaction['choices']>
      answered()
    } else if (type === 9) {
      interaction.modal = data as unknown as NonNullable<Interaction['modal']>
      answered()
    }
    tellChange(world, interaction)
    if (query.get('with_response') !== 'true') return { status: 204 }
    return ok({
      interaction: { id, type: interaction.type },
      ...(interaction.original === undefined
        ? {}
        : { resource: { type, message: messagePayload(world, interaction.original) } }),
    })
  }

  const callbackProblems = (interaction: Interaction, type: number, data: Json): readonly string[] => {
    const isAutocomplete = interaction.type === 4
    if (isAutocomplete !== (type === 8)) return [`callback ${type} does not answer interaction ${interaction.type}`]
    if (type === 8) return choiceProblems(data)
    if (type === 9) return interaction.type === 5 ? ['a modal cannot answer a modal'] : modalProblems(data)
    if ((type === 6 || type === 7) && interaction.source === undefined) return ['there is no message to update']
    if (type === 5) {
      const flags = Number(data['flags'] ?? 0)
      return (flags & ~(1 << 6)) === 0 ? [] : [`a deferred answer takes no flag but EPHEMERAL, not ${flags}`]
    }
    if (type === 4) return messageProblems(data)
    if (type === 7) return messageProblems(data, true)
    return []
  }

  const channelMessage = (channelId: string, body: Json, where: string): Outcome => {
    const channel = world.channels.get(channelId)
    if (channel === undefined) return problem(404, 10_003, 'Unknown Channel')
    if (!world.writable.has(channelId)) return problem(403, 50_013, 'Missing Permissions')
    const problems = messageProblems(body)
    if (problems.length > 0) return refuse(problems, where)
    return ok(messagePayload(world, postMessage(world, channel, body)))
  }

  /** A component that shows a file needs that file beside the message. */
  const fileProblems = (body: Json | undefined, files: Message['attachments']): readonly string[] =>
    JSON.stringify(body ?? {})
      .match(/attachment:\/\/[^"]*/gu)
      ?.filter((url) => !files.some(({ name }) => url === `attachment://${name}`))
      .map((url) => `${url} did not come along`) ?? []

  const webhook = (
    method: string,
    parts: readonly string[],
    body: Json | undefined,
    files: Message['attachments'],
    where: string,
  ): Outcome => {
    const [, applicationId, token, , messageId] = parts
    const interaction = byToken.get(token ?? '')
    if (interaction === undefined || applicationId !== world.application.id)
      return problem(404, 10_015, 'Unknown Webhook')
    if (world.clock.counted() - interaction.createdAt > TOKEN_MS) return problem(401, 50_027, 'Invalid Webhook Token')
    const limited = limit(token ?? '')
    if (limited.status === 429) return limited
    const changed = (message: Message, status = 200): Outcome => {
      interaction.answeredAt ??= performance.now()
      tellChange(world, interaction)
      return { ...ok(messagePayload(world, message), status), headers: limited.headers ?? {} }
    }
    if (method === 'POST') {
      const problems = [...messageProblems(body ?? {}), ...fileProblems(body, files)]
      if (problems.length > 0) return refuse(problems, where)
      // The first follow-up to a deferred answer takes its place, and its visibility.
      if (interaction.original?.loading === true && !interaction.original.deleted) {
        editMessage(interaction.original, body ?? {}, files)
        return changed(interaction.original)
      }
      return changed(postAnswer(world, interaction, body ?? {}, files))
    }
    const message =
      messageId === '@original' ? interaction.original : interaction.messages.find((each) => each.id === messageId)
    if (message === undefined || message.deleted) return problem(404, 10_008, 'Unknown Message')
    if (method === 'GET') return ok(messagePayload(world, message))
    if (method === 'DELETE') {
      message.deleted = true
      tellChange(world, interaction)
      return { status: 204 }
    }
    const problems = [...messageProblems(body ?? {}, true), ...fileProblems(body, files)]
    const V2 = 1 << 15
    if ((message.flags & V2) !== 0 && body?.['content'] !== undefined && body['content'] !== null)
      problems.push('content cannot be set on a V2 message')
    if (problems.length > 0) return refuse(problems, where)
    editMessage(message, body ?? {}, files)
    return changed(message)
  }

  /** Five requests in two seconds for each interaction's webhook, as Discord has it; says so in its headers. */
  const limit = (token: string): Outcome => {
    const now = Date.now()
    let bucket = buckets.get(token)
    if (bucket === undefined || bucket.resetAt <= now) {
      bucket = { remaining: 5, resetAt: now + 2000 }
      buckets.set(token, bucket)
    }
    const resetAfter = (bucket.resetAt - now) / 1000
    if (bucket.remaining === 0) return tooMany(resetAfter, { 'X-RateLimit-Scope': 'user' })
    bucket.remaining--
    return {
      status: 200,
      headers: {
        'X-RateLimit-Limit': '5',
        'X-RateLimit-Remaining': String(bucket.remaining),
        'X-RateLimit-Reset-After': resetAfter.toFixed(3),
        'X-RateLimit-Bucket': 'local-webhook',
      },
    }
  }

  const takeFault = (where: string): Fault | undefined => {
    const fault = faults.find((each) => each.times > 0 && each.on.test(where))
    if (fault !== undefined) fault.times--
    return fault
  }

  return {
    requests,
    violations,
    faults,
    forget: ({ id, token }) => {
      world.interactions.delete(id)
      byToken.delete(token)
      buckets.delete(token)
      requests.length = 0
    },
    handle: async (request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      const [, root, uploadId] = url.pathname.split('/')
      if (root === 'uploads') {
        const file = world.uploads.files.get(uploadId ?? '')
        response.writeHead(file === undefined ? 404 : 200, { 'Content-Type': 'application/octet-stream' })
        return void response.end(file?.bytes)
      }
      const path = decodeURIComponent(url.pathname).replace(/^\/api\/v10/u, '')
      const where = `${request.method ?? 'GET'} ${path}`
      const fault = takeFault(where)
      let outcome: Outcome = { status: 500 }
      let body: Body = { body: undefined, files: [] }
      try {
        body = await parseBody(request)
        await fault?.until?.(request)
        const isServed = fault === undefined || fault.afterEffect === true || fault.until !== undefined
        if (isServed) outcome = route(request, body, path, url.searchParams)
        if (fault?.status !== undefined)
          outcome = { status: fault.status, body: fault.body ?? {}, headers: fault.headers ?? {} }
      } catch (error) {
        violations.push(`${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      }
      requests.push({
        method: request.method ?? 'GET',
        path,
        body: body.body,
        status: fault?.hangUp === true ? 0 : outcome.status,
      })
      if (fault?.hangUp === true) return void request.socket.destroy()
      if (outcome.status === 204 || outcome.body === undefined)
        return void response.writeHead(outcome.status, outcome.headers).end()
      response.writeHead(outcome.status, { 'Content-Type': 'application/json', ...outcome.headers })
      response.end(JSON.stringify(outcome.body))
    },
  }
}

/** A 429 as Discord words it. @param retryAfter seconds */
export function tooMany(retryAfter: number, headers: Readonly<Record<string, string>> = {}): Outcome & { body: Json } {
  return {
    status: 429,
    headers: {
      'Retry-After': retryAfter.toFixed(3),
      'X-RateLimit-Limit': '5',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset-After': retryAfter.toFixed(3),
      'X-RateLimit-Bucket': 'local-webhook',
      ...headers,
    },
    body: { message: 'You are being rate limited.', retry_after: retryAfter, global: false },
  }
}

/** What Discord fills in where a definition says nothing, so that a client that compares must know the defaults. */
function storedCommand(command: Json): Json {
  const permissions = command['default_member_permissions']
  return {
    type: 1,
    name_localizations: null,
    description: '',
    description_localizations: null,
    dm_permission: true,
    contexts: null,
    integration_types: [0],
    nsfw: false,
    ...command,
    default_member_permissions: permissions === undefined || permissions === null ? null : String(permissions),
    ...(Array.isArray(command['options']) ? { options: command['options'].map(storedOption) } : {}),
  }
}

/** Discord leaves out of an option what is false or empty. */
function storedOption(option: Json): Json {
  return Object.fromEntries(
    Object.entries(option).filter(([, value]) => value !== false && !(Array.isArray(value) && value.length === 0)),
  )
}

type Body = { readonly body: unknown; readonly files: Message['attachments'] }

async function parseBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const raw = Buffer.concat(chunks)
  if (raw.length === 0) return { body: undefined, files: [] }
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('multipart/form-data')) {
    return { body: JSON.parse(raw.toString('utf8')) as unknown, files: [] }
  }
  const form = await new Response(raw, { headers: { 'content-type': type } }).formData()
  const files: { name: string; bytes: Uint8Array }[] = []
  for (const value of form.values())
    if (typeof value !== 'string') files.push({ name: value.name, bytes: new Uint8Array(await value.arrayBuffer()) })
  const payload = form.get('payload_json')
  return { body: typeof payload === 'string' ? (JSON.parse(payload) as unknown) : {}, files }
}
