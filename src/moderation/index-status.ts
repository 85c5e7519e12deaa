import { UserError } from '../errors.ts'
import { indexStanding, type IndexStanding } from '../index/index.ts'

/** The index as `corpus status` tells of it, in JSON too; what is wrong with it where it cannot be read. */
export type IndexStatus =
  | {
      readonly generation: number
      readonly model: string
      /** ISO date-time. */
      readonly builtAt: string
      readonly sizeBytes: number
      readonly counts: IndexStanding['manifest']['counts']
      /** Articles that changed since; null when another version built it, so that all are read anew. */
      readonly since: IndexStanding['since'] | null
    }
  | { readonly problem: string; readonly remedy: string }

/** How the index stands to the corpus. An index that is missing or damaged is told of, not thrown. */
export async function readIndexStatus(indexDir: string, corpusDir: string): Promise<IndexStatus> {
  try {
    const { manifest, since } = await indexStanding(indexDir, corpusDir)
    const { generation, model, created, counts, files } = manifest
    const sizeBytes = Object.values(files).reduce((sum, file) => sum + file.sizeBytes, 0)
    return { generation, model: model.id, builtAt: created, sizeBytes, counts, since: since ?? null }
  } catch (error) {
    if (!(error instanceof UserError) || !error.code.startsWith('index-')) throw error
    return { problem: error.message, remedy: error.remedy }
  }
}
