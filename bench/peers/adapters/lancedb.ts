import { connect, Index, rerankers, type Table } from '@lancedb/lancedb'
import { Field, FixedSizeList, Float32, Int32, Schema, Utf8 } from 'apache-arrow'
import type { Peer } from '../peer.ts'

const BATCH = 5000
/** Fewer rows are searched exactly: an index needs 256 to learn from, and the documentation advises one for many. */
const FEW_ROWS = 5000

/**
 * LanceDB's hybrid query: nearest vectors and full text, fused by reciprocal ranks. With a vector index, as their
 * documentation advises where latency counts, HNSW with scalar quantisation in one partition, and a full-text index
 * with its defaults (stems, stop words left out).
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
      if (count >= FEW_ROWS)
        await building.createIndex('vector', { config: Index.hnswSq({ distanceType: 'cosine', numPartitions: 1 }) })
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
