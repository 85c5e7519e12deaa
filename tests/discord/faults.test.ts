import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine.ts'
import { UserError } from '../../src/errors.ts'
import { startTestBot, type TestBot } from './bot.ts'
import { tooMany } from './server/rest.ts'
import { textOf } from './server/reading.ts'
import type { Message } from './server/server.ts'
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
beforeEach(async () => {
  gate = undefined
  on = await startTestBot({ coverage, wrap: gated, heartbeatMs: 200 })
})
afterEach(() => on.close())

const QUESTION = { question: 'Who said the bridge is safe for people on foot?' }
const CALLBACK = /POST \/interactions\/.*\/callback/u
const EDIT = /PATCH \/webhooks\/.*@original/u
const isPrivate = (message: Message) => message.visibleTo !== undefined
const callbacks = () => on.discord.requests.filter(({ path }) => path.endsWith('/callback'))
const answersIn = (channelId: string) =>
  on.discord.world.messages.filter((m) => m.author === 'bot' && m.channel.id === channelId && !m.deleted)

function closeGate(): () => void {
  let open: () => void = () => undefined
  gate = new Promise((resolve) => {
    open = resolve
  })
  return open
}

describe('in time', () => {
  test('given a quick answer, when asked, then it is the acknowledgement itself', async () => {
    const turn = on.discord.user('Ada').start('/ask', QUESTION)
    await turn.answer()
    await turn.answer()
    expect([4, 5]).toContain(turn.interaction.callback)
    expect(callbacks()).toHaveLength(1)
  })

  test('given a slow answer, when asked, then it is announced, and comes as an edit of the announcement', async () => {
    const open = closeGate()
    const turn = on.discord.user('Ada').start('/ask', QUESTION)
    await turn.acknowledged()
    expect(turn.interaction.callback).toBe(5)
    expect(turn.interaction.original?.loading).toBe(true)
    open()
    const answer = await turn.answer()
    expect(answer).toBe(turn.interaction.original)
    expect(textOf(answer)).toContain('safe for people on foot')
  })

  test('given a slow private answer, when announced, then the announcement is private too', async () => {
    const open = closeGate()
    const turn = on.discord.user('Ada').start('/ask', { ...QUESTION, private: true })
    await turn.acknowledged()
    expect(turn.interaction.original?.visibleTo).toBeDefined()
    open()
    expect(isPrivate(await turn.answer())).toBe(true)
  })

  test('given a public announcement that ends in an error, when delivered, then it is taken back and the asker alone sees the error', async () => {
    let fail: (error: Error) => void = () => undefined
    gate = new Promise((_, reject) => {
      fail = reject
    })
    const turn = on.discord.user('Ada').start('/ask', QUESTION)
    await turn.acknowledged()
    const { original } = turn.interaction
    expect(original?.visibleTo).toBeUndefined()
    fail(new UserError('index-busy', 'The index is being repaired.', 'Ask again in a minute.'))
    const answer = await turn.answer()
    expect(isPrivate(answer)).toBe(true)
    expect(textOf(answer)).toContain('Ask again in a minute.')
    expect(original?.deleted).toBe(true)
  })

  test('given a day that is none, when asked, then the asker alone is told how a day is written', async () => {
    const answer = await on.discord.user('Ada').type('/ask', { ...QUESTION, since: 'last Tuesday' })
    expect(isPrivate(answer)).toBe(true)
    expect(textOf(answer)).toContain('2024-06-24')
  })
})

describe('when Discord fails', () => {
  test('given 5xx on the first response, when answered, then it arrives all the same, once', async () => {
    on.discord.inject({ on: CALLBACK, status: 502, times: 2 })
    const ada = on.discord.user('Ada')
    expect(textOf(await ada.type('/ask', QUESTION))).toContain('safe for people on foot')
    expect(answersIn(ada.channel.id)).toHaveLength(1)
  })

  test('given a first response that counted though its answer was lost, when tried again, then there is one message', async () => {
    on.discord.inject({ on: CALLBACK, status: 500, afterEffect: true })
    const ada = on.discord.user('Ada')
    expect(textOf(await ada.type('/ask', QUESTION))).toContain('safe for people on foot')
    expect(answersIn(ada.channel.id)).toHaveLength(1)
  })

  test('given a cut connection, when answered, then it arrives, once', async () => {
    on.discord.inject({ on: CALLBACK, hangUp: true })
    const ada = on.discord.user('Ada')
    expect(textOf(await ada.type('/ask', QUESTION))).toContain('safe for people on foot')
    expect(answersIn(ada.channel.id)).toHaveLength(1)
  })

  test('given an outage longer than the client’s own tries, when the answer is an edit, then it arrives after it', async () => {
    const open = closeGate()
    on.discord.inject({ on: EDIT, status: 503, times: 6 })
    const turn = on.discord.user('Ada').start('/ask', QUESTION)
    await turn.acknowledged()
    open()
    expect(textOf(await turn.answer())).toContain('safe for people on foot')
  })

  test('given a 429, when answered, then it waits as told and arrives, once', async () => {
    const { status, headers = {}, body } = tooMany(0.3)
    on.discord.inject({ on: CALLBACK, status, headers, body })
    const ada = on.discord.user('Ada')
    const before = performance.now()
    await ada.type('/ask', QUESTION)
    expect(performance.now() - before).toBeGreaterThanOrEqual(290)
    expect(answersIn(ada.channel.id)).toHaveLength(1)
  })

  test('given an interaction that Discord no longer knows, when answered, then it is logged, nothing crashes, and the next is answered', async () => {
    const open = closeGate()
    const ada = on.discord.user('Ada')
    const late = ada.start('/ask', QUESTION)
    on.discord.clock.advance(4000)
    open()
    gate = undefined
    expect(textOf(await ada.type('/ask', QUESTION))).toContain('safe for people on foot')
    expect(late.interaction.callback).toBeUndefined()
    await on.bot.close()
    expect(on.log.some((line) => line['delivered'] === 'lost')).toBe(true)
  })

  test('given an answer after the token’s fifteen minutes, when delivered, then it is logged as lost and nothing crashes', async () => {
    const open = closeGate()
    const ada = on.discord.user('Ada')
    const turn = ada.start('/ask', QUESTION)
    await turn.acknowledged()
    on.discord.clock.advance(16 * 60_000)
    open()
    gate = undefined
    expect(textOf(await ada.type('/ask', QUESTION))).toContain('safe for people on foot')
    await on.bot.close()
    expect(on.log.some((line) => line['delivered'] === 'lost')).toBe(true)
    expect(turn.interaction.original?.loading).toBe(true)
  })

  test('given an announcement that somebody deleted, when the answer is ready, then it comes as a message of its own', async () => {
    const open = closeGate()
    const turn = on.discord.user('Ada').start('/ask', QUESTION)
    await turn.acknowledged()
    const { original } = turn.interaction
    if (original !== undefined) original.deleted = true
    open()
    expect(textOf(await turn.answer())).toContain('safe for people on foot')
  })

  test('given a bug in a command, when asked, then the asker alone sees an incident, and the log has the same with its stack', async () => {
    gate = Promise.reject(new Error('a bug on purpose'))
    gate.catch(() => undefined)
    const answer = await on.discord.user('Ada').type('/ask', QUESTION)
    expect(isPrivate(answer)).toBe(true)
    const incident = /Incident ([0-9a-f]{8})/u.exec(textOf(answer))?.[1]
    const line = on.log.find((each) => each['incident'] === incident)
    expect(JSON.stringify(line)).toContain('faults.test.ts')
  })

  test('given quotations that are not verbatim any more, when sent, then they are withheld', async () => {
    await on.close()
    on = await startTestBot({ coverage, wrap: (engine) => ({ ...engine, isVerbatim: () => Promise.resolve(false) }) })
    const answer = await on.discord.user('Ada').type('/ask', QUESTION)
    expect(textOf(answer)).not.toContain('safe for people on foot until')
    expect(textOf(answer)).toContain('withheld')
    expect(isPrivate(answer)).toBe(true)
  })
})

describe('when the gateway fails', () => {
  test('given a connection cut mid-question, when it is resumed, then the answer is there, and one asked meanwhile too, each once', async () => {
    const open = closeGate()
    const ada = on.discord.user('Ada')
    const during = ada.start('/ask', QUESTION)
    await during.acknowledged()
    on.discord.gateway.drop('cut')
    const meanwhile = ada.start('/ask', QUESTION)
    open()
    gate = undefined
    expect(textOf(await during.answer())).toContain('safe for people on foot')
    expect(textOf(await meanwhile.answer())).toContain('safe for people on foot')
    expect(on.discord.gateway.resumes).toBe(1)
    expect(answersIn(ada.channel.id)).toHaveLength(2)
  })

  test('given Discord asking to reconnect, when it has, then questions go on', async () => {
    on.discord.gateway.drop('reconnect')
    const answer = await on.discord.user('Ada').type('/ask', QUESTION)
    expect(textOf(answer)).toContain('safe for people on foot')
  })

  test('given a session that is gone, when the client has identified anew, then the running answer arrives once and new ones too', async () => {
    const open = closeGate()
    const ada = on.discord.user('Ada')
    const during = ada.start('/ask', QUESTION)
    await during.acknowledged()
    on.discord.gateway.drop('invalidate')
    open()
    gate = undefined
    expect(textOf(await during.answer())).toContain('safe for people on foot')
    await on.discord.connected()
    expect(textOf(await ada.type('/ask', QUESTION))).toContain('safe for people on foot')
    expect(on.discord.gateway.identifies).toHaveLength(2)
    expect(answersIn(ada.channel.id)).toHaveLength(2)
  })

  test('given a connection on which nothing comes any more, when a heartbeat stays unanswered, then it is replaced and the held-back question answered', async () => {
    on.discord.gateway.goDeaf()
    const answer = await on.discord.user('Ada').type('/ask', QUESTION)
    expect(textOf(answer)).toContain('safe for people on foot')
    expect(on.discord.gateway.resumes).toBe(1)
  })

  test('given an interaction that Discord sends twice, when answered, then there is one answer', async () => {
    const ada = on.discord.user('Ada')
    const { world, gateway, guild } = on.discord
    const sent: [string, unknown][] = []
    const { dispatch } = gateway
    gateway.dispatch = (event, payload, to) => {
      sent.push([event, payload])
      return dispatch(event, payload, to)
    }
    await ada.type('/ask', QUESTION)
    const [event, payload] = sent[0] ?? ['', undefined]
    dispatch(event, payload, guild)
    await ada.type('/ask', QUESTION)
    expect(answersIn(ada.channel.id)).toHaveLength(2)
    expect(callbacks()).toHaveLength(2)
    expect(world.interactions.size).toBe(2)
  })
})
