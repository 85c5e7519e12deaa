import Database from 'better-sqlite3'
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { syncDirectory, syncFile } from '../durable.ts'
import { openCoverage } from './coverage.ts'
import { gatherWords } from './gather-words.ts'
import { amendManifest, generationDir, type GenerationFile } from './generations.ts'
import { withBuildLock } from './lock.ts'
import type { Manifest } from './manifest.ts'
import { createVectorGraph } from './vectors.ts'
import { writeWords } from './words.ts'

/** Milliseconds that the calling thread is held at a time. */
const SLICE_MS = 15

/**
 * Makes the damaged files of a generation again from its database.
 * @throws UserError 'index-busy' when a build is running
 */
export async function repairGeneration(
  indexDir: string,
  manifest: Manifest,
  broken: readonly Exclude<GenerationFile, 'coverage.db'>[],
): Promise<void> {
  await withBuildLock(indexDir, async () => {
    const dir = generationDir(indexDir, manifest.generation)
    let amended = manifest
    for (const name of broken) {
      const file = path.join(dir, name)
      await WRITERS[name](path.join(dir, 'coverage.db'), `${file}.new`, manifest)
      await syncFile(`${file}.new`)
      await rename(`${file}.new`, file)
      await syncDirectory(dir)
      amended = await amendManifest(indexDir, amended, name)
    }
  })
}

type Writer = (database: string, file: string, manifest: Manifest) => Promise<void>

const WRITERS: Readonly<Record<Exclude<GenerationFile, 'coverage.db'>, Writer>> = {
  async 'vectors.hnsw'(database, file, { model }) {
    const coverage = openCoverage(database)
    try {
      const vectorIds = coverage.vectorIds()
      const graph = createVectorGraph(model.dimensions, vectorIds.length)
      let sliceStarted = performance.now()
      for (const vectorId of vectorIds) {
        graph.add(vectorId, coverage.vectorById(vectorId))
        if (performance.now() - sliceStarted < SLICE_MS) continue
        await nextTurn()
        sliceStarted = performance.now()
      }
      await graph.write(file)
    } finally {
      coverage.close()
    }
  },
  async 'words.bin'(database, file) {
    const db = new Database(database, { readonly: true, fileMustExist: true })
    try {
      await writeWords(file, await gatherWords(db))
    } finally {
      db.close()
    }
  },
}
