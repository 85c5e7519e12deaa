import type { Engine } from './engine.ts'
import type { Actor, Moderation } from './moderation/moderation.ts'
import type { Reply } from './reply.ts'

/** One option of a command, as Discord and the terminal both understand it. */
export type OptionDefinition = {
  readonly name: string
  readonly description: string
  readonly type: 'string' | 'boolean' | 'integer' | 'date' | 'attachment'
  readonly required?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  /** What the option completes to while somebody types. */
  readonly completes?: 'speaker' | 'outlet' | 'article' | 'corpus-file' | 'removed-article'
  readonly choices?: readonly { readonly name: string; readonly value: string }[]
}

/** One of the things that a command with subcommands does: `/corpus add`. */
export type SubcommandDefinition = {
  readonly name: string
  readonly description: string
  readonly options: readonly OptionDefinition[]
}

export type CommandDefinition = {
  readonly name: string
  readonly description: string
  /** Empty where there are subcommands: those take the options then. */
  readonly options: readonly OptionDefinition[]
  readonly subcommands?: readonly SubcommandDefinition[]
  /** One line as a person types it in the terminal. */
  readonly example: string
  /** Who may use it; `moderator` needs Manage Server or a role of MODERATOR_ROLE_IDS, and is Discord's alone. */
  readonly access: 'everyone' | 'moderator'
}

/** A file that somebody sent along. */
export type Attachment = { readonly name: string; readonly sizeBytes: number; readonly url: string }

export type OptionValue = string | number | boolean | Attachment

/** Options as a front end has read them: checked against the definition, absent where not given. */
export type OptionValues = Readonly<Record<string, OptionValue | undefined>>

/** What a moderator's command works with, besides what every command has. */
export type ModeratorContext = {
  readonly moderation: Moderation
  /** Who asked, for the audit log. */
  readonly actor: Actor
  /** Largest file that a reply may carry, in bytes. */
  readonly maxFileBytes: number
  /** Shows how far long work is; the front end decides how often. */
  readonly onProgress: (reply: Reply) => void
}

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
  /** Only for commands of moderators, once the front end has made sure that a moderator asks. */
  readonly moderator?: ModeratorContext
}

/** A command: what it is called and takes, and what it does. A file in commands/ has one as its default export. */
export type Command = {
  readonly definition: CommandDefinition
  /**
   * @param subcommand which one was asked for, where the command has any
   * @throws UserError for options a person can mend; a front end words it.
   */
  run(options: OptionValues, context: CommandContext, subcommand?: string): Promise<Reply>
  /** The same as data, for scripts: lines of JSON and whether anything was found. @throws as `run` */
  json?(
    options: OptionValues,
    context: CommandContext,
  ): Promise<{ readonly lines: readonly object[]; readonly isFound: boolean }>
  /**
   * What follows on the decision that an earlier reply asked for. A front end gives the decision to the one who was
   * asked, once, and while they are still a moderator.
   * @param values of the choice's form, by the fields' names; empty without one
   * @throws as `run`
   */
  decide?(
    decided: { readonly choice: string; readonly state: string; readonly values: Readonly<Record<string, string>> },
    context: CommandContext,
  ): Promise<Reply>
  /** A further page, from the state an action of an earlier reply carried. @throws UserError 'stale-state' when the index has moved on. */
  page?(state: string, context: CommandContext): Promise<Reply>
}
