import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  MessageFlags,
  type APIMessageTopLevelComponent,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type Message,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
  type REST,
} from 'discord.js'
import type { Logger } from 'pino'
import type { Command, CommandDefinition, OptionDefinition, OptionValue, OptionValues } from '../command.ts'
import type { Engine } from '../engine.ts'
import type { Moderation } from '../moderation/moderation.ts'
import { UserError, type ErrorCode } from '../errors.ts'
import { failureReply } from '../failure.ts'
import { isDay } from '../options.ts'
import type { Action, Block, QuotedBlock, Reply } from '../reply.ts'
import { completeOption } from './autocomplete.ts'
import { createBacklog } from './backlog.ts'
import type { Cooldown, Pace } from './cooldown.ts'
import type { CustomIds, Press } from './custom-ids.ts'
import { createDelivery, hasRunOut, turnAway, type Delivery } from './delivery.ts'
import { continueQuestion } from './follow-up.ts'
import { createLateness } from './lateness.ts'
import { MESSAGE_COMMANDS } from './message-commands.ts'
import { shorten } from './markdown.ts'
import type { Metrics } from './metrics.ts'
import {
  customIdsOf,
  fingerprint,
  renderBusy,
  renderCooldown,
  renderNote,
  renderReply,
  renderShared,
  withoutButton,
} from './render.ts'
import { changedSettings, SETTINGS_COMMAND, settingsReply } from './settings.ts'
import type { Moderators, Reach } from './moderators.ts'
import { DEFAULT_SETTINGS, type ChannelSettings, type Store } from './store.ts'
import type { Turn } from './turn.ts'

/** An answer that takes longer than this is announced first; Discord waits three seconds for either. */
const ACKNOWLEDGE_AFTER_MS = 1000
/**
 * Questions looked up at the same time: while one waits for its embedding, another is searched for. More would only do
 * more at once before the loop turns, and what turns with it (acknowledgements, heartbeats) would wait.
 */
const CONCURRENCY = 2
/** Who would wait longer for an answer is asked to come back: nobody looks at a message any more that stays empty. */
const PATIENCE_MS = 20_000
/**
 * Interactions under way at most, whatever Discord or the machine is slow at. Each holds some 10 kB; whoever comes on top
 * is turned away …
 */
const MOST_UNDER_WAY = 2000
/** … and left without a response once so many are being turned away, as one more could not be told in time. */
const MOST_TURNED_AWAY = 300
/** Being overloaded is told in the log this seldom. */
const TELL_EVERY_MS = 10_000
/** When to come back where nobody can tell how long the others take. */
const AGAIN_MS = 30_000
/** Interactions that are remembered, so that one that Discord sends twice is answered once. */
const REMEMBERED = 10_000
const MAX_FOLLOW_UP_LENGTH = 300
const BROKEN = 'Something broke on our side. Tell whoever runs this bot, with the time.'

/** What whoever asks can mend; everything else is for whoever runs the bot, and stands in the log. */
const ASKERS_OWN: ReadonlySet<ErrorCode> = new Set([
  'article-missing',
  'bad-argument',
  'bad-article',
  'bad-file',
  'bad-front-matter',
  'cancelled',
  'corpus-busy',
  'export-too-large',
  'feeds-busy',
  'fetch-failed',
  'fetch-refused',
  'fetch-timeout',
  'fetch-too-large',
  'fetch-wrong-type',
  'index-busy',
  'not-allowed',
  'stale-state',
])

export type RouterOptions = {
  readonly engine: Engine
  readonly moderation: Moderation
  readonly moderators: Moderators
  readonly commands: ReadonlyMap<string, Command>
  readonly store: Store
  readonly ids: CustomIds
  readonly cooldown: Cooldown
  readonly paces: { readonly user: Pace; readonly channel: Pace; readonly button: Pace }
  /** Longest wait for a turn, milliseconds; 20,000 by default. */
  readonly patienceMs?: number | undefined
  readonly metrics: Metrics
  readonly log: Logger
  readonly logQuestions: boolean
  readonly rest: REST
  /** Aborted when the process leaves. */
  readonly signal: AbortSignal
}

/** Takes every interaction to what answers it. */
export type Router = {
  /** Never throws; whatever happens is logged with the interaction's id. */
  handle(interaction: Interaction): Promise<void>
  running(): number
  /** Resolves when nothing is being answered. */
  idle(): Promise<void>
}

/** A reply still to come, and what its message needs besides. */
type Work = {
  readonly command: string
  /** The question in words, for votes and follow-ups; empty where there is none. */
  readonly question: string
  /** What stands above the answer, so that everybody sees what was asked: Discord shows no more than the command. */
  readonly echo: readonly Block[]
  /** Whether a private answer can be made public. */
  readonly isShareable: boolean
  readonly isPrivate: boolean
  /** The pressed button's message changes, instead of a new one coming. */
  readonly inPlace: boolean
  run(): Promise<Reply>
}

export function createRouter(options: RouterOptions): Router {
  const { engine, moderation, moderators, commands, store, ids, metrics, cooldown, paces, rest } = options
  const backlog = createBacklog({ concurrency: CONCURRENCY, patienceMs: options.patienceMs ?? PATIENCE_MS })
  const lateness = createLateness()
  const overload = createOverloadLog(options.log)
  const seen = new Set<string>()
  const running = new Set<Promise<void>>()
  let turnedAway = 0

  const handle = async (interaction: Interaction): Promise<void> => {
    if (seen.has(interaction.id)) return
    seen.add(interaction.id)
    if (seen.size > REMEMBERED) seen.delete(seen.values().next().value ?? '')
    const againMs = turnsAway(interaction)
    const isTold = turnedAway < MOST_TURNED_AWAY
    if (lateness.isForgotten(interaction.createdTimestamp) || (againMs !== undefined && !isTold)) {
      metrics.dropped()
      return overload.dropped(backlog.waiting())
    }
    const work = againMs === undefined ? take(interaction) : dismiss(interaction, againMs)
    running.add(work)
    await work
    running.delete(work)
  }

  const take = async (interaction: Interaction): Promise<void> => {
    const log = options.log.child({ interaction: interaction.id, shard: interaction.guild?.shardId ?? 0 })
    await route(interaction, log).catch((error: unknown) => {
      log.error({ err: error }, 'an interaction broke')
    })
  }

  /** Milliseconds after which to come back, for one that there is no room for. Moderators' work is let in for longer. */
  const turnsAway = (interaction: Interaction): number | undefined => {
    const isModerators =
      interaction.isModalSubmit() ||
      (interaction.isChatInputCommand() && definitionOf(interaction.commandName)?.access === 'moderator')
    const againMs = isModerators ? undefined : backlog.turnsAway()
    return againMs ?? (running.size - turnedAway < MOST_UNDER_WAY ? undefined : AGAIN_MS)
  }

  /** Costs as little as can be: it is done for everybody who comes when there is too much to do. */
  const dismiss = async (interaction: Interaction, againMs: number): Promise<void> => {
    turnedAway++
    metrics.shed()
    overload.turnedAway(backlog.waiting())
    const message = interaction.isAutocomplete() ? undefined : renderBusy(Date.now() + againMs)
    if ((await turnAway(rest, interaction, message)) === 'lost') metrics.lost()
    turnedAway--
  }

  const route = async (interaction: Interaction, log: Logger): Promise<void> => {
    const arrivedAt = arrivalOf(interaction)
    const delivery = createDelivery({
      rest,
      applicationId: interaction.applicationId,
      interaction,
      arrivedAt,
      signal: options.signal,
      onProblem: (problem, what) => {
        const level = hasRunOut(problem) ? 'warn' : 'error'
        log[level]({ err: problem, what }, 'Discord did not take a response')
      },
    })
    if (interaction.isAutocomplete()) return complete(interaction, delivery, log)
    try {
      await answer(turnOf(interaction, delivery, log, arrivedAt))
    } catch (error) {
      log.error({ err: error }, 'an interaction broke')
      if (!delivery.isAnswered()) await delivery.answer(renderNote(BROKEN))
    }
  }

  const answer = async (turn: Turn): Promise<void> => {
    const { interaction, log } = turn
    if (interaction.isChatInputCommand()) return slash(turn, interaction)
    if (interaction.isMessageContextMenuCommand()) return onMessage(turn, interaction)
    if (interaction.isButton()) return press(turn, interaction)
    if (interaction.isModalSubmit()) return submit(turn, interaction)
    log.warn({ type: interaction.type }, 'an interaction of a kind that is not ours')
  }

  const turnOf = (interaction: Turn['interaction'], delivery: Delivery, log: Logger, arrivedAt: number): Turn => {
    const finish: Turn['finish'] = (command, outcome, delivered, question = '') => {
      const seconds = (Date.now() - arrivedAt) / 1000
      if (delivered === 'lost') metrics.lost()
      metrics.answered(command, delivered === 'lost' ? 'lost' : outcome, seconds)
      const logged = options.logQuestions && question !== '' ? { question } : {}
      log.info({ command, outcome, delivered, ms: Math.round(seconds * 1000), ...logged }, 'answered')
    }
    return {
      interaction,
      delivery,
      log,
      arrivedAt,
      settings: settingsOf(interaction),
      note: async (text) => {
        finish('note', 'refused', await delivery.answer(renderNote(text)))
      },
      finish,
    }
  }

  /** Settings are a channel's; a thread has its channel's. */
  const channelKey = (interaction: Interaction): string | undefined => {
    if (interaction.guildId === null) return undefined
    const { channel } = interaction
    return (channel?.isThread() === true ? channel.parentId : null) ?? interaction.channelId ?? undefined
  }
  const settingsOf = (interaction: Interaction): ChannelSettings => {
    const key = channelKey(interaction)
    return key === undefined ? DEFAULT_SETTINGS : store.settings(key)
  }

  const complete = async (interaction: AutocompleteInteraction, delivery: Delivery, log: Logger) => {
    const focused = interaction.options.getFocused(true)
    const definition = definitionOf(interaction.commandName)
    const taken = definition && optionsOf(definition, interaction.options.getSubcommand(false) ?? undefined)
    const option = taken?.find((each) => each.name === focused.name)
    try {
      const settings = settingsOf(interaction)
      const isOffered =
        definition?.access === 'everyone' ||
        (definition !== undefined && moderators.isModerator(interaction, reachOf(definition)))
      const choices =
        option === undefined || !isOffered
          ? []
          : await completeOption(option, String(focused.value), engine, settings, moderation)
      await delivery.choices(choices)
    } catch (error) {
      // Somebody is typing: no choices are better than none at all.
      log.error({ err: error }, 'completion failed')
      await delivery.choices([])
    }
  }

  const definitionOf = (name: string): CommandDefinition | undefined =>
    name === SETTINGS_COMMAND.name ? SETTINGS_COMMAND : commands.get(name)?.definition

  const slash = async (turn: Turn, interaction: ChatInputCommandInteraction) => {
    const definition = definitionOf(interaction.commandName)
    if (definition === undefined)
      return turn.note('This command is no longer there. Reload Discord to see the current ones.')
    const subcommand = interaction.options.getSubcommand(false) ?? undefined
    const values: Record<string, OptionValue | undefined> = {}
    for (const option of optionsOf(definition, subcommand)) values[option.name] = valueOf(interaction, option)
    if (definition.access === 'moderator') return moderate(turn, definition, subcommand, values)
    if (!(await mayUse(turn))) return
    await runCommand(turn, definition.name, values)
  }

  /** A moderator's command, for moderators, even where a channel is switched off. */
  const moderate = async (
    turn: Turn,
    definition: CommandDefinition,
    subcommand: string | undefined,
    values: OptionValues,
  ) => {
    if (!(await mayGoOn(turn))) return
    const what = [definition.name, subcommand].filter((part) => part !== undefined).join(' ')
    if (!(await moderators.allow(turn, what, reachOf(definition)))) return
    if (definition === SETTINGS_COMMAND) return changeSettings(turn, values)
    const command = commands.get(definition.name)
    if (command !== undefined) await moderators.run(turn, command, subcommand, values)
  }

  const onMessage = async (turn: Turn, interaction: MessageContextMenuCommandInteraction) => {
    const target = MESSAGE_COMMANDS[interaction.commandName]
    const definition = target === undefined ? undefined : definitionOf(target.command)
    if (target === undefined || definition === undefined) return turn.note('This command is no longer there.')
    if (!(await mayUse(turn))) return
    const text = textOf(interaction.targetMessage)
    if (text === '') return turn.note('There is no text in that message.')
    await runCommand(turn, target.command, clipped(definition, target.options(text)))
  }

  const mayUse = async (turn: Turn): Promise<boolean> => {
    if (turn.settings.enabled) return true
    await turn.note(
      'Verbatim is switched off in this channel. Somebody who manages the server can change that with /settings.',
    )
    return false
  }

  const changeSettings = async (turn: Turn, values: OptionValues) => {
    const key = channelKey(turn.interaction)
    if (key === undefined) return turn.note('Settings belong to the channels of a server.')
    const isChange = Object.values(values).some((value) => value !== undefined)
    await conclude(turn, {
      command: SETTINGS_COMMAND.name,
      question: '',
      echo: [],
      isShareable: false,
      isPrivate: true,
      inPlace: false,
      run: async () => {
        const settings = isChange ? await changedSettings(turn.settings, values, engine) : turn.settings
        if (isChange) {
          store.changeSettings(key, settings, turn.interaction.user.id, new Date())
          turn.log.info({ channel: key, settings, user: turn.interaction.user.id }, 'settings changed')
          await moderators.record(turn, 'settings', `${key} ${JSON.stringify(settings)}`)
        }
        return settingsReply(settings, isChange)
      },
    })
  }

  const runCommand = async (turn: Turn, name: string, values: OptionValues) => {
    const command = commands.get(name)
    if (command === undefined) return turn.note('This command is no longer there.')
    if (!(await mayGoOn(turn))) return
    const hasPrivate = command.definition.options.some((option) => option.name === 'private')
    const isPrivate = typeof values['private'] === 'boolean' ? values['private'] : turn.settings.private
    const given: OptionValues = hasPrivate ? { ...values, private: isPrivate } : values
    await conclude(turn, {
      command: name,
      question: questionOf(command.definition, given),
      echo: echoOf(name, given),
      isShareable: hasPrivate,
      isPrivate,
      inPlace: false,
      run: async () => {
        checkDays(command.definition, given)
        return command.run(given, contextOf(turn))
      },
    })
  }

  const contextOf = ({ settings }: Pick<Turn, 'settings'>) => ({
    engine,
    votes: store.voteCounts(),
    signal: options.signal,
    ...(settings.outlets.length === 0 ? {} : { outlets: settings.outlets }),
    ...(settings.tags.length === 0 ? {} : { tags: settings.tags }),
  })

  /** Whether the asker and the channel are not asking too fast; says when to try again otherwise. */
  const mayGoOn = async (turn: Turn): Promise<boolean> => {
    const { user, channelId } = turn.interaction
    const keys: [string, Pace][] = [[`user ${user.id}`, paces.user]]
    if (channelId !== null) keys.push([`channel ${channelId}`, paces.channel])
    return notTooFast(turn, keys)
  }

  const notTooFast = async (turn: Turn, keys: readonly (readonly [string, Pace])[]): Promise<boolean> => {
    const again = cooldown.take(keys, Date.now())
    if (again === undefined) return true
    metrics.coolingDown()
    turn.log.info({ user: turn.interaction.user.id, again: new Date(again).toISOString() }, 'cooling down')
    turn.finish('cooldown', 'refused', await turn.delivery.answer(renderCooldown(again)))
    return false
  }

  const press = async (turn: Turn, interaction: ButtonInteraction) => {
    const pressed = ids.read(interaction.customId)
    if (pressed === undefined)
      return turn.note('This button is too old to work. Ask again, and the new answer’s buttons will.')
    if (!turn.settings.enabled && pressed.kind !== 'decide')
      return turn.note('Verbatim is switched off in this channel.')
    if (pressed.kind !== 'ask' && !(await notTooFast(turn, [[`button ${interaction.user.id}`, paces.button]]))) return
    switch (pressed.kind) {
      case 'ask':
        return runCommand(turn, 'ask', {
          question: pressed.fields[0],
          ...(isEphemeral(interaction.message) ? { private: true } : {}),
        })
      case 'page':
        return turnPage(turn, interaction, pressed)
      case 'context':
        return showContext(turn, pressed)
      case 'vote':
        return vote(turn, pressed)
      case 'share':
        return share(turn, interaction)
      case 'follow-up':
        return askFurther(turn, pressed)
      case 'decide':
        return moderators.press(turn, pressed)
      default:
        return turn.note('This button is too old to work.')
    }
  }

  const turnPage = async (turn: Turn, interaction: ButtonInteraction, { fields }: Press) => {
    const [name = '', state = '', , question = ''] = fields
    const command = commands.get(name)
    if (command?.page === undefined) return turn.note('This button is too old to work.')
    // On an answer that everyone sees, only its asker turns the page for all; anybody else gets one of their own.
    const asker = interaction.message.interactionMetadata?.user.id
    const ownCopy = !isEphemeral(interaction.message) && asker !== undefined && asker !== interaction.user.id
    const page = command.page
    await conclude(turn, {
      command: name,
      question,
      echo: name === 'ask' ? [{ kind: 'heading', text: question }] : [],
      isShareable: true,
      isPrivate: ownCopy || isEphemeral(interaction.message),
      inPlace: !ownCopy,
      run: async () => {
        const reply = await page(state, contextOf(turn))
        const isFollowable = name === 'ask' && !reply.actions.some((action) => action.kind === 'follow-up')
        const turns: Action[] = isFollowable ? [{ kind: 'follow-up', question }] : []
        return { ...reply, actions: [...reply.actions, ...turns] }
      },
    })
  }

  /** The quoted words that a button belongs to, if they still stand where they stood. */
  const quotedAt = async (fields: readonly string[]) => {
    const [articleId = '', start = '', end = '', print = ''] = fields
    const place = { articleId: Number(articleId), start: Number(start), end: Number(end) }
    const context = await engine.context(place.articleId, place.start, place.end)
    if (context === null) return undefined
    const { paragraph } = context
    const text = paragraph.text.slice(place.start - paragraph.start, place.end - paragraph.start)
    return fingerprint(text) === print ? { ...place, text, context } : undefined
  }

  const MOVED_ON =
    'The coverage has been indexed anew since this answer, and these words are not where they were. Ask again.'

  const showContext = async (turn: Turn, { fields }: Press) => {
    const quoted = await quotedAt(fields)
    if (quoted === undefined) return turn.note(MOVED_ON)
    const { article, before, paragraph, after } = quoted.context
    const around = [before, paragraph, after].filter((part) => part !== null)
    const start = around[0]?.start ?? paragraph.start
    const end = around.at(-1)?.end ?? paragraph.end
    const text = around.map((part) => part.text).join('\n\n')
    const whole = await engine.isVerbatim(article.id, start, end, text)
    const shown = whole ? { start, end, text } : paragraph
    const block: QuotedBlock = {
      kind: 'quoted',
      as: 'passage',
      articleId: article.id,
      start: shown.start,
      end: shown.end,
      text: shown.text,
      emphasis: { start: quoted.start - shown.start, end: quoted.end - shown.start },
      sources: [
        {
          articleId: article.id,
          title: article.title,
          ...(article.outlet === undefined ? {} : { outlet: article.outlet }),
          ...(article.published === undefined ? {} : { published: article.published }),
          ...(article.url === undefined ? {} : { url: article.url }),
          ...(article.via === undefined ? {} : { via: article.via }),
        },
      ],
    }
    await conclude(turn, {
      command: 'context',
      question: '',
      echo: [],
      isShareable: false,
      isPrivate: true,
      inPlace: false,
      run: () => Promise.resolve({ outcome: 'answered', audience: 'asker', blocks: [block], actions: [] }),
    })
  }

  const vote = async (turn: Turn, { fields }: Press) => {
    const [verdict, articleId = '', start = '', end = '', print = '', , generation, question = ''] = fields
    const quoted = await quotedAt([articleId, start, end, print])
    if (quoted === undefined) return turn.note(MOVED_ON)
    const useful = verdict === '1'
    store.vote(
      {
        question,
        file: quoted.context.article.file,
        start: quoted.start,
        end: quoted.end,
        quote: quoted.text,
        generation: Number(generation),
        useful,
        at: new Date().toISOString(),
      },
      turn.interaction.user.id,
    )
    await turn.note(useful ? 'Counted as useful. Thank you.' : 'Counted as not useful. Thank you.')
  }

  const share = async (turn: Turn, interaction: ButtonInteraction) => {
    const components = interaction.message.components.map((component) =>
      component.toJSON(),
    ) as APIMessageTopLevelComponent[]
    const isShare = (customId: string) => ids.read(customId)?.kind === 'share'
    for (const customId of customIdsOf(components)) {
      const button = ids.read(customId)
      if (button?.kind === 'context' && (await quotedAt(button.fields)) === undefined) return turn.note(MOVED_ON)
    }
    const rest = withoutButton(components, isShare)
    await turn.delivery.update({
      flags: interaction.message.flags.bitfield & (MessageFlags.IsComponentsV2 | MessageFlags.SuppressEmbeds),
      components: rest,
      allowed_mentions: { parse: [] },
    })
    const shared = renderShared(components, isShare, interaction.user.id)
    turn.finish('share', 'answered', await turn.delivery.followUp(shared))
  }

  const askFurther = async (turn: Turn, { fields }: Press) => {
    const [question = '', speaker = ''] = fields
    const delivered = await turn.delivery.modal({
      custom_id: ids.write('follow-up', question, speaker),
      title: 'Follow up',
      components: [
        {
          type: 18,
          label: 'Your question',
          description: 'Who and what it leaves open is taken from the question before.',
          component: {
            type: 4,
            custom_id: 'question',
            style: 1,
            min_length: 2,
            max_length: MAX_FOLLOW_UP_LENGTH,
            required: true,
            placeholder: 'and what happened next?',
          },
        },
      ],
    })
    turn.finish('follow-up', 'answered', delivered)
  }

  const submit = async (turn: Turn, interaction: ModalSubmitInteraction) => {
    const pressed = ids.read(interaction.customId)
    if (pressed?.kind === 'form') return moderators.submit(turn, interaction, pressed)
    if (pressed?.kind !== 'follow-up') return turn.note('This form is too old to work. Ask again.')
    if (!turn.settings.enabled) return turn.note('Verbatim is switched off in this channel.')
    const [question = '', speaker = ''] = pressed.fields
    const next = interaction.fields.getTextInputValue('question')
    const followed = speaker === '' ? { question } : { question, speaker }
    const fromPrivate = interaction.message !== null && isEphemeral(interaction.message)
    await runCommand(turn, 'ask', {
      question: continueQuestion(followed, next).slice(0, 500),
      ...(fromPrivate ? { private: true } : {}),
    })
  }

  /** Runs the work, says in time that it runs, and delivers what came of it. */
  const conclude = async (turn: Turn, work: Work): Promise<void> => {
    const { delivery, log, arrivedAt } = turn
    // Several that come at once are all let in before the first of them is in the queue.
    const againMs = backlog.turnsAway()
    if (againMs !== undefined) return dismiss(turn.interaction, againMs)
    // Where the answer would come later than the announcement, that comes at once.
    const isLong = backlog.expectedMs() > ACKNOWLEDGE_AFTER_MS
    const timer = setTimeout(
      () => {
        metrics.acknowledged((Date.now() - arrivedAt) / 1000)
        void (work.inPlace ? delivery.deferUpdate() : delivery.defer(work.isPrivate))
      },
      isLong ? 0 : Math.max(0, ACKNOWLEDGE_AFTER_MS - (Date.now() - arrivedAt)),
    )
    try {
      const reply = await backlog.run(async () => {
        await nextTurn()
        return delivery.isLost() ? undefined : verified(turn, work)
      })
      if (reply === undefined) {
        clearTimeout(timer)
        return turn.finish(work.command, 'lost', 'lost')
      }
      const { generation } = await engine.status()
      // Errors and refusals are the asker's alone.
      const ephemeral = work.isPrivate || reply.audience === 'asker' || isRefusal(reply)
      const message = renderReply(
        {
          ...reply,
          blocks: isRefusal(reply) ? reply.blocks : [...work.echo, ...reply.blocks],
          actions: work.command === 'context' ? [] : withOwnActions(reply, work.isShareable),
        },
        { ids, command: work.command, generation, question: work.question, ephemeral },
      )
      clearTimeout(timer)
      const inPlace = work.inPlace && !isRefusal(reply)
      const delivered = await (inPlace ? delivery.update(message) : delivery.answer(message))
      turn.finish(work.command, reply.outcome, delivered, work.question)
    } catch (error) {
      clearTimeout(timer)
      log.error({ err: error, command: work.command }, 'an answer could not be made')
      await delivery.answer(renderNote(BROKEN))
    }
  }

  /**
   * The reply with only such quotations as stand in the coverage word for word, now. Where the index moved on while
   * the question was being answered, it is asked once more.
   */
  const verified = async (turn: Turn, work: Work): Promise<Reply> => {
    for (const isLast of [false, true]) {
      const reply = await work.run().catch((error: unknown) => failed(turn, work, error))
      const kept: Block[] = []
      for (const block of reply.blocks) {
        const standing = await standingPart(block)
        if (standing !== undefined) kept.push(standing)
      }
      const withheld = reply.blocks.length - kept.length
      if (withheld === 0) return { ...reply, blocks: kept }
      if (!isLast) continue
      for (let i = 0; i < withheld; i++) metrics.withheld()
      turn.log.error({ command: work.command, withheld }, 'quotations that are not verbatim were withheld')
      return {
        ...reply,
        ...(kept.some((block) => block.kind === 'quoted') ? {} : { outcome: 'failed' as const }),
        blocks: [
          ...kept,
          {
            kind: 'notice',
            text: `${withheld} ${withheld === 1 ? 'passage was' : 'passages were'} withheld.`,
            remedy: 'It no longer stands in its article word for word. Ask again.',
          },
        ],
      }
    }
    throw new Error('unreachable')
  }

  /** The block, where its words stand in the article; without words around them that do not. */
  const standingPart = async (block: Block): Promise<Block | undefined> => {
    if (block.kind !== 'quoted') return block
    const { articleId, start, end, text, cueContext, ...rest } = block
    if (!(await engine.isVerbatim(articleId, start, end, text))) return undefined
    if (cueContext === undefined) return block
    const context = await engine.context(articleId, start, end)
    return context?.paragraph.text.includes(cueContext) === true ? block : { ...rest, articleId, start, end, text }
  }

  const failed = (turn: Turn, work: Work, error: unknown): Reply => {
    const reply = failureReply(error, (incident, cause) => {
      turn.log.error({ err: cause, incident, command: work.command }, 'a command broke')
    })
    if (!(error instanceof UserError)) return reply
    if (ASKERS_OWN.has(error.code)) turn.log.info({ code: error.code, command: work.command }, 'a command was refused')
    else
      turn.log.error(
        { err: error, code: error.code, remedy: error.remedy, command: work.command },
        'a command could not be carried out',
      )
    if (error.code !== 'stale-state' || work.command !== 'ask') return reply
    return { ...reply, actions: [{ kind: 'ask', label: 'Ask again', question: work.question }] }
  }

  return {
    handle,
    running: () => running.size,
    idle: async () => {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

/** Tells the log of an overload: seldom, and how many it has concerned since it last did. */
function createOverloadLog(log: Logger) {
  let toldAt = -Infinity
  let counts = { turnedAway: 0, dropped: 0 }
  const tell = (waiting: number) => {
    const now = performance.now()
    if (now - toldAt < TELL_EVERY_MS) return
    log.warn({ ...counts, waiting }, 'more comes than can be answered')
    toldAt = now
    counts = { turnedAway: 0, dropped: 0 }
  }
  return {
    turnedAway(waiting: number): void {
      counts.turnedAway++
      tell(waiting)
    },
    dropped(waiting: number): void {
      counts.dropped++
      tell(waiting)
    },
  }
}

/** The options of a command, or of the one of its subcommands that is meant. */
function optionsOf(definition: CommandDefinition, subcommand: string | undefined): readonly OptionDefinition[] {
  if (definition.subcommands === undefined) return definition.options
  return definition.subcommands.find((each) => each.name === subcommand)?.options ?? []
}

function valueOf(interaction: ChatInputCommandInteraction, { name, type }: OptionDefinition): OptionValue | undefined {
  if (type !== 'attachment') return interaction.options.get(name)?.value
  const file = interaction.options.getAttachment(name)
  return file === null ? undefined : { name: file.name, sizeBytes: file.size, url: file.url }
}

const reachOf = (definition: CommandDefinition): Reach => (definition === SETTINGS_COMMAND ? 'channel' : 'corpus')
const isRefusal = (reply: Reply): boolean => reply.outcome === 'failed' || reply.outcome === 'refused'
const isEphemeral = (message: Message): boolean => message.flags.has(MessageFlags.Ephemeral)

/** When Discord made the interaction, as far as the two clocks agree; never later than now. */
function arrivalOf(interaction: Interaction): number {
  const now = Date.now()
  return Math.min(now, Math.max(interaction.createdTimestamp, now - 2500))
}

/** What Discord can offer for any answer: the context of every quotation, and sharing what only the asker sees. */
function withOwnActions(reply: Reply, isShareable: boolean): readonly Action[] {
  const contexts = reply.blocks.flatMap((block): Action[] => {
    if (block.kind !== 'quoted') return []
    const { articleId, start, end } = block
    const isThere = reply.actions.some(
      (action) =>
        action.kind === 'context' && action.articleId === articleId && action.start === start && action.end === end,
    )
    return isThere ? [] : [{ kind: 'context', articleId, start, end }]
  })
  const others = reply.actions.filter((action) => action.kind !== 'share')
  const share: Action[] = isShareable && reply.outcome === 'answered' ? [{ kind: 'share' }] : []
  return [...others, ...contexts, ...share]
}

/** What was asked, where the command's name alone does not say it. */
function echoOf(command: string, values: OptionValues): readonly Block[] {
  if (command === 'ask' && typeof values['question'] === 'string')
    return [{ kind: 'heading', text: values['question'] }]
  if (command === 'verify' && typeof values['quote'] === 'string')
    return [{ kind: 'text', text: `Claimed: “${shorten(values['quote'].replace(/^["“„«]|["”“»]$/gu, ''), 500)}”` }]
  return []
}

/** A command line in words, for votes: the question itself, or the command with what it was given. */
function questionOf(definition: CommandDefinition, values: OptionValues): string {
  if (typeof values['question'] === 'string') return values['question']
  const given = definition.options
    .filter((option) => option.name !== 'private' && values[option.name] !== undefined)
    .map((option) => `${option.name}:${String(values[option.name])}`)
  return `/${[definition.name, ...given].join(' ')}`
}

/** Days are typed as text; Discord has checked everything else. @throws UserError 'bad-argument' */
function checkDays({ options }: CommandDefinition, values: OptionValues): void {
  for (const { name, type, description } of options) {
    const value = values[name]
    if (type === 'date' && typeof value === 'string' && !isDay(value.trim()))
      throw new UserError(
        'bad-argument',
        `${name}: “${value}” is not a date like 2024-06-24.`,
        `${name}: ${description}`,
      )
  }
}

/** Options cut to what their command takes: a message is longer than anything typed. */
function clipped(definition: CommandDefinition, values: OptionValues): OptionValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const most = definition.options.find((option) => option.name === name)?.maxLength
      return [name, typeof value === 'string' && most !== undefined ? value.slice(0, most).trim() : value]
    }),
  )
}

/** Everything a person reads in a message: its text, its components, its embeds. */
function textOf(message: Message): string {
  const texts = [message.content]
  const visit = (node: unknown) => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, content, components } = node as { type?: unknown; content?: unknown; components?: unknown }
    if (type === 10 && typeof content === 'string') texts.push(content)
    visit(components)
  }
  visit(message.components.map((component) => component.toJSON()))
  for (const embed of message.embeds) texts.push(embed.title ?? '', embed.description ?? '')
  return texts
    .filter((text) => text !== '')
    .join('\n')
    .trim()
}
