import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANSWERED_FROM, answerOf } from '../../src/answer/answer.ts'
import { search } from '../../src/search/search.ts'
import { openHarbourCoverage, type HarbourCoverage } from '../search/harbour-coverage.ts'

let coverage: HarbourCoverage
beforeAll(async () => {
  coverage = await openHarbourCoverage()
})
afterAll(() => coverage.close())

const ask = async (text: string) => answerOf(await search(coverage.generation, coverage.embedder, { text }))

test('given a question that the coverage answers, then the answer is its best passage', async () => {
  const answer = await ask('how many people did the flood in quillfort drive from their homes?')
  expect(answer.kind).toBe('answered')
  expect(answer.kind === 'answered' && answer.hits[0].text).toContain('1,250 people')
})

test.each([
  'what did the pope say about artificial rain?',
  'who won the chess championship in Reykjavik?',
  'what did Lindqvist say about her tax return?',
])('given %j, which no article answers, then it is not covered, and the nearest topics are offered', async (text) => {
  const answer = await ask(text)
  expect(answer.kind).toBe('not-covered')
  if (answer.kind !== 'not-covered') return
  expect(answer.topics.length).toBeLessThanOrEqual(3)
  expect(new Set(answer.topics.map(({ articleId }) => articleId)).size).toBe(answer.topics.length)
  for (const { score } of answer.nearest) expect(score).toBeLessThan(ANSWERED_FROM)
})

test('given nothing found, then there are no topics either', () => {
  expect(answerOf([])).toEqual({ kind: 'not-covered', nearest: [], topics: [] })
})
