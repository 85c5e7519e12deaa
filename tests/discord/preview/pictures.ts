import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { readConfig } from '../../../src/config.ts'
import { installedChromium, launchBrowser, typeCommand } from './browser.ts'
import { startPreview } from './preview.ts'

/** `npm run pictures`: the pictures of README, of real answers from the sample corpus. Needs a Chromium. */
const PICTURES = fileURLToPath(new URL('../../../.images/', import.meta.url))

const FERRY = {
  name: 'ferry.txt',
  text: `Ferry to Holm sails again after nine weeks
By Nora Quist
Outlet: Harlow Courier
2 April 2026

The ferry to Holm sails again from Friday. A crack in the hull had kept it in the yard for nine weeks, longer than anybody on the island can remember.

“We have learned how far away the other shore is,” said Ilse Varga, who runs the shop at the landing.

The shipping line said that passengers with a season ticket would get their money back for February and March.

Sign up for our newsletter
`,
}

type Scene = { readonly name: string; show(page: Page): Promise<void> }

const answered = async (page: Page) => {
  await page.locator('.message').waitFor()
  await page.locator('.note:has-text("is thinking")').waitFor({ state: 'detached' })
}

const scenes: readonly Scene[] = [
  {
    name: 'ask',
    show: async (page) => {
      await typeCommand(page, 'ask', { question: 'How many M1 Abrams tanks did the United States promise Ukraine?' })
      await answered(page)
    },
  },
  {
    name: 'quotes',
    show: async (page) => {
      await typeCommand(page, 'quotes', { speaker: 'Kim Yo Jong', about: 'tanks' })
      await answered(page)
    },
  },
  {
    name: 'verify',
    show: async (page) => {
      await typeCommand(page, 'verify', { quote: 'a sinister intent to realise its imperial goal' })
      await answered(page)
    },
  },
  {
    name: 'corpus-add',
    show: async (page) => {
      await page.selectOption('#person', { label: 'Mo Moderator' })
      await typeCommand(page, 'corpus add', { file: FERRY })
      await answered(page)
    },
  },
  {
    name: 'typing',
    show: async (page) => {
      await page.fill('#line', '/quotes')
      await page.click('#menu button:has-text("/quotes")')
      await page.fill('#form [name="speaker"]', 'kim yong')
      await page.waitForSelector('#menu button')
    },
  },
]

const executable = installedChromium()
if (executable === undefined) {
  process.stderr.write('No Chromium is installed here; the pictures stay as they are.\n')
  process.exit(1)
}
await mkdir(PICTURES, { recursive: true })
const browser = await launchBrowser(executable)
for (const { name, show } of scenes) {
  const dataDir = await mkdtemp(join(tmpdir(), 'verbatim-pictures-'))
  const preview = await startPreview({ ...readConfig({}), dataDir }, 0)
  const page = await browser.newPage({ viewport: { width: 960, height: 720 }, deviceScaleFactor: 1 })
  await page.goto(preview.url)
  await page.waitForSelector('#line')
  await show(page)
  const messages = page.locator('#messages')
  const height = await messages.evaluate((node) =>
    [...node.children].reduce((sum, child) => sum + child.clientHeight, 0),
  )
  await page.setViewportSize({ width: 960, height: Math.min(1400, Math.max(560, height + 170)) })
  await messages.evaluate((node) => node.scrollTo(0, 0))
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
  process.stdout.write(`.images/${name}.png\n`)
  await page.close()
  await preview.close()
  await rm(dataDir, { recursive: true, force: true })
}
await browser.close()
