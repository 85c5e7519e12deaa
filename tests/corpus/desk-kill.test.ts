import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { readAudit } from '../../src/corpus/audit.ts'
import { readCorpus } from '../../src/corpus/corpus.ts'
import { openDesk } from '../../src/corpus/desk.ts'
import { numbered } from './desk-worker.ts'

/** `KILLS=100 npx vitest run --config tests/vitest.config.ts tests/corpus/desk-kill.test.ts` for the long run. */
const KILLS = Number(process.env['KILLS'] ?? 8)
const WORKER = new URL('desk-worker.ts', import.meta.url).pathname

/** Runs a worker and kills it at a random moment between two changes that it tells of; gives the numbers it added. */
async function killedAtRandom(corpusDir: string, dataDir: string, first: number, kill: number): Promise<number[]> {
  const args = ['--import', 'tsx', WORKER, corpusDir, dataDir, String(first), String(kill)]
  const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const added: number[] = []
  let toGo = 1 + ((kill * 7) % 13)
  for await (const line of createInterface({ input: worker.stdout })) {
    const number = /^added (\d+)$/.exec(line)?.[1]
    if (number !== undefined) added.push(Number(number))
    // Up to six milliseconds into the next change: a change takes about that long.
    if (toGo-- === 0) setTimeout(() => worker.kill('SIGKILL'), (kill * 37) % 7)
  }
  return added
}

test(
  `given ${String(KILLS)} kills (-9) in the middle of changes, then after each no article is lost, half or there twice, and work goes on`,
  { timeout: 60_000 + KILLS * 20_000 },
  async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'verbatim-kill-'))
    const [corpusDir, dataDir] = [path.join(root, 'corpus'), path.join(root, 'data')]
    const told = new Set<number>()
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const first = kill * 1000 + 1
        for (const number of await killedAtRandom(corpusDir, dataDir, first, kill)) told.add(number)
        const there: string[] = []
        for await (const read of readCorpus(corpusDir)) {
          if ('problem' in read) throw new Error(`half an article: ${JSON.stringify(read.problem)}`)
          const { title, body } = read.article
          expect(body).toBe(numbered(Number(title.split(' ').at(-1))).body)
          there.push(title)
        }
        const removed = (await openDesk({ corpusDir, dataDir }).removed()).map(({ title }) => title ?? 'damaged')
        expect(removed).not.toContain('damaged')
        const all = [...there, ...removed]
        expect(new Set(all).size, 'twice').toBe(all.length)
        for (const number of told) expect(all, 'lost').toContain(numbered(number).title)
        const { records, damagedLines } = await readAudit(dataDir, 100_000)
        const begun = new Set(records.filter((r) => r.action === 'add' && r.outcome === 'begun').map((r) => r.title))
        for (const title of all) expect(begun, 'not in the log').toContain(title)
        expect(damagedLines).toBeLessThanOrEqual(kill + 1)
      }
      expect(told.size).toBeGreaterThan(KILLS)
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  },
)
