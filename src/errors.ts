/** Codes of everything a person can mend; scripts and tests match on them, so a code never changes its meaning. */
export type ErrorCode =
  | 'article-missing'
  | 'bad-argument'
  | 'bad-article'
  | 'bad-config'
  | 'bad-file'
  | 'bad-front-matter'
  | 'build-killed'
  | 'cancelled'
  | 'corpus-busy'
  | 'corpus-empty'
  | 'discord-unreachable'
  | 'embedding-killed'
  | 'export-too-large'
  | 'feeds-busy'
  | 'fetch-failed'
  | 'fetch-refused'
  | 'fetch-timeout'
  | 'fetch-too-large'
  | 'fetch-wrong-type'
  | 'index-busy'
  | 'index-damaged'
  | 'index-missing'
  | 'index-model-mismatch'
  | 'index-unreadable'
  | 'index-version'
  | 'model-unavailable'
  | 'not-allowed'
  | 'stale-state'
  | 'store-damaged'
  | 'watch-failed'
  | 'write-failed'

/**
 * A failure that a person can mend: what is wrong (file, value, what was expected) and what to do about it.
 * Any other throw is a bug and stays loud.
 */
export class UserError extends Error {
  readonly code: ErrorCode
  /** What to do, one sentence or two. */
  readonly remedy: string

  constructor(code: ErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UserError'
    this.code = code
    this.remedy = remedy
  }
}
