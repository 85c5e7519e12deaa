import type {
  APIApplicationCommand,
  APIInteractionResponseCallbackData,
  APIMessageTopLevelComponent,
  APIModalInteractionResponseCallbackData,
  InteractionType,
} from 'discord.js'
import { EventEmitter } from 'node:events'
import { createClock, snowflakes, type Clock } from './clock.ts'

export const MANAGE_GUILD = 1n << 5n
export const ADMINISTRATOR = 1n << 3n
/** What an ordinary member may: see, write, use commands. */
export const MEMBER_PERMISSIONS = (1n << 10n) | (1n << 11n) | (1n << 31n)

export type Account = {
  readonly id: string
  readonly name: string
  readonly locale: string
  readonly permissions: bigint
  readonly roles: readonly string[]
}

export type Channel = {
  readonly id: string
  readonly name: string
  /** Absent in a direct message. */
  readonly guild?: Guild
  /** Who can read a channel that is no server's: the user of a direct message, the members of a group. */
  readonly members: readonly string[]
  readonly kind: 'guild' | 'bot-dm' | 'private'
}

/** A role without permissions of its own. */
export type Role = { readonly id: string; readonly name: string }

export type Guild = {
  readonly id: string
  readonly name: string
  readonly channels: Channel[]
  readonly roles: readonly Role[]
}

/** A file that somebody sends with a command. */
export type Upload = { readonly name: string; readonly bytes: Uint8Array }

export type Message = {
  readonly id: string
  readonly channel: Channel
  readonly author: 'bot' | Account
  content: string
  components: readonly APIMessageTopLevelComponent[]
  flags: number
  /** What it answers; absent for what a person wrote. */
  readonly interaction?: Interaction
  /** Only this user sees it. */
  readonly visibleTo?: string
  /** The grey "… is thinking" of a deferred answer. */
  loading: boolean
  deleted: boolean
  edits: number
  attachments: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  allowedMentions: unknown
}

/** What Discord remembers of one interaction. */
export type Interaction = {
  readonly id: string
  readonly token: string
  readonly type: InteractionType
  readonly user: Account
  readonly channel: Channel
  /** By the clock that counts against deadlines. */
  readonly createdAt: number
  /** Real time, for measuring. */
  readonly startedAt: number
  /** The message a button was on. */
  readonly source?: Message
  acknowledgedAt?: number
  answeredAt?: number
  /** What the acknowledgement was: the callback's type. */
  callback?: number
  original?: Message
  readonly messages: Message[]
  modal?: APIModalInteractionResponseCallbackData
  choices?: readonly { readonly name: string; readonly value: string | number }[]
}

export type Application = {
  readonly id: string
  readonly token: string
  readonly commands: Map<string, APIApplicationCommand & { guild_id?: string }>
}

/**
 * Everything that exists on the local Discord. `changes` emits 'interaction' and 'message' when one has changed, and the
 * id of an interaction when that one has: whoever waits for one of thousands is not woken by all.
 */
export type World = {
  readonly clock: Clock
  readonly nextId: () => string
  readonly application: Application
  readonly guilds: Guild[]
  readonly channels: Map<string, Channel>
  readonly accounts: Map<string, Account>
  readonly messages: Message[]
  readonly interactions: Map<string, Interaction>
  /** Channels where the bot may write messages of its own. */
  readonly writable: Set<string>
  /** What people sent along, where it can be fetched. */
  readonly uploads: { origin: string; readonly files: Map<string, Upload> }
  readonly changes: EventEmitter
}

export function createWorld(strictClock: boolean): World {
  const clock = createClock(strictClock)
  const nextId = snowflakes(clock)
  const changes = new EventEmitter()
  changes.setMaxListeners(0)
  return {
    clock,
    nextId,
    application: { id: nextId(), token: `local.${'t0ken'.repeat(8)}.secret`, commands: new Map() },
    guilds: [],
    channels: new Map(),
    accounts: new Map(),
    messages: [],
    interactions: new Map(),
    writable: new Set(),
    uploads: { origin: '', files: new Map() },
    changes,
  }
}

/** Tells whoever waits that the interaction has changed. */
export function tellChange({ changes }: World, interaction: Interaction): void {
  changes.emit(interaction.id)
  changes.emit('interaction', interaction)
}

export function addGuild(world: World, name: string, channelNames: readonly string[], id = world.nextId()): Guild {
  const guild: Guild = { id, name, channels: [], roles: [{ id: world.nextId(), name: 'editors' }] }
  world.guilds.push(guild)
  for (const channelName of channelNames) {
    const channel: Channel = { id: world.nextId(), name: channelName, guild, members: [], kind: 'guild' }
    guild.channels.push(channel)
    world.channels.set(channel.id, channel)
  }
  return guild
}

export function addPrivateChannel(
  world: World,
  kind: 'bot-dm' | 'private',
  name: string,
  members: readonly string[],
): Channel {
  const channel: Channel = { id: world.nextId(), name, members, kind }
  world.channels.set(channel.id, channel)
  return channel
}

const EPHEMERAL = 1 << 6
const LOADING = 1 << 7

type MessageBody = Pick<APIInteractionResponseCallbackData, 'content' | 'components' | 'flags' | 'allowed_mentions'>

/** A message of the bot in answer to an interaction. */
export function postAnswer(
  world: World,
  interaction: Interaction,
  body: MessageBody,
  attachments: Message['attachments'] = [],
  loading = false,
): Message {
  const flags = (body.flags ?? 0) | (loading ? LOADING : 0)
  const message: Message = {
    id: world.nextId(),
    channel: interaction.channel,
    author: 'bot',
    interaction,
    content: body.content ?? '',
    components: numbered(body.components ?? []),
    flags,
    ...((flags & EPHEMERAL) === 0 ? {} : { visibleTo: interaction.user.id }),
    loading,
    deleted: false,
    edits: 0,
    attachments,
    allowedMentions: body.allowed_mentions,
  }
  world.messages.push(message)
  interaction.messages.push(message)
  return message
}

/** A message that the bot writes of its own accord. */
export function postMessage(world: World, channel: Channel, body: MessageBody): Message {
  const message: Message = {
    id: world.nextId(),
    channel,
    author: 'bot',
    content: body.content ?? '',
    components: numbered(body.components ?? []),
    flags: body.flags ?? 0,
    loading: false,
    deleted: false,
    edits: 0,
    attachments: [],
    allowedMentions: body.allowed_mentions,
  }
  world.messages.push(message)
  world.changes.emit('message', message)
  return message
}

/** Changes a message in place, as an edit does: what the body leaves out stays. */
export function editMessage(message: Message, body: MessageBody, files: Message['attachments'] = []): void {
  if (files.length > 0) message.attachments = files
  if (body.content !== undefined) message.content = body.content
  if (body.components !== undefined) message.components = numbered(body.components)
  message.flags = (message.flags & ~LOADING) | (body.flags ?? 0)
  message.allowedMentions = body.allowed_mentions
  if (!message.loading) message.edits++
  message.loading = false
}

/** Discord numbers components that came without an id, from 1, containers before what is in them. */
function numbered(components: unknown): APIMessageTopLevelComponent[] {
  let id = 0
  const walk = (component: unknown): unknown => {
    if (typeof component !== 'object' || component === null) return component
    const own = { id: ++id, ...component } as Record<string, unknown>
    if (Array.isArray(own['components'])) own['components'] = own['components'].map(walk)
    if (own['accessory'] !== undefined) own['accessory'] = walk(own['accessory'])
    return own
  }
  return (components as unknown[]).map(walk) as APIMessageTopLevelComponent[]
}
