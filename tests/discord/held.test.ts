import { ChatInputCommandInteraction, Message } from 'discord.js'
import { queryObjects } from 'node:v8'
import { expect, test } from 'vitest'
import { startTestBot } from './bot.ts'
import { buildTownCoverage } from './town-coverage.ts'

// Counts what is still reachable after a full garbage collection.
const held = (kind: Parameters<typeof queryObjects>[0]) => queryObjects(kind, { format: 'count' })

test('given many questions that were answered, quickly or late, when all is done, then nothing of them is held', async () => {
  const coverage = await buildTownCoverage()
  const on = await startTestBot({ coverage })
  try {
    const ask = async (number: number) => {
      const turn = on.discord
        .user(`Reader ${String(number)}`)
        .start('/ask', { question: `How long is the bridge safe for people on foot on day ${String(number)}?` })
      await turn.answer()
      on.discord.forget(turn.interaction)
    }
    // So many at once that some are announced first.
    const questions = Array.from({ length: 60 }, (_, i) => ask(i))
    await Promise.race(questions)
    expect(held(ChatInputCommandInteraction)).toBeGreaterThan(10)
    await Promise.all(questions)
    // The last one to be handled may still be on its way out.
    await expect.poll(() => held(ChatInputCommandInteraction)).toBeLessThanOrEqual(1)
    expect(held(Message)).toBeLessThanOrEqual(1)
  } finally {
    await on.close()
    await coverage.remove()
  }
})
