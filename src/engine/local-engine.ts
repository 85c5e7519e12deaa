import { answerOf, type Answer } from '../answer/answer.ts'
import { knownEmbedderId, openEmbedder, type Embedder } from '../embedding/embedding.ts'
import type {
  ArticleQuery,
  ArticleSummary,
  AskedQuestion,
  Engine,
  EngineConfig,
  EngineQuote,
  EngineStatus,
  PassageContext,
  QuotesOutcome,
  QuotesQuery,
  SayingsPage,
  SpeakersPage,
  SpeakersQuery,
  Verification,
} from '../engine.ts'
import {
  followIndex,
  lowerBound,
  type ArticleFilter,
  type ArticleRow,
  type Generation,
  type QuoteRow,
  type SpeakerSummary,
} from '../index/index.ts'
import type { SpeakerFinder, SpeakerLookup } from '../quotes/find-speakers.ts'
import { countSpeakers, listSayings, rankSayings, type CountedQuote } from '../quotes/lookup.ts'
import { verifyQuote } from '../quotes/verify.ts'
import { completionOf } from '../search/completion.ts'
import { relevantQuotes } from '../search/relevant-quotes.ts'
import { describeHit, search } from '../search/search.ts'
import { splitParagraphs } from '../text/paragraphs.ts'
import { readTerms } from '../text/terms.ts'

/**
 * Opens the index that is live, and its embedding model, in the calling thread, which its answers hold.
 * @throws UserError 'index-missing', 'index-damaged', 'index-version', 'index-model-mismatch', 'model-unavailable'
 */
export async function openLocalEngine({ indexDir, embedding, onProblem }: EngineConfig): Promise<Engine> {
  const opening = openEmbedder(embedding)
  const modelId = knownEmbedderId(embedding) ?? (await opening).id
  const following = followIndex(indexDir, { modelId, ...(onProblem === undefined ? {} : { onProblem }) })
  const opened = await Promise.allSettled([opening, following])
  if (opened.some(({ status }) => status === 'rejected'))
    for (const part of opened) if (part.status === 'fulfilled') await part.value.close()
  const [embedder, follower] = await Promise.all([opening, following])
  const people = perGeneration(speakersById)
  const finder = perGeneration((generation) => finderOf(people(generation).values()))
  const completions = perGeneration((generation) => ({
    outlets: completionOf(generation.outlets(), ({ outlet }) => outlet),
    articles: completionOf(newestFirst(generation.articles()), ({ title }) => title),
  }))
  return {
    status: () => follower.use(statusOf),
    ask: (question) => follower.use((generation) => ask(generation, embedder, question)),
    hits: (number, refs) =>
      follower.use((generation) =>
        generation.manifest.generation === number ? refs.map((ref) => describeHit(generation, ref)) : null,
      ),
    articles: (query) => follower.use((generation) => findArticles(generation, embedder, query)),
    context: (articleId, start, end) => follower.use((generation) => contextOf(generation, articleId, start, end)),
    isVerbatim: (articleId, start, end, text) =>
      follower.use(
        (generation) => 0 <= start && start < end && bodyOf(generation, articleId)?.body.slice(start, end) === text,
      ),
    completeSpeakers: (typed) =>
      follower.use(async (generation) => (await finder(generation)).complete(typed, CHOICES).map(({ name }) => name)),
    completeOutlets: (typed) =>
      follower.use((generation) =>
        completions(generation)
          .outlets.complete(typed)
          .map(({ outlet }) => outlet),
      ),
    completeArticles: (typed) =>
      follower.use((generation) => completions(generation).articles.complete(typed).map(summaryOf)),
    quotes: (query) =>
      follower.use(async (generation) => quotesOf(generation, await finder(generation), embedder, query)),
    sayings: (number, quoteIds) =>
      follower.use((generation) => {
        if (generation.manifest.generation !== number) return null
        const { quotes, page } = readQuotes(
          generation,
          quoteIds.map((id) => generation.quote(id)),
        )
        return { ...page, sayings: listSayings(quotes) }
      }),
    speakers: (query) => follower.use((generation) => speakersOf(generation, people(generation), embedder, query)),
    verify: (claim, speaker, scope) =>
      follower.use(async (generation) => {
        const claimed = speaker === undefined ? undefined : claimedBy((await finder(generation)).lookUp(speaker))
        return verifyClaim(generation, people(generation), claim, claimed, scope)
      }),
    refresh: () => follower.refresh(),
    async close() {
      await follower.close()
      await embedder.close()
    },
  }
}

/** Most choices that Discord shows. */
const CHOICES = 25

type Scope = Pick<AskedQuestion, 'outlets' | 'since' | 'until' | 'tags'>

async function ask(
  generation: Generation,
  embedder: Embedder,
  question: AskedQuestion,
): Promise<Answer & { readonly generation: number }> {
  const filter = filterOf(question)
  const hits = await search(generation, embedder, { text: question.text, limit: question.limit ?? 10, filter })
  return { ...answerOf(hits), generation: generation.manifest.generation }
}

/** What the index filters by; undefined where nothing is left out. */
function filterOf({ outlets, since, until, tags }: Scope): ArticleFilter | undefined {
  const filter = {
    ...(outlets === undefined ? {} : { outlets }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(tags === undefined ? {} : { tags }),
  }
  return Object.keys(filter).length === 0 ? undefined : filter
}

/** Hits that are looked at for each article asked for: a long article gives several. */
const HITS_PER_ARTICLE = 4

async function findArticles(
  generation: Generation,
  embedder: Embedder,
  { about, limit = 25, ...scope }: ArticleQuery,
): Promise<readonly ArticleSummary[]> {
  const filter = filterOf(scope)
  if (about === undefined) {
    const articles = filter === undefined ? generation.articles() : generation.articlesKept(filter)
    return newestFirst(articles).slice(0, limit).map(summaryOf)
  }
  const hits = await search(generation, embedder, { text: about, limit: limit * HITS_PER_ARTICLE, filter })
  const ids = [...new Set(hits.map((hit) => hit.articleId))].slice(0, limit)
  return ids.map((id) => summaryOf(generation.article(id)))
}

function contextOf(generation: Generation, articleId: number, start: number, end: number): PassageContext | null {
  const known = bodyOf(generation, articleId)
  if (known === undefined) return null
  const paragraphs = splitParagraphs(known.body)
  // A quotation may run over several paragraphs.
  const at = paragraphs.findIndex((paragraph) => paragraph.start <= start && start < paragraph.end)
  const to = paragraphs.findIndex((paragraph) => paragraph.start < end && end <= paragraph.end)
  const [first, last] = [paragraphs[at], paragraphs[to]]
  if (first === undefined || last === undefined || to < at) return null
  return {
    article: known.article,
    before: paragraphs[at - 1] ?? null,
    paragraph: { start: first.start, end: last.end, text: known.body.slice(first.start, last.end) },
    after: paragraphs[to + 1] ?? null,
  }
}

/** Everybody whom a generation quotes, by the speaker's number. */
function speakersById(generation: Generation): ReadonlyMap<number, SpeakerSummary> {
  return new Map(generation.speakers().map((speaker) => [speaker.speakerId, speaker]))
}

/** Finding reads names with a lexicon that takes a second to load, so it is loaded with the first name that is asked for. */
async function finderOf(people: Iterable<SpeakerSummary>): Promise<SpeakerFinder<SpeakerSummary>> {
  const { openSpeakerFinder } = await import('../quotes/find-speakers.ts')
  return openSpeakerFinder([...people])
}

async function quotesOf(
  generation: Generation,
  finder: SpeakerFinder<SpeakerSummary>,
  embedder: Embedder,
  { speaker: name, about, kind = 'all', ...scope }: QuotesQuery,
): Promise<QuotesOutcome> {
  const lookup = finder.lookUp(name)
  if (lookup.kind === 'none')
    return { kind: 'unknown', nearest: finder.complete(name.slice(0, 2), NEAREST_NAMES).map((speaker) => speaker.name) }
  if (lookup.kind === 'several')
    return { kind: 'ambiguous', candidates: lookup.candidates.map((candidate) => candidate.speaker) }
  const { speaker } = lookup.match
  const rows = generation
    .quotesOfSpeaker(speaker.speakerId, filterOf(scope))
    .filter((quote) => kind === 'all' || quote.kind === kind)
  const { quotes, page } = readQuotes(generation, rows)
  const sayings =
    about === undefined
      ? listSayings(quotes)
      : rankSayings(quotes, await relevantQuotes(generation, embedder, rows, about))
  if (sayings.length === 0) return { kind: 'none', speaker }
  return {
    kind: 'found',
    speaker,
    others: lookup.others.map((other) => other.name),
    ...page,
    sayings,
  }
}

/** Names that are offered for one that nobody bears. */
const NEAREST_NAMES = 5

/** The quotes with their words, and what a page of them is printed with. Each article is read once. */
function readQuotes(
  generation: Generation,
  rows: readonly QuoteRow[],
): { readonly quotes: readonly EngineQuote[]; readonly page: Omit<SayingsPage, 'sayings'> } {
  const articles = new Map<number, ArticleRow>()
  const bodies = new Map<number, string>()
  const quotes = rows.map((quote) => {
    const { articleId, start, end } = quote
    const article = articles.get(articleId) ?? generation.article(articleId)
    const body = bodies.get(articleId) ?? generation.body(articleId)
    articles.set(articleId, article)
    bodies.set(articleId, body)
    return { ...quote, text: body.slice(start, end), outlet: article.outlet, published: article.published }
  })
  return { quotes, page: { generation: generation.manifest.generation, articles, bodies } }
}

/** Articles in which speakers on a topic are looked for. */
const ARTICLES_OF_TOPIC = 50

async function speakersOf(
  generation: Generation,
  people: ReadonlyMap<number, SpeakerSummary>,
  embedder: Embedder,
  { about, limit = Infinity, ...scope }: SpeakersQuery,
): Promise<SpeakersPage> {
  const quotes =
    about === undefined
      ? quotesKept(generation, filterOf(scope))
      : await quotesAbout(generation, embedder, { about, ...scope })
  const speakers = countSpeakers(quotes).filter(({ speakerId }) => people.has(speakerId))
  return {
    speakers: speakers.slice(0, limit).flatMap((presence) => {
      const speaker = people.get(presence.speakerId)
      return speaker === undefined ? [] : [{ ...presence, name: speaker.name, aliases: speaker.aliases }]
    }),
    total: speakers.length,
  }
}

/** The quotes of all articles that a filter keeps: read from memory, for there are many. */
function quotesKept(generation: Generation, filter: ArticleFilter | undefined): CountedQuote[] {
  const { articles, quotes } = generation.words
  const rows = filter === undefined ? generation.articles() : generation.articlesKept(filter)
  return rows.flatMap(({ articleId, outlet, published }) => {
    const place = lowerBound(articles.ids, articleId)
    const speakerIds = quotes.speakerIds.subarray(articles.quotesFrom[place], articles.quotesFrom[place + 1])
    return Array.from(speakerIds, (id) => ({ articleId, outlet, published, speakerId: id < 0 ? null : id }))
  })
}

async function quotesAbout(
  generation: Generation,
  embedder: Embedder,
  query: ArticleQuery & { readonly about: string },
): Promise<CountedQuote[]> {
  const articles = await findArticles(generation, embedder, { ...query, limit: ARTICLES_OF_TOPIC })
  const rows = articles.flatMap(({ id }) => generation.quotesOfArticle(id))
  const relevance = await relevantQuotes(generation, embedder, rows, query.about)
  return rows
    .filter(({ quoteId }) => relevance.has(quoteId))
    .map(({ articleId, speakerId }) => {
      const { outlet, published } = generation.article(articleId)
      return { articleId, speakerId, outlet, published }
    })
}

function verifyClaim(
  generation: Generation,
  people: ReadonlyMap<number, SpeakerSummary>,
  claim: string,
  claimed: ReturnType<typeof claimedBy> | undefined,
  scope: Pick<Scope, 'outlets' | 'tags'> = {},
): Verification {
  const filter = filterOf(scope)
  const read = new Map<number, ArticleRow>()
  const names = new Map<number, string>()
  const verdict = verifyQuote<QuoteRow>(
    claim,
    {
      articlesWith: (phrases, limit) => articlesWith(generation, phrases, limit, filter),
      article(articleId) {
        read.set(articleId, generation.article(articleId))
        const quotes = generation.quotesOfArticle(articleId)
        for (const { speakerId } of quotes) {
          const known = speakerId === null ? undefined : people.get(speakerId)
          if (known !== undefined) names.set(known.speakerId, known.name)
        }
        return { body: generation.body(articleId), quotes }
      },
    },
    claimed === undefined ? {} : { speakerIds: idsOf(claimed.speakers), namesakeIds: idsOf(claimed.namesakes) },
  )
  return {
    verdict,
    ...(claimed === undefined ? {} : { claimedSpeakers: claimed.speakers.map(({ name }) => name) }),
    articles: read,
    speakers: names,
  }
}

/** Passages that are ranked for each article that is wanted: a long article has many. */
const PASSAGES_PER_ARTICLE = 5

function articlesWith(
  generation: Generation,
  phrases: readonly string[],
  limit: number,
  filter: ArticleFilter | undefined,
): readonly number[] {
  // Quotes keep their words as printed, so that a phrase of common words is found in them; passages keep stems.
  const stems = phrases
    .map((words) => readTerms(words).flatMap(({ stem, isInitials }) => (isInitials ? [] : [stem])))
    .filter((ofPhrase) => ofPhrase.length > 0)
  if (stems.length === 0) return []
  const quoting = generation
    .searchQuotes(phrases, limit, filter)
    .map(({ quoteId }) => generation.quote(quoteId).articleId)
  const passages = stems
    .flatMap((ofPhrase) => generation.passagesWithAll(ofPhrase, limit * PASSAGES_PER_ARTICLE, filter))
    .sort((a, b) => b.bm25 - a.bm25)
    .slice(0, limit * PASSAGES_PER_ARTICLE)
  const writing = passages.map(({ passageId }) => generation.passage(passageId).articleId)
  return [...new Set([...quoting, ...writing])].slice(0, limit)
}

/** Whom a name in a claim means: several where it fits several; nobody where the coverage quotes no such person. */
function claimedBy(lookup: SpeakerLookup<SpeakerSummary>): {
  readonly speakers: readonly SpeakerSummary[]
  readonly namesakes: readonly SpeakerSummary[]
} {
  switch (lookup.kind) {
    case 'one':
      return { speakers: [lookup.match.speaker], namesakes: lookup.others }
    case 'several':
      return { speakers: lookup.candidates.map(({ speaker }) => speaker), namesakes: [] }
    case 'none':
      return { speakers: [], namesakes: [] }
  }
}

function idsOf(speakers: readonly SpeakerSummary[]): ReadonlySet<number> {
  return new Set(speakers.map(({ speakerId }) => speakerId))
}

/** An article and its body; undefined when the generation has none of that number. */
function bodyOf(generation: Generation, articleId: number): { article: ArticleSummary; body: string } | undefined {
  try {
    return { article: summaryOf(generation.article(articleId)), body: generation.body(articleId) }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function statusOf({ manifest, ...generation }: Generation): EngineStatus {
  const { articles, passages, sentences, quotes, speakers } = manifest.counts
  return {
    generation: manifest.generation,
    builtAt: manifest.created,
    model: manifest.model.id,
    articles,
    passages,
    sentences,
    quotes,
    speakers,
    outlets: generation.outlets().length,
  }
}

/** What an article says of itself: an index row without what the source does not say. */
function summaryOf({ articleId, slug, file, title, ...said }: ArticleRow): ArticleSummary {
  return {
    id: articleId,
    slug,
    file,
    title,
    ...(said.outlet === null ? {} : { outlet: said.outlet }),
    ...(said.author === null ? {} : { author: said.author }),
    ...(said.published === null ? {} : { published: said.published }),
    ...(said.url === null ? {} : { url: said.url }),
    ...(said.via === null ? {} : { via: said.via }),
  }
}

/** Articles without a date come last, in the order they had. */
function newestFirst(articles: readonly ArticleRow[]): ArticleRow[] {
  return [...articles].sort((a, b) => (b.published ?? '').localeCompare(a.published ?? ''))
}

/** Computes something of a generation once, and forgets it with the generation. */
function perGeneration<T>(compute: (generation: Generation) => T): (generation: Generation) => T {
  const known = new WeakMap<Generation, T>()
  return (generation) => {
    const value = known.get(generation) ?? compute(generation)
    known.set(generation, value)
    return value
  }
}
