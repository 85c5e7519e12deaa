import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex, openIndex, type BuildOptions, type BuildProgress } from '../../src/index/index.ts'
import { readBuildState } from '../../src/index/build-state.ts'
import { startBuilding, type Building } from './building.ts'
import { embedding, makeSite, writeStories, type Site } from './made-up-coverage.ts'

const ARTICLES = 12

let site: Site
let first: Building
let started: Building | undefined
beforeEach(async () => {
  site = await makeSite()
  await writeStories(site, ARTICLES)
})
afterEach(async () => {
  started?.signal('SIGKILL')
  started = undefined
  await site[Symbol.asyncDispose]()
})

const build = (options: Partial<BuildOptions> = {}) =>
  buildIndex({ corpusDir: site.corpusDir, indexDir: site.indexDir, embedding, ...options })

/** Asks for a build. @returns its outcome, and a promise for its first word of the build that it waits for */
function join(options: Partial<BuildOptions> = {}) {
  const told: BuildProgress[] = []
  let hasJoined = () => {}
  const joined = new Promise<void>((resolve) => {
    hasJoined = resolve
  })
  const onProgress = (progress: BuildProgress) => {
    told.push(progress)
    if (progress.joined) hasJoined()
  }
  const report = build({ ...options, onProgress })
  return { report, joined: Promise.race([joined, report]), told }
}

/** The articles that the live generation has. */
async function slugs(): Promise<string[]> {
  const generation = await openIndex(site.indexDir)
  const found = generation.articles().map(({ slug }) => slug)
  await generation.close()
  return found
}

describe('given a build in another process that has read the articles and stands still', () => {
  beforeEach(async () => {
    first = started = startBuilding(site, true)
    await first.reached('embed')
    first.signal('SIGSTOP')
  })

  test('when an article is added and another build asked for, then that one waits, tells how far the first is, and adds the article', async () => {
    await site.write('late', 'A late train blocked the level crossing for an hour.')
    const second = join()
    await second.joined
    expect(second.told.every(({ joined }) => joined)).toBe(true)
    expect(['read', 'embed']).toContain(second.told[0]?.stage)
    first.signal('SIGCONT')
    expect(await second.report).toMatchObject({ joined: true, changed: true, generation: 2, articles: ARTICLES + 1 })
    expect(await first.ended).toEqual({ code: 0, signal: null })
    expect(await slugs()).toContain('late')
    expect(second.told.at(-1)).toMatchObject({ stage: 'publish', joined: false })
  })

  test('when nothing is added and another build asked for, then it gets the report of the first', async () => {
    const second = join()
    await second.joined
    first.signal('SIGCONT')
    const report = await second.report
    expect(report).toMatchObject({ joined: true, changed: true, generation: 1, keptArticles: 0 })
    expect(report.embeddedSentences).toBeGreaterThan(0)
  })

  test('when several ask for a build, then all get the report of one more', async () => {
    await site.write('late', 'A late train blocked the level crossing for an hour.')
    const waiting = [join(), join(), join()]
    await Promise.all(waiting.map(({ joined }) => joined))
    const { readings } = await readBuildState(site.indexDir)
    first.signal('SIGCONT')
    const [report, ...others] = await Promise.all(waiting.map(({ report }) => report))
    expect(report).toMatchObject({ joined: true, changed: true, generation: 2, keptArticles: ARTICLES })
    for (const other of others) expect(other).toEqual(report)
    expect((await readBuildState(site.indexDir)).readings).toBe(readings + 1)
  })

  test('when it is killed, then whoever waits takes over and finishes', async () => {
    await site.write('late', 'A late train blocked the level crossing for an hour.')
    const waiting = [join(), join()]
    await Promise.all(waiting.map(({ joined }) => joined))
    first.signal('SIGKILL')
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' })
    for (const { report } of waiting)
      expect(await report).toMatchObject({ joined: true, changed: true, generation: 1, articles: ARTICLES + 1 })
    expect(await slugs()).toContain('late')
    expect(await readdir(`${site.indexDir}/generations`)).toEqual(['1'])
  })

  test('when whoever waits gives up, then the first goes on', async () => {
    const stop = new AbortController()
    const second = join({ signal: stop.signal })
    await second.joined
    stop.abort(new Error('changed my mind'))
    await expect(second.report).rejects.toThrow('changed my mind')
    first.signal('SIGCONT')
    expect(await first.ended).toEqual({ code: 0, signal: null })
    expect(await slugs()).toHaveLength(ARTICLES)
  })

  test('when the articles are gone by the time of the next build, then all that wait hear why it failed, and once', async () => {
    const waiting = [join(), join()]
    await Promise.all(waiting.map(({ joined }) => joined))
    for (let number = 1; number <= ARTICLES; number++) await site.remove(`story-${String(number)}`)
    await site.write('broken', 'no title', { title: '' })
    const { readings } = await readBuildState(site.indexDir)
    first.signal('SIGCONT')
    for (const { report } of waiting) await expect(report).rejects.toMatchObject({ code: 'corpus-empty' })
    expect((await readBuildState(site.indexDir)).readings).toBe(readings + 1)
    expect(await slugs()).toHaveLength(ARTICLES)
  })
})

test('given a build that takes over what is there, when a full one is asked for meanwhile, then everything is made anew', async () => {
  await build()
  await site.write('late', 'A late train blocked the level crossing for an hour.')
  first = started = startBuilding(site)
  await first.reached('embed')
  first.signal('SIGSTOP')
  const waiting = [join({ full: true }), join()]
  await Promise.all(waiting.map(({ joined }) => joined))
  first.signal('SIGCONT')
  const [full] = await Promise.all(waiting.map(({ report }) => report))
  expect(full).toMatchObject({ joined: true, changed: true, keptArticles: 0, articles: ARTICLES + 1 })
})

test('given two builds asked for at the same moment, then both end well and the index is built once', async () => {
  const reports = await Promise.all([build(), build()])
  expect(reports.map(({ generation }) => generation)).toEqual([1, 1])
  expect(reports.map(({ joined }) => joined).sort()).toEqual([false, true])
})

test('given a build that is cancelled, when somebody waits for it, then that one builds', async () => {
  first = started = startBuilding(site, true)
  await first.reached('read')
  first.signal('SIGSTOP')
  const second = join()
  await second.joined
  await first.cancel()
  first.signal('SIGCONT')
  expect(await first.ended).toEqual({ code: 1, signal: null })
  expect(await second.report).toMatchObject({ changed: true, generation: 1, joined: true })
})

test.runIf(process.platform === 'linux')(
  'given a build whose process is killed as for want of memory, then it says so and the index stays',
  async () => {
    await build()
    await site.write('late', 'A late train blocked the level crossing for an hour.')
    const failure = build({
      onProgress({ stage }) {
        if (stage !== 'embed') return
        for (const pid of childrenOf(process.pid))
          if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('build-process'))
            process.kill(Number(pid), 'SIGKILL')
      },
    })
    await expect(failure).rejects.toMatchObject({ code: 'build-killed', message: expect.stringContaining('memory') })
    expect(await slugs()).toHaveLength(ARTICLES)
    expect(await build()).toMatchObject({ changed: true, articles: ARTICLES + 1, joined: false })
    expect(await readdir(`${site.indexDir}/generations`)).toEqual(['2'])
  },
)

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
    .trim()
    .split(' ')
}
