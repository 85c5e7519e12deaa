import { REST, Routes } from 'discord.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { choiceProblems, commandProblems, messageProblems, modalProblems } from './server/limits.ts'
import { startLocalDiscord, type LocalDiscord } from './server/server.ts'

/** The local Discord must refuse what Discord refuses, or passing against it means nothing. */

const V2 = 1 << 15
const text = (content: string) => ({ type: 10, content })
const button = (customId: string, more = {}) => ({ type: 2, style: 2, label: 'Go', custom_id: customId, ...more })
const row = (...components: unknown[]) => ({ type: 1, components })
const message = (...components: unknown[]) => ({ flags: V2, components })

describe('limits of a message', () => {
  test('given a message at every limit, when checked, then nothing is wrong', () => {
    const full = message(
      text('x'.repeat(3999)),
      ...Array.from({ length: 19 }, (_, i) => row(button(`${i}`))),
      text('x'),
    )
    expect(messageProblems(full)).toEqual([])
  })

  test.each([
    ['4,001 characters', message(text('x'.repeat(4000)), text('x')), /4001 characters/u],
    ['41 components', message(...Array.from({ length: 41 }, () => text('x'))), /41 components/u],
    ['an empty text', message(text(' ')), /empty text/u],
    ['a custom id twice', message(row(button('a')), row(button('a'))), /used twice/u],
    ['a custom id of 101 characters', message(row(button('a'.repeat(101)))), /1 to 100/u],
    ['a label of 81 characters', message(row(button('a', { label: 'x'.repeat(81) }))), /80/u],
    ['six buttons in a row', message(row(...[1, 2, 3, 4, 5, 6].map((i) => button(`${i}`)))), /1 to 5/u],
    [
      'a container in a container',
      message({ type: 17, components: [{ type: 17, components: [text('x')] }] }),
      /may not stand/u,
    ],
    ['a section without a button', message({ type: 9, components: [text('x')] }), /accessory/u],
    [
      'a link of 513 characters',
      message(row({ type: 2, style: 5, label: 'x', url: `https://a.example/${'x'.repeat(500)}` })),
      /512/u,
    ],
    ['a script as a link', message(row({ type: 2, style: 5, label: 'x', url: 'javascript:alert(1)' })), /no URL/u],
    ['content beside components', { ...message(text('x')), content: 'x' }, /content is not allowed/u],
    ['components without the flag', { components: [text('x')] }, /only action rows/u],
    ['a misspelt key', message({ ...text('x'), colour: 1 }), /colour is no key/u],
    ['a flag nobody may set', { ...message(text('x')), flags: V2 | 1 }, /flags/u],
  ])('given %s, when checked, then it is refused', (_, body, problem) => {
    expect(messageProblems(body).join('\n')).toMatch(problem)
  })

  test('given an edit, when it sets ephemeral, then it is refused', () => {
    expect(messageProblems({ ...message(text('x')), flags: V2 | 64 }, true)).not.toEqual([])
  })
})

describe('limits of commands, choices and modals', () => {
  test.each([
    ['a name in capitals', { name: 'Ask', description: 'x' }],
    ['no description', { name: 'ask', description: '' }],
    [
      'a required option after an optional one',
      {
        name: 'a',
        description: 'x',
        options: [
          { type: 3, name: 'b', description: 'x' },
          { type: 3, name: 'c', description: 'x', required: true },
        ],
      },
    ],
    [
      'two options of one name',
      {
        name: 'a',
        description: 'x',
        options: [
          { type: 3, name: 'b', description: 'x' },
          { type: 3, name: 'b', description: 'x' },
        ],
      },
    ],
    [
      'a translation that is too long',
      { name: 'a', description: 'x', description_localizations: { de: 'x'.repeat(101) } },
    ],
  ])('given %s, when checked, then the command is refused', (_, command) => {
    expect(commandProblems(command)).not.toEqual([])
  })

  test('given 26 choices or a value of 101 characters, when checked, then they are refused', () => {
    expect(choiceProblems({ choices: Array.from({ length: 26 }, () => ({ name: 'a', value: 'a' })) })).not.toEqual([])
    expect(choiceProblems({ choices: [{ name: 'a', value: 'x'.repeat(101) }] })).not.toEqual([])
  })

  test('given a title of 46 characters, when checked, then the modal is refused', () => {
    const component = { type: 18, label: 'x', component: { type: 4, custom_id: 'a', style: 1 } }
    expect(modalProblems({ title: 'x'.repeat(45), custom_id: 'a', components: [component] })).toEqual([])
    expect(modalProblems({ title: 'x'.repeat(46), custom_id: 'a', components: [component] })).not.toEqual([])
  })
})

describe('requests', () => {
  let discord: LocalDiscord
  let rest: REST
  beforeAll(async () => {
    discord = await startLocalDiscord()
    rest = new REST({ api: discord.apiUrl, retries: 0 }).setToken(discord.token)
  })
  afterAll(() => discord.close())

  test('given a malformed command, when put, then it is refused and remembered as a violation', async () => {
    const route = Routes.applicationCommands(discord.world.application.id)
    await expect(rest.put(route, { body: [{ name: 'NO', description: 'x' }] })).rejects.toMatchObject({ code: 50_035 })
    expect(discord.violations).toHaveLength(1)
  })

  test('given another token, when asked, then it is unauthorised', async () => {
    const stranger = new REST({ api: discord.apiUrl, retries: 0 }).setToken('someone.else')
    await expect(stranger.get(Routes.gatewayBot())).rejects.toMatchObject({ status: 401 })
  })

  test('given an endpoint that Discord does not have, when asked, then it is a violation', async () => {
    const before = discord.violations.length
    await expect(rest.get('/no/such/place')).rejects.toMatchObject({ status: 400 })
    expect(discord.violations.length).toBe(before + 1)
  })

  test('given five requests in two seconds on one webhook, when a sixth comes, then it is told to wait', async () => {
    const ada = discord.user('Ada')
    const { world } = discord
    const id = world.nextId()
    world.application.commands.set(id, { id, name: 'x', type: 1, description: 'x', options: [] } as never)
    const { interaction } = ada.start('/x')
    await rest.post(Routes.interactionCallback(interaction.id, interaction.token), { auth: false, body: { type: 5 } })
    const url = `${discord.apiUrl}/v10${Routes.webhookMessage(world.application.id, interaction.token)}`
    const statuses = []
    for (let i = 0; i < 6; i++) statuses.push((await fetch(url)).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  })
})

/** Discord's own description is not part of the repository; the limits above hold without it. */
describe('the API’s description', () => {
  test('given ../shared/discord/openapi.json, when it is there, then requests are checked against it', async () => {
    const { loadOpenApi } = await import('./server/openapi.ts')
    const openApi = loadOpenApi()
    if (openApi === undefined) return expect(openApi).toBeUndefined()
    const template = openApi.operation('PATCH', '/webhooks/1/token/messages/@original') ?? ''
    expect(template).toBe('/webhooks/{webhook_id}/{webhook_token}/messages/@original')
    expect(openApi.check('PATCH', template, message(text('x')))).toEqual([])
    expect(openApi.check('PATCH', template, { components: [{ type: 10, content: '' }] })).not.toEqual([])
    expect(openApi.operation('GET', '/no/such/place')).toBeUndefined()
  })
})
