import type { Command, CommandContext, OptionValues } from '../src/command.ts'
import type { SpeakerProfile, SpeakersQuery } from '../src/engine.ts'
import { audienceOf, OUTLET, outletsOf, PRIVATE, SINCE, textOption, UNTIL } from '../src/options.ts'
import type { Reply } from '../src/reply.ts'
import { counted } from '../src/wording.ts'

const MOST_SHOWN = 20
const MOST_OUTLETS_NAMED = 3

export default {
  definition: {
    name: 'speakers',
    description: 'Who is quoted, how often and where; about a topic, who spoke on it',
    example: '/speakers about:"cluster munitions"',
    access: 'everyone',
    options: [
      { name: 'about', description: 'A topic in plain words', type: 'string', maxLength: 200 },
      OUTLET,
      SINCE,
      UNTIL,
      PRIVATE,
    ],
  },

  async run(options, context): Promise<Reply> {
    const { speakers, total } = await context.engine.speakers({ ...queryOf(options, context), limit: MOST_SHOWN })
    const audience = audienceOf(options)
    if (speakers.length === 0)
      return {
        outcome: 'nothing-found',
        audience,
        blocks: [{ kind: 'text', text: 'Nobody is quoted on that.' }],
        actions: [],
      }
    const about = textOption(options, 'about')
    const hidden = total - speakers.length
    return {
      outcome: 'answered',
      audience,
      blocks: [
        { kind: 'heading', text: about === undefined ? 'Who is quoted' : `Who is quoted on ${about}` },
        {
          kind: 'list',
          items: speakers.map((speaker) => ({ label: speaker.name, detail: describe(speaker) })),
        },
        ...(hidden > 0 ? [{ kind: 'text', text: `${String(hidden)} more.` } as const] : []),
      ],
      actions: [],
    }
  },

  async json(options, context) {
    const { speakers } = await context.engine.speakers(queryOf(options, context))
    return {
      lines: speakers.map(({ name, aliases, quotes, articles, outlets, first, last }) => ({
        speaker: name,
        aliases,
        quotes,
        articles,
        outlets,
        first,
        last,
      })),
      isFound: speakers.length > 0,
    }
  },
} satisfies Command

function queryOf(options: OptionValues, { outlets, tags }: CommandContext): SpeakersQuery {
  return {
    about: textOption(options, 'about'),
    outlets: outletsOf(options, outlets),
    since: textOption(options, 'since'),
    until: textOption(options, 'until'),
    tags,
  }
}

function describe({ quotes, articles, outlets, first, last }: SpeakerProfile): string {
  const named = outlets.slice(0, MOST_OUTLETS_NAMED)
  const places = outlets.length > named.length ? [...named, `${String(outlets.length - named.length)} more`] : named
  return [
    counted(quotes, 'quote'),
    counted(articles, 'article'),
    ...(places.length > 0 ? [places.join(', ')] : []),
    ...(first === null || last === null ? [] : [first === last ? first : `${first} to ${last}`]),
  ].join(' · ')
}
