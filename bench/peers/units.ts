import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Unit } from './peer.ts'

const BYTES_PER_FLOAT = 4
/** Vectors that are read at a time, so that what is given takes no room in what is measured. */
const BATCH = 1000

/** What a child process is given: units to build from and questions to ask. */
export type Task = {
  readonly dimensions: number
  readonly texts: readonly string[]
  readonly questions: readonly string[]
  /** Hits that are asked for. */
  readonly k: number
  /** No further question after that time, once 20 were asked. */
  readonly mostSeconds: number
}

const Written = z.object({
  dimensions: z.number(),
  texts: z.array(z.string()),
  questions: z.array(z.string()),
  k: z.number(),
  mostSeconds: z.number(),
})

/** Writes a task and its vectors, units first, then questions, each file for one reader. */
export function writeTask(
  dir: string,
  task: Task,
  unitVectors: Iterable<Float32Array>,
  questionVectors: readonly Float32Array[],
): void {
  writeFileSync(join(dir, 'task.json'), JSON.stringify(task))
  const file = openSync(join(dir, 'units.f32'), 'w')
  for (const vector of unitVectors) writeFileSync(file, bytesOf(vector))
  closeSync(file)
  writeFileSync(join(dir, 'questions.f32'), Buffer.concat(questionVectors.map(bytesOf)))
}

/** @throws Error when the file is no task */
export function readTask(dir: string): Task {
  return Written.parse(JSON.parse(readFileSync(join(dir, 'task.json'), 'utf8')))
}

/** The units one by one, numbered in order. */
export function* unitsOf(dir: string, { texts, dimensions }: Task): Generator<Unit, void, void> {
  const file = openSync(join(dir, 'units.f32'), 'r')
  try {
    const bytes = new Uint8Array(BATCH * dimensions * BYTES_PER_FLOAT)
    for (const [id, text] of texts.entries()) {
      if (id % BATCH === 0) readSync(file, bytes)
      const from = (id % BATCH) * dimensions * BYTES_PER_FLOAT
      yield { id, text, vector: new Float32Array(bytes.slice(from, from + dimensions * BYTES_PER_FLOAT).buffer) }
    }
  } finally {
    closeSync(file)
  }
}

export function questionVectors(dir: string, { questions, dimensions }: Task): Float32Array[] {
  const bytes = new Uint8Array(readFileSync(join(dir, 'questions.f32')))
  const size = dimensions * BYTES_PER_FLOAT
  return questions.map((_, i) => new Float32Array(bytes.slice(i * size, (i + 1) * size).buffer))
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}
