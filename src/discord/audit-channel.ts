import { DiscordAPIError, Routes, type REST } from 'discord.js'
import type { Logger } from 'pino'
import { setTimeout as wait } from 'node:timers/promises'
import { auditEnd, readAuditSince, type AuditRecord } from '../corpus/audit.ts'
import { escapeMarkdown, shorten } from './markdown.ts'
import { renderLines } from './render.ts'
import type { Store } from './store.ts'

/** How often the log is looked at. Milliseconds. */
const EVERY_MS = 2000
/** After Discord refused or could not be reached. Milliseconds. */
const AGAIN_MS = 60_000
const LINES_A_MESSAGE = 5
const MAX_LINE = 300

export type AuditChannel = {
  readonly rest: REST
  readonly channelId: string
  readonly dataDir: string
  readonly store: Pick<Store, 'announced' | 'setAnnounced'>
  readonly log: Logger
}

/**
 * Announces in a channel what the audit log says was done, failed or refused, whoever did it: in Discord, in a terminal
 * on the same data, by a feed. Goes on after a restart where it stopped; begins with what comes after its first start.
 * A record is announced again rather than not at all. Ends when the signal aborts.
 */
export async function announceAudit(
  { rest, channelId, dataDir, store, log }: AuditChannel,
  signal: AbortSignal,
): Promise<void> {
  let place = { bytes: store.announced() ?? (await auditEnd(dataDir)).bytes }
  store.setAnnounced(place.bytes)
  while (!signal.aborted) {
    let pause = EVERY_MS
    try {
      const next = await readAuditSince(dataDir, place)
      const told = next.records.filter(({ outcome }) => outcome !== 'begun')
      for (let i = 0; i < told.length; i += LINES_A_MESSAGE)
        await rest.post(Routes.channelMessages(channelId), {
          body: renderLines(told.slice(i, i + LINES_A_MESSAGE).map(lineOf)),
        })
      const isMore = next.place.bytes !== place.bytes
      place = next.place
      if (isMore) {
        store.setAnnounced(place.bytes)
        pause = 0
      }
    } catch (error) {
      if (signal.aborted) return
      const isRefused = error instanceof DiscordAPIError && error.status < 500
      log.error(
        { err: error, channel: channelId },
        isRefused
          ? 'AUDIT_CHANNEL_ID cannot be written to: let the bot view the channel and send messages there'
          : 'a change could not be announced; it is tried again',
      )
      pause = AGAIN_MS
    }
    if (pause > 0) await wait(pause, undefined, { signal, ref: false }).catch(() => undefined)
  }
}

/** "**remove** · harbour.md · ada · discord" */
function lineOf({ at, by, name, from, action, outcome, file, title, detail }: AuditRecord): string {
  const what = outcome === 'done' ? action : `${action} (${outcome})`
  const words = [file ?? title, detail, name ?? by, from.split(' ')[0]].filter((part) => part !== undefined)
  const seconds = Math.floor(Date.parse(at) / 1000)
  return `**${escapeMarkdown(what)}** · ${escapeMarkdown(shorten(words.join(' · ').replace(/\s+/gu, ' '), MAX_LINE))} · <t:${String(seconds)}:f>`
}
