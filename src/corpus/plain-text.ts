import { UserError } from '../errors.ts'
import { normaliseBody, oneLine } from './article.ts'
import { readPage } from './page.ts'
import { fallbackTitle, type Draft, type Importer } from './source.ts'
import { endsSentence } from './wording.ts'

/** Scraped or copied text: one article a file, with or without the furniture of the page it was on. */
export const plainText: Importer = {
  extensions: ['.txt', '.text'],
  accepts: () => true,
  read: (text, name) => [{ draft: draftOf(linesOf(text), name) }],
}

/**
 * An article from the lines of a page and what is known about it from elsewhere.
 * @throws UserError `bad-file` when no text is left
 */
export function draftOf(lines: readonly string[], name: string, known: Partial<Draft> = {}): Draft {
  const { paragraphs, stated, furniture } = readPage(lines, known)
  const body = normaliseBody(paragraphs.join('\n\n'))
  if (body === '')
    throw new UserError('bad-file', `${name} has no article text.`, 'Check that the file holds the article itself.')
  const title = oneLine(known.title ?? stated.title ?? '')
  return {
    ...stated,
    ...known,
    ...(stated.outlet === undefined ? {} : { outlet: stated.outlet }), // which has weighed the known one
    title: title === '' ? fallbackTitle(body) : title,
    isTitleStated: title !== '',
    body,
    furniture,
  }
}

/**
 * The paragraphs of a plain text, one a line: every line is one, unless the text was wrapped at a fixed width; then
 * the lines between two blank lines are joined.
 */
export function linesOf(text: string): readonly string[] {
  const clean = normaliseBody(text)
  const blocks = clean.split('\n\n').map((block) => block.split('\n').map((line) => line.trim()))
  const lines = isWrapped(blocks) ? blocks.map((block) => block.join(' ')) : blocks.flat()
  return lines.filter((line) => line !== '')
}

/** Widths at which mail programs and archives break lines, in characters. */
const WRAP_MIN = 40
const WRAP_MAX = 120

/** Whether lines end where the width does: nearly as long as the longest, mostly in the middle of a sentence. */
function isWrapped(blocks: readonly (readonly string[])[]): boolean {
  const broken = blocks.flatMap((block) => block.slice(0, -1))
  const width = broken.reduce((longest, line) => Math.max(longest, line.length), 0)
  if (broken.length < 3 || width < WRAP_MIN || width > WRAP_MAX) return false
  const full = broken.filter((line) => line.length >= width * 0.7)
  const openEnded = broken.filter((line) => !endsSentence(line))
  return full.length >= broken.length * 0.8 && openEnded.length >= broken.length * 0.6
}
