import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestBot, type TestBot } from './bot.ts'
import { buttonsOf, markdownOf, markupIn, textOf } from './server/reading.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

let coverage: TownCoverage
let on: TestBot

beforeAll(async () => {
  coverage = await buildTownCoverage()
  on = await startTestBot({ coverage })
})
afterAll(async () => {
  await on.close()
  await coverage.remove()
})

describe('asking', () => {
  test('given a question the coverage answers, when asked, then its words stand there with the answer in bold and the source', async () => {
    const ada = on.discord.user('Ada Reader')
    const answer = await ada.type('/ask', { question: 'Who said the bridge is safe for people on foot?' })
    console.log(markdownOf(answer))
    const st = performance.now()
    console.log(
      textOf(await ada.type('/ask', { question: 'letters of the marmalade contest' })),
      performance.now() - st,
      buttonsOf(answer).length,
    )
    console.log(markdownOf(await ada.type('/quotes', { speaker: 'Ada Okoro' })))
    console.log(markdownOf(await ada.type('/verify', { quote: 'We have replaced three of the eleven cracked beams' })))
    expect(textOf(answer)).toContain('The bridge is safe for people on foot until Sunday night, and not an hour longer')
    expect(markupIn(markdownOf(answer))).toContain('strong')
  })
})
