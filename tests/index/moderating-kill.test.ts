import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readCorpus } from '../../src/corpus/corpus.ts'
import { openDesk } from '../../src/corpus/desk.ts'
import { buildIndex, openIndex } from '../../src/index/index.ts'
import { isBuildLocked } from '../../src/index/lock.ts'
import { embedding, madeUpBody } from './made-up-coverage.ts'

/** `KILLS=100 npx vitest run --config tests/vitest.config.ts tests/index/moderating-kill.test.ts` for the long run. */
const KILLS = Number(process.env['KILLS'] ?? 3)
const PROGRAM = fileURLToPath(new URL('./moderating-process.ts', import.meta.url))

/** Moderates and kills all processes of it at once, some time after they began. */
async function killedAfter(
  root: string,
  first: number,
  afterMs: number,
): Promise<{ added: number[]; builtMs: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, root, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const exit = once(child, 'exit')
  const added: number[] = []
  let [readyAt, builtMs] = [0, Infinity]
  const kill = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') {
      readyAt = performance.now()
      if (afterMs < Infinity) setTimeout(kill, afterMs)
    }
    if (line.startsWith('added ')) added.push(Number(line.slice('added '.length)))
    if (line === 'built' && builtMs === Infinity) {
      builtMs = performance.now() - readyAt
      if (afterMs === Infinity) kill()
    }
  }
  expect(await exit).toEqual([null, 'SIGKILL'])
  return { added, builtMs }
}

/** Articles by file; each must be whole. */
async function articlesOf(corpusDir: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const read of readCorpus(corpusDir)) {
    if ('problem' in read) throw new Error(`half an article: ${JSON.stringify(read.problem)}`)
    const { file, title, body } = read.article
    expect(body).toBe(madeUpBody(Number(title.split(' ').at(-1))))
    found.set(file, body)
  }
  return found
}

async function indexedArticles(indexDir: string): Promise<Map<string, string>> {
  const generation = await openIndex(indexDir)
  const found = new Map(generation.articles().map(({ file, articleId }) => [file, generation.body(articleId)]))
  for (const { articleId, title } of generation.articles()) {
    expect(generation.body(articleId)).toBe(madeUpBody(Number(title.split(' ').at(-1))))
    for (const { sentenceId } of generation.sentencesOfArticle(articleId).slice(0, 1))
      expect(generation.nearest(generation.vector(sentenceId), 1)[0]?.cosine).toBeCloseTo(1, 2)
  }
  await generation.close()
  return found
}

test(
  `given ${String(KILLS)} kills (-9) while articles are added and removed and the index is built, then after each no article is lost or half, the lock is free, and corpus and index agree`,
  { timeout: 120_000 + KILLS * 60_000 },
  async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'verbatim-moderating-'))
    const [corpusDir, dataDir, indexDir] = ['corpus', 'data', 'index'].map((name) => path.join(root, name)) as [
      string,
      string,
      string,
    ]
    try {
      const { added: told, builtMs } = await killedAfter(root, 1, Infinity)
      let inMiddle = 0
      for (let kill = 1; kill <= KILLS; kill++) {
        const afterMs = ((kill - Math.random()) / KILLS) * 1.2 * builtMs
        const { added, builtMs: sinceBuilt } = await killedAfter(root, kill * 1000 + 1, afterMs)
        told.push(...added)
        if (sinceBuilt === Infinity) inMiddle++
        const when = `kill ${String(kill)}, after ${afterMs.toFixed(0)} ms`

        // The system takes a moment to take away what a killed process held.
        await expect.poll(() => isBuildLocked(indexDir), { message: when }).toBe(false)
        const corpus = await articlesOf(corpusDir)
        const removed = await openDesk({ corpusDir, dataDir }).removed()
        const titles = new Set([
          ...[...corpus.values()],
          ...removed.map(({ title }) => madeUpBody(Number(title?.split(' ').at(-1)))),
        ])
        for (const number of told) expect(titles, `${when}: lost ${String(number)}`).toContain(madeUpBody(number))
        await indexedArticles(indexDir)

        const report = await buildIndex({ corpusDir, indexDir, embedding })
        expect(report, when).toMatchObject({ joined: false, articles: corpus.size, problems: [] })
        expect(await indexedArticles(indexDir), when).toEqual(corpus)
        expect(await readdir(path.join(indexDir, 'generations'))).toEqual([String(report.generation)])
      }
      expect(inMiddle).toBeGreaterThan(0)
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  },
)
