/** The question that a further one follows, and who it was about where that is known. */
export type Followed = { readonly question: string; readonly speaker?: string }

/** Words that leave open who is meant. */
const PERSON = /\b(?:he|she|they|him|her|them)\b/iu
const POSSESSIVE = /\b(?:his|hers|their|theirs)\b/iu
/** "her" and "his" stand before what is had: "her plan", but not "ask her later". */
const HER_OWN = /\bher(?=\s+(?!later|then|now|again|before|after|about|on|in|at|to|say|said)\p{L})/iu
/** Words that leave open what is meant. */
const THING = /\b(?:it|this|that|these|those|there)\b/iu

/** Words that a question may consist of without having a topic of its own. */
const TOPICLESS = new Set(
  (
    'a about after again ago all also an and any are as at be been before but by can could day did do does doing else ' +
    'ever for from had has have he her hers him his how i if in into is it its just last later many me more most much ' +
    'new next no not now of on one or other others our out over please really said same say saying says she should so ' +
    'some soon tell than that the their them then there these they this those time to today tomorrow too until up us ' +
    'very was we week were what when where which while who whom whose why will with would year yes yesterday yet you ' +
    'announce announced answer answered comment commented explain explained happen happened happens mean meant quote ' +
    'quoted reply replied respond responded speak spoke statement talk talked think thought told'
  ).split(' '),
)

/**
 * A follow-up as a question that stands alone: a person it leaves open becomes the speaker of the question before, and
 * where it has no topic of its own it takes over that question's. A follow-up that names both is left as it is.
 */
export function continueQuestion(followed: Followed, next: string): string {
  const asked = next
    .trim()
    .replace(/^(?:and|but|so|ok|okay|then)\b[\s,]*/iu, '')
    .trim()
  const question = asked === '' ? next.trim() : asked
  const speaker = followed.speaker ?? namesIn(followed.question)[0]
  const named = speaker !== undefined && namesIn(question).length === 0 ? withSpeaker(question, speaker) : question
  const own = topicWords(namesIn(question).reduce((rest, name) => rest.replace(name, ''), question)).length
  if (own > 1 || (own === 1 && !THING.test(question))) return named
  const topic = topicOf(followed.question, speaker, named)
  if (topic === '') return named
  const end = /[?!.\s]*$/u.exec(named)?.index ?? named.length
  return `${named.slice(0, end)} about ${topic}${named.slice(end).trim() || '?'}`
}

function withSpeaker(question: string, speaker: string): string {
  if (HER_OWN.test(question)) return question.replace(HER_OWN, `${speaker}’s`)
  if (PERSON.test(question)) return question.replace(PERSON, speaker)
  return question.replace(POSSESSIVE, `${speaker}’s`)
}

/** Runs of capitalised words that do not begin the question. */
function namesIn(question: string): readonly string[] {
  const names = [
    ...question.matchAll(/(?<=\S\s)\p{Lu}[\p{L}’'.-]+(?:\s+(?:(?:de|van|von|der|al|bin)\s+)?\p{Lu}[\p{L}’'.-]+)*/gu),
  ]
  return names.map((match) => match[0].replace(/[’']s$/u, '').replace(/[.]+$/u, ''))
}

function topicWords(question: string): readonly string[] {
  return (question.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}’'-]*/gu) ?? []).filter((word) => !TOPICLESS.has(word))
}

/** What a question is about: the words after "about" or "on" where it says so, else its words of content. */
function topicOf(question: string, speaker: string | undefined, next: string): string {
  const said = /\b(?:about|regarding|concerning)\s+(.+?)[?!.\s]*$/iu.exec(question)?.[1]
  const known = new Set([...topicWords(speaker ?? ''), ...topicWords(next)])
  if (said !== undefined && topicWords(said).some((word) => !known.has(word))) return said
  return topicWords(question)
    .filter((word) => !known.has(word.replace(/[’']s$/u, '')))
    .join(' ')
}
