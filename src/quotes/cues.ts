/**
 * What a verb of saying can introduce. `say` takes whole sentences and reported clauses; `speak` (began, sighed) says so
 * only next to a quotation; `judge` (call, accuse) takes words and phrases; `think` reports a mind, and its quoted words
 * were most likely said; `show` is what documents do.
 */
export type CueKind = 'say' | 'speak' | 'judge' | 'think' | 'show'

export type CueForm = {
  readonly lemma: string
  readonly kind: CueKind
  /** Could be a past participle: "was called", "according to remarks published". */
  readonly participle: boolean
  readonly gerund: boolean
}

const SAY = `put say tell add state announce claim argue insist explain note warn declare assert maintain contend remark observe
  comment reply respond answer ask wonder admit acknowledge concede confess confirm deny report write tweet retweet post
  recall repeat reiterate stress emphasize emphasise underscore suggest propose predict promise pledge
  vow swear threaten complain joke quip boast brag lament muse urge advise recommend demand request appeal plead beg
  mention reveal disclose inform assure remind testify protest object counter retort interject chime cry shout yell
  scream exclaim whisper mutter murmur proclaim pronounce profess allege attest affirm reaffirm guess estimate caution
  chant disagree opine quote cite elaborate clarify hint imply indicate recount relate agree
  describe relay volunteer concur theorize speculate hypothesize`
const SPEAK = `begin continue conclude finish sum offer deadpan crow fume chide shoot fire hit strike snap bark message text
  email blog preach rail vent sigh laugh venture pray implore signal outline point spell caption summarize go warn
  intone croak sob grin shrug nod thunder roar`
const JUDGE = `instruct order direct command forbid see view speak talk gush wax rave rant call accuse brand dub label deem term blast slam condemn denounce criticize criticise praise hail laud tout deride
  decry dismiss reject ridicule mock attack assail lambaste lambast bash blame fault characterize characterise portray depict
  paint compare liken refer defend welcome applaud commend congratulate thank apologize rebuke reprimand scold slap chastise
  castigate admonish taunt tease address invoke reference frame cast bill credit charge champion voice express pan rip
  trash salute bemoan disparage vilify nickname rate regard consider greet cheer encourage coach challenge press excoriate
  pitch push warn lecture question dispute rebut refute discuss detail echo endorse oppose support back support promote
  campaign plug mimic impersonate`
const THINK = `believe think feel hope want wish expect fear worry doubt intend seek refuse decide assume suspect recognize
  recognise reckon regret consider realize realise imagine prefer hate understand plan release issue publish`
const SHOW = `read show`

const IRREGULAR: Readonly<Record<string, readonly [past: string, participle: string]>> = {
  say: ['said', 'said'],
  tell: ['told', 'told'],
  write: ['wrote', 'written'],
  begin: ['began', 'begun'],
  go: ['went', 'gone'],
  shoot: ['shot', 'shot'],
  hit: ['hit', 'hit'],
  strike: ['struck', 'struck'],
  swear: ['swore', 'sworn'],
  sing: ['sang', 'sung'],
  spell: ['spelled', 'spelt'],
  think: ['thought', 'thought'],
  feel: ['felt', 'felt'],
  know: ['knew', 'known'],
  see: ['saw', 'seen'],
  find: ['found', 'found'],
  understand: ['understood', 'understood'],
  seek: ['sought', 'sought'],
  hear: ['heard', 'heard'],
  speak: ['spoke', 'spoken'],
  make: ['made', 'made'],
  give: ['gave', 'given'],
  put: ['put', 'put'],
  send: ['sent', 'sent'],
  read: ['read', 'read'],
  show: ['showed', 'shown'],
  cast: ['cast', 'cast'],
  run: ['ran', 'run'],
  bear: ['bore', 'borne'],
  mean: ['meant', 'meant'],
  dream: ['dreamed', 'dreamt'],
  rebut: ['rebutted', 'rebutted'],
}
/** Verbs whose last consonant doubles: quipped, admitting. */
const DOUBLING = new Set(
  'quip admit tut brag blog chat plug rip slam dub slap refer rebut pan plan quip snap rebut'.split(' '),
)

const FORMS: ReadonlyMap<string, CueForm> = buildForms()

function buildForms(): Map<string, CueForm> {
  const forms = new Map<string, CueForm>()
  const groups: readonly (readonly [CueKind, string])[] = [
    ['say', SAY],
    ['judge', JUDGE],
    ['speak', SPEAK],
    ['show', SHOW],
    ['think', THINK],
  ]
  for (const [kind, lemmas] of groups) {
    for (const lemma of new Set(lemmas.trim().split(/\s+/))) {
      const [past, participle] = IRREGULAR[lemma] ?? [pastOf(lemma), pastOf(lemma)]
      for (const form of [lemma, thirdOf(lemma), past, participle, gerundOf(lemma)]) {
        if (forms.has(form)) continue
        forms.set(form, { lemma, kind, participle: form === participle, gerund: form === gerundOf(lemma) })
      }
    }
  }
  return forms
}

function pastOf(lemma: string): string {
  if (lemma.endsWith('e')) return `${lemma}d`
  if (/[^aeiou]y$/.test(lemma)) return `${lemma.slice(0, -1)}ied`
  return DOUBLING.has(lemma) ? `${lemma}${lemma.slice(-1)}ed` : `${lemma}ed`
}

function thirdOf(lemma: string): string {
  if (/[^aeiou]y$/.test(lemma)) return `${lemma.slice(0, -1)}ies`
  return /(?:s|sh|ch|x|z|o)$/.test(lemma) ? `${lemma}es` : `${lemma}s`
}

function gerundOf(lemma: string): string {
  if (/[^eo]e$/.test(lemma)) return `${lemma.slice(0, -1)}ing`
  return DOUBLING.has(lemma) || lemma === 'put' || lemma === 'run' || lemma === 'begin'
    ? `${lemma}${lemma.slice(-1)}ing`
    : `${lemma}ing`
}

/** The verb of saying that a lower-case word is a form of, if any. */
export function cueForm(word: string): CueForm | undefined {
  return FORMS.get(word)
}
