import type { Chunk } from './chunks.ts'
import type { CueUse, Subject } from './clauses.ts'
import type { Frame } from './frames.ts'
import { countIn, isMeantBy, readGroups, type Group } from './groups.ts'
import { genderOfWord, isBodyNoun, isBodyWord, isDocumentNoun, isKin, isRole } from './lexicon.ts'
import { rolePhrase, singular, skipBrackets, type Entity, type Mentions } from './mentions.ts'
import type { Span } from './quote.ts'

/** Whom a noun phrase means. */
export type Referent = {
  /** The fullest name the text gives, or null where it gives none. */
  readonly name: string | null
  readonly entity: Entity | undefined
  /** The words of the text. */
  readonly mention: Span & { readonly text: string }
  readonly how: 'name' | 'pronoun' | 'description' | 'document'
  readonly plural: boolean
  /** How clearly the best candidate beat the second, for pronouns; larger is surer. */
  readonly margin: number
}

type Recent = {
  readonly entity: Entity
  readonly frame: number
  readonly token: number
  readonly role: 'front' | 'embedded' | 'oblique' | 'possessor'
}

/** A main clause's subject is taken up by a pronoun most often, what stands inside a phrase least. */
const ROLE_SCORES = { front: 1.5, embedded: 0.7, oblique: 0.2, possessor: 0 } as const

/** What stands before places; before people too, but a wrong name is worse than none. */
const LOCATIVE = /^(?:in|into|at|near|from|to|toward|towards|through|across|around|off|over|on|outside|inside)$/

/** Pronouns look back over so many frames and mentions. */
const FRAMES_BACK = 9
const MENTIONS_BACK = 60
/** "The three governments" looks back over so many lists of names. */
const GROUPS_BACK = 12

/**
 * Resolves noun phrases to names. Frames are entered in order with `enter`; what is resolved looks only at what was
 * entered before it, and at names anywhere in the text.
 */
export class Resolver {
  private readonly text: string
  private readonly frames: readonly Frame[]
  private readonly mentions: Mentions
  private readonly relatives: ReadonlyMap<string, Entity>
  private readonly recents: Recent[] = []
  private readonly resolved = new Map<Chunk, Referent>()
  private readonly strangers = new Map<Chunk, Entity>()
  private readonly documents = new Map<string, { referent: Referent; frame: number }>()
  private readonly speakers = new Set<Entity>()
  private readonly groups: Group[] = []
  private lastSpeaker: { entity: Entity; frame: number } | undefined
  private lastPlural: { referent: Referent; frame: number } | undefined
  private lastSource: { referent: Referent; frame: number } | undefined
  private lastBody: { entity: Entity; frame: number } | undefined

  constructor(text: string, frames: readonly Frame[], mentions: Mentions) {
    this.text = text
    this.frames = frames
    this.mentions = mentions
    this.relatives = soleRelatives(mentions.entities)
  }

  /** Takes in the names and pronouns of a frame. */
  enter(frameIndex: number, cues: readonly CueUse[]): void {
    const frame = this.frames[frameIndex]
    if (!frame) return
    this.groups.push(...readGroups(frame, frameIndex, this.mentions.chunks[frameIndex] ?? [], this.mentions.entityOf))
    const primary = primaryCue(cues)?.subject?.chunk
    const speaking = new Set<Chunk>()
    for (const cue of cues) if (cue.subject && cue.kind !== 'think') speaking.add(cue.subject.chunk)
    for (const chunk of this.mentions.chunks[frameIndex] ?? []) {
      for (const possessor of this.mentions.possessorsOf.get(chunk) ?? []) {
        const entity = this.mentions.entityOf.get(possessor)
        if (entity) this.remember(entity, possessor, 'possessor')
      }
      const entity = this.mentions.entityOf.get(chunk)
      if (entity) {
        this.remember(entity, chunk, speaking.has(chunk) && chunk === primary ? 'front' : roleOf(frame, chunk))
        if (chunk === primary && entity.kind !== 'place') this.lastSpeaker = { entity, frame: frameIndex }
      } else if (chunk.kind === 'pronoun' && /^(?:he|she)$/.test(chunk.head)) {
        const referent = this.chunk(chunk)
        if (referent.entity) {
          this.remember(referent.entity, chunk, embedded(frame, chunk) ? 'embedded' : 'front')
          if (chunk === primary) this.lastSpeaker = { entity: referent.entity, frame: frameIndex }
        }
      } else if (
        chunk.kind === 'description' &&
        chunk.plural &&
        (isRole(chunk.head) || isBodyNoun(chunk.head)) &&
        roleOf(frame, chunk) === 'front'
      ) {
        const referent = this.chunk(chunk)
        if (isRole(chunk.head) || referent.name !== null) this.lastPlural = { referent, frame: frameIndex }
      } else if (chunk.kind === 'description' && speaking.has(chunk) && isRole(chunk.head) && !chunk.plural) {
        const referent = this.chunk(chunk)
        if (referent.entity) this.remember(referent.entity, chunk, 'front')
        else if (referent.how === 'description') this.remember(this.unnamed(chunk), chunk, 'front')
      }
    }
    this.noteDocuments(frame, frameIndex, cues)
  }

  /** An entity for somebody the text does not name: a spokesman, one senior official. */
  private unnamed(chunk: Chunk): Entity {
    const known = this.strangers.get(chunk)
    if (known) return known
    const { text } = this.span(chunk, chunk)
    const role = singular(chunk.head)
    const entity: Entity = {
      id: -1 - this.strangers.size,
      name: text,
      words: [role],
      kind: 'person',
      gender: genderOfWord(role) ?? genderOfWord(chunk.head),
      roles: new Set([role]),
      familyFirst: false,
      mentions: 1,
      firstFrame: chunk.frame,
      mention: this.span(chunk, chunk),
    }
    this.strangers.set(chunk, entity)
    return entity
  }

  /** Whose statement, letter or post it is that the text speaks of: the owner named with it, or who speaks in it. */
  private noteDocuments(frame: Frame, frameIndex: number, cues: readonly CueUse[]): void {
    const speaker = cues.find((cue) => cue.subject && !cue.passive && !isDocumentNoun(cue.subject.chunk.head))
    for (const chunk of this.mentions.chunks[frameIndex] ?? []) {
      if (chunk.kind !== 'description' || !isDocumentNoun(chunk.head)) continue
      const before = frame.tokens[chunk.first - 1]
      const start = frame.tokens[chunk.first]?.lower ?? ''
      if (chunk.definite && !/^(?:his|her|their|its)$/.test(start) && !this.hasPossessor(frame, chunk)) continue
      const owner = this.ownerInPhrase(frame, chunk)
      if (owner) this.documents.set(singular(chunk.head), { referent: owner, frame: frameIndex })
      else if (
        speaker?.subject &&
        before &&
        (before.lower === 'in' || before.pos === 'VERB' || before.pos === 'ADP' || before.lower === 'out')
      ) {
        this.documents.set(singular(chunk.head), { referent: this.subject(speaker.subject), frame: frameIndex })
      }
    }
  }

  /** Notes who spoke last: the likeliest "he" of the next sentence. */
  spoke(referent: Referent, frameIndex: number, isQuoted: boolean): void {
    if (referent.entity) this.speakers.add(referent.entity)
    if (isQuoted && referent.entity && referent.entity.kind !== 'place') {
      this.lastSpeaker = { entity: referent.entity, frame: frameIndex }
    }
    if ((referent.plural || referent.entity?.kind === 'body') && referent.how !== 'pronoun')
      this.lastPlural = { referent, frame: frameIndex }
    if (referent.name !== null || referent.plural) this.lastSource = { referent, frame: frameIndex }
  }

  /** Whom the subject of a verb of saying means. */
  subject(subject: Subject): Referent {
    if (subject.members.length === 1) return this.chunk(subject.chunk)
    const names = subject.members.map((member) => {
      const referent = this.chunk(member)
      return referent.how === 'name' && referent.name !== null ? referent.name : referent.mention.text
    })
    const first = subject.members[0] ?? subject.chunk
    const last = subject.members.at(-1) ?? subject.chunk
    const name = `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
    const known = subject.members.some((member) => this.mentions.entityOf.has(member))
    return {
      name: known ? name : null,
      entity: undefined,
      mention: this.span(first, last),
      how: known ? 'name' : 'description',
      plural: true,
      margin: 0,
    }
  }

  /** "they", "the three governments" for those listed before. */
  private group({ members }: Group, none: Referent): Referent {
    const [first] = members
    if (!first) return none
    const { name } = this.subject({ chunk: first, members })
    return { ...none, name, plural: true, margin: 1 }
  }

  /** The names listed before "they" in its sentence: answered Norway and Denmark a day after they had said. */
  private listBefore(pronoun: Chunk): Group | undefined {
    if (this.lastPlural?.frame === pronoun.frame) return undefined
    return this.groups
      .slice(-GROUPS_BACK)
      .findLast(({ frame, end, until }) => frame === pronoun.frame && end < pronoun.first && pronoun.first < until)
  }

  /** Whom a noun phrase means. */
  chunk(chunk: Chunk): Referent {
    const known = this.resolved.get(chunk)
    if (known) return known
    const referent = this.resolve(chunk)
    this.resolved.set(chunk, referent)
    return referent
  }

  /** The named person or "he" or "she" that leads a sentence and does its verb. */
  leadingPerson(frameIndex: number): Referent | undefined {
    const chunk = this.mentions.chunks[frameIndex]?.[0]
    const frame = this.frames[frameIndex]
    if (!chunk || !frame || chunk.first > 1 || !(chunk.kind === 'name' || /^(?:he|she)$/.test(chunk.head)))
      return undefined
    const after = frame.tokens[skipBrackets(frame.tokens, chunk.last + 1)]
    if (after?.pos !== 'VERB' && after?.pos !== 'AUX' && after?.pos !== 'ADV') return undefined
    const referent = this.chunk(chunk)
    return referent.entity?.kind === 'person' && referent.name !== null ? referent : undefined
  }

  private resolve(chunk: Chunk): Referent {
    const mention = this.span(chunk, chunk)
    const none: Referent = {
      name: null,
      entity: undefined,
      mention,
      how: chunk.kind === 'pronoun' ? 'pronoun' : 'description',
      plural: chunk.plural || isBodyNoun(chunk.head),
      margin: 0,
    }
    const entity = this.mentions.entityOf.get(chunk)
    if (entity)
      return {
        ...none,
        name: entity.name,
        entity,
        how: chunk.kind === 'name' ? 'name' : 'description',
        plural: false,
        margin: 9,
      }
    if (chunk.kind === 'pronoun') return this.pronoun(chunk, none)
    if (chunk.kind === 'description') return this.description(chunk, none)
    return none
  }

  private pronoun(chunk: Chunk, none: Referent): Referent {
    if (/^(?:he|him|himself)$/.test(chunk.head)) return this.person(chunk, 'male', none)
    if (/^(?:she|her|herself)$/.test(chunk.head)) return this.person(chunk, 'female', none)
    if (/^(?:they|them)$/.test(chunk.head)) {
      const list = this.listBefore(chunk)
      if (list) return { ...this.group(list, none), margin: 0.5 }
      const group = this.lastPlural
      const nearby = this.lastBody
      if (nearby && chunk.frame === nearby.frame && group?.frame !== chunk.frame) {
        return { ...none, name: nearby.entity.name, entity: nearby.entity, margin: 0.5 }
      }
      if (!group || chunk.frame - group.frame > 4) return none
      const { referent } = group
      const mention = referent.name === null ? referent.mention : none.mention
      return { ...none, name: referent.name, entity: referent.entity, mention, margin: 1 }
    }
    if (chunk.head === 'it') {
      const source = this.lastSource
      const isIt =
        source?.referent.entity?.kind === 'body' ||
        source?.referent.how === 'document' ||
        (source?.referent.how === 'description' && source.referent.plural)
      if (source && isIt && chunk.frame - source.frame <= 2) {
        const mention = source.referent.name === null ? source.referent.mention : none.mention
        return { ...none, name: source.referent.name, entity: source.referent.entity, mention, margin: 1 }
      }
      const body = this.lastBody
      if (body && chunk.frame - body.frame <= 2)
        return { ...none, name: body.entity.name, entity: body.entity, margin: 1 }
    }
    return none
  }

  /** The best candidate for "he" or "she" among the names before it: near, a subject, of that gender, the last speaker. */
  private person(chunk: Chunk, gender: 'male' | 'female', none: Referent): Referent {
    const block = this.frames[chunk.frame]?.block
    const topic = this.topicBefore(chunk, gender)
    const scores = new Map<Entity, number>()
    const times = new Map<Entity, number>()
    const from = Math.max(0, this.recents.length - MENTIONS_BACK)
    for (let i = this.recents.length - 1; i >= from; i--) {
      const recent = this.recents[i]
      if (!recent) continue
      const distance = chunk.frame - recent.frame
      if (distance > FRAMES_BACK) break
      if (distance === 0 && recent.token >= chunk.first) continue
      const { entity } = recent
      if (entity.kind === 'body' || entity.kind === 'place') continue
      if (entity.gender && entity.gender !== gender) continue
      const role = ROLE_SCORES[recent.role]
      let score = role - distance
      const known = scores.get(entity)
      const seen = (times.get(entity) ?? 0) + 1
      times.set(entity, seen)
      if (known === undefined) {
        if (entity.gender === gender) score += 1.2
        if (entity.kind === 'person' || this.speakers.has(entity)) score += 0.7
        else if (entity.words.length === 1) score -= 0.8
        // just introduced
        if (entity.firstFrame === recent.frame) score += 0.5
        if (
          this.lastSpeaker?.entity === entity &&
          chunk.frame - this.lastSpeaker.frame <= 4 &&
          (!topic || topic === entity)
        )
          score += 2
        if (entity === topic) score += 1.2
        // the subject of the sentence before, or of this one, in the same paragraph
        if (recent.role === 'front' && distance <= 1 && this.frames[recent.frame]?.block === block) score += 1.5
        score += Math.min(1, Math.log2(1 + entity.mentions) * 0.25)
        scores.set(entity, score)
      } else if (seen <= 4) scores.set(entity, known + 0.15)
    }
    let best: Entity | undefined
    let bestScore = -Infinity
    let second = -Infinity
    for (const [entity, score] of scores) {
      if (score > bestScore) {
        second = bestScore
        best = entity
        bestScore = score
      } else if (score > second) second = score
    }
    if (!best || bestScore < -7) return none
    best.gender ??= gender
    const margin = Math.min(9, bestScore - second)
    if (best.mention) return { ...none, entity: best, mention: best.mention, margin }
    return { ...none, name: best.name, entity: best, margin }
  }

  /**
   * The person whom the sentence before, in the same paragraph, has for its subject: what it says next of "she" it says of
   * them, though the gender of somebody farther off is known and theirs is not.
   */
  private topicBefore(chunk: Chunk, gender: 'male' | 'female'): Entity | undefined {
    const before = chunk.frame - 1
    if (this.frames[before]?.block !== this.frames[chunk.frame]?.block) return undefined
    const oldest = Math.max(0, this.recents.length - MENTIONS_BACK)
    let topic = this.lastSpeaker?.frame === before ? this.lastSpeaker.entity : undefined
    for (let i = this.recents.length - 1; i >= oldest && this.lastSpeaker?.frame !== before; i--) {
      const recent = this.recents[i]
      if (!recent || recent.frame < before) break
      if (recent.frame === before && recent.role === 'front') topic = recent.entity
    }
    return topic && mayBePerson(topic) && (topic.gender ?? gender) === gender ? topic : undefined
  }

  private description(chunk: Chunk, none: Referent): Referent {
    const frame = this.frames[chunk.frame]
    if (!frame) return none
    const named = this.apposedName(frame, chunk)
    if (named) return { ...none, name: named.name, entity: named, how: 'name', margin: 5 }
    if (isDocumentNoun(chunk.head)) return this.documentOwner(frame, chunk, { ...none, how: 'document' })
    const body = this.bodyPhrase(frame, chunk)
    if (body) return { ...none, name: body.text, mention: body, how: 'name', margin: 3 }
    if (!chunk.definite) {
      // "an influential sister of the leader": kinship is rarely shared by two people of one article
      const kin = chunk.plural ? undefined : this.relatives.get(chunk.head)
      return kin ? { ...none, name: kin.name, entity: kin, margin: 0.5 } : none
    }
    if (chunk.plural) {
      const count = countIn(frame, chunk)
      const isSigners = /^signator(?:y|ies)$/.test(chunk.head)
      const group = this.groups
        .slice(-GROUPS_BACK)
        .findLast((known) => (isSigners ? known.signed : isMeantBy(known, chunk, count, this.mentions.entityOf)))
      if (group) return this.group(group, none)
      if (isSigners && this.lastPlural) return { ...none, ...nameOf(this.lastPlural.referent), margin: 1 }
      if (count !== undefined) return none
    }
    if (chunk.plural && isBodyNoun(chunk.head) && this.lastPlural && chunk.frame - this.lastPlural.frame <= 4) {
      return { ...none, name: this.lastPlural.referent.name, entity: this.lastPlural.referent.entity, margin: 0.5 }
    }
    if (chunk.plural) return none
    const start = frame.tokens[chunk.first]
    if (start && /^(?:his|her|their|its|my|our)$/.test(start.lower)) return none
    if (this.hasPossessor(frame, chunk)) return none
    if (isRole(chunk.head)) {
      const bearer = this.bearerOf(rolePhrase(frame, chunk), chunk) ?? this.bearerOf(singular(chunk.head), chunk)
      if (bearer?.mention) {
        const introduced = this.introducedAs(bearer)
        return introduced
          ? { ...none, name: introduced.name, entity: introduced, margin: 0.3 }
          : { ...none, entity: bearer }
      }
      if (bearer) return { ...none, name: bearer.name, entity: bearer, margin: 1 }
      const newcomers = this.newcomersBefore(chunk)
      const [newcomer] = newcomers
      if (newcomers.length > 1) return none
      // whoever spoke just before, where the text tells no job of theirs
      const last = this.lastSpeaker && chunk.frame - this.lastSpeaker.frame <= 2 ? this.lastSpeaker.entity : undefined
      const meant = newcomer ?? last
      const gender = genderOfWord(chunk.head)
      if (!meant || meant.mention || meant.roles.size > 0 || meant.kind === 'body') return none
      if (gender && meant.gender && gender !== meant.gender) return none
      // the article may vary the jobs of who speaks, but whom it knows as a sister holds no office
      if (newcomer || (isKin(chunk.head) && !/^(?:man|woman|boy|girl|guy|human|soul|god|baby)$/.test(chunk.head)))
        meant.roles.add(singular(chunk.head)).add(rolePhrase(frame, chunk))
      meant.gender ??= gender
      return { ...none, name: meant.name, entity: meant, margin: newcomer ? 1 : 0.3 }
    }
    const source = this.lastSource
    if (isBodyNoun(chunk.head) && source?.referent.entity && chunk.frame - source.frame <= 2) {
      const { entity } = source.referent
      if (entity.kind === 'body' || (entity.kind === 'unknown' && entity.words.length > 1)) {
        return { ...none, name: entity.name, entity, margin: 0.5 }
      }
    }
    if (isBodyNoun(chunk.head) && this.lastBody && chunk.frame - this.lastBody.frame <= 4) {
      const { entity } = this.lastBody
      return { ...none, name: entity.name, entity, margin: 0.5 }
    }
    return none
  }

  /**
   * The people without a known job whom the sentence before, in the same paragraph, names for the first time: a job right
   * behind is theirs.
   */
  private newcomersBefore(chunk: Chunk): Entity[] {
    const before = chunk.frame - 1
    const frame = this.frames[before]
    const newcomers = new Set<Entity>()
    if (frame?.block !== this.frames[chunk.frame]?.block) return []
    const oldest = Math.max(0, this.recents.length - MENTIONS_BACK)
    for (let i = this.recents.length - 1; i >= oldest; i--) {
      const recent = this.recents[i]
      if (!recent || recent.frame < before) break
      const { entity } = recent
      if (recent.frame > before || recent.role === 'possessor' || entity.firstFrame !== before) continue
      if (entity.mention || entity.roles.size > 0 || !mayBePerson(entity)) continue
      const isPlaced =
        frame?.tokens[recent.token]?.pos === 'DET' || LOCATIVE.test(frame?.tokens[recent.token - 1]?.lower ?? '')
      if (entity.kind === 'person' || !isPlaced) newcomers.add(entity)
    }
    return [...newcomers]
  }

  /** "the chief executive, Ada Okoro," */
  private apposedName(frame: Frame, chunk: Chunk): Entity | undefined {
    const chunks = this.mentions.chunks[chunk.frame] ?? []
    let i = skipBrackets(frame.tokens, chunk.last + 1)
    // the minister of water and power, Ada Okoro
    for (let steps = 0; steps < 4 && /^(?:of|for|at|in|and|to|on)$/.test(frame.tokens[i]?.lower ?? ''); steps++) {
      const inner = chunks.find((other) => other.first === i + 1)
      if (!inner) break
      i = inner.last + 1
    }
    if (frame.tokens[i]?.text !== ',') return undefined
    const next = this.mentions.chunks[chunk.frame]?.find((other) => other.first === i + 1)
    const entity = next ? this.mentions.entityOf.get(next) : undefined
    if (!next || !entity || entity.kind === 'place' || entity.kind === 'body' || !isRole(chunk.head)) return undefined
    const after = frame.tokens[skipBrackets(frame.tokens, next.last + 1)]
    return after === undefined || after.pos === 'PUNCT' || after.quotation >= 0 ? entity : undefined
  }

  private hasPossessor(frame: Frame, chunk: Chunk): boolean {
    for (let i = chunk.first; i < chunk.last; i++)
      if (frame.tokens[i]?.lower === "'s" || frame.tokens[i]?.text === "'") return true
    return false
  }

  /** "a statement by the ministry", "Okoro’s letter", else whoever was last said to say or issue something. */
  private documentOwner(frame: Frame, chunk: Chunk, none: Referent): Referent {
    const owner = this.ownerInPhrase(frame, chunk)
    if (owner) return owner.name === null ? { ...none, mention: owner.mention } : { ...owner, how: 'document' }
    if (this.hasPossessor(frame, chunk) || !chunk.definite) return none
    const possessor = frame.tokens[chunk.first]?.lower
    const group = this.lastPlural
    if (possessor === 'their' && group && chunk.frame - group.frame <= 2) return { ...none, ...nameOf(group.referent) }
    const noted = this.documents.get(singular(chunk.head))
    if (noted && chunk.frame - noted.frame <= 12) {
      const { referent } = noted
      return { ...none, name: referent.name, entity: referent.entity }
    }
    return none
  }

  /** "a statement released by the ministry" · "Okoro’s letter" */
  private ownerInPhrase(frame: Frame, chunk: Chunk): Referent | undefined {
    for (let i = chunk.last + 1; i < frame.tokens.length && i < chunk.last + 7; i++) {
      const token = frame.tokens[i]
      if (!token || token.quotation >= 0) break
      if (
        token.text === ',' &&
        !/^(?:signed|written|sent|issued|released|published)$/.test(frame.tokens[i + 1]?.lower ?? '')
      )
        break
      if (!/^(?:by|from)$/.test(token.lower)) continue
      const owner = this.mentions.chunks[chunk.frame]?.find((other) => other.first === i + 1)
      if (owner && owner.kind !== 'time') return this.chunk(owner)
    }
    const possessor = this.mentions.possessorsOf.get(chunk)?.at(-1)
    return possessor ? this.chunk(possessor) : undefined
  }

  /** "the governments of the U.S. and Japan", "the ministry of water": a body named by what it is of. */
  private bodyPhrase(frame: Frame, chunk: Chunk): (Span & { text: string }) | undefined {
    const { tokens } = frame
    if (!(isBodyWord(chunk.head) || isBodyNoun(chunk.head)) || tokens[chunk.last + 1]?.lower !== 'of') return undefined
    const chunks = this.mentions.chunks[chunk.frame] ?? []
    let last = chunks.find((other) => other.first === chunk.last + 2)
    if (!last || !this.mentions.entityOf.has(last)) return undefined
    for (;;) {
      let i: number = last.last + 1
      const comma = tokens[i]?.text === ','
      if (comma) i++
      const and = tokens[i]?.lower === 'and'
      if (and) i++
      if (!comma && !and) break
      const next = chunks.find((other) => other.first === i)
      if (!next || !this.mentions.entityOf.has(next)) break
      last = next
      if (and) break
    }
    return this.span(chunk, last)
  }

  /** Who bears a job or part: by the titles and appositives of the text, the nearest bearer first. */
  private bearerOf(role: string, chunk: Chunk): Entity | undefined {
    const oldest = Math.max(0, this.recents.length - 400)
    for (let i = this.recents.length - 1; i >= oldest; i--) {
      const entity = this.recents[i]?.entity
      if (!entity || entity.kind === 'place' || entity.kind === 'body' || !entity.roles.has(role)) continue
      // the prime minister is not the water minister
      if (!hasOtherPost(entity, role, chunk, this.frames[chunk.frame])) return entity
    }
    if (!/^(?:man|woman)$/.test(role)) return undefined
    const gender = genderOfWord(role)
    const recent = this.recents
      .slice(-MENTIONS_BACK)
      .findLast(({ entity, frame }) => entity.gender === gender && chunk.frame - frame <= 2)
    return recent?.entity
  }

  /**
   * The person whom an article introduces by a job first and by name in the next sentence: "Norway’s water minister has
   * resigned. Ada Okoro told reporters …" Only for a definite job and a name that comes with no other job.
   */
  private introducedAs(stranger: Entity): Entity | undefined {
    const last = this.lastSpeaker?.entity
    if (!last || last.mention || last.kind === 'body' || last.kind === 'place' || last.roles.size > 0) return undefined
    const gap = last.firstFrame - stranger.firstFrame
    const isDefinite = !/^(?:a|an|one|another|some)\b/i.test(stranger.name)
    return isDefinite && gap >= 1 && gap <= 2 ? last : undefined
  }

  private remember(entity: Entity, chunk: Chunk, role: Recent['role']): void {
    this.recents.push({ entity, frame: chunk.frame, token: chunk.first, role })
    if (entity.kind === 'body' && role === 'front') this.lastBody = { entity, frame: chunk.frame }
  }

  private span(first: Chunk, last: Chunk): Span & { text: string } {
    const frame = this.frames[first.frame]
    const start = frame?.tokens[first.first]?.start ?? 0
    const end = frame?.tokens[last.last]?.end ?? start
    return { start, end, text: this.text.slice(start, end) }
  }
}

function nameOf({ name, entity }: Referent): Pick<Referent, 'name' | 'entity'> {
  return { name, entity }
}

/** Of an unknown kind, but with a first and a last name. */
function mayBePerson(entity: Entity): boolean {
  return entity.kind === 'person' || (entity.kind === 'unknown' && entity.words.length > 1)
}

/** Whether a mention leads its clause, and so is likely to be taken up by a pronoun. */
function roleOf(frame: Frame, chunk: Chunk): Recent['role'] {
  const before = frame.tokens[chunk.first - 1]
  const after = frame.tokens[chunk.last + 1]
  if (after?.lower === "'s" || (after?.text === "'" && after.start === frame.tokens[chunk.last]?.end))
    return 'possessor'
  const front =
    before === undefined ||
    before.pos === 'PUNCT' ||
    before.pos === 'CCONJ' ||
    before.pos === 'SCONJ' ||
    before.quotation >= 0 ||
    before.pos === 'ADV'
  const verb = after !== undefined && (after.pos === 'VERB' || after.pos === 'AUX' || after.pos === 'ADV')
  if (embedded(frame, chunk)) return 'embedded'
  return front || (verb && before.pos !== 'ADP') ? 'front' : 'oblique'
}

/** The subject of a clause inside another: said that she …, because he … */
function embedded(frame: Frame, chunk: Chunk): boolean {
  const before = frame.tokens[chunk.first - 1]
  if (!before) return false
  return before.pos === 'SCONJ'
    ? before.lower === 'that' || chunk.first > 2
    : before.pos === 'VERB' && chunk.first > 1 && before.quotation < 0 && isVerbNext(frame, chunk)
}

function isVerbNext(frame: Frame, chunk: Chunk): boolean {
  const after = frame.tokens[chunk.last + 1]
  return after !== undefined && (after.pos === 'VERB' || after.pos === 'AUX')
}

/** The main clause's verb of saying. */
function primaryCue(cues: readonly CueUse[]): CueUse | undefined {
  const usable = cues.filter((cue) => cue.subject && !cue.passive && !cue.relative && !cue.gerund)
  return (
    usable.find((cue) => cue.kind === 'say') ?? usable.find((cue) => cue.kind === 'judge' || cue.kind === 'according')
  )
}

/** The description names a post ("prime minister") and the entity has another of that kind ("water minister"). */
function hasOtherPost(entity: Entity, role: string, chunk: Chunk, frame: Frame | undefined): boolean {
  const asked = frame ? rolePhrase(frame, chunk) : role
  if (asked === role || entity.roles.has(asked)) return false
  return [...entity.roles].some((known) => known.endsWith(` ${role}`))
}

/** Kinship word → the only one of the text who is called so. */
function soleRelatives(entities: readonly Entity[]): Map<string, Entity> {
  const relatives = new Map<string, Entity>()
  const shared = new Set<string>()
  for (const entity of entities) {
    for (const role of entity.roles) {
      if (!isKin(role)) continue
      if (relatives.has(role)) shared.add(role)
      relatives.set(role, entity)
    }
  }
  for (const role of shared) relatives.delete(role)
  return relatives
}
