import { COUNT_BITS, lowerBound, type WordLists } from './words.ts'

/** A passage's place and its weight for the stems asked; higher is better, comparable within one query only. */
export type RankedPlace = { readonly place: number; readonly bm25: number }

/** Ranks passages by their words. */
export type WordRanking = {
  /**
   * The passages that hold any of the stems, best first, ties in the order of the text: BM25 with k₁ = 1.2, b = 0.75 and
   * idf ln((N − n + ½)/(n + ½)), at least 10⁻⁶, over the passage's sentences and its article's title, as SQLite's FTS5
   * counts it. Exact: passages are left out early only where they can no longer be among the best.
   * @param stems numbers of stems  @param isKept by article's place, 1 where its passages count
   */
  any(stems: readonly number[], limit: number, isKept?: Uint8Array): readonly RankedPlace[]
  /** The same for the passages that hold all of the stems. */
  all(stems: readonly number[], limit: number, isKept?: Uint8Array): readonly RankedPlace[]
}

const K1 = 1.2
const B = 0.75
const LEAST_IDF = 1e-6
/** Shorter lists of passages are not worth a look at what can be left out. */
const WORTH_PRUNING = 2048
/** Rounding of 32-bit sums, so that nothing is left out for it. */
const SLACK = 1e-4

/** Prepares ranking over word lists. */
export function rankingOn({ passages, sentences, postings }: WordLists): WordRanking {
  const size = passages.ids.length
  const average = passages.length.reduce((sum, length) => sum + length, 0) / Math.max(1, size)
  /** What a passage's length adds to the count in the denominator. */
  const norms = Float32Array.from(passages.length, (length) => K1 * (1 - B + (B * length) / Math.max(1, average)))
  const scores = new Float32Array(size)
  /** Places that have a score, while a query is under way. */
  const met = new Int32Array(size)
  const articleOf = (place: number) => sentences.article[passages.first[place] ?? 0] ?? 0
  const idfOf = (count: number) => Math.max(LEAST_IDF, Math.log((size - count + 0.5) / (count + 0.5)))
  const mostKnown = new Map<number, number>()
  const listOf = (stem: number) => {
    const [from, to] = [postings.from[stem] ?? 0, postings.from[stem + 1] ?? 0]
    const idf = idfOf(to - from)
    return { from, to, idf, most: mostOf(stem, from, to, idf) }
  }
  const listsOf = (stems: readonly number[]) =>
    [...new Set(stems)]
      .map(listOf)
      .filter(({ from, to }) => to > from)
      .sort((a, b) => a.to - a.from - (b.to - b.from))
  const weightOf = (entry: number, idf: number) => {
    const count = entry & (2 ** COUNT_BITS - 1)
    return (idf * count * (K1 + 1)) / (count + (norms[entry >>> COUNT_BITS] ?? 1))
  }

  /** What a stem adds to a passage at most. */
  function mostOf(stem: number, from: number, to: number, idf: number): number {
    if (to - from <= WORTH_PRUNING) return idf * (K1 + 1)
    const known = mostKnown.get(stem)
    if (known !== undefined) return known
    let most = 0
    for (let i = from; i < to; i++) most = Math.max(most, weightOf(postings.entries[i] ?? 0, idf))
    mostKnown.set(stem, most)
    return most
  }

  /** The best `limit` of the places, by their scores; the scores are forgotten. */
  function best(places: ArrayLike<number>, limit: number): RankedPlace[] {
    const least = leastOfBest(places, limit)
    const kept: RankedPlace[] = []
    for (let i = 0; i < places.length; i++) {
      const place = places[i] ?? 0
      const bm25 = scores[place] ?? 0
      if (bm25 >= least) kept.push({ place, bm25 })
      scores[place] = 0
    }
    return kept.sort((a, b) => b.bm25 - a.bm25 || a.place - b.place).slice(0, limit)
  }

  /** The score of the `limit`th best of the places; 0 when there are fewer. */
  function leastOfBest(places: ArrayLike<number>, limit: number): number {
    if (places.length <= limit) return 0
    const heap = new Float32Array(limit)
    for (let i = 0; i < places.length; i++) {
      const score = scores[places[i] ?? 0] ?? 0
      if (score <= (heap[0] ?? 0)) continue
      let at = 0
      for (;;) {
        const left = 2 * at + 1
        if (left >= limit) break
        const child = left + 1 < limit && (heap[left + 1] ?? 0) < (heap[left] ?? 0) ? left + 1 : left
        if ((heap[child] ?? 0) >= score) break
        heap[at] = heap[child] ?? 0
        at = child
      }
      heap[at] = score
    }
    return heap[0] ?? 0
  }

  return {
    any(stems, limit, isKept) {
      // Rarest first: after the lists that weigh much, few passages can still win by the long ones alone.
      const lists = listsOf(stems)
      let rest = lists.reduce((sum, { most }) => sum + most, 0)
      let count = 0
      let isOpen = true
      for (const { from, to, idf, most } of lists) {
        if (to - from > WORTH_PRUNING && count >= limit) {
          const least = leastOfBest(met.subarray(0, count), limit) - SLACK
          if (least > rest) isOpen = false
          if (!isOpen) {
            let kept = 0
            for (let i = 0; i < count; i++) {
              const place = met[i] ?? 0
              if ((scores[place] ?? 0) + rest >= least) met[kept++] = place
              else scores[place] = 0
            }
            count = kept
            met.subarray(0, count).sort()
          }
        }
        rest -= most
        if (isOpen) {
          for (let i = from; i < to; i++) {
            const entry = postings.entries[i] ?? 0
            const place = entry >>> COUNT_BITS
            const before = scores[place] ?? 0
            if (before === 0) {
              if (isKept !== undefined && isKept[articleOf(place)] !== 1) continue
              met[count++] = place
            }
            scores[place] = before + weightOf(entry, idf)
          }
        } else {
          let at = from
          for (let i = 0; i < count; i++) {
            const place = met[i] ?? 0
            at = lowerBound(postings.entries, place * 2 ** COUNT_BITS, at, to)
            const entry = postings.entries[at] ?? 0
            if (at < to && entry >>> COUNT_BITS === place) scores[place] = (scores[place] ?? 0) + weightOf(entry, idf)
          }
        }
      }
      return best(met.subarray(0, count), limit)
    },
    all(stems, limit, isKept) {
      const wanted = new Set(stems).size
      const lists = listsOf(stems)
      const [rarest, ...others] = lists
      if (rarest === undefined || lists.length < wanted) return []
      let places: number[] = []
      for (let i = rarest.from; i < rarest.to; i++) {
        const entry = postings.entries[i] ?? 0
        const place = entry >>> COUNT_BITS
        if (isKept !== undefined && isKept[articleOf(place)] !== 1) continue
        places.push(place)
        scores[place] = weightOf(entry, rarest.idf)
      }
      for (const { from, to, idf } of others) {
        let at = from
        places = places.filter((place) => {
          at = lowerBound(postings.entries, place * 2 ** COUNT_BITS, at, to)
          const entry = postings.entries[at] ?? 0
          const has = at < to && entry >>> COUNT_BITS === place
          scores[place] = has ? (scores[place] ?? 0) + weightOf(entry, idf) : 0
          return has
        })
      }
      return best(places, limit)
    },
  }
}
