import { withoutStop } from './source.ts'
import { conclude, readDateline, readStatements, type Place, type Stated, type Statement } from './statements.ts'
import {
  endsSentence,
  isAllCaps,
  isCaption,
  isCredit,
  isCutOff,
  isFurnitureLine,
  isProse,
  isTitleCase,
  repeatedLabel,
  tailHeading,
  withoutShortcodes,
  wordsOf,
} from './wording.ts'

/** An article taken out of the page it came on. */
export type Page = {
  /** The article's paragraphs in order, each a line of the source, word for word. */
  readonly paragraphs: readonly string[]
  /** What the page states about its article. */
  readonly stated: Stated
  /** The lines that were left out, in order: the page's, not the article's. */
  readonly furniture: readonly string[]
}

type Line = {
  readonly text: string
  readonly words: number
  readonly isProse: boolean
  /** Why the line is not part of the body, once that is known. */
  out?: 'furniture' | 'title'
}

/**
 * Takes an article out of the lines of a scraped page, one paragraph or heading a line. Works from structure and
 * wording: what lines say (`wording.ts`, `statements.ts`), where they stand, what repeats, and whether the headline's
 * words come back in the text. When in doubt a line stays: a sentence of the article is worth more than a clean page.
 * @param known what the page's metadata says; a known title is looked for among the lines
 */
export function readPage(
  source: readonly string[],
  known: { readonly title?: string; readonly outlet?: string } = {},
): Page {
  const lines: Line[] = source
    .map(withoutShortcodes)
    .map((text) => ({ text, words: wordsOf(text).length, isProse: isProse(text) }))
  const statements: Statement[] = []

  const isBody = (line: Line) => line.isProse && !isFurnitureLine(line.text) && !isCaption(line.text)
  const first = lines.findIndex(isBody)
  const last = lines.findLastIndex(isBody)
  const place = (i: number): Place => (first < 0 || i < first ? 'head' : i > last ? 'tail' : 'middle')
  const leaveOut = (line: Line | undefined) => {
    if (line !== undefined) line.out ??= 'furniture'
  }

  const title = markTitle(lines, first, known.title)
  lines.forEach((line, i) => {
    if (line.out === 'title') return
    const reading = readStatements(line.text, place(i))
    statements.push(...reading.statements)
    if (reading.isFurniture || isFurnitureLine(line.text)) leaveOut(line)
  })
  const opening = lines.find((line) => line.out === undefined && line.isProse)
  if (opening !== undefined) statements.push(...readDateline(opening.text))

  markPictures(lines)
  markHead(lines, first, title)
  markLinks(lines, first)
  markWidgets(lines)
  markRepeats(lines)
  markTails(lines, first)
  markEnd(lines)

  const stated = conclude(statements, source.join('\n'), known.outlet)
  const kept = lines.filter((line) => line.out === undefined)
  return {
    paragraphs: kept.map((line) => line.text),
    stated: { ...stated, ...(title === undefined ? {} : { title }) },
    furniture: lines.filter((line) => line.out === 'furniture' && line.text !== '').map((line) => line.text),
  }
}

/** Lines among which a headline is looked for; menus before it are shorter. */
const MAX_HEAD = 200

/** Longest headline, in words and characters. */
const MAX_TITLE_WORDS = 30
const MAX_TITLE = 250

/**
 * Finds the headline among the lines before the first paragraph and takes it, and what stands before it, out of the
 * body. A headline does not end like a sentence, or it has headline capitals, or it asks; of several the one whose
 * words come back most in the text wins, so that promos and section names lose. A first line that is a full sentence
 * names the article too, but stays in the body.
 */
function markTitle(lines: Line[], first: number, known: string | undefined): string | undefined {
  if (known !== undefined) {
    const same = sameAs(known)
    for (const line of lines) if (same(line.text)) line.out = 'title'
    return known
  }
  const head = lines.slice(0, Math.min(first < 0 ? lines.length : first, MAX_HEAD))
  const vocabulary = stemCounts(lines)
  let best: { line: Line; score: number } | undefined
  for (const [i, line] of head.entries()) {
    if (!isHeadline(line) || readStatements(line.text, 'head').isFurniture || isFurnitureLine(line.text)) continue
    if (isCaption(line.text) || isCredit(line.text)) continue
    const stems = contentStems(line.text)
    const recurring = stems.filter((stem) => (vocabulary.get(stem) ?? 0) > 1).length
    const isRepeated = head.some((other) => other !== line && other.text === line.text)
    const isAlone = first >= 0 && i === 0 && head.length === 1 && !/[!]$/.test(line.text)
    if (recurring === 0 && !isAlone) continue
    const likeness = recurring / (stems.length + 1) + Math.min(recurring, 4) / 10
    const score = likeness + Math.min(line.words, 8) / 16 + (isRepeated ? 1 : 0) - i / 100
    if (best === undefined || score > best.score) best = { line, score }
  }
  if (best !== undefined) {
    best.line.out = 'title'
    return withoutStop(best.line.text)
  }
  // A sentence on a line of its own before everything else: it names the article, and is part of it.
  const [opening, ...rest] = lines
  const isSentenceTitle =
    opening !== undefined &&
    first >= 0 &&
    opening.words >= 3 &&
    opening.words <= 20 &&
    endsSentence(opening.text) &&
    rest.some((line) => line.isProse && line.words > opening.words) &&
    !/\p{Ll}[.!?]["'”’]?\s+["'“‘]?\p{Lu}\p{Ll}+ \p{Ll}/u.test(opening.text)
  return isSentenceTitle ? withoutStop(opening.text) : undefined
}

function isHeadline(line: Line): boolean {
  const { text, words } = line
  if (words < 3 || words > MAX_TITLE_WORDS || text.length > MAX_TITLE || isCutOff(text)) return false
  return !/[.!?:]["'”’»)\]]*$/.test(text) || isTitleCase(text) || /\?["'”’]?$/.test(text)
}

function sameAs(title: string): (text: string) => boolean {
  const key = letters(title)
  return (text) => key !== '' && letters(text) === key
}

function letters(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}

/** Beginnings of the words that carry meaning: five letters do for English inflection. */
function contentStems(text: string): string[] {
  return [
    ...new Set(
      wordsOf(text)
        .filter((word) => word.length >= 4 || /^\p{Lu}{2,}/u.test(word))
        .map((word) =>
          word
            .toLowerCase()
            .replace(/['’]s$/, '')
            .slice(0, 5),
        ),
    ),
  ]
}

/** In how many different lines each stem occurs. */
function stemCounts(lines: readonly Line[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const text of new Set(lines.map((line) => line.text)))
    for (const stem of contentStems(text)) counts.set(stem, (counts.get(stem) ?? 0) + 1)
  return counts
}

/** Captions with their credits, and the image's name or unfinished caption right before them. */
function markPictures(lines: Line[]): void {
  let before: { line: Line; at: number } | undefined
  lines.forEach((line, i) => {
    const isPicture = line.out !== 'title' && (isCaption(line.text) || isCredit(line.text))
    if (isPicture) {
      line.out = 'furniture'
      const isName = before !== undefined && before.line.words <= 25 && !endsSentence(before.line.text)
      if (before !== undefined && isName && before.at >= i - 2) before.line.out = 'furniture'
      before = undefined
    } else if (line.out === undefined && line.text !== '') before = { line, at: i }
  })
}

/** Before the headline: section names and promos. Around it: single words of navigation, and the headline again. */
function markHead(lines: Line[], first: number, title: string | undefined): void {
  const headline = lines.findIndex((line) => line.out === 'title')
  if (title !== undefined && headline >= 0) {
    const same = sameAs(lines[headline]?.text ?? title)
    for (const line of lines) if (line.out === undefined && same(line.text)) line.out = 'furniture'
  }
  const vocabulary = stemCounts(lines)
  const recurs = (line: Line) => contentStems(line.text).some((stem) => (vocabulary.get(stem) ?? 0) > 1)
  lines.slice(0, Math.max(first, 0)).forEach((line, i) => {
    if (line.out !== undefined || line.isProse) return
    const isBeforeTitle = i < headline
    if (isBeforeTitle && (line.words <= 4 || !recurs(line))) line.out = 'furniture'
    else if (line.words <= 3 && !endsSentence(line.text)) line.out = 'furniture'
    else if (/!$/.test(line.text) && !recurs(line)) line.out = 'furniture'
  })
}

/** Headlines of other articles, set in capitals between the paragraphs. */
function markLinks(lines: Line[], first: number): void {
  if (first < 0) return
  const loud = lines.filter((line, i) => i > first && line.out === undefined && isAllCaps(line.text))
  for (const line of loud)
    if (!/[.!"”]$/.test(line.text) && (loud.length > 1 || !/\?$/.test(line.text))) line.out = 'furniture'
}

/** A label run together several times, and the same label alone; short lines that occur three times and more. */
function markWidgets(lines: Line[]): void {
  const labels = new Set<string>()
  const counts = new Map<string, number>()
  for (const line of lines) {
    if (line.out !== undefined || line.isProse) continue
    const label = repeatedLabel(line.text)
    if (label !== undefined) {
      labels.add(label)
      line.out = 'furniture'
    }
    counts.set(line.text, (counts.get(line.text) ?? 0) + 1)
  }
  for (const line of lines) {
    const isRepeated = (counts.get(line.text) ?? 0) >= 3 && line.words <= 12 && !endsSentence(line.text)
    if (line.out === undefined && (labels.has(line.text) || isRepeated)) line.out = 'furniture'
  }
}

/** A paragraph that was extracted twice; the first stays. */
function markRepeats(lines: Line[]): void {
  const seen = new Set<string>()
  for (const line of lines) {
    if (line.out !== undefined || line.words < 8) continue
    if (seen.has(line.text)) line.out = 'furniture'
    seen.add(line.text)
  }
}

/** Words of a paragraph that is the article's even when it stands alone in a section of links. */
const LONG_PARAGRAPH = 40

/**
 * Sections that a template puts in or behind an article: from a heading such as "Related articles" on, everything is
 * furniture until article text comes back: two paragraphs with nothing but furniture between, or a long one. After
 * a comment form in the second half nothing comes back: what reads like text there was written by readers.
 */
function markTails(lines: Line[], first: number): void {
  if (first < 0) return
  const total = lines.reduce((sum, line) => sum + (line.isProse ? line.words : 0), 0)
  let before = 0
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]
    if (line === undefined) break
    if (line.isProse) before += line.words
    const kind = i > first && line.out !== 'title' ? tailHeading(line.text) : undefined
    if (kind === undefined) continue
    const end = kind === 'comments' && before >= total / 2 ? lines.length : resumesAt(lines, i + 1)
    for (const left of lines.slice(i, end)) left.out ??= 'furniture'
    i = end - 1
  }
}

/** Where the article goes on after a section heading; the number of lines when it does not. */
function resumesAt(lines: readonly Line[], from: number): number {
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]
    if (line !== undefined && tailHeading(line.text) === 'comments') return i // a section of its own
    if (line === undefined || !isArticleText(line)) continue
    const next = lines.slice(i + 1).find((other) => other.out === undefined)
    if (line.words >= LONG_PARAGRAPH || (next !== undefined && isArticleText(next))) return i
  }
  return lines.length
}

function isArticleText(line: Line): boolean {
  return line.out === undefined && line.isProse && !isCutOff(line.text) && tailHeading(line.text) === undefined
}

/** After the last paragraph and a line of furniture: short lines that end no sentence. */
function markEnd(lines: Line[]): void {
  const last = lines.findLastIndex((line) => line.out === undefined && line.isProse)
  if (last < 0) return
  let isPast = false
  for (const line of lines.slice(last + 1)) {
    if (line.out === 'furniture') isPast = true
    else if (line.out === undefined && isPast && line.words <= 14 && !endsSentence(line.text)) line.out = 'furniture'
  }
}
