import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'dotenv'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { configTable, readConfig } from '../../src/config.ts'
import { checkLicences } from './licences.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const run = promisify(execFile)

const manifest = z
  .object({
    engines: z.object({ node: z.string() }),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(JSON.parse(read('package.json')))
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        resolved: z.string().optional(),
        integrity: z.string().optional(),
        license: z.string().optional(),
        hasInstallScript: z.boolean().optional(),
        dependencies: z.record(z.string(), z.string()).optional(),
        devDependencies: z.record(z.string(), z.string()).optional(),
      }),
    ),
  })
  .parse(JSON.parse(read('package-lock.json')))
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')

describe('the dependencies', () => {
  test('given every package of the lock file, when its licence is checked, then all are let in and no exception is idle', () => {
    expect(packages.length).toBeGreaterThan(300)
    expect(checkLicences(lock).problems).toEqual([])
  })

  test.each([
    ['GPL-3.0-only', true],
    ['MIT AND GPL-3.0-only', true],
    ['(MIT OR GPL-3.0-only)', false],
    ['Apache-2.0 WITH LLVM-exception', true],
    [undefined, true],
    ['Proprietary', true],
    ['MPL-2.0', true],
  ])('given a package under %s, when checked, then whether it is a problem is %s', (license, isProblem) => {
    const one = { packages: { 'node_modules/a/node_modules/@b/c': { version: '1.0.0', ...(license && { license }) } } }
    expect(checkLicences(one, []).problems).toHaveLength(isProblem ? 1 : 0)
    if (isProblem) expect(checkLicences(one, []).problems[0]).toContain('@b/c 1.0.0')
  })

  test('given an exception that nothing needs, when checked, then that is a problem', () => {
    const exceptions = [{ packages: 'gone', licence: 'MPL-2.0', reason: 'none' }]
    expect(checkLicences({ packages: {} }, exceptions).problems).toEqual([expect.stringContaining('gone')])
  })

  test('given the direct ones, when their versions are read, then each is exact and the lock file has the same', () => {
    const direct = { ...manifest.dependencies, ...manifest.devDependencies }
    for (const [name, version] of Object.entries(direct)) {
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/u)])
      expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version])
    }
    expect(lock.packages['']).toMatchObject({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    })
  })

  test('given the lock file, when read, then every package has its checksum and none comes from outside a registry', () => {
    for (const [path, { integrity, resolved }] of packages) {
      expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/u)])
      expect([path, resolved ?? 'a registry']).toEqual([path, expect.not.stringMatching(/^(?:git|file|http:)/u)])
    }
  })

  test('given packages that want to run scripts while installing, when listed, then each is decided, and README names the ones that may', () => {
    const wanting = packages
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//u, ''))
    expect(Object.keys(manifest.allowScripts).sort()).toEqual(wanting.sort())
    const allowed = Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name] === true)
    expect(allowed).toEqual(['better-sqlite3', 'hnswlib-node'])
    for (const name of allowed) expect(read('README.md')).toContain(name)
  })

  test('given what is installed, when npm looks it over, then nothing is missing, extraneous or of a wrong version', async () => {
    const { stdout } = await run('npm', ['ls', '--all', '--json'], { cwd: root, maxBuffer: 1 << 26 })
    expect(z.object({ problems: z.array(z.string()).optional() }).parse(JSON.parse(stdout)).problems).toBeUndefined()
  })

  test('given `npm run sbom`, when run, then CycloneDX lists every package with version, licence and checksum, and which are for development only', async () => {
    const { stdout } = await run('npm', ['run', '-s', 'sbom'], { cwd: root, maxBuffer: 1 << 26 })
    const bill = z
      .object({
        bomFormat: z.literal('CycloneDX'),
        components: z.array(
          z.object({
            name: z.string(),
            version: z.string(),
            purl: z.string(),
            hashes: z.array(z.object({ alg: z.string(), content: z.string() })).min(1),
            licenses: z.array(z.unknown()).min(1).optional(),
            properties: z.array(z.object({ name: z.string() })).optional(),
          }),
        ),
      })
      .parse(JSON.parse(stdout))
    // npm leaves out a licence that is no SPDX expression; the check above knows it.
    const unnamed = bill.components.filter(({ licenses }) => licenses === undefined).map(({ name }) => name)
    expect(unnamed).toEqual(['discord-markdown-parser', 'flatbuffers'])
    const listed = new Map(bill.components.map((component) => [`${component.name} ${component.version}`, component]))
    expect(listed.size).toBe(
      new Set(packages.map(([path, { version }]) => `${path.replace(/^.*node_modules\//u, '')} ${String(version)}`))
        .size,
    )
    const isForDevelopment = (name: string, version: string) =>
      listed
        .get(`${name} ${version}`)
        ?.properties?.some((property) => property.name === 'cdx:npm:package:development') === true
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(listed.has(`${name} ${version}`)).toBe(true)
      expect([name, isForDevelopment(name, version)]).toEqual([name, false])
    }
    expect(isForDevelopment('vitest', manifest.devDependencies['vitest'] ?? '')).toBe(true)
  })
})

describe('secrets and settings files', () => {
  test('given .env.example, when compared with the settings, then it lists each once, at its default', () => {
    const names = [...configTable().matchAll(/^\| `([A-Z_]+)`/gmu)].map(([, name]) => name)
    const lines = [...read('.env.example').matchAll(/^([A-Z_]+)=/gmu)].map(([, name]) => name)
    expect(lines).toEqual(names)
    expect(readConfig(parse(read('.env.example')))).toEqual(readConfig({}))
  })

  test('given files that hold secrets or derived data, when git and Docker are asked, then both leave them out', async () => {
    for (const file of ['.env', '.env.local', '.verbatim/discord.db', 'index/CURRENT', 'feeds.log']) {
      const { stdout } = await run('git', ['check-ignore', '--no-index', file], { cwd: root })
      expect(stdout.trim()).toBe(file)
    }
    await expect(run('git', ['check-ignore', '--no-index', '.env.example'], { cwd: root })).rejects.toThrow()
    for (const name of ['.env*', '.verbatim', 'index', '.git'])
      expect(read('.dockerignore').split('\n')).toContain(name)
  })
})

// Node.js 24.19 gave node::ObjectWrap a hook that a garbage collection outside of any context aborts on; better-sqlite3
// builds on it up to version 12.
test('given a better-sqlite3 before 13, when Node.js versions are let in, then none is from 24.19 on', () => {
  const major = Number(manifest.dependencies['better-sqlite3']?.split('.')[0])
  if (major < 13) expect(manifest.engines.node).toMatch(/ <24\.19\.0$/u)
  else expect(manifest.engines.node).not.toContain('<')
})
