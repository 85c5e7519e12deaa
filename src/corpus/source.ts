import { wholeCharacters } from '../text/characters.ts'
import type { Stated } from './statements.ts'

/** One article as a source file holds it, before it has a place in the corpus. */
export type Draft = Stated & {
  readonly title: string
  /** Whether the source names the title; else it is the beginning of the text. */
  readonly isTitleStated: boolean
  readonly tags?: readonly string[]
  /** As `Article.body`. */
  readonly body: string
  /** Lines that were left out because they belong to the page, not to the article. */
  readonly furniture: readonly string[]
  /** Line of the source file, from 1, where it holds one article a line. */
  readonly line?: number
  /** The article's file where it was exported from a corpus: it comes back under that name, whatever it is like. */
  readonly file?: string
}

/** An article that could not be read from a file that holds several. */
export type SourceProblem = { readonly line?: number; readonly reason: string; readonly remedy: string }

export type SourceReading = { readonly draft: Draft } | { readonly problem: SourceProblem }

/** Reads the files of one kind. Adding a kind is adding a file with one of these and its line in `read.ts`. */
export type Importer = {
  /** File name endings, lower case, with the dot. */
  readonly extensions: readonly string[]
  /** Whether a text without a telling name is of this kind. */
  readonly accepts: (text: string) => boolean
  /**
   * The articles of a text; `name` is for messages and never a title.
   * @throws UserError `bad-file` when there is no article in the whole text
   */
  readonly read: (text: string, name: string) => readonly SourceReading[]
}

/** Longest title taken from the beginning of a text. */
const MAX_FALLBACK_TITLE = 100

/**
 * The beginning of a text as a title: the first sentence of its first paragraph, cut at a word (and marked "…") when
 * that is longer than a hundred characters.
 */
export function fallbackTitle(body: string): string {
  const opening = (body.slice(0, MAX_FALLBACK_TITLE * 4).split('\n\n', 1)[0] ?? '').replace(/\s+/g, ' ').trim()
  const sentence = /^.{20,}?\p{Ll}{3}["”’)]*[.!?]["”’)]*(?=\s+["“‘(]?\p{Lu}|$)/u.exec(opening)?.[0] ?? opening
  if (sentence.length <= MAX_FALLBACK_TITLE) return withoutStop(sentence)
  const cut = sentence.lastIndexOf(' ', MAX_FALLBACK_TITLE)
  return `${wholeCharacters(sentence, cut > 0 ? cut : MAX_FALLBACK_TITLE).replace(/[\s,;:–—-]+$/u, '')}…`
}

/** A headline without the full stop or semicolon that a database put behind it; that of an abbreviation stays. */
export function withoutStop(title: string): string {
  return title.replace(/\s*;$/, '').replace(/(?<=[\p{Ll}\d]{2})\.$/u, '')
}
