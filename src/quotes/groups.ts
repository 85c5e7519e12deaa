import type { Chunk } from './chunks.ts'
import type { Frame, Token } from './frames.ts'
import { isBodyNoun, isRole } from './lexicon.ts'
import type { Entity } from './mentions.ts'

/** Several named together: "Norway, Denmark and Finland", "Ada Okoro and 30 other mayors". */
export type Group = {
  readonly frame: number
  /** In order; the last may be a counted description. */
  readonly members: readonly Chunk[]
  readonly signed: boolean
  /** The last token. */
  readonly end: number
  /** Where the next plural noun of the frame begins: "they" before it means the group. */
  readonly until: number
}

/** The last so many lists of a frame are kept. */
const LISTS = 8

const TIMES = /^(?:minutes|hours|days|weeks|months|years|decades|times)$/

type Named = ReadonlyMap<Chunk, Entity>

/** The lists of names in a frame, and who together signs something in it. Linear in the frame's length. */
export function readGroups(frame: Frame, index: number, chunks: readonly Chunk[], named: Named): Group[] {
  const lists = listsOf(frame.tokens, chunks, named)
  const groups = lists.slice(-LISTS).map((members) => groupOf(index, chunks, members, false))
  const signers = signersOf(frame.tokens, chunks, lists, named)
  return signers.length > 1 ? [...groups, groupOf(index, chunks, signers, true)] : groups
}

function groupOf(frame: number, chunks: readonly Chunk[], members: readonly Chunk[], signed: boolean): Group {
  const end = members.at(-1)?.last ?? 0
  const next = chunks.find(
    (chunk) => chunk.first > end && chunk.kind === 'description' && chunk.plural && !TIMES.test(chunk.head),
  )
  return { frame, members, signed, end, until: next?.first ?? Infinity }
}

/** How many a description says it means: 3 for "the three governments". */
export function countIn(frame: Frame, chunk: Chunk): number | undefined {
  for (let i = chunk.first; i < chunk.last && i < chunk.first + 3; i++) {
    const word = frame.tokens[i]?.lower ?? ''
    const number = NUMBERS.indexOf(word)
    if (number >= 0) return number
    if (/^\d{1,3}$/.test(word)) return Number(word)
  }
  return undefined
}

const NUMBERS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')

/** Whether a plural description can mean a group: people are ministers, countries are governments, three are three. */
export function isMeantBy(group: Group, chunk: Chunk, count: number | undefined, named: Named): boolean {
  const last = group.members.at(-1)
  // "the mayors": Ada Okoro and 30 other mayors
  if (count === undefined) return last?.kind === 'description' && last.head === chunk.head
  if (count !== group.members.length || last?.kind === 'description') return false
  const kinds = new Set(group.members.map((member) => named.get(member)?.kind))
  if (isBodyNoun(chunk.head)) return !kinds.has('person')
  return isRole(chunk.head) && !kinds.has('body') && !kinds.has('place')
}

function listsOf(tokens: readonly Token[], chunks: readonly Chunk[], named: Named): Chunk[][] {
  const lists: Chunk[][] = []
  let run: Chunk[] = []
  for (const [i, chunk] of chunks.entries()) {
    const before = run.at(-1)
    const join = before ? joinOf(tokens, before.last + 1, chunk.first) : 'none'
    if (join === 'none') run = []
    if (join === 'and' && isMember(tokens, chunk, named)) {
      lists.push([...run, chunk])
      run = []
    } else if (named.has(chunk) && !isPlaceOfEvent(tokens, chunk, chunks[i + 1])) run.push(chunk)
    else run = []
  }
  return lists
}

function joinOf(tokens: readonly Token[], from: number, to: number): 'comma' | 'and' | 'none' {
  if (to - from > 2) return 'none'
  const words = tokens.slice(from, to).map(({ lower }) => lower)
  if (/^(?:, ?)?(?:and|&)$/.test(words.join(' '))) return 'and'
  return words.length === 1 && words[0] === ',' ? 'comma' : 'none'
}

/** The last of a list: another name, or "47 other ministers". */
function isMember(tokens: readonly Token[], chunk: Chunk, named: Named): boolean {
  return named.has(chunk) || isCounted(tokens, chunk)
}

function isCounted(tokens: readonly Token[], chunk: Chunk): boolean {
  const first = tokens[chunk.first]
  return chunk.kind === 'description' && chunk.plural && isRole(chunk.head) && first?.pos === 'NUM'
}

/** "In Lund, Norway and Denmark agreed": Lund is none of them. */
function isPlaceOfEvent(tokens: readonly Token[], chunk: Chunk, next: Chunk | undefined): boolean {
  return chunk.first === 1 && tokens[0]?.pos === 'ADP' && next !== undefined && tokens[chunk.last + 1]?.text === ','
}

function isSigning({ lower, pos, quotation }: Token): boolean {
  return quotation < 0 && pos === 'VERB' && /^(?:co-)?sign(?:s|ed)?$/.test(lower)
}

/** Ada Okoro and Eva Berg signed it · signed by Okoro and Berg · Okoro signed, as did Berg, who …, and 30 other mayors */
function signersOf(
  tokens: readonly Token[],
  chunks: readonly Chunk[],
  lists: readonly (readonly Chunk[])[],
  named: Named,
): Chunk[] {
  const verb = tokens.findIndex(isSigning)
  if (verb < 0) return []
  const signers: Chunk[] = []
  const add = (chunk: Chunk | undefined): void => {
    const list = chunk ? lists.find((members) => members.includes(chunk)) : undefined
    if (list) signers.push(...list)
    else if (chunk && named.has(chunk)) signers.push(chunk)
  }
  if (tokens[verb + 1]?.lower === 'by') add(chunks.find(({ first }) => first === verb + 2))
  else {
    let i = verb - 1
    while (/^(?:have|has|had|also|both|all|jointly)$/.test(tokens[i]?.lower ?? '')) i--
    add(chunks.find(({ last }) => last === i))
  }
  const did = tokens.findIndex(
    ({ lower }, i) => i > verb && lower === 'did' && /^(?:as|so)$/.test(tokens[i - 1]?.lower ?? ''),
  )
  if (did > 0) {
    add(chunks.find(({ first }) => first === did + 1))
    const others = chunks.find(
      (chunk) => chunk.first > did && tokens[chunk.first - 1]?.lower === 'and' && isCounted(tokens, chunk),
    )
    if (others && !signers.includes(others)) signers.push(others)
  }
  return signers
}
