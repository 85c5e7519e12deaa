import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
  Routes,
  type REST,
} from 'discord.js'
import type { CommandDefinition, OptionDefinition, SubcommandDefinition } from '../command.ts'
import { localizations } from './catalogue.ts'
import { MESSAGE_COMMANDS } from './message-commands.ts'

type Json = Readonly<Record<string, unknown>>

const OPTION_TYPES = {
  string: ApplicationCommandOptionType.String,
  // Discord has no type for dates; they are typed as text and read by the command.
  date: ApplicationCommandOptionType.String,
  boolean: ApplicationCommandOptionType.Boolean,
  integer: ApplicationCommandOptionType.Integer,
  attachment: ApplicationCommandOptionType.Attachment,
} as const

/** Discord's limit on a typed option; our own definitions usually ask for less. */
const MAX_OPTION_LENGTH = 6000

/** Every command as Discord wants it defined. @param inGuild registered in one server, which has no other contexts */
export function applicationCommands(definitions: readonly CommandDefinition[], inGuild: boolean): readonly Json[] {
  const everywhere = {
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM, InteractionContextType.PrivateChannel],
    integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
  }
  const inServers = {
    contexts: [InteractionContextType.Guild],
    integration_types: [ApplicationIntegrationType.GuildInstall],
  }
  const slash = definitions.map((definition) => {
    const forModerators = definition.access === 'moderator'
    return {
      type: ApplicationCommandType.ChatInput,
      name: definition.name,
      description: definition.description,
      ...localizations(definition.name),
      options: [
        ...(definition.subcommands ?? []).map((subcommand) => subcommandOf(definition.name, subcommand)),
        ...definition.options.map((option) => optionOf(definition.name, option)),
      ],
      ...(inGuild ? {} : forModerators ? inServers : everywhere),
      default_member_permissions: forModerators ? Number(PermissionFlagsBits.ManageGuild) : null,
    }
  })
  const onMessages = Object.keys(MESSAGE_COMMANDS).map((name) => ({
    type: ApplicationCommandType.Message,
    name,
    name_localizations: localizations(name).name_localizations,
    ...(inGuild ? {} : everywhere),
    default_member_permissions: null,
  }))
  return [...slash, ...onMessages]
}

function subcommandOf(command: string, { name, description, options }: SubcommandDefinition): Json {
  const path = `${command} ${name}`
  return {
    type: ApplicationCommandOptionType.Subcommand,
    name,
    description,
    ...localizations(path),
    options: options.map((option) => optionOf(path, option)),
  }
}

/** @param command its name, with the subcommand's behind it where it has one */
function optionOf(command: string, option: OptionDefinition): Json {
  const isText = option.type === 'string' || option.type === 'date'
  return {
    type: OPTION_TYPES[option.type],
    name: option.name,
    description: option.description,
    ...localizations(command, option.name),
    ...(option.required === true ? { required: true } : {}),
    ...(option.completes === undefined ? {} : { autocomplete: true }),
    ...(option.choices === undefined ? {} : { choices: option.choices }),
    ...(isText && option.minLength !== undefined ? { min_length: option.minLength } : {}),
    ...(isText && option.choices === undefined ? { max_length: option.maxLength ?? MAX_OPTION_LENGTH } : {}),
  }
}

/** What registering did: nothing where Discord already had the same definitions. */
export type Registration = { readonly changed: boolean; readonly count: number; readonly where: 'server' | 'global' }

/**
 * Makes Discord's command list the given one, with one request to read it and a second only when it differs.
 * In a server the global list is emptied, so that no command shows up twice.
 */
export async function registerCommands(
  rest: REST,
  applicationId: string,
  definitions: readonly CommandDefinition[],
  guildId: string | undefined,
): Promise<Registration> {
  const wanted = applicationCommands(definitions, guildId !== undefined)
  const global = Routes.applicationCommands(applicationId)
  const route = guildId === undefined ? global : Routes.applicationGuildCommands(applicationId, guildId)
  const query = new URLSearchParams({ with_localizations: 'true' })
  const changed = !sameCommands(await rest.get(route, { query }), wanted)
  if (changed) await rest.put(route, { body: wanted })
  if (guildId !== undefined) {
    const elsewhere = await rest.get(global)
    if (Array.isArray(elsewhere) && elsewhere.length > 0) await rest.put(global, { body: [] })
  }
  return { changed, count: wanted.length, where: guildId === undefined ? 'global' : 'server' }
}

/** Whether what Discord has is what we want, whatever ids, versions and defaults it adds. */
export function sameCommands(registered: unknown, wanted: readonly Json[]): boolean {
  if (!Array.isArray(registered)) return false
  const canonical = (commands: readonly Json[]) =>
    commands
      .map((command) => JSON.stringify(essence(command)))
      .sort()
      .join('\n')
  return canonical(registered as Json[]) === canonical(wanted)
}

const ADDED_BY_DISCORD = ['id', 'application_id', 'guild_id', 'version', 'nsfw', 'dm_permission', 'handler']

/** A definition without what Discord adds and without values that mean the same as leaving them out; keys sorted. */
function essence(value: unknown): unknown {
  if (Array.isArray(value))
    return value.every((each) => typeof each === 'number') ? [...value].sort() : value.map(essence)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value as Json)
    .filter(([key]) => !ADDED_BY_DISCORD.includes(key) && !/^(?:name|description)_localized$/u.test(key))
    .map(
      ([key, each]) =>
        [key, key === 'default_member_permissions' && each !== null ? String(each) : essence(each)] as const,
    )
    .filter(([key, each]) => !isDefault(key, each))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries)
}

function isDefault(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  if (Array.isArray(value))
    return value.length === 0 || (key === 'integration_types' && value.length === 1 && value[0] === 0)
  return typeof value === 'object' && Object.keys(value).length === 0
}

/**
 * Where a server owner invites the bot. Its answers travel with the commands themselves, so it needs no permission in
 * the server beyond being there.
 */
export function inviteUrl(applicationId: string): string {
  const query = new URLSearchParams({ client_id: applicationId, scope: 'bot applications.commands', permissions: '0' })
  return `https://discord.com/oauth2/authorize?${query.toString()}`
}
