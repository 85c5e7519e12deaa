import type { Engine } from './engine.ts'
import type { Reply } from './reply.ts'

/** One option of a command, as Discord and the terminal both understand it. */
export type OptionDefinition = {
  readonly name: string
  readonly description: string
  readonly type: 'string' | 'boolean' | 'integer' | 'date'
  readonly required?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  /** What the option completes to while somebody types. */
  readonly completes?: 'speaker' | 'outlet' | 'article'
  readonly choices?: readonly { readonly name: string; readonly value: string }[]
}

export type CommandDefinition = {
  readonly name: string
  readonly description: string
  readonly options: readonly OptionDefinition[]
  /** One line as a person types it in the terminal. */
  readonly example: string
  /** Who may use it; `moderator` needs Manage Server. */
  readonly access: 'everyone' | 'moderator'
}

/** Options as a front end has read them: checked against the definition, absent where not given. */
export type OptionValues = Readonly<Record<string, string | number | boolean | undefined>>

/** What a command may use: the engine, and where it is asked from. */
export type CommandContext = {
  readonly engine: Engine
  /** Outlets a channel is limited to; absent: all. */
  readonly outlets?: readonly string[]
  /** Tags a channel is limited to: an article with any of them; absent: all. */
  readonly tags?: readonly string[]
  /** What readers said of the answers so far; absent where nobody votes. */
  readonly votes?: { readonly useful: number; readonly notUseful: number }
  readonly signal?: AbortSignal
}

/** A command: what it is called and takes, and what it does. A file in commands/ has one as its default export. */
export type Command = {
  readonly definition: CommandDefinition
  /** @throws UserError for options a person can mend; a front end words it. */
  run(options: OptionValues, context: CommandContext): Promise<Reply>
  /** The same as data, for scripts: lines of JSON and whether anything was found. @throws as `run` */
  json?(
    options: OptionValues,
    context: CommandContext,
  ): Promise<{ readonly lines: readonly object[]; readonly isFound: boolean }>
  /** A further page, from the state an action of an earlier reply carried. @throws UserError 'stale-state' when the index has moved on. */
  page?(state: string, context: CommandContext): Promise<Reply>
}
