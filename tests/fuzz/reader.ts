import fc from 'fast-check'
import { ENTRIES, importBytes } from './entries.ts'
import { hostileBytes, hostileText, SHAPES } from './hostile.ts'

/** What `npm run fuzz` asks of this process: random texts from a seed, or one long text of a shape. */
export type Job =
  | { readonly kind: 'random'; readonly entry: string; readonly seed: number; readonly runs: number }
  | { readonly kind: 'long'; readonly entry: string; readonly shape: string; readonly size: number }

export type Done = {
  /** What did not hold, with what it takes to see it again. */
  readonly problem?: string
  readonly cpuMs: number
  readonly characters: number
  readonly peakMegabytes: number
}

/** The name under which bytes in any encoding are imported, besides the entries. */
export const BYTES = 'import of bytes'

function run(job: Job): Done {
  const entry = ENTRIES.find(({ name }) => name === job.entry)
  let characters = 0
  const read = (text: string) => {
    const given = text.slice(0, entry?.most)
    characters += given.length
    entry?.run(given)
  }
  const before = process.cpuUsage()
  let problem: string | undefined
  if (job.kind === 'long') {
    try {
      read((SHAPES[job.shape] ?? String)(job.size))
    } catch (error) {
      problem = error instanceof Error ? (error.stack ?? error.message).slice(0, 500) : String(error)
    }
  } else {
    const parameters = { seed: job.seed, numRuns: job.runs }
    const details =
      entry === undefined
        ? fc.check(
            fc.property(hostileBytes, (bytes) => void ((characters += bytes.length), importBytes(bytes))),
            parameters,
          )
        : fc.check(fc.property(hostileText, read), parameters)
    if (details.failed) problem = `${JSON.stringify(details.counterexample)} ${String(details.errorInstance)}`
  }
  const { user, system } = process.cpuUsage(before)
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024)
  return { ...(problem === undefined ? {} : { problem }), cpuMs: (user + system) / 1000, characters, peakMegabytes }
}

process.on('message', (job: Job) => process.send?.(run(job)))
