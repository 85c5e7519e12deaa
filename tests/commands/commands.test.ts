import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Command, OptionValues } from '../../src/command.ts'
import { openEngine, type Engine } from '../../src/engine.ts'
import { UserError } from '../../src/errors.ts'
import { buildIndex } from '../../src/index/index.ts'
import { loadCommands } from '../../src/load-commands.ts'
import type { Block, QuotedBlock, Reply } from '../../src/reply.ts'

const corpusDir = fileURLToPath(new URL('../../corpus', import.meta.url))

let workspace = ''
let engine: Engine
let commands: readonly Command[] = []

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'verbatim-commands-'))
  const indexDir = join(workspace, 'index')
  const embedding = { model: 'use-lite', precision: 'int8', cacheDir: join(indexDir, 'models') } as const
  await buildIndex({ corpusDir, indexDir, embedding })
  engine = await openEngine({ indexDir, embedding })
  commands = await loadCommands()
})
afterAll(async () => {
  await engine.close()
  await rm(workspace, { recursive: true, force: true })
})

const command = (name: string): Command => {
  const found = commands.find(({ definition }) => definition.name === name)
  if (found === undefined) throw new Error(`no command /${name}`)
  return found
}
const run = (
  name: string,
  options: OptionValues,
  scope: { outlets?: string[]; tags?: string[] } = {},
): Promise<Reply> => command(name).run(options, { engine, ...scope })
const quoted = (reply: Reply): QuotedBlock[] => reply.blocks.filter((block) => block.kind === 'quoted')
const text = (reply: Reply): string => JSON.stringify(reply.blocks)
const expectVerbatim = async (blocks: readonly Block[]): Promise<void> => {
  for (const block of blocks) {
    if (block.kind !== 'quoted') continue
    expect(await engine.isVerbatim(block.articleId, block.start, block.end, block.text)).toBe(true)
  }
}

describe('/ask', () => {
  test('given a question, then up to three verbatim passages answer, each with its source and the sentence that answers', async () => {
    const reply = await run('ask', { question: 'how many Abrams tanks is the US sending?' })
    expect(reply).toMatchObject({ outcome: 'answered', audience: 'everyone' })
    const blocks = quoted(reply)
    expect(blocks.length).toBeGreaterThan(0)
    expect(blocks.length).toBeLessThanOrEqual(3)
    await expectVerbatim(blocks)
    const [first] = blocks
    expect(first?.text.slice(first.emphasis?.start, first.emphasis?.end)).toContain('31 M1 Abrams')
    expect(first?.sources[0]).toMatchObject({ outlet: expect.stringMatching(/^Sample/u) as string })
  })

  test('given more hits than fit, then pages lead on and back to the same passages', async () => {
    const reply = await run('ask', { question: 'North Korea Russia arms' })
    const more = reply.actions.find((action) => action.kind === 'page')
    expect(more).toMatchObject({ direction: 'more' })
    const next = await command('ask').page?.(more?.kind === 'page' ? more.state : '', { engine })
    const back = next?.actions.find((action) => action.kind === 'page' && action.direction === 'back')
    const first = await command('ask').page?.(back?.kind === 'page' ? back.state : '', { engine })
    expect(next && quoted(next)[0]?.start).toBeDefined()
    expect(first?.blocks).toEqual(reply.blocks)
    if (next) await expectVerbatim(next.blocks)
  })

  test('given the state of another generation, then it says kindly that the index has moved on', async () => {
    await expect(command('ask').page?.('zz.0.1-1', { engine })).rejects.toMatchObject({ code: 'stale-state' })
  })

  test.each(['', '???', '1.2.3-4-5', '0'.repeat(500)])(
    'given the forged state %j, then it is refused',
    async (state) => {
      await expect(command('ask').page?.(state, { engine })).rejects.toBeInstanceOf(UserError)
    },
  )

  test('given a question that nothing answers, then it says so and offers nearest topics to ask', async () => {
    const reply = await run('ask', { question: 'who won the football world cup in 2022?' })
    expect(reply.outcome).toBe('nothing-found')
    expect(text(reply)).toContain('does not answer')
    expect(reply.actions.filter((action) => action.kind === 'ask').length).toBeLessThanOrEqual(3)
  })

  test('given a question that is nearly answered, then the nearest passage is shown and said to be no certain answer', async () => {
    const reply = await run('ask', { question: 'how much does a Leopard 2 tank cost?' })
    expect(reply.outcome).toBe('nothing-found')
    expect(text(reply)).toContain('does not answer that for certain')
    expect(quoted(reply)).toHaveLength(1)
    await expectVerbatim(reply.blocks)
  })

  test('given near-duplicates in two articles, then they are one hit with both sources', async () => {
    const reply = await run('ask', { question: 'how many Leopard tanks did Germany promise?' })
    const copied = quoted(reply).filter((block) => block.text.includes('Germany had decided shortly before'))
    expect(copied.map((block) => block.sources.length)).toEqual([2])
  })

  test('given a private question, then only the asker sees the answer and may share it', async () => {
    const reply = await run('ask', { question: 'how many shells?', private: true })
    expect(reply.audience).toBe('asker')
    expect(reply.actions).toContainEqual({ kind: 'share' })
  })

  test('given a channel limited to an outlet, then others do not answer, and asking for another is refused', async () => {
    const reply = await run('ask', { question: 'cluster munitions' }, { outlets: ['Sample Wire'] })
    for (const block of quoted(reply)) expect(block.sources[0].outlet).toBe('Sample Wire')
    await expect(run('ask', { question: 'x y', outlet: 'Sample Desk' }, { outlets: ['Sample Wire'] })).rejects.toThrow(
      'does not search Sample Desk',
    )
  })

  test('given dates, then only articles of these days answer', async () => {
    const reply = await run('ask', { question: 'tanks for Ukraine', since: '2023-01-01', until: '2023-02-01' })
    expect(quoted(reply).length).toBeGreaterThan(0)
    for (const block of quoted(reply)) expect(block.sources[0].published).toMatch(/^2023-01/u)
  })
})

describe('/quotes', () => {
  test('given part of a name, then that speaker’s quotes come, each with speaker, context and source', async () => {
    const reply = await run('quotes', { speaker: 'lankov' })
    expect(reply.blocks[0]).toEqual({ kind: 'heading', text: 'Andrei Lankov' })
    const blocks = quoted(reply)
    expect(blocks.length).toBeGreaterThan(0)
    expect(new Set(blocks.map((block) => block.speaker))).toEqual(new Set(['Andrei Lankov']))
    await expectVerbatim(blocks)
  })

  test('given other hyphens and a typing error, then the same speaker is found', async () => {
    for (const speaker of ['kim yo jong', 'Kim Yo-Jong', 'kim yo jung'])
      expect((await run('quotes', { speaker })).blocks[0]).toMatchObject({
        text: expect.stringMatching(/^Kim Yo.Jong$/iu) as string,
      })
  })

  test('given a topic, then quotes about it come first and others stay out', async () => {
    const reply = await run('quotes', { speaker: 'choe son hui', about: 'cluster munitions' })
    expect(quoted(reply).length).toBeGreaterThan(0)
    for (const block of quoted(reply)) expect(block.text).not.toContain('equal and normal')
  })

  test('given the same words in several articles, then they are one entry with several sources', async () => {
    const reply = await run('quotes', { speaker: 'choe son hui', kind: 'direct', about: 'dangerous criminal act' })
    const entry = quoted(reply).find((block) => block.text.includes('dangerous criminal act'))
    expect(entry?.sources.length).toBeGreaterThan(1)
    expect(quoted(reply).filter((block) => block.text === entry?.text)).toHaveLength(1)
  })

  test('given only quotations or only reported speech, then the other kind stays out', async () => {
    for (const kind of ['direct', 'reported']) {
      const blocks = quoted(await run('quotes', { speaker: 'choe son hui', kind }))
      expect(blocks.length).toBeGreaterThan(0)
      expect(new Set(blocks.map((block) => block.as))).toEqual(new Set([kind]))
    }
  })

  test('given the timeline, then months follow each other and earliest and latest are marked', async () => {
    const reply = await run('quotes', { speaker: 'kim yo jong', view: 'timeline' })
    const headings = reply.blocks.flatMap((block) => (block.kind === 'heading' ? [block.text] : []))
    expect(headings).toContain('January 2023')
    expect(text(reply)).toContain('Earliest')
    expect(text(reply)).toContain('Latest')
  })

  test('given the view by outlet, then outlets stand side by side', async () => {
    const reply = await run('quotes', { speaker: 'choe son hui', view: 'outlets' })
    const headings = reply.blocks.flatMap((block) => (block.kind === 'heading' ? [block.text] : []))
    expect(headings).toEqual(expect.arrayContaining(['Sample Desk', 'Sample Wire']))
  })

  test('given nobody of that name, then it says so and nothing is shown', async () => {
    const reply = await run('quotes', { speaker: 'Xavier Quackenbush' })
    expect(reply.outcome).toBe('nothing-found')
    expect(quoted(reply)).toEqual([])
  })

  test('given more quotes than fit, then further pages show others', async () => {
    const reply = await run('quotes', { speaker: 'kim yo jong' })
    const more = reply.actions.find((action) => action.kind === 'page')
    const next = await command('quotes').page?.(more?.kind === 'page' ? more.state : '', { engine })
    expect(next && quoted(next).length).toBeGreaterThan(0)
    const seen = new Set(quoted(reply).map((block) => `${String(block.articleId)} ${String(block.start)}`))
    for (const block of next ? quoted(next) : [])
      expect(seen).not.toContain(`${String(block.articleId)} ${String(block.start)}`)
  })
})

describe('/verify', () => {
  test.each([
    ['“a dangerous criminal act”', undefined, 'Verbatim'],
    ['a dangerous and criminal act', undefined, 'Altered'],
    ['a dangerous criminal act', 'Lankov', 'Misattributed'],
    ['a step it had put off for months', undefined, 'Paraphrase'],
    ['we will paint the moon green tomorrow evening', undefined, 'Not found'],
  ])('given %j said by %j, then the verdict is %s', async (quote, speaker, verdict) => {
    const reply = await run('verify', { quote, speaker })
    expect(reply.blocks[0]).toMatchObject({
      kind: 'heading',
      text: expect.stringMatching(new RegExp(`^${verdict}`, 'u')) as string,
    })
    await expectVerbatim(reply.blocks)
  })

  test('given an altered quote, then the words that differ are shown', async () => {
    const reply = await run('verify', { quote: 'a dangerous and criminal act' })
    expect(reply.blocks).toContainEqual(expect.objectContaining({ kind: 'diff' }))
    expect(text(reply)).toContain('"op":"added","text":"and"')
  })

  test('given only marks, then it is refused with what to do', async () => {
    await expect(run('verify', { quote: '“…”' })).rejects.toMatchObject({ code: 'bad-argument' })
  })
})

describe('/speakers, /articles and /help', () => {
  test('given no topic, then the most quoted come first', async () => {
    const reply = await run('speakers', {})
    const [, list] = reply.blocks
    const counts = list?.kind === 'list' ? list.items.map(({ detail = '' }) => Number.parseInt(detail, 10)) : []
    expect(counts.length).toBeGreaterThan(3)
    expect(counts).toEqual([...counts].sort((a, b) => b - a))
  })

  test('given a topic, then only those who spoke on it are listed', async () => {
    const about = text(await run('speakers', { about: 'battle tanks' }))
    expect(about).toMatch(/Kim Yo.Jong/iu)
  })

  test('given no topic, then articles are listed newest first', async () => {
    const reply = await run('articles', {})
    const list = reply.blocks.find((block) => block.kind === 'list')
    const dates = list?.items.map(({ published = '' }) => published) ?? []
    expect(dates.length).toBeGreaterThanOrEqual(12)
    expect(dates).toEqual([...dates].sort().reverse())
  })

  test('given /help, then every command is shown with an example', async () => {
    const reply = text(await run('help', {}))
    for (const { definition } of commands)
      if (definition.access === 'everyone') expect(reply).toContain(JSON.stringify(definition.example).slice(1, -1))
  })
})

describe('loading commands', () => {
  test('given a file that is no command, then the start stops and names it', async () => {
    const directory = join(workspace, 'broken')
    await mkdir(directory)
    await writeFile(join(directory, 'odd.ts'), 'export default { definition: { name: "Odd Name" } }\n')
    await expect(loadCommands(directory)).rejects.toThrow(/odd\.ts is no command[^]*name/u)
  })

  test('given two files with one name, then the start stops and names the second', async () => {
    const directory = join(workspace, 'twice')
    await mkdir(directory)
    const source = `export default { definition: { name: 'one', description: 'd', example: '/one', access: 'everyone', options: [] }, run: async () => ({}) }\n`
    await writeFile(join(directory, 'a.ts'), source)
    await writeFile(join(directory, 'b.ts'), source)
    await expect(loadCommands(directory)).rejects.toThrow(/b\.ts[^]*\/one already/u)
  })
})
