/** What a number in a text counts. */
export type Unit = 'money' | 'time' | 'distance' | 'frequency'

/** How texts write them. */
const UNITS: Readonly<Record<Unit, RegExp>> = {
  money: /[$€£¥]\s?\d|\d\s?(?:%|percent|per cent|dollars|euros|pounds)|\b(?:dollars|euros|pounds|cents)\b/iu,
  time: /\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|aged?)\b|, \d\d,/iu,
  distance: /\b(?:inch(?:es)?|feet|foot|yards?|miles?|met(?:er|re)s?|kilomet(?:er|re)s?|km|acres?|hectares?)\b/iu,
  frequency: /\b(?:times|once|twice|daily|weekly|monthly|yearly|annually|(?:every|a|per) (?:day|week|month|year))\b/iu,
}

/** Which units a text writes of. */
export function unitsOf(text: string): readonly Unit[] {
  return (Object.keys(UNITS) as Unit[]).filter((unit) => UNITS[unit].test(text))
}
