import type { Chunk } from './chunks.ts'
import type { CueUse } from './clauses.ts'
import type { Referent } from './coreference.ts'
import type { Frame, Token } from './frames.ts'
import { isBodyNoun, isBodyWord, isDocumentNoun, isRole } from './lexicon.ts'
import type { Span } from './quote.ts'

/** A clause in the journalist's words for what somebody said. */
export type ReportedClause = Span & { readonly cue: CueUse; readonly frame: number; readonly referent: Referent }

/** Verbs that name a hearer before the clause: told reporters that. */
const HEARER = /^(?:tell|inform|remind|assure|warn|advise|promise|ask|answer|urge|caution)$/
/** Verbs whose infinitive says what was said: vowed to rebuild. */
const COMMISSIVE = /^(?:promise|pledge|vow|threaten|swear|propose|agree|offer)$/
const CLAUSE_WORDS = /^(?:that|whether|if|how|why|what)$/
/** Words between the verb and its clause: said in a statement on Monday that. */
const LONGEST_GAP = 14
/** A clause with fewer words of the journalist's own beside quotations is no reported speech. */
const FEWEST_WORDS = 3

/**
 * Reported speech in the order of the text: what a verb of saying, or "according to", reports without quotation marks.
 * A clause may hold quoted fragments, and clauses of inner speech; spans overlap only so.
 */
export function findReported(
  frames: readonly Frame[],
  chunks: readonly (readonly Chunk[])[],
  cues: readonly (readonly CueUse[])[],
  referents: ReadonlyMap<CueUse, Referent>,
): ReportedClause[] {
  const found: ReportedClause[] = []
  for (const [index, frame] of frames.entries()) {
    if (frame.titleCase) continue
    const inFrame = cues[index] ?? []
    if (inFrame.length === 0) continue
    const reader = new ClauseReader(frame, chunks[index] ?? [], inFrame)
    const clauses: ReportedClause[] = []
    for (const cue of inFrame) {
      const referent = referents.get(cue)
      if (!referent || !isSource(referent, cue)) continue
      for (const span of reader.clausesOf(cue)) clauses.push({ ...span, cue, frame: index, referent })
    }
    for (const clause of withoutCrossings(clauses)) found.push(clause)
  }
  return found
}

/** Not the writer, the reader or nobody; a noun that speaks, unless the verb is "say" itself. */
function isSource(referent: Referent, cue: CueUse): boolean {
  if (referent.name !== null) return true
  if (/^(?:I|we|you|it|who|which|that|this|these|those|me|us|many|some|all|both)$/i.test(referent.mention.text))
    return false
  const head = cue.subject?.chunk.head ?? ''
  return (
    cue.lemma === 'say' ||
    cue.kind === 'according' ||
    isRole(head) ||
    isBodyNoun(head) ||
    isBodyWord(head) ||
    isDocumentNoun(head) ||
    referent.how === 'pronoun'
  )
}

/** Drops the later of two spans that cross or agree. */
function withoutCrossings(clauses: readonly ReportedClause[]): ReportedClause[] {
  const kept: ReportedClause[] = []
  for (const clause of [...clauses].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const clashes = kept.some(
      (other) =>
        (clause.start < other.end && clause.end > other.end) ||
        (clause.start === other.start && clause.end === other.end),
    )
    if (!clashes) kept.push(clause)
  }
  return kept
}

/** Punctuation that a clause does not begin or end with. */
function isLoose(token: Token | undefined): boolean {
  return token !== undefined && token.quotation < 0 && /^[\s.,;:!?—–―-]+$/.test(token.text)
}

class ClauseReader {
  private readonly tokens: readonly Token[]
  private readonly cues: readonly CueUse[]
  private readonly byToken: readonly (Chunk | undefined)[]

  constructor(frame: Frame, chunks: readonly Chunk[], cues: readonly CueUse[]) {
    this.tokens = frame.tokens
    this.cues = cues
    const byToken = new Array<Chunk | undefined>(frame.tokens.length).fill(undefined)
    for (const chunk of chunks) byToken.fill(chunk, chunk.first, chunk.last + 1)
    this.byToken = byToken
  }

  clausesOf(cue: CueUse): Span[] {
    if (!cue.subject || cue.passive) return []
    if (cue.kind === 'according') return this.around(cue, cue.first, this.lastOf(cue))
    if (cue.kind !== 'say' || cue.lemma === ':' || this.isUnreal(cue)) return []
    const start = this.complement(cue)
    if (start !== undefined) return this.span(start, this.clauseEnd(start, cue))
    const first = cue.side === 'before' ? cue.subject.members[0]?.first : cue.first
    return first === undefined || cue.gerund ? [] : this.around(cue, first, Math.max(cue.last, this.lastOf(cue)))
  }

  private lastOf(cue: CueUse): number {
    return cue.side === 'before' ? cue.last : Math.max(cue.last, cue.subject?.members.at(-1)?.last ?? cue.last)
  }

  /** "did not say", "declined to say", "would say": nothing was said. */
  private isUnreal(cue: CueUse): boolean {
    for (let i = cue.first - 1; i >= 0 && i >= cue.first - 3; i--) {
      const word = this.tokens[i]?.lower ?? ''
      if (/^(?:not|n't|never|nor|would|could|might|should|may|can|will|must|cannot|if)$/.test(word)) return true
      if (word === 'to') return !/^(?:on|continued|went|goes)$/.test(this.tokens[i - 1]?.lower ?? '')
      if (this.tokens[i]?.pos === 'PUNCT') return false
    }
    return false
  }

  /** The token at which the clause behind the verb begins. */
  private complement(cue: CueUse): number | undefined {
    let i = cue.side === 'after' ? this.lastOf(cue) + 1 : cue.last + 1
    if (HEARER.test(cue.lemma)) {
      const hearer = this.byToken[i]
      if (hearer?.first === i && !/^(?:VERB|AUX)$/.test(this.tokens[hearer.last + 1]?.pos ?? '')) {
        i = hearer.last + 1
        if (this.tokens[i]?.lower === 'and' && this.byToken[i + 1]?.first === i + 1)
          i = (this.byToken[i + 1]?.last ?? i) + 1
      }
    }
    if (this.tokens[i]?.lower === 'to' && this.tokens[i + 1]?.pos === 'VERB' && COMMISSIVE.test(cue.lemma)) return i
    const limit = Math.min(this.tokens.length, i + LONGEST_GAP)
    for (let j = i; j < limit; j++) {
      const token = this.tokens[j]
      if (!token || token.quotation >= 0) return this.startsClause(j) ? j : undefined
      if (
        CLAUSE_WORDS.test(token.lower) &&
        token.pos !== 'PRON' &&
        !(token.lower === 'that' && this.byToken[j] && j === i && this.isNounPhrase(j))
      ) {
        return token.lower === 'that' ? j + 1 : j
      }
      if (token.pos === 'ADV') continue
      const chunk = this.byToken[j]
      if (chunk?.first === j) {
        if (chunk.kind !== 'time' && this.tokens[j - 1]?.pos !== 'ADP' && this.startsClause(j)) return j
        if (chunk.kind !== 'time' && this.tokens[j - 1]?.pos !== 'ADP') return undefined
        j = chunk.last
        continue
      }
      if (this.startsClause(j)) return j
      if (token.pos === 'ADP' && token.lower !== 'as') continue
      return undefined
    }
    return undefined
  }

  /** "that plan", where that points at the noun. */
  private isNounPhrase(i: number): boolean {
    const chunk = this.byToken[i]
    return chunk?.first === i && !this.verbAfter(chunk)
  }

  private verbAfter(chunk: Chunk): boolean {
    for (let i = chunk.last + 1; i < this.tokens.length && i < chunk.last + 12; i++) {
      const token = this.tokens[i]
      // said Okoro “has failed everyone”: the predicate is quoted
      if (!token || token.quotation >= 0)
        return token !== undefined && i === chunk.last + 1 && token.end - token.start > 14
      if (token.pos === 'VERB' || token.pos === 'AUX') return !/ing$/.test(token.lower)
      if (token.pos === 'PUNCT' || token.pos === 'SCONJ' || token.lower === 'that' || token.lower === 'to') return false
    }
    return false
  }

  /** A subject with its verb begins at `i`. */
  private startsClause(i: number): boolean {
    const token = this.tokens[i]
    if (!token) return false
    if (token.quotation >= 0) {
      const next = this.tokens[i + 1]
      return next?.pos === 'VERB' || next?.pos === 'AUX'
    }
    if (token.lower === 'there' && this.tokens[i + 1]?.pos !== 'PUNCT') return true
    const chunk = this.byToken[i]
    return chunk?.first === i && chunk.kind !== 'time' && this.verbAfter(chunk)
  }

  /**
   * One past the last token of the clause that begins at `start`: where the next speaker or a participle of saying begins,
   * or the main clause behind "After Okoro said …,".
   */
  private clauseEnd(start: number, own: CueUse): number {
    let end = this.tokens.length
    for (let i = start + 1; i < end; i++) if (this.tokens[i]?.text === ';') end = i
    for (const cue of this.cues) {
      if (cue === own || cue.first <= start || cue.first >= end || !cue.subject || cue.kind === 'think') continue
      const at = this.breakBefore(cue, start)
      if (at !== undefined) return at
    }
    if (this.isSubordinate(own)) {
      for (let i = start + 1; i < end; i++) if (this.tokens[i]?.text === ',' && this.startsClause(i + 1)) return i
    }
    return end
  }

  /** Where the clause of a later cue begins, if it is not part of the one that began at `start`. */
  private breakBefore(cue: CueUse, start: number): number | undefined {
    let i = cue.side === 'before' ? Math.min(cue.first, cue.subject?.members[0]?.first ?? cue.first) : cue.first
    while (i > start && (this.tokens[i - 1]?.pos === 'AUX' || this.tokens[i - 1]?.pos === 'ADV')) i--
    if (i <= start) return undefined
    const before = this.tokens[i - 1]
    const comma = this.tokens[i - 2]?.text === ',' || (this.tokens[i - 2]?.quotation ?? -1) >= 0
    if (before?.text === ',') return cue.kind === 'judge' && !cue.gerund ? undefined : i - 1
    if (before?.pos === 'CCONJ') return comma || cue.side === 'shared' ? i - 1 : undefined
    return before?.pos === 'SCONJ' && comma ? i - 1 : undefined
  }

  /** The cue's own clause hangs on another: after Okoro said, as officials note. */
  private isSubordinate(cue: CueUse): boolean {
    const before = this.tokens[(cue.subject?.members[0]?.first ?? cue.first) - 1]
    return (
      before !== undefined &&
      /^(?:after|when|while|as|since|because|although|though|before|once|if)$/.test(before.lower)
    )
  }

  /** What stands around an inserted cue: The road, Okoro said, will open · The road will open, Okoro said. */
  private around(cue: CueUse, first: number, last: number): Span[] {
    const before = this.tokens[first - 1]
    const after = this.tokens[last + 1]
    const isAccording = cue.kind === 'according'
    if (first > 0 && before?.text !== ',' && !/^[—–―]$/.test(before?.text ?? '') && !isAccording) return []
    const closes =
      after === undefined || after.pos === 'PUNCT' || after.pos === 'ADP' || this.byToken[last + 1]?.kind === 'time'
    if (!closes && !isAccording) return []
    const comma = this.commaAfter(last)
    if (first === 0)
      return isAccording && comma !== undefined ? this.span(comma + 1, this.clauseEnd(comma + 1, cue)) : []
    let from = 0
    while (this.tokens[from]?.pos === 'CCONJ' || this.tokens[from]?.text === ',') from++
    // "Asked about it, Okoro said" · "Quoting her father, Okoro said"
    if (this.tokens[from]?.pos === 'VERB' && !isAccording) return []
    const lead = this.span(from, first)
    if (this.hasVerb(lead)) return lead
    // The road, Okoro said, will open: two spans of one utterance
    const rest = this.tokens[last + 1]?.text === ',' ? this.span(last + 2, this.clauseEnd(last + 2, cue), 2) : []
    if (this.hasVerb(rest)) return [...this.span(from, first, 1), ...rest]
    return isAccording ? lead : []
  }

  private commaAfter(last: number): number | undefined {
    for (let i = last + 1; i < this.tokens.length && i < last + 30; i++) {
      const token = this.tokens[i]
      if (!token || token.quotation >= 0) return undefined
      if (token.text === ',') return i
    }
    return undefined
  }

  private hasVerb(spans: readonly Span[]): boolean {
    return this.tokens.some(
      (token) =>
        (token.pos === 'VERB' || token.pos === 'AUX') &&
        spans.some((span) => token.start >= span.start && token.end <= span.end),
    )
  }

  /** The span of tokens `from` up to `to`, without punctuation at its ends; empty where it is mostly quotation. */
  private span(from: number, to: number, fewest = FEWEST_WORDS): Span[] {
    let first = from
    let end = to
    while (first < end && isLoose(this.tokens[first])) first++
    while (end > first && isLoose(this.tokens[end - 1])) end--
    let words = 0
    for (let i = first; i < end; i++) {
      const token = this.tokens[i]
      if (token && token.pos !== 'PUNCT') words++
    }
    const start = this.tokens[first]
    const last = this.tokens[end - 1]
    const onlyQuoted = words <= 1 && (start?.quotation ?? -1) >= 0
    return words >= fewest && !onlyQuoted && start && last ? [{ start: start.start, end: last.end }] : []
  }
}
