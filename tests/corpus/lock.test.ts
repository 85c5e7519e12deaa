import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importPaths } from '../../src/corpus/corpus.ts'
import { openDesk } from '../../src/corpus/desk.ts'
import { withCorpusLock } from '../../src/corpus/lock.ts'

let dir: string
let corpusDir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'verbatim-lock-'))
  corpusDir = join(dir, 'corpus')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const article = (n: number) =>
  `Title: Weir number ${n} is mended\nOutlet: The Tarn Post\n\nThe weir number ${n} was mended in ${n + 3} days. Divers went down each morning at ${n % 12} o'clock.\n`
const articles = async () => (await readdir(corpusDir)).filter((file) => file.endsWith('.md'))

test('given two processes that import the same files at once, when both end, then each article is there once', async () => {
  const sources = join(dir, 'sources')
  await mkdir(sources)
  for (let n = 1; n <= 12; n++) await writeFile(join(sources, `weir-${n}.txt`), article(n))
  const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
  const run = () =>
    new Promise<number | null>((resolve) => {
      const args = ['--import', import.meta.resolve('tsx'), cli, 'import', sources, '--corpus', corpusDir]
      const env = { ...process.env, DATA_DIR: join(dir, 'data') }
      spawn(process.execPath, args, { stdio: 'ignore', env }).on('exit', resolve)
    })
  expect(await Promise.all([run(), run()])).toEqual([0, 0])
  expect(await articles()).toHaveLength(12)
})

test('given an import under way, when a desk adds the same article, then it waits and finds it there', async () => {
  const source = join(dir, 'weir.txt')
  await writeFile(source, article(1))
  const desk = openDesk({ corpusDir, dataDir: join(dir, 'data') })
  const steps: string[] = []
  const held = withCorpusLock(corpusDir, async () => {
    await new Promise((resolve) => setTimeout(resolve, 150))
    steps.push('held')
  })
  const imported = importPaths([source], { corpusDir }).then(() => steps.push('imported'))
  await Promise.all([held, imported])
  expect(steps).toEqual(['held', 'imported'])
  const { title, body } = { title: 'Weir number 1 is mended', body: article(1).split('\n\n')[1]?.trim() ?? '' }
  const draft = { title, body, outlet: 'The Tarn Post', isTitleStated: true, furniture: [] }
  const { outcome } = await desk.add(draft, 'weir.txt', { by: 'ada', from: 'terminal' })
  expect(outcome).toBe('unchanged')
  expect(await articles()).toHaveLength(1)
})

test('given a folder that cannot be, when locked, then it says that the corpus cannot be written', async () => {
  await writeFile(join(dir, 'file'), '')
  await expect(withCorpusLock(join(dir, 'file', 'corpus'), () => Promise.resolve())).rejects.toMatchObject({
    code: 'write-failed',
  })
})
