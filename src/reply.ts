/**
 * What a command answers, before anybody renders it: blocks to read and actions to take. Discord renders it as
 * components, the terminal as text. Every string in it is plain text: a renderer escapes it, whoever wrote it.
 */
export type Reply = {
  /** How the reply ended: scripts read it as the exit code, Discord as who may see it. */
  readonly outcome: 'answered' | 'nothing-found' | 'refused' | 'failed'
  /** `asker`: only the one who asked sees it (errors, refusals, private answers). */
  readonly audience: 'everyone' | 'asker'
  readonly blocks: readonly Block[]
  readonly actions: readonly Action[]
  /** What the one who asked decides next. */
  readonly decision?: Decision
  /** A file that comes with it. */
  readonly file?: { readonly name: string; readonly bytes: Uint8Array }
}

/** A question to the one who asked, who answers by a button. The command's `decide` gets the state and the choice. */
export type Decision = {
  /** Whatever the command needs to go on; never shown. */
  readonly state: string
  readonly choices: readonly Choice[]
}

export type Choice = {
  readonly name: string
  readonly label: string
  readonly style: 'primary' | 'secondary' | 'danger'
  /** What is asked before the choice counts. */
  readonly form?: { readonly title: string; readonly fields: readonly FormField[] }
}

export type FormField = {
  readonly name: string
  readonly label: string
  readonly hint?: string
  /** What stands in the field at first. */
  readonly value?: string
  readonly isRequired?: boolean
  readonly maxLength: number
}

export type Block =
  /** A short line above what follows. */
  | { readonly kind: 'heading'; readonly text: string }
  /** Our own words. */
  | { readonly kind: 'text'; readonly text: string }
  | QuotedBlock
  | { readonly kind: 'list'; readonly items: readonly ListItem[] }
  /** A claimed quote beside the real one, word by word. */
  | { readonly kind: 'diff'; readonly parts: readonly DiffPart[] }
  | ProgressBlock
  /** Something went wrong or needs care: what, and what to do. */
  | { readonly kind: 'notice'; readonly text: string; readonly remedy?: string; readonly incident?: string }

/** Words of an article, verbatim: `body.slice(start, end) === text`, checked once more before it is sent. */
export type QuotedBlock = {
  readonly kind: 'quoted'
  /** `passage`: an answer's passage. `direct`: what a speaker said. `reported`: the journalist's words for it, never shown in quotation marks. */
  readonly as: 'passage' | 'direct' | 'reported'
  readonly articleId: number
  readonly start: number
  readonly end: number
  readonly text: string
  /** The stretch that answers, as offsets into `text`; shown in bold. */
  readonly emphasis?: { readonly start: number; readonly end: number }
  /** Who said it, where the block is a quote; null: the text does not tell. */
  readonly speaker?: string | null
  /** A word on how sure the speaker is, only where it is not certain. */
  readonly certainty?: string
  /** The words around a quote that name its speaker: "…," she said. Verbatim too. */
  readonly cueContext?: string
  /** Where it stands; the first is the one quoted, the others carry the same words. Never empty. */
  readonly sources: readonly [SourceLine, ...SourceLine[]]
  /** Identifies the passage for votes and context. */
  readonly passageId?: number
}

export type SourceLine = {
  readonly articleId: number
  readonly title: string
  readonly outlet?: string
  /** ISO date, or date and time. */
  readonly published?: string
  readonly url?: string
  readonly via?: string
}

export type ListItem = {
  readonly label: string
  readonly detail?: string
  readonly url?: string
  readonly published?: string
}

export type DiffPart = { readonly op: 'same' | 'missing' | 'added'; readonly text: string }

export type ProgressBlock = {
  readonly kind: 'progress'
  readonly stage: string
  readonly done: number
  /** 0 while it is not known. */
  readonly total: number
  readonly perSecond?: number
  readonly secondsLeft?: number
}

/** What the reader can do next. A front end leaves out what it cannot offer. */
export type Action =
  | { readonly kind: 'source'; readonly url: string; readonly label: string }
  /** Another page of the same hits. */
  | { readonly kind: 'page'; readonly direction: 'more' | 'back'; readonly state: string }
  | { readonly kind: 'context'; readonly articleId: number; readonly start: number; readonly end: number }
  /** Asks this question: the nearest topics when nothing answers. */
  | { readonly kind: 'ask'; readonly label: string; readonly question: string }
  | { readonly kind: 'share' }
  | { readonly kind: 'follow-up'; readonly question: string; readonly speaker?: string }
  | { readonly kind: 'vote'; readonly passageId: number }
