import { Lexer, type Token, type Tokens } from 'marked'
import { UserError } from '../errors.ts'
import { normaliseBody, readPlainYaml, splitFrontMatter } from './article.ts'
import { decodeReferences, fragmentLines } from './html.ts'
import { plainNames, readMetadata } from './metadata.ts'
import { draftOf, linesOf } from './plain-text.ts'
import { fallbackTitle, type Draft, type Importer } from './source.ts'

/**
 * Markdown files, with front matter or without. Paragraphs become plain text: the words of links, emphasis and
 * headings without their marks, everything else as it stands. Front matter with a title says that somebody has already
 * made an article of it: nothing is taken for page furniture then.
 */
export const markdown: Importer = {
  extensions: ['.md', '.markdown', '.mdown'],
  accepts: (text) => /^\uFEFF?---[ \t]*\r?\n/.test(text),
  read: (text, name) => [{ draft: readMarkdown(text, name) }],
}

/** Characters of a Markdown file; longer ones are not articles. */
const MAX_MARKDOWN = 4 * 1024 * 1024

/** Marks in one paragraph beyond which it is no Markdown: the time that marked takes grows with their square. */
const MAX_MARKS = 400

function readMarkdown(text: string, name: string): Draft {
  if (text.length > MAX_MARKDOWN)
    throw new UserError('bad-file', `${name} is longer than an article.`, 'Split it into its articles.')
  const parts = splitFrontMatter(text)
  const yaml = parts === undefined ? { fields: {} } : readPlainYaml(parts.yaml)
  if ('reason' in yaml)
    throw new UserError('bad-front-matter', `${name} ${yaml.reason}.`, 'Correct the lines between the two ---.')
  const known = readMetadata(plainNames(yaml.fields))
  const lines = markdownLines(parts?.body ?? text)
  if (known.title === undefined) {
    const [heading] = lines
    return draftOf(
      lines.map((line) => line.text),
      name,
      { ...known, ...(heading?.isHeading === true ? { title: heading.text } : {}) },
    )
  }
  const title = known.title
  // The title as a heading above the text says nothing new.
  const body = lines.filter((line, i) => !(i === 0 && line.isHeading && line.text === title)).map((line) => line.text)
  const clean = normaliseBody(body.join('\n\n'))
  if (clean === '')
    throw new UserError('bad-file', `${name} has no article text.`, 'Write the article below the front matter.')
  return {
    ...known,
    title: title === '' ? fallbackTitle(clean) : title,
    isTitleStated: true,
    body: clean,
    furniture: [],
  }
}

type MarkdownLine = { readonly text: string; readonly isHeading: boolean }

/** Quotes and lists in quotes and lists, no deeper than anybody writes; deeper marks stay as text. */
const MAX_NESTING = 20

/** The paragraphs, headings, list entries and table rows of a Markdown text as plain lines. */
function markdownLines(text: string): readonly MarkdownLine[] {
  const clean = normaliseBody(text)
  const isOverloaded = clean
    .split('\n\n')
    .some((paragraph) => (paragraph.match(/[*_`[\]~<&\\|]/g) ?? []).length > MAX_MARKS)
  if (isOverloaded) return linesOf(clean).map((line) => ({ text: line, isHeading: false }))
  const flat = clean.replace(/^(?:[ \t]*(?:>|[-*+](?=[ \t]))){20,}/gm, '')
  return blockLines(Lexer.lex(flat, { gfm: true }), 0)
}

function blockLines(tokens: readonly Token[], depth: number): MarkdownLine[] {
  return tokens.flatMap((token): MarkdownLine[] => {
    const line = (text: string, isHeading = false) => {
      const clean = text.replace(/\s*\n\s*/g, ' ').trim()
      return clean === '' ? [] : [{ text: clean, isHeading }]
    }
    switch (token.type) {
      case 'space':
      case 'hr':
      case 'def':
        return []
      case 'heading':
        return line(inlineText((token as Tokens.Heading).tokens), true)
      case 'code':
        return (token as Tokens.Code).text.split('\n').flatMap((code) => line(code))
      case 'html':
        return fragmentLines((token as Tokens.HTML).text).flatMap((html) => line(html))
      case 'table': {
        const table = token as Tokens.Table
        return [table.header, ...table.rows].flatMap((row) =>
          line(row.map((cell) => inlineText(cell.tokens)).join(' ')),
        )
      }
      case 'list':
        return (token as Tokens.List).items.flatMap((entry, i) => {
          const start = (token as Tokens.List).start
          const lines = depth < MAX_NESTING ? blockLines(entry.tokens, depth + 1) : line(entry.raw)
          const [first, ...rest] = lines
          // "1945. The war ends." is a paragraph that Markdown takes for an entry: its number is text.
          return first === undefined || typeof start !== 'number'
            ? lines
            : [{ ...first, text: `${String(start + i)}. ${first.text}` }, ...rest]
        })
      case 'blockquote':
        return depth < MAX_NESTING ? blockLines((token as Tokens.Blockquote).tokens, depth + 1) : line(token.raw)
      default:
        return line('tokens' in token && token.tokens !== undefined ? inlineText(token.tokens) : inlineText([token]))
    }
  })
}

/** The words of inline marks; pictures are left out, a single tilde is no strike-through but "about". */
function inlineText(tokens: readonly Token[]): string {
  return tokens
    .map((token): string => {
      switch (token.type) {
        case 'image':
        case 'html':
          return ''
        case 'br':
          return ' '
        case 'escape':
        case 'codespan':
          return (token as Tokens.Escape).text
        case 'del':
          return token.raw.startsWith('~~') ? inlineText((token as Tokens.Del).tokens) : token.raw
        case 'link': {
          const link = token as Tokens.Link
          return link.raw.startsWith('[') ? inlineText(link.tokens) : link.raw.replace(/^<|>$/g, '')
        }
        default:
          if ('tokens' in token && token.tokens !== undefined) return inlineText(token.tokens)
          return decodeEntities('text' in token && typeof token.text === 'string' ? token.text : token.raw)
      }
    })
    .join('')
}

/** Character references, as Markdown allows them in text: only what certainly is one. */
function decodeEntities(text: string): string {
  return /&(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,8}\d?);/i.test(text) ? decodeReferences(text) : text
}
