import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onnxGraph } from '../../src/embedding/onnx-graph.ts'

/** Files of a model by their path in its repository. */
export type ModelFiles = Readonly<Record<string, Buffer>>

/** A hub on loopback. */
export type LocalHub = {
  readonly url: string
  /** Addresses that were asked for, in order. */
  readonly requests: string[]
  close(): Promise<void>
}

/** What goes wrong at a local hub, or how it is laid out. */
export type LocalHubOptions = {
  /** Sends only half of this file's bytes, as many as it announces or fewer than it announces. */
  readonly truncated?: { readonly file: string; readonly isAnnounced: boolean }
  /** Answers with this status for this file. */
  readonly refused?: { readonly file: string; readonly status: number }
  /** Names the commit, and keeps weights in a store that it redirects to with size and checksum. */
  readonly commit?: string
}

/** Serves one model as a hub does: /<organisation>/<name>/resolve/<revision>/<file>. */
export async function openLocalHub(
  model: string,
  revision: string,
  files: ModelFiles,
  { truncated, refused, commit }: LocalHubOptions = {},
): Promise<LocalHub> {
  const requests: string[] = []
  const commitHeader: Record<string, string> = commit === undefined ? {} : { 'x-repo-commit': commit }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? '')
    requests.push(path)
    const stored = /^\/store\/(.+)$/.exec(path)?.[1]
    const asked = [revision, ...(commit === undefined ? [] : [commit])]
      .map((known) => `/${model}/resolve/${known}/`)
      .find((prefix) => path.startsWith(prefix))
    const file = stored ?? (asked === undefined ? '' : path.slice(asked.length))
    const content = files[file]
    if (!content) return void response.writeHead(404).end('Entry not found')
    if (refused?.file === file) return void response.writeHead(refused.status).end()
    if (commit !== undefined && stored === undefined && file.startsWith('onnx/')) {
      const etag = `"${createHash('sha256').update(content).digest('hex')}"`
      const headers = { ...commitHeader, 'x-linked-etag': etag, 'x-linked-size': content.length }
      return void response.writeHead(302, { ...headers, location: `/store/${file}` }).end()
    }
    if (truncated?.file !== file) {
      return void response.writeHead(200, { ...commitHeader, 'content-length': content.length }).end(content)
    }
    const half = content.subarray(0, content.length / 2)
    if (!truncated.isAnnounced) return void response.writeHead(200, { 'content-length': half.length }).end(half)
    response.writeHead(200, { 'content-length': content.length })
    response.write(half, () => response.destroy())
  }

  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const pieces = ['[UNK]', '[PAD]', '▁', ...'abcdefghijklmnopqrstuvwxyz:']

/** A model of a few hundred kilobytes: each letter is a token, its state a fixed row of numbers. */
export function tinyModel(dimensions: number): ModelFiles {
  const graph = onnxGraph('tiny')
  const ids = graph.input('input_ids')
  const table = Float32Array.from({ length: pieces.length * dimensions }, (_, i) => Math.sin(i * i + 1))
  const states = graph.node('Gather', [graph.constant(table, [pieces.length, dimensions]), ids])
  const weights = Buffer.from(graph.finish('last_hidden_state', states))
  const json = (content: unknown) => Buffer.from(JSON.stringify(content))
  return {
    'config.json': json({ model_type: 'bert', architectures: ['BertModel'], hidden_size: dimensions }),
    'tokenizer_config.json': json({
      tokenizer_class: 'PreTrainedTokenizer',
      model_max_length: 512,
      pad_token: '[PAD]',
      unk_token: '[UNK]',
    }),
    'tokenizer.json': json({
      version: '1.0',
      added_tokens: [],
      normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      model: { type: 'Unigram', unk_id: 0, vocab: pieces.map((piece) => [piece, -1]) },
    }),
    'onnx/model.onnx': weights,
    'onnx/model_quantized.onnx': weights,
  }
}
