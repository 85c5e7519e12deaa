import { parseMarkdown, type MarkdownNode } from '../server/reading.ts'

/** A part of a text that Discord sets apart: what it is, and its inline markup. */
export type MarkdownBlock = {
  readonly kind: 'heading' | 'small' | 'quote' | 'item' | 'line'
  readonly nodes: readonly MarkdownNode[]
}

/** A text as Discord's client sets it: line by line what each is, the markup inside by the client's rules. */
export function markdownBlocks(markdown: string): readonly MarkdownBlock[] {
  const blocks: { kind: MarkdownBlock['kind']; text: string }[] = []
  for (const line of markdown === '' ? [] : markdown.split('\n')) {
    const [kind, text] = kindOf(line)
    const last = blocks.at(-1)
    if (kind === 'quote' && last?.kind === 'quote') last.text += `\n${text}`
    else blocks.push({ kind, text })
  }
  return blocks.map(({ kind, text }) => ({ kind, nodes: parseMarkdown(text) }))
}

function kindOf(line: string): [MarkdownBlock['kind'], string] {
  if (/^#{1,3} /u.test(line)) return ['heading', line.replace(/^#{1,3} /u, '')]
  if (line.startsWith('-# ')) return ['small', line.slice(3)]
  if (line.startsWith('> ')) return ['quote', line.slice(2)]
  if (line.startsWith('- ')) return ['item', line.slice(2)]
  return ['line', line]
}
