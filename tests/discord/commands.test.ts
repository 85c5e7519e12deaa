import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Command } from '../../src/command.ts'
import { CATALOGUE, missingWordings } from '../../src/discord/catalogue.ts'
import { SETTINGS_COMMAND } from '../../src/discord/settings.ts'
import { loadCommands } from '../../src/load-commands.ts'
import { startTestBot, type TestBot } from './bot.ts'
import { markdownOf, textOf } from './server/reading.ts'
import type { Message } from './server/server.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

let coverage: TownCoverage
beforeAll(async () => {
  coverage = await buildTownCoverage()
})
afterAll(() => coverage.remove())

const QUESTION = { question: 'Who said the bridge is safe for people on foot?' }
const isPrivate = (message: Message) => message.visibleTo !== undefined
const writes = (on: TestBot) => on.discord.requests.filter((request) => request.method === 'PUT')

describe('the catalogue of names', () => {
  test('given every command, when looked up in every language, then it and its options have a name and a description', async () => {
    const definitions = (await loadCommands()).map((command) => command.definition)
    expect(missingWordings([...definitions, SETTINGS_COMMAND])).toEqual([])
  })

  test('given any language, when read, then no two commands have one name', () => {
    for (const commands of Object.values(CATALOGUE)) {
      const names = Object.values(commands).map((wording) => wording.name)
      expect(new Set(names).size).toBe(names.length)
    }
  })
})

describe('registration', () => {
  test('given a start, a restart and a changed definition, when registered, then Discord is written to at the first and the last only', async () => {
    const commands = await loadCommands()
    const [first, ...others] = commands as [Command, ...Command[]]
    const changed = { ...first, definition: { ...first.definition, description: 'Another description' } }
    const mutable: Command[] = [...commands]
    const on = await startTestBot({ coverage, commands: mutable })
    expect(writes(on)).toHaveLength(1)
    await on.restart()
    expect(writes(on)).toHaveLength(1)
    mutable.splice(0, mutable.length, changed, ...others)
    await on.restart()
    expect(writes(on)).toHaveLength(2)
    await on.close()
  })

  test('given a server of its own, when registered, then the commands are in that server, the global ones are gone, and they work', async () => {
    const on = await startTestBot({
      coverage,
      inGuild: true,
      prepare: ({ world }) => {
        const { application } = world
        const id = world.nextId()
        application.commands.set(id, { id, name: 'old', type: 1 } as never)
      },
    })
    const places = [...on.discord.world.application.commands.values()].map((command) => command.guild_id)
    expect(new Set(places)).toEqual(new Set([on.discord.guild.id]))
    const answer = await on.discord.user('Ada').type('/ask', QUESTION)
    expect(textOf(answer)).toContain('safe for people on foot')
    await on.restart()
    expect(writes(on)).toHaveLength(2)
    await on.close()
  })

  test('given global registration, when looked at, then commands are for servers, direct messages and user installs, and /settings for servers and their managers', async () => {
    const on = await startTestBot({ coverage })
    const commands = [...on.discord.world.application.commands.values()]
    const named = (name: string) => commands.find((command) => command.name === name)
    expect(named('ask')?.contexts).toEqual([0, 1, 2])
    expect(named('ask')?.integration_types).toEqual([0, 1])
    expect(named('Verify quote')).toMatchObject({ type: 3, contexts: [0, 1, 2] })
    expect(named('settings')).toMatchObject({ contexts: [0], default_member_permissions: '32' })
    expect(named('ask')?.name_localizations).toEqual({ de: 'fragen' })
    await on.close()
  })

  test('given the gateway, when the bot identifies, then it asks for the Guilds intent and nothing else', async () => {
    const on = await startTestBot({ coverage })
    expect(on.discord.gateway.identifies.map((each) => each.intents)).toEqual([1])
    expect(on.bot.inviteUrl).toMatch(/client_id=\d+&scope=bot\+applications\.commands&permissions=0$/u)
    await on.close()
  })
})

describe('channel settings', () => {
  let on: TestBot
  beforeAll(async () => {
    on = await startTestBot({ coverage })
  })
  afterAll(() => on.close())
  const moderator = () => on.discord.user('Mod', { moderator: true })

  test('given nothing set, when shown, then it says what holds', async () => {
    const shown = await moderator().type('/settings')
    expect(isPrivate(shown)).toBe(true)
    expect(textOf(shown)).toMatch(/Outlets · all/u)
  })

  test('given somebody who may not manage the server, when they try, then it is refused, even past the client', async () => {
    const ada = on.discord.user('Ada')
    expect(() => ada.start('/settings', { enabled: false })).toThrow('may not use')
    const lenient = on.discord.world.application.commands
    for (const command of lenient.values()) if (command.name === 'settings') command.default_member_permissions = null
    const refused = await ada.type('/settings', { enabled: false })
    expect(isPrivate(refused)).toBe(true)
    expect(textOf(refused)).toContain('Only moderators can do this')
    expect(textOf(await moderator().type('/settings'))).toContain('can be asked')
  })

  test('given a channel limited to an outlet, when asked there, then only that outlet answers; elsewhere all do', async () => {
    const mod = moderator()
    const quiet = mod.in(on.discord.channel('newsroom'))
    await quiet.type('/settings', { outlets: 'elm chronicle' })
    const ada = on.discord.user('Ada')
    const limited = await ada
      .in(on.discord.channel('newsroom'))
      .type('/ask', { question: 'What did Ada Okoro say of the bridge?' })
    expect(markdownOf(limited)).not.toContain('The Tarn Post ·')
    const all = await ada.type('/ask', { question: 'What did Ada Okoro say of the bridge?' })
    expect(markdownOf(all)).toContain('The Tarn Post ·')
    await quiet.type('/settings', { outlets: 'all' })
  })

  test('given a channel limited to a tag, when asked there, then only such articles answer', async () => {
    const mod = moderator()
    await mod.type('/settings', { tags: 'culture' })
    const limited = await on.discord.user('Ada').type('/ask', { question: 'What happened to the library roof?' })
    expect(markdownOf(limited)).toContain('Library reopens under a new roof')
    expect(markdownOf(limited)).not.toContain('harbour bridge')
    await mod.type('/settings', { tags: 'all' })
  })

  test('given an outlet the coverage does not have, when set, then it is refused with near ones and nothing changes', async () => {
    const mod = moderator()
    const refused = await mod.type('/settings', { outlets: 'The Tarn Pots' })
    expect(textOf(refused)).toContain('Did you mean The Tarn Post')
    expect(textOf(await mod.type('/settings'))).toMatch(/Outlets · all/u)
  })

  test('given a private channel, when asked, then only the asker sees it, unless they say otherwise', async () => {
    const mod = moderator()
    await mod.type('/settings', { private: true })
    const ada = on.discord.user('Ada')
    expect(isPrivate(await ada.type('/ask', QUESTION))).toBe(true)
    expect(isPrivate(await ada.type('/ask', { ...QUESTION, private: false }))).toBe(false)
    await mod.type('/settings', { private: false })
  })

  test('given a channel that is switched off, when asked, then it says so to the asker; settings survive a restart', async () => {
    const mod = moderator()
    const ada = on.discord.user('Ada')
    const before = await ada.type('/ask', QUESTION)
    await mod.type('/settings', { enabled: false })
    await on.restart()
    for (const refused of [await ada.type('/ask', QUESTION), await ada.press(before, 'Context')]) {
      expect(isPrivate(refused)).toBe(true)
      expect(textOf(refused)).toContain('switched off')
    }
    await mod.type('/settings', { enabled: true })
    expect(textOf(await ada.type('/ask', QUESTION))).toContain('safe for people on foot')
  })

  test('given several outlets, when typed with commas, then the last one is completed', async () => {
    const [choice] = await moderator().complete('/settings', 'outlets', 'The Tarn Post, elm')
    expect(choice?.value).toBe('The Tarn Post, Elm Chronicle')
  })
})

describe('cool-downs', () => {
  test('given a burst of two, when a third question comes, then its asker alone is told when to try again, and others go on', async () => {
    const slow = { burst: 2, everyMs: 60_000 }
    const free = { burst: 1000, everyMs: 1 }
    const on = await startTestBot({ coverage, paces: { user: slow, channel: free, button: free } })
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    await ada.type('/ask', QUESTION)
    await ada.type('/ask', QUESTION)
    const refused = await ada.type('/ask', QUESTION)
    expect(isPrivate(refused)).toBe(true)
    expect(markdownOf(refused)).toMatch(/You can ask again <t:\d+:R>/u)
    expect(textOf(await ben.type('/ask', QUESTION))).toContain('safe for people on foot')
    await on.close()
  })

  test('given a busy channel, when one more asks, then they wait, and another channel does not', async () => {
    const slow = { burst: 2, everyMs: 60_000 }
    const free = { burst: 1000, everyMs: 1 }
    const on = await startTestBot({ coverage, paces: { user: free, channel: slow, button: free } })
    const people = ['Ada', 'Ben', 'Cem'].map((name) => on.discord.user(name))
    const answers = []
    for (const person of people) answers.push(await person.type('/ask', QUESTION))
    expect(answers.map(isPrivate)).toEqual([false, false, true])
    const elsewhere = on.discord.user('Ada').in(on.discord.channel('newsroom'))
    expect(isPrivate(await elsewhere.type('/ask', QUESTION))).toBe(false)
    await on.close()
  })
})
