import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/discord/store.ts'
import { startTestBot, type TestBot } from './bot.ts'
import { buttonsOf, markdownOf, textOf } from './server/reading.ts'
import type { Message } from './server/server.ts'
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

const isPrivate = (message: Message) => message.visibleTo !== undefined

describe('/quotes', () => {
  test('given a misspelt speaker, when completed and chosen, then what they said stands there in quotation marks, with who and where', async () => {
    const ada = on.discord.user('Ada')
    const [choice] = await ada.complete('/quotes', 'speaker', 'okro')
    expect(choice?.value).toBe('Ada Okoro')
    const answer = await ada.type('/quotes', { speaker: String(choice?.value), kind: 'direct' })
    expect(markdownOf(answer)).toContain(
      '> “I reported the first crack four years ago and was told to wait,”\n— **Ada Okoro**',
    )
    expect(textOf(answer)).toContain('Elm Chronicle · Inquiry: who knew of the cracks in the harbour bridge?')
  })

  test('given reported speech, when shown, then the journalist’s words stand without quotation marks', async () => {
    const answer = await on.discord.user('Ada').type('/quotes', { speaker: 'Ada Okoro', kind: 'reported' })
    expect(markdownOf(answer)).toMatch(/^> [^“]*on schedule/mu)
  })

  test('given nothing typed, when completed, then the most quoted speaker comes first', async () => {
    const [first] = await on.discord.user('Ada').complete('/quotes', 'speaker', '')
    expect(first?.value).toBe('Ada Okoro')
  })

  test('given more quotes than fit, when paged, then the rest comes, and each has its context', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/quotes', { speaker: 'Ada Okoro' })
    const first = markdownOf(answer)
    await ada.press(answer, 'More')
    expect(markdownOf(answer)).not.toBe(first)
    const context = await ada.press(answer, 'Context')
    expect(isPrivate(context)).toBe(true)
    expect(markdownOf(context)).toMatch(/\*\*/u)
  })

  test('given private quotes, when shared, then everyone sees them', async () => {
    const ada = on.discord.user('Ada')
    const hidden = await ada.type('/quotes', { speaker: 'Lena Brandt', private: true })
    expect(isPrivate(hidden)).toBe(true)
    const shared = await ada.startPress(hidden, 'Share').followUp()
    expect(isPrivate(shared)).toBe(false)
    expect(textOf(shared)).toContain('No such report reached my desk')
  })
})

describe('/verify', () => {
  test('given a quote with one word changed, when verified, then the words that differ are marked beside the real ones', async () => {
    const answer = await on.discord
      .user('Ada')
      .type('/verify', { quote: 'We have replaced three of the eleven cracked beams' })
    expect(markdownOf(answer)).toContain('We have replaced ~~two~~ __three__ of the eleven cracked beams')
    expect(textOf(answer)).toContain('Claimed: “We have replaced three of the eleven cracked beams”')
    expect(textOf(answer)).toContain('“We have replaced two of the eleven cracked beams')
  })

  test('given somebody else’s message with a quotation, when verified, then only the one who asks sees what is known of it, and can share it', async () => {
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    const message = ben.say('Listen: the mayor said “No such report reached my desk” and nobody laughed.')
    const answer = await ada.useMessageCommand('Verify quote', message).answer()
    expect(isPrivate(answer)).toBe(true)
    expect(textOf(answer)).toContain('Verbatim')
    expect(textOf(answer)).toContain('— Lena Brandt')
    const shared = await ada.startPress(answer, 'Share').followUp()
    expect(ben.sees()).toContain(shared)
  })

  test('given one of the bot’s own answers, when verified, then its words are read from its components', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/quotes', { speaker: 'Jonas Weld', kind: 'direct' })
    const verified = await ada.useMessageCommand('Verify quote', answer).answer()
    expect(textOf(verified)).toContain('We pumped for thirty hours and then the pumps failed')
    expect(textOf(verified)).toContain('Verbatim')
  })
})

describe('/speakers and /articles', () => {
  test('given the coverage, when asked for, then speakers and articles are listed with links and dates', async () => {
    const ada = on.discord.user('Ada')
    expect(textOf(await ada.type('/speakers', { about: 'bridge' }))).toMatch(/Ada Okoro · \d+ quotes/u)
    const articles = await ada.type('/articles', { outlet: 'The Tarn Post' })
    expect(markdownOf(articles)).toMatch(/- \[Library reopens under a new roof\]\(https:.*\).*<t:\d+:D>/u)
    expect(textOf(articles)).not.toContain('Schools in Tarn')
  })

  test('given titles full of markup, when listed, then none of it acts', async () => {
    const articles = await on.discord.user('Ada').type('/articles', { about: 'marmalade contest' })
    expect(textOf(articles)).toContain('Readers write: @everyone **must** read [this](https://evil.example) ||now||')
    expect(buttonsOf(articles)).toEqual([])
  })
})

describe('votes', () => {
  test('given votes, when read for evaluation, then each has the question, the passage’s place and words, and who voted is not in it', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: 'Who said the bridge is safe for people on foot?' })
    await ada.press(answer, 'Useful')
    const store = openStore(on.dataDir)
    const [vote] = store.votes()
    store.close()
    expect(vote).toMatchObject({ question: 'Who said the bridge is safe for people on foot?', useful: true })
    expect(vote?.file).toBe('harbour-bridge-closes.md')
    expect(vote?.quote).toContain('safe for people on foot')
    expect(JSON.stringify(vote)).not.toContain(ada.account.id)
  })
})
