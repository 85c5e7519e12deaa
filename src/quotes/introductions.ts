/** A short form that a text gives for a longer one: “Northern Harbour Authority (NHA)”. */
export type Introduction = { readonly short: string; readonly long: string }

const SMALL = '(?:of|and|for|the|on|in|to|&|de|du|des|la)'
const NAME_WORD = "(?<![\\p{L}\\p{N}])(?:(?:\\p{Lu}\\.){1,4}|\\p{Lu}[\\p{L}\\p{N}'’-]{0,40})"
/** A run of capitalised words with small words between, at most ten: bounded, so that matching stays linear. */
const RUN = `${NAME_WORD}(?: (?:${SMALL} ){0,2}${NAME_WORD}){0,9}`
const SHORT = '(?:\\p{Lu}\\.?){2,8}s?'

/** X (Y) · Y (X) · X, or Y, · Y, or X, · X, known as Y · Y stands for “X,” · Y, which stands for X */
const PATTERNS: readonly (readonly [pattern: RegExp, order: 'long first' | 'short first'])[] = [
  [new RegExp(`(${RUN}) \\(["“]?(?:the )?(${SHORT})["”]?\\)`, 'gu'), 'long first'],
  [new RegExp(`(?<![\\p{L}.])(${SHORT}) \\(["“]?(?:the )?(${RUN})["”]?\\)`, 'gu'), 'short first'],
  [
    new RegExp(`(${RUN}),? (?:or|(?:also )?known as|abbreviated(?: as)?) (?:the )?["“]?(${SHORT})(?![\\p{L}])`, 'gu'),
    'long first',
  ],
  [new RegExp(`(?<![\\p{L}.])(${SHORT}), or (?:the )?["“]?(${RUN})`, 'gu'), 'short first'],
  [new RegExp(`(?<![\\p{L}.])(${SHORT}),? (?:which )?stands for (?:the )?["“]?(${RUN})`, 'gu'), 'short first'],
]
const OFFICIAL_NAME = new RegExp(
  `(${RUN}),?["”]?,? (?:is )?the (?:official|formal|full) name (?:of|for) (?:the )?(${RUN})`,
  'gu',
)
/** Every pattern needs one of these; most texts are done after this look. */
const HINT = /\(|, or |known as|abbreviated|stands for|name (?:of|for)/

/**
 * The abbreviations a text introduces, in no particular order, each once. An abbreviation counts only where its letters
 * are the initials of the words (Schwartz & Hearst 2003, initials only, small words may be left out), so that a photo
 * credit or a party letter in brackets is none. Linear in the text's length.
 */
export function findIntroductions(text: string): readonly Introduction[] {
  if (!HINT.test(text)) return []
  const found = new Map<string, Introduction>()
  const add = (short: string, long: string): void => {
    found.set(`${short}\n${long}`, { short, long })
  }
  for (const [pattern, order] of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const [, first = '', second = ''] = match
      const short = (order === 'long first' ? second : first).replace(/s$/, '')
      const run = (order === 'long first' ? first : second).replace(/[.,]+$/, '')
      const long = expansion(short, run, order === 'long first')
      if (long !== undefined) add(short, long)
    }
  }
  for (const [, formal = '', common = ''] of text.matchAll(OFFICIAL_NAME)) {
    const long = formal.replace(/[.,'’]+$/, '')
    if (long.includes(' ')) add(long, common.replace(/[.,]+$|['’]s$/, ''))
  }
  return [...found.values()]
}

/** The part of a run of words that an abbreviation abbreviates: its end or its beginning; undefined when none does. */
function expansion(short: string, run: string, atEnd: boolean): string | undefined {
  const letters = short.replace(/\./g, '').toLowerCase()
  const words = run.split(' ')
  for (let length = 2; length <= words.length; length += 1) {
    const part = atEnd ? words.slice(-length) : words.slice(0, length)
    if (!/^\p{Lu}/u.test(part[0] ?? '') || !/^\p{Lu}/u.test(part.at(-1) ?? '')) continue
    if (initialsOf(part, false) === letters || initialsOf(part, true) === letters) return part.join(' ')
  }
  return undefined
}

function initialsOf(words: readonly string[], withSmall: boolean): string {
  return words
    .flatMap((word) => word.split('-'))
    .filter((word) => withSmall || /^\p{Lu}/u.test(word))
    .map((word) => word.charAt(0).toLowerCase())
    .join('')
}
