import type { Database } from 'better-sqlite3'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { formatTerms, readTerms } from '../text/terms.ts'
import { unitsOf } from '../text/units.ts'
import {
  ADJACENT,
  CAPITAL,
  COUNT_BITS,
  FINISHED,
  INITIALS,
  MOST_COUNTED,
  TERM_BITS,
  UNIT_BIT,
  type WordLists,
} from './words.ts'

const MARKS = { '~': INITIALS, _: ADJACENT, '^': CAPITAL } as const
/** Articles between two looks whether to stop. */
const SLICE = 256
const FINISHED_TEXT = /[.!?…]["'”’»)\]]*$/u

/** `FINISHED` and `UNIT_BIT`s of a sentence. */
export function marksOf(sentence: string): number {
  const units = unitsOf(sentence).reduce((bits, unit) => bits | UNIT_BIT[unit], 0)
  return units | (FINISHED_TEXT.test(sentence) ? FINISHED : 0)
}

/**
 * Makes the word lists from the articles, sentences and passages of a generation's database, one article at a time.
 * The calling thread is free now and then.
 * @throws the signal's reason
 */
export async function gatherWords(db: Database, signal?: AbortSignal): Promise<WordLists> {
  const articleRows = db.prepare<[], [number, string]>('SELECT id, title FROM articles ORDER BY id').raw().all()
  const sentenceRows = db
    .prepare<[number], [number, number, number, number, number, string, number]>(
      `SELECT id, paragraph, "start", "end", vector_id, terms, marks FROM sentences WHERE article_id = ? ORDER BY id`,
    )
    .raw()
  const passageRows = db
    .prepare<[number], [number, number, number]>(
      'SELECT id, first_sentence_id, sentence_count FROM passages WHERE article_id = ? ORDER BY id',
    )
    .raw()
  const quoteRows = db
    .prepare<[number], [number, number, string, string | null, number | null]>(
      `SELECT "start", "end", kind, speaker, speaker_id FROM quotes WHERE article_id = ? ORDER BY id`,
    )
    .raw()

  const stemNumbers = new Map<string, number>()
  const codes = new Map<string, number>()
  /** The code of a term as `formatTerms` writes it; stems are numbered as they come. */
  function codeOf(marked: string): number {
    const known = codes.get(marked)
    if (known !== undefined) return known
    let at = 0
    let marks = 0
    for (const [mark, bit] of Object.entries(MARKS)) {
      if (marked[at] !== mark) continue
      marks |= bit
      at++
    }
    const stem = marked.slice(at)
    const number = stemNumbers.get(stem) ?? stemNumbers.size
    stemNumbers.set(stem, number)
    const code = number * 2 ** TERM_BITS + marks
    codes.set(marked, code)
    return code
  }

  const articles = {
    ids: Int32Array.from(articleRows, ([id]) => id),
    sentencesFrom: new Int32Array(articleRows.length + 1),
    titleFrom: new Int32Array(articleRows.length + 1),
    quotesFrom: new Int32Array(articleRows.length + 1),
  }
  const titleTerms = growing(Uint32Array)
  const [ids, article, paragraph, start, end] = Array.from({ length: 5 }, () => growing(Int32Array)) as Five
  const [vectorIds, passageIds, first] = Array.from({ length: 3 }, () => growing(Int32Array)) as Three
  const [quoteStart, quoteEnd, name, speakerIds] = Array.from({ length: 4 }, () => growing(Int32Array)) as Four
  const isDirect = growing(Uint8Array)
  const names = new Map<string, number>()
  const marks = growing(Uint8Array)
  const count = growing(Uint8Array)
  const termsFrom = growing(Uint32Array)
  const terms = growing(Uint32Array)
  for (const [place, [articleId, title]] of articleRows.entries()) {
    if (place % SLICE === 0) {
      await nextTurn()
      signal?.throwIfAborted()
    }
    for (const marked of formatTerms(readTerms(title)).split(' ')) if (marked !== '') titleTerms.push(codeOf(marked))
    articles.titleFrom[place + 1] = titleTerms.length()
    const places = new Map<number, number>()
    for (const [id, inParagraph, from, to, vectorId, formatted, marked] of sentenceRows.all(articleId)) {
      places.set(id, ids.length())
      ids.push(id)
      article.push(place)
      paragraph.push(inParagraph)
      start.push(from)
      end.push(to)
      vectorIds.push(vectorId)
      marks.push(marked)
      termsFrom.push(terms.length())
      for (let at = 0; at < formatted.length;) {
        const next = formatted.indexOf(' ', at)
        const until = next < 0 ? formatted.length : next
        terms.push(codeOf(formatted.slice(at, until)))
        at = until + 1
      }
    }
    articles.sentencesFrom[place + 1] = ids.length()
    for (const [id, firstId, sentenceCount] of passageRows.all(articleId)) {
      passageIds.push(id)
      first.push(places.get(firstId) ?? 0)
      count.push(sentenceCount)
    }
    for (const [from, to, kind, speaker, speakerId] of quoteRows.all(articleId)) {
      quoteStart.push(from)
      quoteEnd.push(to)
      isDirect.push(kind === 'direct' ? 1 : 0)
      // A name that is printed over a line's end is one name all the same.
      const printed = speaker?.replaceAll('\n', ' ')
      if (printed !== undefined && !names.has(printed)) names.set(printed, names.size)
      name.push(printed === undefined ? -1 : (names.get(printed) ?? -1))
      speakerIds.push(speakerId ?? -1)
    }
    articles.quotesFrom[place + 1] = name.length()
  }
  termsFrom.push(terms.length())

  const stems = [...stemNumbers.keys()].sort()
  const renumbered = new Uint32Array(stems.length)
  for (const [number, stem] of stems.entries()) renumbered[stemNumbers.get(stem) ?? 0] = number
  const renumber = (list: Uint32Array) => {
    for (let i = 0; i < list.length; i++) {
      const code = list[i] ?? 0
      list[i] = (renumbered[code >>> TERM_BITS] ?? 0) * 2 ** TERM_BITS + (code & (2 ** TERM_BITS - 1))
    }
    return list
  }
  const vectors = vectorIds.done()
  const sentences = {
    ids: ids.done(),
    article: article.done(),
    paragraph: paragraph.done(),
    start: start.done(),
    end: end.done(),
    vectorIds: vectors,
    marks: marks.done(),
    termsFrom: termsFrom.done(),
    terms: renumber(terms.done()),
    byVector: Int32Array.from(vectors.keys()).sort((a, b) => (vectors[a] ?? 0) - (vectors[b] ?? 0) || a - b),
  }
  const passages = { ids: passageIds.done(), first: first.done(), count: count.done() }
  const titled = { ...articles, titleTerms: renumber(titleTerms.done()) }
  const quotes = {
    start: quoteStart.done(),
    end: quoteEnd.done(),
    isDirect: isDirect.done(),
    name: name.done(),
    speakerIds: speakerIds.done(),
  }
  const listed = { stems, names: [...names.keys()], articles: titled, sentences, quotes }
  return { ...listed, ...postingsOf(stems.length, titled, sentences, passages) }
}

/** Inverts the terms of the passages: counted first, then filled in, so that nothing is held twice. */
function postingsOf(
  stems: number,
  articles: Pick<WordLists['articles'], 'titleFrom' | 'titleTerms'>,
  sentences: Pick<WordLists['sentences'], 'article' | 'terms' | 'termsFrom'>,
  passages: Omit<WordLists['passages'], 'length'>,
): Pick<WordLists, 'passages' | 'postings'> {
  const length = new Uint32Array(passages.ids.length)
  const counts = new Uint32Array(stems)
  const met: number[] = []
  const meet = (terms: Uint32Array, from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const stem = (terms[i] ?? 0) >>> TERM_BITS
      const before = counts[stem] ?? 0
      if (before === 0) met.push(stem)
      counts[stem] = before + 1
    }
    return to - from
  }
  function eachPassage(visit: (place: number, stem: number, count: number) => void): void {
    for (let place = 0; place < passages.ids.length; place++) {
      const first = passages.first[place] ?? 0
      const last = first + (passages.count[place] ?? 0)
      const title = sentences.article[first] ?? 0
      met.length = 0
      length[place] =
        meet(sentences.terms, sentences.termsFrom[first] ?? 0, sentences.termsFrom[last] ?? 0) +
        meet(articles.titleTerms, articles.titleFrom[title] ?? 0, articles.titleFrom[title + 1] ?? 0)
      for (const stem of met) {
        visit(place, stem, counts[stem] ?? 0)
        counts[stem] = 0
      }
    }
  }
  const from = new Uint32Array(stems + 1)
  eachPassage((_, stem) => {
    from[stem + 1] = (from[stem + 1] ?? 0) + 1
  })
  for (let stem = 0; stem < stems; stem++) from[stem + 1] = (from[stem + 1] ?? 0) + (from[stem] ?? 0)
  const entries = new Uint32Array(from[stems] ?? 0)
  const next = from.slice()
  eachPassage((place, stem, count) => {
    const at = next[stem] ?? 0
    entries[at] = place * 2 ** COUNT_BITS + Math.min(count, MOST_COUNTED)
    next[stem] = at + 1
  })
  return { passages: { ...passages, length }, postings: { from, entries } }
}

type Five = [Growing<Int32Array>, Growing<Int32Array>, Growing<Int32Array>, Growing<Int32Array>, Growing<Int32Array>]
type Four = [Growing<Int32Array>, Growing<Int32Array>, Growing<Int32Array>, Growing<Int32Array>]
type Three = [Growing<Int32Array>, Growing<Int32Array>, Growing<Int32Array>]

/** A typed array that grows as it is filled. */
type Growing<A> = { push(value: number): void; length(): number; done(): A }

function growing<A extends Int32Array | Uint32Array | Uint8Array>(kind: new (length: number) => A): Growing<A> {
  let array = new kind(1024)
  let length = 0
  return {
    push(value) {
      if (length === array.length) {
        const grown = new kind(length * 2)
        grown.set(array)
        array = grown
      }
      array[length++] = value
    },
    length: () => length,
    done: () => array.slice(0, length) as A,
  }
}
