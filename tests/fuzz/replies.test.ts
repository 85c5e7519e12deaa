import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine.ts'
import { UserError } from '../../src/errors.ts'
import { failureReply } from '../../src/failure.ts'
import { loadCommands } from '../../src/load-commands.ts'
import { readTypedCommand } from '../../src/terminal/typed-command.ts'
import { renderReply } from '../../src/terminal/render.ts'
import { startTestBot, type TestBot } from '../discord/bot.ts'
import { buttonsOf, markdownOf, markupIn, textOf } from '../discord/server/reading.ts'
import type { Message } from '../discord/server/server.ts'
import { buildTownCoverage, type TownCoverage } from '../discord/town-coverage.ts'
import { hostileText } from './hostile.ts'

const PINGS =
  '@everyone @here <@123456789012345678> <@&123456789012345678> <#123456789012345678> </ask:123456789012345678>'
const MARKUP =
  '**bold** __line__ ~~gone~~ ||hidden|| `code` [click](https://evil.example/x) https://evil.example/y discord.gg/zz'
const INVISIBLE = '\u202eright to left\u202c \u200bzero\u200d width \u2066isolate\u2069 \u061cletter'
/** What YAML can write and a terminal would act on. */
const ESCAPES = '\\e[31mred \\e]8;;https://evil.example\\alink\\e]8;;\\a \\x9b2J \\0'

const article = (title: string, outlet: string, rest: string, body: string) =>
  `---\ntitle: "${title}"\noutlet: "${outlet}"\npublished: 2025-08-01\n${rest}---\n\n${body}\n`

/** Articles that do what an article can to a reply. */
const ARTICLES: Readonly<Record<string, string>> = {
  'long-names': article(
    'Marmalade '.repeat(1000),
    'Outlet '.repeat(700),
    'url: https://chronicle.example/long\n',
    '“Marmalade is a serious matter,” said Ada Okoro, the mayor of marmalade. The marmalade factory will open in May.',
  ),
  pings: article(
    `Marmalade ${PINGS} ${MARKUP}`,
    `Post ${PINGS}`,
    `author: "${MARKUP}"\nvia: "${PINGS} ${MARKUP}"\nurl: https://evil.example/)[x](https://evil.example/z)\n`,
    `Marmalade makers wrote ${PINGS}. ${MARKUP} “Marmalade ${PINGS} ${MARKUP} for everybody,” said Bea @everyone Lund.\n\n# Marmalade\n> ${MARKUP}\n-# ${PINGS}`,
  ),
  invisible: article(
    `Marmalade ${ESCAPES} ${INVISIBLE}`,
    `Chronicle ${ESCAPES}${INVISIBLE}`,
    '',
    `Marmalade lovers ${INVISIBLE} met \u001b[31min red\u001b[0m \u001b]8;;https://evil.example\u0007here\u001b]8;;\u0007. “The marmalade ${INVISIBLE} was best,” said Cyd ${INVISIBLE} Marsh.`,
  ),
  marks: article('Marmalade marks', 'Marks', '', `Marmalade ${'“'.repeat(300)} ${'*'.repeat(500)} ${'`'.repeat(300)} ends here.`),
  'one-word': article('M', 'M', '', `Marmalade${'a'.repeat(9000)} said Dan Ost: “${'marmalade '.repeat(900)}”`),
} // prettier-ignore

let coverage: TownCoverage
let engine: Engine
let on: TestBot
beforeAll(async () => {
  coverage = await buildTownCoverage()
  for (const [slug, markdown] of Object.entries(ARTICLES).slice(1)) await coverage.write(slug, markdown)
  await coverage.publish('long-names', ARTICLES['long-names'] ?? '')
  engine = await coverage.open()
  on = await startTestBot({ coverage })
})
afterAll(async () => {
  await engine.close()
  await on.close()
  await coverage.remove()
})

/** What a message may have of Discord's markdown: our own. Nobody is named in it, nothing hidden, no bare address. */
const OURS = new Set(['strong', 'heading', 'blockQuote', 'subtext', 'list', 'listItem', 'link', 'timestamp', 'strikethrough', 'underline', 'em']) // prettier-ignore

function expectHarmless(message: Message): void {
  const markdown = markdownOf(message)
  expect(markupIn(markdown).filter((type) => !OURS.has(type))).toEqual([])
  expect(message.allowedMentions).toEqual({ parse: [] })
  expect(message.flags & (1 << 2)).not.toBe(0)
  for (const [, target = ''] of markdown.matchAll(/(?<!\\)\]\(([^)]*)\)/gu)) expect(target).toMatch(/^https?:\/\/[\x21-\x7e]+$/u) // prettier-ignore
  for (const { url } of buttonsOf(message)) if (url !== undefined) expect(new URL(url).protocol).toMatch(/^https?:$/u)
}

/** Controls but line breaks, and what turns the direction of writing. */
const ACTING = /(?!\n)\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

describe('replies', () => {
  test.each<[string, Readonly<Record<string, string | boolean>>]>([
    ['/ask', { question: 'What did marmalade makers write?' }],
    ['/ask', { question: `${PINGS} marmalade ${MARKUP}` }],
    ['/quotes', { speaker: 'Ada Okoro', about: `marmalade ${PINGS}` }],
    ['/quotes', { speaker: 'Lund', view: 'timeline' }],
    ['/quotes', { speaker: 'Dan Ost', view: 'outlets' }],
    ['/quotes', { speaker: `${PINGS}`.slice(0, 100) }],
    ['/verify', { quote: `Marmalade ${PINGS} ${MARKUP} for everyone`, speaker: '@everyone' }],
    ['/verify', { quote: 'The marmalade right to left was worst' }],
    ['/speakers', { about: 'marmalade' }],
    ['/articles', { about: 'marmalade' }],
    ['/articles', { outlet: 'Outlet '.repeat(14).trim() }],
    ['/help', {}],
  ])('given an article that does its worst, when %s %j is used, then the reply is within limits and nothing of it acts', async (command, options) => {
    const answer = await on.discord.user('Ada').type(command, options)
    expectHarmless(answer)
    expect(textOf(answer)).not.toContain('Something broke')
    for (const { label } of buttonsOf(answer).filter(({ customId, label: words }) => customId !== undefined && words !== 'Follow up')) {
      const after = await on.discord.user('Ben').press(answer, label)
      expectHarmless(after)
    }
    expect(on.discord.violations).toEqual([])
  }) // prettier-ignore

  test.each(['a\0b c', '\0&lt', 'NEAR(a b)', 'a" OR "b', '* AND NOT', 'title : x', '^-{}()'])(
    'given %j, which a search could take for its own signs, when verified, then it is looked for as words',
    async (words) => {
      const answer = await on.discord.user('Ada').type('/verify', { quote: words, speaker: words })
      expectHarmless(answer)
      expect(textOf(answer)).not.toContain('Something broke')
    },
  )

  test('given any words for any option, when typed, then the reply is within limits, nothing acts, and nothing breaks', async () => {
    const ada = on.discord.user('Ada')
    let answered = 0
    await fc.assert(
      fc.asyncProperty(hostileText, fc.constantFrom('/ask', '/quotes', '/verify', '/speakers', '/articles'), async (text, command) => {
        const words = Buffer.from(text.slice(0, 90)).toString().trim()
        fc.pre(words.length >= 2)
        const options = { '/ask': { question: words, outlet: words }, '/quotes': { speaker: words, about: words }, '/verify': { quote: words, speaker: words }, '/speakers': { about: words }, '/articles': { about: words } }[command]
        const answer = await ada.type(command ?? '', options)
        expectHarmless(answer)
        expect(textOf(answer)).not.toContain('Something broke')
        answered++
      }),
      { numRuns: 60 },
    )
    expect(answered).toBeGreaterThan(30)
    expect(on.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
  }) // prettier-ignore

  test('given any line typed into the terminal, when answered, then only what a person can mend is refused, and nothing acts on the terminal', async () => {
    const commands = await loadCommands()
    const people = commands.filter(({ definition }) => definition.access === 'everyone')
    let answered = 0
    await fc.assert(
      fc.asyncProperty(hostileText, fc.constantFrom('', '/ask ', '/quotes ', '/verify ', '/speakers about:', '/articles about:', '/'), async (text, lead) => {
        const reply = await Promise.resolve()
          .then(() => readTypedCommand(`${lead}${text.slice(0, 300)}`, people))
          .then(({ command, options }) => command.run(options, { engine }))
          .catch((error: unknown) => {
            if (!(error instanceof UserError)) throw error
            return failureReply(error, () => undefined)
          })
        expect(renderReply(reply, { columns: 80, color: false })).not.toMatch(ACTING)
        answered++
      }),
      { numRuns: 80 },
    )
    expect(answered).toBeGreaterThanOrEqual(80)
  }) // prettier-ignore

  test('given an article with escape sequences, when listed, asked and quoted in the terminal, then none comes through, in colour too', async () => {
    const commands = await loadCommands()
    for (const line of ['/articles about:marmalade', 'What did marmalade lovers do?', '/quotes Marsh', '/speakers about:marmalade', '/verify "The marmalade was best"']) {
      const { command, options } = readTypedCommand(line, commands)
      const reply = await command.run(options, { engine })
      expect(renderReply(reply, { columns: 80, color: false })).not.toMatch(ACTING)
      // Our own colours are all that is there.
      const colour = `${String.fromCharCode(27)}\\[\\d+m`
      expect(renderReply(reply, { columns: 80, color: true }).replace(new RegExp(colour, 'gu'), '')).not.toMatch(ACTING)
    }
  }) // prettier-ignore
})

describe('a channel limited to one outlet', () => {
  test('given a quote of another outlet, when verified there, then it is not found, and elsewhere it is', async () => {
    const newsroom = on.discord.channel('newsroom')
    const moderator = on.discord.user('Mod', { moderator: true })
    await moderator.in(newsroom).type('/settings', { outlets: 'Marks' })
    const ada = on.discord.user('Ada')
    const quote = { quote: 'No such report reached my desk' }
    expect(textOf(await ada.in(newsroom).type('/verify', quote))).not.toContain('Elm Chronicle')
    expect(textOf(await ada.type('/verify', quote))).toContain('Elm Chronicle')
    await moderator.in(newsroom).type('/settings', { outlets: 'all' })
  })
})
