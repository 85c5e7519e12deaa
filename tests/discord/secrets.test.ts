import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { strikeSecrets } from '../../src/secrets.ts'
import { freePort, spawnBot, spawnVerbatim, type BotProcess } from './process.ts'
import { startLocalDiscord, type LocalDiscord } from './server/server.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

/** Shaped like a bot's token, and nobody's. */
const TOKEN = `${Buffer.from('123456789012345678').toString('base64url')}.Gx7Yz1.${'aB3-_'.repeat(7)}xyz`

let coverage: TownCoverage
let discord: LocalDiscord
let place: string
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'verbatim-secrets-'))
  coverage = await buildTownCoverage()
  discord = await startLocalDiscord()
})
afterAll(async () => {
  await coverage.remove()
  await discord.close()
  await rm(place, { recursive: true, force: true })
})

const failureOf = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

/** Everything that a process said until its end. */
async function said(bot: BotProcess): Promise<{ code: number | null; text: string }> {
  try {
    const code = await bot.exited
    return { code, text: `${bot.output()}${bot.errors()}` }
  } finally {
    await bot.remove()
  }
}

describe('the token', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['another setting is wrong', { DISCORD_TOKEN: TOKEN, HEALTH_PORT: 'x' }, 'HEALTH_PORT'],
    ['it was put after the wrong names', { DISCORD_GUILD_ID: TOKEN, SHARDS: TOKEN, LOG_LEVEL: TOKEN }, 'SHARDS'],
    ['it has a character that no header takes', { DISCORD_TOKEN: `${TOKEN}\u0007x` }, 'DISCORD_TOKEN'],
    ['it was copied with an invisible character', { DISCORD_TOKEN: `\u200b${TOKEN}` }, 'DISCORD_TOKEN'],
  ])(
    'given that %s, when settings are read, then the failure names the setting and never the token',
    (_, env, name) => {
      const failure = inspect(
        failureOf(() => readConfig(env)),
        { depth: null },
      )
      expect(failure).toContain(name)
      expect(failure).not.toContain(TOKEN)
    },
  )

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['Discord refuses it to shards', { DISCORD_TOKEN: TOKEN, SHARDS: '2' }, 'Discord does not accept DISCORD_TOKEN'],
    ['Discord cannot be reached', { DISCORD_API_URL: 'http://127.0.0.1:9/api' }, 'Discord cannot be reached'],
    ['it names the model', { EMBEDDING_MODEL: TOKEN }, 'embedding model'],
  ])('given that %s, when the bot starts, then it says what is wrong and never the token', async (_, env, expected) => {
    const { code, text } = await said(await spawnBot(discord, coverage, env))
    expect(code).toBe(1)
    expect(text).toContain(expected)
    expect(text).not.toContain('incident')
    expect(text).not.toContain(TOKEN)
    expect(text).not.toContain(discord.token)
  })

  test('given a Discord that sends it back in its errors, when the bot fails, then the incident is told without it', async () => {
    discord.inject({ on: /^GET .*commands/u, status: 400, body: { code: 0, message: `Bot ${discord.token} ${TOKEN}` } })
    const { code, text } = await said(await spawnBot(discord, coverage))
    expect(code).toBe(1)
    expect(text).toContain('incident')
    expect(text).toContain('[secret]')
    expect(text).not.toContain(TOKEN)
    expect(text).not.toContain(discord.token)
  })

  test('given a bot that runs and then breaks on it, when its log, its crash and its pages are read, then none has it', async () => {
    const port = await freePort()
    const bot = await spawnBot(discord, coverage, { LOG_LEVEL: 'trace', HEALTH_PORT: String(port) })
    await discord.connected()
    await discord.user('Ada').type('/ask', { question: 'Who said the bridge is safe?' })
    const pages = await Promise.all(
      ['/healthz', '/readyz', '/metrics', '/nothing'].map((path) =>
        fetch(`http://127.0.0.1:${String(port)}${path}`).then((page) => page.text()),
      ),
    )
    bot.child.kill('SIGUSR2')
    const { code, text } = await said(bot)
    expect(code).toBe(1)
    expect(text).toContain('a bug on purpose: [secret]')
    for (const each of [text, ...pages]) expect(each).not.toContain(discord.token)
  })

  test('given it in the environment, when `verbatim corpus status --json` runs, then nothing printed has it', async () => {
    const places = { CORPUS_DIR: coverage.corpusDir, INDEX_DIR: coverage.indexDir, DATA_DIR: join(place, 'data') }
    const { text } = await said(
      await spawnVerbatim(['corpus', 'status', '--json'], { DISCORD_TOKEN: TOKEN, ...places }),
    )
    expect(text).toContain('"articles"')
    expect(text).not.toContain(TOKEN)
  })
})

describe('a text for a log or a screen', () => {
  test('given secrets, tokens of bots and of interactions in it, when they are struck, then the rest stays', () => {
    const text = `s3cret ${TOKEN} at https://discord.example/api/webhooks/12/aW50ZXI/messages, see 2.17.2 and a.b.c`
    expect(strikeSecrets(text, ['s3cret', '', undefined])).toBe(
      '[secret] [secret] at https://discord.example/api/webhooks/12/[token]/messages, see 2.17.2 and a.b.c',
    )
  })
})
