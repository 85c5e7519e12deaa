import MiniSearch from 'minisearch'
import type { Peer } from '../peer.ts'

/** MiniSearch as its README begins: words joined by OR, BM25+, no vectors. */
function miniSearchPeer(): Peer {
  const index = new MiniSearch<{ id: number; text: string }>({ fields: ['text'] })
  return {
    isKept: false,
    async build(units) {
      for (const { id, text } of units) index.add({ id, text })
    },
    async open() {},
    search: async (text, _vector, k) =>
      index
        .search(text)
        .slice(0, k)
        .map(({ id }) => Number(id)),
  }
}

export const peer = miniSearchPeer()
