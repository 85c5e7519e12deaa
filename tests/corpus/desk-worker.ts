import { writeSync } from 'node:fs'
import type { Draft } from '../../src/corpus/corpus.ts'
import { openDesk } from '../../src/corpus/desk.ts'

/**
 * Adds, removes and restores articles until it is killed, telling each change once it is made. Run as a process of its
 * own: `desk-worker.ts <corpus> <data> <first number> <seed>`.
 */
export function numbered(number: number): Draft {
  const sentence = `Report ${String(number)} of the river watch says that gauge ${String(number * 7919)} stood at ${String(number * 104729)} millimetres.`
  return {
    title: `River watch, report ${String(number)}`,
    isTitleStated: true,
    outlet: 'River Watch',
    body: Array.from({ length: 40 }, (_, i) => `${String(i + 1)}. ${sentence}`).join('\n\n'),
    furniture: [],
  }
}

async function work(corpusDir: string, dataDir: string, first: number, seed: number): Promise<never> {
  const desk = openDesk({ corpusDir, dataDir })
  const actor = { by: 'worker', from: 'test' }
  const tell = (line: string) => writeSync(1, `${line}\n`)
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const files: string[] = []
  tell('ready')
  for (let number = first; ;) {
    const choice = random(4)
    const [removed] = choice === 3 ? await desk.removed() : []
    if (removed !== undefined) {
      files.push(await desk.restore(removed.id, actor))
      tell('restored')
    } else if (choice === 2 && files.length > 0) {
      await desk.remove(files.splice(random(files.length), 1)[0] ?? '', actor)
      tell('removed')
    } else {
      files.push((await desk.add(numbered(number), `report ${String(number)}`, actor)).file)
      tell(`added ${String(number++)}`)
    }
  }
}

const [corpusDir, dataDir, first, seed] = process.argv.slice(2)
if (import.meta.filename === process.argv[1] && corpusDir !== undefined && dataDir !== undefined)
  await work(corpusDir, dataDir, Number(first), Number(seed))
