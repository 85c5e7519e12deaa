import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readAudit } from '../../src/corpus/audit.ts'
import { openServer } from '../corpus/hostile-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let place: string
let corpusDir: string
let dataDir: string
beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'verbatim-terminal-'))
  corpusDir = path.join(place, 'corpus')
  dataDir = path.join(place, 'data')
})
afterEach(() => rm(place, { recursive: true, force: true }))

/** Starts the product as a user does, with its input at its end, so that nobody can be asked. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(root, 'src/cli.ts'), ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      CORPUS_DIR: corpusDir,
      INDEX_DIR: path.join(place, 'index'),
      DATA_DIR: dataDir,
      FEEDS: '',
      NODE_OPTIONS: `--require ${path.join(root, 'tests/fixtures/no-names.cjs')}`,
      ...env,
    },
  })
  child.stdin.end()
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  return child
}

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const child = start(args, env)
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (text: string) => (output.stdout += text))
  child.stderr.on('data', (text: string) => (output.stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, ...output })
    })
  })
}
const corpus = (...args: readonly string[]) => run(['corpus', ...args])

const jsonLines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)

const log = async () =>
  (await readAudit(dataDir, 100)).records.toReversed().map(({ action, outcome, from }) => [action, outcome, from])

const files = async () =>
  existsSync(corpusDir) ? (await readdir(corpusDir)).filter((name) => name.endsWith('.md')) : []

const paragraphs = [
  'The lighthouse at Quillfort was switched off on Monday after ninety years, because its lamp can no longer be repaired.',
  '“Nobody makes the glass for it any more,” said Paulo Serrano, its keeper for three decades.',
  'Fishermen are to rely on two lit buoys until the harbour board decides about a new lamp in the autumn.',
  'A lamp of the modern kind would cost four hundred thousand crowns, Greta Lindqvist of the harbour board said.',
]

const pageText = (title: string, outlet: string) =>
  `${title}\n\n${outlet} | Updated: 03-05-2024 09:10 IST\n\n${paragraphs.join('\n\n')}\n\nShare this article\n`

async function source(name: string, text: string): Promise<string> {
  const file = path.join(place, name)
  await writeFile(file, text)
  return file
}

/** An article in the corpus, written by hand. */
async function article(slug: string, body = paragraphs.join('\n\n')): Promise<void> {
  await mkdir(corpusDir, { recursive: true })
  await writeFile(
    path.join(corpusDir, `${slug}.md`),
    `---\ntitle: About ${slug}\noutlet: Quillfort Mail\npublished: 2024-05-03\n---\n\n${body}\n`,
  )
}

describe('corpus add', () => {
  test('given a page, when looked at and then added with a correction, then it says what it understood, keeps it and is on record', async () => {
    const file = await source('lighthouse.txt', pageText('Lighthouse goes dark', 'Quillfort Mail'))
    const look = await corpus('add', '--dry-run', file)
    expect(look).toMatchObject({ code: 0, stderr: '' })
    expect(look.stdout).toMatch(/^Would add lighthouse-goes-dark\.md$/mu)
    expect(look.stdout).toMatch(/outlet +Quillfort Mail/u)
    expect(look.stdout).toMatch(/published +3 May 2024/u)
    expect(look.stdout).toMatch(/quotes +1 direct.*Paulo Serrano/u)
    expect(look.stdout).toContain('Share this article')
    expect(look.stdout).toContain('nothing written')
    expect(existsSync(corpusDir)).toBe(false)
    expect(existsSync(dataDir)).toBe(false)

    const added = await corpus('add', file, '--outlet', 'Merrow Post', '--published', '24 June 2024', '--json')
    expect(added.code).toBe(0)
    expect(jsonLines(added.stdout)).toMatchObject([
      {
        outcome: 'imported',
        file: 'lighthouse-goes-dark.md',
        outlet: 'Merrow Post',
        published: '2024-06-24',
        alike: [],
      },
    ])
    const text = await readFile(path.join(corpusDir, 'lighthouse-goes-dark.md'), 'utf8')
    expect(text).toContain('outlet: Merrow Post')
    expect(text).not.toContain('Share this')
    expect(await log()).toEqual([
      ['add', 'begun', 'terminal'],
      ['add', 'done', 'terminal'],
    ])
  })

  test('given good and bad sources, when added together, then the good come in, near-duplicates are pointed out and each bad one is told with what to do', async () => {
    await article('the-old-lamp')
    const similar = await source('copy.txt', pageText('A coast without its light', 'Merrow Post'))
    const { code, stdout, stderr } = await corpus(
      'add',
      'ftp://mail.example.org/lamp',
      'http://127.0.0.1:8080/admin',
      'http://169.254.169.254/latest/meta-data',
      'http://2130706433/',
      place,
      path.join(place, 'nowhere.txt'),
      await source('empty.txt', ''),
      similar,
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/Added a-coast-without-its-light\.md/u)
    expect(stdout).toMatch(/similar to +the-old-lamp\.md: about \d+% alike \(Quillfort Mail · About the-old-lamp/u)
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/ftp:.*not an http or https address/u),
      expect.stringMatching(/127\.0\.0\.1.*this machine itself/u),
      expect.stringMatching(/169\.254\.169\.254.*metadata/u),
      expect.stringMatching(/127\.0\.0\.1.*this machine itself/u),
      expect.stringMatching(/is a folder\. Import it/u),
      expect.stringMatching(/nowhere\.txt cannot be read \(ENOENT\)/u),
      expect.stringMatching(/empty\.txt is empty/u),
    ])
    expect(await files()).toEqual(['a-coast-without-its-light.md', 'the-old-lamp.md'])
  })

  test('given corrections of two articles, or a date that is none, when added, then nothing is written', async () => {
    const file = await source('lighthouse.txt', pageText('Lighthouse goes dark', 'Quillfort Mail'))
    expect(await corpus('add', file, file, '--title', 'One for both')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/2\s+sources/u) as string,
    })
    expect(await corpus('add', file, '--published', 'some day')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('published') as string,
    })
    expect(existsSync(corpusDir)).toBe(false)
    expect(existsSync(dataDir)).toBe(false)
  })

  test('given a web address behind the proxy of the environment, when added, then the article of the page comes in', async () => {
    const body = paragraphs.map((text) => `<p>${text}</p>`).join('')
    const proxy = await openServer((_, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(
          `<!doctype html><html><head><title>Lighthouse goes dark</title></head><body><article><h1>Lighthouse goes dark</h1>${body}</article></body></html>`,
        )
    })
    try {
      const address = 'http://mail.example.org/lighthouse'
      const added = await run(['corpus', 'add', address, '--json'], { http_proxy: proxy.origin })
      expect(added).toMatchObject({ code: 0, stderr: '' })
      expect(jsonLines(added.stdout)).toMatchObject([{ outcome: 'imported', url: address, source: address }])
      expect(proxy.asked).toEqual([address])
    } finally {
      await proxy.close()
    }
  })

  test.runIf(process.platform !== 'win32' && process.getuid?.() !== 0)(
    'given a corpus that may not be written, when added, then it says so with exit code 1 and nothing changed',
    async () => {
      await article('the-old-lamp')
      await chmod(corpusDir, 0o500)
      const file = await source(
        'other.txt',
        'A quite different text about the ferry between the two islands, which sails again.\n',
      )
      const { code, stderr } = await corpus('add', file)
      await chmod(corpusDir, 0o700)
      expect(code).toBe(1)
      expect(stderr).toContain('cannot be written')
      expect(await files()).toEqual(['the-old-lamp.md'])
    },
  )
})

describe('corpus remove, removed and restore', () => {
  test('given an article, when removed without a confirmation or by a wrong name, then nothing changes', async () => {
    await article('the-old-lamp')
    expect(await corpus('remove', 'the-old-lamp')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes') as string,
    })
    expect(await corpus('remove', '../data', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no article "../data"') as string,
    })
    expect(await files()).toEqual(['the-old-lamp.md'])
    expect(await log()).toEqual([])
  })

  test('given an article, when removed by its path, then it is listed with the reason and comes back once', async () => {
    await article('the-old-lamp')
    const before = await readFile(path.join(corpusDir, 'the-old-lamp.md'), 'utf8')
    const removed = await corpus('remove', path.join(corpusDir, 'the-old-lamp.md'), '--yes', '--reason', 'withdrawn')
    expect(removed.code).toBe(0)
    const id = z.string().parse(/corpus restore (\S+)/u.exec(removed.stdout)?.[1])
    expect(await files()).toEqual([])

    const listed = await corpus('removed')
    expect(listed.code).toBe(0)
    expect(listed.stdout).toMatch(/About the-old-lamp · the-old-lamp\.md · removed .* by .*: withdrawn/u)
    expect(listed.stdout).toContain(id)

    expect(await corpus('restore', id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Restored as the-old-lamp.md') as string,
    })
    expect(await readFile(path.join(corpusDir, 'the-old-lamp.md'), 'utf8')).toBe(before)
    expect(await corpus('restore', id)).toMatchObject({ code: 1 })
    expect(await corpus('removed', '--json')).toMatchObject({ code: 3, stdout: '' })
    expect(await log()).toEqual([
      ['remove', 'begun', 'terminal'],
      ['remove', 'done', 'terminal'],
      ['restore', 'begun', 'terminal'],
      ['restore', 'done', 'terminal'],
      ['restore', 'begun', 'terminal'],
      ['restore', 'failed', 'terminal'],
    ])
  })
})

describe('corpus export', () => {
  test('given a corpus, when exported and imported into an empty folder, then every file is the same', async () => {
    await article('the-old-lamp')
    await article('the-new-lamp', `${paragraphs.join('\n\n')}\n\n## Share this article\n\n1. “First,” he said.`)
    const out = path.join(place, 'coverage.jsonl')
    expect(await corpus('export', '--out', out)).toMatchObject({ code: 0, stdout: '' })
    const copy = path.join(place, 'copy')
    expect(await run(['import', out, '--corpus', copy])).toMatchObject({ code: 0 })
    const exportOfCopy = await run(['corpus', 'export'], { CORPUS_DIR: copy })
    expect(exportOfCopy.stdout).toBe(await readFile(out, 'utf8'))
    expect(jsonLines(exportOfCopy.stdout)).toMatchObject([{ file: 'the-new-lamp.md' }, { file: 'the-old-lamp.md' }])
    expect((await readdir(place)).filter((name) => name.includes('writing'))).toEqual([])
    expect((await readAudit(dataDir, 1)).records).toMatchObject([
      { action: 'export', outcome: 'done', detail: '2 articles to standard output' },
    ])
  })

  test('given a file that is no article and a folder that is not there, when exported, then both are told with exit code 1', async () => {
    await article('the-old-lamp')
    await writeFile(path.join(corpusDir, 'notes.md'), 'No front matter here.\n')
    const partial = await corpus('export')
    expect(partial.code).toBe(1)
    expect(partial.stderr).toContain('notes.md')
    expect(jsonLines(partial.stdout)).toHaveLength(1)
    const out = path.join(place, 'no-such-folder', 'coverage.jsonl')
    expect(await corpus('export', '--out', out)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be written') as string,
    })
    expect((await readAudit(dataDir, 1)).records).toMatchObject([{ action: 'export', outcome: 'failed' }])
  })
})

describe('feeds', () => {
  test('given a list of feeds behind a proxy, when asked once, then new articles come in and the state tells of it', async () => {
    const content = paragraphs.map((text) => `<p>${text} ${text}</p>`).join('')
    const feed =
      '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>' +
      '<title>Mail</title><link>http://mail.example.org/</link><description>News</description><item>' +
      '<guid>lamp-1</guid><title>Lighthouse goes dark</title><link>http://mail.example.org/lamp</link>' +
      `<pubDate>Fri, 03 May 2024 10:00:00 GMT</pubDate><content:encoded><![CDATA[${content}]]></content:encoded></item></channel></rss>`
    const proxy = await openServer((request, response) => {
      if (request.url === 'http://mail.example.org/rss')
        response.writeHead(200, { 'content-type': 'application/rss+xml' }).end(feed)
      else response.writeHead(404).end()
    })
    try {
      const list = await source(
        'feeds.yaml',
        '- url: http://mail.example.org/rss\n  outlet: Quillfort Mail\n- url: http://post.example.org/rss\n  outlet: Merrow Post\n',
      )
      const env = { FEEDS: list, http_proxy: proxy.origin }
      const polled = await run(['feeds', '--once'], env)
      expect(polled.code).toBe(1) // one of the two answers 404
      expect(polled.stdout).toMatch(/Quillfort Mail +read +1/u)
      expect(polled.stdout).toMatch(/Merrow Post +failed/u)
      expect(polled.stdout).toContain('answered 404')
      expect(await files()).toEqual(['lighthouse-goes-dark.md'])
      const asked = proxy.asked.length
      const states = await run(['feeds', '--json'], env)
      expect(states.code).toBe(0)
      expect(jsonLines(states.stdout)).toMatchObject([
        { outlet: 'Quillfort Mail', added: 1, failures: 0 },
        { outlet: 'Merrow Post', added: 0, failures: 1 },
      ])
      expect(proxy.asked).toHaveLength(asked)
    } finally {
      await proxy.close()
    }
  })

  test('given no list of feeds, when asked for them, then it says how to write one with exit code 1', async () => {
    const { code, stderr } = await run(['feeds'])
    expect(code).toBe(1)
    expect(stderr).toContain('Set FEEDS')
  })
})

describe('index --watch and corpus status', () => {
  test('given a watched corpus, when articles come and go, then each is built in, Ctrl-C ends it, and the status knows what came later', async () => {
    await article('the-old-lamp')
    const child = start(['index', '--watch', '--json'])
    const reports = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const ended = new Promise((resolve) => child.on('close', resolve))
    const next = async () => {
      const { value } = await reports.next()
      return JSON.parse(String(value)) as unknown
    }
    expect(await next()).toMatchObject({ generation: 1, articles: 1 })
    await article('the-new-lamp', 'The new lamp of the lighthouse was lit on Sunday, a month before it was promised.')
    expect(await next()).toMatchObject({ generation: 2, articles: 2, keptArticles: 1 })
    await rm(path.join(corpusDir, 'the-old-lamp.md'))
    expect(await next()).toMatchObject({ generation: 3, articles: 1 })
    child.kill('SIGINT')
    expect(await ended).toBe(0)

    await article('a-later-piece')
    await writeFile(path.join(corpusDir, 'notes.md'), 'No front matter here.\n')
    const shown = await corpus('status')
    expect(shown.code).toBe(0)
    expect(shown.stdout).toMatch(/articles +2/u)
    expect(shown.stdout).toMatch(/generation +3/u)
    expect(shown.stdout).toMatch(/since then +1 new, 0 changed, 0 gone/u)
    expect(shown.stdout).toMatch(/built +\d+ (second|minute)s? ago/u)
    expect(shown.stdout).toContain('notes.md')
  }, 180_000)

  test('given no index, when asked for the status as JSON, then the corpus is told and what to do about the index', async () => {
    await article('the-old-lamp')
    const { code, stdout } = await corpus('status', '--json')
    expect(code).toBe(0)
    expect(jsonLines(stdout)).toMatchObject([
      {
        articles: 1,
        problems: [],
        removed: 0,
        changes: [],
        index: { problem: expect.stringContaining('no index') as string },
      },
    ])
  })
})

test('given corpus without a subcommand or with --help, when run, then usage or an example is shown', async () => {
  expect(await corpus()).toMatchObject({ code: 2 })
  const { code, stdout } = await corpus('add', '--help')
  expect(code).toBe(0)
  expect(stdout).toContain('npm run -s verbatim -- corpus add')
})
