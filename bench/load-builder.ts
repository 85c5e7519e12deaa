import { appendFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildIndex } from '../src/index/index.ts'

// A process that changes an article and builds the index again, until it is ended. Tells of each build that is done.
const [corpusDir = '', indexDir = ''] = process.argv.slice(2)
const files = (await readdir(corpusDir)).filter((file) => file.endsWith('.md')).sort()
for (let i = 0; process.connected; i++) {
  await appendFile(join(corpusDir, files[i % files.length] ?? ''), `\n\nThis is addition number ${String(i)}.\n`)
  await buildIndex({
    corpusDir,
    indexDir,
    embedding: { model: 'use-lite', precision: 'int8', cacheDir: join(indexDir, 'models'), threads: 1 },
  })
  // Nobody may listen any more.
  process.send?.(i, () => undefined)
}
