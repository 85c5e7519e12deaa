import nlp from 'compromise/two'

/** What general English knows about a word by itself. The word lists are compromise's; nothing here comes from articles. */
export type WordClass =
  'male name' | 'female name' | 'first name' | 'last name' | 'place' | 'organisation' | 'demonym' | 'role' | 'honorific'

const TAGS: Readonly<Record<string, WordClass>> = {
  MaleName: 'male name',
  FemaleName: 'female name',
  FirstName: 'first name',
  LastName: 'last name',
  City: 'place',
  Country: 'place',
  Region: 'place',
  Place: 'place',
  Organization: 'organisation',
  SportsTeam: 'organisation',
  Demonym: 'demonym',
  Actor: 'role',
  Honorific: 'honorific',
}

const words = readLexicon()

function readLexicon(): ReadonlyMap<string, ReadonlySet<WordClass>> {
  const model: unknown = nlp.model()
  const read = new Map<string, Set<WordClass>>()
  const lexicon = property(property(model, 'one'), 'lexicon')
  if (typeof lexicon !== 'object' || lexicon === null) return read
  for (const [word, tags] of Object.entries(lexicon)) {
    for (const tag of Array.isArray(tags) ? tags : [tags]) {
      const wordClass = typeof tag === 'string' ? TAGS[tag] : undefined
      if (!wordClass) continue
      const classes = read.get(word) ?? new Set<WordClass>()
      classes.add(wordClass)
      read.set(word, classes)
    }
  }
  return read
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

/** Whether a lower-case word or phrase belongs to a class. */
export function isA(phrase: string, wordClass: WordClass): boolean {
  return words.get(phrase)?.has(wordClass) ?? false
}

function list(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

/** Titles before a name, without their full stop, and what they say of the bearer. */
const HONORIFICS: ReadonlyMap<string, 'male' | 'female' | 'either'> = new Map([
  ...[...list('mr sir lord king prince baron count duke pope father brother monsieur herr señor sheikh')].map(
    (t) => [t, 'male'] as const,
  ),
  ...[...list('mrs ms miss mme madame lady queen princess baroness countess duchess dame sister frau señora')].map(
    (t) => [t, 'female'] as const,
  ),
  ...[
    ...list(
      `dr sen sens senator senators rep reps representative gov govs governor president vice premier chancellor prime minister
      secretary general gen lt col colonel maj major sgt sergeant capt captain cmdr commander adm admiral lieutenant judge
      justice mayor rev reverend rabbi imam archbishop bishop cardinal prof professor ambassador attorney chairman chairwoman
      chair congressman congresswoman councilman councilwoman detective officer sheriff coach deputy assistant undersecretary
      director chief executive ceo spokesman spokeswoman spokesperson foreign leader lawmaker candidate nominee inspector
      superintendent constable commissioner speaker whip marshal private corporal ayatollah emir sultan crown majority
      minority state agent special analyst economist strategist pollster adviser advisor aide correspondent columnist reporter
      editor anchor host author writer historian economist lawyer attorney businessman businesswoman billionaire activist
      pastor actor actress singer rapper comedian filmmaker quarterback manager founder co-founder cofounder envoy diplomat
      interim acting former ex-president then-president then ex incumbent hon dep asst supt minister`,
    ),
  ].map((t) => [t, 'either'] as const),
])

/** Whether a word (lower case, no full stop) stands before names as a title or a job: Sen., President, spokeswoman. */
export function isTitle(word: string): boolean {
  return HONORIFICS.has(word) || isA(word, 'role') || isRole(word)
}

const KIN = list(
  'son sons daughter daughters father mother brother sister wife husband uncle aunt cousin nephew niece widow widower grandson granddaughter baby boy girl man woman god soul human guy',
)

/** Whether a word stands before names as a title; kinship words inside a name (Son, Guy) are part of the name. */
export function isTitleBeforeName(word: string): boolean {
  return isTitle(word) && !KIN.has(word)
}

/** Whether a word names a relative: sister, husband. */
export function isKin(word: string): boolean {
  return KIN.has(word)
}

const MALE_ROLES = list(
  'man boy father brother son husband uncle nephew grandfather grandson king prince gentleman boyfriend widower businessman actor chairman congressman spokesman salesman policeman fireman',
)
const FEMALE_ROLES = list(
  'woman girl mother sister daughter wife aunt niece grandmother granddaughter queen princess lady girlfriend widow businesswoman actress chairwoman congresswoman spokeswoman saleswoman policewoman heroine hostess',
)

/** The gender a title or a role word tells: Mrs, spokesman. */
export function genderOfWord(word: string): 'male' | 'female' | undefined {
  const honorific = HONORIFICS.get(word)
  if (honorific && honorific !== 'either') return honorific
  if (MALE_ROLES.has(word)) return 'male'
  return FEMALE_ROLES.has(word) ? 'female' : undefined
}

/** The gender a first name tells. Kim is a family name as often: the caller looks at the order of names first. */
export function genderOfFirstName(name: string): 'male' | 'female' | undefined {
  const classes = words.get(name)
  if (!classes) return undefined
  const male = classes.has('male name')
  if (male === classes.has('female name')) return undefined
  return male ? 'male' : 'female'
}

/** Whether a word (lower case) is known as somebody's given name. */
export function isFirstName(name: string): boolean {
  return isA(name, 'male name') || isA(name, 'female name') || isA(name, 'first name')
}

const ROLE_WORDS = list(
  `official officials aide aides adviser advisor advisers advisors analyst expert experts critic critics supporter supporters
  spokesman spokeswoman spokesperson spokesmen leader leaders source sources person people man men woman women voter voters
  lawmaker lawmakers senator senators congressman congresswoman governor judge justice general nominee candidate candidates
  frontrunner front-runner mogul magnate tycoon president premier chancellor minister ministers secretary director chairman chairwoman
  chair head chief executive executives founder co-founder cofounder boss owner manager professor scholar researcher scientist
  economist strategist strategists pollster pollsters reporter reporters journalist journalists correspondent columnist editor author writer blogger
  host anchor moderator commentator pundit activist activists advocate advocates organizer attorney attorneys lawyer lawyers prosecutor
  prosecutors defendant suspect victim witness witnesses resident residents neighbor neighbour farmer teacher student students doctor
  nurse surgeon neurosurgeon pastor priest bishop archbishop pope rabbi imam ambassador envoy diplomat diplomats commander officer
  officers detective sheriff police mayor councilman councilwoman commissioner whistleblower hacker veteran soldier coach player
  captain actor actress singer star director filmmaker comedian mother father sister brother son daughter wife husband widow
  friend friends colleague colleagues ally allies rival rivals opponent opponents donor donors delegate delegates staffer staffers
  businessman businesswoman billionaire entrepreneur investor investors trader traders banker bankers consultant specialist
  democrat democrats republican republicans conservative liberal socialist lawmaker legislator legislators member members
  representative representatives signatory signatories participant participants protester protesters demonstrators organizers
  survivor survivors refugee refugees worker workers employee employees driver pilot engineer engineers user users user
  leader deputy undersecretary superintendent inspector investigator investigators regulator regulators historian historians
  congressional native mp mps mep meps tweeter politician politicians contender hopeful incumbent challenger`,
)

/** Whether a lower-case noun names a job or a part somebody plays: minister, sister, critic. */
export function isRole(word: string): boolean {
  return ROLE_WORDS.has(word) || isA(word, 'role') || /(?:man|men|woman|women|person)$/.test(word)
}

const BODY_WORDS = list(
  `party department ministry committee council commission agency bureau office administration government governments congress senate
  parliament court university college institute foundation association union federation league club company corporation
  corp inc group bank fund exchange army navy force forces police church times post news journal tribune herald gazette
  guardian telegraph network television tv radio channel magazine press media campaign coalition alliance organization
  organisation center centre board authority service services house pentagon kremlin nations society academy school
  hospital museum team center embassy command guard laboratory labs partners holdings ventures capital management trust
  caucus pac front movement brigade militia states kingdom republic tower hotel street avenue square park plaza hall building
  stadium arena river lake island islands airport bridge county beach bay valley resort act award prize cup bowl games show`,
)

/** Whether a lower-case word is the kind of a body: ministry, newspaper, party. */
export function isBodyWord(word: string): boolean {
  return BODY_WORDS.has(word)
}

const BODY_NOUNS = list(
  `group organization organisation company firm agency ministry department newspaper paper network station channel magazine outlet
  campaign committee council commission panel board court government administration party union bank institute foundation
  university school church police army military force team club association coalition alliance authority watchdog
  regime country nation state city website site editorial publication office cabinet house parliament think-tank charity body
  embassy bureau service journal daily broadcaster`,
)

/** Whether a lower-case noun refers back to a body: the ministry, the newspaper. */
export function isBodyNoun(word: string): boolean {
  return BODY_NOUNS.has(word) || (word.endsWith('s') && BODY_NOUNS.has(word.slice(0, -1)))
}

const DOCUMENT_NOUNS = list(
  `statement letter email e-mail memo memorandum report release tweet tweets post message note article editorial column op-ed
  document documents filing lawsuit complaint ruling opinion order brief speech address interview book survey poll study ad ads
  advertisement headline caption sign banner slogan script transcript resolution communique communiqué declaration text texts
  website webpage blog story piece commentary dispatch press-release invitation petition indictment affidavit verdict review bill
  remarks comments comment remark testimony plea tagline page announcement notice bulletin`,
)

/** Whether a lower-case noun is something written or said that carries words: statement, tweet, memo. */
export function isDocumentNoun(word: string): boolean {
  return DOCUMENT_NOUNS.has(word)
}

const SPEECH_NOUNS = list(
  `claim accusation argument contention assertion allegation promise pledge vow threat comment remark statement call warning
  criticism complaint insistence suggestion message phrase catchphrase catch-phrase motto mantra refrain response answer reply
  reaction verdict advice description charge boast admission declaration prediction explanation conclusion assessment view opinion
  question joke line rallying-cry plea tweet post letter memo email word words`,
)

/** Whether a lower-case noun is an act of speech that can have its words behind it: claim that, response. */
export function isSpeechNoun(word: string): boolean {
  return SPEECH_NOUNS.has(word) || SPEECH_NOUNS.has(word.replace(/s$/, ''))
}

const CALENDAR = list(
  'monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december today yesterday tomorrow tonight christmas easter ramadan mondays tuesdays wednesdays thursdays fridays saturdays sundays',
)

/** Days, months and feasts: capitals that are nobody's name. */
export function isCalendarWord(word: string): boolean {
  return CALENDAR.has(word)
}
