import { InteractionType, type APIModalInteractionResponseCallbackData } from 'discord.js'
import type { Gateway } from './gateway.ts'
import { channelPayload, memberPayload, messagePayload, userPayload } from './payloads.ts'
import { buttonsOf, textOf, type Button } from './reading.ts'
import { ADMINISTRATOR } from './world.ts'
import type { Account, Channel, Interaction, Message, Upload, World } from './world.ts'

type Json = Readonly<Record<string, unknown>>
type Value = string | number | boolean | Upload

/** How long a test waits for the bot before it fails, in milliseconds of real time. */
const PATIENCE_MS = 45_000

/** One thing a user did, and what came of it. */
export type Turn = {
  readonly interaction: Interaction
  /** Resolves once the bot has acknowledged, in whatever way. */
  acknowledged(): Promise<Interaction>
  /** The message that answers: a new one, or the one the button was on; waits until it is no longer "thinking". */
  answer(): Promise<Message>
  /** The message that comes besides, where the answer itself is a change of the pressed button's message. */
  followUp(): Promise<Message>
  modal(): Promise<APIModalInteractionResponseCallbackData>
  /** The answer, once it says this: it may change many times before. */
  says(words: RegExp): Promise<Message>
}

/** A user at the keyboard, in one channel. */
export type User = {
  readonly account: Account
  readonly channel: Channel
  /** The same user elsewhere. */
  in(channel: Channel): User
  /** Types a slash command (`/corpus add` with its subcommand) and sends it. @throws where Discord's client would not send it */
  start(command: string, options?: Readonly<Record<string, Value>>): Turn
  /** As `start`, and waits for the answer. */
  type(command: string, options?: Readonly<Record<string, Value>>): Promise<Message>
  /** The choices offered while an option is being typed. */
  complete(
    command: string,
    option: string,
    typed: string,
    others?: Readonly<Record<string, Value>>,
  ): Promise<readonly { readonly name: string; readonly value: string | number }[]>
  /** Presses a button, found by the start of its label. @throws when there is none, or it is disabled or a link */
  startPress(message: Message, label: string | ((button: Button) => boolean)): Turn
  press(message: Message, label: string | ((button: Button) => boolean)): Promise<Message>
  /** Sends a button's custom id that need not be on the message, as only a tampered client could. */
  forge(message: Message, customId: string): Turn
  /** Fills a modal in and sends it. Values by the labels of its inputs. */
  submit(modal: APIModalInteractionResponseCallbackData, values: Readonly<Record<string, string>>, on?: Message): Turn
  /** Right click, Apps, a message command. */
  useMessageCommand(name: string, on: Message): Turn
  /** Writes an ordinary message. */
  say(content: string): Message
  /** Every message of the channel that this user sees, oldest first. */
  sees(): readonly Message[]
}

export function createUser(world: World, gateway: Gateway, account: Account, channel: Channel): User {
  const dispatch = (type: InteractionType, data: Json, source?: Message): Turn => {
    const interaction: Interaction = {
      id: world.nextId(),
      token: `aW50${world.nextId()}.${account.id}`,
      type,
      user: account,
      channel,
      createdAt: world.clock.counted(),
      startedAt: performance.now(),
      ...(source === undefined ? {} : { source }),
      messages: [],
    }
    world.interactions.set(interaction.id, interaction)
    const person =
      channel.guild === undefined
        ? { user: userPayload(world, account) }
        : { member: { ...memberPayload(world, account), permissions: account.permissions.toString() } }
    const owner = channel.guild === undefined ? { '1': account.id } : { '0': channel.guild.id }
    gateway.dispatch(
      'INTERACTION_CREATE',
      {
        id: interaction.id,
        application_id: world.application.id,
        type,
        data,
        ...(channel.guild === undefined
          ? {}
          : {
              guild: { id: channel.guild.id, locale: 'en-US', features: [] },
              guild_id: channel.guild.id,
              guild_locale: 'en-US',
            }),
        channel: { ...channelPayload(channel), permissions: account.permissions.toString() },
        channel_id: channel.id,
        ...person,
        token: interaction.token,
        version: 1,
        ...(source === undefined ? {} : { message: messagePayload(world, source) }),
        app_permissions: '0',
        locale: account.locale,
        entitlements: [],
        authorizing_integration_owners: owner,
        context: { guild: 0, 'bot-dm': 1, private: 2 }[channel.kind],
        attachment_size_limit: 10_485_760,
      },
      channel.guild,
    )
    return turn(world, interaction)
  }

  const definition = (name: string, type: number) => {
    const typed = name.replace(/^\//u, '')
    const command = [...world.application.commands.values()].find(
      (each) =>
        each.type === type &&
        [each.name, each.name_localizations?.[account.locale as 'de']].includes(typed) &&
        (each.guild_id === undefined || each.guild_id === channel.guild?.id),
    )
    if (command === undefined) throw new Error(`There is no command ${name} here.`)
    const context = { guild: 0, 'bot-dm': 1, private: 2 }[channel.kind]
    if (command.contexts !== null && command.contexts !== undefined && !command.contexts.includes(context))
      throw new Error(`${name} cannot be used in this kind of channel.`)
    const needed = BigInt(command.default_member_permissions ?? 0)
    const isAdministrator = (account.permissions & ADMINISTRATOR) !== 0n
    if (channel.guild !== undefined && !isAdministrator && (account.permissions & needed) !== needed)
      throw new Error(`${account.name} may not use ${name}.`)
    return command
  }

  const slashData = (name: string, values: Readonly<Record<string, Value>>, focused?: string): Json => {
    const [typed = '', part] = name.split(' ')
    const command = definition(typed, 1)
    const subcommands = (command.options ?? []).filter((option) => option.type === 1)
    const subcommand = subcommands.find((each) => each.name === part)
    if (part !== undefined && subcommand === undefined) throw new Error(`${typed} has no subcommand ${part}.`)
    if (subcommands.length > 0 && subcommand === undefined) throw new Error(`${typed} needs a subcommand.`)
    const defined = (subcommand === undefined ? command.options : subcommand.options) ?? []
    const unknown = Object.keys(values).find((key) => !defined.some((option) => option.name === key))
    if (unknown !== undefined) throw new Error(`${name} has no option ${unknown}.`)
    const attachments: Record<string, Json> = {}
    const options = defined.flatMap((option): Json[] => {
      const value = values[option.name]
      if (value === undefined) {
        if ('required' in option && option.required === true && focused === undefined)
          throw new Error(`${name} needs ${option.name}.`)
        return []
      }
      if (typeof value === 'object') {
        if (Number(option.type) !== 11) throw new Error(`${option.name} takes no file.`)
        const id = upload(value)
        attachments[id] = attachmentPayload(id, value)
        return [{ name: option.name, type: option.type, value: id }]
      }
      if (focused === undefined) checkValue(option as unknown as Json, value)
      return [{ name: option.name, type: option.type, value, ...(option.name === focused ? { focused: true } : {}) }]
    })
    return {
      id: command.id,
      name: command.name,
      type: 1,
      options: subcommand === undefined ? options : [{ name: subcommand.name, type: 1, options }],
      ...(Object.keys(attachments).length === 0 ? {} : { resolved: { attachments } }),
      ...guildOf(command),
    }
  }
  const upload = (file: Upload): string => {
    const id = world.nextId()
    world.uploads.files.set(id, file)
    return id
  }
  const attachmentPayload = (id: string, { name, bytes }: Upload): Json => {
    const url = `${world.uploads.origin}/uploads/${id}/${encodeURIComponent(name)}`
    return { id, filename: name, size: bytes.length, url, proxy_url: url, ephemeral: true }
  }

  const self: User = {
    account,
    channel,
    in: (other) => createUser(world, gateway, account, other),
    start: (command, options = {}) => dispatch(InteractionType.ApplicationCommand, slashData(command, options)),
    type: (command, options = {}) => self.start(command, options).answer(),
    complete: async (command, option, typed, others = {}) => {
      const data = slashData(command, { ...others, [option]: typed }, option)
      const { choices } = await dispatch(InteractionType.ApplicationCommandAutocomplete, data).acknowledged()
      return choices ?? []
    },
    startPress: (message, label) => {
      if (message.deleted || (message.visibleTo !== undefined && message.visibleTo !== account.id))
        throw new Error(`${account.name} does not see this message.`)
      const wanted = typeof label === 'string' ? (button: Button) => button.label.startsWith(label) : label
      const button = buttonsOf(message).find(wanted)
      if (button?.customId === undefined || button.disabled) {
        const labels = buttonsOf(message).map((each) => each.label)
        throw new Error(`There is no such button to press: ${String(label)}. There are ${labels.join(', ')}.`)
      }
      return self.forge(message, button.customId)
    },
    press: (message, label) => self.startPress(message, label).answer(),
    forge: (message, customId) =>
      dispatch(InteractionType.MessageComponent, { custom_id: customId, component_type: 2 }, message),
    submit: (modal, values, on) => {
      const components = modal.components.map((row, i) => {
        if (row.type !== 18 || row.component.type !== 4)
          throw new Error('A modal of labels and text inputs is expected.')
        const { custom_id, max_length, required, value: preset } = row.component
        const value = values[row.label] ?? preset ?? ''
        if (value === '' && required !== false) throw new Error(`${row.label} has to be filled in.`)
        if (max_length !== undefined && value.length > max_length) throw new Error(`${row.label} is too long.`)
        return { type: 18, id: 2 * i + 1, component: { type: 4, id: 2 * i + 2, custom_id, value } }
      })
      return dispatch(InteractionType.ModalSubmit, { custom_id: modal.custom_id, components }, on)
    },
    useMessageCommand: (name, on) => {
      const command = definition(name, 3)
      return dispatch(InteractionType.ApplicationCommand, {
        id: command.id,
        name: command.name,
        type: 3,
        target_id: on.id,
        resolved: { messages: { [on.id]: messagePayload(world, on) } },
        ...guildOf(command),
      })
    },
    say: (content) => {
      const message: Message = {
        id: world.nextId(),
        channel,
        author: account,
        content,
        components: [],
        flags: 0,
        loading: false,
        deleted: false,
        edits: 0,
        attachments: [],
        allowedMentions: undefined,
      }
      world.messages.push(message)
      world.changes.emit('message', message)
      return message
    },
    sees: () =>
      world.messages.filter(
        (message) =>
          message.channel.id === channel.id &&
          !message.deleted &&
          (message.visibleTo === undefined || message.visibleTo === account.id),
      ),
  }
  return self
}

const guildOf = (command: { readonly guild_id?: string }) =>
  command.guild_id === undefined ? {} : { guild_id: command.guild_id }

function checkValue(option: Json, value: Value): void {
  const name = String(option['name'])
  const expected = { 3: 'string', 4: 'number', 5: 'boolean', 10: 'number' }[Number(option['type'])]
  if (typeof value !== expected) throw new Error(`${name} takes a ${String(expected)}.`)
  const choices = option['choices'] as readonly Json[] | undefined
  if (choices !== undefined && !choices.some((choice) => choice['value'] === value))
    throw new Error(`${name} is one of its choices.`)
  if (typeof value !== 'string') return
  if (value.length < Number(option['min_length'] ?? 0)) throw new Error(`${name} is too short.`)
  if (value.length > Number(option['max_length'] ?? 6000)) throw new Error(`${name} is too long.`)
}

function turn(world: World, interaction: Interaction): Turn {
  const until = async <T>(what: string, read: () => T | undefined, event = interaction.id): Promise<T> => {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const value = read()
      if (value !== undefined) return value
      if (performance.now() > deadline) throw new Error(`The bot did not ${what} in ${PATIENCE_MS / 1000} s.`)
      await changed(world, event, deadline - performance.now())
    }
  }
  return {
    interaction,
    acknowledged: () => until('acknowledge', () => (interaction.callback === undefined ? undefined : interaction)),
    answer: () =>
      until('answer', () => {
        const { callback, source, original, messages, answeredAt } = interaction
        if (callback === undefined || answeredAt === undefined) return undefined
        if (callback === 6 || callback === 7) return messages.findLast((message) => !message.deleted) ?? source
        if (original !== undefined && !original.deleted) return original.loading ? undefined : original
        return messages.findLast((message) => !message.deleted)
      }),
    followUp: () => until('follow up', () => interaction.messages.findLast((message) => !message.deleted)),
    modal: () => until('show a modal', () => interaction.modal),
    says: (words) =>
      until(
        `say ${String(words)}`,
        () => {
          const { source, original, messages } = interaction
          return [source, original, ...messages].find(
            (message) => message !== undefined && !message.deleted && words.test(textOf(message)),
          )
        },
        // A button's message may change by another interaction.
        'interaction',
      ),
  }
}

/** Resolves at the next event, or after `ms`. */
function changed(world: World, event: string, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      world.changes.off(event, done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, ms))
    world.changes.on(event, done)
  })
}
