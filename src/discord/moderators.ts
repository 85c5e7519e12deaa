import PQueue from 'p-queue'
import {
  PermissionFlagsBits,
  TextInputStyle,
  ComponentType,
  type Interaction,
  type ModalSubmitInteraction,
} from 'discord.js'
import type { Logger } from 'pino'
import { appendAudit } from '../corpus/audit.ts'
import type { Command, CommandContext, ModeratorContext } from '../command.ts'
import type { Engine } from '../engine.ts'
import { UserError } from '../errors.ts'
import { failureReply } from '../failure.ts'
import type { Actor, Moderation } from '../moderation/moderation.ts'
import type { Choice, Reply } from '../reply.ts'
import type { CustomIds, Press } from './custom-ids.ts'
import type { Delivered } from './delivery.ts'
import { shorten } from './markdown.ts'
import { renderReply, type OutgoingMessage } from './render.ts'
import type { PendingDecision, Store } from './store.ts'
import type { Turn } from './turn.ts'

/** Work of moderators that runs at the same time; questions have a queue of their own. */
const CONCURRENCY = 4
/** Between two edits of a message that shows how far work is. Milliseconds. */
const PROGRESS_EVERY_MS = 2000
/** A message can be changed for fifteen minutes after its interaction; before that ends, it says where to look. */
const LAST_PROGRESS_MS = 13 * 60_000
/** How long a decision waits for its button. Milliseconds. */
const DECISION_MS = 15 * 60_000

/** Discord's limits on a window and its fields, in characters. */
const MAX_TITLE = 45
const MAX_HINT = 100

export type ModeratorsOptions = {
  readonly moderation: Moderation
  readonly engine: Engine
  readonly commands: ReadonlyMap<string, Command>
  readonly store: Store
  readonly ids: CustomIds
  readonly log: Logger
  /** Where the audit log lies. */
  readonly dataDir: string
  /** Only this server has moderators, where it is set. */
  readonly guildId: string | undefined
  /** Roles whose members are moderators too. */
  readonly roleIds: readonly string[]
  /** Aborted when the process leaves. */
  readonly signal: AbortSignal
}

/**
 * How far a moderator's act reaches: one channel, or the articles that every server is answered from. Anybody may invite
 * a bot to a server of their own and manages that, so with several servers managing one is not enough for the articles.
 */
export type Reach = 'channel' | 'corpus'

const ONLY_MODERATORS = 'Only moderators can do this: members who may manage the server.'
const SEVERAL_SERVERS =
  'This bot is in several servers, and managing one of them is not enough to change what all are answered from. Whoever runs it can name moderators’ roles (MODERATOR_ROLE_IDS) or the one server (DISCORD_GUILD_ID).'

/** What only moderators may do, and the guard before it. */
export type Moderators = {
  /**
   * Whether whoever did this is a moderator, by what Discord says of them with this very interaction. Where not, they
   * are told so, and it goes into the log and the audit log.
   * @param what they tried, as the logs name it
   */
  allow(turn: Turn, what: string, reach: Reach): Promise<boolean>
  isModerator(interaction: Interaction, reach: Reach): boolean
  /** Runs a moderator's command, whose use `allow` has granted. */
  run(turn: Turn, command: Command, subcommand: string | undefined, values: CommandValues): Promise<void>
  /** A pressed button of a decision: opens its form, or does what was decided. */
  press(turn: Turn, pressed: Press): Promise<void>
  /** A form that was sent. */
  submit(turn: Turn, interaction: ModalSubmitInteraction, pressed: Press): Promise<void>
  /** On record: what a moderator changed that is not the corpus. */
  record(turn: Turn, action: string, detail: string): Promise<void>
}

type CommandValues = Parameters<Command['run']>[0]

export function createModerators(options: ModeratorsOptions): Moderators {
  const { moderation, engine, commands, store, ids, dataDir, guildId, roleIds, signal } = options
  const queue = new PQueue({ concurrency: CONCURRENCY })

  /** Why somebody may not, by what Discord says of them with this very interaction; undefined where they may. */
  const refusalOf = (interaction: Interaction, reach: Reach): string | undefined => {
    // An app that a user has installed for themselves also works in servers that the bot is not in.
    if (
      !interaction.inGuild() ||
      interaction.guild === null ||
      (guildId !== undefined && interaction.guildId !== guildId)
    )
      return ONLY_MODERATORS
    const { roles } = interaction.member
    if (roleIds.some((id) => (Array.isArray(roles) ? roles.includes(id) : roles.cache.has(id)))) return undefined
    if (!interaction.memberPermissions.has(PermissionFlagsBits.ManageGuild)) return ONLY_MODERATORS
    const { shard, guilds } = interaction.client
    const isOnlyServer = guildId !== undefined || (shard === null && guilds.cache.size === 1)
    return reach === 'channel' || isOnlyServer ? undefined : SEVERAL_SERVERS
  }

  /** Refuses, tells why, and puts it on record. */
  const refuse = async (turn: Turn, what: string, why: string): Promise<void> => {
    const actor = actorOf(turn)
    turn.log.warn({ what, user: actor.by, why }, 'refused')
    await appendAudit(dataDir, {
      ...actor,
      at: new Date().toISOString(),
      action: what,
      outcome: 'refused',
      detail: why,
    }).catch((error: unknown) => {
      turn.log.error({ err: error }, 'a refusal could not be written to the audit log')
    })
    await turn.note(why)
  }

  const allow = async (turn: Turn, what: string, reach: Reach): Promise<boolean> => {
    const refusal = refusalOf(turn.interaction, reach)
    if (refusal !== undefined) await refuse(turn, what, refusal)
    return refusal === undefined
  }

  const contextOf = (turn: Turn, onProgress: ModeratorContext['onProgress']): CommandContext => ({
    engine,
    signal,
    moderator: {
      moderation,
      actor: actorOf(turn),
      maxFileBytes: turn.interaction.attachmentSizeLimit,
      onProgress,
    },
  })

  /**
   * Does the work, shows how far it is, and delivers what came of it.
   * @returns whether it was done: a failure leaves a decision open
   */
  const conclude = async (
    turn: Turn,
    command: string,
    inPlace: boolean,
    work: (onProgress: ModeratorContext['onProgress']) => Promise<Reply>,
  ): Promise<boolean> => {
    const { delivery } = turn
    await (inPlace ? delivery.deferUpdate() : delivery.defer(true))
    const render = (reply: Reply): OutgoingMessage => {
      const { decision } = reply
      const decisionId =
        decision &&
        store.decisions.put(
          { command, decision, userId: turn.interaction.user.id, guildId: turn.interaction.guildId ?? '' },
          DECISION_MS,
        )
      return renderReply(reply, {
        ids,
        command,
        generation: 0,
        question: '',
        ephemeral: true,
        ...(decisionId === undefined ? {} : { decisionId }),
      })
    }
    const progress = showProgress((reply) => delivery.update(render(reply)), turn.arrivedAt)
    const reply = await queue.add(() => work(progress.show)).catch((error: unknown) => failed(turn, command, error))
    await progress.end()
    const isFailed = reply.outcome === 'failed'
    // What was decided about stays in sight when it could not be done.
    const message = render(reply)
    const delivered = await (inPlace && isFailed ? delivery.followUp(message) : delivery.update(message))
    turn.finish(command, reply.outcome, delivered)
    return !isFailed
  }

  /** The decision that a button or form belongs to, when it is this moderator's to make. */
  const pendingFor = async (turn: Turn, id: string, choice: string) => {
    const pending = store.decisions.get(id)
    const what = pending === undefined ? `press ${choice}` : `${pending.command} ${choice}`
    if (!(await allow(turn, what, 'corpus'))) return undefined
    if (pending === undefined) {
      await refuse(turn, what, 'This was decided already, or fifteen minutes are over. Nothing was changed.')
      return undefined
    }
    const isTheirs = pending.userId === turn.interaction.user.id && pending.guildId === (turn.interaction.guildId ?? '')
    if (!isTheirs) {
      await refuse(turn, what, 'Only the moderator who asked for this can decide it. Nothing was changed.')
      return undefined
    }
    const chosen = pending.decision.choices.find((each) => each.name === choice)
    return chosen === undefined ? undefined : { pending, chosen, what }
  }

  const decide = async (
    turn: Turn,
    id: string,
    { pending, chosen, what }: { pending: PendingDecision; chosen: Choice; what: string },
    values: Readonly<Record<string, string>>,
  ): Promise<void> => {
    const command = commands.get(pending.command)
    if (command?.decide === undefined) return turn.note('This button is too old to work.')
    // Of two presses at the same moment, in whatever process, one takes it.
    const { remainingMs } = store.decisions.take(id) ?? {}
    if (remainingMs === undefined) return refuse(turn, what, 'This was decided already. Nothing was changed.')
    const { decide: follow } = command
    const isDone = await conclude(turn, pending.command, true, (onProgress) =>
      follow({ choice: chosen.name, state: pending.decision.state, values }, contextOf(turn, onProgress)),
    )
    if (!isDone) store.decisions.put(pending, remainingMs, id)
  }

  const failed = (turn: Turn, command: string, broke: unknown): Reply => {
    const error = signal.aborted ? LEAVING : broke
    if (error instanceof UserError) turn.log.info({ code: error.code, command }, 'a command was refused')
    return failureReply(error, (incident, cause) => {
      turn.log.error({ err: cause, incident, command }, 'a command broke')
    })
  }

  return {
    isModerator: (interaction, reach) => refusalOf(interaction, reach) === undefined,
    allow,
    run: async (turn, command, subcommand, values) => {
      const { name } = command.definition
      await conclude(turn, name, false, (onProgress) => command.run(values, contextOf(turn, onProgress), subcommand))
    },
    press: async (turn, { fields: [id = '', choice = ''] }) => {
      const found = await pendingFor(turn, id, choice)
      if (found === undefined) return
      const { form } = found.chosen
      if (form === undefined) return decide(turn, id, found, {})
      const delivered = await turn.delivery.modal(formWindow(form, ids.write('form', id, choice)))
      turn.finish(found.pending.command, 'answered', delivered)
    },
    submit: async (turn, interaction, { fields: [id = '', choice = ''] }) => {
      const found = await pendingFor(turn, id, choice)
      if (found === undefined) return
      const values = (found.chosen.form?.fields ?? []).map(
        ({ name }) => [name, interaction.fields.getTextInputValue(name)] as const,
      )
      await decide(turn, id, found, Object.fromEntries(values))
    },
    record: (turn, action, detail) =>
      appendAudit(dataDir, { ...actorOf(turn), at: new Date().toISOString(), action, outcome: 'done', detail }),
  }
}

function actorOf({ interaction: { user, guildId, channelId } }: Pick<Turn, 'interaction'>): Actor {
  return { by: user.id, name: user.username, from: `discord ${guildId ?? '-'}/${channelId ?? '-'}` }
}

function formWindow({ title, fields }: NonNullable<Choice['form']>, customId: string) {
  return {
    custom_id: customId,
    title: shorten(title, MAX_TITLE),
    components: fields.map(({ name, label, hint, value = '', isRequired = false, maxLength }) => ({
      type: ComponentType.Label as const,
      label: shorten(label, MAX_TITLE),
      ...(hint === undefined ? {} : { description: shorten(hint, MAX_HINT) }),
      component: {
        type: ComponentType.TextInput as const,
        custom_id: name,
        style: TextInputStyle.Short as const,
        required: isRequired,
        max_length: maxLength,
        ...(value === '' ? {} : { value: value.slice(0, maxLength) }),
      },
    })),
  }
}

/** Edits a message now and then; what comes too fast is passed over, and nothing is sent once the work has ended. */
function showProgress(edit: (reply: Reply) => Promise<Delivered>, arrivedAt: number) {
  let last = -Infinity
  let sending: Promise<unknown> = Promise.resolve()
  let isSending = false
  let isOver = false
  const send = (reply: Reply) => {
    isSending = true
    sending = edit(reply).finally(() => {
      isSending = false
    })
  }
  return {
    show: (reply: Reply) => {
      const now = Date.now()
      if (isOver || isSending || now - last < PROGRESS_EVERY_MS) return
      last = now
      isOver = now - arrivedAt > LAST_PROGRESS_MS
      send(isOver ? GOES_ON : reply)
    },
    end: async () => {
      isOver = true
      await sending
    },
  }
}

const LEAVING = new UserError(
  'cancelled',
  'The bot is being restarted, so this was not finished.',
  'Do it again in a minute; /corpus status shows what was done.',
)

const GOES_ON: Reply = {
  outcome: 'answered',
  audience: 'asker',
  blocks: [
    {
      kind: 'text',
      text: 'This goes on, but Discord lets this message change no longer. /corpus status shows when it is done.',
    },
  ],
  actions: [],
}
