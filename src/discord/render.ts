import { createHash } from 'node:crypto'
import { ButtonStyle, ComponentType, MessageFlags } from 'discord.js'
import type {
  APIButtonComponent,
  APIComponentInContainer,
  APIMessageTopLevelComponent,
  APITextDisplayComponent,
} from 'discord.js'
import type { Action, Block, DiffPart, ListItem, QuotedBlock, Reply, SourceLine } from '../reply.ts'
import type { CustomIds } from './custom-ids.ts'
import { wholeCharacters } from '../text/characters.ts'
import { blockQuote, escapeMarkdown, linkTarget, maskedLink, shorten, timestamp } from './markdown.ts'

/** Discord's limits on one message of components, and on what is in it. */
const MAX_TEXT = 4000
const MAX_COMPONENTS = 40
const MAX_LABEL = 80
const MAX_BUTTON_URL = 512
const MAX_ROW = 5

/** Below this many characters a text is no longer worth cutting; what follows is left out instead. */
const SHORTEST = 120
/** More sources of the same words than this are counted, not named. */
const MAX_SOURCES = 3

const NOTICE_COLOR = 0xd9a441
const FAILURE_COLOR = 0xc0392b

/** A message as Discord takes it: components only, nobody mentioned, no previews of links. */
export type OutgoingMessage = {
  readonly flags: number
  readonly components: APIMessageTopLevelComponent[]
  readonly allowed_mentions: { readonly parse: [] }
  /** Sent along as a file; a component of the message shows it. */
  readonly file?: NonNullable<Reply['file']>
}

/** What a rendered reply's buttons need to know. */
export type Rendering = {
  readonly ids: CustomIds
  readonly command: string
  readonly generation: number
  /** The question as asked, for votes and follow-ups; empty where there is none. */
  readonly question: string
  /** Seen by the asker only: then it can be shared. */
  readonly ephemeral: boolean
  /** Under what id the reply's decision is waited for. */
  readonly decisionId?: string
}

/** Which of the lesser parts a message has; they go one by one when it would have too many components. */
type Detail = { readonly sections: boolean; readonly votes: boolean; readonly buttons: boolean }
const DETAILS: readonly Detail[] = [
  { sections: true, votes: true, buttons: true },
  { sections: false, votes: true, buttons: true },
  { sections: false, votes: false, buttons: true },
  { sections: false, votes: false, buttons: false },
]

/** A fingerprint of quoted words, by which a button of an older index knows whether they still stand there. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}

/**
 * A reply as one Discord message within every limit of the platform: 4,000 characters, 40 components, labels, links.
 * Quoted words are shown as they are or cut at the end of a word, never changed. What does not fit is cut evenly, the
 * longest first; only when that leaves too little of each are the last blocks left out, and the message says so.
 */
export function renderReply(reply: Reply, rendering: Rendering): OutgoingMessage {
  let blocks = reply.blocks
  for (;;) {
    const leftOut = reply.blocks.length - blocks.length
    for (const detail of DETAILS) {
      const build = (most: number) => buildComponents(reply, blocks, leftOut, rendering, detail, most)
      const components = fitText(build)
      if (components !== undefined && countComponents(components) <= MAX_COMPONENTS)
        return {
          ...outgoing(components, rendering.ephemeral),
          ...(reply.file === undefined ? {} : { file: reply.file }),
        }
    }
    if (blocks.length === 0) throw new Error('A reply without blocks does not fit into a message.')
    blocks = blocks.slice(0, -1)
  }
}

/** The greatest cut that makes the texts fit; undefined where even the smallest does not. */
function fitText(build: (most: number) => APIMessageTopLevelComponent[]): APIMessageTopLevelComponent[] | undefined {
  const whole = build(MAX_TEXT)
  if (countText(whole) <= MAX_TEXT) return whole
  if (countText(build(SHORTEST)) > MAX_TEXT) return undefined
  let fits = SHORTEST
  let tooMuch = MAX_TEXT
  while (tooMuch - fits > 1) {
    const middle = Math.floor((fits + tooMuch) / 2)
    if (countText(build(middle)) <= MAX_TEXT) fits = middle
    else tooMuch = middle
  }
  return build(fits)
}

function outgoing(components: APIMessageTopLevelComponent[], ephemeral: boolean): OutgoingMessage {
  const flags = MessageFlags.IsComponentsV2 | MessageFlags.SuppressEmbeds
  return {
    flags: ephemeral ? flags | MessageFlags.Ephemeral : flags,
    components,
    allowed_mentions: { parse: [] },
  }
}

/** A short message of our own, seen by the one it answers. */
export function renderNote(text: string): OutgoingMessage {
  return outgoing([textDisplay(escapeMarkdown(shorten(text, 1500)))], true)
}

/** Lines of markdown that are escaped already, for everyone in a channel. Together at most 4,000 characters. */
export function renderLines(lines: readonly string[]): OutgoingMessage {
  return outgoing([textDisplay(lines.join('\n'))], false)
}

/** Too fast: when to try again, as a time that counts down. @param again milliseconds since 1970 */
export function renderCooldown(again: number): OutgoingMessage {
  return outgoing([textDisplay(`That was quick. You can ask again <t:${Math.ceil(again / 1000)}:R>.`)], true)
}

/** More questions than can be answered soon. @param again milliseconds since 1970 */
export function renderBusy(again: number): OutgoingMessage {
  return outgoing([textDisplay(`Many are asking just now. Please try again <t:${Math.ceil(again / 1000)}:R>.`)], true)
}

/** A private answer as everyone sees it: the same components without the Share button, and who shared it. */
export function renderShared(
  components: readonly APIMessageTopLevelComponent[],
  isShareButton: (customId: string) => boolean,
  userId: string,
): OutgoingMessage {
  const rest = withoutButton(components, isShareButton)
  const line = textDisplay(`-# Shared by <@${userId}>`)
  // The line is short, but a full message has no room for it.
  const fits = countComponents(rest) < MAX_COMPONENTS && countText(rest) + line.content.length <= MAX_TEXT
  return outgoing(fits ? [...rest, line] : rest, false)
}

/** The same components without one button; a row that is left empty goes with it. */
export function withoutButton(
  components: readonly APIMessageTopLevelComponent[],
  isButton: (customId: string) => boolean,
): APIMessageTopLevelComponent[] {
  return components.flatMap((component): APIMessageTopLevelComponent[] => {
    if (component.type !== ComponentType.ActionRow) return [component]
    const left = component.components.filter((child) => !('custom_id' in child && isButton(child.custom_id)))
    return left.length === 0 ? [] : [{ ...component, components: left }]
  })
}

/** The custom ids of every button of a message. */
export function customIdsOf(components: readonly unknown[]): readonly string[] {
  return [...everyComponent(components)].flatMap((component) =>
    typeof component['custom_id'] === 'string' ? [component['custom_id']] : [],
  )
}

function buildComponents(
  reply: Reply,
  blocks: readonly Block[],
  leftOut: number,
  rendering: Rendering,
  detail: Detail,
  most: number,
): APIMessageTopLevelComponent[] {
  const components: APIMessageTopLevelComponent[] = []
  let texts: string[] = []
  const flush = () => {
    if (texts.length > 0) components.push(textDisplay(texts.join('\n')))
    texts = []
  }
  const container = (children: APIComponentInContainer[], color?: number) => {
    flush()
    components.push({
      type: ComponentType.Container,
      components: children,
      ...(color === undefined ? {} : { accent_color: color }),
    })
  }
  let merged: string[] = []
  const flushMerged = () => {
    if (merged.length > 0) container([textDisplay(merged.join('\n\n'))])
    merged = []
  }
  blocks.forEach((block, i) => {
    if (block.kind !== 'quoted') flushMerged()
    switch (block.kind) {
      case 'heading':
        return texts.push(`### ${escapeMarkdown(shorten(oneLine(block.text), Math.min(most, 300)))}`)
      case 'text':
        return texts.push(escapeMarkdown(shorten(block.text, most)))
      case 'quoted':
        // Without buttons, quotations share one container.
        if (!detail.buttons) return merged.push(quotedText(block, most, true))
        return container(quotedComponents(block, i, reply.actions, rendering, detail, most))
      case 'list':
        return container([textDisplay(listText(block.items, most))])
      case 'diff':
        return container([textDisplay(diffText(block.parts, most))])
      case 'progress':
        return texts.push(progressText(block))
      case 'notice': {
        const lines = [escapeMarkdown(shorten(block.text, most))]
        if (block.remedy !== undefined) lines.push(escapeMarkdown(shorten(block.remedy, most)))
        if (block.incident !== undefined) lines.push(`-# Incident ${escapeMarkdown(shorten(block.incident, 100))}`)
        return container([textDisplay(lines.join('\n'))], reply.outcome === 'failed' ? FAILURE_COLOR : NOTICE_COLOR)
      }
      default: {
        const unknown: never = block
        return unknown
      }
    }
  })
  flushMerged()
  if (leftOut > 0) texts.push(`-# ${leftOut} more did not fit into one message.`)
  flush()
  if (reply.file !== undefined)
    components.push({ type: ComponentType.File, file: { url: `attachment://${reply.file.name}` } })
  components.push(...actionRows(reply, rendering, detail))
  return components
}

function quotedComponents(
  block: QuotedBlock,
  position: number,
  actions: readonly Action[],
  rendering: Rendering,
  detail: Detail,
  most: number,
): APIComponentInContainer[] {
  const link = block.sources.map((source) => source.url).find((url) => url !== undefined)
  const source = link === undefined ? undefined : linkButton('Source', link)
  const buttons: APIButtonComponent[] = []
  if (source !== undefined && !detail.sections) buttons.push(source)
  const { ids, generation } = rendering
  const place = [String(block.articleId), String(block.start), String(block.end), fingerprint(block.text)]
  const hasContext = actions.some((action) => isContextOf(action, block))
  // Each id also says at which place of the message it stands, so that the same words twice still have ids of their own.
  const own = [...place, String(position)]
  if (hasContext) buttons.push(button('Context', ids.write('context', ...own)))
  const hasVote = actions.some((action) => action.kind === 'vote' && action.passageId === block.passageId)
  if (detail.votes && hasVote && block.passageId !== undefined) {
    const vote = (value: string) => ids.write('vote', value, ...own, String(generation), rendering.question)
    buttons.push(button('Useful', vote('1'), '👍'), button('Not useful', vote('0'), '👎'))
  }
  const section = detail.sections && source !== undefined
  const children: APIComponentInContainer[] = [textDisplay(quotedText(block, most, !section))]
  if (section) {
    const sources = textDisplay(sourcesText(block.sources, most))
    children.push({ type: ComponentType.Section, components: [sources], accessory: source })
  }
  if (buttons.length > 0) children.push({ type: ComponentType.ActionRow, components: buttons.slice(0, MAX_ROW) })
  return children
}

/** The quoted words, who said them, and (if wanted) where they stand. */
function quotedText(block: QuotedBlock, most: number, withSources: boolean): string {
  const lines = [blockQuote(quotedWords(block, most))]
  if (block.speaker !== undefined && block.speaker !== null) {
    const certainty = block.certainty === undefined ? '' : ` (${escapeMarkdown(shorten(block.certainty, 80))})`
    lines.push(`— **${escapeMarkdown(shorten(oneLine(block.speaker), 150))}**${certainty}`)
  } else if (block.speaker === null) lines.push('— the article does not name the speaker')
  if (block.cueContext !== undefined)
    lines.push(`-# ${escapeMarkdown(shorten(oneLine(block.cueContext), Math.min(most, 300)))}`)
  if (withSources) lines.push(sourcesText(block.sources, most))
  return lines.join('\n')
}

/**
 * The block's words in markdown: the answering stretch bold, at most about `most` characters, cut only at the end of a
 * word and marked `[…]` there.
 */
export function quotedWords(block: Pick<QuotedBlock, 'as' | 'text' | 'emphasis'>, most: number): string {
  const emphasis = block.emphasis ?? { start: 0, end: 0 }
  let from = 0
  let to = block.text.length
  const markdown = () => {
    const a = Math.min(Math.max(emphasis.start, from), to)
    const b = Math.max(a, Math.min(emphasis.end, to))
    const words = `${piece(block.text.slice(from, a))}${bold(block.text.slice(a, b))}${piece(block.text.slice(b, to))}`
    const marked = `${from > 0 ? '[…] ' : ''}${words}${to < block.text.length ? ' […]' : ''}`
    return block.as === 'direct' ? `“${marked}”` : marked
  }
  // Words go from the end first, then from the beginning, the answering stretch last.
  const cutEnd = (least: number) => {
    let best = least
    let tooMuch = to
    while (tooMuch - best > 1) {
      const middle = Math.floor((best + tooMuch) / 2)
      to = middle
      if (markdown().length <= most) best = middle
      else tooMuch = middle
    }
    to = endOfWord(block.text, best, Math.max(least, from + 1))
  }
  if (markdown().length > most && emphasis.end > 0) cutEnd(emphasis.end)
  if (markdown().length > most && emphasis.start > 0) {
    let best = emphasis.start
    let tooMuch = 0
    while (best - tooMuch > 1) {
      const middle = Math.ceil((best + tooMuch) / 2)
      from = middle
      if (markdown().length <= most) best = middle
      else tooMuch = middle
    }
    from = startOfWord(block.text, best, emphasis.start)
  }
  if (markdown().length > most) cutEnd(from + 1)
  return markdown()
}

const piece = (text: string): string => escapeMarkdown(text)

/** Bold around the words, the white space at both ends left outside, where the mark would not count. */
function bold(text: string): string {
  const words = text.trim()
  if (words === '') return piece(text)
  const at = text.indexOf(words)
  return `${text.slice(0, at)}**${piece(words)}**${text.slice(at + words.length)}`
}

function endOfWord(text: string, at: number, least: number): number {
  if (at >= text.length || /\s/u.test(text[at] ?? ' ')) return at
  const space = text.slice(0, at).search(/\s\S*$/u)
  return space >= least ? space : wholeCharacters(text, at).length
}

function startOfWord(text: string, at: number, most: number): number {
  if (at <= 0 || /\s/u.test(text[at - 1] ?? ' ')) return at
  const space = text.slice(at).search(/\s/u)
  const start = at + space + 1
  return space >= 0 && start <= most ? start : at + (/^[\uDC00-\uDFFF]/u.test(text.slice(at)) ? 1 : 0)
}

function sourcesText(sources: readonly SourceLine[], most: number): string {
  const lines = sources
    .slice(0, MAX_SOURCES)
    .map((source, i) => `-# ${i > 0 ? 'also ' : ''}${sourceText(source, most)}`)
  const more = sources.length - MAX_SOURCES
  if (more > 0) lines.push(`-# and ${more} more with the same words`)
  return lines.join('\n')
}

function sourceText(source: SourceLine, most: number): string {
  const room = Math.max(40, Math.min(200, most))
  const title = shorten(oneLine(source.title), room)
  const masked = source.url === undefined ? undefined : maskedLink(title, source.url)
  // A very long address takes the room of the words it belongs to.
  const isShort = masked !== undefined && masked.length <= title.length * 2 + Math.max(200, Math.min(1000, most))
  const link = isShort ? masked : escapeMarkdown(title)
  const parts = [source.outlet, link, source.published === undefined ? undefined : when(source.published)]
  const named = parts.map((part, i) => (i === 0 && part !== undefined ? escapeMarkdown(shorten(part, 100)) : part))
  const via = source.via === undefined ? [] : [`via ${escapeMarkdown(shorten(source.via, 100))}`]
  return [...named.filter((part) => part !== undefined), ...via].join(' · ')
}

const when = (published: string): string => timestamp(published) ?? escapeMarkdown(shorten(published, 40))

function listText(items: readonly ListItem[], most: number): string {
  const lines = items.map((item) => {
    const label = shorten(oneLine(item.label), Math.min(most, 200))
    const linked = item.url === undefined ? undefined : maskedLink(label, item.url)
    const detail = item.detail === undefined ? [] : [escapeMarkdown(shorten(oneLine(item.detail), Math.min(most, 300)))]
    const published = item.published === undefined ? [] : [when(item.published)]
    return `- ${[linked ?? escapeMarkdown(label), ...detail, ...published].join(' · ')}`
  })
  if (lines.length === 0) return '-# Nothing to list.'
  // A long list ends where its share of the message does.
  const room = most >= MAX_TEXT ? Infinity : most * 3
  let size = 0
  const shown = lines.filter((line, i) => (size += line.length + 1) <= room || i === 0)
  return shown.length === lines.length
    ? lines.join('\n')
    : `${shown.join('\n')}\n-# and ${lines.length - shown.length} more`
}

/** The claim and the coverage word by word: what the claim lacks struck out, what it adds underlined. */
function diffText(parts: readonly DiffPart[], most: number): string {
  const shown: string[] = []
  let left = most
  for (const { op, text } of parts) {
    const words = shorten(oneLine(text), Math.max(1, left))
    left -= words.length + 1
    if (words === '') continue
    const mark = { same: '', missing: '~~', added: '__' }[op]
    shown.push(`${mark}${escapeMarkdown(words)}${mark}`)
    if (left <= 0) break
  }
  return shown.join(' ')
}

function progressText(block: Extract<Block, { kind: 'progress' }>): string {
  const width = 20
  const share = block.total > 0 ? Math.min(1, block.done / block.total) : 0
  const filled = Math.round(share * width)
  const count = block.total > 0 ? `${block.done} of ${block.total}` : String(block.done)
  const rate = block.perSecond === undefined ? '' : ` · ${block.perSecond.toFixed(1)} a second`
  const left = block.secondsLeft === undefined ? '' : ` · ${Math.ceil(block.secondsLeft)} s left`
  return `${escapeMarkdown(shorten(block.stage, 200))}\n\`${'█'.repeat(filled)}${'░'.repeat(width - filled)}\` ${count}${rate}${left}`
}

/** What applies to the whole reply: pages, topics, sharing, following up, links that no quotation has. */
function actionRows(reply: Reply, rendering: Rendering, detail: Detail): APIMessageTopLevelComponent[] {
  const { ids, command } = rendering
  const topics: APIButtonComponent[] = []
  const turns: APIButtonComponent[] = []
  const inBlocks = new Set(
    reply.blocks.flatMap((block) => (block.kind === 'quoted' ? block.sources.map((s) => s.url) : [])),
  )
  reply.actions.forEach((action, i) => {
    switch (action.kind) {
      case 'ask':
        return topics.push(
          button(shorten(oneLine(action.label), MAX_LABEL), ids.write('ask', action.question, String(i))),
        )
      case 'page': {
        const label = action.direction === 'more' ? 'More' : 'Back'
        return turns.push(button(label, ids.write('page', command, action.state, action.direction, rendering.question)))
      }
      case 'follow-up':
        return turns.push(button('Follow up', ids.write('follow-up', action.question, action.speaker ?? '')))
      case 'source': {
        const link = inBlocks.has(action.url) ? undefined : linkButton(action.label, action.url)
        return link === undefined ? undefined : topics.push(link)
      }
      case 'share':
        // Only an answer that the asker alone sees can be shared, and only one whose words can be checked again.
        if (!rendering.ephemeral || !detail.buttons || !everyQuoteHasContext(reply)) return undefined
        return turns.push(button('Share', ids.write('share', command)))
      case 'context':
      case 'vote':
        return undefined
      default: {
        const unknown: never = action
        return unknown
      }
    }
  })
  const choices = rendering.decisionId === undefined ? [] : choiceButtons(reply, ids, rendering.decisionId)
  return [topics, turns, choices].flatMap((buttons) =>
    buttons.length === 0 ? [] : [{ type: ComponentType.ActionRow as const, components: buttons.slice(0, MAX_ROW) }],
  )
}

const STYLES = {
  primary: ButtonStyle.Primary,
  secondary: ButtonStyle.Secondary,
  danger: ButtonStyle.Danger,
} as const

function choiceButtons({ decision }: Reply, ids: CustomIds, decisionId: string): APIButtonComponent[] {
  return (decision?.choices ?? []).map(({ name, label, style }) => ({
    type: ComponentType.Button,
    style: STYLES[style],
    label: shorten(oneLine(label), MAX_LABEL),
    custom_id: ids.write('decide', decisionId, name),
  }))
}

/** The Context button carries what a quotation is checked by before it is shared. */
function everyQuoteHasContext({ blocks, actions }: Reply): boolean {
  return blocks.every((block) => block.kind !== 'quoted' || actions.some((action) => isContextOf(action, block)))
}

function isContextOf(action: Action, block: QuotedBlock): boolean {
  if (action.kind !== 'context') return false
  return action.articleId === block.articleId && action.start === block.start && action.end === block.end
}

function button(label: string, customId: string, emoji?: string): APIButtonComponent {
  return {
    type: ComponentType.Button,
    style: ButtonStyle.Secondary,
    label,
    custom_id: customId,
    ...(emoji === undefined ? {} : { emoji: { name: emoji } }),
  }
}

/** undefined where Discord would not take the address. */
function linkButton(label: string, url: string): APIButtonComponent | undefined {
  const target = linkTarget(url)
  if (target === undefined || target.length > MAX_BUTTON_URL) return undefined
  return { type: ComponentType.Button, style: ButtonStyle.Link, label: shorten(oneLine(label), MAX_LABEL), url: target }
}

function textDisplay(content: string): APITextDisplayComponent {
  return { type: ComponentType.TextDisplay, content: content.trim() === '' ? '\u200B' : content }
}

const oneLine = (text: string): string => text.replace(/\s+/gu, ' ').trim()

type Node = Readonly<Record<string, unknown>>

function* everyComponent(components: unknown): Generator<Node> {
  if (!Array.isArray(components)) return
  for (const component of components as Node[]) {
    yield component
    yield* everyComponent(component['components'])
    if (component['accessory'] !== undefined) yield* everyComponent([component['accessory']])
  }
}

function countComponents(components: readonly unknown[]): number {
  return [...everyComponent(components)].length
}

function countText(components: readonly unknown[]): number {
  return [...everyComponent(components)].reduce((sum, component) => sum + String(component['content'] ?? '').length, 0)
}
