import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { installedChromium, launchBrowser, typeCommand } from './preview/browser.ts'
import { startPreview, type Preview } from './preview/preview.ts'
import { buildTownCoverage, type TownCoverage } from './town-coverage.ts'

const chromium = installedChromium()
let coverage: TownCoverage
let preview: Preview
let dataDir: string

beforeAll(async () => {
  coverage = await buildTownCoverage()
  dataDir = await mkdtemp(join(tmpdir(), 'verbatim-preview-'))
  const { corpusDir, indexDir } = coverage
  preview = await startPreview({ ...readConfig({}), corpusDir, indexDir, dataDir }, 0)
})
afterAll(async () => {
  await preview.close()
  expect(preview.discord.violations).toEqual([])
  await coverage.remove()
  await rm(dataDir, { recursive: true, force: true })
})

const BRIDGE = 'Who said the bridge is safe for people on foot?'

test('given the preview, when its page is asked for, then it is served, with the bot’s commands', async () => {
  const html = await (await fetch(preview.url)).text()
  expect(html).toContain('<title>Verbatim: preview</title>')
  const seen = (await (await fetch(new URL('/seen', preview.url))).json()) as { commands: { name: string }[] }
  expect(seen.commands.map((command) => command.name)).toContain('ask')
})

test('given nonsense, when sent to the preview, then it is refused with a reason', async () => {
  const response = await fetch(new URL('/act', preview.url), { method: 'POST', body: '{"do":"nothing"}' })
  expect(response.status).toBe(400)
})

/** Without a Chromium the page itself is not tested; what it asks of the server is, above. */
describe.runIf(chromium !== undefined)('the page, in a Chromium (skipped where none is installed)', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launchBrowser(chromium ?? '')
    page = await browser.newPage()
    await page.goto(preview.url)
    await page.waitForSelector('#line')
  })
  afterAll(() => browser.close())

  const last = () => page.locator('.message').last()

  test('given a question typed as a slash command, when sent, then the answer is shown with bold, source and buttons that work', async () => {
    await typeCommand(page, 'ask', { question: BRIDGE })
    await page.waitForSelector('.message .quote')
    expect(await last().locator('.quote strong').first().textContent()).toContain('safe for people on foot')
    expect(await last().locator('a.button').first().getAttribute('href')).toContain('https://post.example/')
    const first = await last().textContent()
    await last().getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('button', { name: 'Back', exact: true }).waitFor()
    expect(await last().textContent()).not.toBe(first)
  })

  test('given a speaker half typed, when a choice is clicked, then it is the option’s value', async () => {
    await page.fill('#line', '/quotes')
    await page.click('#menu button:has-text("/quotes")')
    await page.fill('#form [name="speaker"]', 'okro')
    await page.click('#menu button:has-text("Ada Okoro")')
    expect(await page.inputValue('#form [name="speaker"]')).toBe('Ada Okoro')
    await page.press('#form [name="speaker"]', 'Enter')
    await page.waitForSelector('.message:has-text("I reported the first crack")')
  })

  test('given Follow up, when the window is filled in, then the next answer keeps the topic', async () => {
    await typeCommand(page, 'ask', { question: 'What did Lena Brandt say about the quay wall?' })
    await page.locator('.message:has-text("Lena Brandt say about")').getByRole('button', { name: 'Follow up' }).click()
    await page.fill('#modal input', 'and what did she say before?')
    await page.click('#modal button')
    await page.waitForSelector('.heading:has-text("what did Lena Brandt say before about the quay wall?")')
  })

  test('given a private answer, when somebody else looks, then they do not see it', async () => {
    await typeCommand(page, 'ask', { question: 'What is the library roof made of?', private: 'true' })
    await page.waitForSelector('.message.private .quote')
    await page.selectOption('#person', { label: 'Sam Colleague' })
    await page.locator('.message.private').waitFor({ state: 'detached' })
    expect(await page.textContent('#messages')).toContain('safe for people on foot')
    expect(await page.textContent('#messages')).not.toContain('What is the library roof made of?')
  })
})
