import Database from 'better-sqlite3'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../discord/bot.ts'
import { textOf } from '../discord/server/reading.ts'
import { buildTownCoverage, type TownCoverage } from '../discord/town-coverage.ts'

let coverage: TownCoverage
let on: TestBot
beforeAll(async () => {
  coverage = await buildTownCoverage()
})
afterAll(() => coverage.remove())
beforeEach(async () => {
  on = await startTestBot({ coverage })
})
afterEach(() => on.close())

/** Changes the bot's database by another hand, while the bot has it open. */
function meddle(sql: string): void {
  const database = new Database(join(on.dataDir, 'discord.db'))
  database.exec(sql)
  database.close()
}

test('given a store that takes nothing more, when a long question is asked, then it is answered, and the log has why a button is missing', async () => {
  meddle(`CREATE TRIGGER full BEFORE INSERT ON texts BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END`)
  const question = `How long is the bridge safe for people on foot, ${'as the city engineer said, '.repeat(12)}really?`
  expect(textOf(await on.discord.user('Nils').type('/ask', { question }))).toMatch(/safe for people on foot until/u)
  expect(on.log.some(({ msg }) => String(msg).startsWith('the text of a button could not be kept'))).toBe(true)
})

test('given a store that gives nothing back, when anything is used, then whoever did hears that it broke, and once it is well all goes on', async () => {
  const reader = on.discord.user('Nils')
  const question = 'How long is the bridge safe for people on foot?'
  const before = await reader.type('/ask', { question })
  meddle('ALTER TABLE settings RENAME TO lost')
  expect(textOf(await reader.type('/ask', { question }))).toMatch(/Something broke on our side/u)
  expect(textOf(await reader.startPress(before, 'Context').answer())).toMatch(/Something broke on our side/u)
  expect(await reader.complete('/quotes', 'speaker', 'Ada')).toEqual([])
  expect(on.log.filter(({ msg }) => msg === 'an interaction broke')).toHaveLength(2)
  meddle('ALTER TABLE lost RENAME TO settings')
  expect(textOf(await reader.type('/ask', { question }))).toMatch(/safe for people on foot/u)
})
