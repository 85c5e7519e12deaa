import type { Command, CommandContext, OptionValues } from '../src/command.ts'
import type { AskedQuestion } from '../src/engine.ts'
import { audienceOf, OUTLET, outletsOf, PRIVATE, requiredText, SINCE, textOption, UNTIL } from '../src/options.ts'
import { readPageState, staleState, writePageState, type PageState } from '../src/paging.ts'
import { passageBlock } from '../src/quoted-block.ts'
import type { Action, Reply } from '../src/reply.ts'
import type { QuotedPassage } from '../src/search/search.ts'
import { answerJson } from '../src/json.ts'

/**
 * From here on, below an answer's score, the nearest passage is shown all the same, and said to be no certain answer. Of
 * the news questions that have an answer and are refused, about a quarter score above it.
 */
const NEAR = 0.45
/** Passages shown at a time. */
const PER_PAGE = 3

export default {
  definition: {
    name: 'ask',
    description: 'Ask the coverage a question; it answers in its own words',
    example: '/ask how many countries signed the convention? since:2023-01-01',
    access: 'everyone',
    options: [
      {
        name: 'question',
        description: 'What you want to know, in plain words',
        type: 'string',
        required: true,
        minLength: 2,
        maxLength: 500,
      },
      OUTLET,
      SINCE,
      UNTIL,
      PRIVATE,
    ],
  },

  async run(options, context): Promise<Reply> {
    const question = questionOf(options, context)
    const answer = await context.engine.ask(question)
    const audience = audienceOf(options)
    if (answer.kind === 'answered') {
      const refs = answer.hits.map((hit) => [hit.passageId, hit.answeringSentence] as const)
      return pageReply(answer.hits, { generation: answer.generation, page: 0, refs }, audience, question.text)
    }
    const near = answer.nearest.slice(0, 1).filter(({ score }) => score >= NEAR)
    return {
      outcome: 'nothing-found',
      audience,
      blocks: [
        ...(near.length > 0
          ? [
              { kind: 'text', text: 'The coverage does not answer that for certain. What comes nearest:' } as const,
              ...near.map(passageBlock),
            ]
          : [{ kind: 'text', text: 'The coverage does not answer that.' } as const]),
        ...(answer.topics.length > 0
          ? [
              { kind: 'text', text: 'Nearest topics:' } as const,
              { kind: 'list', items: answer.topics.map(({ title }) => ({ label: title })) } as const,
            ]
          : []),
      ],
      actions: answer.topics.map((topic) => ({ kind: 'ask', label: topic.title, question: topic.question })),
    }
  },

  async json(options, context) {
    const question = questionOf(options, context)
    const answer = await context.engine.ask(question)
    return { lines: [answerJson(question.text, answer)], isFound: answer.kind === 'answered' }
  },

  async page(state, { engine }): Promise<Reply> {
    const wanted = readPageState(state)
    const refs = wanted.refs.map(([passageId, answeringSentence]) => ({ passageId, answeringSentence }))
    const hits = await engine.hits(wanted.generation, refs)
    if (hits === null) throw staleState()
    return pageReply(hits, wanted, 'everyone')
  },
} satisfies Command

function questionOf(options: OptionValues, { outlets, tags }: CommandContext): AskedQuestion {
  return {
    text: requiredText(options, 'question'),
    outlets: outletsOf(options, outlets),
    since: textOption(options, 'since'),
    until: textOption(options, 'until'),
    tags,
  }
}

function pageReply(
  hits: readonly QuotedPassage[],
  state: PageState,
  audience: Reply['audience'],
  question?: string,
): Reply {
  const shown = hits.slice(state.page * PER_PAGE, (state.page + 1) * PER_PAGE)
  const pages = Math.ceil(hits.length / PER_PAGE)
  const actions: Action[] = []
  if (state.page > 0)
    actions.push({ kind: 'page', direction: 'back', state: writePageState({ ...state, page: state.page - 1 }) })
  if (state.page + 1 < pages)
    actions.push({ kind: 'page', direction: 'more', state: writePageState({ ...state, page: state.page + 1 }) })
  for (const hit of shown) {
    const [source] = hit.sources
    actions.push({ kind: 'context', articleId: hit.articleId, start: hit.start, end: hit.end })
    if (source.url !== null) actions.push({ kind: 'source', url: source.url, label: source.outlet ?? 'Source' })
    actions.push({ kind: 'vote', passageId: hit.passageId })
  }
  if (question !== undefined) actions.push({ kind: 'follow-up', question })
  if (audience === 'asker') actions.push({ kind: 'share' })
  return { outcome: 'answered', audience, blocks: shown.map(passageBlock), actions }
}
