import type { ArticleProblem } from '../corpus/corpus.ts'
import { problemText } from '../wording.ts'
import { plain } from './render.ts'

/** What is wrong with articles, a line each: file, field, reason, remedy. */
export function problemLines(problems: readonly ArticleProblem[]): string {
  return plain(problems.map((problem) => `  ${problem.file}: ${problemText(problem)}`).join('\n'))
}
