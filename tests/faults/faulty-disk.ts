import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'

/** What a disk refuses: calls by their names in `node:fs/promises` or of a file handle, on paths that match. */
export type Fault = { readonly code: string; readonly calls: readonly string[]; readonly path: string }

const VARIABLE = 'VERBATIM_TEST_FAULT'

/** Does the work while the calls fail in this process as the system makes them fail. */
export async function whileDiskFails(fault: Fault, work: () => Promise<void>): Promise<void> {
  const mend = breakDisk(fault)
  try {
    await work()
  } finally {
    mend()
  }
}

function breakDisk({ code, calls, path }: Fault): () => void {
  const matching = new RegExp(path, 'u')
  const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const before = { ...promises }
  const refusal = (call: string, file: string) =>
    Object.assign(new Error(`${code}: refused on purpose, ${call} '${file}'`), { code, syscall: call, path: file })
  for (const call of [...calls, 'open']) {
    const real = before[call]
    if (real === undefined) continue
    promises[call] = async (...args) => {
      const file = String(args[0])
      const isMeant = matching.test(file)
      if (isMeant && calls.includes(call)) throw refusal(call, file)
      const given = await real(...args)
      if (isMeant && call === 'open')
        for (const own of calls)
          if (own in (given as object))
            Object.defineProperty(given, own, { value: () => Promise.reject(refusal(own, file)) })
      return given
    }
  }
  syncBuiltinESMExports()
  return () => {
    Object.assign(promises, before)
    syncBuiltinESMExports()
  }
}

/** The same for every process that the work starts. */
export async function whileDiskFailsChildren(fault: Fault, work: () => Promise<void>): Promise<void> {
  const before = { [VARIABLE]: process.env[VARIABLE], NODE_OPTIONS: process.env['NODE_OPTIONS'] }
  process.env[VARIABLE] = JSON.stringify(fault)
  process.env['NODE_OPTIONS'] = `--import=${import.meta.resolve('tsx')} --import=${fileURLToPath(import.meta.url)}`
  try {
    await work()
  } finally {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
  }
}

const given = process.env[VARIABLE]
if (given !== undefined) breakDisk(JSON.parse(given) as Fault)
