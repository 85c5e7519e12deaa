import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from './clock.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { loadOpenApi } from './openapi.ts'
import { createRest, type Fault, type SeenRequest } from './rest.ts'
import { createUser, type User } from './user.ts'
import { addGuild, addPrivateChannel, createWorld, MANAGE_GUILD, MEMBER_PERMISSIONS } from './world.ts'
import type { Channel, Guild, Interaction, Message, World } from './world.ts'

/** A Discord of its own on the loopback interface, for the real client to talk to. */
export type LocalDiscord = {
  /** What the client takes as `rest.api`: `http://127.0.0.1:…/api`. */
  readonly apiUrl: string
  readonly token: string
  readonly world: World
  readonly clock: Clock
  readonly gateway: Gateway
  readonly guild: Guild
  /** A channel of the first server, by its name. */
  channel(name?: string): Channel
  /** Another server. Connect the bot afterwards. */
  addGuild(name: string, id?: string): Guild
  /** Somebody at the keyboard in `#general`. */
  user(
    name: string,
    traits?: { readonly moderator?: boolean; readonly locale?: string; readonly roles?: readonly string[] },
  ): User
  /** The same person after losing every permission to manage. */
  demoted(user: User): User
  /** The direct messages between a user and the bot, or a group that has no bot in it. */
  directMessages(user: User, kind?: 'bot-dm' | 'private'): User
  /** Every request so far. */
  readonly requests: readonly SeenRequest[]
  /** `METHOD /path` of every request, ids and tokens named. */
  endpoints(): readonly string[]
  /** What Discord would have refused as malformed: empty, or the bot has a bug. */
  readonly violations: readonly string[]
  /** Whether requests are also checked against Discord's own description of its API. */
  readonly checksOpenApi: boolean
  /** Makes the next requests that match go wrong. */
  inject(fault: Omit<Fault, 'times'> & { readonly times?: number }): void
  /** Lets go of somebody who asked, of what came of it and of all that was recorded so far: for runs of millions. */
  forget(interaction: Interaction): void
  /** Resolves once the bot's gateway connections are up and its commands are there. */
  connected(shards?: number): Promise<void>
  close(): Promise<void>
}

export type LocalDiscordOptions = {
  /** Milliseconds between heartbeats; short ones let a test see a zombie found. */
  readonly heartbeatMs?: number
  /** How many shards the gateway recommends. */
  readonly shards?: number
  readonly port?: number
  /** Real time counts against Discord's deadlines, not only what a test moves the clock by. */
  readonly strictClock?: boolean
}

/** Starts a local Discord with one server of two channels, `#general` and `#newsroom`. Loopback only. */
export async function startLocalDiscord(options: LocalDiscordOptions = {}): Promise<LocalDiscord> {
  const world = createWorld(options.strictClock ?? false)
  const guild = addGuild(world, 'The newsroom', ['general', 'newsroom'])
  const openApi = loadOpenApi()
  const http = createServer((request, response) => void rest.handle(request, response))
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = http.address() as AddressInfo
  world.uploads.origin = `http://127.0.0.1:${port}`
  const gatewayUrl = () => `ws://127.0.0.1:${port}/gateway`
  const rest = createRest(world, openApi, gatewayUrl, options.shards ?? 1)
  const gateway = createGateway(world, http, gatewayUrl, options.heartbeatMs ?? 41_250)
  const channel = (name = 'general') => {
    const found = guild.channels.find((each) => each.name === name)
    if (found === undefined) throw new Error(`There is no channel #${name}.`)
    return found
  }
  return {
    apiUrl: `http://127.0.0.1:${port}/api`,
    token: world.application.token,
    world,
    clock: world.clock,
    gateway,
    guild,
    channel,
    addGuild: (name, id) => addGuild(world, name, ['general'], id),
    user: (name, traits = {}) => {
      const account = {
        id: world.nextId(),
        name,
        locale: traits.locale ?? 'en-US',
        permissions: MEMBER_PERMISSIONS | (traits.moderator === true ? MANAGE_GUILD : 0n),
        roles: traits.roles ?? [],
      }
      world.accounts.set(account.id, account)
      return createUser(world, gateway, account, channel())
    },
    demoted: ({ account, channel }) =>
      createUser(world, gateway, { ...account, permissions: MEMBER_PERMISSIONS }, channel),
    directMessages: (user, kind = 'bot-dm') =>
      user.in(addPrivateChannel(world, kind, `${kind} of ${user.account.name}`, [user.account.id])),
    requests: rest.requests,
    endpoints: () => {
      const named = rest.requests.map(({ method, path }) => `${method} ${namedPath(path)}`)
      return [...new Set(named)].sort()
    },
    violations: rest.violations,
    checksOpenApi: openApi !== undefined,
    inject: (fault) => rest.faults.push({ times: 1, ...fault }),
    forget: (interaction) => {
      rest.forget(interaction)
      world.accounts.delete(interaction.user.id)
      world.messages.length = 0
      gateway.forget()
    },
    connected: async (shards = 1) => {
      const deadline = performance.now() + 60_000
      while (gateway.connected < shards || world.application.commands.size === 0) {
        if (performance.now() > deadline) throw new Error('The bot was not there in 60 s.')
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    close: async () => {
      gateway.shutDown()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

function namedPath(path: string): string {
  return path
    .replace(/^\/interactions\/\d+\/[^/]+/u, '/interactions/{interaction.id}/{interaction.token}')
    .replace(/^\/webhooks\/\d+\/[^/]+/u, '/webhooks/{application.id}/{interaction.token}')
    .replace(/^\/applications\/\d+/u, '/applications/{application.id}')
    .replace(/\/guilds\/\d+/u, '/guilds/{guild.id}')
    .replace(/\/channels\/\d+/u, '/channels/{channel.id}')
    .replace(/\/(messages|commands)\/\d+/u, '/$1/{id}')
}

export type { Channel, Guild, Interaction, Message, User, World }
