import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestBot, type TestBot } from './bot.ts'
import { buttonsOf, componentCount, markdownOf, markupIn, textOf } from './server/reading.ts'
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

const BRIDGE = 'Who said the bridge is safe for people on foot?'
const EPHEMERAL = 1 << 6
const labels = (message: Message) => buttonsOf(message).map((button) => button.label)
const isPrivate = (message: Message) => message.visibleTo !== undefined && (message.flags & EPHEMERAL) !== 0

describe('an answer', () => {
  test('given a question the coverage answers, when asked, then its words stand there with the answer in bold, the source and the date', async () => {
    const answer = await on.discord.user('Ada').type('/ask', { question: BRIDGE })
    const text = markdownOf(answer)
    expect(textOf(answer)).toContain(
      '“The bridge is safe for people on foot until Sunday night, and not an hour longer,”',
    )
    expect(text).toMatch(/\*\*[^*]*safe for people on foot[^*]*\*\*/u)
    expect(text).toContain('The Tarn Post')
    expect(text).toContain('[Harbour bridge closes for two years of repairs](https://post.example/')
    expect(text).toMatch(/<t:\d+:D>/u)
    expect(buttonsOf(answer).find((button) => button.label === 'Source')?.url).toMatch(/^https:\/\/post\.example\//u)
  })

  test('given any answer, when sent, then nobody is mentioned, nothing unfurls, and it is made of components', async () => {
    const answer = await on.discord.user('Ada').type('/ask', { question: BRIDGE })
    expect(answer.allowedMentions).toEqual({ parse: [] })
    expect(answer.flags & ((1 << 2) | (1 << 15))).toBe((1 << 2) | (1 << 15))
    expect(componentCount(answer)).toBeLessThanOrEqual(40)
  })

  test('given a public answer, when others look, then they see it; given a private one, then they do not', async () => {
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    const open = await ada.type('/ask', { question: BRIDGE })
    const hidden = await ada.type('/ask', { question: BRIDGE, private: true })
    expect(ben.sees()).toContain(open)
    expect(ben.sees()).not.toContain(hidden)
    expect(ada.sees()).toContain(hidden)
  })

  test('given an article full of markup, when quoted, then none of it acts and all of it is seen', async () => {
    const answer = await on.discord.user('Ada').type('/ask', {
      question: 'marmalade contest letters: bold marmalade, number sign, hidden spoiler, another marmalade letter',
    })
    const ours = ['blockQuote', 'heading', 'link', 'strong', 'subtext', 'timestamp']
    expect(markupIn(markdownOf(answer)).filter((kind) => !ours.includes(kind))).toEqual([])
    const text = textOf(answer)
    for (const words of [
      '@everyone',
      '||a hidden spoiler||',
      '<@123456789012345678>',
      '<t:1700000000:R>',
      '[click here](https://evil.example/free)',
      'discord.gg/marmalade',
      '~~nothing~~',
      'back\\slash',
    ])
      expect(text).toContain(words)
    expect(markdownOf(answer)).not.toMatch(/https:\/\/evil|discord\.gg/u)
  })

  test('given a question full of markup, when echoed, then none of it acts', async () => {
    const question = 'bridge **bold** @everyone <@123456789012345678> [x](https://evil.example) ||spoiler|| # safe?'
    const answer = await on.discord.user('Ada').type('/ask', { question })
    expect(textOf(answer)).toContain(question)
    expect(new Set(markupIn(markdownOf(answer).split('\n')[0] ?? ''))).toEqual(new Set(['heading']))
  })

  test('given an article without an address, when quoted, then it has no Source button', async () => {
    const answer = await on.discord
      .user('Ada')
      .type('/ask', { question: 'Will schools teach swimming again?', outlet: 'Elm Chronicle' })
    const [first = ''] = markdownOf(answer).split('Schools in Tarn bring back swimming lessons')
    expect(first).toContain('swim')
    expect(markdownOf(answer)).not.toContain('[Schools in Tarn')
  })
})

describe('nothing found', () => {
  test('given a question nothing answers, when asked, then it says so and offers up to three topics that ask', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: 'Xyzzy plugh frobnicate?' })
    expect(textOf(answer)).toMatch(/does not answer/u)
    const topics = buttonsOf(answer).filter((button) => button.url === undefined)
    expect(topics.length).toBeGreaterThan(0)
    expect(topics.length).toBeLessThanOrEqual(3)
    const next = await ada.press(answer, topics[0]?.label ?? '')
    expect(next).not.toBe(answer)
    expect(markdownOf(next)).toContain('> ')
  })
})

describe('pages', () => {
  test('given more hits than fit, when paged, then More and Back go through all of them in place', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: BRIDGE })
    const first = markdownOf(answer)
    expect(labels(answer)).not.toContain('Back')
    expect(await ada.press(answer, 'More')).toBe(answer)
    const second = markdownOf(answer)
    expect(second).not.toBe(first)
    expect(second.split('\n')[0]).toBe(first.split('\n')[0])
    expect(labels(answer)).toContain('Back')
    await ada.press(answer, 'Back')
    expect(markdownOf(answer)).toBe(first)
  })

  test('given somebody else’s public answer, when paged, then the page is the presser’s own and the answer stays', async () => {
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    const answer = await ada.type('/ask', { question: BRIDGE })
    const before = markdownOf(answer)
    const own = await ben.press(answer, 'More')
    expect(own).not.toBe(answer)
    expect(isPrivate(own)).toBe(true)
    expect(markdownOf(answer)).toBe(before)
    expect(ada.sees()).not.toContain(own)
    expect(await ben.press(own, 'Back')).toBe(own)
    expect(markdownOf(own)).toBe(before)
  })

  test('given a restart, when an old button is pressed, then it works', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: BRIDGE })
    const first = markdownOf(answer)
    await on.restart()
    await ada.press(answer, 'More')
    expect(markdownOf(answer)).not.toBe(first)
  })
})

describe('context', () => {
  test('given a passage, when its context is asked for, then the presser alone sees it among its neighbours, the passage in bold', async () => {
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    const answer = await ada.type('/ask', { question: BRIDGE })
    const context = await ben.press(answer, 'Context')
    expect(isPrivate(context)).toBe(true)
    expect(context.visibleTo).toBe(ben.account.id)
    expect(textOf(context)).toContain('close to all traffic on Monday')
    expect(textOf(context)).toContain('Ferries will carry commuters')
    expect(markdownOf(context)).toMatch(/\*\*“The bridge is safe[\s\S]*\*\*/u)
  })
})

describe('sharing', () => {
  test('given a private answer, when shared, then everyone sees the same words, and it cannot be shared twice', async () => {
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    const hidden = await ada.type('/ask', { question: BRIDGE, private: true })
    const words = markdownOf(hidden)
    const shared = await ada.startPress(hidden, 'Share').followUp()
    expect(isPrivate(shared)).toBe(false)
    expect(ben.sees()).toContain(shared)
    expect(markdownOf(shared)).toBe(`${words}\n-# Shared by <@${ada.account.id}>`)
    expect(shared.allowedMentions).toEqual({ parse: [] })
    expect(labels(shared)).not.toContain('Share')
    expect(labels(hidden)).not.toContain('Share')
  })

  test('given a public answer, when looked at, then there is nothing to share', async () => {
    expect(labels(await on.discord.user('Ada').type('/ask', { question: BRIDGE }))).not.toContain('Share')
  })
})

describe('following up', () => {
  test('given a follow-up that leaves speaker and topic open, when asked, then both are those of the question before', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: 'What did Lena Brandt say about the quay wall?' })
    const modal = await ada.startPress(answer, 'Follow up').modal()
    expect(modal.title).toBe('Follow up')
    const next = await ada.submit(modal, { 'Your question': 'and what did she say before?' }, answer).answer()
    expect(next).not.toBe(answer)
    expect(markdownOf(next).split('\n')[0]).toBe('### what did Lena Brandt say before about the quay wall?')
  })

  test('given a private answer, when followed up, then the next one is private too', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: BRIDGE, private: true })
    const modal = await ada.startPress(answer, 'Follow up').modal()
    const next = await ada.submit(modal, { 'Your question': 'what did she say it would cost?' }, answer).answer()
    expect(isPrivate(next)).toBe(true)
  })
})

describe('votes', () => {
  test('given an answer, when two people vote on a passage, then both count once, and /help shows it', async () => {
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    const answer = await ada.type('/ask', { question: 'Who said that not one book was lost in the library?' })
    expect(isPrivate(await ada.press(answer, 'Useful'))).toBe(true)
    await ada.press(answer, 'Useful')
    await ben.press(answer, 'Not useful')
    expect(textOf(await ada.type('/help'))).toContain('1 sources useful, 1 not')
  })
})

describe('messages', () => {
  test('given a message, when looked up in the coverage, then the presser alone sees what the coverage says of it', async () => {
    const [ada, ben] = [on.discord.user('Ada'), on.discord.user('Ben')]
    const message = ben.say('Ferry fares across the harbour rose by a fifth on Tuesday')
    const answer = await ada.useMessageCommand('Find in coverage', message).answer()
    expect(isPrivate(answer)).toBe(true)
    expect(textOf(answer)).toContain('Ferry fares across the harbour rose by a fifth')
    expect(labels(answer)).toContain('Share')
  })

  test('given a message longer than a question may be, when looked up, then it is cut and answered', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.useMessageCommand('Find in coverage', ada.say('ferry fares '.repeat(160))).answer()
    expect(isPrivate(answer)).toBe(true)
  })

  test('given a message without text, when used, then it says so to the presser', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.useMessageCommand('Find in coverage', ada.say('')).answer()
    expect(isPrivate(answer)).toBe(true)
    expect(textOf(answer)).toContain('no text')
  })
})

describe('where it is asked', () => {
  test('given direct messages and a group the bot is not in, when asked there, then it answers there', async () => {
    const ada = on.discord.user('Ada')
    for (const kind of ['bot-dm', 'private'] as const) {
      const elsewhere = on.discord.directMessages(ada, kind)
      const answer = await elsewhere.type('/ask', { question: BRIDGE })
      expect(textOf(answer)).toContain('safe for people on foot')
      expect(answer.channel).toBe(elsewhere.channel)
      expect(await elsewhere.press(answer, 'More')).toBe(answer)
    }
  })

  test('given a German client, when a command is typed by its German name, then it is the same command', async () => {
    const jana = on.discord.user('Jana', { locale: 'de' })
    expect(textOf(await jana.type('/fragen', { question: BRIDGE }))).toContain('safe for people on foot')
  })
})

describe('typing', () => {
  test('given a misspelt outlet, when completed, then the outlet is offered, at most 25, in a tenth of a second', async () => {
    const ada = on.discord.user('Ada')
    await ada.complete('/ask', 'outlet', '', { question: 'x' })
    const before = performance.now()
    const choices = await ada.complete('/ask', 'outlet', 'tarn pst', { question: 'x' })
    const took = performance.now() - before
    expect(choices[0]?.value).toBe('The Tarn Post')
    expect(choices.length).toBeLessThanOrEqual(25)
    console.info(`completion: ${took.toFixed(1)} ms`)
  })

  test('given nothing typed, when completed, then outlets are offered', async () => {
    expect((await on.discord.user('Ada').complete('/ask', 'outlet', '')).length).toBeGreaterThan(0)
  })
})

describe('tampering and old buttons', () => {
  test('given a forged custom id, when sent, then it is refused to the sender alone and nothing changes', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: BRIDGE })
    const before = markdownOf(answer)
    const button = buttonsOf(answer).find((each) => each.label === 'Useful')
    const forged = (button?.customId ?? '').replace('vote|1|', 'vote|0|')
    const reply = await ada.forge(answer, forged).answer()
    expect(isPrivate(reply)).toBe(true)
    expect(textOf(reply)).toContain('too old')
    expect(markdownOf(answer)).toBe(before)
  })

  test('given a new index, when old buttons are pressed, then they say kindly that it moved on, and Ask again asks', async () => {
    const ada = on.discord.user('Ada')
    const answer = await ada.type('/ask', { question: BRIDGE })
    await coverage.publish(
      'aa-first',
      '---\ntitle: A first article\noutlet: The Tarn Post\n---\nNew words stand here now, before all others.\n',
    )
    await on.restart()
    const stale = await ada.press(answer, 'More')
    expect(isPrivate(stale)).toBe(true)
    expect(textOf(stale)).toContain('indexed anew')
    const again = await ada.press(stale, 'Ask again')
    expect(textOf(again)).toContain('safe for people on foot')
  })
})
