import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isWhole, publishDirectory } from '../../src/embedding/model-directory.ts'

let parent: string
let directory: string

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'verbatim-models-'))
  directory = join(parent, 'model-1')
})

afterEach(() => rm(parent, { recursive: true, force: true }))

const writeModel = (content: string) => async (temporary: string) => {
  await mkdir(join(temporary, 'onnx'))
  await writeFile(join(temporary, 'config.json'), '{}')
  await writeFile(join(temporary, 'onnx', 'model.onnx'), content)
}

const weights = () => readFile(join(directory, 'onnx', 'model.onnx'), 'utf8')

test('given files, when published, then the directory is whole and nothing else is left', async () => {
  expect(await isWhole(directory)).toBe(false)
  await publishDirectory(directory, writeModel('weights'))
  expect(await isWhole(directory)).toBe(true)
  expect(await readdir(parent)).toEqual(['model-1'])
})

test('given writing fails half way, when published, then the failure comes through and nothing is left', async () => {
  const failing = publishDirectory(directory, async (temporary) => {
    await writeModel('weights')(temporary)
    throw new Error('the power went')
  })
  await expect(failing).rejects.toThrow('the power went')
  expect(await readdir(parent)).toEqual([])
})

test.each([
  ['cut short', () => truncate(join(directory, 'onnx', 'model.onnx'), 3)],
  ['longer', () => appendFile(join(directory, 'onnx', 'model.onnx'), '!')],
  ['changed in one letter', () => writeFile(join(directory, 'onnx', 'model.onnx'), 'weighty')],
  ['missing', () => rm(join(directory, 'config.json'))],
  ['without its list of files', () => rm(join(directory, 'files.json'))],
  ['with half a list of files', () => truncate(join(directory, 'files.json'), 20)],
])('given a published directory that is %s, when published again, then it is replaced', async (_, damage) => {
  await publishDirectory(directory, writeModel('weights'))
  await damage()
  expect(await isWhole(directory)).toBe(false)
  await publishDirectory(directory, writeModel('weights'))
  expect(await isWhole(directory)).toBe(true)
  expect(await readdir(parent)).toEqual(['model-1'])
})

test('given another was faster, when published, then its directory stays', async () => {
  await publishDirectory(directory, async (temporary) => {
    await publishDirectory(directory, writeModel('theirs'))
    await writeModel('ours')(temporary)
  })
  expect(await weights()).toBe('theirs')
  expect(await readdir(parent)).toEqual(['model-1'])
})

test('given ten at once, when published, then one directory is there and whole', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, i) => publishDirectory(directory, writeModel(`weights ${i}`))))
  expect(await isWhole(directory)).toBe(true)
  expect(await readdir(parent)).toEqual(['model-1'])
})

test('given leftovers of an attempt that was killed, when published, then old ones go and young ones stay', async () => {
  const [old, young, other] = [`${directory}.old.tmp`, `${directory}.young.tmp`, join(parent, 'model-2.old.tmp')]
  for (const path of [old, young, other]) await mkdir(path)
  for (const path of [old, other]) await utimes(path, 0, 0)
  await publishDirectory(directory, writeModel('weights'))
  expect((await readdir(parent)).sort()).toEqual(['model-1', 'model-1.young.tmp', 'model-2.old.tmp'])
})

test('given a file where the folder should be, when published, then the error says what to do', async () => {
  const blocked = join(parent, 'file')
  await writeFile(blocked, '')
  await expect(publishDirectory(join(blocked, 'model-1'), writeModel('weights'))).rejects.toMatchObject({
    code: 'write-failed',
    remedy: expect.stringContaining('permission') as string,
  })
})

test.runIf(process.getuid?.() !== 0)(
  'given no permission, when published, then the error says what to do',
  async () => {
    await chmod(parent, 0o500)
    const publishing = publishDirectory(directory, writeModel('weights'))
    await expect(publishing).rejects.toMatchObject({ code: 'write-failed' })
    await chmod(parent, 0o700)
  },
)
