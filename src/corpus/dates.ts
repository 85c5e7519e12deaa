import { strict } from 'chrono-node'

/** Time zones whose offset is one thing only; "IST" or "CST" is several, so such a time is read as its day. */
const ZONES: Readonly<Record<string, string>> = { Z: 'Z', UTC: 'Z', GMT: 'Z' }

const DAY_FIRST = /\b(IST|BST|GMT|CET|CEST|EET|EEST|MSK|AEST|AEDT|SGT|HKT|WIB)\b/
const MONTH_FIRST = /\b(E[SD]?T|C[SD]T|M[SD]T|P[SD]?T)\b/

/**
 * The ISO date or date-time that a text states, which may have words around it ("Updated: 24-06-2024 07:11 IST").
 * A time is kept only where its zone is certain, else the day is given. Nothing is guessed: no year, no day and month
 * that could be each other ("04/05/2024", unless a time zone tells the country's order), no date at all give undefined.
 */
export function readDate(text: string): string | undefined {
  const short = text.slice(0, 200)
  return compactDate(short) ?? isoDate(short) ?? numericDate(short) ?? wordedDate(short)
}

/** What an export holds as a date: text as above, or seconds or milliseconds since 1970. */
export function readDateValue(value: unknown): string | undefined {
  if (typeof value === 'string') return /^\d{9,13}$/.test(value.trim()) ? fromEpoch(Number(value)) : readDate(value)
  return typeof value === 'number' ? fromEpoch(value) : undefined
}

function fromEpoch(count: number): string | undefined {
  const ms = count < 1e11 ? count * 1000 : count
  const isPlausible = Number.isFinite(ms) && ms > 0 && ms < Date.UTC(2200, 0)
  return isPlausible ? new Date(ms).toISOString().replace('.000Z', 'Z') : undefined
}

/** `20240624`, `20240624T071100Z`, as archives of feeds have it. */
function compactDate(text: string): string | undefined {
  const match = /^\s*(\d{4})(\d{2})(\d{2})(?:T?\d{6}Z?)?\s*$/.exec(text)
  return match === null ? undefined : calendarDay(Number(match[1]), Number(match[2]), Number(match[3]))
}

/** `2024-06-24`, `2024/06/24`, with or without a time and an offset. */
function isoDate(text: string): string | undefined {
  const match =
    /(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s?(Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}(?!\d))?)?/.exec(
      text,
    )
  if (match === null) return undefined
  const [, year, month, day, time, zone] = match
  const date = calendarDay(Number(year), Number(month), Number(day))
  if (date === undefined || time === undefined || zone === undefined) return date
  const offset = ZONES[zone] ?? zone.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')
  const seconds = time.length === 5 ? `${time}:00` : time
  return Number.isNaN(Date.parse(`${date}T${seconds}${offset}`)) ? date : `${date}T${seconds}${offset}`
}

/** `24-06-2024`, `24/06/2024`, `6/24/2024`. */
function numericDate(text: string): string | undefined {
  const match = /(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)/.exec(text)
  if (match === null) return undefined
  const [first, second, year] = [Number(match[1]), Number(match[3]), Number(match[4])]
  if (first === second || second > 12) return calendarDay(year, first, second)
  if (first > 12 || DAY_FIRST.test(text) || match[2] === '.') return calendarDay(year, second, first)
  return MONTH_FIRST.test(text) ? calendarDay(year, first, second) : undefined
}

/** `June 24, 2024`, `24 June 2024`, `Mon, 24 Jun 2024 07:11:00 GMT`. */
function wordedDate(text: string): string | undefined {
  if (!/\d/.test(text) || !/\p{L}{3}/u.test(text)) return undefined
  for (const { start, text: words } of strict.parse(text)) {
    if (!words.includes(String(start.get('year')))) continue // "3 days ago" depends on the day of reading
    if (!start.isCertain('year') || !start.isCertain('month') || !start.isCertain('day')) continue
    const day = calendarDay(start.get('year') ?? 0, start.get('month') ?? 0, start.get('day') ?? 0)
    if (day === undefined) continue
    // In the text's own offset the day is the one that was written.
    const isExact = start.isCertain('hour') && /\b(UTC|GMT|[+-]\d{2}:?\d{2})\b/.test(text)
    return isExact ? start.date().toISOString().replace('.000Z', 'Z') : day
  }
  return undefined
}

/** The ISO date, if there is such a day in the time of printing. */
function calendarDay(year: number, month: number, day: number): string | undefined {
  if (year < 1600 || year > 2199) return undefined
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return date.toISOString().slice(0, 10)
}
