import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCustomIds, type LongTexts } from '../../src/discord/custom-ids.ts'

function memory(): LongTexts & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return { kept, put: (key, text) => void kept.set(key, text), get: (key) => kept.get(key) }
}

describe('custom ids', () => {
  test('given any values, when written and read, then they are the same, and never over 100 characters', () => {
    const ids = createCustomIds(randomBytes(32), memory())
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 4 }), (fields) => {
        const id = ids.write('vote', ...fields)
        expect(id.length).toBeLessThanOrEqual(100)
        expect(ids.read(id)).toEqual({ kind: 'vote', fields })
      }),
    )
  })

  test.each(['~', '~~nothing~~', `~${'a'.repeat(400)}`, '%7E', '|~%'])(
    'given the value %s, when written, then it is read as itself, not as a key of a longer one',
    (value) => {
      const ids = createCustomIds(randomBytes(32), memory())
      expect(ids.read(ids.write('vote', value, 'b'))).toEqual({ kind: 'vote', fields: [value, 'b'] })
    },
  )

  test('given a short state, when written, then all of it travels in the id and nothing is kept', () => {
    const texts = memory()
    const id = createCustomIds(randomBytes(32), texts).write('page', 'ask', '1.0.4-2')
    expect(id).toContain('1.0.4-2')
    expect(texts.kept.size).toBe(0)
  })

  test('given one character changed, when read, then the id is refused', () => {
    const ids = createCustomIds(randomBytes(32), memory())
    const id = ids.write('context', '12', '0', '40')
    for (let i = 0; i < id.length; i++) {
      const forged = `${id.slice(0, i)}${id[i] === '1' ? '2' : '1'}${id.slice(i + 1)}`
      expect(ids.read(forged)).toBeUndefined()
    }
  })

  test('given another key, when read, then the id is refused', () => {
    const texts = memory()
    const id = createCustomIds(randomBytes(32), texts).write('ask', 'What now?')
    expect(createCustomIds(randomBytes(32), texts).read(id)).toBeUndefined()
  })

  test('given a long text that is gone, when read, then the id is refused', () => {
    const texts = memory()
    const ids = createCustomIds(randomBytes(32), texts)
    const id = ids.write('ask', 'x'.repeat(200))
    texts.kept.clear()
    expect(ids.read(id)).toBeUndefined()
  })

  test('given the empty id, when read, then it is refused', () => {
    expect(createCustomIds(randomBytes(32), memory()).read('')).toBeUndefined()
  })
})
