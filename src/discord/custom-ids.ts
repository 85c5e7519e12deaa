import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Discord's limit on the custom id of a button or a modal, in characters. */
const MAX_LENGTH = 100
const SIGNATURE_LENGTH = 8
const SEPARATOR = '|'

/** What a button or modal does when it is used: `kind`, and the values that it needs for that. */
export type Press = { readonly kind: string; readonly fields: readonly string[] }

/** Where texts lie that are too long for a custom id, by their key. They outlive restarts. */
export type LongTexts = {
  put(key: string, text: string): void
  get(key: string): string | undefined
}

export type CustomIds = {
  /** At most 100 characters, signed. The same press gives the same id. */
  write(kind: string, ...fields: readonly string[]): string
  /** undefined where the id is not one of ours, was tampered with, or its long text is gone. */
  read(customId: string): Press | undefined
}

/**
 * Custom ids carry the whole state of a button, so that it works after a restart and in every shard. A value that does
 * not fit is kept in `texts` under its hash, and the id carries the hash. Every id ends in a signature by `key`.
 */
export function createCustomIds(key: Buffer, texts: LongTexts): CustomIds {
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url').slice(0, SIGNATURE_LENGTH)
  const room = MAX_LENGTH - SIGNATURE_LENGTH - 1
  return {
    write: (kind, ...fields) => {
      // encodeURIComponent leaves ~ as it is.
      const written = fields.map((field) => field.replace(/[%|]/gu, encodeURIComponent).replaceAll('~', '%7E'))
      const whole = () => [kind, ...written].join(SEPARATOR)
      while (whole().length > room) {
        const longest = written.reduce((best, field, i) => (field.length > (written[best]?.length ?? 0) ? i : best), 0)
        const text = fields[longest]
        if (text === undefined || written[longest]?.startsWith('~') === true)
          throw new Error(`The state of a ${kind} button does not fit into its custom id.`)
        const hash = createHash('sha256').update(text).digest('base64url').slice(0, 16)
        texts.put(hash, text)
        written[longest] = `~${hash}`
      }
      return `${whole()}${SEPARATOR}${sign(whole())}`
    },
    read: (customId) => {
      const end = customId.lastIndexOf(SEPARATOR)
      const signed = customId.slice(0, Math.max(0, end))
      const given = Buffer.from(customId.slice(end + 1))
      const expected = Buffer.from(sign(signed))
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
      const [kind = '', ...written] = signed.split(SEPARATOR)
      const fields: string[] = []
      for (const field of written) {
        const text = field.startsWith('~') ? texts.get(field.slice(1)) : decodeURIComponent(field)
        if (text === undefined) return undefined
        fields.push(text)
      }
      return { kind, fields }
    },
  }
}
