import { setTimeout as wait } from 'node:timers/promises'
import { textOf } from '../tests/discord/server/reading.ts'
import type { Channel, Interaction, LocalDiscord } from '../tests/discord/server/server.ts'

const WORDS = ['the tax plan', 'the debate', 'the primary', 'the treaty', 'tanks', 'the court', 'the budget', 'the campaign', 'missiles', 'the vote'] // prettier-ignore
const ASKS = ['Who spoke about', 'When was there news of', 'What happened with', 'How many people speak of', 'Why is there talk of'] // prettier-ignore

/** What became of one question; times in ms from when it was asked, as Discord sees them. */
export type Outcome = {
  /** On the clock of `performance.now()`. */
  readonly askedAt: number
  readonly acknowledgedMs: number | undefined
  /** Until the answer, or until its asker was asked to come back. */
  readonly answeredMs: number | undefined
  /** `unacknowledged`: Discord forgot it after three seconds. `unanswered`: acknowledged, and nothing came. */
  readonly how: 'answered' | 'turned away' | 'unacknowledged' | 'unanswered'
}

/**
 * People who ask at a rate whatever becomes of their questions, as people do: nobody waits for anybody. It costs no more
 * the longer it runs or the more of them wait, so that it is the bot that is measured.
 */
export type Crowd = {
  /** Asks at this many a second for so long. Resolves when `told` has heard what became of every question. */
  ask(perSecond: number, forMs: number, told: (outcome: Outcome) => void): Promise<void>
  close(): void
}

/** Discord waits this long for an acknowledgement. */
const ACKNOWLEDGE_MS = 3000
/** Whoever sees "is thinking" for so long has gone. */
const ANSWER_MS = 60_000
const SWEEP_MS = 250
const TICK_MS = 5
/** What is asked at once at most after this process was held up: a crowd that catches up would be a burst of its own. */
const CATCH_UP_MS = 50

/** Each asker is somebody new, in the next of the channels. */
export function gatherCrowd(discord: LocalDiscord, channels: readonly Channel[]): Crowd {
  const open = new Map<Interaction, (outcome: Outcome) => void>()
  let asked = 0
  const end = (interaction: Interaction, how: Outcome['how']) => {
    const settle = open.get(interaction)
    open.delete(interaction)
    discord.forget(interaction)
    const since = (at: number | undefined) => (at === undefined ? undefined : at - interaction.startedAt)
    settle?.({
      askedAt: interaction.startedAt,
      acknowledgedMs: since(interaction.acknowledgedAt),
      answeredMs: since(interaction.answeredAt),
      how,
    })
  }
  const look = (interaction: Interaction) => {
    if (!open.has(interaction) || interaction.answeredAt === undefined) return
    const { original, messages } = interaction
    const message = original?.deleted === false ? original : messages.findLast(({ deleted }) => !deleted)
    if (message === undefined || message.loading) return
    end(interaction, textOf(message).startsWith('Many are asking') ? 'turned away' : 'answered')
  }
  discord.world.changes.on('interaction', look)
  const sweep = setInterval(() => {
    const now = performance.now()
    for (const interaction of [...open.keys()]) {
      const age = now - interaction.startedAt
      if (interaction.acknowledgedAt === undefined && age > ACKNOWLEDGE_MS) end(interaction, 'unacknowledged')
      else if (age > ANSWER_MS) end(interaction, 'unanswered')
    }
  }, SWEEP_MS)

  const askOne = (settle: (outcome: Outcome) => void) => {
    const i = asked++
    const channel = channels[i % channels.length] ?? discord.channel()
    const question = `${ASKS[i % ASKS.length]} ${WORDS[(i * 7) % WORDS.length]} in ${1900 + ((i * 13) % 300)}?`
    const { interaction } = discord.user(`Reader ${i}`).in(channel).start('/ask', { question })
    open.set(interaction, settle)
  }
  return {
    async ask(perSecond, forMs, told) {
      let waiting = 1
      let allTold = () => {}
      const over = new Promise<void>((resolve) => (allTold = resolve))
      const leave = () => {
        if (--waiting === 0) allTold()
      }
      const started = performance.now()
      let due = started
      for (let now = started; now - started < forMs; now = performance.now()) {
        due = Math.max(due, now - CATCH_UP_MS)
        for (; due <= now; due += 1000 / perSecond) {
          waiting++
          askOne((outcome) => {
            told(outcome)
            leave()
          })
        }
        await wait(TICK_MS)
      }
      leave()
      await over
    },
    close() {
      clearInterval(sweep)
      discord.world.changes.off('interaction', look)
    },
  }
}
