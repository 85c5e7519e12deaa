import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { threadId } from 'node:worker_threads'
import { isSystemError, removeFile, replaceFile, syncDirectory, syncFile, TEMPORARY } from '../durable.ts'
import { UserError } from '../errors.ts'
import { checksumFile, damaged, readingError, type Checksum } from './disk.ts'
import { FORMAT, manifestSchema, type Manifest } from './manifest.ts'

/** The files of a generation besides its manifest. */
export const GENERATION_FILES = ['coverage.db', 'vectors.hnsw', 'words.bin'] as const
export type GenerationFile = (typeof GENERATION_FILES)[number]

const NUMBER = /^[1-9]\d{0,14}$/u

/** Folder of a published generation. */
export function generationDir(indexDir: string, generation: number): string {
  return path.join(indexDir, 'generations', String(generation))
}

/**
 * The generation that `CURRENT` names.
 * @throws UserError 'index-missing' when there is none; 'index-damaged' when the file holds anything but a number or
 * the disk does not give it back; 'index-unreadable' when the system does not let it be read
 */
export async function readCurrent(indexDir: string): Promise<number> {
  let text: string
  try {
    text = (await readFile(path.join(indexDir, 'CURRENT'), 'utf8')).trim()
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw readingError(error, indexDir)
    throw new UserError('index-missing', `There is no index at ${indexDir}.`, 'Build it with `verbatim index`.', {
      cause: error,
    })
  }
  if (NUMBER.test(text)) return Number(text)
  throw damaged(`${path.join(indexDir, 'CURRENT')} does not name a generation`)
}

/**
 * The manifest of a published generation.
 * @throws UserError 'index-version' when a newer version made it; 'index-damaged' when it is missing or not a manifest;
 * 'index-unreadable' as `readCurrent`
 */
export async function readManifest(indexDir: string, generation: number): Promise<Manifest> {
  const file = path.join(generationDir(indexDir, generation), 'manifest.json')
  let content: unknown
  try {
    content = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR') && !(error instanceof SyntaxError))
      throw readingError(error, indexDir)
    throw damaged(`${file} is ${error instanceof SyntaxError ? 'not JSON' : 'missing'}`, error)
  }
  const format = manifestSchema.pick({ format: true }).safeParse(content).data?.format
  if (format !== undefined && format !== FORMAT)
    throw new UserError(
      'index-version',
      `The index at ${indexDir} has format ${String(format)}; this version reads format ${String(FORMAT)}.`,
      format > FORMAT
        ? 'Update Verbatim, or give this version another index directory.'
        : 'Build it anew with `verbatim index`; the articles are not touched.',
    )
  const manifest = manifestSchema.safeParse(content)
  if (!manifest.success) throw damaged(`${file} is not a manifest`, manifest.error)
  if (manifest.data.generation !== generation) throw damaged(`${file} belongs to another generation`)
  return manifest.data
}

/** The files of a generation that are not as they were written: missing, cut short or changed. */
export async function damagedFiles(indexDir: string, manifest: Manifest): Promise<readonly GenerationFile[]> {
  const dir = generationDir(indexDir, manifest.generation)
  const checks = GENERATION_FILES.map(async (file) => {
    const found = await checksumFile(path.join(dir, file)).catch((error: unknown) => {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EIO')) return undefined
      throw error
    })
    const expected = manifest.files[file]
    return found?.sizeBytes === expected.sizeBytes && found.crc32 === expected.crc32 ? [] : [file]
  })
  return (await Promise.all(checks)).flat()
}

/** Numbers of the generations on the disk, ascending. */
async function listGenerations(indexDir: string): Promise<number[]> {
  const names = await readdir(path.join(indexDir, 'generations')).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  })
  return names
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

/** A generation that is being written. Nobody reads it until `publish`. */
export type Draft = {
  readonly generation: number
  readonly dir: string
  /** Path of one of its files. */
  readonly file: (name: GenerationFile) => string
  /**
   * Syncs the files, writes the manifest, gives the folder its name and makes it the current generation, in this
   * order: whenever the power fails, `CURRENT` names a whole generation.
   */
  publish(manifest: Omit<Manifest, 'format' | 'generation' | 'files'>): Promise<Manifest>
  /** Takes the draft away. Harmless after `publish`. */
  discard(): Promise<void>
}

/** Begins the next generation. Only the holder of the build lock may. */
export async function beginDraft(indexDir: string): Promise<Draft> {
  await removeLeftovers(indexDir)
  const current = await readCurrent(indexDir).catch((error: unknown) => {
    if (error instanceof UserError) return 0
    throw error
  })
  const generation = Math.max(current, ...(await listGenerations(indexDir))) + 1
  const dir = path.join(indexDir, 'generations', `${String(generation)}.draft`)
  await mkdir(dir, { recursive: true })
  const file = (name: GenerationFile) => path.join(dir, name)
  return {
    generation,
    dir,
    file,
    async publish(manifest) {
      const checksum = async (name: GenerationFile): Promise<Checksum> => {
        await syncFile(file(name))
        return checksumFile(file(name))
      }
      // At once: the disk is busy with one while the processor is with another.
      const [database, graph, words] = await Promise.all([
        checksum('coverage.db'),
        checksum('vectors.hnsw'),
        checksum('words.bin'),
      ])
      const complete: Manifest = {
        format: FORMAT,
        generation,
        ...manifest,
        files: {
          'coverage.db': database,
          'vectors.hnsw': graph,
          'words.bin': words,
        },
      }
      await replaceFile(path.join(dir, 'manifest.json'), `${JSON.stringify(complete, null, 2)}\n`)
      await rename(dir, generationDir(indexDir, generation))
      await syncDirectory(path.join(indexDir, 'generations'))
      await replaceFile(path.join(indexDir, 'CURRENT'), `${String(generation)}\n`)
      return complete
    },
    discard: () => rm(dir, { recursive: true, force: true }),
  }
}

/** Gives a generation of which a file was written anew a manifest that says so. */
export async function amendManifest(indexDir: string, manifest: Manifest, file: GenerationFile): Promise<Manifest> {
  const dir = generationDir(indexDir, manifest.generation)
  const amended = {
    ...manifest,
    files: { ...manifest.files, [file]: await checksumFile(path.join(dir, file)) },
  }
  await replaceFile(path.join(dir, 'manifest.json'), `${JSON.stringify(amended, null, 2)}\n`)
  return amended
}

/** What a build that was killed left behind. */
async function removeLeftovers(indexDir: string): Promise<void> {
  const dir = path.join(indexDir, 'generations')
  await mkdir(dir, { recursive: true })
  for (const name of await readdir(dir))
    if (!NUMBER.test(name)) await rm(path.join(dir, name), { recursive: true, force: true })
  for (const name of await readdir(indexDir))
    if (name.startsWith(TEMPORARY)) await removeFile(path.join(indexDir, name))
}

/** Says that a generation is being read. Where the index cannot be written nothing is said, and nothing needs to be. */
export async function markReader(indexDir: string, generation: number): Promise<() => Promise<void>> {
  const dir = path.join(indexDir, 'readers')
  const mark = path.join(dir, [generation, process.pid, hostname(), threadId, randomUUID()].join('@'))
  try {
    await mkdir(dir, { recursive: true })
    await removeNamesakes(dir)
    await writeFile(mark, '')
  } catch (error) {
    if (!isSystemError(error, 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'EIO', 'ENOENT'))
      throw readingError(error, indexDir)
  }
  return () => removeFile(mark)
}

/**
 * Removes the marks of a thread of this process that has died: the process lives, so nobody else could tell that they
 * are of nobody.
 */
export async function removeMarksOf(indexDir: string, deadThread: number): Promise<void> {
  const dir = path.join(indexDir, 'readers')
  for (const name of await readMarks(dir)) {
    const [, pid, host, thread] = name.split('@')
    if (pid === String(process.pid) && host === hostname() && thread === String(deadThread))
      await removeFile(path.join(dir, name))
  }
}

/**
 * Removes the marks of this process's dead namesakes: in a container that was killed and started again, the same program
 * has the same number.
 */
async function removeNamesakes(dir: string): Promise<void> {
  const startedMs = Date.now() - process.uptime() * 1000
  for (const name of await readdir(dir)) {
    const [, pid, host] = name.split('@')
    const mark = path.join(dir, name)
    if (pid === String(process.pid) && host === hostname() && (await markedMs(mark)) < startedMs - CLOCKS_DIFFER_MS)
      await removeFile(mark)
  }
}

/** A mark's time is the file system's, the process's own is the system's. */
const CLOCKS_DIFFER_MS = 1000

/**
 * Removes the generations before the current one that nobody reads. A reader that came just too late finds its files
 * gone, looks at `CURRENT` again and opens what that names. Only the holder of the build lock may.
 */
export async function removeOldGenerations(indexDir: string): Promise<void> {
  const current = await readCurrent(indexDir)
  const held = await readGenerations(indexDir)
  for (const generation of await listGenerations(indexDir)) {
    if (generation === current || held.has(generation)) continue
    // Renamed first: a half-removed folder must not look like a generation.
    const dir = generationDir(indexDir, generation)
    try {
      await rename(dir, `${dir}.removed`)
      await rm(`${dir}.removed`, { recursive: true, force: true })
    } catch (error) {
      // The new generation is live, so this is no failure of the build: the next one tries again.
      if (!isSystemError(error)) throw error
    }
  }
}

/** The generations that a living process reads. Marks of the dead are removed. */
async function readGenerations(indexDir: string): Promise<ReadonlySet<number>> {
  const dir = path.join(indexDir, 'readers')
  const held = new Set<number>()
  for (const name of await readMarks(dir)) {
    const [generation = '', pid = '', host = ''] = name.split('@')
    const mark = path.join(dir, name)
    if (host === hostname() ? isAlive(Number(pid)) : await isYoung(mark)) held.add(Number(generation))
    else await removeFile(mark)
  }
  return held
}

async function readMarks(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  })
}

/** Of another machine's processes nothing is known; a container that was killed never takes its marks away. */
const FOREIGN_MARK_LASTS_MS = 24 * 60 * 60 * 1000

async function isYoung(mark: string): Promise<boolean> {
  return Date.now() - (await markedMs(mark)) < FOREIGN_MARK_LASTS_MS
}

/** When a mark was made; 0 when it is gone. */
function markedMs(mark: string): Promise<number> {
  return stat(mark).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isSystemError(error, 'EPERM')
  }
}
