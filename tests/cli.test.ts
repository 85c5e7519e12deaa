import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readAudit } from '../src/corpus/audit.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const noNetwork = join(root, 'tests/fixtures/no-network.cjs')

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs the product as a user does, in a process of its own that is not allowed to touch a network. */
function run(
  script: 'cli.ts' | 'main.ts',
  args: readonly string[],
  stdin = '',
  env: Record<string, string> = {},
): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src', script), ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      INDEX_DIR: join(workspace, 'index'),
      DATA_DIR: join(workspace, 'data'),
      NETWORK_LOG: join(workspace, 'network.log'),
      NODE_OPTIONS: `--require ${noNetwork}`,
      DISCORD_TOKEN: '',
      ...env,
    },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  child.stdin.end(stdin)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, ...output })
    })
  })
}
const verbatim = (...args: readonly string[]): Promise<Run> => run('cli.ts', args)

const hitShape = z.object({
  article: z.string(),
  file: z.string(),
  quote: z.string().min(1),
  start: z.int().min(0),
  end: z.int(),
  score: z.number().min(0).max(1),
  sources: z.array(z.object({ title: z.string() })).min(1),
})
const answerShape = z.object({ question: z.string(), answered: z.boolean(), hits: z.array(hitShape) })

const jsonLines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)

let workspace = ''
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'verbatim-cli-'))
  expect(await verbatim('index')).toMatchObject({ code: 0 })
})
afterAll(async () => {
  await rm(workspace, { recursive: true, force: true })
})

describe('npm start without a token', () => {
  test('given lines on standard input, when started, then it says why there is no bot, answers each line and ends with 0', async () => {
    const { code, stdout } = await run('main.ts', [], 'how many Abrams tanks?\n/articles about:tanks\n')
    expect(code).toBe(0)
    expect(stdout.split('\n')[0]).toMatch(/DISCORD_TOKEN/u)
    expect(stdout).toContain('31 M1 Abrams')
    expect(stdout).toContain('Articles about tanks')
  })

  test('given no index, when started, then it builds one and answers', async () => {
    const { code, stdout, stderr } = await run('main.ts', [], 'how many Abrams tanks?\n', {
      INDEX_DIR: join(workspace, 'fresh-index'),
    })
    expect(stderr).toContain('building it from corpus')
    expect(stdout).toContain('31 M1 Abrams')
    expect(code).toBe(0)
  })

  test('given a bad setting, when started, then it is named and the process ends with 1', async () => {
    const { code, stderr } = await run('main.ts', [], '', { HEALTH_PORT: 'many' })
    expect(code).toBe(1)
    expect(stderr).toContain('HEALTH_PORT')
  })
})

describe('verbatim ask', () => {
  test('given a question that is answered, when asked, then the passage, its source and exit code 0 come back', async () => {
    const { code, stdout } = await verbatim('ask', 'how many Abrams tanks is the US sending?')
    expect(code).toBe(0)
    expect(stdout).toMatch(/31 M1 Abrams[^]*Sample (Wire|Desk)/u)
  })

  test('given a question that nothing answers, when asked, then it says so with exit code 3', async () => {
    const { code, stdout } = await verbatim('ask', 'who won the football world cup in 2022?')
    expect(code).toBe(3)
    expect(stdout).toContain('does not answer')
  })

  test('given --json, when asked, then every hit is a verbatim slice of its article', async () => {
    const { stdout } = await verbatim('ask', '--json', 'who signed the pact in Pyongyang?')
    const answer = answerShape.parse(jsonLines(stdout)[0])
    expect(answer.answered).toBe(true)
    for (const hit of answer.hits) {
      const article = await readFile(join(root, 'corpus', hit.file), 'utf8')
      const body = article.replace(/^---\n[^]*?\n---\n/u, '').trim()
      expect(body.slice(hit.start, hit.end)).toBe(hit.quote)
    }
  })

  test('given an outlet and dates, when asked, then only such articles answer', async () => {
    const { stdout } = await verbatim(
      'ask',
      '--json',
      'cluster munitions',
      '--outlet',
      'sample wire',
      '--until',
      '2023-12-31',
    )
    const answer = answerShape.parse(jsonLines(stdout)[0])
    expect(answer.hits.length).toBeGreaterThan(0)
    for (const hit of answer.hits) {
      const article = await readFile(join(root, 'corpus', hit.file), 'utf8')
      expect(article).toMatch(/^outlet: "?Sample Wire/mu)
      expect(article).toMatch(/^published: 2023/mu)
    }
  })

  test('given no question, when asked, then usage is shown with exit code 2', async () => {
    expect((await verbatim('ask')).code).toBe(2)
  })

  test('given a date that is none, when asked, then it is named with exit code 2', async () => {
    const { code, stderr } = await verbatim('ask', 'who?', '--since', 'yesterday')
    expect(code).toBe(2)
    expect(stderr).toContain('yesterday')
  })
})

describe('verbatim search', () => {
  test('given questions on standard input, when searched, then there is one JSON line each, in order, best hits first', async () => {
    const questions = ['how many shells?', 'who won the cup?', '"; DROP TABLE articles; --', 'what is DPRK']
    const { stdout } = await run('cli.ts', ['search', '--json', '-k', '4'], questions.join('\n') + '\n')
    const answers = jsonLines(stdout).map((line) => answerShape.parse(line))
    expect(answers.map((answer) => answer.question)).toEqual(questions)
    for (const { hits } of answers) {
      expect(hits.length).toBeLessThanOrEqual(4)
      expect(hits.map((hit) => hit.score)).toEqual(hits.map((hit) => hit.score).sort((a, b) => b - a))
    }
  })
})

describe('verbatim import and index', () => {
  test('given a page, when imported twice and indexed, then it is one article and answers from it', async () => {
    const place = join(workspace, 'own')
    await mkdir(place)
    await writeFile(
      join(place, 'bridge.txt'),
      'Old bridge closed after crack is found\n\nThe Daily Example | Updated: 03-05-2024 09:10 IST\n\n' +
        'The old bridge over the northern arm of the river was closed to all traffic on Friday after inspectors found a crack.\n\n' +
        'Repairs will take eleven weeks, the city engineer Ada Okoro said at the site.\n',
    )
    const places = ['--corpus', join(place, 'corpus'), '--index', join(place, 'index')]
    const dry = await verbatim('import', '--dry-run', join(place, 'bridge.txt'), ...places)
    expect(dry.stdout).toContain('nothing written')
    expect(existsSync(join(place, 'corpus'))).toBe(false)
    expect(await verbatim('import', join(place, 'bridge.txt'), ...places)).toMatchObject({ code: 0 })
    expect((await verbatim('import', join(place, 'bridge.txt'), ...places)).stdout).toContain('1 unchanged')
    expect((await readdir(join(place, 'corpus'))).filter((file) => file.endsWith('.md'))).toHaveLength(1)
    expect((await readAudit(join(workspace, 'data'), 2)).records).toMatchObject([
      { action: 'import', outcome: 'done', from: 'terminal', detail: '0 new, 0 updated' },
      { action: 'import', outcome: 'begun' },
    ])
    expect(await verbatim('index', ...places)).toMatchObject({ code: 0 })
    const { stdout } = await verbatim('ask', 'how long will repairs of the bridge take?', ...places)
    expect(stdout).toContain('eleven weeks')
  })

  test('given a path that is not there, when imported, then it is named with exit code 1', async () => {
    const { code, stdout } = await verbatim('import', join(workspace, 'nowhere.txt'), '--corpus', join(workspace, 'c'))
    expect(code).toBe(1)
    expect(stdout).toContain('nowhere.txt')
  })

  test('given a corpus folder that is not there, when indexed, then it says what to do with exit code 1', async () => {
    const { code, stderr } = await verbatim(
      'index',
      '--corpus',
      join(workspace, 'no-corpus'),
      '--index',
      join(workspace, 'no-index'),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('no-corpus')
  })

  test('given an unknown subcommand or option, when run, then usage is told with exit code 2', async () => {
    expect((await verbatim('aks', 'who?')).code).toBe(2)
    expect((await verbatim('index', '--fast')).code).toBe(2)
  })

  test.each(['ask', 'search', 'articles', 'import', 'index', 'extract', 'chat'])(
    'given %s --help, when run, then it shows an example',
    async (name) => {
      const { code, stdout } = await verbatim(name, '--help')
      expect(code).toBe(0)
      expect(stdout).toContain(`npm run -s verbatim -- ${name}`)
    },
  )
})

describe('verbatim extract', () => {
  test('given a text file and one that is not there, when extracted, then quotes come out and the other is named', async () => {
    const file = join(workspace, 'speech.txt')
    const text = 'The bridge is closed. “It is not safe,” said Ada Okoro, the city engineer.\n'
    await writeFile(file, text)
    const { code, stdout, stderr } = await verbatim('extract', '--json', file, join(workspace, 'missing.txt'))
    const shape = z.object({
      file: z.string(),
      quote: z.string(),
      start: z.int(),
      end: z.int(),
      speaker: z.string().nullable(),
      speakerMention: z.string().nullable(),
      cue: z.string().nullable(),
    })
    const quotes = jsonLines(stdout).map((line) => shape.parse(line))
    expect(quotes).toMatchObject([{ quote: 'It is not safe,', speaker: 'Ada Okoro', cue: 'said' }])
    expect(quotes.every((quote) => text.slice(quote.start, quote.end) === quote.quote)).toBe(true)
    expect(stderr).toContain('missing.txt')
    expect(code).toBe(1)
  })
})

describe('the default path', () => {
  test('given everything that ran above, then no thread of it opened a network socket or looked up a name', () => {
    expect(existsSync(join(workspace, 'network.log'))).toBe(false)
  })

  test('given a process that does use the network, then this is noticed: the check can fail', async () => {
    const log = join(workspace, 'proof.log')
    const child = spawn(process.execPath, ['-e', 'require("net").connect(9, "127.0.0.1").on("error", () => {})'], {
      env: { NETWORK_LOG: log, NODE_OPTIONS: `--require ${noNetwork}` },
    })
    await new Promise((resolve) => child.on('close', resolve))
    expect(await readFile(log, 'utf8')).toContain('connect')
  })
})
