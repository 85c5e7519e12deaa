import type { Command, CommandContext, OptionValues } from '../src/command.ts'
import type { Verification } from '../src/engine.ts'
import type { QuoteRow } from '../src/index/index.ts'
import { audienceOf, PRIVATE, requiredText, textOption } from '../src/options.ts'
import { certaintyOf, sourceLine } from '../src/quoted-block.ts'
import type { Found, NearQuote, Verdict } from '../src/quotes/verify.ts'
import type { Action, Block, QuotedBlock, Reply } from '../src/reply.ts'

/** Below this a real quote has only everyday words in common with a claim, and is not worth showing. */
const NEAR = 0.3
/** Quotes or articles shown for a verdict. */
const MOST_SHOWN = 3

export default {
  definition: {
    name: 'verify',
    description: 'Check whether somebody said it, word for word',
    example: '/verify "we will never sign" speaker:okoro',
    access: 'everyone',
    options: [
      {
        name: 'quote',
        description: 'The words somebody is said to have said',
        type: 'string',
        required: true,
        minLength: 2,
        maxLength: 4000,
      },
      {
        name: 'speaker',
        description: 'Who is said to have said it',
        type: 'string',
        maxLength: 100,
        completes: 'speaker',
      },
      PRIVATE,
    ],
  },

  async run(options, context): Promise<Reply> {
    const verification = await verify(options, context)
    const { verdict } = verification
    const shown = blocksOf(verification)
    return {
      outcome: verdict.verdict === 'not-found' ? 'nothing-found' : 'answered',
      audience: audienceOf(options),
      blocks: [{ kind: 'heading', text: HEADINGS[verdict.verdict] }, ...notes(verification), ...shown],
      actions: shown.flatMap((block): Action[] =>
        block.kind === 'quoted'
          ? [
              { kind: 'context', articleId: block.articleId, start: block.start, end: block.end },
              ...block.sources.flatMap(({ url, outlet }) =>
                url === undefined ? [] : [{ kind: 'source', url, label: outlet ?? 'Source' } as const],
              ),
            ]
          : [],
      ),
    }
  },

  async json(options, context) {
    const verification = await verify(options, context)
    return { lines: [verdictJson(verification)], isFound: verification.verdict.verdict !== 'not-found' }
  },
} satisfies Command

function verify(options: OptionValues, { engine, outlets, tags }: CommandContext): Promise<Verification> {
  return engine.verify(requiredText(options, 'quote'), textOption(options, 'speaker'), { outlets, tags })
}

const HEADINGS: Readonly<Record<Verdict<QuoteRow>['verdict'], string>> = {
  verbatim: 'Verbatim: the coverage quotes these words.',
  altered: 'Altered: the coverage quotes other words.',
  misattributed: 'Misattributed: somebody else said it.',
  paraphrase: 'Paraphrase: these are the journalist’s words, not a quotation.',
  'not-found': 'Not found: the coverage has no such quote.',
}

/** What the verdict alone does not tell: joined quotes, left-out words, how sure the speaker is. */
function notes({ verdict, claimedSpeakers, speakers }: Verification): Block[] {
  const texts: string[] = []
  const name = claimedSpeakers?.[0]
  if (claimedSpeakers?.length === 0) texts.push('The coverage quotes nobody of that name.')
  if ((verdict.verdict === 'verbatim' || verdict.verdict === 'misattributed') && verdict.elided)
    texts.push('The ellipsis stands for words of the same quotation.')
  if (verdict.verdict === 'verbatim' && verdict.speaker === 'unknown')
    texts.push('The text does not say clearly who said it.')
  if (verdict.verdict === 'verbatim' && verdict.speaker === 'uncertain')
    texts.push(`Whether ${name ?? 'this speaker'} said it is not certain.`)
  if (verdict.verdict === 'altered') {
    if (verdict.joined.length > 1) texts.push('It is put together from several quotations.')
    const speaker = verdict.nearest.quote?.speakerId
    if (verdict.speaker === 'somebody-else' && speaker !== undefined && speaker !== null)
      texts.push(`The nearest quote is by ${speakers.get(speaker) ?? 'somebody else'}.`)
  }
  if (verdict.verdict === 'not-found' && nearOf(verdict.nearest).length > 0) texts.push('Nearest to it:')
  return texts.map((text) => ({ kind: 'text', text }))
}

function nearOf(quotes: readonly NearQuote<QuoteRow>[]): readonly NearQuote<QuoteRow>[] {
  return quotes.filter(({ similarity }) => similarity >= NEAR)
}

function blocksOf(verification: Verification): Block[] {
  const { verdict } = verification
  switch (verdict.verdict) {
    case 'verbatim':
    case 'misattributed':
      return foundBlocks(verdict.sources, verification, 'direct')
    case 'paraphrase':
      return foundBlocks(verdict.sources, verification, 'reported')
    case 'altered': {
      const real = verdict.joined.length > 1 ? verdict.joined : [verdict.nearest]
      return [{ kind: 'diff', parts: verdict.nearest.diff }, ...foundBlocks(real, verification, 'direct')]
    }
    case 'not-found':
      return foundBlocks(nearOf(verdict.nearest), verification, 'direct')
  }
}

/** Places as blocks: the same words of the same speaker are one block that lists every article as a source. */
function foundBlocks(
  places: readonly Found<QuoteRow>[],
  verification: Verification,
  as: QuotedBlock['as'],
): QuotedBlock[] {
  const groups = new Map<string, QuotedBlock[]>()
  for (const found of places) {
    const article = verification.articles.get(found.articleId)
    if (article === undefined) continue
    const source = sourceLine(article)
    const speaker = speakerName(found, verification)
    const key = JSON.stringify([speaker, found.parts.map(({ text }) => text)])
    const known = groups.get(key)
    const certainty = found.quote === null ? undefined : certaintyOf(found.quote)
    groups.set(
      key,
      known?.map((block) => ({ ...block, sources: [...block.sources, source] })) ??
        found.parts.map(({ start, end, text }) => ({
          kind: 'quoted',
          as,
          articleId: found.articleId,
          start,
          end,
          text,
          speaker,
          ...(certainty === undefined ? {} : { certainty }),
          sources: [source],
        })),
    )
  }
  return [...groups.values()].slice(0, MOST_SHOWN).flat()
}

/** The canonical name where the coverage knows one, else what the article calls the speaker. */
function speakerName({ quote }: Found<QuoteRow>, { speakers }: Verification): string | null {
  if (quote === null) return null
  return (quote.speakerId === null ? undefined : speakers.get(quote.speakerId)) ?? quote.speaker
}

function verdictJson(verification: Verification): object {
  const { verdict, articles, claimedSpeakers } = verification
  const found = (place: Found<QuoteRow>): object => ({
    article: articles.get(place.articleId)?.slug,
    file: articles.get(place.articleId)?.file,
    parts: place.parts,
    speaker: speakerName(place, verification),
    confidence: place.quote?.confidence ?? 0,
  })
  const near = (quote: NearQuote<QuoteRow>): object => ({
    ...found(quote),
    similarity: quote.similarity,
    diff: quote.diff,
  })
  const common = { verdict: verdict.verdict, ...(claimedSpeakers === undefined ? {} : { claimedSpeakers }) }
  switch (verdict.verdict) {
    case 'verbatim':
      return { ...common, elided: verdict.elided, speakerCheck: verdict.speaker, sources: verdict.sources.map(found) }
    case 'misattributed':
      return { ...common, elided: verdict.elided, sources: verdict.sources.map(found) }
    case 'paraphrase':
      return { ...common, sources: verdict.sources.map(found) }
    case 'altered':
      return {
        ...common,
        speakerCheck: verdict.speaker,
        nearest: [near(verdict.nearest)],
        joined: verdict.joined.map(found),
      }
    case 'not-found':
      return { ...common, nearest: verdict.nearest.map(near) }
  }
}
