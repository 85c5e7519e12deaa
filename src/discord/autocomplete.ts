import type { OptionDefinition } from '../command.ts'
import type { Engine } from '../engine.ts'
import type { Moderation } from '../moderation/moderation.ts'
import { shorten } from './markdown.ts'
import type { ChannelSettings } from './store.ts'

/** Discord's limits on what is offered while somebody types. */
const MAX_CHOICES = 25
const MAX_LENGTH = 100

export type Choice = { readonly name: string; readonly value: string }

/** What an option may become, best first: at most 25, none twice. A value too long to be chosen is not offered. */
export async function completeOption(
  option: OptionDefinition,
  typed: string,
  engine: Engine,
  settings: ChannelSettings,
  moderation: Moderation,
): Promise<readonly Choice[]> {
  switch (option.completes) {
    case 'speaker':
      return choices((await engine.completeSpeakers(typed)).map((name) => ({ name, value: name })))
    case 'outlet': {
      // Of a list, the last name is the one being typed.
      const comma = typed.lastIndexOf(',')
      const before = comma < 0 || option.name !== 'outlets' ? '' : `${typed.slice(0, comma).trim()}, `
      const last = before === '' ? typed : typed.slice(comma + 1).trim()
      const outlets = await engine.completeOutlets(last)
      const searched = option.name === 'outlet' && settings.outlets.length > 0 ? settings.outlets : undefined
      const offered = searched === undefined ? outlets : outlets.filter((outlet) => searched.includes(outlet))
      return choices(offered.map((outlet) => ({ name: `${before}${outlet}`, value: `${before}${outlet}` })))
    }
    case 'article': {
      const articles = await engine.completeArticles(typed)
      return choices(
        articles.map(({ title, outlet, slug }) => ({
          name: withOutlet(title, outlet),
          value: slug,
        })),
      )
    }
    case 'corpus-file': {
      const articles = await moderation.completeArticles(typed, MAX_CHOICES)
      return choices(articles.map(({ title, outlet, file }) => ({ name: withOutlet(title, outlet), value: file })))
    }
    case 'removed-article': {
      const removed = await moderation.completeRemoved(typed, MAX_CHOICES)
      return choices(
        removed.map(({ title, file, id, at }) => ({
          name: `${title ?? file} · removed ${at.slice(0, 10)}`,
          value: id,
        })),
      )
    }
    case undefined:
      return []
    default: {
      const unknown: never = option.completes
      return unknown
    }
  }
}

function withOutlet(title: string, outlet: string | undefined): string {
  return outlet === undefined ? title : `${title} · ${outlet}`
}

function choices(offered: readonly Choice[]): readonly Choice[] {
  const byValue = new Map<string, Choice>()
  for (const { name, value } of offered)
    if (value !== '' && value.length <= MAX_LENGTH && !byValue.has(value))
      byValue.set(value, { name: shorten(name, MAX_LENGTH), value })
  return [...byValue.values()].slice(0, MAX_CHOICES)
}
