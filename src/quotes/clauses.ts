import type { Chunk } from './chunks.ts'
import { cueForm, type CueKind } from './cues.ts'
import type { Frame, Token } from './frames.ts'
import { isBodyNoun, isDocumentNoun, isRole, isSpeechNoun } from './lexicon.ts'
import { skipBrackets } from './mentions.ts'

/** Who does a verb: one noun phrase, or several joined by "and". */
export type Subject = {
  readonly chunk: Chunk
  /** All members of a joint subject in order, `chunk` alone otherwise. */
  readonly members: readonly Chunk[]
}

/** One use of a verb or phrase of saying. Token numbers are of its frame. */
export type CueUse = {
  readonly first: number
  readonly last: number
  readonly lemma: string
  readonly kind: CueKind | 'according'
  readonly subject: Subject | undefined
  /** Where the subject stands: Okoro said, said Okoro, or with another verb: …, adding. */
  readonly side: 'before' | 'after' | 'shared'
  readonly gerund: boolean
  /** The subject is the noun before "who": the clause ends at its comma. */
  readonly relative: boolean
  /** "was called": the subject is who is spoken of, unless "by" names who spoke. */
  readonly passive: boolean
}

/** Verbs whose object does what follows: asked her to say. */
const CONTROL =
  /^(?:ask|tell|told|urg|prompt|forc|push|press|encourag|invit|persuad|convinc|lead|led|caus|order|requir|allow)(?:e|s|es|ed|d)?$/

/** How far to the left of a verb its subject is looked for, in tokens. */
const REACH = 70

/** The uses of verbs of saying in a frame, in order, each with its subject where the sentence has one. */
export function readCues(
  frame: Frame,
  chunks: readonly Chunk[],
  possessors: ReadonlyMap<Chunk, readonly Chunk[]>,
): CueUse[] {
  const { tokens } = frame
  const view = new ChunkView(tokens, chunks, possessors)
  const cues: CueUse[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (!token || token.quotation >= 0) continue
    if (token.lower === 'according' && tokens[i + 1]?.lower === 'to') {
      const chunk = view.startingAt(i + 2)
      if (chunk) cues.push(use(i, i + 1, 'according to', 'according', view.joint(chunk), 'after'))
      continue
    }
    const words = inTheWordsOf(view, tokens, i) ?? speechNoun(view, tokens, i)
    if (words) cues.push(words)
    const form = cueForm(token.lower)
    if (!form || !isVerb(view, tokens, i, form.kind)) continue
    if (form.lemma === 'put' && tokens[i + 1]?.lower !== 'it') continue
    if (/^(?:see|view)$/.test(form.lemma) && !tokens.slice(i + 1, i + 8).some(({ lower }) => lower === 'as')) continue
    if (tokens[i - 1]?.lower === 'to' && tokens[i - 2]?.lower === token.lower) continue
    if (/^(?:shoot|fire|hit|strike)$/.test(form.lemma) && tokens[i + 1]?.lower !== 'back') continue
    const passive = form.participle && isPassive(tokens, i)
    if (passive && (form.lemma === 'quote' || form.lemma === 'cite')) {
      // "Okoro was quoted by the Gazette as saying": she said it
      const quoted = view.subjectBefore(i)
      if (quoted) cues.push(use(i, i, form.lemma, 'say', quoted, 'before'))
      continue
    }
    if (passive) {
      const agent = agentOf(view, tokens, i)
      cues.push({ ...use(i, i, form.lemma, form.kind, agent, 'after'), passive: agent === undefined })
      continue
    }
    const quotedAs = form.lemma === 'quote' || form.lemma === 'cite' ? objectBeforeAs(view, tokens, i) : undefined
    if (quotedAs) {
      cues.push(use(i, i, form.lemma, 'say', quotedAs, 'after'))
      continue
    }
    const subject = view.subjectBefore(i)
    if (isBareForm(tokens, i, form.lemma, subject)) continue
    if (subject && !form.gerund) {
      cues.push({ ...use(i, i, form.lemma, form.kind, subject, 'before'), relative: isRelative(tokens, i, subject) })
      continue
    }
    const after = form.gerund ? undefined : invertedSubject(view, tokens, i)
    if (after) {
      cues.push(use(i, i, form.lemma, form.kind, after, 'after'))
      continue
    }
    // "Asked whether …, Okoro replied": the subject is who was asked
    if (
      !form.gerund &&
      form.participle &&
      (i === 0 || tokens[i - 1]?.text === ',' || tokens[i - 1]?.pos === 'SCONJ') &&
      !subject
    )
      continue
    const source = quotedSource(view, tokens, i)
    if (source) {
      cues.push({ ...use(i, i, form.lemma, 'say', source, 'before'), gerund: form.gerund })
      continue
    }
    const watched = form.gerund && subject ? objectOfPerception(view, tokens, i) : undefined
    if (watched) {
      cues.push({ ...use(i, i, form.lemma, form.kind, watched, 'before'), gerund: true })
      continue
    }
    const shared = form.gerund && isProgressive(tokens, i) ? subject : sharedSubject(view, tokens, i, cues)
    cues.push({
      ...use(i, i, form.lemma, form.kind, shared ?? subject, shared ? 'shared' : 'before'),
      gerund: form.gerund,
    })
  }
  const colon = colonSubject(view, tokens, cues)
  if (colon) cues.push(colon)
  return cues
}

const POSSESSORS = new Map(Object.entries({ his: 'him', her: 'her', their: 'them' }))

/** "in the words of Okoro" · "in Okoro’s view" · "in her words" */
function inTheWordsOf(view: ChunkView, tokens: readonly Token[], i: number): CueUse | undefined {
  if (tokens[i]?.lower !== 'in') return undefined
  const chunk = view.startingAt(i + 1)
  if (!chunk || !/^(?:words|view|opinion|telling|account)$/.test(chunk.head)) return undefined
  if (tokens[chunk.last + 1]?.lower === 'of') {
    const owner = view.startingAt(chunk.last + 2)
    return owner ? use(i, chunk.last + 1, 'in the words of', 'according', view.joint(owner), 'after') : undefined
  }
  if (!chunk.definite || tokens[chunk.first]?.lower === 'the') return undefined
  const head = POSSESSORS.get(tokens[chunk.first]?.lower ?? '')
  const pronoun: Chunk | undefined = head
    ? { ...chunk, last: chunk.first, kind: 'pronoun', head, plural: head === 'them' }
    : undefined
  const name = pronoun ?? view.possessorOf(chunk)
  return name
    ? use(i, chunk.last, 'in the words of', 'according', { chunk: name, members: [name] }, 'after')
    : undefined
}

/** "Okoro’s claim that “…”" · "the message from Okoro was that “…”": the noun tells who speaks. */
function speechNoun(view: ChunkView, tokens: readonly Token[], i: number): CueUse | undefined {
  const chunk = view.endingAt(i)
  if (!chunk || chunk.kind !== 'description' || !isSpeechNoun(chunk.head)) return undefined
  let after = i + 1
  let owner = view.possessorOf(chunk)
  if (!owner && /^(?:from|by|of)$/.test(tokens[after]?.lower ?? '')) {
    owner = view.startingAt(after + 1)
    if (owner) after = owner.last + 1
  }
  if (!owner || (owner.kind !== 'name' && owner.kind !== 'pronoun')) return undefined
  for (let j = after; j < tokens.length && j < after + 12; j++) {
    const token = tokens[j]
    if (!token) break
    const isCopula = /^(?:is|was)$/.test(token.lower)
    if (token.lower === 'that' || token.text === ':' || (isCopula && (tokens[j + 1]?.quotation ?? -1) >= 0)) {
      return use(i, i, chunk.head, 'judge', { chunk: owner, members: [owner] }, 'before')
    }
    if (token.pos === 'PUNCT' || token.quotation >= 0 || (token.pos === 'VERB' && j > after)) break
  }
  return undefined
}

/** "Okoro sent a clear signal to the yard: “…”": a colon announces speech where no verb of saying does. */
function colonSubject(view: ChunkView, tokens: readonly Token[], cues: readonly CueUse[]): CueUse | undefined {
  const at = tokens.findIndex(
    (token, i) => token.text === ':' && (i === tokens.length - 1 || (tokens[i + 1]?.quotation ?? -1) >= 0),
  )
  if (at < 0 || cues.some((cue) => cue.subject && cue.first < at && cue.kind !== 'think')) return undefined
  // OKORO: “…”
  const label = view.endingAt(at - 1)
  if (label?.kind === 'name' && label.first === 0)
    return use(at, at, ':', 'say', { chunk: label, members: [label] }, 'before')
  for (let j = 0; j < at; j++) {
    const token = tokens[j]
    if (token?.pos !== 'VERB' && token?.pos !== 'AUX') continue
    const subject = view.subjectBefore(j)
    if (subject) return use(at, at, ':', 'say', subject, 'before')
  }
  return undefined
}

function use(
  first: number,
  last: number,
  lemma: string,
  kind: CueUse['kind'],
  subject: Subject | undefined,
  side: CueUse['side'],
): CueUse {
  return { first, last, lemma, kind, subject, side, gerund: false, relative: false, passive: false }
}

/** "the evening address": a bare verb form behind a singular noun is a noun. */
function isBareForm(tokens: readonly Token[], i: number, lemma: string, subject: Subject | undefined): boolean {
  if (tokens[i]?.lower !== lemma || /^(?:read|put|cast|let)$/.test(lemma) || !subject) return false
  const { chunk, members } = subject
  if (
    chunk.plural ||
    members.length > 1 ||
    (chunk.last !== i - 1 && !/^(?:NOUN|PROPN)$/.test(tokens[i - 1]?.pos ?? ''))
  )
    return false
  return chunk.kind !== 'pronoun' || /^(?:he|she|it)$/.test(chunk.head)
}

/** The tagger takes "claims" and "reports" for nouns; next to a noun phrase and a comma or a quotation they are verbs. */
function isVerb(view: ChunkView, tokens: readonly Token[], i: number, kind: CueKind): boolean {
  const token = tokens[i]
  if (!token) return false
  const before = tokens[i - 1]
  const after = tokens[i + 1]
  if (token.pos === 'VERB') {
    // inside a noun phrase: "the proposed bill", "a so-called deal"
    if (view.at(i) && view.at(i)?.last !== i) return false
    return !(before?.pos === 'DET' && after?.pos === 'NOUN')
  }
  if (before?.pos === 'DET' || before?.pos === 'ADJ') return false
  if (kind === 'think' || !(token.pos === 'NOUN' || token.pos === 'ADJ' || token.pos === 'PROPN')) return false
  if (token.pos === 'PROPN' && token.capital && i > 0 && !(before?.text === ',' && /ed$/.test(token.lower)))
    return false
  const atEnd =
    after === undefined ||
    (token.capital && after.pos === 'ADP') ||
    /^[.,:;?!]$/.test(after.text) ||
    after.quotation >= 0 ||
    after.lower === 'that'
  const nearQuote = tokens[i - 1]?.quotation !== undefined && hasQuoteNear(tokens, i)
  return atEnd && nearQuote && before !== undefined && before.quotation < 0 && /s$|ed$/.test(token.lower)
}

function hasQuoteNear(tokens: readonly Token[], i: number): boolean {
  for (let j = Math.max(0, i - 8); j < i + 4 && j < tokens.length; j++)
    if ((tokens[j]?.quotation ?? -1) >= 0) return true
  return false
}

function isPassive(tokens: readonly Token[], i: number): boolean {
  for (let j = i - 1; j >= 0 && j >= i - 4; j--) {
    const token = tokens[j]
    if (!token) return false
    if (/^(?:am|is|are|was|were|be|been|being|'s|'re|get|gets|got)$/.test(token.lower))
      return !(token.lower === "'s" && token.pos === 'PART')
    if (token.pos !== 'ADV' && token.pos !== 'PART' && token.pos !== 'AUX') {
      // a participle behind its noun: "a policy described by Okoro as …"
      return (
        j === i - 1 && (token.pos === 'NOUN' || token.pos === 'PROPN') && /^(?:by|as)$/.test(tokens[i + 1]?.lower ?? '')
      )
    }
  }
  return false
}

/** "quoted a witness as saying": the witness speaks. */
function objectBeforeAs(view: ChunkView, tokens: readonly Token[], verb: number): Subject | undefined {
  const object = view.startingAt(verb + 1)
  if (!object || object.kind === 'time') return undefined
  for (let j = object.last + 1; j < tokens.length && j < object.last + 14; j++) {
    if (tokens[j]?.lower === 'as' && /ing$/.test(tokens[j + 1]?.lower ?? ''))
      return { chunk: object, members: [object] }
    if ((tokens[j]?.quotation ?? -1) >= 0) return undefined
  }
  return undefined
}

/** The subject of "saying" in "quoted a witness as saying". */
function quotedSource(view: ChunkView, tokens: readonly Token[], i: number): Subject | undefined {
  if (
    tokens[i - 1]?.lower !== 'as' ||
    !/^(?:saying|telling|writing|claiming|adding|stating)$/.test(tokens[i]?.lower ?? '')
  )
    return undefined
  for (let j = i - 2; j >= 0 && j > i - 18; j--) {
    if (tokens[j]?.pos !== 'VERB') continue
    return isPassive(tokens, j) ? view.subjectBefore(j) : objectBeforeAs(view, tokens, j)
  }
  return undefined
}

/** "recalled Okoro telling her": Okoro speaks. */
function objectOfPerception(view: ChunkView, tokens: readonly Token[], i: number): Subject | undefined {
  const chunk = view.endingAt(i - 1)
  if (!chunk || (chunk.kind !== 'name' && chunk.kind !== 'pronoun')) return undefined
  const isPerceived =
    /^(?:recall|remember|hear|heard|see|saw|catch|caught|describ|film|record|show|quot)(?:e|s|es|ed|d|ing)?$/
  return isPerceived.test(tokens[chunk.first - 1]?.lower ?? '') ? { chunk, members: [chunk] } : undefined
}

function isRelative(tokens: readonly Token[], verb: number, subject: Subject): boolean {
  for (let j = verb - 1; j > subject.chunk.last && j >= verb - 5; j--) {
    if (/^(?:who|which|that)$/.test(tokens[j]?.lower ?? '')) return true
  }
  return false
}

function isProgressive(tokens: readonly Token[], i: number): boolean {
  for (let j = i - 1; j >= 0 && j >= i - 3; j--) {
    const token = tokens[j]
    if (token?.pos === 'AUX') return true
    if (token?.pos !== 'ADV' && token?.pos !== 'PART') return false
  }
  return false
}

/** "was called “…” by Okoro". */
function agentOf(view: ChunkView, tokens: readonly Token[], i: number): Subject | undefined {
  for (let j = i + 1; j < tokens.length && j < i + 12; j++) {
    const token = tokens[j]
    if (!token || /^[.;:]$/.test(token.text)) return undefined
    if (token.lower === 'by') {
      const chunk = view.startingAt(j + 1)
      if (chunk && chunk.kind !== 'time') return view.joint(chunk)
    }
  }
  return undefined
}

/** What may stand behind a name that explains a description: "the keeper, Paul Serrano; …". */
const APPOSITIVE_ENDS = /^[,.;:!?—–)]$/

/** "said Okoro", only behind a quotation or at the start of a sentence. */
function invertedSubject(view: ChunkView, tokens: readonly Token[], i: number): Subject | undefined {
  let before = i - 1
  while (
    before >= 0 &&
    (tokens[before]?.pos === 'ADV' || tokens[before]?.text === ',' || tokens[before]?.lower === 'so')
  )
    before--
  const edge = before < 0 || (tokens[before]?.quotation ?? -1) >= 0 || /^[—–―]$/.test(tokens[before]?.text ?? '')
  let next = i + 1
  while (tokens[next]?.pos === 'ADV') next++
  const chunk = view.startingAt(next)
  if (!edge) {
    // It was a mess, said Okoro.
    const after = tokens[skipBrackets(tokens, (chunk?.last ?? i) + 1)]
    const closes = after === undefined || after.text === '.' || after.text === ','
    if (
      tokens[i - 1]?.text !== ',' ||
      !/^(?:said|says|added|wrote|noted|explained|recalled)$/.test(tokens[i]?.lower ?? '') ||
      !closes
    )
      return undefined
  }
  if (!chunk || chunk.kind === 'time' || /^(?:it|them|him|her|us|me|that)$/.test(chunk.head)) return undefined
  return view.joint(chunk)
}

/**
 * The subject a participle or a second verb takes from the clause around it: of the nearest finite verb of saying before
 * it, else of the nearest finite verb, else, for "Calling it “…”, Okoro left", the noun behind the comma.
 */
function sharedSubject(
  view: ChunkView,
  tokens: readonly Token[],
  i: number,
  earlier: readonly CueUse[],
): Subject | undefined {
  // "put out a statement saying": who put it out
  const document = view.endingAt(i - 1)
  if (document && isDocumentNoun(document.head)) {
    for (let j = document.first - 1; j >= 0 && j > i - 12; j--) {
      const verb = tokens[j]
      if (!verb || verb.quotation >= 0 || verb.text === ',') break
      if (verb.pos !== 'VERB') continue
      const issuer = view.subjectBefore(j)
      if (issuer) return issuer
    }
  }
  const saying = earlier.findLast((cue) => !cue.gerund && !cue.passive && cue.subject && i - cue.first < REACH)
  if (saying?.subject) return saying.subject
  for (let j = i - 1; j >= Math.max(0, i - REACH); j--) {
    const token = tokens[j]
    if (!token || (token.pos !== 'VERB' && token.pos !== 'AUX') || /ing$/.test(token.lower)) continue
    const subject = view.subjectBefore(j)
    if (subject && !isRelative(tokens, j, subject)) return subject
  }
  for (let j = i + 1; j < tokens.length && j < i + REACH; j++) {
    if (tokens[j]?.text !== ',' && (tokens[j]?.quotation ?? -1) < 0) continue
    const chunk = view.startingAt(j + 1)
    if (chunk && chunk.kind !== 'time' && view.verbFollows(chunk)) return view.joint(chunk)
  }
  return undefined
}

/** Looks up the noun phrases of a frame by token. */
class ChunkView {
  private readonly tokens: readonly Token[]
  private readonly chunks: readonly Chunk[]
  private readonly possessors: ReadonlyMap<Chunk, readonly Chunk[]>
  private readonly byToken: readonly number[]

  constructor(tokens: readonly Token[], chunks: readonly Chunk[], possessors: ReadonlyMap<Chunk, readonly Chunk[]>) {
    this.possessors = possessors
    this.tokens = tokens
    this.chunks = chunks
    const byToken = new Array<number>(tokens.length).fill(-1)
    for (let index = 0; index < chunks.length; index++) {
      const chunk = chunks[index]
      for (let i = chunk?.first ?? 0; i <= (chunk?.last ?? -1); i++) byToken[i] = index
    }
    this.byToken = byToken
  }

  at(i: number): Chunk | undefined {
    return this.chunks[this.byToken[i] ?? -1]
  }

  startingAt(i: number): Chunk | undefined {
    const chunk = this.at(i)
    return chunk?.first === i ? chunk : undefined
  }

  endingAt(i: number): Chunk | undefined {
    const chunk = this.at(i)
    return chunk?.last === i ? chunk : undefined
  }

  possessorOf(chunk: Chunk): Chunk | undefined {
    return this.possessors.get(chunk)?.at(-1)
  }

  verbFollows(chunk: Chunk): boolean {
    const next = skipBrackets(this.tokens, chunk.last + 1)
    const pos = this.tokens[next]?.pos
    return pos === 'VERB' || pos === 'AUX' || pos === 'ADV' || this.tokens[next]?.text === ',' || pos === 'ADP'
  }

  /** A noun phrase with those that follow it by "and": said Okoro and Lindqvist. */
  joint(chunk: Chunk): Subject {
    const named = this.nameOfAppositive(chunk)
    if (named !== chunk && !this.listGoesOn(named)) return { chunk: named, members: [named] }
    const members = [chunk]
    let last = chunk
    for (;;) {
      let i = last.last + 1
      const comma = this.tokens[i]?.text === ','
      if (comma) i++
      const and = this.tokens[i]?.lower === 'and' || this.tokens[i]?.text === '&'
      if (and) i++
      if (!comma && !and) break
      const next = this.startingAt(i)
      if (!next || next.kind === 'time' || next.kind === 'pronoun') break
      if (comma && !and && !this.listGoesOn(next)) break
      const verb = this.tokens[next.last + 1]
      if (and && (verb?.pos === 'VERB' || verb?.pos === 'AUX') && !comma && members.length === 1) break
      members.push(next)
      last = next
      if (and) break
    }
    return { chunk, members }
  }

  private listGoesOn(chunk: Chunk): boolean {
    for (let i = chunk.last + 1, commas = 0; i < this.tokens.length && commas < 6; i++) {
      const token = this.tokens[i]
      if (!token) return false
      if (token.lower === 'and') return true
      if (token.text === ',') commas++
      else if (!this.at(i)) return false
    }
    return false
  }

  /** The subject of the verb at `verb` where it stands before it. */
  subjectBefore(verb: number): Subject | undefined {
    const chunk = this.subjectChunk(verb, 0)
    if (!chunk || chunk.kind === 'time') return undefined
    return this.withEarlierMembers(this.nameOfAppositive(chunk))
  }

  private subjectChunk(verb: number, depth: number): Chunk | undefined {
    if (depth > 3) return undefined
    const i = this.skipVerbGroup(verb - 1)
    const token = this.tokens[i]
    if (!token || token.quotation >= 0) return undefined
    if (token.lower === 'to' && token.pos !== 'ADP') {
      const controlled = this.endingAt(i - 1)
      if (controlled && CONTROL.test(this.tokens[controlled.first - 1]?.lower ?? '')) return controlled
      const governor = this.governor(i)
      return governor === undefined ? undefined : this.subjectChunk(governor, depth + 1)
    }
    if (/^(?:who|which|that)$/.test(token.lower)) {
      const relative = this.antecedent(i)
      if (relative) return relative
      if (token.lower !== 'that') return undefined
    }
    if (token.text === ',' || token.text === ')' || /^[—–―]|^--$/.test(token.text) || token.text === '-') {
      return this.overParenthesis(i)
    }
    const chunk = this.endingAt(i)
    return chunk ? this.overModifiers(chunk, verb) : undefined
  }

  /** Steps back over auxiliaries, adverbs, "not", and time words: Okoro has already said; the minister Tuesday said. */
  private skipVerbGroup(from: number): number {
    let i = from
    for (; i >= 0; i--) {
      const token = this.tokens[i]
      if (!token || token.quotation >= 0) return i
      if (
        token.pos === 'AUX' ||
        token.pos === 'ADV' ||
        /^(?:not|n't|n’t|also|both|each|all|once|himself|herself|itself|themselves)$/.test(token.lower)
      )
        continue
      const chunk = this.at(i)
      if (chunk?.kind === 'time') {
        i = chunk.first
        if (/^(?:on|in|late|early|last|this)$/.test(this.tokens[i - 1]?.lower ?? '')) i--
        continue
      }
      return i
    }
    return i
  }

  /** The verb that "to say" depends on: he went on to say. */
  private governor(to: number): number | undefined {
    for (let i = to - 1; i >= 0 && i >= to - 4; i--) {
      const token = this.tokens[i]
      if (!token || token.quotation >= 0) return undefined
      if (token.pos === 'VERB') return i
      if (token.pos === 'AUX') return i
      if (token.pos === 'PUNCT') return undefined
    }
    return undefined
  }

  private antecedent(pronoun: number): Chunk | undefined {
    let i = pronoun - 1
    if (this.tokens[i]?.text === ',') i--
    if (this.tokens[i]?.text === ')') i = this.openingBracket(i) - 1
    const chunk = this.endingAt(i)
    if (!chunk) return undefined
    // "a lecture from the minister, who said": who is a person
    if (this.tokens[pronoun]?.lower === 'who' && (chunk.kind === 'name' || isRole(chunk.head))) return chunk
    return this.overModifiers(chunk, pronoun)
  }

  private openingBracket(close: number): number {
    for (let i = close - 1; i >= 0 && i > close - 24; i--) if (this.tokens[i]?.text === '(') return i
    return close
  }

  /** From the comma, bracket or dash that ends an insertion to the noun before it. */
  private overParenthesis(close: number): Chunk | undefined {
    const text = this.tokens[close]?.text ?? ''
    if (text === ')') {
      const chunk = this.endingAt(this.openingBracket(close) - 1)
      return chunk ? this.overModifiers(chunk, close) : undefined
    }
    let fallback: Chunk | undefined
    for (let i = close - 1; i > 0 && i >= close - REACH; i--) {
      const token = this.tokens[i]
      if (!token || token.quotation >= 0 || /^[;:]$/.test(token.text)) break
      if (token.text !== text) {
        // a verb ends the run of nouns that may be a list inside an appositive
        if (fallback && (token.pos === 'VERB' || token.pos === 'AUX' || token.pos === 'SCONJ')) break
        continue
      }
      let before = i - 1
      if (this.tokens[before]?.text === ')') before = this.openingBracket(before) - 1
      const chunk = this.endingAt(before)
      // Okoro, 54, of Lund, said
      if (chunk && chunk.first === chunk.last && this.tokens[before]?.pos === 'NUM') continue
      // a list inside the insertion, or an insertion of time before it: go on to the left
      if (!chunk || chunk.kind === 'time') continue
      const next = this.tokens[i + 1]
      const clause =
        next &&
        (next.pos === 'VERB' ||
          next.pos === 'ADV' ||
          next.pos === 'ADP' ||
          next.pos === 'AUX' ||
          /^(?:who|which|whose|whom|where)$/.test(next.lower))
      if (clause || chunk.kind === 'pronoun') return this.overModifiers(chunk, close)
      if (chunk.kind === 'name' && next?.pos !== 'CCONJ') return this.overModifiers(chunk, close)
      // In court, the lawyer, Rob Hart, said: the name closes the insertion, so what it explains is the subject
      const name = chunk.kind === 'description' ? this.startingAt(i + 1) : undefined
      const isNamed = name?.kind === 'name' && skipBrackets(this.tokens, name.last + 1) === close
      if (isNamed && (isRole(chunk.head) || this.tokens[chunk.first - 1]?.pos !== 'ADP')) return chunk
      fallback = chunk
    }
    return fallback ? this.overModifiers(fallback, close) : undefined
  }

  /** From the noun next to the verb to the one it belongs to: a spokesman ← for the mayor ← of Lund. */
  private overModifiers(start: Chunk, verb: number): Chunk {
    let chunk = start
    for (let steps = 0; steps < 8; steps++) {
      const before = this.tokens[chunk.first - 1]
      if (!before || before.quotation >= 0) break
      if (
        before.pos === 'ADP' &&
        !/^(?:that|if|because|as|after|before|when|while|since|than|until|although|though|whether|like)$/.test(
          before.lower,
        )
      ) {
        // a source close to Okoro
        const isAdjective = this.tokens[chunk.first - 2]?.pos === 'ADJ' && !this.at(chunk.first - 2)
        const outer = this.endingAt(chunk.first - (isAdjective ? 3 : 2))
        // "Hands for Homes director Ada Okoro": the preposition belongs to the body's name
        if (
          outer &&
          chunk.kind === 'name' &&
          chunk.titles.length > 0 &&
          !isRole(outer.head) &&
          !isDocumentNoun(outer.head) &&
          !isBodyNoun(outer.head)
        )
          break
        if (outer?.kind === 'time') {
          const post = this.overParticiple(outer.first - 1, verb)
          if (!post) break
          chunk = post
          continue
        }
        if (!outer || outer.kind === 'pronoun') {
          const post = this.overParticiple(chunk.first - 2, verb)
          if (!post) break
          chunk = post
          continue
        }
        chunk = outer
        continue
      }
      if (before.lower === 'and' || before.text === ',') {
        const list = this.listStart(chunk)
        if (!list) break
        chunk = list
        continue
      }
      if (before.pos === 'VERB') {
        const post = this.overParticiple(chunk.first - 1, verb)
        if (!post) break
        chunk = post
        continue
      }
      break
    }
    return chunk
  }

  /** The first of several joined by commas and "and" behind a preposition: of Lund, Malmö and Ystad. */
  private listStart(chunk: Chunk): Chunk | undefined {
    let first = chunk
    for (let steps = 0; steps < 8; steps++) {
      let i = first.first - 1
      if (this.tokens[i]?.lower === 'and') i--
      else if (steps === 0) return undefined
      if (this.tokens[i]?.text === ',') {
        // "…, and Okoro said" begins a clause unless a longer list ends there
        if (steps === 0 && !this.endsList(i - 1)) return undefined
        i--
      }
      if (i === first.first - 1) break
      const before = this.endingAt(i)
      if (!before) return undefined
      first = before
    }
    return first !== chunk && /^(?:of|for|from|by|between)$/.test(this.tokens[first.first - 1]?.lower ?? '')
      ? first
      : undefined
  }

  private endsList(i: number): boolean {
    const chunk = this.endingAt(i)
    return (
      chunk !== undefined && this.tokens[chunk.first - 1]?.text === ',' && this.endingAt(chunk.first - 2) !== undefined
    )
  }

  /** A statement released by the ministry ← ; people who wrote to her ← . */
  private overParticiple(at: number, verb: number): Chunk | undefined {
    const token = this.tokens[at]
    if (token?.pos !== 'VERB' && token?.pos !== 'ADP') return undefined
    let i = at
    if (this.tokens[i]?.pos === 'ADP' && this.tokens[i - 1]?.pos === 'VERB') i--
    if (this.tokens[i]?.pos !== 'VERB') return undefined
    const before = this.skipVerbGroup(i - 1)
    if (/^(?:who|which|that)$/.test(this.tokens[before]?.lower ?? '')) return this.antecedent(before)
    const noun = this.endingAt(i - 1)
    if (!noun || noun.kind !== 'description') return undefined
    const participle = this.tokens[i]?.lower ?? ''
    if (/ing$/.test(participle)) return noun
    if (!/(?:ed|en|wn|id|ut|ld|de|nt)$/.test(participle)) return undefined
    for (let j = i + 1; j < verb && j < i + 6; j++) {
      const word = this.tokens[j]?.lower ?? ''
      if (/^(?:by|from|on|in|to|at|for|with|as)$/.test(word))
        return isDocumentNoun(noun.head) || word === 'by' || word === 'with' || word === 'to' || word === 'for'
          ? noun
          : undefined
      if (this.at(j)?.kind !== 'time') break
    }
    return undefined
  }

  /** The chief executive, Ada Okoro, said; said the keeper, Paul Serrano: the name is the better subject. */
  private nameOfAppositive(chunk: Chunk): Chunk {
    if (chunk.kind !== 'description') return chunk
    const comma = this.tokens[chunk.last + 1]
    const next = comma?.text === ',' ? this.startingAt(chunk.last + 2) : undefined
    if (next?.kind === 'name') {
      const close = this.tokens[skipBrackets(this.tokens, next.last + 1)]
      if (close === undefined || APPOSITIVE_ENDS.test(close.text)) return next
    }
    return chunk
  }

  private withEarlierMembers(chunk: Chunk): Subject {
    const members = [chunk]
    for (let steps = 0; steps < 12; steps++) {
      const first = members[0]
      if (!first) break
      let i = first.first - 1
      const and = this.tokens[i]?.lower === 'and' || this.tokens[i]?.text === '&'
      if (and) i--
      const comma = this.tokens[i]?.text === ','
      if (comma) i--
      if (steps === 0 ? !and : !(comma || and)) break
      const before = this.endingAt(i)
      if (!before || before.kind === 'time' || before.kind === 'pronoun') break
      members.unshift(this.overOf(before))
    }
    if (members.length > 1 && this.isObject(members[0])) return { chunk, members: [chunk] }
    return { chunk, members }
  }

  private overOf(chunk: Chunk): Chunk {
    if (this.tokens[chunk.first - 1]?.lower !== 'of') return chunk
    return this.endingAt(chunk.first - 2) ?? chunk
  }

  /** Behind a verb or a preposition: not the first of several subjects. */
  private isObject(chunk: Chunk | undefined): boolean {
    const before = chunk ? this.tokens[chunk.first - 1] : undefined
    return (
      before !== undefined &&
      (before.pos === 'VERB' || (before.pos === 'ADP' && before.lower !== 'that') || before.pos === 'PART')
    )
  }
}
