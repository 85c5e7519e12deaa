import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApplicationCommandOptionType } from 'discord.js'
import { z } from 'zod'
import type { Config } from '../../../src/config.ts'
import { createLog } from '../../../src/discord/logging.ts'
import { startBot } from '../../../src/discord/discord.ts'
import { embeddingOf } from '../../../src/engine.ts'
import { loadCommands } from '../../../src/load-commands.ts'
import { openModeration } from '../../../src/moderation/moderation.ts'
import { openOrBuild } from '../../../src/terminal/build.ts'
import { startLocalDiscord, type Channel, type LocalDiscord, type Message, type User } from '../server/server.ts'
import { markdownBlocks } from './markdown-blocks.ts'

export type Preview = {
  /** Where the page is. */
  readonly url: string
  readonly discord: LocalDiscord
  /** Whether a page is open. */
  isWatched(): boolean
  close(): Promise<void>
}

const post = z.discriminatedUnion('do', [
  z.object({ do: z.literal('complete'), command: z.string(), option: z.string(), typed: z.string() }),
  z.object({
    do: z.literal('send'),
    command: z.string(),
    options: z.record(
      z.string(),
      z.union([
        z.string(),
        z.number(),
        z.boolean(),
        z
          .object({ name: z.string().max(200), base64: z.base64() })
          .transform(({ name, base64 }) => ({ name, bytes: Buffer.from(base64, 'base64') })),
      ]),
    ),
  }),
  z.object({ do: z.literal('press'), message: z.string(), customId: z.string() }),
  z.object({
    do: z.literal('submit'),
    message: z.string(),
    modal: z.unknown(),
    values: z.record(z.string(), z.string()),
  }),
  z.object({ do: z.literal('use'), name: z.string(), message: z.string() }),
  z.object({ do: z.literal('say'), content: z.string().min(1).max(2000) }),
])

/**
 * The real bot in a browser without a Discord account: a Discord of its own on the loopback interface, the bot connected
 * to it, and a page that looks and works like a channel.
 * @param port 0 for any free one
 */
export async function startPreview(config: Config, port: number): Promise<Preview> {
  const engine = await openOrBuild(config, process.stderr)
  const { corpusDir, indexDir, dataDir, feedsFile } = config
  const moderation = openModeration({
    corpusDir,
    indexDir,
    dataDir,
    feedsFile,
    embedding: embeddingOf(config),
    allowLoopback: true,
  })
  const discord = await startLocalDiscord({ strictClock: true })
  const bot = await startBot({
    config: { ...config, discordToken: discord.token, discordApiUrl: discord.apiUrl, healthPort: undefined },
    commands: await loadCommands(),
    engine,
    moderation,
    log: createLog({ level: 'warn', secrets: [discord.token] }),
  })
  await discord.connected()
  const people = [
    discord.user('Robin Reader'),
    discord.user('Sam Colleague'),
    discord.user('Mo Moderator', { moderator: true }),
  ] as const
  const channels = [...discord.guild.channels]
  const directs = new Map(people.map((person) => [person.account.id, discord.directMessages(person).channel]))
  const listeners = new Set<ServerResponse>()
  const tell = () => listeners.forEach((response) => response.write('data: changed\n\n'))
  discord.world.changes.on('interaction', tell)
  discord.world.changes.on('message', tell)

  const who = (query: URLSearchParams): User => {
    const person = people.find((each) => each.account.id === query.get('person')) ?? people[0]
    const direct = directs.get(person.account.id)
    const channel = [...channels, ...(direct === undefined ? [] : [direct])].find(
      (each) => each.id === query.get('channel'),
    )
    return person.in(channel ?? discord.channel())
  }

  const seen = (user: User) => ({
    people: people.map(({ account }) => ({ id: account.id, name: account.name })),
    channels: [...channels, directs.get(user.account.id)].flatMap((channel) =>
      channel === undefined ? [] : [{ id: channel.id, name: channelName(channel) }],
    ),
    person: user.account.id,
    channel: user.channel.id,
    commands: offeredCommands(discord, user),
    messages: user.sees().map(messageSeen),
  })

  const act = async (user: User, body: z.output<typeof post>): Promise<unknown> => {
    const message = (id: string): Message => {
      const found = user.sees().find((each) => each.id === id)
      if (found === undefined) throw new Error('This message is gone.')
      return found
    }
    switch (body.do) {
      case 'complete':
        return user.complete(body.command, body.option, body.typed)
      case 'send':
        await user.start(body.command, body.options).acknowledged()
        return {}
      case 'press': {
        const { interaction } = user.startPress(message(body.message), (button) => button.customId === body.customId)
        return { modal: await modalOf(discord, interaction.id) }
      }
      case 'submit': {
        const modal = body.modal as Parameters<User['submit']>[0]
        await user.submit(modal, body.values, message(body.message)).acknowledged()
        return {}
      }
      case 'use':
        await user.useMessageCommand(body.name, message(body.message)).acknowledged()
        return {}
      case 'say':
        user.say(body.content)
        return {}
      default: {
        const unknown: never = body
        return unknown
      }
    }
  }

  const page = await readFile(new URL('preview.html', import.meta.url))
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (url.pathname === '/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      listeners.add(response)
      request.on('close', () => listeners.delete(response))
      return void response.write('data: changed\n\n')
    }
    if (url.pathname === '/seen') return sendJson(response, 200, seen(who(url.searchParams)))
    if (url.pathname === '/act' && request.method === 'POST') {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = post.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
      return sendJson(response, 200, await act(who(url.searchParams), body))
    }
    if (url.pathname !== '/') return sendJson(response, 404, { error: 'not found' })
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
    response.end(page)
  }
  const http = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      sendJson(response, 400, { error: error instanceof Error ? error.message : String(error) })
    })
  })
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    discord,
    isWatched: () => listeners.size > 0,
    close: async () => {
      for (const response of listeners) response.end()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await bot.close()
      await discord.close()
    },
  }
}

/** The commands that Discord's client would offer somebody, each subcommand as a command of its own. */
function offeredCommands(discord: LocalDiscord, { account }: User): readonly unknown[] {
  return [...discord.world.application.commands.values()]
    .filter(
      ({ default_member_permissions: needed }) => (account.permissions & BigInt(needed ?? 0)) === BigInt(needed ?? 0),
    )
    .flatMap((command): readonly unknown[] => {
      const subcommands = (command.options ?? []).filter(({ type }) => type === ApplicationCommandOptionType.Subcommand)
      if (subcommands.length === 0) return [command]
      return subcommands.map((each) => ({ ...each, type: command.type, name: `${command.name} ${each.name}` }))
    })
}

const channelName = (channel: Channel): string => (channel.kind === 'guild' ? `# ${channel.name}` : '@ Verbatim')

/** The window that a button opens, if it opens one. */
async function modalOf(discord: LocalDiscord, interactionId: string): Promise<unknown> {
  const interaction = discord.world.interactions.get(interactionId)
  const deadline = Date.now() + 3000
  while (interaction?.callback === undefined && Date.now() < deadline)
    await new Promise((resolve) => {
      discord.world.changes.once('interaction', resolve)
      setTimeout(resolve, 50)
    })
  return interaction?.modal
}

/** A message as the page draws it: its texts taken apart by the rules of Discord's client. */
function messageSeen(message: Message): unknown {
  const draw = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(draw)
    if (typeof node !== 'object' || node === null) return node
    const drawn = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, draw(value)]))
    return drawn['type'] === 10 ? { ...drawn, blocks: markdownBlocks(String(drawn['content'])) } : drawn
  }
  return {
    id: message.id,
    author: message.author === 'bot' ? 'Verbatim' : message.author.name,
    isBot: message.author === 'bot',
    asker: message.interaction?.user.name,
    isPrivate: message.visibleTo !== undefined,
    isLoading: message.loading,
    isEdited: message.edits > 0,
    blocks: markdownBlocks(message.content),
    components: draw(message.components),
    files: message.attachments.map(({ name, bytes }) => ({ name, bytes: bytes.length })),
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body ?? {}))
}
