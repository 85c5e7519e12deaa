import { z } from 'zod'

/**
 * Raised when the manifest or the tables of the vectors change, so that not even vectors could be taken over. For the
 * other tables `schema` tells.
 */
export const FORMAT = 1

const count = z.int().min(0)
const checksum = z.object({ sizeBytes: count, crc32: z.string().regex(/^[0-9a-f]{8}$/u) })

/** Of a file that a manifest does not name: none is like that, so it is made again. */
const NO_FILE = { sizeBytes: 0, crc32: '00000000' }

export const manifestSchema = z.object({
  format: z.int(),
  generation: z.int().min(1),
  /** ISO date-time. */
  created: z.iso.datetime(),
  model: z.object({ id: z.string().min(1), dimensions: z.int().min(1) }),
  /** Fingerprint of the tables: a database with other tables cannot be read. The first version wrote none. */
  schema: z.string().default('none'),
  /** Fingerprint of the code that splits texts and finds quotes; another one makes them anew. */
  recipe: z.string(),
  /** Fingerprint of the articles, in any order: two indexes of the same articles share it. */
  corpus: z.string(),
  counts: z.object({
    articles: count,
    passages: count,
    sentences: count,
    /** Different texts among the sentences: copies of one sentence share a vector. */
    vectors: count,
    quotes: count,
    speakers: count,
  }),
  files: z.object({ 'coverage.db': checksum, 'vectors.hnsw': checksum, 'words.bin': checksum.default(NO_FILE) }),
})

/** What a generation is: `manifest.json`. */
export type Manifest = z.infer<typeof manifestSchema>
