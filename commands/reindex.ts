import type { Command, CommandContext } from '../src/command.ts'
import { moderatorOf } from '../src/options.ts'
import type { BuildProgress, BuildReport } from '../src/moderation/moderation.ts'
import type { Choice, Reply } from '../src/reply.ts'
import { counted, problemText } from '../src/wording.ts'

/** Offered after every change of the corpus. */
export const REINDEX_CHOICE = { name: 'reindex', label: 'Reindex', style: 'primary' } as const satisfies Choice

const MOST_PROBLEMS = 5

export default {
  definition: {
    name: 'reindex',
    description: 'Brings the index up to date with the articles; questions go on being answered',
    example: '/reindex',
    access: 'moderator',
    options: [{ name: 'full', description: 'Make everything anew, also what did not change', type: 'boolean' }],
  },

  run: (options, context) => reindexReply({ full: options['full'] === true }, context),
} satisfies Command

/** Brings the index up to date, shows how far it is, and tells what changed. */
export async function reindexReply(options: { readonly full: boolean }, context: CommandContext): Promise<Reply> {
  const { moderation, actor, onProgress } = moderatorOf(context)
  const { engine, signal } = context
  const before = await engine.status()
  const tell = (progress: BuildProgress) => {
    onProgress(progressReply(progress))
  }
  const report = await moderation.reindex(actor, options, tell, signal)
  await engine.refresh()
  return reportReply(report, before)
}

const STAGES: Readonly<Record<BuildProgress['stage'], string>> = {
  read: 'Reading articles',
  split: 'Splitting',
  quotes: 'Finding quotes',
  store: 'Storing',
  embed: 'Embedding sentences',
  hnsw: 'Linking vectors',
  publish: 'Publishing',
}

function progressReply({ stage, done, total, rate, joined }: BuildProgress): Reply {
  const isCounted = stage !== 'publish' && rate > 0
  return {
    outcome: 'answered',
    audience: 'asker',
    blocks: [
      {
        kind: 'progress',
        stage: STAGES[stage],
        done,
        total,
        ...(isCounted ? { perSecond: rate, secondsLeft: (total - done) / rate } : {}),
      },
      ...(joined
        ? [{ kind: 'text', text: 'Somebody else’s reindexing, which this waits for; what is new follows.' } as const]
        : []),
      { kind: 'text', text: 'Questions are answered from the index as it was until then.' },
    ],
    actions: [],
  }
}

function reportReply(
  report: BuildReport,
  before: Readonly<Record<'articles' | 'passages' | 'quotes' | 'speakers', number>>,
): Reply {
  const { generation, changed, articles, passages, quotes, speakers, embeddedSentences, seconds, problems, joined } =
    report
  const line = (label: string, now: number, then: number) => {
    const difference = now - then
    const by = difference === 0 ? '' : ` (${difference > 0 ? '+' : '−'}${Math.abs(difference).toLocaleString('en')})`
    return { label, detail: `${now.toLocaleString('en')}${by}` }
  }
  return {
    outcome: 'answered',
    audience: 'asker',
    blocks: [
      {
        kind: 'heading',
        text: changed ? `Reindexed in ${timeText(seconds.total)}` : 'The index is up to date; nothing had changed',
      },
      {
        kind: 'list',
        items: [
          line('Articles', articles, before.articles),
          line('Passages', passages, before.passages),
          line('Quotes', quotes, before.quotes),
          line('Speakers', speakers, before.speakers),
          ...(changed ? [{ label: 'Embedded', detail: counted(embeddedSentences, 'sentence') }] : []),
          {
            label: 'Generation',
            detail: `${String(generation)}${joined ? ', together with somebody else’s reindexing' : ''}`,
          },
        ],
      },
      ...(problems.length === 0
        ? []
        : [
            { kind: 'heading', text: `${counted(problems.length, 'problem')}; these articles were left out` } as const,
            {
              kind: 'list',
              items: problems.slice(0, MOST_PROBLEMS).map((problem) => ({
                label: problem.file,
                detail: problemText(problem),
              })),
            } as const,
          ]),
    ],
    actions: [],
  }
}

function timeText(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(1)} s`
  return `${String(Math.floor(seconds / 60))} min ${String(Math.round(seconds % 60))} s`
}
