import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddingConfig, openEmbedder } from '../../src/embedding/embedding.ts'
import { UserError } from '../../src/errors.ts'
import { type LocalHub, type LocalHubOptions, type ModelFiles, openLocalHub, tinyModel } from './local-hub.ts'

const commit = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00'
const model = 'some-lab/tiny-letters'

let cacheDir: string
const toClose: (() => Promise<void>)[] = []

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'verbatim-hub-'))
})

afterEach(async () => {
  for (const close of toClose.splice(0)) await close()
  await rm(cacheDir, { recursive: true, force: true })
})

async function hubWith(
  options: LocalHubOptions = {},
  { id = model, files = tinyModel(48) }: { id?: string; files?: ModelFiles } = {},
): Promise<LocalHub> {
  const hub = await openLocalHub(id, 'main', files, options)
  toClose.push(() => hub.close())
  return hub
}

async function open(
  hub: LocalHub,
  config: Partial<EmbeddingConfig> = {},
  onDownload?: Parameters<typeof openEmbedder>[1],
) {
  const embedder = await openEmbedder(
    { model, precision: 'int8', cacheDir, hubUrl: hub.url, threads: 1, ...config },
    onDownload,
  )
  toClose.push(() => embedder.close())
  return embedder
}

async function failureOf(opening: Promise<unknown>): Promise<UserError> {
  const error: unknown = await opening.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof UserError) return error
  throw new Error('expected a UserError', { cause: error })
}

async function expectNothingKept(): Promise<void> {
  expect(await readdir(cacheDir)).toEqual([])
}

describe('a model of the hub', () => {
  test('given a hub that has it, when opened, then its files are downloaded with progress and it embeds', async () => {
    const hub = await hubWith()
    const received = new Map<string, [number, number | undefined]>()
    const embedder = await open(hub, {}, ({ file, receivedBytes, totalBytes }) => {
      received.set(file, [receivedBytes, totalBytes])
    })
    expect([...received.keys()]).toEqual([
      'config.json',
      'tokenizer_config.json',
      'tokenizer.json',
      'onnx/model_quantized.onnx',
    ])
    for (const [file, [bytes, total]] of received) expect([file, bytes]).toEqual([file, total])
    expect(embedder.dimensions).toBe(48)
    const [vector] = await embedder.embed(['a bridge'])
    expect(vector?.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5)
  })

  test('given it was downloaded before, when opened while the hub is gone, then it opens without it', async () => {
    const hub = await hubWith()
    const first = await (await open(hub)).embed(['a bridge'])
    await hub.close()
    const asked = hub.requests.length
    const embedder = await open(hub)
    expect(await embedder.embed(['a bridge'])).toEqual(first)
    expect(hub.requests).toHaveLength(asked)
  })

  test('given a branch, when downloaded, then all files come from the commit it meant, which the id names', async () => {
    const hub = await hubWith({ commit })
    const embedder = await open(hub)
    expect(embedder.id).toBe(`${model}@${commit}/int8`)
    const [first, ...others] = hub.requests
    expect(first).toContain('/resolve/main/')
    expect(others.filter((path) => !path.includes(`/resolve/${commit}/`))).toEqual(['/store/onnx/model_quantized.onnx'])
  })

  test('given a revision that the hub does not have, when opened, then the error says which one and nothing is kept', async () => {
    const error = await failureOf(open(await hubWith(), { revision: 'v9' }))
    expect(error).toMatchObject({ code: 'model-unavailable' })
    expect(error.message).toContain('v9')
    expect(error.message).toContain('404')
    expect(error.remedy).toContain('EMBEDDING_REVISION')
    await expectNothingKept()
  })

  test('given no network, when opened, then the error says what cannot be reached and what to do', async () => {
    const hub = await hubWith()
    await hub.close()
    const error = await failureOf(open(hub))
    expect(error).toMatchObject({ code: 'model-unavailable' })
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.remedy).toContain('use-lite')
    await expectNothingKept()
  })

  test.each([
    ['the connection breaks in the middle of the weights', 'onnx/model_quantized.onnx', true],
    ['half of the weights come as if they were all', 'onnx/model_quantized.onnx', false],
    ['half of the tokenizer comes as if it were all', 'tokenizer.json', false],
  ])('given %s, when opened, then it fails, nothing is kept, and the next try works', async (_, file, isAnnounced) => {
    const files = tinyModel(48)
    const broken = await hubWith({ truncated: { file, isAnnounced } }, { files })
    const error = await failureOf(open(broken))
    expect(error).toMatchObject({ code: 'model-unavailable' })
    await expectNothingKept()
    const embedder = await open(await hubWith({}, { files }))
    expect(await embedder.embed(['a bridge'])).toHaveLength(1)
  })

  test('given weights that are not what the hub says they are, when opened, then the checksum gives them away', async () => {
    const files = tinyModel(48)
    const hub = await hubWith(
      { commit, truncated: { file: 'onnx/model_quantized.onnx', isAnnounced: false } },
      { files },
    )
    const error = await failureOf(open(hub))
    expect(error).toMatchObject({ code: 'model-unavailable' })
    expect(error.message).toContain('onnx/model_quantized.onnx')
    await expectNothingKept()
  })

  test('given a kept file that was damaged on the disk, when opened, then it is downloaded again', async () => {
    const hub = await hubWith()
    await (await open(hub)).close()
    const [directory = ''] = await readdir(cacheDir)
    await truncate(join(cacheDir, directory, 'onnx/model_quantized.onnx'), 100)
    const asked = hub.requests.length
    await open(hub)
    expect(hub.requests.length).toBeGreaterThan(asked)
  })

  test('given no weights of the wanted precision, when opened, then the error names the other one', async () => {
    const files = Object.fromEntries(Object.entries(tinyModel(48)).filter(([file]) => !file.includes('quantized')))
    const error = await failureOf(open(await hubWith({}, { files })))
    expect(error.remedy).toContain('EMBEDDING_PRECISION=fp32')
    await expectNothingKept()
  })

  test('given a hub that is out of order, when opened, then the error says to try later', async () => {
    const error = await failureOf(open(await hubWith({ refused: { file: 'config.json', status: 503 } })))
    expect(error.message).toContain('503')
    expect(error.remedy).toContain('later')
  })

  test.each(['../../etc', 'tiny', '/tiny', 'some-lab/../tiny', 'a/b/c', ''])(
    'given the name "%s", when opened, then it is refused before anything is asked',
    async (name) => {
      const hub = await hubWith()
      expect(await failureOf(open(hub, { model: name }))).toMatchObject({ code: 'bad-config' })
      expect(await failureOf(open(hub, { revision: '../main' }))).toMatchObject({ code: 'bad-config' })
      expect(hub.requests).toEqual([])
    },
  )
})

describe('the catalogue', () => {
  const cosine = (a: Float32Array | undefined, b: Float32Array | undefined) =>
    a?.reduce((sum, value, i) => sum + value * (b?.[i] ?? 0), 0)

  test('given a model with prefixes, when embedding, then a question and a passage get each its own', async () => {
    const files = tinyModel(384)
    const prefixed = await open(await hubWith({}, { id: 'Xenova/e5-small-v2', files }), { model: 'Xenova/e5-small-v2' })
    const plain = await open(await hubWith({}, { id: 'Xenova/gte-small', files }), { model: 'Xenova/gte-small' })
    const [question] = await prefixed.embed(['who built it'], { role: 'query' })
    const [passage] = await prefixed.embed(['who built it'])
    const [asQuestion, asPassage] = await plain.embed(['query: who built it', 'passage: who built it'])
    expect(cosine(question, asQuestion)).toBeCloseTo(1, 5)
    expect(cosine(passage, asPassage)).toBeCloseTo(1, 5)
    expect(cosine(question, passage)).toBeLessThan(0.99)
  })

  test('given a model that is pooled by its first token, when embedding, then only that one counts', async () => {
    const hub = await hubWith({}, { id: 'Xenova/bge-small-en-v1.5', files: tinyModel(384) })
    const embedder = await open(hub, { model: 'Xenova/bge-small-en-v1.5' })
    const [bridge, bus, car] = await embedder.embed(['bridge', 'bus', 'car'])
    expect(cosine(bridge, bus)).toBeCloseTo(1, 5)
    expect(cosine(bridge, car)).toBeLessThan(0.9)
  })

  test('given files of another model under a known name, when opened, then their dimensions give them away', async () => {
    const hub = await hubWith({}, { id: 'Xenova/gte-small', files: tinyModel(48) })
    const error = await failureOf(open(hub, { model: 'Xenova/gte-small' }))
    expect(error).toMatchObject({ code: 'model-unavailable' })
    expect(error.message).toContain('48')
    await expectNothingKept()
  })
})
