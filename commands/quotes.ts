import type { Command, CommandContext, OptionValues } from '../src/command.ts'
import type { EngineQuote, QuotesOutcome, QuotesQuery, SayingsPage } from '../src/engine.ts'
import { audienceOf, OUTLET, outletsOf, PRIVATE, requiredText, SINCE, textOption, UNTIL } from '../src/options.ts'
import { readPageState, staleState, writePageState } from '../src/paging.ts'
import { sayingBlocks, sayingJson } from '../src/quoted-block.ts'
import { groupByMonth, groupByOutlet, type Saying } from '../src/quotes/lookup.ts'
import type { Action, Block, Reply } from '../src/reply.ts'

/** Sayings shown at a time, and on all pages together: a button holds no more. */
const PER_PAGE = 4
const MOST_LISTED = 12
/** Sayings shown of each outlet side by side, and of all months of a timeline. */
const PER_OUTLET = 3
const MOST_ON_TIMELINE = 24

const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })

export default {
  definition: {
    name: 'quotes',
    description: 'What somebody said, word for word, with sources',
    example: '/quotes ada okoro about:"the old bridge"',
    access: 'everyone',
    options: [
      {
        name: 'speaker',
        description: 'A person or body; part of the name is enough',
        type: 'string',
        required: true,
        maxLength: 100,
        completes: 'speaker',
      },
      { name: 'about', description: 'A topic in plain words', type: 'string', maxLength: 200 },
      OUTLET,
      SINCE,
      UNTIL,
      {
        name: 'kind',
        description: 'Quotations, reported speech in the journalist’s words, or both',
        type: 'string',
        choices: [
          { name: 'quotations', value: 'direct' },
          { name: 'reported speech', value: 'reported' },
          { name: 'both', value: 'all' },
        ],
      },
      {
        name: 'view',
        description: 'As a list, month by month, or outlet beside outlet',
        type: 'string',
        choices: [
          { name: 'list', value: 'list' },
          { name: 'timeline', value: 'timeline' },
          { name: 'by outlet', value: 'outlets' },
        ],
      },
      PRIVATE,
    ],
  },

  async run(options, context): Promise<Reply> {
    const outcome = await context.engine.quotes(queryOf(options, context))
    const audience = audienceOf(options)
    if (outcome.kind !== 'found') return { outcome: 'nothing-found', audience, ...otherwise(outcome, options) }
    const { speaker, others, sayings } = outcome
    const about = textOption(options, 'about')
    const heading: Block = { kind: 'heading', text: about === undefined ? speaker.name : `${speaker.name} on ${about}` }
    const aside: Block[] =
      others.length === 0 ? [] : [{ kind: 'text', text: `Others of that name: ${others.join(', ')}.` }]
    const view = options.view ?? 'list'
    if (view === 'timeline')
      return { outcome: 'answered', audience, blocks: [heading, ...aside, ...timeline(outcome)], actions: [] }
    if (view === 'outlets')
      return { outcome: 'answered', audience, blocks: [heading, ...aside, ...besideEachOther(outcome)], actions: [] }
    const page = pageOf(outcome, sayings, 0)
    return { outcome: 'answered', audience, blocks: [heading, ...aside, ...page.blocks], actions: page.actions }
  },

  async json(options, context) {
    const outcome = await context.engine.quotes(queryOf(options, context))
    if (outcome.kind === 'ambiguous')
      return { lines: [{ ambiguous: outcome.candidates.map(({ name }) => name) }], isFound: false }
    if (outcome.kind !== 'found') return { lines: [], isFound: false }
    return {
      lines: [outcome.sayings.flatMap((saying) => sayingJson(saying, outcome, outcome.speaker.name))],
      isFound: true,
    }
  },

  async page(state, { engine }): Promise<Reply> {
    const wanted = readPageState(state)
    const page = await engine.sayings(
      wanted.generation,
      wanted.refs.map(([quoteId]) => quoteId),
    )
    if (page === null) throw staleState()
    const order = new Map(wanted.refs.map(([quoteId], at) => [quoteId, at]))
    const place = (saying: Saying<EngineQuote>): number =>
      Math.min(...saying.printings.flat().map(({ quoteId }) => order.get(quoteId) ?? Infinity))
    const sayings = [...page.sayings].sort((a, b) => place(a) - place(b))
    return { outcome: 'answered', audience: 'everyone', ...pageOf(page, sayings, wanted.page) }
  },
} satisfies Command

function queryOf(options: OptionValues, { outlets, tags }: CommandContext): QuotesQuery {
  const kind = options.kind
  return {
    speaker: requiredText(options, 'speaker'),
    about: textOption(options, 'about'),
    outlets: outletsOf(options, outlets),
    since: textOption(options, 'since'),
    until: textOption(options, 'until'),
    tags,
    kind: kind === 'direct' || kind === 'reported' ? kind : 'all',
  }
}

function otherwise(
  outcome: Exclude<QuotesOutcome, { kind: 'found' }>,
  options: OptionValues,
): Pick<Reply, 'blocks' | 'actions'> {
  const said = requiredText(options, 'speaker')
  switch (outcome.kind) {
    case 'none':
      return {
        blocks: [{ kind: 'text', text: `The coverage has no such quote of ${outcome.speaker.name}.` }],
        actions: [],
      }
    case 'ambiguous':
      return {
        blocks: [
          { kind: 'text', text: `“${said}” may be any of these; say which.` },
          {
            kind: 'list',
            items: outcome.candidates.map(({ name, quotes }) => ({
              label: name,
              detail: `${String(quotes)} quote${quotes === 1 ? '' : 's'}`,
            })),
          },
        ],
        actions: [],
      }
    case 'unknown':
      return {
        blocks: [
          { kind: 'text', text: `The coverage quotes nobody called “${said}”.` },
          ...(outcome.nearest.length === 0
            ? []
            : [{ kind: 'text', text: `Names that begin alike: ${outcome.nearest.join(', ')}.` } as const]),
        ],
        actions: [],
      }
  }
}

function pageOf(
  page: SayingsPage,
  sayings: readonly Saying<EngineQuote>[],
  number: number,
): { readonly blocks: readonly Block[]; readonly actions: readonly Action[] } {
  const listed = sayings.slice(0, MOST_LISTED)
  const shown = listed.slice(number * PER_PAGE, (number + 1) * PER_PAGE)
  const refs = listed.map((saying) => [saying.printings[0][0].quoteId, 0] as const)
  const turn = (to: number): string => writePageState({ generation: page.generation, page: to, refs })
  const actions: Action[] = []
  if (number > 0) actions.push({ kind: 'page', direction: 'back', state: turn(number - 1) })
  if ((number + 1) * PER_PAGE < listed.length)
    actions.push({ kind: 'page', direction: 'more', state: turn(number + 1) })
  const blocks = shown.flatMap((saying) => sayingBlocks(saying, page))
  for (const block of blocks) {
    if (block.kind !== 'quoted') continue
    const [{ url, outlet }] = block.sources
    if (url !== undefined) actions.push({ kind: 'source', url, label: outlet ?? 'Source' })
  }
  const hidden = sayings.length - listed.length
  const isLast = (number + 1) * PER_PAGE >= listed.length
  return {
    blocks: [
      ...blocks,
      ...(hidden > 0 && isLast
        ? [{ kind: 'text', text: `${String(hidden)} more; narrow it with about, since, until or outlet.` } as const]
        : []),
    ],
    actions,
  }
}

function timeline(page: SayingsPage): Block[] {
  const { months, earliest, latest } = groupByMonth(page.sayings.slice(0, MOST_ON_TIMELINE))
  return months.flatMap(({ month, sayings }) => [
    { kind: 'heading', text: month === null ? 'Undated' : MONTH.format(Date.parse(`${month}-01`)) } as const,
    ...sayings.flatMap((saying) => [
      ...(saying === earliest && earliest !== latest ? [{ kind: 'text', text: 'Earliest' } as const] : []),
      ...(saying === latest && earliest !== latest ? [{ kind: 'text', text: 'Latest' } as const] : []),
      ...sayingBlocks(saying, page),
    ]),
  ])
}

function besideEachOther(page: SayingsPage): Block[] {
  return groupByOutlet(page.sayings).flatMap(({ outlet, sayings }) => [
    { kind: 'heading', text: outlet ?? 'No outlet named' } as const,
    ...sayings.slice(0, PER_OUTLET).flatMap((saying) => sayingBlocks(saying, page)),
    ...(sayings.length > PER_OUTLET
      ? [{ kind: 'text', text: `${String(sayings.length - PER_OUTLET)} more in this outlet.` } as const]
      : []),
  ])
}
