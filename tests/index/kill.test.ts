import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { buildIndex, openIndex, type Generation } from '../../src/index/index.ts'
import { startBuilding } from './building.ts'
import { embedding, madeUpBody, makeSite, writeStories, type Site } from './made-up-coverage.ts'

const ARTICLES = 30
/** `KILLS=20 npx vitest run --config tests/vitest.config.ts tests/index/kill.test.ts` for the long run. */
const KILLS = Number(process.env['KILLS'] ?? 6)
const PHASES = ['start', 'read', 'embed', 'publish'] as const
type Phase = (typeof PHASES)[number]
const KILLS_PER_PHASE = Math.ceil(KILLS / PHASES.length)

/** How long each phase of a whole build takes, in milliseconds. */
async function measurePhases(site: Site): Promise<ReadonlyMap<Phase, number>> {
  const { onPhase, ended } = startBuilding(site)
  const begun: [Phase, number][] = []
  onPhase((phase) => begun.push([phase as Phase, performance.now()]))
  expect(await ended).toEqual({ code: 0, signal: null })
  const end = performance.now()
  return new Map(begun.map(([phase, at], i) => [phase, (begun[i + 1]?.[1] ?? end) - at]))
}

/** Kills a build, all its processes at once, a while after a phase began. @returns whether it was still alive then */
async function killBuild(site: Site, phase: Phase, afterMs: number): Promise<boolean> {
  const building = startBuilding(site)
  let timer: NodeJS.Timeout | undefined
  building.onPhase((begun) => {
    if (begun === phase) timer = setTimeout(() => building.signal('SIGKILL'), afterMs)
  })
  const { signal } = await building.ended
  clearTimeout(timer)
  return signal === 'SIGKILL'
}

/** Which edition of the made-up articles a generation holds; it must be one edition, whole. */
function editionOf(generation: Generation): number {
  const articles = generation.articles()
  const edition = Number(/edition (\d+)/u.exec(generation.body(articles[0]?.articleId ?? 0))?.[1])
  expect(articles.map(({ slug, articleId }) => [slug, generation.body(articleId)])).toEqual(
    Array.from({ length: ARTICLES }, (_, i) => [`story-${String(i + 1)}`, madeUpBody(i + 1, edition)]).sort(
      ([a = ''], [b = '']) => (a < b ? -1 : 1),
    ),
  )
  return edition
}

/** Every sentence is found by its own vector, and words are found. */
function expectWorking(generation: Generation): void {
  expect(generation.passagesWithAny(['bolt'], 1000)).toHaveLength(ARTICLES)
  for (const { articleId } of generation.articles()) {
    for (const { sentenceId, vectorId } of generation.sentencesOfArticle(articleId)) {
      const [nearest] = generation.nearest(generation.vector(sentenceId), 1)
      expect(nearest?.cosine).toBeCloseTo(1, 2)
      expect(generation.sentence(nearest?.sentenceId ?? 0).vectorId).toBe(vectorId)
    }
  }
}

test(
  'given a build that is killed at random moments of every phase, when the index is opened, then it works and is of one edition',
  { timeout: 120_000 + KILLS * 30_000 },
  async () => {
    await using site = await makeSite()
    await writeStories(site, ARTICLES, 1)
    await buildIndex({ ...site, embedding })
    await writeStories(site, ARTICLES, 2)
    const lengths = await measurePhases(site)
    let served = 2
    let edition = 2
    let killed = 0
    for (const phase of PHASES) {
      for (let kill = 0; kill < KILLS_PER_PHASE; kill++) {
        await writeStories(site, ARTICLES, ++edition)
        const afterMs = ((kill + Math.random()) / KILLS_PER_PHASE) * (lengths.get(phase) ?? 0)
        if (await killBuild(site, phase, afterMs)) killed++
        const generation = await openIndex(site.indexDir)
        const found = editionOf(generation)
        expect([served, edition], `killed ${afterMs.toFixed(1)} ms into ${phase}`).toContain(found)
        expectWorking(generation)
        await generation.close()
        served = found
      }
    }
    expect(killed).toBeGreaterThanOrEqual(KILLS / 2)
    // The lock is free, nothing half written is left, and the next build has it all.
    const report = await buildIndex({ ...site, embedding })
    const generation = await openIndex(site.indexDir)
    expect(editionOf(generation)).toBe(edition)
    await generation.close()
    expect(await readdir(path.join(site.indexDir, 'generations'))).toEqual([String(report.generation)])
  },
)
