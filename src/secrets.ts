/** Tokens of interactions, as they stand in the addresses of failed requests. */
const INTERACTION_TOKEN = /(\/(?:interactions|webhooks)\/\d+\/)[^/?\s"\\]+/gu
/** Any bot's token, wherever it was put by mistake: the application's id in base64, a time, a signature. */
const BOT_TOKEN = /\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}/gu

/**
 * A text for a log or a screen without what must not stand there: the given secrets, anything that looks like a bot's
 * token, and tokens of interactions in addresses.
 * @param secrets as they are written in the text; empty ones strike nothing
 */
export function strikeSecrets(text: string, secrets: readonly (string | undefined)[] = []): string {
  return secrets
    .reduce<string>(
      (struck, secret) => (secret === undefined || secret === '' ? struck : struck.replaceAll(secret, '[secret]')),
      text.replace(INTERACTION_TOKEN, '$1[token]'),
    )
    .replace(BOT_TOKEN, '[secret]')
}
