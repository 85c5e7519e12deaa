import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Command } from '../../src/command.ts'
import { readAudit } from '../../src/corpus/audit.ts'
import { importPaths, readCorpus } from '../../src/corpus/corpus.ts'
import { moderatorOf } from '../../src/options.ts'
import type { Reply } from '../../src/reply.ts'
import { startTestBot, type TestBot } from './bot.ts'
import { buttonsOf, markupIn, markdownOf, textOf } from './server/reading.ts'
import type { Message, User } from './server/server.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

let coverage: TownCoverage
let on: TestBot
let mod: User

beforeAll(async () => {
  coverage = await buildTownCoverage()
  on = await startTestBot({ coverage })
  mod = on.discord.user('Mo', { moderator: true })
})
afterAll(async () => {
  await on.close()
  await coverage.remove()
})

const TELESCOPES = `<html><head><title>Library lends out telescopes from May | The Tarn Post</title>
<meta property="og:site_name" content="The Tarn Post"><meta property="article:published_time" content="2026-04-02">
</head><body><nav>Home Sport Weather</nav><article><h1>Library lends out telescopes from May</h1>
<p>The town library will lend out telescopes from the first of May, free of charge, for two weeks at a time.</p>
<p>“Nobody here has looked at Saturn and gone home bored,” said Ilse Varga, who runs the library in Mill Lane.</p>
<p>Twelve telescopes were given by a retired teacher who wants to stay unnamed, the library said on Thursday.</p>
<p>Sign up for our newsletter</p></article></body></html>`

const note = (title: string, sentence: string) => `---
title: ${title}
outlet: The Tarn Post
published: 2026-03-01
---
${sentence} The council was told on Monday evening, in a meeting that lasted until eleven.

“We will look at it again in the autumn,” said Lena Brandt, the mayor of Tarn, when the meeting had ended.
`
const upload = (text: string, name: string) => ({ name, bytes: Buffer.from(text) })
const labels = (message: Message) => buttonsOf(message).map((button) => button.label)
const isPrivate = (message: Message) => message.visibleTo !== undefined
const files = async () => (await readdir(coverage.corpusDir)).filter((file) => file.endsWith('.md')).sort()
const lastRecord = async () => (await readAudit(on.dataDir, 1)).records[0]
const filled = (modal: Awaited<ReturnType<ReturnType<User['start']>['modal']>>) =>
  modal.components.map((row) => (row.type === 18 && row.component.type === 4 ? (row.component.value ?? '') : ''))

describe('/corpus add', () => {
  test('given a page as a file, when added, then it shows what was understood and writes nothing before Save', async () => {
    const before = await files()
    const preview = await mod.type('/corpus add', { file: upload(TELESCOPES, 'telescopes.html') })
    expect(isPrivate(preview)).toBe(true)
    const text = textOf(preview)
    expect(text).toContain('A new article')
    expect(text).toContain('Title · Library lends out telescopes from May')
    expect(text).toContain('Outlet · The Tarn Post')
    expect(text).toContain('Author · not stated')
    expect(text).toMatch(/Words · \d\d/u)
    expect(text).toContain('Quotes · 1 direct, 1 reported; by Ilse Varga')
    expect(text).toMatch(/Left out · .*line/u)
    expect(labels(preview)).toEqual(['Save', 'Edit', 'Discard'])
    expect(await files()).toEqual(before)

    const discarded = await mod.press(preview, 'Discard')
    expect(textOf(discarded)).toContain('nothing was added')
    expect(labels(discarded)).toEqual([])
    expect(await files()).toEqual(before)
  })

  test('given a preview, when edited and saved and reindexed, then the article is in the corpus as corrected, and answers', async () => {
    const preview = await mod.type('/corpus add', { file: upload(TELESCOPES, 'telescopes.html') })
    const modal = await mod.startPress(preview, 'Edit').modal()
    expect(filled(modal)).toEqual(['Library lends out telescopes from May', 'The Tarn Post', '', '2026-04-02', ''])
    const edited = await mod
      .submit(modal, { Author: 'Nora Quist', Published: '3 April 2026', Title: 'Telescopes to borrow' }, preview)
      .answer()
    expect(edited).toBe(preview)
    expect(textOf(edited)).toContain('Title · Telescopes to borrow')
    expect(textOf(edited)).toContain('Author · Nora Quist')

    const saved = await mod.press(edited, 'Save')
    expect(textOf(saved)).toContain('Added “Telescopes to borrow” as telescopes-to-borrow.md')
    const written = await readFile(join(coverage.corpusDir, 'telescopes-to-borrow.md'), 'utf8')
    expect(written).toMatch(/author: Nora Quist[^]*published: 2026-04-03/u)
    expect(await lastRecord()).toMatchObject({
      action: 'add',
      outcome: 'done',
      by: mod.account.id,
      name: 'mo',
      from: `discord ${on.discord.guild.id}/${mod.channel.id}`,
      file: 'telescopes-to-borrow.md',
    })

    const done = await mod.startPress(saved, 'Reindex').says(/Reindexed in/u)
    expect(textOf(done)).toMatch(/Articles · \d+ \(\+1\)/u)
    const answer = await on.discord.user('Ada').type('/ask', { question: 'What did Ilse Varga say about Saturn?' })
    expect(textOf(answer)).toContain('“Nobody here has looked at Saturn and gone home bored,”')
    expect(textOf(answer)).toContain('Telescopes to borrow')
  })

  test('given a wrong date in the form, when sent, then it says which field, and the preview can still be saved', async () => {
    const preview = await mod.type('/corpus add', { file: upload(note('Bins', 'Bins are late.'), 'bins.md') })
    const modal = await mod.startPress(preview, 'Edit').modal()
    const refused = await mod.submit(modal, { Published: 'once upon a time' }, preview).followUp()
    expect(isPrivate(refused)).toBe(true)
    expect(textOf(refused)).toContain('published')
    expect(textOf(await mod.press(preview, 'Save'))).toContain('Added “Bins”')
  })

  test('given an article that the corpus has, or nearly, when added, then that is pointed out', async () => {
    const bridge = await readFile(join(coverage.corpusDir, 'library-roof.md'), 'utf8')
    const same = await mod.type('/corpus add', { file: upload(bridge, 'again.md') })
    expect(textOf(same)).toContain('Nothing to add: the corpus has it already, as library-roof.md')
    expect(labels(same)).toEqual([])
    const copied = bridge.replace(/^title: .*$/mu, 'title: A roof for books').replace(/^(outlet|url): .*$/gmu, '')
    const near = await mod.type('/corpus add', {
      file: upload(`${copied}\nSomebody has put another sentence behind what was copied here.\n`, 'near.md'),
    })
    expect(textOf(near)).toMatch(/library-roof\.md/u)
    await mod.press(near, 'Discard')
  })

  test('given a file of several articles with one that is wrong, when saved, then the others are added and the wrong one is named', async () => {
    const line = (title: string, text: string) => JSON.stringify({ title, text, source: 'Elm Chronicle' })
    const jsonl = [
      line('Frost ruins the apricots', 'Frost ruined most apricots in the valley. Growers count their losses now.'),
      '{"title": "Broken',
      line('Ferry sails again', 'The ferry sails again after nine weeks. It was repaired in the yard at Holm.'),
    ].join('\n')
    const preview = await mod.type('/corpus add', { file: upload(jsonl, 'export.jsonl') })
    expect(textOf(preview)).toContain('2 articles: 2 new')
    expect(textOf(preview)).toContain('Line 2:')
    expect(labels(preview)).toEqual(['Save all', 'Discard'])
    const saved = await mod.press(preview, 'Save all')
    expect(textOf(saved)).toContain('2 new')
    expect(await files()).toEqual(expect.arrayContaining(['ferry-sails-again.md', 'frost-ruins-the-apricots.md']))
  })

  test('given what is no article, when added, then it says why and what to do', async () => {
    const tried = async (options: Parameters<User['type']>[1]) => textOf(await mod.type('/corpus add', options))
    expect(await tried({})).toContain('Give either url or file')
    expect(await tried({ url: 'https://a.example/', file: upload('x', 'x.txt') })).toContain('Give either url or file')
    expect(await tried({ file: upload('GIF89a', 'cat.gif') })).toContain('cat.gif is of no kind that is read')
    expect(await tried({ file: upload('', 'empty.txt') })).toContain('empty.txt is empty')
    expect(await tried({ url: 'file:///etc/passwd' })).toMatch(/http/u)
    expect(await tried({ url: 'http://169.254.169.254/latest/meta-data/' })).toContain(
      'was not fetched: it is, or leads to, a cloud metadata address',
    )
    expect(await tried({ file: upload('x'.repeat(11 * 1024 * 1024), 'huge.txt') })).toContain('at most 10.5 MB')
  })

  test('given a hostile title, when previewed and saved, then nothing of it acts', async () => {
    const preview = await mod.type('/corpus add', {
      file: upload(
        note("'@everyone [free](https://evil.example) ||x|| <@123456789012345678>'", 'Odd words.'),
        'odd.md',
      ),
    })
    expect(textOf(preview)).toContain('@everyone [free](https://evil.example) ||x||')
    expect(
      markupIn(markdownOf(preview)).filter((kind) => ['link', 'spoiler', 'user', 'everyone'].includes(kind)),
    ).toEqual([])
    expect(preview.allowedMentions).toEqual({ parse: [] })
    await mod.press(preview, 'Discard')
  })

  test('given a saved article, when undone, then it is in the trash and can be restored', async () => {
    const preview = await mod.type('/corpus add', { file: upload(note('Ducks', 'Ducks block the lock.'), 'ducks.md') })
    const saved = await mod.press(preview, 'Save')
    expect(await files()).toContain('ducks.md')
    expect(textOf(await mod.press(saved, 'Undo'))).toContain('ducks.md removed')
    expect(await files()).not.toContain('ducks.md')
    const [choice] = await mod.complete('/corpus restore', 'article', 'duc')
    expect(choice?.name).toContain('Ducks · removed')
    expect(textOf(await mod.type('/corpus restore', { article: String(choice?.value) }))).toContain('ducks.md')
    expect(await files()).toContain('ducks.md')
  })
})

describe('/corpus remove', () => {
  test('given an article, when removed, then it asks first, keeps who and why, and Undo brings it back as it was', async () => {
    const [choice] = await mod.complete('/corpus remove', 'article', 'storms flood')
    expect(choice).toEqual({
      name: 'Storms flood the lower town for the third winter · The Tarn Post',
      value: 'winter-storms.md',
    })
    const before = await readFile(join(coverage.corpusDir, 'winter-storms.md'), 'utf8')
    const asked = await mod.type('/corpus remove', { article: 'winter-storms.md', reason: 'withdrawn' })
    expect(textOf(asked)).toContain('Storms flood the lower town')
    expect(labels(asked)).toEqual(['Remove', 'Keep'])
    expect(await files()).toContain('winter-storms.md')
    const removed = await mod.press(asked, 'Remove')
    expect(await files()).not.toContain('winter-storms.md')
    expect((await on.moderation.completeRemoved('storms', 5))[0]).toMatchObject({
      by: mod.account.id,
      name: 'mo',
      reason: 'withdrawn',
    })
    expect(textOf(await mod.press(removed, 'Undo'))).toContain('is back, as winter-storms.md')
    expect(await readFile(join(coverage.corpusDir, 'winter-storms.md'), 'utf8')).toBe(before)
  })

  test('given Keep, or an article that is not there, or a path out of the corpus, then nothing is removed', async () => {
    const before = await files()
    const asked = await mod.type('/corpus remove', { article: 'winter-storms.md' })
    expect(textOf(await mod.press(asked, 'Keep'))).toContain('Nothing was removed')
    for (const article of ['no-such-article', '../index/CURRENT', '/etc/passwd', '.trash'])
      expect(textOf(await mod.type('/corpus remove', { article }))).toContain('There is no article')
    expect(await files()).toEqual(before)
  })
})

describe('/corpus status, export and feeds', () => {
  test('given changes, when shown, then status tells the corpus, the index and who changed what', async () => {
    const status = textOf(await mod.type('/corpus status'))
    expect(status).toMatch(/Articles · \d+, [\d.]+ KB/u)
    expect(status).toMatch(/Index · generation \d+, built .* ago/u)
    expect(status).toContain('Model · use-lite@2/int8')
    expect(status).toMatch(/Since then · \d+ new, \d+ changed, \d+ gone/u)
    expect(status).toMatch(/Last changes[^]*restore · winter-storms\.md · mo · discord/u)
  })

  test('given a broken article, when shown, then status names it with its field and what to do', async () => {
    await coverage.publish('broken', '---\noutlet: Nobody\n---\nNo title here.\n')
    expect(textOf(await mod.type('/corpus status'))).toMatch(/1 problem[^]*broken\.md · title .*missing/u)
    await rm(join(coverage.corpusDir, 'broken.md'))
  })

  test('given the export, when imported into an empty corpus, then every article is there again in every field', async () => {
    const exported = await mod.type('/corpus export')
    const [file] = exported.attachments
    expect(file?.name).toBe('corpus.jsonl')
    const dir = await mkdtemp(join(tmpdir(), 'verbatim-export-'))
    await writeFile(join(dir, 'corpus.jsonl'), file?.bytes ?? '')
    await importPaths([join(dir, 'corpus.jsonl')], { corpusDir: join(dir, 'corpus') })
    const all = async (corpusDir: string) => {
      const articles = []
      for await (const read of readCorpus(corpusDir)) articles.push(read)
      return articles
    }
    expect(await all(join(dir, 'corpus'))).toEqual(await all(coverage.corpusDir))
    await rm(dir, { recursive: true })
    expect(await lastRecord()).toMatchObject({ action: 'export', outcome: 'done', by: mod.account.id })
  })

  test('given no list of feeds, when asked for them, then it says how to set one', async () => {
    expect(textOf(await mod.type('/corpus feeds'))).toContain('No list of feeds is set')
  })
})

describe('/reindex', () => {
  test('given nothing changed, when reindexed twice, then the second says so; with full, everything is made anew', async () => {
    await mod.start('/reindex').says(/Reindexed in|up to date/u)
    const again = await mod.start('/reindex').says(/nothing had changed/u)
    expect(textOf(again)).not.toContain('Embedded')
    const full = await mod.start('/reindex', { full: true }).says(/Reindexed in/u)
    expect(textOf(full)).toMatch(/Embedded · \d+ sentences/u)
    expect(await lastRecord()).toMatchObject({ action: 'reindex full', outcome: 'done', by: mod.account.id })
  })

  test('given a reindexing under way, when questions are asked, then all are answered', async () => {
    const reindexing = mod.start('/reindex', { full: true })
    await reindexing.acknowledged()
    const ada = on.discord.user('Ada')
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        ada.type('/ask', { question: 'Who said the bridge is safe for people on foot?' }),
      ),
    )
    for (const answer of answers) expect(textOf(answer)).toContain('safe for people on foot')
    await reindexing.says(/Reindexed in/u)
  })

  test('given two moderators, when both reindex at once, then both are told what the index holds in the end', async () => {
    const other = on.discord.user('Moa', { moderator: true })
    const preview = await mod.type('/corpus add', {
      file: upload(note('Swifts', 'Swifts nest in the tower.'), 'swifts.md'),
    })
    await mod.press(preview, 'Save')
    const done = /Reindexed in|up to date/u
    const [mine, theirs] = await Promise.all([mod.start('/reindex').says(done), other.start('/reindex').says(done)])
    const articles = (await files()).length
    for (const message of [mine, theirs]) expect(textOf(message)).toMatch(new RegExp(`Articles · ${articles}\\b`, 'u'))
  })
})

describe('long work', () => {
  test('given progress a hundred times a second, when shown, then the message changes at most every two seconds, and ends with the result', async () => {
    const busy: Command = {
      definition: { name: 'busy', description: 'Takes a while', example: '/busy', access: 'moderator', options: [] },
      async run(_options, context) {
        const { onProgress } = moderatorOf(context)
        const reply = (blocks: Reply['blocks']): Reply => ({
          outcome: 'answered',
          audience: 'asker',
          blocks,
          actions: [],
        })
        const started = performance.now()
        for (let done = 0; performance.now() - started < 2600; done++) {
          onProgress(
            reply([{ kind: 'progress', stage: 'Working', done, total: 500, perSecond: 96.4, secondsLeft: 7.2 }]),
          )
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        return reply([{ kind: 'text', text: 'Done.' }])
      },
    }
    const slow = await startTestBot({ coverage, commands: [busy] })
    const turn = slow.discord.user('Mo', { moderator: true }).start('/busy')
    const shown = await turn.says(/Working/u)
    expect(textOf(shown)).toMatch(/Working\n.*░.* \d+ of 500 · 96\.4 a second · 8 s left/u)
    await turn.says(/Done\./u)
    const edits = slow.discord.requests.filter(({ method, path }) => method === 'PATCH' && path.startsWith('/webhooks'))
    expect(edits).toHaveLength(3) // at once, after two seconds, and the result
    await slow.close()
  })
})
