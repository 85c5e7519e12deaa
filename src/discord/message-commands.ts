import type { OptionValues } from '../command.ts'

/** What a command on a message does with the message's text: which command runs, with which options. */
export const MESSAGE_COMMANDS: Readonly<
  Record<string, { readonly command: string; options(text: string): OptionValues }>
> = {
  'Verify quote': { command: 'verify', options: (text) => ({ quote: claimedQuote(text), private: true }) },
  'Find in coverage': { command: 'ask', options: (text) => ({ question: text, private: true }) },
}

/** Quotation marks that open and the ones that close them, as people type and as phones set them. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['“', '”'],
  ['„', '“'],
  ['«', '»'],
  ['»', '«'],
  ['"', '"'],
  ['‘', '’'],
]

/** Shorter than this, words between marks are a title or irony rather than a quotation; characters. */
const SHORTEST_QUOTE = 12

/**
 * The quotation in what somebody wrote: the longest words between quotation marks, else the lines marked as a
 * quotation with `>`, else the whole text. Markdown marks around it are taken off.
 */
export function claimedQuote(message: string): string {
  const text = message.replace(/(\*\*|__|~~|\|\|)(?=\S)([\s\S]*?\S)\1/gu, '$2')
  const quoted = PAIRS.flatMap(([open, close]) =>
    [...text.matchAll(new RegExp(`${open}([^${open}${close}]{${SHORTEST_QUOTE},})${close}`, 'gu'))].map(
      (m) => m[1] ?? '',
    ),
  )
  const longest = quoted.reduce((best, each) => (each.length > best.length ? each : best), '')
  if (longest !== '') return longest.trim()
  const marked = text
    .split('\n')
    .filter((line) => /^\s*>/u.test(line))
    .map((line) => line.replace(/^\s*(?:>>>|>)\s?/u, ''))
  return (marked.length > 0 ? marked.join(' ') : text).trim()
}
