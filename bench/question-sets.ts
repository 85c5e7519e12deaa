import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { oneLine } from '../src/corpus/article.ts'

/** Where the question sets lie beside the checkout; they are for measuring and no part of the project. */
export const shared = fileURLToPath(new URL('../../shared', import.meta.url))
/** Whether this machine has the question sets. */
export const hasQuestionSets = existsSync(join(shared, 'news-dev', 'questions.json'))

/** An alternative right answer: a sentence, or any passage of a paragraph. */
export type Gold = { readonly file: string; readonly text?: string; readonly paragraph?: string }
/** A question with its right answers; none where no article answers. */
export type SetQuestion = { readonly id: string; readonly text: string; readonly golds: readonly Gold[] }
/** Questions over the articles of some files. */
export type QuestionSet = {
  readonly name: 'news' | 'wiki'
  readonly files: readonly string[]
  readonly questions: readonly SetQuestion[]
}

/** Share of the words of a sentence that a right hit holds in one run, as the sets' own scorer has it. */
const COVERED = 0.6

const NewsQuestions = z.array(
  z.object({
    id: z.string(),
    question: z.string(),
    answers: z.array(z.object({ file: z.string(), start: z.number(), end: z.number() })),
  }),
)
const WikiQuestions = z.array(z.object({ question: z.string(), article: z.string(), paragraph: z.number() }))

/** 210 questions of a chat over 60 news articles, 60 of them near misses that none answers. */
export async function readNews(): Promise<QuestionSet> {
  const folder = join(shared, 'quotes-dev', 'text')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()
  const texts = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  )
  const questions = NewsQuestions.parse(JSON.parse(await readFile(join(shared, 'news-dev', 'questions.json'), 'utf8')))
  return {
    name: 'news',
    files: names.map((name) => join(folder, name)),
    questions: questions.map(({ id, question, answers }) => ({
      id,
      text: question,
      golds: answers.map(({ file, start, end }) => ({ file, text: texts.get(file)?.slice(start, end) ?? '' })),
    })),
  }
}

/** 1,190 questions over 48 encyclopedia articles. */
export async function readWiki(): Promise<QuestionSet> {
  const folder = join(shared, 'retrieval-dev', 'articles')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).sort()
  const paragraphs = new Map(
    await Promise.all(
      names.map(async (name) => {
        const body = (await readFile(join(folder, name), 'utf8')).split('---\n').slice(2).join('---\n')
        return [name.replace('.md', ''), body.trim().split('\n\n')] as const
      }),
    ),
  )
  const questions = WikiQuestions.parse(
    JSON.parse(await readFile(join(shared, 'retrieval-dev', 'questions.json'), 'utf8')),
  )
  return {
    name: 'wiki',
    files: names.map((name) => join(folder, name)),
    questions: questions.map(({ question, article, paragraph }, i) => ({
      id: `w${String(i)}`,
      text: question,
      golds: [{ file: article, paragraph: paragraphs.get(article)?.[paragraph] ?? '' }],
    })),
  }
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

/** Whether a passage holds a run of 60 % of the gold's words, or lies in the gold's paragraph. */
export function isRight(passage: string, { text, paragraph }: Gold): boolean {
  if (paragraph !== undefined) return oneLine(paragraph).includes(oneLine(passage))
  const gold = wordsOf(text ?? '')
  const words = ` ${wordsOf(passage).join(' ')} `
  const run = Math.ceil(gold.length * COVERED)
  for (let i = 0; i + run <= gold.length; i += 1)
    if (words.includes(` ${gold.slice(i, i + run).join(' ')} `)) return true
  return false
}

/** Chance that an answerable question scores above an unanswerable one. */
export function auroc(answerable: readonly number[], unanswerable: readonly number[]): number {
  let wins = 0
  for (const a of answerable) for (const b of unanswerable) wins += a > b ? 1 : a === b ? 0.5 : 0
  return wins / (answerable.length * unanswerable.length)
}
