/** A text as it is compared, and the way back to where each part of it stands in the original. */
export type FoldedText = {
  /** Lower case, no diacritics, plain quotes and dashes, one space for any white space; trimmed. */
  readonly text: string
  /** Where `text.slice(start, end)` stands in the original: UTF-16 offsets, half-open. Throws RangeError outside. */
  originalRange(start: number, end: number): { start: number; end: number }
}

const SAME: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'‘’‚‛′`´ʼ'].map((mark) => [mark, "'"])),
  ...Object.fromEntries([...'“”„‟″«»'].map((mark) => [mark, '"'])),
  ...Object.fromEntries([...'‐‑‒–—―−'].map((dash) => [dash, '-'])),
  '…': '...',
  ß: 'ss',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ı: 'i',
}
const INVISIBLE = /^[\p{Cf}\p{Mn}]$/u
const SPACE = /^\s$/u

/**
 * Folds a text for matching, and keeps the way back: what is found in the folded text is cut verbatim from the
 * original. Two texts that a reader takes for the same words fold alike: “Kim Yo‑jong” and "kim yo-jong".
 */
export function fold(original: string): FoldedText {
  const starts: number[] = []
  const ends: number[] = []
  let text = ''
  // Looked up in the text itself, each character would cost as much as all before it.
  let endsInSpace = true
  let at = 0
  for (const character of original) {
    const end = at + character.length
    const folded = foldCharacter(character)
    if (folded === ' ') {
      if (!endsInSpace) {
        text += ' '
        endsInSpace = true
        starts.push(at)
        ends.push(end)
      }
    } else {
      for (let i = 0; i < folded.length; i += 1) {
        starts.push(at)
        ends.push(end)
      }
      text += folded
      if (folded !== '') endsInSpace = false
    }
    // A mark that folds away belongs to the letter before it, so that a slice never cuts a letter from its accent.
    if (folded === '' && !endsInSpace) ends[ends.length - 1] = end
    at = end
  }
  text = text.trimEnd()
  return {
    text,
    originalRange(start, end) {
      const first = starts[start]
      const last = ends[end - 1]
      if (first === undefined || last === undefined || end <= start || end > text.length)
        throw new RangeError(`no range ${start}…${end} in a folded text of ${text.length}`)
      return { start: first, end: last }
    },
  }
}

/** `fold(text).text` without the way back: the key under which names and words are compared. */
export function foldKey(text: string): string {
  return fold(text).text
}

function foldCharacter(character: string): string {
  const code = character.charCodeAt(0)
  if (character.length === 1 && code < 128) {
    if (code > 64 && code < 91) return String.fromCharCode(code + 32)
    if (code === 96) return "'"
    return code < 33 ? (code === 0 ? '' : ' ') : code === 127 ? '' : character
  }
  if (SPACE.test(character)) return ' '
  const known = SAME[character]
  if (known !== undefined) return known
  if (INVISIBLE.test(character)) return ''
  const decomposed = character
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
  let folded = ''
  for (const part of decomposed) folded += SAME[part] ?? (SPACE.test(part) || INVISIBLE.test(part) ? '' : part)
  return folded
}
