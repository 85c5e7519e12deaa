import { describe, expect, test } from 'vitest'
import { createCooldown } from '../../src/discord/cooldown.ts'

const PACE = { burst: 2, everyMs: 1000 }

describe('cool-down', () => {
  test('given a burst of two, when a third comes at once, then it is told when to come again', () => {
    const cooldown = createCooldown()
    expect(cooldown.take([['ada', PACE]], 10_000)).toBeUndefined()
    expect(cooldown.take([['ada', PACE]], 10_000)).toBeUndefined()
    expect(cooldown.take([['ada', PACE]], 10_000)).toBe(11_000)
  })

  test('given a cool-down, when the told time has come, then one more goes through', () => {
    const cooldown = createCooldown()
    cooldown.take([['ada', PACE]], 0)
    cooldown.take([['ada', PACE]], 0)
    const again = cooldown.take([['ada', PACE]], 0) ?? 0
    expect(cooldown.take([['ada', PACE]], again - 1)).toBe(again)
    expect(cooldown.take([['ada', PACE]], again)).toBeUndefined()
    expect(cooldown.take([['ada', PACE]], again)).toBe(again + 1000)
  })

  test('given one key that has to wait, when two are taken, then neither loses a turn', () => {
    const cooldown = createCooldown()
    cooldown.take([['channel', PACE]], 0)
    cooldown.take([['channel', PACE]], 0)
    expect(cooldown.take([['ada', PACE], ['channel', PACE]], 0)).toBe(1000) // prettier-ignore
    expect(cooldown.take([['ada', PACE]], 0)).toBeUndefined()
    expect(cooldown.take([['ada', PACE]], 0)).toBeUndefined()
  })

  test('given somebody else, when they ask, then they do not wait', () => {
    const cooldown = createCooldown()
    for (let i = 0; i < 5; i++) cooldown.take([['ada', PACE]], 0)
    expect(cooldown.take([['ben', PACE]], 0)).toBeUndefined()
  })

  test('given a clock that is set back by an hour, when somebody asks again, then they wait no longer than a full bucket takes', () => {
    const cooldown = createCooldown()
    const hour = 3_600_000
    for (let i = 0; i < 2; i++) cooldown.take([['ada', PACE]], 2 * hour)
    const again = cooldown.take([['ada', PACE]], hour) ?? 0
    expect(again).toBe(hour + 1000)
    expect(cooldown.take([['ada', PACE]], again + 1000)).toBeUndefined()
  })
})
