import type { CueUse } from './clauses.ts'
import type { Referent, Resolver } from './coreference.ts'
import type { Frame } from './frames.ts'
import type { Attribution } from './quote.ts'
import type { Quotation } from './spans.ts'

/** How one quotation is attributed. */
export type Attributed = {
  readonly quotation: number
  readonly referent: Referent | undefined
  /** The cue and the frame it stands in. */
  readonly cue: { readonly use: CueUse; readonly frame: number } | undefined
  readonly attribution: Attribution
  readonly utterance: number
  readonly evidence: Evidence
}

/** Where the cue stands to the quotation; decides how sure an attribution is. */
export type Evidence =
  'beside' | 'before' | 'around' | 'colon' | 'same paragraph' | 'next sentence' | 'previous paragraph' | 'none'

type Place = { readonly frame: number; readonly token: number }
type Found = { readonly cue: CueUse; readonly evidence: Evidence; readonly frame: number }
type Draft = {
  referent: Referent | undefined
  cue: Attributed['cue']
  attribution: Attribution
  evidence: Evidence
  utterance: number
}

/** The attributed quotations in order, and whom each verb of saying has for its subject. */
export type Attributions = {
  readonly attributed: readonly Attributed[]
  readonly referents: ReadonlyMap<CueUse, Referent>
}

/** What attribution reads; all arrays are by frame. */
export type Scene = {
  readonly text: string
  readonly frames: readonly Frame[]
  readonly cues: readonly (readonly CueUse[])[]
  readonly quotations: readonly Quotation[]
  readonly resolver: Resolver
}

/** A quotation without a cue looks back over so many sentences for its speaker. */
const FRAMES_BACK = 30

/**
 * Finds who said each quotation. Quotations that are names, titles or scare quotes (words in marks that no cue makes
 * speech) are left out; whole sentences in marks stay, with no speaker where the text does not tell.
 */
export function attribute(scene: Scene): Attributions {
  const { frames, quotations } = scene
  const places = placesOf(frames, quotations.length)
  const drafts = new Map<number, Draft>()
  const referents = new Map<CueUse, Referent>()
  let utterance = 0
  let q = 0
  // Quotations stand in the order of their frames; one that no frame has is passed over.
  let placed = 0
  for (let block = 0, from = 0; from < frames.length; block++) {
    let to = from
    while (to < frames.length && frames[to]?.block === frames[from]?.block) to++
    const inBlock: number[] = []
    for (let f = from; f < to; f++) {
      scene.resolver.enter(f, scene.cues[f] ?? [])
      for (const cue of scene.cues[f] ?? []) {
        if (!cue.subject) continue
        const referent = scene.resolver.subject(cue.subject)
        referents.set(cue, referent)
        if (!cue.passive && (cue.kind === 'say' || cue.kind === 'judge' || cue.kind === 'according'))
          scene.resolver.spoke(referent, f, false)
      }
      for (; placed < places.length && (places[placed]?.frame ?? -1) <= f; placed++)
        if (places[placed]) inBlock.push(placed)
    }
    for (const index of inBlock) {
      const place = places[index]
      if (!place) continue
      const found = ownCue(scene, place, index)
      if (!found) continue
      const referent = referents.get(found.cue)
      drafts.set(index, {
        referent,
        cue: { use: found.cue, frame: found.frame },
        attribution: attributionOf(referent, found.cue),
        evidence: found.evidence,
        utterance: -1,
      })
    }
    const context: Context = { scene, places, drafts, referents, inBlock, from, to }
    for (const index of inBlock) {
      const draft = drafts.get(index)
      if (draft) {
        draft.utterance = joinsPrevious(context, index)
          ? (drafts.get(index - 1)?.utterance ?? ++utterance)
          : ++utterance
        continue
      }
      const carried = carryOn(context, index)
      if (!carried) continue
      if (carried.utterance < 0) carried.utterance = ++utterance
      drafts.set(index, carried)
    }
    for (const index of inBlock) {
      const draft = drafts.get(index)
      if (draft?.referent) scene.resolver.spoke(draft.referent, places[index]?.frame ?? from, true)
    }
    from = to
    q += inBlock.length
  }
  const attributed: Attributed[] = []
  for (let index = 0; index < q; index++) {
    const draft = drafts.get(index)
    if (draft) attributed.push({ quotation: index, ...draft })
  }
  return { attributed, referents }
}

type Context = {
  readonly scene: Scene
  readonly places: readonly (Place | undefined)[]
  readonly drafts: ReadonlyMap<number, Draft>
  readonly referents: ReadonlyMap<CueUse, Referent>
  readonly inBlock: readonly number[]
  readonly from: number
  readonly to: number
}

function placesOf(frames: readonly Frame[], count: number): (Place | undefined)[] {
  const places = new Array<Place | undefined>(count).fill(undefined)
  for (const [frame, { tokens }] of frames.entries()) {
    for (const [token, { quotation }] of tokens.entries()) if (quotation >= 0) places[quotation] = { frame, token }
  }
  return places
}

/** How a referent was found, as a quote says it. */
export function attributionOf(referent: Referent | undefined, cue: CueUse): Attribution {
  if (!referent) return 'none'
  if (referent.how === 'pronoun') return 'pronoun'
  if (referent.how === 'description') return 'description'
  if (referent.how === 'document') return 'document'
  return cue.kind === 'according' ? 'according-to' : 'cue'
}

/** The cue in the quotation's own sentence. */
function ownCue(scene: Scene, place: Place, index: number): Found | undefined {
  const frame = scene.frames[place.frame]
  const quotation = scene.quotations[index]
  if (!frame || !quotation) return undefined
  const cues = scene.cues[place.frame] ?? []
  const { token: k } = place
  if (isNaming(scene, frame, k, quotation)) return undefined
  const beside = cueBeside(scene, frame, cues, k, quotation)
  const before = cueBefore(frame, cues, k)
  const announced = before && announces(frame, before, k)
  const single = quotation.marks === 'single'
  if (announced && !(before.lemma === ':' && beside) && !(single && before.kind === 'think'))
    return { cue: before, evidence: 'colon', frame: place.frame }
  // Okoro said it was “…,” according to the Gazette: she said it
  const retold = beside?.kind === 'according' && before?.kind === 'say' && !before.relative
  if (retold) return { cue: before, evidence: 'before', frame: place.frame }
  if (beside) return { cue: beside, evidence: 'beside', frame: place.frame }
  if (single && (before?.kind === 'think' || !/\s/.test(scene.text.slice(quotation.start, quotation.end))))
    return undefined
  if (before && before.kind !== 'think' && before.kind !== 'show')
    return { cue: before, evidence: 'before', frame: place.frame }
  const around = cueAround(frame, cues, k)
  if (around) return { cue: around, evidence: 'around', frame: place.frame }
  return before ? { cue: before, evidence: 'before', frame: place.frame } : undefined
}

/** “…,” Okoro said · “…,” said Okoro · “…,” according to Okoro */
function cueBeside(
  scene: Scene,
  frame: Frame,
  cues: readonly CueUse[],
  k: number,
  quotation: Quotation,
): CueUse | undefined {
  const { tokens } = frame
  let next = k + 1
  let separated = /[,.?!…—–-]['’”"]*$/.test(
    scene.text.slice(Math.max(quotation.start, quotation.end - 4), quotation.end),
  )
  while (/^(?:,|—|–|―|--|-|\.)$/.test(tokens[next]?.text ?? '')) {
    next++
    separated = true
  }
  for (const cue of cues) {
    if (cue.first <= k || !cue.subject || cue.passive || cue.gerund) continue
    const begins = beginning(cue)
    let from = next
    while (from < begins && (tokens[from]?.pos === 'ADV' || tokens[from]?.lower === 'as')) from++
    const titled =
      (cue.lemma === 'quote' && cue.side === 'after') ||
      (cue.side === 'before' && cue.subject.chunk.kind === 'name' && cue.subject.chunk.titles.length > 0)
    while (
      titled &&
      from < begins &&
      from < next + 8 &&
      /^(?:NOUN|PROPN|ADP|NUM|DET|ADJ)$/.test(tokens[from]?.pos ?? '')
    )
      from++
    if (begins > from) {
      if (begins > k + 40) break
      continue
    }
    if (begins < next) continue
    if (cue.side === 'before' && !separated) continue
    if (crossesQuotation(frame, k + 1, cue.last)) return undefined
    return cue
  }
  return undefined
}

function beginning(cue: CueUse): number {
  return cue.side === 'before' ? Math.min(cue.first, cue.subject?.members[0]?.first ?? cue.first) : cue.first
}

function crossesQuotation(frame: Frame, from: number, to: number): boolean {
  for (let i = from; i <= to; i++) if ((frame.tokens[i]?.quotation ?? -1) >= 0) return true
  return false
}

/** The cue that governs the words in marks: the nearest one before them; a thought reported by somebody is theirs. */
function cueBefore(frame: Frame, cues: readonly CueUse[], k: number): CueUse | undefined {
  let best: CueUse | undefined
  for (let i = cues.length - 1; i >= 0; i--) {
    const cue = cues[i]
    if (!cue || cue.last >= k || !cue.subject || cue.passive) continue
    // "Okoro, who leads the yard, said" · "he said people who complained had “…”"
    if (cue.relative && (hasComma(frame, cue.last + 1, k - 1) || (k - cue.last > 6 && hasMainCue(cues, i)))) continue
    if (cue.kind === 'judge' && k - cue.last > 12 && hasMainCue(cues, i)) continue
    if (cue.kind === 'speak' && !announces(frame, cue, k)) continue
    if (!best) {
      best = cue
      if (cue.kind !== 'think' && cue.kind !== 'show') break
      continue
    }
    if (cue.kind === 'say' || cue.kind === 'according') return cue
    if (cue.kind === 'judge') break
  }
  return best
}

/** A verb of saying in the main clause stands before cue number `i`. */
function hasMainCue(cues: readonly CueUse[], i: number): boolean {
  return cues.slice(0, i).some((cue) => cue.kind === 'say' && cue.subject && !cue.relative && !cue.passive)
}

function hasComma(frame: Frame, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (frame.tokens[i]?.text === ',') return true
  return false
}

/** Only a comma, a colon, "that" or a short object stands between the cue and the quotation. */
function announces(frame: Frame, cue: CueUse, k: number): boolean {
  const mark = frame.tokens[k - 1]
  if (!mark) return false
  if (mark.text === ':') return true
  if (mark.text !== ',' && mark.lower !== 'that') return cue.last === k - 1
  return k - cue.last <= 7 && !crossesQuotation(frame, cue.last, k - 1)
}

/** The plan, Okoro said, is “…” · The plan is “…” for everyone, she said. */
function cueAround(frame: Frame, cues: readonly CueUse[], k: number): CueUse | undefined {
  for (const cue of cues) {
    if (!cue.subject || cue.passive || cue.first <= k) continue
    if (cue.kind === 'according') return cue
    if (cue.kind !== 'say') continue
    const before = frame.tokens[beginning(cue) - 1]
    if (before?.text === ',' || cue.side === 'after') return cue
  }
  return undefined
}

const NAMERS =
  /^(?:called|dubbed|named|titled|entitled|nicknamed|labeled|labelled|termed|so-called|codenamed|subtitled|hashtag)$/
const WORD_NOUNS =
  /^(?:term|word|words|phrase|name|label|nickname|acronym|title|slogan|expression|hashtag|series|film|movie|book|song|album|show|novel|program|programme|documentary|play|magazine|episode|concept)$/

/** The marks give a name, a title or a word as such: known as “…”, the film “…”, so-called “…”. */
function isNaming(scene: Scene, frame: Frame, k: number, quotation: Quotation): boolean {
  const { tokens } = frame
  const words = scene.text.slice(quotation.start, quotation.end)
  const before = tokens[k - 1]
  const earlier = tokens[k - 2]
  const title = isTitleLike(words)
  if (before) {
    if (before.lower === 'for' && /^(?:stands|stand|stood|short)$/.test(earlier?.lower ?? '')) return true
    if (before.lower === 'as' && /^(?:known|billed|titled|registered)$/.test(earlier?.lower ?? '')) return true
    if (before.lower === 'so-called' || before.lower === 'self-described' || before.lower === 'self-identified')
      return true
    if (
      NAMERS.test(before.lower) &&
      before.lower !== 'called' &&
      /^(?:is|are|was|were|be|been|a|,)$/.test(earlier?.lower ?? '')
    )
      return true
    if (before.lower === 'called' && /^(?:is|are|was|were|be|been|a|,|also|now|then)$/.test(earlier?.lower ?? ''))
      return true
    if (title && before.lower === 'called' && earlier?.pos === 'NOUN') return true
    if (
      WORD_NOUNS.test(before.lower) &&
      (title || /^(?:term|word|phrase|name|label|nickname|acronym|title|hashtag)$/.test(before.lower))
    )
      return true
  }
  if (!title) return false
  if (!before) return false
  // A name in marks behind a preposition, an article or a possessive, or before a noun.
  return (
    /^(?:on|in|for|of|at|from|the|a|'s|'|and|its|with|to|as)$/.test(before.lower) ||
    before.text === ',' ||
    before.pos === 'NOUN' ||
    before.pos === 'PROPN'
  )
}

const SMALL = /^(?:a|an|the|of|in|on|at|to|for|and|or|with|by|from|vs|de|la)$/i

/** Every word begins with a capital but the small ones, and no clause ends inside: This Week, The Long Road Home. */
function isTitleLike(words: string): boolean {
  const bare = words.replace(/[.,;:]$/, '')
  if (/[.;?!…]\s/.test(bare)) return false
  const parts = bare.split(/\s+/)
  if (parts.length > 9) return false
  return (
    parts.every((word, i) => /^[\p{Lu}\p{N}#@$&]/u.test(word) || (i > 0 && SMALL.test(word))) &&
    !/^(?:I|We|You|He|She|They|It)(?:['’]\w+)?$/.test(parts[0] ?? '')
  )
}

/** Whether a quotation holds a sentence of its own rather than words inside the journalist's. */
function isWhole(scene: Scene, index: number, place: Place): boolean {
  const quotation = scene.quotations[index]
  const frame = scene.frames[place.frame]
  if (!quotation || !frame) return false
  const words = scene.text.slice(quotation.start, quotation.end)
  const before = frame.tokens[place.token - 1]
  const starts = before === undefined || before.quotation >= 0 || /^[:.!?—–―([]$/.test(before.text)
  const ends = /[.!?…,—–-]['’”")\]]*$/.test(words) || frame.tokens[place.token + 1] === undefined
  return starts && ends && words.split(/\s+/).length >= 2 && /^[\p{Lu}\p{N}[‘'(…“"$]/u.test(words)
}

function joinsPrevious(context: Context, index: number): boolean {
  const { places, drafts, scene } = context
  if (scene.quotations[index]?.continuesPrevious) return drafts.has(index - 1)
  const here = drafts.get(index)
  const previous = drafts.get(index - 1)
  const a = places[index - 1]
  const b = places[index]
  if (!here || !previous || !a || !b) return false
  return (
    here.cue !== undefined &&
    previous.cue?.use === here.cue.use &&
    previous.evidence === 'beside' &&
    here.evidence !== 'beside'
  )
}

/** A quotation without a cue of its own: the last speaker goes on, or a neighbouring sentence tells. */
function carryOn(context: Context, index: number): Draft | undefined {
  const { scene, places, drafts, inBlock, from, to, referents } = context
  const place = places[index]
  const quotation = scene.quotations[index]
  if (!place || !quotation) return undefined
  const previous = drafts.get(index - 1)
  if (quotation.continuesPrevious && previous)
    return follow(previous, 'continued', 'previous paragraph', previous.utterance)
  const sameBlock = index - 1 >= (inBlock[0] ?? index) && previous !== undefined
  const single = quotation.marks === 'single' && !(sameBlock && scene.quotations[index - 1]?.marks === 'single')
  if (!isWhole(scene, index, place) || single) return undefined
  if (sameBlock && previous.referent) {
    const between = place.frame - (places[index - 1]?.frame ?? place.frame)
    const interrupted = between <= 1 && previous.evidence === 'beside'
    const newVoice = between > 1 ? lastReferent(context, (places[index - 1]?.frame ?? 0) + 1, place.frame) : undefined
    if (newVoice) return voiceDraft(newVoice, 'same paragraph')
    return follow(
      previous,
      interrupted ? 'interrupted' : 'continued',
      'same paragraph',
      interrupted || between === 0 ? previous.utterance : -1,
    )
  }
  const after = cueInNextSentence(scene, place, to)
  if (after) {
    const referent = referents.get(after.cue)
    return {
      referent,
      cue: { use: after.cue, frame: after.frame },
      attribution: attributionOf(referent, after.cue),
      evidence: 'next sentence',
      utterance: -1,
    }
  }
  const voice = place.frame > from ? lastReferent(context, from, place.frame) : undefined
  if (voice) return voiceDraft(voice, 'same paragraph')
  // Okoro was blunt. “We will rebuild.” · “Too late.” Lindqvist shook his head. “Nobody asked us.”
  const actor = place.frame > from ? leadingPerson(scene, place.frame - 1) : undefined
  if (actor) return voiceDraft({ referent: actor, cue: undefined, frame: place.frame - 1 }, 'same paragraph')
  const next =
    place.frame + 1 < to && index + 1 <= (inBlock.at(-1) ?? index) ? leadingPerson(scene, place.frame + 1) : undefined
  if (next) return voiceDraft({ referent: next, cue: undefined, frame: place.frame + 1 }, 'next sentence')
  for (let later = index + 1; later <= (inBlock.at(-1) ?? index) && later < index + 8; later++) {
    const draft = drafts.get(later)
    const laterPlace = places[later]
    if (draft?.evidence === 'beside' && laterPlace && laterPlace.frame - place.frame <= 2)
      return follow(draft, 'continued', 'next sentence', -1)
  }
  return fromPreviousBlock(context, index, place)
}

/** The person who is the subject of a short sentence without quotations: Okoro smiled. */
function leadingPerson(scene: Scene, index: number): Referent | undefined {
  const frame = scene.frames[index]
  if (!frame || frame.titleCase || frame.tokens.length > 14 || frame.tokens.some(({ quotation }) => quotation >= 0))
    return undefined
  return scene.resolver.leadingPerson(index)
}

function follow(draft: Draft, attribution: Attribution, evidence: Evidence, utterance: number): Draft {
  const referent = draft.referent
  return {
    referent,
    cue: attribution === 'interrupted' ? draft.cue : undefined,
    attribution: referent ? attribution : 'none',
    evidence,
    utterance,
  }
}

type Voice = { readonly referent: Referent; readonly cue: CueUse | undefined; readonly frame: number }

function voiceDraft(voice: Voice, evidence: Evidence): Draft {
  return { referent: voice.referent, cue: undefined, attribution: 'continued', evidence, utterance: -1 }
}

/** The last one said to speak in the frames of a stretch. */
function lastReferent(context: Context, from: number, to: number): Voice | undefined {
  for (let f = to - 1; f >= Math.max(from, to - FRAMES_BACK); f--) {
    let unnamed: Voice | undefined
    for (const cue of context.scene.cues[f] ?? []) {
      if (cue.passive || cue.relative || cue.kind === 'think' || cue.kind === 'speak') continue
      const referent = context.referents.get(cue)
      if (!referent) continue
      if (referent.name !== null) return { referent, cue, frame: f }
      unnamed ??= { referent, cue, frame: f }
    }
    if (unnamed && f === to - 1) return unnamed
  }
  return undefined
}

/** “Never.” Okoro said. The cue stands as a short sentence of its own. */
function cueInNextSentence(scene: Scene, place: Place, to: number): Found | undefined {
  const frame = scene.frames[place.frame]
  const next = scene.frames[place.frame + 1]
  if (!frame || !next || place.frame + 1 >= to || place.token !== frame.tokens.length - 1) return undefined
  if (next.tokens.length > 12 || next.tokens.some((token) => token.quotation >= 0)) return undefined
  const cue = (scene.cues[place.frame + 1] ?? [])[0]
  if (cue?.kind !== 'say' || !cue.subject || beginning(cue) > 1) return undefined
  const after = next.tokens[cue.last + 1]
  return after === undefined || after.pos === 'PUNCT'
    ? { cue, evidence: 'next sentence', frame: place.frame + 1 }
    : undefined
}

function fromPreviousBlock(context: Context, index: number, place: Place): Draft {
  const { scene, places, drafts, from } = context
  const none: Draft = { referent: undefined, cue: undefined, attribution: 'none', evidence: 'none', utterance: -1 }
  const last = scene.frames[from - 1]
  if (!last || place.frame !== from) return none
  const blockStart = firstFrameOf(scene.frames, from - 1)
  const colon = last.tokens.at(-1)?.text === ':'
  const voice = lastReferent(context, colon ? from - 1 : blockStart, from)
  if (colon && voice) return voiceDraft(voice, 'colon')
  const previous = drafts.get(index - 1)
  const previousPlace = places[index - 1]
  if (previous?.referent && previousPlace && previousPlace.frame >= blockStart) {
    const spokenAfter = lastReferent(context, previousPlace.frame + 1, from)
    if (spokenAfter) return voiceDraft(spokenAfter, 'previous paragraph')
    return follow(previous, 'continued', 'previous paragraph', -1)
  }
  if (voice) return voiceDraft(voice, 'previous paragraph')
  const actor = leadingPerson(scene, from - 1)
  return actor ? voiceDraft({ referent: actor, cue: undefined, frame: from - 1 }, 'previous paragraph') : none
}

function firstFrameOf(frames: readonly Frame[], frame: number): number {
  let first = frame
  while (first > 0 && frames[first - 1]?.block === frames[frame]?.block) first--
  return first
}
