import parse, { type Info } from 'spdx-expression-parse'
import { z } from 'zod'

/** Licences under which a dependency may come in: what they ask for is to be named, and the text to go along. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
])

/** A licence that is let in for some packages only: by name, or by the beginning of it before `*`. */
type Exception = {
  readonly packages: string
  readonly licence: string
  /** Why it may stay, for whoever reads the list. */
  readonly reason: string
}

/** Every exception; one that no package needs any more is a problem too. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    packages: '@img/sharp-*',
    licence: 'LGPL-3.0-or-later',
    reason:
      'libvips as shared libraries beside the package, unchanged and replaceable; no picture is ever opened with it',
  },
  {
    packages: 'lightningcss*',
    licence: 'MPL-2.0',
    reason: 'a part of the test runner, used unchanged; nothing of it is shipped',
  },
  {
    packages: 'spdx-exceptions',
    licence: 'CC-BY-3.0',
    reason: 'a list of names that this check reads; for tests only',
  },
  {
    packages: 'flatbuffers',
    licence: 'SEE LICENSE IN LICENSE.txt',
    reason: 'its LICENSE.txt is the Apache License 2.0',
  },
  {
    packages: 'discord-markdown-parser',
    licence: 'Apache License',
    reason: 'its LICENSE is the Apache License 2.0; for tests only',
  },
]

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
})

export type LicenceReport = {
  /** One line each: a package whose licence is not let in, or an exception without a package. */
  readonly problems: readonly string[]
  /** How many packages stand under each licence, most first. */
  readonly counts: readonly (readonly [licence: string, packages: number])[]
}

/** Checks the licence of every package of a lock file, those for development and for other systems too. */
export function checkLicences(lock: unknown, exceptions: readonly Exception[] = EXCEPTIONS): LicenceReport {
  const { packages } = lockSchema.parse(lock)
  const problems: string[] = []
  const counts = new Map<string, number>()
  const used = new Set<Exception>()
  for (const [path, { version = '', license }] of Object.entries(packages)) {
    if (path === '') continue
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const isLetIn = (licence: string): boolean => {
      if (ALLOWED.has(licence)) return true
      const exception = exceptions.find((each) => each.licence === licence && covers(each.packages, name))
      if (exception !== undefined) used.add(exception)
      return exception !== undefined
    }
    counts.set(license ?? 'none', (counts.get(license ?? 'none') ?? 0) + 1)
    if (license === undefined) problems.push(`${name} ${version} states no licence`)
    else if (!satisfies(license, isLetIn)) problems.push(`${name} ${version} has the licence ${license}`)
  }
  for (const exception of exceptions)
    if (!used.has(exception))
      problems.push(`the exception for ${exception.packages} (${exception.licence}) is not needed`)
  return { problems, counts: [...counts].sort((a, b) => b[1] - a[1]) }
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** Whether an SPDX expression can be kept with the licences that are let in; a text that is none is taken as a name. */
function satisfies(expression: string, isLetIn: (licence: string) => boolean): boolean {
  let parsed: Info
  try {
    parsed = parse(expression)
  } catch {
    return isLetIn(expression)
  }
  const holds = (info: Info): boolean => {
    if ('conjunction' in info) {
      const [left, right] = [holds(info.left), holds(info.right)]
      return info.conjunction === 'and' ? left && right : left || right
    }
    return info.exception === undefined && isLetIn(info.plus === true ? `${info.license}+` : info.license)
  }
  return holds(parsed)
}
