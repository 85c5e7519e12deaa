import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.ts'

/** A benchmark: a file in bench/, or in a folder of its name there, whose `run` prints its tables. */
type Benchmark = { run(): Promise<void> }

const directory = fileURLToPath(new URL('.', import.meta.url))
const resultsFile = join(directory, 'RESULTS.md')

/** Files that are no benchmark: this runner, and what benchmarks share. */
const OTHERS = new Set([
  'bench.ts',
  'bot.ts',
  'calibrate.ts',
  'crowd.ts',
  'figures.ts',
  'load-builder.ts',
  'machine.ts',
  'memory-process.ts',
  'question-sets.ts',
  'sample-questions.ts',
  'texts.ts',
  'work.ts',
])
/** The order of a full run, so that one that is ended early has told most; others come last. */
const ORDER = [
  'peers',
  'questions',
  'recall',
  'memory',
  'start',
  'quotes',
  'discord',
  'index-build',
  'embedding',
  'reindex',
]
/** Benchmarks that take long; they run when they are named. */
const BY_NAME_ONLY = new Set(['load'])

/** Benchmarks by name, each with the file that holds it. */
async function benchmarks(): Promise<Map<string, string>> {
  const entries = await readdir(directory)
  const files = entries
    .filter((entry) => entry.endsWith('.ts') && !OTHERS.has(entry))
    .map((file) => [basename(file, '.ts'), join(directory, file)] as const)
  const folders = entries
    .map((entry) => [entry, join(directory, entry, `${entry}.ts`)] as const)
    .filter(([, file]) => existsSync(file))
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return new Map([...files, ...folders].sort(([a], [b]) => place(a) - place(b) || a.localeCompare(b)))
}

/** Runs a benchmark in a process of its own and gives what it printed; none of them sees the memory of another. */
function runApart(name: string, workDir: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), name], {
      env: { ...process.env, BENCH_WORK: workDir, BENCH_APART: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      process.stdout.write(text)
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code !== 0) printed += `\nIt ended with code ${String(code)} before it was done.\n`
      resolve(printed)
    })
  })
}

/** Every benchmark, one after the other; what they print goes to RESULTS.md too. */
async function runAll(names: readonly string[]): Promise<void> {
  const given = process.env['BENCH_WORK']
  const workDir = given ?? (await mkdtemp(join(tmpdir(), 'verbatim-bench-')))
  const started = performance.now()
  try {
    const machine = describeMachine()
    console.log(machine)
    const sections: string[] = []
    for (const name of names) {
      console.log(`\n## ${name}\n`)
      const printed = await runApart(name, workDir)
      sections.push(`## ${name}\n\n\`\`\`text\n${printed.trim()}\n\`\`\`\n`)
      const minutes = ((performance.now() - started) / 60_000).toFixed(0)
      const head = `# Results of the last full run\n\n${machine}. ${String(sections.length)} of ${String(names.length)} benchmarks took ${minutes} minutes. Written by\n\`npm run bench\`; medians over repeated runs where a benchmark repeats, ratios between what ran side by side.\n`
      await writeFile(resultsFile, [head, ...sections].join('\n'))
    }
    console.log(`\nWritten to ${resultsFile}`)
  } finally {
    if (given === undefined) await rm(workDir, { recursive: true, force: true })
  }
}

const known = await benchmarks()
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !known.has(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. Benchmarks: ${[...known.keys()].join(' ')}`)
  process.exit(2)
}
if (asked.length === 0) await runAll([...known.keys()].filter((name) => !BY_NAME_ONLY.has(name)))
else {
  const isApart = process.env['BENCH_APART'] !== undefined
  if (!isApart) console.log(describeMachine())
  for (const name of asked) {
    if (!isApart) console.log(`\n## ${name}\n`)
    const benchmark = (await import(known.get(name) ?? '')) as Benchmark
    await benchmark.run()
  }
}
