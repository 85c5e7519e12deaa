import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** A Chromium that is installed here; undefined where there is none. */
export function installedChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path))
}

/** A browser without a window. Nothing but the loopback interface is reachable from it. */
export async function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  })
}

/** A file as a person picks it. */
export type PickedFile = { readonly name: string; readonly text: string }

/** Types a slash command with options into the page, as a person does, and sends it. */
export async function typeCommand(
  page: Page,
  name: string,
  options: Readonly<Record<string, string | PickedFile>>,
): Promise<void> {
  await page.fill('#line', `/${name}`)
  await page.click(`#menu button:has-text("/${name}")`)
  for (const [option, value] of Object.entries(options)) {
    const field = page.locator(`#form [name="${option}"]`)
    if ((await field.count()) === 0) await page.click(`#form .chip:has-text("+ ${option}")`)
    if (typeof value === 'object')
      await field.setInputFiles({ name: value.name, mimeType: 'text/plain', buffer: Buffer.from(value.text) })
    else if (await field.evaluate((node) => node.tagName === 'SELECT')) await field.selectOption(value)
    else await field.fill(value)
  }
  await page.locator('#form').evaluate((form) => (form as unknown as { requestSubmit(): void }).requestSubmit())
}
