import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { UserError } from '../errors.ts'

const manifestFile = 'files.json'
const staleAfterMs = 60 * 60 * 1000

const Manifest = z.record(z.string(), z.object({ sizeBytes: z.int().min(0), sha256: z.string() }))

/**
 * Whether a published model directory is there and every file in it is the one that was published (size and SHA-256).
 * False for a directory that is missing, half written or damaged.
 */
export async function isWhole(directory: string): Promise<boolean> {
  const manifest = await readFile(join(directory, manifestFile), 'utf8').then(parseManifest, () => undefined)
  if (!manifest) return false
  for (const [file, expected] of Object.entries(manifest)) {
    const size = await stat(join(directory, file)).then(
      ({ size }) => size,
      () => -1,
    )
    if (size !== expected.sizeBytes) return false
  }
  for (const [file, expected] of Object.entries(manifest)) {
    if ((await sha256(join(directory, file))) !== expected.sha256) return false
  }
  return true
}

/**
 * Makes `directory` hold what `write` puts into the temporary directory that it is given: all of it or nothing. It
 * appears by a rename; when another process was faster, its whole directory is kept and ours is dropped; a damaged one
 * is replaced. What an interrupted attempt left behind more than an hour ago is removed.
 * @throws UserError 'write-failed' when the disk does not take it; whatever `write` throws, with nothing left behind
 */
export async function publishDirectory(directory: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${directory}.${randomUUID()}.tmp`
  try {
    await mkdir(temporary, { recursive: true })
    await write(temporary)
    await writeManifest(temporary)
    await moveInto(temporary, directory)
    await removeStale(directory)
  } catch (error) {
    throw diskError(error, directory)
  } finally {
    // What cannot be removed now goes an hour later; the failure above matters more.
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
  }
}

function parseManifest(json: string): z.infer<typeof Manifest> | undefined {
  try {
    return Manifest.safeParse(JSON.parse(json)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

async function writeManifest(directory: string): Promise<void> {
  const manifest: z.infer<typeof Manifest> = {}
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const file = relative(directory, path).replaceAll('\\', '/')
    manifest[file] = { sizeBytes: (await stat(path)).size, sha256: await sha256(path) }
  }
  await writeFile(join(directory, manifestFile), JSON.stringify(manifest, null, 2))
}

async function moveInto(temporary: string, directory: string): Promise<void> {
  const attempts = 3
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(temporary, directory)
    } catch (error) {
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST', 'EPERM', 'ENOTDIR') || attempt === attempts) throw error
    }
    if (await isWhole(directory)) return
    const damaged = `${directory}.${randomUUID()}.tmp`
    await rename(directory, damaged).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw error
    })
    await rm(damaged, { recursive: true, force: true })
  }
}

async function removeStale(directory: string): Promise<void> {
  const parent = dirname(directory)
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(directory)}.`) || !name.endsWith('.tmp')) continue
    const path = join(parent, name)
    const modifiedMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Infinity,
    )
    if (Date.now() - modifiedMs > staleAfterMs) await rm(path, { recursive: true, force: true })
  }
}

function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function diskError(error: unknown, directory: string): unknown {
  if (!isErrno(error, 'ENOSPC', 'EACCES', 'EPERM', 'EROFS', 'EDQUOT', 'ENOTDIR', 'EEXIST')) return error
  return new UserError(
    'write-failed',
    `The embedding model could not be written to ${directory}: ${error.message}`,
    'Make room on the disk or give the index directory write permission, then try again.',
    { cause: error },
  )
}
