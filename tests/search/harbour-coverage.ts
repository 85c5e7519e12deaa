import { embedding, makeSite, type Site } from '../index/made-up-coverage.ts'
import { openEmbedder, type Embedder } from '../../src/embedding/embedding.ts'
import { buildIndex, openIndex, type Generation } from '../../src/index/index.ts'

/** A small coverage of made-up events, indexed with the built-in model. */
export type HarbourCoverage = { readonly generation: Generation; readonly embedder: Embedder; close(): Promise<void> }

const FLOOD = `The river Merrow broke its banks at Quillfort on Tuesday and drove 1,250 people from their homes. Divers searched the lower town until midnight.

“Nobody warned us before the water came,” said Greta Lindqvist, a baker in the lower town. “The sirens were silent.”

Repairs will cost $14 million, the World Harbour Federation (WHF) said. The federation is paying because the town cannot borrow any more.`

/** Articles by slug: title, outlet, date and body. */
const ARTICLES: Readonly<Record<string, readonly [title: string, outlet: string, published: string, body: string]>> = {
  flood: ['Flood in Quillfort', 'The Even Post', '2024-03-05', FLOOD],
  'flood-copy': ['River floods Quillfort', 'The Odd Gazette', '2024-03-06', FLOOD],
  ferry: [
    "O'Hara opens the ferry line",
    'The Even Post',
    '2024-04-11',
    `Mayor Brendan O'Hara opened the ferry line to Sandvik on Monday. The crossing takes 45 minutes and runs 12 times a day.

O'Hara said the old bridge was too dangerous for buses. “I would not send my own children across it,” he said.

The Sandvik Workers' Union has asked for higher wages. Its leader, Paulo Serrano, promised a strike before summer. “We have been patient for ten years,” Serrano said.`,
  ],
  museum: [
    'A museum of clocks',
    'The Odd Gazette',
    '2024-05-20',
    `The museum of clocks in Larkhill was founded in 1923 by Agnes Petrov, a watchmaker. It holds 800 clocks.

Visitors complained that the museum's film about sundials was too long. The director, Tomas Brandt, shortened it to nine minutes.`,
  ],
}

export async function openHarbourCoverage(): Promise<HarbourCoverage> {
  const site: Site = await makeSite()
  for (const [slug, [title, outlet, published, body]] of Object.entries(ARTICLES))
    await site.write(slug, body, { title, outlet, published })
  await buildIndex({ corpusDir: site.corpusDir, indexDir: site.indexDir, embedding })
  const generation = await openIndex(site.indexDir)
  const embedder = await openEmbedder(embedding)
  return {
    generation,
    embedder,
    async close() {
      await generation.close()
      await embedder.close()
      await site[Symbol.asyncDispose]()
    },
  }
}
