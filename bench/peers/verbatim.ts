import type { Embedder } from '../../src/embedding/embedding.ts'
import { openIndex, type Generation } from '../../src/index/index.ts'
import { search } from '../../src/search/search.ts'
import type { Peer } from './peer.ts'

/** Verbatim's retrieval with the question's vector given, as the peers have it. Its index is built beforehand. */
function retrievalPeer(): Peer {
  let generation: Generation | undefined
  return {
    isKept: true,
    async build() {},
    async open(dir) {
      generation = await openIndex(dir)
    },
    async search(text, vector, k) {
      if (generation === undefined) return []
      const { id, dimensions } = generation.manifest.model
      const given: Embedder = { id, dimensions, embed: async () => [vector], close: async () => {} }
      return (await search(generation, given, { text, limit: k })).map(({ passageId }) => passageId)
    },
  }
}

export const peer = retrievalPeer()
