import { z } from 'zod'
import type { EmbeddingConfig } from '../embedding/embedding.ts'

/** What to build from what. */
export type BuildInput = {
  readonly corpusDir: string
  readonly indexDir: string
  readonly embedding: EmbeddingConfig
  /** Make everything anew, vectors too, as if there were no index. */
  readonly full?: boolean | undefined
}

/** What a build spends its time on; articles are read, split, searched for quotes and stored one after the other. */
export const BUILD_STAGES = ['read', 'split', 'quotes', 'store', 'embed', 'hnsw', 'publish'] as const
export type BuildStage = (typeof BUILD_STAGES)[number]

const count = z.int().min(0)
const seconds = z.number().min(0)

export const stageProgressSchema = z.object({
  stage: z.enum(BUILD_STAGES),
  done: count,
  /** 0: not known yet. */
  total: count,
  /** Done per second since the stage began. */
  rate: z.number().min(0),
})

/** How far a build is. Told of the stages `read` (counts files), `embed` (texts), `hnsw` (vectors) and `publish`. */
export type StageProgress = Readonly<z.infer<typeof stageProgressSchema>>

export const buildReportSchema = z.object({
  generation: z.int().min(1),
  /** `Embedder.id` of the model that the vectors are of. */
  model: z.string(),
  /** False when every article was as the index had it: the generation before stays. */
  changed: z.boolean(),
  articles: count,
  passages: count,
  sentences: count,
  quotes: count,
  speakers: count,
  /** Articles that were taken over as they were. */
  keptArticles: count,
  /** Texts that were embedded; equal sentences count once. */
  embeddedSentences: count,
  /** Sentences that had a vector already, or share one. */
  reusedSentences: count,
  seconds: z.record(z.enum([...BUILD_STAGES, 'total']), seconds),
  /** Size of the generation on disk, in millions of bytes. */
  megabytes: z.number(),
  /** Most memory that the process of the build held, in millions of bytes; embedding processes have their own. */
  peakMegabytes: z.number(),
  /** Articles that could not be read, and why. */
  problems: z.array(
    z.object({ file: z.string(), field: z.string().exactOptional(), reason: z.string(), remedy: z.string() }),
  ),
})

/** What one build did. */
export type BuildWork = Readonly<z.infer<typeof buildReportSchema>>
