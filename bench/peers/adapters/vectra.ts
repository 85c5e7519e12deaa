import { constants } from 'node:buffer'
import { LocalIndex } from 'vectra'
import type { Peer } from '../peer.ts'

/** What a number of a vector takes in JSON, at least. */
const CHARACTERS_PER_NUMBER = 18

/**
 * Vectra's LocalIndex: an exact vector search. Its BM25 belongs to whole documents and is built anew at each question.
 */
function vectraPeer(): Peer {
  let index: LocalIndex<{ unit: number }> | undefined
  return {
    isKept: true,
    async build(units, { dir, dimensions, count }) {
      if (count * dimensions * CHARACTERS_PER_NUMBER > constants.MAX_STRING_LENGTH)
        throw new Error('its index is one JSON text, longer than a string can be')
      const building = new LocalIndex<{ unit: number }>(dir)
      await building.createIndex()
      await building.beginUpdate()
      for (const { id, vector } of units)
        await building.insertItem({ vector: Array.from(vector), metadata: { unit: id } })
      await building.endUpdate()
    },
    async open(dir) {
      index = new LocalIndex(dir)
    },
    async search(text, vector, k) {
      const found = (await index?.queryItems(Array.from(vector), text, k)) ?? []
      return found.map(({ item }) => item.metadata.unit)
    },
  }
}

export const peer = vectraPeer()
