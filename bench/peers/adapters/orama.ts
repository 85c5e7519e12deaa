import { create, insertMultiple, search, type AnyOrama } from '@orama/orama'
import type { Peer } from '../peer.ts'

/** Units that are inserted at a time. */
const BATCH = 500

/**
 * Orama's hybrid mode with stemming. Its threshold of 0.8 is meant for other models: vectors of this one are seldom so
 * near, so it is lowered until the vector half takes part.
 */
function oramaPeer(): Peer {
  let index: AnyOrama | undefined
  return {
    isKept: false,
    async build(units, { dimensions }) {
      index = create({
        schema: { text: 'string', embedding: `vector[${dimensions}]` },
        components: { tokenizer: { language: 'english', stemming: true } },
      })
      let batch: { id: string; text: string; embedding: number[] }[] = []
      for (const { id, text, vector } of units) {
        batch.push({ id: String(id), text, embedding: Array.from(vector) })
        if (batch.length < BATCH) continue
        await insertMultiple(index, batch, BATCH)
        batch = []
      }
      if (batch.length > 0) await insertMultiple(index, batch, BATCH)
    },
    async open() {},
    async search(text, vector, k) {
      if (index === undefined) return []
      const { hits } = await search(index, {
        mode: 'hybrid',
        term: text,
        vector: { value: Array.from(vector), property: 'embedding' },
        similarity: 0.4,
        limit: k,
      })
      return hits.map(({ id }) => Number(id))
    },
  }
}

export const peer = oramaPeer()
