import { z } from 'zod'
import type { Command, ModeratorContext, OptionValues } from '../src/command.ts'
import { UserError } from '../src/errors.ts'
import type { Kept, Moderation, Preview, Understood } from '../src/moderation/moderation.ts'
import { moderatorOf, requiredText, textOption } from '../src/options.ts'
import type { Block, Choice, ListItem, Reply } from '../src/reply.ts'
import { quotesText } from '../src/moderation/understood.ts'
import { counted, formatAge, formatBytes, lineStart, problemText } from '../src/wording.ts'
import { REINDEX_CHOICE, reindexReply } from './reindex.ts'

type Draft = Preview['draft']

/** What a decision is about; it comes back as it was written, so only its outline is checked. */
const state = z.discriminatedUnion('about', [
  z.object({ about: z.literal('drafts'), source: z.string(), drafts: z.array(z.custom<Draft>()).min(1) }),
  z.object({ about: z.literal('removal'), file: z.string(), reason: z.string().optional() }),
  z.object({ about: z.literal('added'), files: z.array(z.string()) }),
  z.object({ about: z.literal('removed'), id: z.string(), title: z.string() }),
])
type State = z.output<typeof state>

const FIELDS = [
  { name: 'title', label: 'Title', isRequired: true, maxLength: 300 },
  { name: 'outlet', label: 'Outlet', maxLength: 100 },
  { name: 'author', label: 'Author', maxLength: 200 },
  { name: 'published', label: 'Published', maxLength: 60, hint: 'A day, like 2024-06-24' },
  { name: 'url', label: 'Address', maxLength: 1000, hint: 'Where it was published' },
] as const

const MOST_TITLES = 15
const MOST_FURNITURE = 3
const MOST_ALIKE = 3
const MOST_PROBLEMS = 5
const MOST_CHANGES = 8

export default {
  definition: {
    name: 'corpus',
    description: 'Adds, removes and exports the articles that answers come from',
    example: '/corpus add url:https://courier.example.org/bridge',
    access: 'moderator',
    options: [],
    subcommands: [
      {
        name: 'add',
        description: 'Adds an article from a page or a file; shows first what was understood of it',
        options: [
          { name: 'url', description: 'The address of the article', type: 'string', maxLength: 2000 },
          {
            name: 'file',
            description: 'A .txt, .md, .html, .json or .jsonl file of at most 10 MB',
            type: 'attachment',
          },
        ],
      },
      {
        name: 'remove',
        description: 'Moves an article to the trash, from where it can be restored',
        options: [
          {
            name: 'article',
            description: 'Which article',
            type: 'string',
            required: true,
            maxLength: 200,
            completes: 'corpus-file',
          },
          { name: 'reason', description: 'Why, for the record', type: 'string', maxLength: 300 },
        ],
      },
      {
        name: 'restore',
        description: 'Brings a removed article back',
        options: [
          {
            name: 'article',
            description: 'Which of the removed articles',
            type: 'string',
            required: true,
            maxLength: 200,
            completes: 'removed-article',
          },
        ],
      },
      { name: 'status', description: 'Articles, index, problems, and who changed what last', options: [] },
      { name: 'export', description: 'Every article as one JSON Lines file', options: [] },
      { name: 'feeds', description: 'How the feeds are doing that bring articles in', options: [] },
    ],
  },

  async run(options, context, subcommand): Promise<Reply> {
    const moderator = moderatorOf(context)
    const { moderation, actor } = moderator
    switch (subcommand) {
      case 'add':
        return add(options, moderation, context.signal)
      case 'remove':
        return confirmRemoval(requiredText(options, 'article'), textOption(options, 'reason'), moderation)
      case 'restore': {
        const file = await moderation.restore(requiredText(options, 'article'), actor)
        return afterChange([{ kind: 'text', text: `Restored as ${file}.` }], { about: 'added', files: [] })
      }
      case 'status':
        return status(moderation)
      case 'export':
        return exportCorpus(moderator)
      case 'feeds':
        return feeds(moderation)
      case undefined:
      default:
        throw new UserError('bad-argument', 'Which of its subcommands is missing.', 'Example: /corpus status')
    }
  },

  async decide({ choice, state: written, values }, context): Promise<Reply> {
    const about = state.parse(JSON.parse(written))
    if (choice === REINDEX_CHOICE.name) return reindexReply({ full: false }, context)
    const moderator = moderatorOf(context)
    switch (about.about) {
      case 'drafts':
        return decideDrafts(choice, about, values, moderator)
      case 'removal':
        return choice === 'remove' ? remove(about, moderator) : done('Nothing was removed.')
      case 'added':
        return undoAdding(about.files, moderator)
      case 'removed': {
        const file = await moderator.moderation.restore(about.id, moderator.actor)
        return afterChange([{ kind: 'text', text: `“${about.title}” is back, as ${file}.` }], {
          about: 'added',
          files: [],
        })
      }
    }
  },
} satisfies Command

async function add(options: OptionValues, moderation: Moderation, signal?: AbortSignal): Promise<Reply> {
  const url = textOption(options, 'url')
  const { file } = options
  if ((url === undefined) === (file === undefined))
    throw new UserError('bad-argument', 'Give either url or file.', 'Example: /corpus add url:https://…')
  const { source, previews, problems } = await moderation.preview(
    typeof file === 'object' ? { kind: 'file', ...file } : { kind: 'page', url: url ?? '' },
    signal,
  )
  return previewReply(source, previews, problems)
}

type Problems = Awaited<ReturnType<Moderation['preview']>>['problems']

function previewReply(source: string, previews: readonly Preview[], problems: Problems): Reply {
  const [first, ...others] = previews
  const wrong = problemBlocks(problems)
  if (first === undefined)
    return reply([{ kind: 'notice', text: `${source} holds no article that can be read.` }, ...wrong], 'failed')
  const isKept = previews.every(({ understood: { outcome } }) => outcome === 'unchanged' || outcome === 'duplicate')
  const blocks =
    others.length === 0 ? articleBlocks(first.understood) : [...listBlocks(previews.map((each) => each.understood))]
  if (isKept) return reply([...blocks, ...wrong])
  const save: Choice = { name: 'save', label: others.length === 0 ? 'Save' : 'Save all', style: 'primary' }
  const discard: Choice = { name: 'discard', label: 'Discard', style: 'danger' }
  return {
    ...reply([...blocks, ...wrong]),
    decision: decision({ about: 'drafts', source, drafts: previews.map(({ draft }) => draft) }, [
      save,
      ...(others.length === 0 ? [editChoice(first.draft)] : []),
      discard,
    ]),
  }
}

function editChoice(draft: Draft): Choice {
  return {
    name: 'edit',
    label: 'Edit',
    style: 'secondary',
    form: {
      title: 'What the article says of itself',
      fields: FIELDS.map((field) => ({ ...field, value: (draft[field.name] ?? '').slice(0, field.maxLength) })),
    },
  }
}

async function decideDrafts(
  choice: string,
  { source, drafts }: Extract<State, { about: 'drafts' }>,
  values: Readonly<Record<string, string>>,
  { moderation, actor }: ModeratorContext,
): Promise<Reply> {
  const [draft] = drafts
  switch (choice) {
    case 'edit':
      if (draft === undefined) break
      return previewReply(source, [await moderation.correct(draft, values, source)], [])
    case 'save':
      return savedReply(await moderation.add(drafts, source, actor))
    default:
  }
  return done('Discarded; nothing was added.')
}

function savedReply(all: readonly Kept[]): Reply {
  const kept = all.flatMap((each) => ('kept' in each ? [each.kept] : []))
  const failed = all.flatMap((each) => ('kept' in each ? [] : [each]))
  const changed = kept.filter(({ outcome }) => outcome === 'imported' || outcome === 'updated')
  const [only] = kept
  const blocks: Block[] = []
  if (kept.length === 1 && only !== undefined) blocks.push({ kind: 'text', text: OUTCOMES[only.outcome].did(only) })
  else if (kept.length > 1) blocks.push({ kind: 'text', text: `${outcomeCounts(kept)}.` })
  blocks.push(
    ...failed
      .slice(0, MOST_PROBLEMS)
      .map(({ title, reason, remedy }): Block => ({ kind: 'notice', text: `“${title}”: ${reason}`, remedy })),
  )
  if (changed.length === 0) return reply(blocks, failed.length > 0 ? 'failed' : 'answered')
  return afterChange(blocks, {
    about: 'added',
    files: changed.flatMap(({ outcome, file }) => (outcome === 'imported' ? [file] : [])),
  })
}

async function undoAdding(files: readonly string[], { moderation, actor }: ModeratorContext): Promise<Reply> {
  for (const file of files) await moderation.remove(file, actor, 'undone')
  return afterChange(
    [
      {
        kind: 'text',
        text: `Undone: ${files.length === 1 ? (files[0] ?? '') : counted(files.length, 'article')} removed.`,
      },
    ],
    { about: 'added', files: [] },
  )
}

async function confirmRemoval(article: string, reason: string | undefined, moderation: Moderation): Promise<Reply> {
  const found = await moderation.find(article)
  const { file, title, outlet, published, url } = found
  return {
    ...reply([
      { kind: 'heading', text: 'Remove this article?' },
      {
        kind: 'list',
        items: [
          {
            label: title ?? file,
            detail: [outlet, file].filter((part) => part !== undefined).join(' · '),
            ...(url === undefined ? {} : { url }),
            ...(published === undefined ? {} : { published }),
          },
        ],
      },
      { kind: 'text', text: 'It goes to the trash and can be restored.' },
    ]),
    decision: decision({ about: 'removal', file, ...(reason === undefined ? {} : { reason }) }, [
      { name: 'remove', label: 'Remove', style: 'danger' },
      { name: 'keep', label: 'Keep', style: 'secondary' },
    ]),
  }
}

async function remove(
  { file, reason }: Extract<State, { about: 'removal' }>,
  { moderation, actor }: ModeratorContext,
): Promise<Reply> {
  const removed = await moderation.remove(file, actor, reason)
  const title = removed.title ?? removed.file
  return afterChange([{ kind: 'text', text: `Removed “${title}” (${removed.file}).` }], {
    about: 'removed',
    id: removed.id,
    title,
  })
}

/** What was done, with what follows on it: the index, or taking it back where that is possible. */
function afterChange(blocks: readonly Block[], undo: Extract<State, { about: 'added' | 'removed' }>): Reply {
  const isUndoable = undo.about === 'removed' || undo.files.length > 0
  return {
    ...reply([...blocks, { kind: 'text', text: 'Answers know of it after the next reindexing.' }]),
    decision: decision(undo, [
      REINDEX_CHOICE,
      ...(isUndoable ? [{ name: 'undo', label: 'Undo', style: 'secondary' } as const] : []),
    ]),
  }
}

/** Everything that was understood of one article. */
function articleBlocks(article: Understood): readonly Block[] {
  const { title, isTitleStated, outlet, author, published, url, words, furniture, alike } = article
  const missing = 'not stated'
  const items: ListItem[] = [
    { label: 'Title', detail: isTitleStated ? title : `${title} (the beginning of the text)` },
    { label: 'Outlet', detail: outlet ?? missing },
    { label: 'Author', detail: author ?? missing },
    published === undefined ? { label: 'Published', detail: missing } : { label: 'Published', published },
    { label: 'Address', detail: url ?? missing },
    { label: 'Words', detail: words.toLocaleString('en') },
    { label: 'Quotes', detail: quotesText(article) },
    {
      label: 'Left out',
      detail: furniture.length === 0 ? 'nothing' : `${counted(furniture.length, 'line')} of the page`,
    },
    ...furniture.slice(0, MOST_FURNITURE).map((line) => ({ label: '–', detail: lineStart(line) })),
    ...alike.slice(0, MOST_ALIKE).map((other) => ({
      label: 'Similar to',
      detail: `${other.file}, about ${String(Math.round(other.likeness * 100))}% alike: ${[other.outlet, other.title].filter((part) => part !== undefined).join(' · ')}`,
      ...(other.published === undefined ? {} : { published: other.published }),
    })),
  ]
  return [
    { kind: 'heading', text: OUTCOMES[article.outcome].would(article) },
    { kind: 'list', items },
  ]
}

function listBlocks(all: readonly Understood[]): readonly Block[] {
  const more = all.length - MOST_TITLES
  return [
    { kind: 'heading', text: `${counted(all.length, 'article')}: ${outcomeCounts(all)}` },
    {
      kind: 'list',
      items: all.slice(0, MOST_TITLES).map(({ title, outlet, published, outcome }) => ({
        label: title,
        detail: [outlet, OUTCOMES[outcome].short].filter((part) => part !== undefined).join(' · '),
        ...(published === undefined ? {} : { published }),
      })),
    },
    ...(more > 0 ? [{ kind: 'text', text: `and ${String(more)} more` } as const] : []),
  ]
}

/** An outcome in words: before it is done, when it is done, and in a list. */
const OUTCOMES: Readonly<
  Record<
    Understood['outcome'],
    { would(article: Understood): string; did(article: Understood): string; readonly short: string }
  >
> = {
  imported: {
    would: ({ sameWordsAs }) =>
      sameWordsAs === undefined ? 'A new article' : `A copy of ${sameWordsAs} from another outlet`,
    did: ({ title, file }) => `Added “${title}” as ${file}.`,
    short: 'new',
  },
  updated: {
    would: ({ file }) => `A newer version of ${file}, whose text it replaces`,
    did: ({ file }) => `Replaced the text of ${file}.`,
    short: 'a newer version',
  },
  unchanged: {
    would: ({ file }) => `Nothing to add: the corpus has it already, as ${file}`,
    did: ({ file }) => `The corpus has it already, as ${file}.`,
    short: 'there already',
  },
  duplicate: {
    would: ({ file }) => `Nothing to add: ${file} has these words already, or a newer version of them`,
    did: ({ file }) => `${file} has these words already, or a newer version of them.`,
    short: 'a repetition',
  },
}

function outcomeCounts(all: readonly Understood[]): string {
  const parts = Object.entries(OUTCOMES).flatMap(([outcome, { short }]) => {
    const count = all.filter((article) => article.outcome === outcome).length
    return count === 0 ? [] : [`${count.toLocaleString('en')} ${short}`]
  })
  return parts.join(', ')
}

function problemBlocks(problems: Problems): readonly Block[] {
  return problems.slice(0, MOST_PROBLEMS).map(({ line, reason, remedy }) => ({
    kind: 'notice',
    text: `${line === undefined ? '' : `Line ${String(line)}: `}${reason}.`,
    remedy,
  }))
}

async function status(moderation: Moderation): Promise<Reply> {
  const { corpus, index } = await moderation.status()
  const now = Date.now()
  const holds: ListItem[] =
    'problem' in index
      ? [{ label: 'Index', detail: `${index.problem} ${index.remedy}` }]
      : [
          { label: 'Index', detail: `generation ${String(index.generation)}, built ${formatAge(index.builtAt, now)}` },
          { label: 'Model', detail: index.model },
          {
            label: 'Holds',
            detail: [
              counted(index.counts.articles, 'article'),
              counted(index.counts.passages, 'passage'),
              counted(index.counts.quotes, 'quote'),
              counted(index.counts.speakers, 'speaker'),
            ].join(', '),
          },
          { label: 'Size', detail: formatBytes(index.sizeBytes) },
          { label: 'Since then', detail: sinceText(index.since) },
        ]
  const { articles, sizeBytes, removed, problems, changes } = corpus
  return reply([
    { kind: 'heading', text: 'The corpus' },
    {
      kind: 'list',
      items: [
        { label: 'Articles', detail: `${articles.toLocaleString('en')}, ${formatBytes(sizeBytes)}` },
        { label: 'Removed', detail: removed === 0 ? 'none' : `${counted(removed, 'article')} can be restored` },
        ...holds,
      ],
    },
    ...(problems.length === 0
      ? []
      : ([
          { kind: 'heading', text: `${counted(problems.length, 'problem')}; these files are left out` },
          {
            kind: 'list',
            items: problems.slice(0, MOST_PROBLEMS).map((problem) => ({
              label: problem.file,
              detail: problemText(problem),
            })),
          },
        ] as const)),
    { kind: 'heading', text: changes.length === 0 ? 'No changes are on record' : 'Last changes' },
    ...(changes.length === 0
      ? []
      : ([
          {
            kind: 'list',
            items: changes
              .slice(0, MOST_CHANGES)
              .map(({ at, by, name, from, action, outcome, file, title, detail }) => ({
                label: outcome === 'done' ? action : `${action} (${outcome})`,
                detail: [file ?? title ?? detail, name ?? by, from.split(' ')[0]]
                  .filter((part) => part !== undefined)
                  .join(' · '),
                published: at,
              })),
          },
        ] as const)),
  ])
}

function sinceText(
  since: Extract<Awaited<ReturnType<Moderation['status']>>['index'], { generation: number }>['since'],
) {
  if (since == null) return 'another version built it; /reindex brings it up to date'
  const { added, changed, removed } = since
  if (added + changed + removed === 0) return 'nothing changed'
  return `${String(added)} new, ${String(changed)} changed, ${String(removed)} gone; /reindex brings it up to date`
}

async function exportCorpus({ moderation, actor, maxFileBytes }: ModeratorContext): Promise<Reply> {
  const { bytes, articles, problems } = await moderation.export(actor, maxFileBytes)
  return {
    ...reply([
      { kind: 'text', text: `${counted(articles, 'article')}, ${formatBytes(bytes.length)}, an article a line.` },
      ...(problems.length === 0
        ? []
        : [
            {
              kind: 'notice',
              text: `${counted(problems.length, 'file')} that cannot be read as articles were left out.`,
              remedy: '/corpus status names them.',
            } as const,
          ]),
    ]),
    file: { name: 'corpus.jsonl', bytes },
  }
}

async function feeds(moderation: Moderation): Promise<Reply> {
  const all = await moderation.feeds()
  const now = Date.now()
  if (all.length === 0) return reply([{ kind: 'text', text: 'The list has no feeds.' }], 'nothing-found')
  return reply([
    { kind: 'heading', text: counted(all.length, 'feed') },
    {
      kind: 'list',
      items: all.map(({ outlet, url, lastSuccess, nextPoll, isGone, failures, lastError, added }) => ({
        label: outlet,
        url,
        detail: [
          lastSuccess === undefined ? 'never read' : `read ${formatAge(lastSuccess, now)}`,
          counted(added, 'article'),
          isGone
            ? 'gone for good'
            : `next ${nextPoll === undefined || Date.parse(nextPoll) <= now ? 'now' : formatAge(nextPoll, now)}`,
          ...(failures === 0 ? [] : [`${counted(failures, 'failure')}: ${lastError ?? ''}`]),
        ].join(' · '),
      })),
    },
  ])
}

function decision(about: State, choices: readonly Choice[]): NonNullable<Reply['decision']> {
  return { state: JSON.stringify(about), choices }
}

function done(text: string): Reply {
  return reply([{ kind: 'text', text }])
}

function reply(blocks: readonly Block[], outcome: Reply['outcome'] = 'answered'): Reply {
  return { outcome, audience: 'asker', blocks, actions: [] }
}
