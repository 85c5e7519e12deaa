import { open, readFile } from 'node:fs/promises'
import { MAX_PASSAGE_SENTENCES } from '../text/passages.ts'
import type { Unit } from '../text/units.ts'

/**
 * What ranking reads of a generation, in memory: the terms of every sentence and title, for each stem the passages that
 * hold it, and where quotes are. Articles, sentences and passages are named by their place here, counted from 0 in the order of their
 * numbers in the database; an article's sentences and passages are neighbours. Lists "from" hold one place more than
 * there are, so that `from[i]` to `from[i + 1]` is the range of `i`.
 */
export type WordLists = {
  /** Ascending by code unit; a stem's place here is its number. */
  readonly stems: readonly string[]
  /** Names of speakers as articles print them. */
  readonly names: readonly string[]
  readonly articles: {
    readonly ids: Int32Array
    readonly sentencesFrom: Int32Array
    readonly titleFrom: Int32Array
    readonly titleTerms: Uint32Array
    readonly quotesFrom: Int32Array
  }
  readonly sentences: {
    readonly ids: Int32Array
    readonly article: Int32Array
    readonly paragraph: Int32Array
    /** Offsets into the article's body. */
    readonly start: Int32Array
    readonly end: Int32Array
    readonly vectorIds: Int32Array
    /** `FINISHED` and `UNIT_BIT`s. */
    readonly marks: Uint8Array
    readonly termsFrom: Uint32Array
    /** A stem's number times 8, with `CAPITAL`, `ADJACENT` and `INITIALS`. */
    readonly terms: Uint32Array
    /** Places of all sentences, ascending by their vector's number. */
    readonly byVector: Int32Array
  }
  readonly passages: {
    readonly ids: Int32Array
    /** Place of the first sentence; ascending. */
    readonly first: Int32Array
    /** How many sentences. */
    readonly count: Uint8Array
    /** Terms of its sentences and of its article's title. */
    readonly length: Uint32Array
  }
  /** In the order of the articles and of their text. */
  readonly quotes: {
    /** Offsets into the article's body. */
    readonly start: Int32Array
    readonly end: Int32Array
    /** 1 for words in quotation marks, 0 for reported speech. */
    readonly isDirect: Uint8Array
    /** Places among `names`; −1 where the text does not tell. */
    readonly name: Int32Array
    /** Numbers of the speakers across articles; −1 where there is none. */
    readonly speakerIds: Int32Array
  }
  readonly postings: {
    readonly from: Uint32Array
    /** Ascending for each stem: a passage's place times 16, plus how often it has the stem, at most 15. */
    readonly entries: Uint32Array
  }
}

/** Marks of a term in its lowest bits. */
export const TERM_BITS = 3
export const CAPITAL = 1
export const ADJACENT = 2
export const INITIALS = 4
/** The sentence ends as sentences do. */
export const FINISHED = 1
/** The sentence writes of such a unit. */
export const UNIT_BIT: Readonly<Record<Unit, number>> = { money: 2, time: 4, distance: 8, frequency: 16 }
export const COUNT_BITS = 4
export const MOST_COUNTED = 15

/** Tells one layout of the file from another. */
export const WORDS_LAYOUT = 'words 2'

const ARRAYS = { Int32Array, Uint32Array, Uint8Array } as const
type ArrayName = keyof typeof ARRAYS
type Section = { readonly array: ArrayName; readonly offset: number; readonly length: number }

/** The arrays of word lists by name. */
type Arrays = Readonly<Record<string, Int32Array | Uint32Array | Uint8Array>>

function arraysOf({ articles, sentences, passages, quotes, postings }: WordLists): Arrays {
  const named = Object.entries({ articles, sentences, passages, quotes, postings }).flatMap(([group, arrays]) =>
    Object.entries(arrays).map(([name, array]) => [`${group}.${name}`, array] as const),
  )
  return Object.fromEntries(named)
}

/** Writes the lists: a line of JSON that says where each array lies, then the arrays and the stems. */
export async function writeWords(file: string, lists: WordLists): Promise<void> {
  const arrays = { ...arraysOf(lists), stems: bytesOf(lists.stems), names: bytesOf(lists.names) }
  const sections: Record<string, Section> = {}
  let offset = 0
  for (const [name, array] of Object.entries(arrays)) {
    sections[name] = { array: array.constructor.name as ArrayName, offset, length: array.length }
    offset = aligned(offset + array.byteLength)
  }
  const header = Buffer.from(JSON.stringify({ layout: WORDS_LAYOUT, sections }))
  const start = aligned(4 + header.length)
  const handle = await open(file, 'w')
  try {
    const opening = Buffer.alloc(start, ' ')
    opening.writeUInt32LE(header.length)
    header.copy(opening, 4)
    await handle.writeFile(opening)
    for (const array of Object.values(arrays)) {
      await handle.writeFile(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
      await handle.writeFile(Buffer.alloc(aligned(array.byteLength) - array.byteLength))
    }
  } finally {
    await handle.close()
  }
}

/** None of the texts has a line break in it. */
function bytesOf(texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode(texts.join('\n'))
}

function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8
}

/** Reads what `writeWords` wrote. @throws Error when the file holds anything else */
export async function readWords(file: string): Promise<WordLists> {
  const read = await readFile(file)
  const bytes = read.byteOffset % 8 === 0 ? read : Buffer.from(Uint8Array.from(read).buffer)
  const headerLength = bytes.length < 4 ? Infinity : bytes.readUInt32LE()
  if (4 + headerLength > bytes.length) throw new Error(`${file} is cut short`)
  const header = JSON.parse(bytes.toString('utf8', 4, 4 + headerLength)) as {
    readonly layout?: string
    readonly sections: Readonly<Record<string, Section>>
  }
  if (header.layout !== WORDS_LAYOUT) throw new Error(`${file} holds no words`)
  const from = bytes.byteOffset + aligned(4 + headerLength)
  function section<Name extends ArrayName>(name: string, kind: Name): InstanceType<(typeof ARRAYS)[Name]> {
    const found = header.sections[name]
    if (found?.array !== kind) throw new Error(`${file} has no ${name}`)
    return new ARRAYS[kind](bytes.buffer as ArrayBuffer, from + found.offset, found.length) as InstanceType<
      (typeof ARRAYS)[Name]
    >
  }
  const texts = (name: string) => {
    const all = new TextDecoder().decode(section(name, 'Uint8Array'))
    return all === '' ? [] : all.split('\n')
  }
  return {
    stems: texts('stems'),
    names: texts('names'),
    articles: {
      ids: section('articles.ids', 'Int32Array'),
      sentencesFrom: section('articles.sentencesFrom', 'Int32Array'),
      titleFrom: section('articles.titleFrom', 'Int32Array'),
      titleTerms: section('articles.titleTerms', 'Uint32Array'),
      quotesFrom: section('articles.quotesFrom', 'Int32Array'),
    },
    sentences: {
      ids: section('sentences.ids', 'Int32Array'),
      article: section('sentences.article', 'Int32Array'),
      paragraph: section('sentences.paragraph', 'Int32Array'),
      start: section('sentences.start', 'Int32Array'),
      end: section('sentences.end', 'Int32Array'),
      vectorIds: section('sentences.vectorIds', 'Int32Array'),
      marks: section('sentences.marks', 'Uint8Array'),
      termsFrom: section('sentences.termsFrom', 'Uint32Array'),
      terms: section('sentences.terms', 'Uint32Array'),
      byVector: section('sentences.byVector', 'Int32Array'),
    },
    passages: {
      ids: section('passages.ids', 'Int32Array'),
      first: section('passages.first', 'Int32Array'),
      count: section('passages.count', 'Uint8Array'),
      length: section('passages.length', 'Uint32Array'),
    },
    quotes: {
      start: section('quotes.start', 'Int32Array'),
      end: section('quotes.end', 'Int32Array'),
      isDirect: section('quotes.isDirect', 'Uint8Array'),
      name: section('quotes.name', 'Int32Array'),
      speakerIds: section('quotes.speakerIds', 'Int32Array'),
    },
    postings: { from: section('postings.from', 'Uint32Array'), entries: section('postings.entries', 'Uint32Array') },
  }
}

/** The first place in an ascending list whose value is not below `value`. */
export function lowerBound(ascending: ArrayLike<number>, value: number, from = 0, to = ascending.length): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Places of the sentences of a vector, in the order of the text: equal sentences share one. */
export function sentencesWithVector({ sentences }: WordLists, vectorId: number): number[] {
  const { byVector, vectorIds } = sentences
  let [low, high] = [0, byVector.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((vectorIds[byVector[middle] ?? 0] ?? 0) < vectorId) low = middle + 1
    else high = middle
  }
  const places: number[] = []
  for (; low < byVector.length; low++) {
    const place = byVector[low] ?? 0
    if (vectorIds[place] !== vectorId) break
    places.push(place)
  }
  return places
}

/** Places of the passages that a sentence is part of. @param place the sentence's */
export function passagesWithSentence({ passages }: WordLists, place: number): number[] {
  const places: number[] = []
  const { first, count } = passages
  for (let at = lowerBound(first, place - MAX_PASSAGE_SENTENCES + 1); (first[at] ?? Infinity) <= place; at++)
    if ((first[at] ?? 0) + (count[at] ?? 0) > place) places.push(at)
  return places
}
