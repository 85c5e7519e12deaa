import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { type Precision, weightsFile } from './catalogue.ts'
import { isWhole, publishDirectory } from './model-directory.ts'

/** A model of the hub and where to keep it. */
export type HubModel = {
  /** e.g. 'Xenova/bge-small-en-v1.5' */
  readonly model: string
  /** Branch, tag or commit. */
  readonly revision: string
  readonly precision: Precision
  readonly cacheDir: string
  /** Address of a hub; absent, the one that transformers.js knows. */
  readonly hubUrl?: string
}

/** How far the download of one file is. */
export type DownloadProgress = {
  readonly file: string
  readonly receivedBytes: number
  /** Absent where the hub does not say. */
  readonly totalBytes?: number
}

/** A model's files on this machine, and the commit that they come from (the revision, where the hub does not say). */
export type KeptModel = { readonly directory: string; readonly commit: string }

const commitFile = 'revision.json'
const Commit = z.object({ commit: z.string().min(1) })
const sha256Etag = /^"?([0-9a-f]{64})"?$/
const mostRedirects = 5

/**
 * The files of a hub model in `cacheDir`: those that were downloaded before, without asking the network, or else
 * downloaded now, all from the commit that the revision meant at the first file. A branch thereby stays pinned to what
 * it was at the download, until its directory is deleted. Sizes and, for large files, checksums are compared with what
 * the hub says; nothing of a download that fails is kept.
 * @throws UserError 'bad-config' for what cannot be an id or a revision; 'model-unavailable'; 'write-failed'
 */
export async function keepHubModel(
  hub: HubModel,
  onDownload: (progress: DownloadProgress) => void = () => {},
): Promise<KeptModel> {
  checkName('model', hub.model, /^[\w-][\w.-]*\/[\w-][\w.-]*$/, 'as the hub writes it: organisation/name')
  checkName('revision', hub.revision, /^(?!.*\.\.)[\w-][\w./-]*$/, 'a branch, a tag or a commit of the hub')
  const directory = hubDirectory(hub)
  if (!(await isWhole(directory))) {
    await publishDirectory(directory, async (temporary) => {
      let commit: string | undefined
      for (const file of filesOf(hub.precision)) {
        commit = await download(hub, file, commit ?? hub.revision, join(temporary, file), onDownload)
      }
      await writeFile(join(temporary, commitFile), JSON.stringify({ commit }))
    })
  }
  const { commit } = Commit.parse(JSON.parse(await readFile(join(directory, commitFile), 'utf8')))
  return { directory, commit }
}

/** The failure of a model whose files are all there but which cannot be run. */
export function unusableModel({ model, revision, precision }: HubModel, cause: Error): UserError {
  return new UserError(
    'model-unavailable',
    `The embedding model ${model} (revision ${revision}, ${precision}) was downloaded but cannot be run: ${cause.message}`,
    `${otherModel} Its files have been removed, so that the next start downloads them again.`,
    { cause },
  )
}

const otherModel = 'Choose another EMBEDDING_MODEL, for example use-lite, which needs no download.'

function hubDirectory({ cacheDir, model, revision, precision }: HubModel): string {
  return join(cacheDir, `${model.replace('/', '--')}@${encodeURIComponent(revision)}-${precision}`)
}

function filesOf(precision: Precision): string[] {
  return ['config.json', 'tokenizer_config.json', 'tokenizer.json', weightsFile(precision)]
}

function checkName(what: 'model' | 'revision', value: string, pattern: RegExp, expected: string): void {
  if (pattern.test(value)) return
  throw new UserError(
    'bad-config',
    `The embedding ${what} "${value}" is not ${expected}.`,
    what === 'model'
      ? `Correct EMBEDDING_MODEL, or set it to use-lite.`
      : 'Correct EMBEDDING_REVISION or leave it out.',
  )
}

/** Downloads one file and gives the commit it comes from. */
async function download(
  hub: HubModel,
  file: string,
  revision: string,
  path: string,
  onDownload: (progress: DownloadProgress) => void,
): Promise<string> {
  const base = hub.hubUrl ?? (await import('@xenova/transformers')).env.remoteHost
  const address = new URL(`${hub.model}/resolve/${encodeURIComponent(revision)}/${file}`, base.replace(/\/*$/, '/'))
  const { response, commit, sizeBytes, sha256 } = await request(hub, file, address)
  const totalBytes = sizeBytes ?? contentLength(response)
  const hash = createHash('sha256')
  let receivedBytes = 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      hash.update(chunk)
      receivedBytes += chunk.length
      onDownload({ file, receivedBytes, ...(totalBytes !== undefined && { totalBytes }) })
      pass(null, chunk)
    },
  })
  await mkdir(dirname(path), { recursive: true })
  const out = createWriteStream(path)
  let diskFailure: Error | undefined
  out.on('error', (error) => (diskFailure = error))
  try {
    await pipeline(response.body ? Readable.fromWeb(response.body) : [], count, out)
  } catch (error) {
    // From Node 22 on, a connection that breaks ends the file with the same error.
    if (diskFailure !== undefined && 'syscall' in diskFailure && diskFailure === error) throw diskFailure
    throw brokenOff(hub, file, receivedBytes, totalBytes, error)
  }
  if (totalBytes !== undefined && receivedBytes !== totalBytes) throw brokenOff(hub, file, receivedBytes, totalBytes)
  if (sha256 !== undefined && hash.digest('hex') !== sha256) throw damaged(hub, file, 'its checksum is wrong')
  if (file.endsWith('.json')) await checkJson(hub, file, path)
  return commit ?? revision
}

type Found = {
  readonly response: Response
  readonly commit: string | undefined
  readonly sizeBytes: number | undefined
  readonly sha256: string | undefined
}

/**
 * Follows redirects by hand, since what the hub says about a large file (its commit, size and SHA-256) stands on the
 * redirect to the store, not on the store's own response.
 */
async function request(hub: HubModel, file: string, address: URL): Promise<Found> {
  let commit: string | undefined
  let sizeBytes: number | undefined
  let sha256: string | undefined
  let next = address
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetch(next, { redirect: 'manual', headers: { 'accept-encoding': 'identity' } }).catch(
      (error: unknown) => {
        throw unreachable(hub, next, error)
      },
    )
    const { headers, status } = response
    commit ??= headers.get('x-repo-commit') ?? undefined
    sha256 ??= sha256Etag.exec(headers.get('x-linked-etag') ?? '')?.[1]
    const linkedSize = headers.get('x-linked-size')
    if (linkedSize !== null && /^\d+$/.test(linkedSize)) sizeBytes ??= Number(linkedSize)
    const location = headers.get('location')
    if (status >= 300 && status < 400 && location !== null) {
      await response.body?.cancel()
      next = new URL(location, next)
      continue
    }
    if (response.ok) return { response, commit, sizeBytes, sha256 }
    await response.body?.cancel()
    throw refused(hub, file, next, status)
  }
  throw refused(hub, file, next, 310)
}

/** The length of what is received; a body that was compressed on its way has another one. */
function contentLength({ headers }: Response): number | undefined {
  const length = headers.get('content-length')
  return length !== null && !headers.has('content-encoding') ? Number(length) : undefined
}

async function checkJson(hub: HubModel, file: string, path: string): Promise<void> {
  try {
    JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(hub, file, 'it is not JSON')
    throw error
  }
}

function unavailable(message: string, remedy: string, cause?: unknown): UserError {
  return new UserError('model-unavailable', message, remedy, { cause })
}

function unreachable({ model, cacheDir }: HubModel, address: URL, error: unknown): UserError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason = cause instanceof Error ? ('code' in cause && String(cause.code)) || cause.message : String(cause)
  return unavailable(
    `The embedding model ${model} is not in ${cacheDir}, and ${address.host} cannot be reached (${reason}).`,
    `Connect this machine to the network for the first start, or copy ${cacheDir} from one that has the model. ${otherModel}`,
    error,
  )
}

function refused({ model, revision, precision }: HubModel, file: string, address: URL, status: number): UserError {
  const missing = status === 401 || status === 403 || status === 404
  if (missing && file.startsWith('onnx/')) {
    const other = precision === 'int8' ? 'fp32' : 'int8'
    return unavailable(
      `The embedding model ${model} has no ${file} at revision ${revision} (${address.host} answered ${status}).`,
      `Set EMBEDDING_PRECISION=${other}, or choose a model that comes as ONNX files.`,
    )
  }
  if (missing) {
    return unavailable(
      `There is no embedding model ${model} with revision ${revision} (${address.host} answered ${status} for ${file}).`,
      `Correct EMBEDDING_MODEL or EMBEDDING_REVISION. ${otherModel}`,
    )
  }
  return unavailable(
    `The embedding model ${model} could not be downloaded: ${address.host} answered ${status} for ${file}.`,
    `Try again later. ${otherModel}`,
  )
}

function brokenOff({ model }: HubModel, file: string, received: number, total?: number, cause?: unknown): UserError {
  return unavailable(
    `The download of ${file} of the embedding model ${model} broke off: ${received} of ${total ?? 'unknown'} bytes came.`,
    `Start again to repeat the download; nothing of it was kept. ${otherModel}`,
    cause,
  )
}

function damaged({ model }: HubModel, file: string, reason: string): UserError {
  return unavailable(
    `${file} of the embedding model ${model} came damaged: ${reason}.`,
    `Start again to repeat the download; nothing of it was kept. ${otherModel}`,
  )
}
