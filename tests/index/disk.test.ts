import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { buildIndex, openIndex } from '../../src/index/index.ts'
import { embedding, makeSite, writeStories, type Site } from './made-up-coverage.ts'

/** Builds in a process that cannot write a file of more than so many kilobytes. @returns what it wrote last */
function buildStarved(site: Site, kilobytes: number, full: boolean): Promise<string> {
  const program = fileURLToPath(new URL('./build-process.ts', import.meta.url))
  const { corpusDir, indexDir } = site
  const options = JSON.stringify({ corpusDir, indexDir, embedding, full })
  const args = [process.execPath, '--import', import.meta.resolve('tsx'), program, options]
  return new Promise((resolve) => {
    execFile('sh', ['-c', `ulimit -f ${String(2 * kilobytes)}; exec "$0" "$@"`, ...args], (_error, stdout) => {
      resolve(stdout.trim().split('\n').at(-1) ?? '')
    })
  })
}

// `ulimit -f` is POSIX; Windows has nothing like it.
describe.runIf(process.platform !== 'win32')('given a disk that fills up', () => {
  test.each([
    ['while the earlier database is copied', 60, false],
    ['while the database is written', 60, true],
    ['when the database is almost whole', 300, true],
  ])('%s, then the build fails as write-failed and the index stays', async (_when, kilobytes, full) => {
    await using site = await makeSite()
    await writeStories(site, 10)
    await buildIndex({ ...site, embedding })
    await writeStories(site, 12, 2)
    expect(await buildStarved(site, kilobytes, full)).toBe('write-failed')
    expect(await readdir(path.join(site.indexDir, 'generations'))).toEqual(['1'])
    const generation = await openIndex(site.indexDir)
    expect(generation.articles()).toHaveLength(10)
    await generation.close()
    // There is room again.
    expect(await buildIndex({ ...site, embedding })).toMatchObject({ changed: true, articles: 12, generation: 2 })
  })
})

test('given a file where the index should be, when built, then it fails as write-failed and says what to do', async () => {
  await using site = await makeSite()
  await writeStories(site, 1)
  await writeFile(site.indexDir, 'in the way')
  const failure = buildIndex({ ...site, embedding })
  await expect(failure).rejects.toMatchObject({ code: 'write-failed' })
  await expect(failure).rejects.toHaveProperty('remedy', expect.stringContaining('verbatim index'))
})
