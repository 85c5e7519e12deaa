import { foldKey } from '../text/fold.ts'
import type { Hit } from '../search/search.ts'

/** What the coverage has instead of an answer: an article, and a question that it answers. */
export type Topic = { readonly articleId: number; readonly title: string; readonly question: string }

/** `answered`: passages that answer, best first. `not-covered`: the nearest that there is. */
export type Answer =
  | { readonly kind: 'answered'; readonly hits: readonly [Hit, ...Hit[]] }
  | { readonly kind: 'not-covered'; readonly nearest: readonly Hit[]; readonly topics: readonly Topic[] }

/**
 * Score of the first hit from which the coverage is said to answer. On the 210 news questions 0.55 to 0.6 gives the best
 * balanced accuracy, 0.79 (0.5: 0.77, 0.65: 0.77); the upper end, because a wrong answer costs more trust than a
 * refusal that names the nearest topics. Measured with the questions of ../shared/news-dev through `search --json`.
 */
export const ANSWERED_FROM = 0.6
const MOST_TOPICS = 3

/** Decides whether the hits of a question answer it. @param hits as `search` ranks them, best first */
export function answerOf(hits: readonly Hit[]): Answer {
  const [first, ...rest] = hits
  if (first !== undefined && first.score >= ANSWERED_FROM) return { kind: 'answered', hits: [first, ...rest] }
  const topics = new Map<string, Topic>()
  for (const { articleId, article } of hits) {
    // A copy in another outlet has the same title, and is no other topic.
    const key = foldKey(article.title)
    if (topics.size < MOST_TOPICS && !topics.has(key))
      topics.set(key, { articleId, title: article.title, question: article.title })
  }
  return { kind: 'not-covered', nearest: hits, topics: [...topics.values()] }
}
