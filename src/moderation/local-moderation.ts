import { withAudit, type AuditRecord } from '../corpus/audit.ts'
import type { ArticleProblem, Draft } from '../corpus/corpus.ts'
import { correctDraft, exportCorpus, openDesk, type Actor, type ListedArticle } from '../corpus/desk.ts'
import { feedStatus, readFeedList } from '../corpus/feeds.ts'
import { UserError } from '../errors.ts'
import { buildIndex } from '../index/index.ts'
import { foldKey } from '../text/fold.ts'
import { feedsFileOf } from './feeds-file.ts'
import { readIndexStatus } from './index-status.ts'
import type { CorpusExport, Kept, Moderation, ModerationConfig, Preview } from './moderation.ts'
import { readDrafts } from './sources.ts'
import { understood } from './understood.ts'
import { keepUp } from './upkeep.ts'

/** How long somebody who types waits for the newest list of articles; after that they get the one before. Milliseconds. */
const LIST_MS = 300
/** The same for the first list, which there is none before. Discord waits three seconds. */
const FIRST_LIST_MS = 1200

/**
 * Opens the moderators' side of a corpus in the calling thread; begins to look through it at once, so that the first of
 * them need not wait.
 */
export function openLocalModeration(config: ModerationConfig): Moderation {
  const { corpusDir, indexDir, dataDir, feedsFile, embedding, allowLoopback = false } = config
  const desk = openDesk({ corpusDir, dataDir })
  const recorded = <T>(
    record: Actor & Pick<AuditRecord, 'action' | 'detail'>,
    work: () => Promise<T>,
    done: (made: T) => Partial<AuditRecord>,
  ) => withAudit({ dataDir, now: () => new Date() }, record, work, done)

  let listed: readonly ListedArticle[] | undefined
  let listing: Promise<void> | undefined
  /** The list is asked for at every key; one look at the folder serves all that come meanwhile. */
  const list = async (): Promise<readonly ListedArticle[]> => {
    listing ??= desk
      .articles()
      .then(
        (articles) => {
          listed = articles
        },
        // A folder that cannot be read is told of when something is done with it.
        () => undefined,
      )
      .finally(() => {
        listing = undefined
      })
    const patienceMs = listed === undefined ? FIRST_LIST_MS : LIST_MS
    await Promise.race([listing, new Promise((resolve) => setTimeout(resolve, patienceMs).unref())])
    return listed ?? []
  }
  void list()

  const keep = async (draft: Draft, source: string, actor: Actor): Promise<Kept> => {
    try {
      return { kept: understood(await desk.add(draft, source, actor), draft) }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { title: draft.title, reason: error.message, remedy: error.remedy }
    }
  }

  const reindex: Moderation['reindex'] = (actor, { full }, onProgress, signal) =>
    recorded(
      { ...actor, action: full ? 'reindex full' : 'reindex' },
      () =>
        buildIndex({
          corpusDir,
          indexDir,
          embedding,
          full,
          ...(onProgress === undefined ? {} : { onProgress }),
          ...(signal === undefined ? {} : { signal }),
        }),
      ({ generation, changed }) => ({ detail: changed ? `generation ${String(generation)}` : 'nothing changed' }),
    )

  return {
    preview: async (source, signal) => {
      const { drafts, ...report } = await readDrafts(source, {
        allowLoopback,
        ...(signal === undefined ? {} : { signal }),
      })
      const previews: Preview[] = []
      for (const draft of drafts)
        previews.push({ draft, understood: understood(await desk.preview(draft, report.source), draft) })
      return { ...report, previews }
    },
    correct: async (draft, corrections, source) => {
      const corrected = correctDraft(draft, corrections)
      return { draft: corrected, understood: understood(await desk.preview(corrected, source), corrected) }
    },
    add: async (drafts, source, actor) => {
      const all: Kept[] = []
      for (const draft of drafts) all.push(await keep(draft, source, actor))
      return all
    },
    find: (article) => desk.find(article),
    remove: (article, actor, reason) => desk.remove(article, actor, reason),
    restore: (id, actor) => desk.restore(id, actor),
    completeArticles: async (typed, limit) =>
      matching(await list(), typed, ({ file, title, outlet }) => [title, outlet, file]).slice(0, limit),
    completeRemoved: async (typed, limit) =>
      matching(await desk.removed(), typed, ({ file, title }) => [title, file]).slice(0, limit),
    status: async () => ({ corpus: await desk.status(), index: await readIndexStatus(indexDir, corpusDir) }),
    export: (actor, maxBytes) =>
      recorded(
        { ...actor, action: 'export' },
        () => exported(corpusDir, maxBytes),
        ({ articles, bytes }) => ({ detail: `${String(articles)} articles, ${String(bytes.length)} bytes` }),
      ),
    feeds: async () => feedStatus(await readFeedList(feedsFileOf(feedsFile)), dataDir),
    reindex,
    keepUp: (watch, onEvent, signal) =>
      keepUp(
        {
          corpusDir,
          dataDir,
          desk,
          feedsFile,
          watch,
          allowLoopback,
          reindex: (actor, stop) => reindex(actor, { full: false }, undefined, stop),
        },
        onEvent,
        signal,
      ),
    close: () => Promise.resolve(),
  }
}

async function exported(corpusDir: string, maxBytes: number): Promise<CorpusExport> {
  const problems: ArticleProblem[] = []
  const lines: Buffer[] = []
  let size = 0
  for await (const line of exportCorpus(corpusDir, (problem) => problems.push(problem))) {
    const bytes = Buffer.from(line)
    size += bytes.length
    if (size > maxBytes)
      throw new UserError(
        'export-too-large',
        `The corpus is larger than the ${(maxBytes / 1e6).toFixed(0)} MB that a file may have here.`,
        'Whoever runs the bot can export it: npm run -s verbatim -- corpus export --out corpus.jsonl',
      )
    lines.push(bytes)
  }
  return { bytes: Buffer.concat(lines), articles: lines.length, problems }
}

/** What has a word that begins with each of the words typed, in the order given. */
function matching<T>(
  all: readonly T[],
  typed: string,
  texts: (each: T) => readonly (string | undefined)[],
): readonly T[] {
  const wanted = words(typed)
  return all.filter((each) => {
    const own = texts(each).flatMap((text) => (text === undefined ? [] : words(text)))
    return wanted.every((word) => own.some((other) => other.startsWith(word)))
  })
}

function words(text: string): readonly string[] {
  return foldKey(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}
