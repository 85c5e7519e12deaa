import { wholeCharacters } from '../text/characters.ts'

/**
 * Text that somebody else wrote, made to appear in Discord exactly as it is: every character that Discord's markdown
 * would act on is escaped with a backslash, which the client does not show. The rules follow the client's parser: a
 * backslash takes the meaning of any character but letters, digits and white space.
 */

/** Marks anywhere: backslash, emphasis, code, spoilers, tags and mentions `<@…>`, masked links, `@everyone`. */
const MARKS = /[\\*_~`|<[\]@]/gu
/** A colon that begins an emoji (`:smile:`) or follows a scheme (`https://`); a colon before a space does neither. */
const COLON = /:(?=\S)/gu
/** Hosts whose bare addresses Discord turns into an invitation or a gift. */
const INVITATION = /(discord(?:app)?)\.(?=(?:gg|com|gift|new|media)\b)/giu
/** What begins a heading, a list, a quotation or small print, at the start of a line. */
const LINE_START = /^([ \t]*)([#>+-])/gmu
const NUMBERED = /^([ \t]*\d+)([.)])/gmu

/** @returns markdown that shows `text` and nothing else; each line of `text` may begin a line or stand inside one. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(MARKS, '\\$&')
    .replace(COLON, '\\:')
    .replace(INVITATION, '$1\\.')
    .replace(LINE_START, '$1\\$2')
    .replace(NUMBERED, '$1\\$2')
}

/** `text` as the words of a link; undefined where Discord would not take it for one. */
export function maskedLink(text: string, url: string): string | undefined {
  // The client shows a link whose words look like an address as plain text: it might promise another target.
  if (/\w:\/\//u.test(text) || text.trim() === '') return undefined
  // Nor does it find the end of one whose brackets do not pair.
  if (/[[\]]/u.test(text.replace(/\[[^[\]]*\]/gu, ''))) return undefined
  const target = linkTarget(url)
  return target === undefined ? undefined : `[${escapeMarkdown(text.replace(/\s+/gu, ' '))}](${target})`
}

/** An http(s) address with everything encoded that would end a link or is not ASCII; undefined for any other. */
export function linkTarget(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const parsed = new URL(url)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return undefined
  return parsed.href.replace(
    /[()<>\\|[\]`^{}"'*]/gu,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Every line behind the mark of a quotation. */
export function blockQuote(markdown: string): string {
  return markdown
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
}

/**
 * A date as each reader's own client words it.
 * @param published ISO date or date-time. A bare date is taken at noon UTC, so that it is the same date nearly
 * everywhere; a time without a zone as UTC.
 */
export function timestamp(published: string, style: 'D' | 'R' | 'f' = 'D'): string | undefined {
  const isDate = /^\d{4}-\d{2}-\d{2}$/u.test(published)
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/iu.test(published)
  const at = Date.parse(isDate ? `${published}T12:00:00Z` : hasZone ? published : `${published}Z`)
  return Number.isNaN(at) ? undefined : `<t:${Math.floor(at / 1000)}:${style}>`
}

/** The first `most` UTF-16 units of a text, never half a character, with `…` where something was cut. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text
  return `${wholeCharacters(text, most - 1).trimEnd()}…`
}
