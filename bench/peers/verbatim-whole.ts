import { dirname, join } from 'node:path'
import { openEngine, type Engine } from '../../src/engine.ts'
import type { Peer } from './peer.ts'

/** The whole of Verbatim: the question is embedded, searched for, and answered or refused. */
function wholePeer(): Peer {
  let engine: Engine | undefined
  return {
    isKept: true,
    async build() {},
    async open(dir) {
      const cacheDir = process.env['BENCH_MODELS'] ?? join(dirname(dir), 'models')
      engine = await openEngine({ indexDir: dir, embedding: { model: 'use-lite', precision: 'int8', cacheDir } })
    },
    async search(text, _vector, k) {
      const answer = await engine?.ask({ text, limit: k })
      return answer?.kind === 'answered' ? answer.hits.map(({ passageId }) => passageId) : []
    },
  }
}

export const peer = wholePeer()
