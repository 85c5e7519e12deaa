import type { CommandDefinition, OptionValues } from '../command.ts'
import type { Engine } from '../engine.ts'
import { UserError } from '../errors.ts'
import type { Reply } from '../reply.ts'
import type { ChannelSettings } from './store.ts'

/** `/settings`: how the bot answers in the channel where it is used. Discord's alone, a terminal has no channels. */
export const SETTINGS_COMMAND: CommandDefinition = {
  name: 'settings',
  description: 'How Verbatim answers in this channel; without options, what is set now',
  example: '/settings outlets:"The Harbour Post" private:true',
  access: 'moderator',
  options: [
    { name: 'enabled', description: 'Whether questions can be asked in this channel', type: 'boolean' },
    {
      name: 'private',
      description: 'Whether only the asker sees an answer, unless they say otherwise',
      type: 'boolean',
    },
    {
      name: 'outlets',
      description: 'Search only these outlets, separated by commas; "all" for all',
      type: 'string',
      maxLength: 1000,
      completes: 'outlet',
    },
    {
      name: 'tags',
      description: 'Search only articles with one of these tags, separated by commas; "all" for all',
      type: 'string',
      maxLength: 1000,
    },
  ],
}

const ALL = /^(?:all|any|alle|\*)$/iu

/** Settings as the options change them. @throws UserError 'bad-argument' for an outlet that the coverage does not have */
export async function changedSettings(
  before: ChannelSettings,
  options: OptionValues,
  engine: Pick<Engine, 'completeOutlets'>,
): Promise<ChannelSettings> {
  return {
    enabled: typeof options['enabled'] === 'boolean' ? options['enabled'] : before.enabled,
    private: typeof options['private'] === 'boolean' ? options['private'] : before.private,
    outlets:
      typeof options['outlets'] === 'string' ? await knownOutlets(listed(options['outlets']), engine) : before.outlets,
    tags: typeof options['tags'] === 'string' ? listed(options['tags']) : before.tags,
  }
}

/** What holds in a channel, in words. */
export function settingsReply(settings: ChannelSettings, changed: boolean): Reply {
  const listOr = (values: readonly string[], none: string) => (values.length === 0 ? none : values.join(', '))
  return {
    outcome: 'answered',
    audience: 'asker',
    blocks: [
      { kind: 'heading', text: changed ? 'Changed for this channel' : 'In this channel' },
      {
        kind: 'list',
        items: [
          { label: 'Questions', detail: settings.enabled ? 'can be asked' : 'are switched off' },
          {
            label: 'Answers',
            detail: settings.private ? 'only the asker sees them, and can share them' : 'everyone sees them',
          },
          { label: 'Outlets', detail: listOr(settings.outlets, 'all') },
          { label: 'Tags', detail: listOr(settings.tags, 'all') },
        ],
      },
    ],
    actions: [],
  }
}

function listed(text: string): readonly string[] {
  const names = text
    .split(/[,;\n]/u)
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return names.some((name) => ALL.test(name)) ? [] : [...new Set(names)]
}

async function knownOutlets(
  names: readonly string[],
  engine: Pick<Engine, 'completeOutlets'>,
): Promise<readonly string[]> {
  const known: string[] = []
  for (const name of names) {
    const close = await engine.completeOutlets(name)
    const exact = close.find((outlet) => outlet.toLowerCase() === name.toLowerCase())
    if (exact === undefined)
      throw new UserError(
        'bad-argument',
        `The coverage has no outlet “${name}”.`,
        close.length === 0
          ? 'Choose one of those offered while you type.'
          : `Did you mean ${close.slice(0, 3).join(' or ')}?`,
      )
    known.push(exact)
  }
  return known
}
