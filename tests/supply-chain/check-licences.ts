import { readFileSync } from 'node:fs'
import { checkLicences, EXCEPTIONS } from './licences.ts'

/** `npm run check:licences`: a table of the licences in use; fails on one that is not let in. */
const lock: unknown = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'))
const { problems, counts } = checkLicences(lock)
for (const [licence, packages] of counts) console.log(`${String(packages).padStart(5)}  ${licence}`)
for (const { packages, licence, reason } of EXCEPTIONS) console.log(`let in: ${packages} (${licence}): ${reason}`)
for (const problem of problems) console.error(`problem: ${problem}`)
if (problems.length > 0) {
  console.error(
    'Take another package, or add the licence or an exception with its reason in tests/supply-chain/licences.ts.',
  )
  process.exitCode = 1
}
