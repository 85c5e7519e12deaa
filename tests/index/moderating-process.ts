import { writeSync } from 'node:fs'
import path from 'node:path'
import { openDesk } from '../../src/corpus/desk.ts'
import { buildIndex } from '../../src/index/index.ts'
import { embedding, madeUpBody } from './made-up-coverage.ts'

/**
 * Adds, removes and restores articles and builds the index, all at once, until it is killed, and tells each change once
 * it is made. Run as a process of its own: `moderating-process.ts <root> <first number>`.
 */
const [root = '', first = '1'] = process.argv.slice(2)
const [corpusDir, dataDir, indexDir] = ['corpus', 'data', 'index'].map((name) => path.join(root, name)) as [
  string,
  string,
  string,
]
const actor = { by: 'moderator', from: 'test' }
const desk = openDesk({ corpusDir, dataDir })
const tell = (line: string) => writeSync(1, `${line}\n`)
let number = Number(first)

async function change(): Promise<void> {
  const draft = { title: `Story ${String(number)}`, isTitleStated: true, body: madeUpBody(number), furniture: [] }
  const { file } = await desk.add(draft, 'made up', actor)
  tell(`added ${String(number++)}`)
  if (number % 2 === 0) return
  await desk.remove(file, actor)
  tell('removed')
  const [removed] = await desk.removed()
  if (number % 3 === 0 && removed !== undefined) {
    await desk.restore(removed.id, actor)
    tell('restored')
  }
}

tell('ready')
for (;;) {
  const changes = (async () => {
    for (let i = 0; i < 3; i++) await change()
  })()
  // Two builds at a time: one of them joins the other.
  const build = () => buildIndex({ corpusDir, indexDir, embedding })
  await Promise.all([changes, build(), build()])
  tell('built')
}
