import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { confirm } from '../../src/terminal/confirm.ts'

test.each([
  ['y', true],
  ['YES', true],
  ['  yes ', true],
  ['n', false],
  ['', false],
  ['yesterday', false],
])('given the answer "%s", when asked to confirm, then it counts as %s', async (answer, isYes) => {
  const output = new PassThrough()
  expect(await confirm('Remove it?', Readable.from([`${answer}\n`]), output)).toBe(isYes)
  expect(String(output.read())).toContain('Remove it? [y/N]')
})

test('given an input that ends without an answer, when asked to confirm, then that is no', async () => {
  expect(await confirm('Remove it?', Readable.from([]), new PassThrough())).toBe(false)
})
