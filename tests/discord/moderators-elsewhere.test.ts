import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAudit } from '../../src/corpus/audit.ts'
import { startTestBot, type TestBot } from './bot.ts'
import { buttonsOf, markdownOf, markupIn, textOf } from './server/reading.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

let coverage: TownCoverage
beforeAll(async () => {
  coverage = await buildTownCoverage()
})
afterAll(() => coverage.remove())

const upload = (name: string, text = '---\ntitle: Geese on the weir\n---\nGeese sat on the weir for a whole morning, the keeper said.\n') => ({
  name,
  bytes: Buffer.from(text),
}) // prettier-ignore
const corpus = async () => (await readdir(coverage.corpusDir)).sort()

describe('a bot in several servers', () => {
  let on: TestBot
  beforeAll(async () => {
    on = await startTestBot({ coverage, prepare: (discord) => void discord.addGuild('A stranger’s') })
  })
  afterAll(() => on.close())

  test.each([0, 1])('given the manager of server %i of two, when the articles are to be changed, then it is refused and on record; the channel’s settings are theirs', async (at) => {
    const channel = on.discord.world.guilds[at]?.channels[0]
    if (channel === undefined) throw new Error('no channel')
    const manager = on.discord.user('Manager', { moderator: true }).in(channel)
    const before = await corpus()
    for (const [command, options] of [['/corpus add', { file: upload('geese.md') }], ['/corpus remove', { article: 'library-roof.md' }], ['/corpus export', {}], ['/reindex', {}]] as const)
      expect(textOf(await manager.type(command, options))).toContain('MODERATOR_ROLE_IDS')
    expect(await manager.complete('/corpus remove', 'article', 'lib')).toEqual([])
    expect(await corpus()).toEqual(before)
    expect((await readAudit(on.dataDir, 1)).records[0]).toMatchObject({ action: 'reindex', outcome: 'refused' })
    expect(textOf(await manager.type('/settings', { private: true }))).toContain('Changed')
    await manager.type('/settings', { private: false })
  }) // prettier-ignore

  test('given its log, when it started, then it says why moderators’ commands are off', async () => {
    await on.logged('the bot is in several servers: only MODERATOR_ROLE_IDS can change the articles, or DISCORD_GUILD_ID names the one server')
  }) // prettier-ignore
})

describe('a bot in one server', () => {
  let on: TestBot
  beforeAll(async () => {
    on = await startTestBot({ coverage })
  })
  afterAll(() => on.close())

  test('given a server that it is not in, when its manager has installed the app for themselves, then they are no moderator', async () => {
    const [channel] = on.discord.addGuild('Not the bot’s').channels
    if (channel === undefined) throw new Error('no channel')
    const manager = on.discord.user('Manager', { moderator: true }).in(channel)
    expect(textOf(await manager.type('/corpus status'))).toContain('Only moderators')
    expect(textOf(await manager.type('/settings', { enabled: false }))).toContain('Only moderators')
  })

  test.each([
    '../../../etc/passwd.md',
    '..\\..\\windows.md',
    `${'a'.repeat(900)}.md`,
    '@everyone **x** [y](https://evil.example) <@1>.md',
    '\u202egnp.md',
    '.md',
    'nul\u0000byte.md',
    'CON.md',
  ])('given a file named %j, when it is added, then its name harms neither the message nor the disk', async (name) => {
    const mod = on.discord.user('Mo', { moderator: true })
    const preview = await mod.type('/corpus add', { file: upload(name) })
    expect(markupIn(markdownOf(preview)).filter((type) => /user|role|everyone|here|url|autolink/u.test(type))).toEqual([])
    if (!buttonsOf(preview).some(({ label }) => label === 'Save')) return
    const saved = await mod.press(preview, 'Save')
    expect(textOf(saved)).toContain('geese-on-the-weir.md')
    await mod.press(saved, 'Undo')
    expect((await corpus()).filter((file) => file.startsWith('geese'))).toEqual([])
  }) // prettier-ignore

  test.each([
    ['a title as long as the window takes', { Title: 'x'.repeat(300) }],
    ['a title of marks', { Title: '@everyone **x** [y](https://evil.example) <@123456789012345678> \u202e' }],
    ['an address that is none', { Address: 'javascript:alert(1)' }],
    ['an address of a file', { Address: 'file:///etc/passwd' }],
    ['a day that is none', { Published: '2024-02-30' }],
    ['front matter in a field', { Title: 'a\n---\ntags: [b]', Outlet: '"\n---' }],
  ])('given %s, when typed into the window, then it is told or shown, and nothing of it acts', async (_, values) => {
    const mod = on.discord.user('Mo', { moderator: true })
    const preview = await mod.type('/corpus add', { file: upload('geese.md') })
    const modal = await mod.startPress(preview, 'Edit').modal()
    const answer = await mod.submit(modal, values, preview).answer()
    expect(markupIn(markdownOf(answer)).filter((type) => /user|role|everyone|here|^url|autolink/u.test(type))).toEqual([])
    expect(textOf(answer)).not.toContain('Something broke')
    expect(on.discord.violations).toEqual([])
  }) // prettier-ignore

  test('given form fields far longer than the window lets through, when a tampered client sends them, then nothing breaks', async () => {
    const mod = on.discord.user('Mo', { moderator: true })
    const preview = await mod.type('/corpus add', { file: upload('geese.md') })
    const modal = await mod.startPress(preview, 'Edit').modal()
    const unlimited = {
      ...modal,
      components: modal.components.map((row) =>
        row.type === 18 && row.component.type === 4
          ? { ...row, component: { ...row.component, max_length: 4000 } }
          : row,
      ),
    }
    const long = Object.fromEntries(['Title', 'Outlet', 'Author', 'Published', 'Address'].map((label) => [label, 'y'.repeat(4000)])) // prettier-ignore
    const answer = await mod.submit(unlimited, long, preview).answer()
    expect(textOf(answer)).not.toContain('Something broke')
    expect(on.discord.violations).toEqual([])
    expect(on.log.filter(({ level }) => level === 'error')).toEqual([])
  })

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://localhost:8080/metrics',
    'http://[::ffff:10.0.0.1]/',
    'http://2130706433/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://user:pass@example.org/',
    'not an address',
  ])('given the address %s, when it is to be added, then it is refused and nothing is fetched', async (url) => {
    const mod = on.discord.user('Mo', { moderator: true })
    const answer = textOf(await mod.type('/corpus add', { url }))
    expect(answer).not.toContain('Something broke')
    expect(buttonsOf(await mod.type('/corpus add', { url })).map(({ label }) => label)).not.toContain('Save')
  })
})
