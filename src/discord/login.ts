import { DiscordAPIError, HTTPError } from 'discord.js'
import { UserError } from '../errors.ts'

/** What a failed start means for whoever starts the bot: Discord refuses the token or cannot be reached; else as it is. */
export function wordLogin(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause
  const status = cause instanceof DiscordAPIError || cause instanceof HTTPError ? cause.status : undefined
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'TokenInvalid' || status === 401 || /invalid token/iu.test(cause.message))
    return new UserError(
      'bad-config',
      'Discord does not accept DISCORD_TOKEN.',
      'Copy it anew: Developer Portal, your application, Bot, Reset Token.',
      { cause },
    )
  const isDown = status !== undefined && status >= 500
  if (!isDown && !isOfNetwork(cause)) return cause
  return new UserError(
    'discord-unreachable',
    `Discord cannot be reached (${isDown ? `it answers ${String(status)}` : cause.message}).`,
    'Check the connection of this machine and discordstatus.com, then start the bot again.',
    { cause },
  )
}

/** Whether no answer came at all: no name, no connection, no time left. */
function isOfNetwork(error: Error): boolean {
  if (error instanceof DiscordAPIError || error instanceof UserError) return false
  const isSocket = 'syscall' in error && /^(?:connect|getaddrinfo|read|write)$/u.test(String(error.syscall))
  const isClient = 'code' in error && /^(?:UND_ERR|ECONN|ETIMEDOUT)/u.test(String(error.code))
  return (
    isSocket || isClient || error.name === 'AbortError' || (error.cause instanceof Error && isOfNetwork(error.cause))
  )
}
