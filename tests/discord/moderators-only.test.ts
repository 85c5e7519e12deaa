import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { appendAudit, readAudit } from '../../src/corpus/audit.ts'
import { startTestBot, type TestBot } from './bot.ts'
import { buttonsOf, markupIn, markdownOf, textOf } from './server/reading.ts'
import type { Message, User } from './server/server.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

let coverage: TownCoverage
beforeAll(async () => {
  coverage = await buildTownCoverage()
})
afterAll(() => coverage.remove())

const DUCKS = `---
title: Ducks block the lock
outlet: The Tarn Post
---
Ducks blocked the lower lock for a whole morning. Nobody could say where they had come from.
`
const upload = (name = 'ducks.md', text = DUCKS) => ({ name, bytes: Buffer.from(text) })
const isPrivate = (message: Message) => message.visibleTo !== undefined
const corpus = async () => (await readdir(coverage.corpusDir)).sort()
const customId = (message: Message, label: string) =>
  buttonsOf(message).find((button) => button.label === label)?.customId ?? ''

/** As a tampered client would: Discord's own guard on the commands is gone. */
function withoutPermissions(on: TestBot): void {
  for (const command of on.discord.world.application.commands.values()) command.default_member_permissions = null
}

describe('somebody who is no moderator', () => {
  let on: TestBot
  let mod: User
  let ada: User
  let before: readonly string[]
  let generation: string

  beforeAll(async () => {
    on = await startTestBot({ coverage })
    mod = on.discord.user('Mo', { moderator: true })
    ada = on.discord.user('Ada')
  })
  afterAll(() => on.close())
  beforeEach(async () => {
    before = await corpus()
    generation = await readFile(join(coverage.indexDir, 'CURRENT'), 'utf8')
  })

  const COMMANDS = [
    ['/corpus add', { url: 'https://a.example/' }, 'corpus add'],
    ['/corpus add', { file: upload() }, 'corpus add'],
    ['/corpus remove', { article: 'library-roof.md' }, 'corpus remove'],
    ['/corpus restore', { article: 'x' }, 'corpus restore'],
    ['/corpus status', {}, 'corpus status'],
    ['/corpus export', {}, 'corpus export'],
    ['/corpus feeds', {}, 'corpus feeds'],
    ['/reindex', {}, 'reindex'],
    ['/reindex', { full: true }, 'reindex'],
    ['/settings', { enabled: false }, 'settings'],
  ] as const

  /** Refused, privately; nothing changed; in the log and the audit log with who, what and from where. */
  const expectRefused = async (who: User, refused: Message, what: string) => {
    expect(isPrivate(refused)).toBe(true)
    expect(textOf(refused)).toMatch(/Only moderators|Only the moderator|decided already/u)
    expect(await corpus()).toEqual(before)
    expect(await readFile(join(coverage.indexDir, 'CURRENT'), 'utf8')).toBe(generation)
    const [record] = (await readAudit(on.dataDir, 1)).records
    expect(record).toMatchObject({ action: what, outcome: 'refused', by: who.account.id })
    expect(record?.from).toMatch(/^discord \S+\/\d+$/u)
    expect(on.log).toContainEqual(expect.objectContaining({ msg: 'refused', what, user: who.account.id }))
  }

  test.each(COMMANDS)(
    'given Discord’s client, when they type %s, then it does not even offer it',
    (command, options) => {
      expect(() => ada.start(command, options)).toThrow('may not use')
    },
  )

  test.each(COMMANDS)(
    'given a tampered client, when they send %s, then it is refused and on record',
    async (command, options, what) => {
      withoutPermissions(on)
      await expectRefused(ada, await ada.type(command, options), what)
    },
  )

  test('given completions, when a tampered client asks for them, then there are none', async () => {
    withoutPermissions(on)
    expect(await ada.complete('/corpus remove', 'article', 'lib')).toEqual([])
    expect(await mod.complete('/corpus remove', 'article', 'lib')).not.toEqual([])
  })

  test('given a moderator’s buttons, when others send their ids, then each is refused, and the moderator can still decide', async () => {
    const other = on.discord.user('Moa', { moderator: true })
    const preview = await mod.type('/corpus add', { file: upload() })
    for (const label of ['Save', 'Edit', 'Discard']) {
      const id = customId(preview, label)
      expect(id).not.toBe('')
      await expectRefused(ada, await ada.forge(preview, id).answer(), `corpus ${label.toLowerCase()}`)
      await expectRefused(other, await other.forge(preview, id).answer(), `corpus ${label.toLowerCase()}`)
    }
    const asked = await mod.type('/corpus remove', { article: 'library-roof.md' })
    await expectRefused(ada, await ada.forge(asked, customId(asked, 'Remove')).answer(), 'corpus remove')
    expect(textOf(await mod.press(preview, 'Discard'))).toContain('nothing was added')
  })

  test('given a moderator’s form, when somebody else sends it, then it is refused', async () => {
    const preview = await mod.type('/corpus add', { file: upload() })
    const modal = await mod.startPress(preview, 'Edit').modal()
    await expectRefused(ada, await ada.submit(modal, { Title: 'Mine' }, preview).answer(), 'corpus edit')
    expect(textOf(preview)).toContain('Ducks block the lock')
    await mod.press(preview, 'Discard')
  })

  test('given a button that was used, when its id is sent again by the same moderator, then it is refused', async () => {
    const preview = await mod.type('/corpus add', { file: upload() })
    const [save, discard] = [customId(preview, 'Save'), customId(preview, 'Discard')]
    await mod.press(preview, 'Discard')
    await expectRefused(mod, await mod.forge(preview, save).answer(), 'press save')
    await expectRefused(mod, await mod.forge(preview, discard).answer(), 'press discard')
  })

  test('given a form that was sent, when it is sent again, then it is refused', async () => {
    const preview = await mod.type('/corpus add', { file: upload() })
    const modal = await mod.startPress(preview, 'Edit').modal()
    await mod.submit(modal, { Title: 'Ducks' }, preview).answer()
    await expectRefused(mod, await mod.submit(modal, { Title: 'Geese' }, preview).answer(), 'press edit')
    await mod.press(preview, 'Discard')
  })

  test('given a preview, when its moderator has lost the permission meanwhile, then Save is refused', async () => {
    const preview = await mod.type('/corpus add', { file: upload() })
    const demoted = on.discord.demoted(mod)
    await expectRefused(demoted, await demoted.forge(preview, customId(preview, 'Save')).answer(), 'corpus save')
  })

  test('given two presses of Save at the same moment, when both arrive, then the article is added once', async () => {
    const preview = await mod.type('/corpus add', {
      file: upload('twice.md', DUCKS.replace('Ducks block', 'Swans block')),
    })
    const id = customId(preview, 'Save')
    const turns = [mod.forge(preview, id), mod.forge(preview, id), mod.forge(preview, id)]
    await Promise.all(turns.map((turn) => turn.acknowledged()))
    await turns[0]?.says(/Added/u)
    const { records } = await readAudit(on.dataDir, 20)
    expect(
      records.filter(
        ({ action, title, outcome }) => action === 'add' && outcome === 'done' && title?.startsWith('Swans'),
      ),
    ).toHaveLength(1)
    await rm(join(coverage.corpusDir, 'swans-block-the-lock.md'))
  })

  test('given an id that nobody signed, or one with another choice in it, when sent, then nothing happens', async () => {
    const preview = await mod.type('/corpus add', { file: upload() })
    const id = customId(preview, 'Discard')
    for (const forged of ['decide|x|save|AAAAAAAA', id.replace('discard', 'save'), `${id}x`])
      expect(textOf(await mod.forge(preview, forged).answer())).toContain('too old to work')
    expect(await corpus()).toEqual(before)
    await mod.press(preview, 'Discard')
  })

  test('given direct messages and other servers with DISCORD_GUILD_ID set, when tried there, then it is refused', async () => {
    const guarded = await startTestBot({
      coverage,
      inGuild: true,
      prepare: (discord) => void discord.addGuild('Elsewhere'),
    })
    withoutPermissions(guarded)
    const boss = guarded.discord.user('Boss', { moderator: true })
    for (const command of guarded.discord.world.application.commands.values()) delete command.guild_id
    const elsewhere = guarded.discord.world.guilds.at(-1)?.channels[0]
    if (elsewhere === undefined) throw new Error('there is no second server')
    expect(textOf(await boss.in(elsewhere).type('/reindex'))).toContain('Only moderators')
    expect(textOf(await guarded.discord.directMessages(boss).type('/reindex'))).toContain('Only moderators')
    await guarded.close()
  })
})

describe('MODERATOR_ROLE_IDS', () => {
  test('given a role, when its members use a moderator’s command, then they may; without the role they may not', async () => {
    const on = await startTestBot({
      coverage,
      moderatorRoles: ({ guild }) => guild.roles.map(({ id }) => id),
    })
    withoutPermissions(on)
    const [editors] = on.discord.guild.roles
    const editor = on.discord.user('Ed', { roles: [editors?.id ?? ''] })
    expect(textOf(await editor.type('/corpus status'))).toContain('The corpus')
    expect(textOf(await on.discord.user('Ada').type('/corpus status'))).toContain('Only moderators')
    await on.close()
  })
})

describe('a decision', () => {
  test('given fifteen minutes, when they are over, then the button does nothing and says so; after a restart it still works in time', async () => {
    const on = await startTestBot({ coverage })
    const mod = on.discord.user('Mo', { moderator: true })
    const asked = await mod.type('/corpus remove', { article: 'library-roof.md' })
    await on.restart()
    expect(textOf(await mod.press(asked, 'Keep'))).toContain('Nothing was removed')
    const again = await mod.type('/corpus remove', { article: 'library-roof.md' })
    on.expireDecisions()
    expect(textOf(await mod.forge(again, customId(again, 'Remove')).answer())).toContain('fifteen minutes are over')
    expect(await corpus()).toContain('library-roof.md')
    await on.close()
  })
})

describe('AUDIT_CHANNEL_ID', () => {
  test('given a channel, when something is changed or refused, in Discord or elsewhere, then it is announced there once, harmlessly', async () => {
    const on = await startTestBot({
      coverage,
      auditChannel: (discord) => {
        const { id } = discord.channel('newsroom')
        discord.world.writable.add(id)
        return id
      },
    })
    withoutPermissions(on)
    const mod = on.discord.user('Mo', { moderator: true })
    const reader = on.discord.user('Ada').in(on.discord.channel('newsroom'))
    const announced = async (words: RegExp): Promise<Message> => {
      for (;;) {
        const found = reader.sees().find((message) => words.test(textOf(message)))
        if (found !== undefined) return found
        await new Promise((resolve) => on.discord.world.changes.once('message', resolve))
      }
    }
    await on.discord.user('Ben').type('/corpus export')
    await announced(/corpus export \(refused\).*ben/u)
    const preview = await mod.type('/corpus add', {
      file: upload('otters.md', DUCKS.replace('Ducks block', 'Otters block')),
    })
    await mod.press(preview, 'Save')
    await announced(/add · otters-block-the-lock\.md .*mo · discord/u)
    await on.restart()
    await appendAudit(on.dataDir, {
      at: new Date().toISOString(),
      by: 'root',
      from: 'terminal',
      action: 'remove',
      outcome: 'done',
      title: '@everyone **x** [y](https://evil.example)',
    })
    const hostile = await announced(/remove · @everyone .*root · terminal/u)
    expect(hostile.allowedMentions).toEqual({ parse: [] })
    expect(markupIn(markdownOf(hostile)).filter((kind) => ['link', 'everyone', 'user'].includes(kind))).toEqual([])
    const lines = reader.sees().flatMap((message) => textOf(message).split('\n'))
    expect(lines.filter((line) => line.includes('otters'))).toHaveLength(1)
    expect(lines.join('\n')).not.toContain('begun')
    await on.close()
    await rm(join(coverage.corpusDir, 'otters-block-the-lock.md'))
  })

  test('given a channel where the bot may not write, when something is changed, then the log says so and the change stands', async () => {
    const on = await startTestBot({ coverage, auditChannel: (discord) => discord.channel('newsroom').id })
    await on.discord.user('Mo', { moderator: true }).type('/corpus export')
    await on.logged('AUDIT_CHANNEL_ID cannot be written to: let the bot view the channel and send messages there')
    await on.close()
  })
})

const HERONS = `<html><head><title>Herons return to the weir</title></head><body><article>
<h1>Herons return to the weir</h1>
<p>Herons have returned to the weir after forty years, the river board said on Thursday.</p>
<p>“We counted eleven nests before breakfast,” said Pia Lund, who looks after the birds for the board.</p>
</article></body></html>`

describe('what comes in by itself', () => {
  let feed: Server
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'verbatim-feeds-'))
    feed = createServer((request, response) => {
      if (request.url === '/robots.txt') return void response.writeHead(404).end()
      const { port } = feed.address() as AddressInfo
      if (request.url === '/herons') {
        response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
        return void response.end(HERONS)
      }
      response.writeHead(200, { 'Content-Type': 'application/rss+xml' })
      response.end(`<rss version="2.0"><channel><title>Post</title><item><title>Herons return to the weir</title>
        <link>http://127.0.0.1:${port}/herons</link><guid>herons-1</guid></item></channel></rss>`)
    })
    await new Promise<void>((resolve) => feed.listen(0, '127.0.0.1', resolve))
    const { port } = feed.address() as AddressInfo
    await writeFile(join(dir, 'feeds.yaml'), `- url: http://127.0.0.1:${port}/rss\n  outlet: The Tarn Post\n`)
  })
  afterAll(async () => {
    feed.closeAllConnections()
    await new Promise((resolve) => feed.close(resolve))
    await rm(dir, { recursive: true })
  })

  test('given a feed, when the bot starts, then its article comes in, is on record, and answers without anybody doing anything', async () => {
    const on = await startTestBot({ coverage, feedsFile: join(dir, 'feeds.yaml') })
    await on.logged('reindexed')
    const answer = await on.discord.user('Ada').type('/quotes', { speaker: 'Pia Lund' })
    expect(textOf(answer)).toContain('“We counted eleven nests before breakfast,”')
    const shown = textOf(await on.discord.user('Mo', { moderator: true }).type('/corpus feeds'))
    expect(shown).toMatch(/The Tarn Post · read .* · 1 article · next in/u)
    expect((await readAudit(on.dataDir, 10)).records).toContainEqual(
      expect.objectContaining({ by: 'feeds', action: 'add', outcome: 'done', title: 'Herons return to the weir' }),
    )
    await on.close()
  })

  test('given WATCH, when somebody edits a file of the corpus, then the bot reindexes and answers from it', async () => {
    const on = await startTestBot({ coverage, watch: true })
    await on.logged('watching the corpus')
    await writeFile(
      join(coverage.corpusDir, 'kites.md'),
      `---\ntitle: Kites over the moor\noutlet: Elm Chronicle\n---\n“The red kites came back on their own,” said Olaf Stamm, a warden on the moor.\n`,
    )
    await on.logged('reindexed')
    const answer = await on.discord.user('Ada').type('/quotes', { speaker: 'Olaf Stamm' })
    expect(textOf(answer)).toContain('“The red kites came back on their own,”')
    await on.close()
  })
})
