import { readdir } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { basename, join } from 'node:path'

/** A benchmark: a file in bench/ whose `run` prints its tables. */
type Benchmark = { run(): Promise<void> }

const directory = fileURLToPath(new URL('.', import.meta.url))

/** Files that are no benchmark: this runner, and what benchmarks share. */
const OTHERS = new Set(['bench.ts', 'texts.ts', 'calibrate.ts', 'question-sets.ts'])

async function names(): Promise<string[]> {
  const files = await readdir(directory)
  return files
    .filter((file) => file.endsWith('.ts') && !OTHERS.has(file))
    .map((file) => basename(file, '.ts'))
    .sort()
}

function describeMachine(): string {
  const [cpu] = cpus()
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: directory, encoding: 'utf8' }).trim()
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0)
  return `${new Date().toISOString().slice(0, 10)} · commit ${commit} · Node ${process.version} · ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'} · ${gigabytes} GB`
}

const known = await names()
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. Benchmarks: ${known.join(' ')}`)
  process.exit(2)
}
console.log(describeMachine())
for (const name of asked.length > 0 ? asked : known) {
  console.log(`\n## ${name}\n`)
  const benchmark = (await import(join(directory, `${name}.ts`))) as Benchmark
  await benchmark.run()
}
