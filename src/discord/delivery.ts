import { setTimeout as wait } from 'node:timers/promises'
import {
  DiscordAPIError,
  HTTPError,
  InteractionResponseType,
  MessageFlags,
  Routes,
  type APIModalInteractionResponseCallbackData,
  type RawFile,
  type REST,
} from 'discord.js'
import type { OutgoingMessage } from './render.ts'

/** Discord's codes for what can go wrong with an answer. https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const UNKNOWN_MESSAGE = 10_008
const UNKNOWN_WEBHOOK = 10_015
const UNKNOWN_INTERACTION = 10_062
const ALREADY_ACKNOWLEDGED = 40_060
const INVALID_WEBHOOK_TOKEN = 50_027

/** An interaction's token is good for 15 minutes; the last seconds are left for the request itself. */
const TOKEN_MS = 15 * 60_000 - 10_000
/** Between two tries while Discord fails, milliseconds: doubled each time. */
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 20_000

/** Discord waits this long for the first response. Milliseconds. */
const RESPONSE_MS = 3000
const RESPONSE_RETRY_MS = 100
/** Tries of the first response, however late: a clock that runs fast must not keep an answer back. */
const RESPONSE_TRIES = 3

/** How an answer ended. `lost`: Discord takes it no longer; the interaction or its token has run out. */
export type Delivered = 'delivered' | 'lost'

/** The one interaction's side of Discord's protocol: acknowledged once, answered once, whatever goes wrong between. */
export type Delivery = {
  /** Shows that an answer is being worked on. Does nothing after an answer. */
  defer(ephemeral: boolean): Promise<void>
  /** For a button: no new message, the pressed one will change. */
  deferUpdate(): Promise<void>
  /** Sends the answer as a message of its own. */
  answer(message: OutgoingMessage): Promise<Delivered>
  /** Changes the message that the button is on. */
  update(message: OutgoingMessage): Promise<Delivered>
  /** One more message after the answer. */
  followUp(message: OutgoingMessage): Promise<Delivered>
  /** Asks for more in a window. Only as the first thing. */
  modal(modal: APIModalInteractionResponseCallbackData): Promise<Delivered>
  /** Whether something was answered. */
  isAnswered(): boolean
  /** Whether Discord has said that it takes no answer any more: then there is no use in looking for one. */
  isLost(): boolean
  choices(choices: readonly { readonly name: string; readonly value: string }[]): Promise<Delivered>
}

export type DeliveryOptions = {
  readonly rest: REST
  readonly applicationId: string
  readonly interaction: { readonly id: string; readonly token: string }
  /** When the interaction arrived, milliseconds since 1970. */
  readonly arrivedAt: number
  /** Ends waiting between tries: the process is leaving. */
  readonly signal: AbortSignal
  readonly onProblem: (problem: unknown, what: string) => void
}

type State = 'open' | 'thinking' | 'thinking-privately' | 'updating' | 'answered' | 'lost'

export function createDelivery(options: DeliveryOptions): Delivery {
  const { rest, applicationId, interaction, arrivedAt, signal, onProblem } = options
  const callback = Routes.interactionCallback(interaction.id, interaction.token)
  const webhook = Routes.webhook(applicationId, interaction.token)
  const original = Routes.webhookMessage(applicationId, interaction.token, '@original')
  let state: State = 'open'
  let deferring: Promise<void> = Promise.resolve()

  /** Keeps trying while Discord is down and the token lives. @throws what cannot be helped by trying again */
  const persist = async (what: string, send: () => Promise<unknown>): Promise<unknown> => {
    for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
      try {
        return await send()
      } catch (error) {
        if (!isPassing(error) || Date.now() + pause - arrivedAt > TOKEN_MS || signal.aborted) throw error
        onProblem(error, what)
        await wait(pause, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  /**
   * The first response, tried again while Discord may still take it.
   * @returns false where somebody (an earlier try of ours) has responded already
   */
  const respond = async (
    type: InteractionResponseType,
    data: unknown,
    what: string,
    files: readonly RawFile[] = [],
  ): Promise<boolean> => {
    for (let tries = 1; ; tries++) {
      try {
        const body = data === undefined ? { type } : { type, data }
        await rest.post(callback, { auth: false, body, ...(files.length === 0 ? {} : { files: [...files] }) })
        return true
      } catch (error) {
        if (codeOf(error) === ALREADY_ACKNOWLEDGED) return false
        if (codeOf(error) === UNKNOWN_INTERACTION) state = 'lost'
        onProblem(error, what)
        const inTime = Date.now() + RESPONSE_RETRY_MS - arrivedAt < RESPONSE_MS || tries < RESPONSE_TRIES
        if (!isPassing(error) || !inTime || signal.aborted) throw error
        await wait(RESPONSE_RETRY_MS)
      }
    }
  }

  const lost = (error: unknown, what: string): Delivered => {
    state = 'lost'
    onProblem(error, what)
    return 'lost'
  }

  /** A message that is there already, or is being thought about, becomes this one. */
  const edit = async (message: OutgoingMessage, what: string): Promise<Delivered> => {
    const shown = { ...message, flags: message.flags & ~MessageFlags.Ephemeral }
    try {
      await persist(what, () => rest.patch(original, { auth: false, ...payload(shown) }))
    } catch (error) {
      // Somebody deleted the message meanwhile: the answer comes as a new one.
      if (codeOf(error) === UNKNOWN_MESSAGE) return post(message, what)
      return lost(error, what)
    }
    state = 'answered'
    return 'delivered'
  }

  const post = async (message: OutgoingMessage, what: string): Promise<Delivered> => {
    try {
      await persist(what, () => rest.post(webhook, { auth: false, ...payload(message) }))
    } catch (error) {
      return lost(error, what)
    }
    state = 'answered'
    return 'delivered'
  }

  const first = async (type: InteractionResponseType, message: OutgoingMessage, what: string): Promise<Delivered> => {
    const isUpdate = type === InteractionResponseType.UpdateMessage
    const { body, files } = payload(isUpdate ? { ...message, flags: message.flags & ~MessageFlags.Ephemeral } : message)
    try {
      // A try whose answer got lost may have counted: then the message is there, and an edit makes sure of it.
      if (!(await respond(type, body, what, files))) return await edit(message, what)
    } catch (error) {
      if (codeOf(error) === UNKNOWN_INTERACTION || !isPassing(error)) return lost(error, what)
      return edit(message, what)
    }
    state = 'answered'
    return 'delivered'
  }

  const acknowledge = (type: InteractionResponseType, data: unknown, next: State, what: string): Promise<void> => {
    if (state !== 'open') return deferring
    state = next
    deferring = respond(type, data, what).then(
      () => undefined,
      // Told already. The answer will try what is left to try.
      () => undefined,
    )
    return deferring
  }

  return {
    defer: (ephemeral) =>
      acknowledge(
        InteractionResponseType.DeferredChannelMessageWithSource,
        ephemeral ? { flags: MessageFlags.Ephemeral } : undefined,
        ephemeral ? 'thinking-privately' : 'thinking',
        'defer',
      ),
    deferUpdate: () =>
      acknowledge(InteractionResponseType.DeferredMessageUpdate, undefined, 'updating', 'defer-update'),
    answer: async (message) => {
      await deferring
      const isPrivate = (message.flags & MessageFlags.Ephemeral) !== 0
      switch (state) {
        case 'lost':
          return 'lost'
        case 'open':
          return first(InteractionResponseType.ChannelMessageWithSource, message, 'answer')
        case 'thinking':
          if (!isPrivate) return edit(message, 'answer')
          // What everyone sees being thought about must not become what only the asker may see.
          try {
            await persist('take back', () => rest.delete(original, { auth: false }))
          } catch (error) {
            if (codeOf(error) !== UNKNOWN_MESSAGE) return lost(error, 'take back')
          }
          return post(message, 'answer')
        case 'thinking-privately':
          return edit(message, 'answer')
        case 'updating':
        case 'answered':
          return post(message, 'answer')
        default: {
          const unknown: never = state
          return unknown
        }
      }
    },
    update: async (message) => {
      await deferring
      if (state === 'lost') return 'lost'
      return state === 'open'
        ? first(InteractionResponseType.UpdateMessage, message, 'update')
        : edit(message, 'update')
    },
    followUp: async (message) => {
      await deferring
      return state === 'lost' ? 'lost' : post(message, 'follow-up')
    },
    isAnswered: () => state === 'answered',
    isLost: () => state === 'lost',
    modal: (modal) => once(InteractionResponseType.Modal, modal, 'modal'),
    choices: (choices) => once(InteractionResponseType.ApplicationCommandAutocompleteResult, { choices }, 'choices'),
  }

  /** What cannot be mended later: a window, or choices while somebody types. */
  async function once(type: InteractionResponseType, data: unknown, what: string): Promise<Delivered> {
    try {
      await respond(type, data, what)
      state = 'answered'
      return 'delivered'
    } catch {
      return 'lost'
    }
  }
}

/**
 * One request instead of an answer, and no second try: for those who are turned away because there is too much to do.
 * @param message undefined where somebody is typing, who gets no choices
 * @returns 'lost' where Discord did not take it, or not in time
 */
export async function turnAway(
  rest: REST,
  interaction: { readonly id: string; readonly token: string },
  message: OutgoingMessage | undefined,
): Promise<Delivered> {
  const body =
    message === undefined
      ? { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data: { choices: [] } }
      : { type: InteractionResponseType.ChannelMessageWithSource, data: message }
  const callback = Routes.interactionCallback(interaction.id, interaction.token)
  return rest
    .post(callback, { auth: false, body, signal: AbortSignal.timeout(RESPONSE_MS) })
    .then(() => 'delivered' as const)
    .catch(() => 'lost' as const)
}

/** A message as a request: its file, if it has one, goes beside the body. */
function payload({ file, ...body }: OutgoingMessage): { body: Omit<OutgoingMessage, 'file'>; files: RawFile[] } {
  return { body, files: file === undefined ? [] : [{ name: file.name, data: Buffer.from(file.bytes) }] }
}

function codeOf(error: unknown): number | string | undefined {
  return error instanceof DiscordAPIError ? error.code : undefined
}

/** Whether the same request may succeed later: Discord failed or the connection did. */
function isPassing(error: unknown): boolean {
  if (error instanceof DiscordAPIError) return error.status >= 500 || error.status === 429
  if (error instanceof HTTPError) return error.status >= 500 || error.status === 429
  return error instanceof Error && !(error instanceof TypeError && error.cause === undefined)
}

/** Whether a failed delivery means only that Discord would not wait any longer. */
export function hasRunOut(error: unknown): boolean {
  return [UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, INVALID_WEBHOOK_TOKEN].includes(Number(codeOf(error)))
}
