import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startBuilding } from '../index/building.ts'
import { makeSite, writeStories } from '../index/made-up-coverage.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('given a build that runs, when `index` is started, then it says that it waits, and adds what came in since', async () => {
  await using site = await makeSite()
  await writeStories(site, 4)
  const running = startBuilding(site)
  try {
    await running.reached('embed')
    running.signal('SIGSTOP')
    await site.write('late', 'A late train blocked the level crossing for an hour.')
    const { PATH, HOME } = process.env
    const env = { PATH, HOME, CORPUS_DIR: site.corpusDir, INDEX_DIR: site.indexDir }
    const second = spawn(process.execPath, ['--import', 'tsx', path.join(root, 'src/cli.ts'), 'index', '--json'], {
      cwd: root,
      env,
    })
    let [stdout, stderr] = ['', '']
    second.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    second.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      if (stderr.includes('Another build is running; waiting for it.')) running.signal('SIGCONT')
    })
    const code = await new Promise((resolve) => second.on('close', resolve))
    expect(stderr).toMatch(/Another build is running; waiting for it\.\n[^]*what came in since\./u)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ joined: true, changed: true, articles: 5 })
  } finally {
    running.signal('SIGKILL')
  }
})
