import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Engine } from '../../src/engine.ts'
import { startTestBot, type TestBot } from './bot.ts'
import { textOf } from './server/reading.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

let coverage: TownCoverage
let on: TestBot
/** While set, questions wait for it. */
let gate: Promise<void> | undefined

/** The real engine, whose answers wait at the gate. */
const gated = (engine: Engine): Engine => ({
  ...engine,
  ask: async (question) => {
    await gate
    return engine.ask(question)
  },
})

beforeAll(async () => {
  coverage = await buildTownCoverage()
})
afterAll(() => coverage.remove())
afterEach(() => on.close())

const QUESTION = { question: 'Who said the bridge is safe for people on foot?' }
const ANSWER = 'safe for people on foot'
const BUSY = /Many are asking just now\. Please try again <t:\d+>\./u
const CALLBACK = /POST \/interactions\/.*\/callback/u
const OVERLOADED = 'more comes than can be answered'

async function start(patienceMs: number): Promise<void> {
  gate = undefined
  on = await startTestBot({ coverage, wrap: gated, patienceMs, healthPort: 0 })
}

function closed(): { readonly shut: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const shut = new Promise<void>((resolve) => (open = resolve))
  return { shut, open }
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${String(on.bot.healthPort)}/metrics`)).text()
  return Number(new RegExp(`^${name} (.+)$`, 'mu').exec(text)?.[1])
}

const askOne = (i: number) => on.discord.user(`Reader ${i}`).start('/ask', QUESTION)

test('given more questions than can be answered in time, when more come, then their askers alone are told when to try again, and all others are answered', async () => {
  await start(100)
  const { shut, open } = closed()
  gate = shut
  const turns = Array.from({ length: 12 }, (_, i) => askOne(i))
  const answers = turns.map((turn) => turn.answer())
  const refused = await Promise.any(answers)
  expect(textOf(refused)).toMatch(BUSY)
  expect(refused.visibleTo).toBeDefined()
  open()
  const texts = (await Promise.all(answers)).map(textOf)
  expect(texts.filter((text) => text.includes(ANSWER)).length).toBeGreaterThanOrEqual(6)
  expect(texts.every((text) => text.includes(ANSWER) || BUSY.test(text))).toBe(true)
  gate = undefined
  expect(textOf(await on.discord.user('Ada').type('/ask', QUESTION))).toContain(ANSWER)
})

test('given that one is turned away, then it costs a single request, and the log tells of all of them once', async () => {
  await start(0)
  const { shut, open } = closed()
  gate = shut
  const turns = Array.from({ length: 60 }, (_, i) => askOne(i))
  const answers = turns.map(async (turn) => ({ turn, text: textOf(await turn.answer()) }))
  while ((await metric('verbatim_shed_total')) < 50) await Promise.race(answers)
  open()
  const away = (await Promise.all(answers)).filter(({ text }) => BUSY.test(text))
  expect(away.length).toBeGreaterThanOrEqual(50)
  for (const { turn } of away) {
    const own = on.discord.requests.filter(({ path }) => path.includes(turn.interaction.token))
    expect(own.map(({ method, status }) => [method, status])).toEqual([['POST', 204]])
  }
  expect(on.log.filter(({ msg }) => msg === OVERLOADED).length).toBeLessThan(5)
  expect(on.log.filter(({ interaction }) => interaction === away[0]?.turn.interaction.id)).toEqual([])
})

test('given too much to do, when somebody types an option, then there are no choices instead of a wait', async () => {
  await start(0)
  const { shut, open } = closed()
  gate = shut
  const turns = Array.from({ length: 5 }, (_, i) => askOne(i))
  await Promise.any(turns.map((turn) => turn.answer()))
  expect(await on.discord.user('Ada').complete('/quotes', 'speaker', 'a')).toEqual([])
  open()
  await Promise.all(turns.map((turn) => turn.answer()))
  expect(await on.discord.user('Ada').complete('/quotes', 'speaker', 'a')).not.toEqual([])
})

test('given a Discord that answers no request, when hundreds ask, then connections and those turned away stay few, the rest are left without a request and counted; once it answers, so does the bot', async () => {
  const ASKED = 700
  await start(0)
  const { shut, open } = closed()
  gate = shut
  const sockets = new Set<Socket>()
  let most = 0
  on.discord.inject({
    on: CALLBACK,
    times: ASKED,
    until: async ({ socket }) => {
      if (!sockets.has(socket)) socket.once('close', () => sockets.delete(socket))
      sockets.add(socket)
      most = Math.max(most, sockets.size)
      await shut
    },
  })
  for (let i = 0; i < ASKED; i++) askOne(i)
  const taken = async () => (await metric('verbatim_dropped_total')) + (await metric('verbatim_shed_total'))
  while ((await taken()) < ASKED - 20);
  const dropped = await metric('verbatim_dropped_total')
  expect(dropped).toBeGreaterThan(0)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(100)
  expect(on.log.some(({ msg }) => msg === OVERLOADED)).toBe(true)
  open()
  gate = undefined
  while ((await metric('verbatim_running')) > 0);
  const answered = [...on.discord.world.interactions.values()].filter(({ callback }) => callback !== undefined)
  expect(answered.length).toBeLessThanOrEqual(ASKED - dropped)
  expect(textOf(await on.discord.user('Ada').type('/ask', QUESTION))).toContain(ANSWER)
})

test('given questions that come after Discord has forgotten them, then nothing is sent for them, and those in time are answered', async () => {
  await start(20_000)
  const ada = on.discord.user('Ada')
  await ada.type('/ask', QUESTION)
  on.discord.clock.advance(-20_000)
  const late = Array.from({ length: 3 }, () => ada.start('/ask', QUESTION))
  on.discord.clock.advance(20_000)
  expect(textOf(await ada.type('/ask', QUESTION))).toContain(ANSWER)
  expect(await metric('verbatim_dropped_total')).toBe(3)
  for (const { interaction } of late)
    expect(on.discord.requests.some(({ path }) => path.includes(interaction.token))).toBe(false)
})
