/** "1 article", "2,400 articles". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** Bytes for people, in powers of a thousand: "812 bytes", "45.3 KB", "1.2 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return counted(bytes, 'byte')
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}

const AGE = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** Seconds in each unit that an age or a wait is told in, the longest first. */
const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** A moment as seen from `nowMs`, in its largest unit: "3 hours ago", "in 20 minutes". @param iso ISO date-time */
export function formatAge(iso: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1000)
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1]
  return AGE.format(Math.trunc(seconds / size), unit)
}

/** What is wrong with an article and what to do: field, reason, remedy. */
export function problemText(problem: {
  readonly field?: string
  readonly reason: string
  readonly remedy: string
}): string {
  const { field, reason, remedy } = problem
  return `${field === undefined ? '' : `${field} `}${reason}. ${remedy}`
}

/** Characters of a line that is shown to be recognised, not read. */
const LONGEST_LINE = 70

/** The beginning of a line of an article, cut and marked "…" where it is long. */
export function lineStart(line: string): string {
  const characters = [...line.replace(/\s+/gu, ' ')]
  return characters.length <= LONGEST_LINE ? characters.join('') : `${characters.slice(0, LONGEST_LINE - 1).join('')}…`
}
