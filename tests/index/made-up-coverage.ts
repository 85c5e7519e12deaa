import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EmbeddingConfig } from '../../src/embedding/embedding.ts'

/** The default model, converted once for all tests. */
export const embedding: EmbeddingConfig = {
  model: 'use-lite',
  precision: 'int8',
  cacheDir: fileURLToPath(new URL('../../node_modules/.cache/verbatim-models', import.meta.url)),
  threads: 1,
}

/** A corpus and a place for its index, both empty. */
export type Site = {
  readonly corpusDir: string
  readonly indexDir: string
  /** Writes an article; the front matter besides its title is optional. */
  write(slug: string, body: string, fields?: Readonly<Record<string, string>>): Promise<void>
  remove(slug: string): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function makeSite(): Promise<Site> {
  const root = await mkdtemp(path.join(tmpdir(), 'verbatim-index-'))
  const corpusDir = path.join(root, 'corpus')
  await mkdir(corpusDir)
  const fileOf = (slug: string) => path.join(corpusDir, `${slug}.md`)
  return {
    corpusDir,
    indexDir: path.join(root, 'index'),
    async write(slug, body, fields = {}) {
      const lines = Object.entries({ title: `About ${slug}`, ...fields }).map(([name, value]) => `${name}: ${value}\n`)
      await writeFile(fileOf(slug), `---\n${lines.join('')}---\n\n${body}\n`)
    },
    remove: (slug) => rm(fileOf(slug)),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

const TOWNS = ['Harlow', 'Ostrava', 'Tallin Bay', 'Quillfort', 'Merrow', 'Sandvik', 'Larkhill', 'Dunmore', 'Veszto']
const THINGS = ['ferry', 'dam', 'library', 'tram line', 'orchard', 'harbour wall', 'clinic', 'school roof', 'bridge']
const PEOPLE = ['Ada Okoro', 'Tomas Brandt', 'Mina Castell', 'Yusuf Haddad', 'Greta Lindqvist', 'Paulo Serrano']
const DEEDS = ['was closed for repairs', 'opened again', 'lost its funding', 'passed inspection', 'flooded overnight']

/** The body of a made-up article: every number gives another one, and `edition` changes a sentence of each. */
export function madeUpBody(number: number, edition = 1): string {
  const pick = (words: readonly string[], step: number) => words[(number * step + step) % words.length] ?? ''
  const [town, thing, person, deed] = [pick(TOWNS, 5), pick(THINGS, 7), pick(PEOPLE, 5), pick(DEEDS, 3)]
  return [
    `The ${thing} in ${town} ${deed} on day ${String(number)}. Residents had waited ${String(number + 2)} weeks for word from the council.`,
    `“Nobody told us about the ${thing},” said ${person}, who lives nearby. “We read it in edition ${String(edition)} of the paper.”`,
    `Engineers counted ${String(number * 13 + 7)} loose bolts. A second look is planned before winter, and the bill may reach ${String(number + 4)} million crowns.`,
  ].join('\n\n')
}

/** Fills a site with made-up articles `story-1` … */
export async function writeStories(site: Site, count: number, edition = 1): Promise<void> {
  for (let number = 1; number <= count; number++)
    await site.write(`story-${String(number)}`, madeUpBody(number, edition), {
      outlet: number % 2 === 0 ? 'The Even Post' : 'The Odd Gazette',
      published: `2024-01-${String((number % 28) + 1).padStart(2, '0')}`,
    })
}
