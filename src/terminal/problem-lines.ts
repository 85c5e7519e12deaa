import type { ArticleProblem } from '../corpus/corpus.ts'
import { plain } from './render.ts'

/** What is wrong with articles, a line each: file, field, reason, remedy. */
export function problemLines(problems: readonly ArticleProblem[]): string {
  return plain(
    problems
      .map(
        ({ file, field, reason, remedy }) => `  ${file}: ${field === undefined ? '' : `${field} `}${reason}. ${remedy}`,
      )
      .join('\n'),
  )
}
