import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

const directory = fileURLToPath(new URL('.', import.meta.url))

/** What the figures were measured on: date, commit, Node.js, processors, memory. One line. */
export function describeMachine(): string {
  const [cpu] = cpus()
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: directory, encoding: 'utf8' }).trim()
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0)
  return `${new Date().toISOString().slice(0, 10)} · commit ${commit} · Node ${process.version} · ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'} · ${gigabytes} GB`
}

/** Memory of a process and of those that it started, in MB. */
export type Resident = {
  readonly megabytes: number
  /** Of the process alone. */
  readonly ownMegabytes: number
  /** The most that each of them held at any time, added up; they need not have held it at the same time. */
  readonly peakMegabytes: number
}

/** Resident memory now and at most, read from Linux's /proc; elsewhere of this process only. */
export function residentMemory(pid = process.pid): Resident {
  try {
    const family = [pid, ...childrenOf(pid)].map((each) => readFileSync(`/proc/${String(each)}/status`, 'utf8'))
    const sum = (field: string) =>
      family.reduce(
        (total, status) => total + Number(new RegExp(`^${field}:\\s+(\\d+)`, 'mu').exec(status)?.[1] ?? 0),
        0,
      )
    const own = Number(/^VmRSS:\s+(\d+)/mu.exec(family[0] ?? '')?.[1] ?? 0)
    return { megabytes: sum('VmRSS') / 1000, ownMegabytes: own / 1000, peakMegabytes: sum('VmHWM') / 1000 }
  } catch {
    const megabytes = process.memoryUsage.rss() / 1e6
    return { megabytes, ownMegabytes: megabytes, peakMegabytes: process.resourceUsage().maxRSS / 1000 }
  }
}

/** Of Linux's process times, which count in hundredths of a second. */
const TICK_MS = 10

/** CPU time of this process and of those that it started and that still run, in ms; elsewhere than on Linux of this one. */
export function familyCpuMs(): number {
  try {
    return [process.pid, ...childrenOf(process.pid)]
      .map(
        (pid) =>
          readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
            .split(') ')[1]
            ?.split(' ') ?? [],
      )
      .reduce((sum, fields) => sum + (Number(fields[11]) + Number(fields[12])) * TICK_MS, 0)
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
}

function childrenOf(pid: number): number[] {
  const direct = readdirSync(`/proc/${String(pid)}/task`).flatMap((task) =>
    readFileSync(`/proc/${String(pid)}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  )
  return direct.flatMap((child) => [child, ...childrenOf(child)])
}
