import type { AutocompleteInteraction, Interaction } from 'discord.js'
import type { Logger } from 'pino'
import type { Delivered, Delivery } from './delivery.ts'
import type { ChannelSettings } from './store.ts'

/** One interaction on its way to an answer. */
export type Turn = {
  readonly interaction: Exclude<Interaction, AutocompleteInteraction>
  readonly delivery: Delivery
  readonly log: Logger
  readonly arrivedAt: number
  readonly settings: ChannelSettings
  /** Answers with a short word of our own, for the one who asked. */
  note(text: string): Promise<void>
  /** Counts and logs how it ended. @param question as asked, where that may be logged */
  finish(command: string, outcome: string, delivered: Delivered, question?: string): void
}
