import { rename } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { syncDirectory, syncFile } from '../durable.ts'
import { openCoverage } from './coverage.ts'
import { amendManifest, generationDir } from './generations.ts'
import { withBuildLock } from './lock.ts'
import type { Manifest } from './manifest.ts'
import { createVectorGraph } from './vectors.ts'

/** Milliseconds that the calling thread is held at a time. */
const SLICE_MS = 15

/**
 * Makes a generation's vector graph again from the vectors in its database.
 * @throws UserError 'index-busy' when a build is running
 */
export async function repairVectorGraph(indexDir: string, manifest: Manifest): Promise<void> {
  await withBuildLock(indexDir, async () => {
    const dir = generationDir(indexDir, manifest.generation)
    const file = path.join(dir, 'vectors.hnsw')
    const coverage = openCoverage(path.join(dir, 'coverage.db'))
    try {
      const vectorIds = coverage.vectorIds()
      const graph = createVectorGraph(manifest.model.dimensions, vectorIds.length)
      let sliceStarted = performance.now()
      for (const vectorId of vectorIds) {
        graph.add(vectorId, coverage.vectorById(vectorId))
        if (performance.now() - sliceStarted < SLICE_MS) continue
        await nextTurn()
        sliceStarted = performance.now()
      }
      await graph.write(`${file}.new`)
      await syncFile(`${file}.new`)
      await rename(`${file}.new`, file)
      await syncDirectory(dir)
      await amendManifest(indexDir, manifest)
    } finally {
      coverage.close()
    }
  })
}
