import { connect, Index, rerankers, type Table } from '@lancedb/lancedb'
import { Field, FixedSizeList, Float32, Int32, Schema, Utf8 } from 'apache-arrow'
import type { Peer } from '../peer.ts'

const BATCH = 5000
/** Fewer rows are searched exactly, as the documentation advises. */
const FEW_ROWS = 5000

/**
 * LanceDB's hybrid query: nearest vectors and full text, fused by reciprocal ranks. The vector index is the one that
 * its documentation begins with, IVF_PQ; the full-text index has its defaults (stems, stop words left out). HNSW_SQ took
 * more than five minutes to build for 90,000 vectors.
 */
function lanceDbPeer(): Peer {
  let table: Table | undefined
  let reranker: rerankers.RRFReranker | undefined
  return {
    isKept: true,
    async build(units, { dir, dimensions, count }) {
      const schema = new Schema([
        new Field('id', new Int32()),
        new Field('text', new Utf8()),
        new Field('vector', new FixedSizeList(dimensions, new Field('item', new Float32()))),
      ])
      const database = await connect(dir)
      const building = await database.createEmptyTable('units', schema)
      let batch: Record<string, unknown>[] = []
      for (const { id, text, vector } of units) {
        batch.push({ id, text, vector: Array.from(vector) })
        if (batch.length < BATCH) continue
        await building.add(batch)
        batch = []
      }
      if (batch.length > 0) await building.add(batch)
      await building.createIndex('text', { config: Index.fts() })
      if (count >= FEW_ROWS) await building.createIndex('vector', { config: Index.ivfPq({ distanceType: 'cosine' }) })
      await building.optimize()
      building.close()
      database.close()
    },
    async open(dir) {
      table = await (await connect(dir)).openTable('units')
      reranker = await rerankers.RRFReranker.create()
    },
    async search(text, vector, k) {
      if (table === undefined || reranker === undefined) return []
      const rows: { readonly id: number }[] = await table
        .query()
        .nearestTo(vector)
        .distanceType('cosine')
        .fullTextSearch(text)
        .rerank(reranker)
        .select(['id'])
        .limit(k)
        .toArray()
      return rows.map(({ id }) => id)
    },
  }
}

export const peer = lanceDbPeer()
