import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/discord/logging.ts'
import { freePort, spawnBot, type BotProcess } from './process.ts'
import { textOf } from './server/reading.ts'
import { startLocalDiscord, type LocalDiscord } from './server/server.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

let coverage: TownCoverage
let discord: LocalDiscord
let bot: BotProcess | undefined

beforeAll(async () => {
  coverage = await buildTownCoverage()
})
afterAll(() => coverage.remove())
afterEach(async () => {
  await bot?.remove()
  bot = undefined
  await discord.close()
  expect(discord.violations).toEqual([])
})

const QUESTION = 'Who said the bridge is safe for people on foot?'

async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const page = async (port: number, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
  return response === undefined ? undefined : { status: response.status, text: await response.text() }
}

describe('a bot process', () => {
  test('given questions under way, when it gets SIGTERM, then all are answered, nothing new is taken, and it ends with 0', async () => {
    discord = await startLocalDiscord()
    bot = await spawnBot(discord, coverage)
    await discord.connected()
    await discord.user('Ada').type('/ask', { question: QUESTION })
    const turns = Array.from({ length: 8 }, (_, i) => discord.user(`Reader ${i}`).start('/ask', { question: QUESTION }))
    await turns[0]?.acknowledged()
    const taken = bot.child.kill('SIGTERM')
    expect(taken).toBe(true)
    expect(await bot.exited).toBe(0)
    const acknowledged = turns.filter((turn) => turn.interaction.callback !== undefined)
    for (const turn of acknowledged) expect(textOf(await turn.answer())).toContain('safe for people on foot')
    expect(acknowledged.length).toBeGreaterThan(0)
  })

  test('given a promise that nobody handles, when it fails, then the log has its stack and the process ends with 1', async () => {
    discord = await startLocalDiscord()
    bot = await spawnBot(discord, coverage)
    await discord.connected()
    await discord.user('Ada').type('/ask', { question: QUESTION })
    bot.child.kill('SIGUSR2')
    expect(await bot.exited).toBe(1)
    const line = bot
      .output()
      .split('\n')
      .find((each) => each.includes('a bug on purpose'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 'fatal',
      err: { stack: expect.stringContaining('at ') as string },
    })
  })

  test('given a token Discord refuses, when started, then it says what to do and ends with 1', async () => {
    discord = await startLocalDiscord()
    bot = await spawnBot(discord, coverage, { DISCORD_TOKEN: 'not.the.token' })
    expect(await bot.exited).toBe(1)
    expect(bot.errors()).toContain('Discord does not accept DISCORD_TOKEN')
    expect(bot.errors()).toContain('Reset Token')
  })

  test('given HEALTH_PORT, when the gateway comes and goes, then /readyz follows, /healthz stays, and /metrics count', async () => {
    discord = await startLocalDiscord()
    const port = await freePort()
    bot = await spawnBot(discord, coverage, { HEALTH_PORT: String(port) })
    await discord.connected()
    await discord.user('Ada').type('/ask', { question: QUESTION })
    await until(async () => ((await page(port, '/readyz'))?.status === 200 ? true : undefined))
    expect((await page(port, '/healthz'))?.text).toBe('ok\n')
    expect((await page(port, '/nothing'))?.status).toBe(404)
    const metrics = (await page(port, '/metrics'))?.text ?? ''
    expect(metrics).toMatch(/verbatim_interactions_total\{command="ask",outcome="answered"\} 1/u)
    expect(metrics).toMatch(/verbatim_answer_seconds_bucket\{/u)
    expect(metrics).toMatch(/verbatim_gateway_ready 1/u)
    expect(metrics).toMatch(/verbatim_index_generation 1/u)
    expect(metrics).toMatch(/verbatim_index_age_seconds \d/u)
    expect(metrics).toMatch(/verbatim_votes\{verdict="useful"\} 0/u)
    expect(metrics).toMatch(/nodejs_eventloop_lag_p99_seconds/u)
    discord.gateway.refusing = true
    discord.gateway.drop('cut')
    const down = await until(async () => {
      const ready = await page(port, '/readyz')
      return ready?.status === 503 ? ready : undefined
    })
    expect(down.text).toContain('gateway')
    expect((await page(port, '/healthz'))?.status).toBe(200)
    discord.gateway.refusing = false
    await until(async () => ((await page(port, '/readyz'))?.status === 200 ? true : undefined))
  })
})

describe('the log', () => {
  test.each([
    ['nothing set', {}, false],
    ['LOG_QUESTIONS', { LOG_QUESTIONS: 'true' }, true],
  ])(
    'given %s, when somebody asks, then the line has the interaction’s id, and the question only if wanted, never the token',
    async (_, env, wanted) => {
      discord = await startLocalDiscord()
      bot = await spawnBot(discord, coverage, { LOG_LEVEL: 'debug', ...env })
      await discord.connected()
      const turn = discord.user('Ada').start('/ask', { question: QUESTION })
      await turn.answer()
      const { output } = bot
      const line = await until(() =>
        output()
          .split('\n')
          .find((each) => each.includes(turn.interaction.id)),
      )
      expect(JSON.parse(line)).toMatchObject({ interaction: turn.interaction.id, command: 'ask', outcome: 'answered' })
      expect(output().includes(QUESTION)).toBe(wanted)
      expect(output()).not.toContain(discord.token)
      expect(output()).not.toContain(turn.interaction.token)
    },
  )

  test('given the token in an error, an address or a nested value, when logged, then it is struck out; so are interactions’ tokens', async () => {
    discord = await startLocalDiscord()
    const lines: string[] = []
    const log = createLog({
      level: 'info',
      secrets: ['s3cret.tok3n'],
      destination: { write: (line) => void lines.push(line) },
    })
    const cause = new Error('Authorization: Bot s3cret.tok3n')
    log.error({ err: new Error('failed', { cause }), deep: [{ header: 's3cret.tok3n' }] }, 's3cret.tok3n')
    log.error({ url: 'https://discord.example/webhooks/123/aW50ZXJhY3Rpb24/messages/@original' })
    expect(lines.join('')).not.toContain('s3cret')
    expect(lines.join('')).not.toContain('aW50ZXJhY3Rpb24')
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow()
  })
})

describe('shards', () => {
  test('given two shards, when people of both ask, then each shard answers its own from one index, and health speaks for both', async () => {
    discord = await startLocalDiscord({ shards: 2 })
    const [even, odd] = [0n, 1n].map((shard) =>
      discord.addGuild(`Server ${shard}`, String((1_000_000n + shard) << 22n)),
    )
    const port = await freePort()
    bot = await spawnBot(discord, coverage, { SHARDS: 'auto', HEALTH_PORT: String(port) })
    await discord.connected(2)
    expect(discord.gateway.identifies.map((each) => each.shard)).toEqual([[0, 2], [1, 2]]) // prettier-ignore
    for (const guild of [even, odd]) {
      const channel = guild?.channels[0]
      if (channel === undefined) throw new Error('no channel')
      const answer = await discord.user('Ada').in(channel).type('/ask', { question: QUESTION })
      expect(textOf(answer)).toContain('safe for people on foot')
      expect(answer.channel).toBe(channel)
    }
    expect(discord.requests.filter((request) => request.method === 'PUT')).toHaveLength(1)
    await until(async () => ((await page(port, '/readyz'))?.status === 200 ? true : undefined))
    const metrics = (await page(port, '/metrics'))?.text ?? ''
    expect(metrics).toMatch(/verbatim_interactions_total\{command="ask",outcome="answered"\} 2/u)
    expect(metrics).toMatch(/verbatim_gateway_ready 2/u)
    bot.child.kill('SIGTERM')
    expect(await bot.exited).toBe(0)
    await until(() => (discord.gateway.connected === 0 ? true : undefined))
  })
})
