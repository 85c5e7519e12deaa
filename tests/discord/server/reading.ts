import { parse } from 'discord-markdown-parser'
import type { Message } from './world.ts'

/** How a person reads a message: its texts, and its buttons by what stands on them. */

export type Button = {
  readonly label: string
  readonly style: number
  readonly customId?: string
  readonly url?: string
  readonly disabled: boolean
}

type Node = Readonly<Record<string, unknown>>

function* walk(components: unknown): Generator<Node> {
  if (!Array.isArray(components)) return
  for (const component of components as Node[]) {
    yield component
    yield* walk(component['components'])
    if (component['accessory'] !== undefined) yield* walk([component['accessory']])
  }
}

/** The raw markdown of a message, its text displays one below the other. */
export function markdownOf(message: Message): string {
  const texts = [...walk(message.components)]
    .filter((node) => node['type'] === 10)
    .map((node) => String(node['content']))
  return [message.content, ...texts].filter((text) => text !== '').join('\n')
}

/** What a person sees of a message, without markup. */
export function textOf(message: Message): string {
  return markdownOf(message).split('\n').map(visibleText).join('\n')
}

export function buttonsOf(message: Message): readonly Button[] {
  return [...walk(message.components)]
    .filter((node) => node['type'] === 2)
    .map((node) => ({
      label: String(node['label'] ?? (node['emoji'] as Node | undefined)?.['name'] ?? ''),
      style: Number(node['style']),
      ...(typeof node['custom_id'] === 'string' ? { customId: node['custom_id'] } : {}),
      ...(typeof node['url'] === 'string' ? { url: node['url'] } : {}),
      disabled: node['disabled'] === true,
    }))
}

/** How many components of each type a message has. */
export function componentCount(message: Message): number {
  return [...walk(message.components)].length
}

export type MarkdownNode = { readonly type: string; readonly content?: unknown; readonly [key: string]: unknown }

/** A text as Discord's client takes it apart. */
export function parseMarkdown(markdown: string): readonly MarkdownNode[] {
  return parse(markdown, 'extended') as unknown as readonly MarkdownNode[]
}

/** The text of markdown once the client has taken the markup away. */
export function visibleText(markdown: string): string {
  const read = (node: unknown): string => {
    if (typeof node === 'string') return node
    if (Array.isArray(node)) return node.map(read).join('')
    if (typeof node !== 'object' || node === null) return ''
    const { type, content, ...rest } = node as MarkdownNode
    if (type === 'timestamp') return `<t:${String(rest['timestamp'])}>`
    if (type === 'br' || type === 'newline') return '\n'
    if (type === 'twemoji') return String(rest['name'] ?? '')
    return content === undefined ? `[${type}]` : read(content)
  }
  return read(parseMarkdown(markdown))
}

/** The types of markup in a text, plain text and line breaks left out. */
export function markupIn(markdown: string): readonly string[] {
  const types: string[] = []
  const visit = (node: unknown) => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, content } = node as MarkdownNode
    if (type !== 'text' && type !== 'br' && type !== 'newline' && type !== 'twemoji') types.push(type)
    visit(content)
  }
  visit(parseMarkdown(markdown))
  return types
}
