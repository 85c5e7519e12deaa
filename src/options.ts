import type { CommandContext, ModeratorContext, OptionDefinition, OptionValues } from './command.ts'
import { UserError } from './errors.ts'

/** Options that several commands share, so that they read and behave alike everywhere. */
export const OUTLET: OptionDefinition = {
  name: 'outlet',
  description: 'Only articles of this outlet',
  type: 'string',
  maxLength: 100,
  completes: 'outlet',
}
export const SINCE: OptionDefinition = {
  name: 'since',
  description: 'Only articles from this day on, like 2024-06-24',
  type: 'date',
}
export const UNTIL: OptionDefinition = {
  name: 'until',
  description: 'Only articles up to this day, like 2024-06-30',
  type: 'date',
}
export const PRIVATE: OptionDefinition = {
  name: 'private',
  description: 'Only you see the answer',
  type: 'boolean',
}

/** Whether a text is a day of the calendar, written like 2024-06-24. */
export function isDay(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}$/u.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    new Date(text).toISOString().startsWith(text)
  )
}

/** A text option; undefined where it was not given. */
export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

/** @throws UserError 'bad-argument' when it was not given: front ends ask for required options, scripts may forget */
export function requiredText(options: OptionValues, name: string): string {
  const value = textOption(options, name)
  if (value === undefined) throw new UserError('bad-argument', `${name} is missing.`, `Say ${name}.`)
  return value
}

/** What a moderator's command works with. @throws UserError 'not-allowed' where no moderator asks */
export function moderatorOf({ moderator }: CommandContext): ModeratorContext {
  if (moderator !== undefined) return moderator
  throw new UserError(
    'not-allowed',
    'Only moderators can do that, in Discord.',
    'In a terminal: npm run -s verbatim -- corpus --help',
  )
}

/** Who sees the reply. */
export function audienceOf(options: OptionValues): 'everyone' | 'asker' {
  return options.private === true ? 'asker' : 'everyone'
}

/**
 * The outlets to search: the one asked for, within those a channel is limited to.
 * @throws UserError 'bad-argument' when the channel leaves out the one asked for
 */
export function outletsOf(
  options: OptionValues,
  channel: readonly string[] | undefined,
): readonly string[] | undefined {
  const outlet = textOption(options, 'outlet')
  if (outlet === undefined) return channel
  if (channel !== undefined && !channel.some((name) => name.toLowerCase() === outlet.toLowerCase()))
    throw new UserError('bad-argument', `This channel does not search ${outlet}.`, `It searches ${channel.join(', ')}.`)
  return [outlet]
}
