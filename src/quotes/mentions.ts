import { bare, possessorsOf, readChunks, type Chunk } from './chunks.ts'
import type { Frame, Token } from './frames.ts'
import type { Span } from './quote.ts'
import { genderOfFirstName, genderOfWord, isA, isBodyNoun, isBodyWord, isFirstName, isRole } from './lexicon.ts'

/** A person, body or place that an article names. */
export type Entity = {
  readonly id: number
  /** The fullest form of the name in the text, without titles. */
  name: string
  /** Folded words of that name. */
  words: readonly string[]
  kind: 'person' | 'body' | 'place' | 'unknown'
  gender: 'male' | 'female' | undefined
  /** Jobs and descriptions the text gives it: minister, sister. */
  readonly roles: Set<string>
  /** Its first word alone is how the text calls it: Choe for Choe Son Hui. */
  familyFirst: boolean
  mentions: number
  /** Where the full name first stands. */
  readonly firstFrame: number
  /** For somebody the text does not name: the words that stand for them. */
  readonly mention?: Span & { readonly text: string }
}

/** One place where the text names an entity. */
export type Mention = { readonly entity: Entity; readonly chunk: Chunk; readonly isPossessive: boolean }

/** All noun phrases and names of a text. */
export type Mentions = {
  readonly chunks: readonly (readonly Chunk[])[]
  readonly entityOf: ReadonlyMap<Chunk, Entity>
  /** The names inside a chunk that possess what follows: Okoro in "Okoro’s office". */
  readonly possessorsOf: ReadonlyMap<Chunk, readonly Chunk[]>
  /** In the order of the text. */
  readonly all: readonly Mention[]
  /** Index in `all` of the first mention in each frame or later. */
  readonly firstInFrame: readonly number[]
  readonly entities: readonly Entity[]
}

/** Two capitalised words beside each other, the second also as the first of the next pair. */
const TWO_CAPITALS = /(?<![\p{L}\p{N}])(\p{Lu}\p{L}+)(?= (\p{Lu}[\p{L}’'-]+))/gu

/** How many entities of one name word are kept in view; bounds the work on hostile text. */
const NAMESAKES = 24

/** Finds who is named in a text and which mentions mean the same. Works over the whole text: a later full name counts. */
export function readMentions(text: string, frames: readonly Frame[], quotations: readonly Span[]): Mentions {
  const chunks = frames.map((frame, index) => readChunks(frame, index))
  const possessorsByChunk = new Map<Chunk, readonly Chunk[]>()
  const register = new Register()
  // In the order of the text; a chunk stands behind its possessors.
  const namings: Naming[][] = []
  for (const [index, frame] of frames.entries()) {
    const inFrame: Naming[] = []
    for (const chunk of chunks[index] ?? []) {
      const possessors = possessorsOf(frame, chunk)
      if (possessors.length > 0) possessorsByChunk.set(chunk, possessors)
      for (const possessor of possessors) inFrame.push(namingOf(text, frame, possessor, false))
      inFrame.push(namingOf(text, frame, chunk, true))
    }
    namings.push(inFrame)
    if (frame.titleCase) continue
    for (const { chunk, words, name } of inFrame) if (words.length > 1) register.full(words, name, chunk, index)
  }
  for (const [index, frame] of frames.entries()) {
    if (frame.titleCase) register.headline(text, frame, index)
  }
  const alone = new Set<string>()
  for (const inFrame of namings) {
    for (const { chunk, words, isWhole } of inFrame) {
      const [word, second] = words
      if (isWhole && word && second === undefined && chunk.name?.first === chunk.name?.last) alone.add(word)
    }
  }
  if (alone.size > 0) for (const quotation of quotations) register.quoted(text, quotation, alone, frames.length)
  const entityOf = new Map<Chunk, Entity>()
  const all: Mention[] = []
  const firstInFrame: number[] = []
  for (const [index, frame] of frames.entries()) {
    firstInFrame.push(all.length)
    for (const { chunk, words, name, isWhole } of namings[index] ?? []) {
      const entity =
        words.length > 0
          ? register.link(words, name, chunk, index, frame.titleCase)
          : register.surname(frame, chunk, index)
      if (!entity) continue
      entityOf.set(chunk, entity)
      all.push({ entity, chunk, isPossessive: !isWhole || isPossessor(frame, chunk) })
      learn(entity, frame, chunk, chunks[index] ?? [], entityOf)
    }
  }
  register.settle()
  return { chunks, entityOf, possessorsOf: possessorsByChunk, all, firstInFrame, entities: register.entities }
}

/** Lower case, without diacritics, apostrophes and hyphens: Yo-jong and Yo Jong, O’Malley and O'Malley agree. */
export function foldName(name: string): string {
  if (/^[A-Za-z]+$/.test(name)) return name.toLowerCase()
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/['’ʼ`]s?$/u, '')
    .replace(/['’ʼ`.]/gu, '')
}

/** A chunk, or a possessor inside one, with the name it holds. */
type Naming = {
  readonly chunk: Chunk
  /** Folded; none where the chunk is no name. */
  readonly words: readonly string[]
  /** As printed; empty where the chunk is no name. */
  readonly name: string
  /** Not a possessor inside a chunk. */
  readonly isWhole: boolean
}

const NO_WORDS: readonly string[] = []

function namingOf(text: string, frame: Frame, chunk: Chunk, isWhole: boolean): Naming {
  const words = nameWords(frame, chunk)
  return { chunk, words, name: words.length === 0 ? '' : nameText(text, frame, chunk), isWhole }
}

function nameWords(frame: Frame, chunk: Chunk): readonly string[] {
  if (!chunk.name) return NO_WORDS
  const words: string[] = []
  for (let i = chunk.name.first; i <= chunk.name.last; i++) {
    const token = frame.tokens[i]
    const folded = token ? foldName(token.text) : ''
    if (!/[-‐‑]/.test(folded)) {
      if (folded !== '') words.push(folded)
    } else for (const part of folded.split(/[-‐‑]/)) if (part !== '') words.push(part)
  }
  return words
}

function nameText(text: string, frame: Frame, chunk: Chunk): string {
  const first = frame.tokens[chunk.name?.first ?? chunk.first]
  const last = frame.tokens[chunk.name?.last ?? chunk.last]
  return first && last ? text.slice(first.start, last.end).replace(/\s+/g, ' ') : ''
}

function isPossessor(frame: Frame, chunk: Chunk): boolean {
  const next = frame.tokens[chunk.last + 1]
  return next?.lower === "'s" || (next?.text === "'" && frame.tokens[chunk.last]?.end === next.start)
}

class Register {
  readonly entities: Entity[] = []
  /** Name word → entities that have it, oldest first. */
  private readonly byWord = new Map<string, Entity[]>()

  /** Takes in a name of several words. */
  full(words: readonly string[], name: string, chunk: Chunk, frame: number): void {
    const known = this.sameName(words)
    if (known) {
      if (
        words.length > known.words.length ||
        (words.length === known.words.length && name.length > known.name.length)
      ) {
        known.words = words
        known.name = name
        this.index(known)
      }
      return
    }
    this.create(words, name, chunk, frame)
  }

  /** Looks in a headline for a fuller form of a name that the text gives in one word only. */
  headline(text: string, frame: Frame, index: number): void {
    for (let i = 0; i + 1 < frame.tokens.length; i++) {
      const first = frame.tokens[i]
      const last = frame.tokens[i + 1]
      if (!first?.capital || !last?.capital || !isFirstName(first.lower)) continue
      const words = [foldName(first.text), foldName(last.text)]
      const namesakes = this.byWord.get(words[1] ?? '')
      if (namesakes || !isName(last)) continue
      const at = { frame: index, first: i, last: i + 1 }
      const chunk: Chunk = {
        ...at,
        kind: 'name',
        head: last.lower,
        plural: false,
        definite: true,
        name: at,
        titles: [],
      }
      this.create(words, text.slice(first.start, last.end), chunk, index)
    }
  }

  /** Takes a fuller form out of a quotation for a name the journalist gives in one word: “Ada Okoro is wrong”. */
  quoted(text: string, quotation: Span, alone: ReadonlySet<string>, frame: number): void {
    const words = text.slice(quotation.start, quotation.end)
    for (const match of words.matchAll(TWO_CAPITALS)) {
      const [, first = '', last = ''] = match
      const word = foldName(last)
      if (!alone.has(word) || this.byWord.has(word) || !isFirstName(first.toLowerCase())) continue
      const at = { frame, first: 0, last: 1 }
      const chunk: Chunk = { ...at, kind: 'name', head: word, plural: false, definite: true, name: at, titles: [] }
      const start = quotation.start + match.index
      this.create([foldName(first), word], text.slice(start, start + first.length + 1 + last.length), chunk, frame)
    }
  }

  link(words: readonly string[], name: string, chunk: Chunk, frame: number, titleCase: boolean): Entity | undefined {
    const entity = words.length > 1 ? this.sameName(words) : this.byOneWord(words[0] ?? '', chunk, frame)
    if (entity) {
      entity.mentions++
      return entity
    }
    return titleCase ? undefined : this.create(words, name, chunk, frame)
  }

  /** A family name that is a job's name too, alone with a capital: Mason, Baker. */
  surname(frame: Frame, chunk: Chunk, index: number): Entity | undefined {
    const token = frame.tokens[chunk.first]
    if (!token?.capital || chunk.first !== chunk.last || chunk.kind !== 'description') return undefined
    const word = foldName(token.text)
    const bearer = this.byWord.get(word)?.find((entity) => entity.words.length > 1 && entity.words.at(-1) === word)
    if (!bearer || bearer.kind === 'body' || bearer.kind === 'place' || bearer.firstFrame > index) return undefined
    bearer.mentions++
    return bearer
  }

  settle(): void {
    for (const entity of this.entities) {
      if (entity.kind === 'unknown' && (entity.gender || entity.roles.size > 0)) entity.kind = 'person'
    }
  }

  private create(words: readonly string[], name: string, chunk: Chunk, frame: number): Entity {
    const entity: Entity = {
      id: this.entities.length,
      name,
      words,
      kind: kindOf(words, name, chunk),
      gender: undefined,
      roles: new Set(),
      familyFirst: false,
      mentions: 0,
      firstFrame: frame,
    }
    this.entities.push(entity)
    this.index(entity)
    return entity
  }

  private index(entity: Entity): void {
    for (const word of new Set(entity.words)) {
      const list = this.byWord.get(word)
      if (!list) this.byWord.set(word, [entity])
      else if (!list.includes(entity)) {
        list.push(entity)
        if (list.length > NAMESAKES) list.shift()
      }
    }
  }

  private sameName(words: readonly string[]): Entity | undefined {
    const last = words.at(-1) ?? ''
    const candidates = this.byWord.get(last) ?? []
    return candidates.findLast((entity) => isSameName(entity.words, words))
  }

  /** One word names whoever has it as family name; of several the one the text speaks of most, then the latest. */
  private byOneWord(word: string, chunk: Chunk, frame: number): Entity | undefined {
    const namesakes = this.byWord.get(word)
    if (!namesakes) return undefined
    const gender = genderOfTitles(chunk.titles)
    let best: Entity | undefined
    let bestScore = -Infinity
    for (const entity of namesakes) {
      const isLast = entity.words.at(-1) === word
      const isFirst = entity.words[0] === word
      if (entity.kind === 'body' && entity.words.length > 1 && !(isFirst && isA(word, 'organisation'))) continue
      if (entity.kind === 'place' && entity.words.length > 1) continue
      let score = isLast ? 3 : isFirst ? 2 : 1
      if (entity.kind === 'body' && entity.words.length > 1) score -= 2.5
      if (entity.firstFrame <= frame) score += 1.5
      score += Math.min(3, Math.log2(1 + entity.mentions))
      if (gender && entity.gender && gender !== entity.gender) score -= 8
      if (gender && gender === entity.gender) score += 2
      const role = chunk.titles.some((title) => entity.roles.has(title))
      if (role) score += 1
      if (score > bestScore) {
        best = entity
        bestScore = score
      }
    }
    // "Washington" is not Denzel Washington's first name alone; a first name needs the lexicon's word for it.
    if (
      best &&
      best.words.length > 1 &&
      best.words.at(-1) !== word &&
      best.words[0] === word &&
      best.kind === 'person'
    ) {
      if (!isFirstName(word) || best.familyFirst) best.familyFirst = true
    }
    return bestScore < 0 ? undefined : best
  }
}

function isName(token: Token): boolean {
  return token.pos === 'PROPN' && !isRole(token.lower) && !isBodyWord(token.lower)
}

/** Kinds of places and bodies that are family names as often: Hall, Church. */
const SURNAME_LIKE =
  /^(?:hall|church|park|lake|house|street|beach|bay|post|press|guard|bridge|field|valley|day|front|young)$/

function kindOf(words: readonly string[], name: string, chunk: Chunk): Entity['kind'] {
  const phrase = words.join(' ')
  const last = words.at(-1) ?? ''
  const first = words[0] ?? ''
  if (
    chunk.titles.some((title) => isRole(title) || /^(?:mr|mrs|ms|dr|sen|gov|rep|gen|sir|president)$/.test(title)) &&
    !isBodyWord(last)
  )
    return 'person'
  if (words.length === 2 && isFirstName(first) && SURNAME_LIKE.test(last)) return 'person'
  if (isBodyWord(last) || isBodyWord(first)) return 'body'
  if (isA(phrase, 'organisation')) return 'body'
  if (isA(phrase, 'place') || (words.length > 1 && isA(last, 'place') && !isFirstName(first))) return 'place'
  if (words.length > 1 && isFirstName(first)) return 'person'
  if (/^[A-Z]{2,6}s?$/.test(name) || /[A-Z]{2,}$/.test(name)) return 'body'
  if (/^(?:[A-Z]\.){2,}$/.test(name)) return 'place'
  if (/\d/.test(name) || words.length > 4) return 'body'
  if (/^[a-z]+(?:an|ese|ish)s$/.test(phrase) || isA(phrase, 'demonym')) return 'body'
  return 'unknown'
}

function genderOfTitles(titles: readonly string[]): 'male' | 'female' | undefined {
  for (const title of titles) {
    const gender = genderOfWord(title)
    if (gender) return gender
  }
  return undefined
}

function isSameName(a: readonly string[], b: readonly string[]): boolean {
  if (a.join('') === b.join('')) return true
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (short.at(-1) !== long.at(-1)) {
    // A suffix or a married name behind the rest: Joseph Biden Jr, Debbie Lopez Schultz.
    const tail = long.indexOf(short.at(-1) ?? '')
    if (long.length - short.length !== 1 || isBodyWord(long.at(-1) ?? '')) return false
    return short.length > 1 && tail > 0 && short[0] === long[0] && short.every((word) => long.includes(word))
  }
  if (short.length === 1) return false
  const first = short[0] ?? ''
  const other = long[0] ?? ''
  if (first === other || isShortFor(first, other)) return true
  return long.length - short.length <= 1 && short.every((word) => long.includes(word))
}

/** J. for John, Don for Donald. Nicknames that share no beginning stay apart. */
function isShortFor(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  return short.length > 0 && long.startsWith(short) && (short.length === 1 || short.length >= 3)
}

/** Takes from a mention's surroundings what the text says of the entity. */
function learn(
  entity: Entity,
  frame: Frame,
  chunk: Chunk,
  chunks: readonly Chunk[],
  entityOf: Map<Chunk, Entity>,
): void {
  for (const [index, title] of chunk.titles.entries()) {
    entity.roles.add(singular(title))
    const before = chunk.titles[index - 1]
    if (before && POSTS.has(before)) entity.roles.add(`${before} ${singular(title)}`)
  }
  const titled = genderOfTitles(chunk.titles)
  if (titled) entity.gender = titled
  const first = entity.words[0] ?? ''
  if (!entity.gender && entity.words.length > 1 && !entity.familyFirst && entity.kind !== 'body')
    entity.gender = genderOfFirstName(first)
  const position = chunks.indexOf(chunk)
  const next = chunks[position + 1]
  const afterName = skipBrackets(frame.tokens, chunk.last + 1)
  if (next && frame.tokens[afterName]?.text === ',' && next.first === afterName + 1 && next.kind === 'description') {
    addRole(entity, roleHead(frame, next, chunks[position + 2]))
    if (entity.roles.has(singular(next.head))) entity.roles.add(rolePhrase(frame, next))
  }
  // Okoro is the harbour minister
  const copula = frame.tokens[afterName]
  if (
    copula &&
    /^(?:is|was|are|were|became|remains)$/.test(copula.lower) &&
    next?.first === afterName + 1 &&
    next.kind === 'description'
  ) {
    addRole(entity, roleHead(frame, next, chunks[position + 2]))
    if (entity.roles.has(singular(next.head))) entity.roles.add(rolePhrase(frame, next))
  }
  if (/^(?:who|whose)$/.test(frame.tokens[afterName + 1]?.lower ?? '') && entity.kind === 'unknown')
    entity.kind = 'person'
  const before = chunks[position - 1]
  // "her company, Okoro Homes,"
  const apposed =
    before?.kind === 'description' && before.last === chunk.first - 2 && frame.tokens[chunk.first - 1]?.text === ','
  const closes =
    /^[,.]$/.test(frame.tokens[afterName]?.text ?? '') && frame.tokens[(before?.first ?? 0) - 1]?.pos !== 'ADP'
  if (apposed && closes && entity.words.length > 1 && chunk.titles.length === 0 && isBodyNoun(before.head)) {
    entity.kind = 'body'
    entity.gender = undefined
  }
  if (before?.kind === 'description' && before.definite && frame.tokens[chunk.first - 1]?.text === ',') {
    const gap = chunk.first - 1 - before.last
    if (gap === 1 && isRole(before.head) && !isListed(frame, chunk)) {
      addRole(entity, before.head)
      if (entity.roles.has(singular(before.head))) entity.roles.add(rolePhrase(frame, before))
      entityOf.set(before, entity)
    }
  }
}

/** The name is one of a list: the minister, Okoro and others. */
function isListed(frame: Frame, chunk: Chunk): boolean {
  return frame.tokens[chunk.last + 1]?.pos === 'CCONJ'
}

/** Words that make one post of another. */
const POSTS = new Set(
  'prime vice deputy foreign finance defense defence interior justice health education labor labour trade energy first chief executive general attorney press campaign assistant managing senior'.split(
    ' ',
  ),
)

/** The job of a description with the word that tells which: "the prime minister" → "prime minister". */
export function rolePhrase(frame: Frame, chunk: Chunk): string {
  const head = singular(chunk.head)
  for (let i = chunk.last; i > chunk.first; i--) {
    const token = frame.tokens[i]
    const before = frame.tokens[i - 1]
    if (!token || !before || bare(token.lower) !== chunk.head) continue
    if (before.pos === 'NOUN' || POSTS.has(before.lower)) return `${before.lower} ${head}`
  }
  return head
}

function addRole(entity: Entity, role: string): void {
  if (entity.kind === 'body' || entity.kind === 'place') {
    return
  }
  const word = singular(role)
  if (!isRole(word)) return
  entity.roles.add(word)
  if (entity.kind === 'unknown') entity.kind = 'person'
  entity.gender ??= genderOfWord(word)
}

/** The noun of an appositive: "one of the region's top officers" → officer. */
function roleHead(frame: Frame, chunk: Chunk, following: Chunk | undefined): string {
  if (/^(?:one|some|member|part)$/.test(chunk.head) && following && frame.tokens[chunk.last + 1]?.lower === 'of')
    return following.head
  return chunk.head
}

/** "sens" → "senator": one word for each role. */
export function singular(word: string): string {
  const full = ROLE_SYNONYMS.get(bare(word))
  if (full) return full
  if (/(?:men)$/.test(word)) return word.replace(/men$/, 'man')
  if (/[^s]s$/.test(word) && word.length > 4) return ROLE_SYNONYMS.get(word.slice(0, -1)) ?? word.slice(0, -1)
  return word
}

const ROLE_SYNONYMS = new Map(
  Object.entries({
    sen: 'senator',
    sens: 'senator',
    gov: 'governor',
    govs: 'governor',
    rep: 'congressman',
    reps: 'congressman',
    representative: 'congressman',
    congresswoman: 'congressman',
    gen: 'general',
    lt: 'lieutenant',
    col: 'colonel',
    capt: 'captain',
    prof: 'professor',
    adviser: 'advisor',
    spokeswoman: 'spokesman',
    spokesperson: 'spokesman',
    chairwoman: 'chairman',
    chair: 'chairman',
    businesswoman: 'businessman',
    nominee: 'candidate',
    frontrunner: 'candidate',
    'front-runner': 'candidate',
    hopeful: 'candidate',
    contender: 'candidate',
    attorney: 'lawyer',
    boss: 'chief',
    premier: 'minister',
  }),
)

/** The index of the token after a bracketed remark that begins at `i`: (R-Fla.). */
export function skipBrackets(tokens: readonly Token[], i: number): number {
  if (tokens[i]?.text !== '(') return i
  for (let j = i + 1; j < tokens.length && j < i + 20; j++) if (tokens[j]?.text === ')') return j + 1
  return i
}
