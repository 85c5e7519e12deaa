import { z } from 'zod'
import { UserError } from './errors.ts'

const optionalText = z
  .string()
  .trim()
  .optional()
  .transform((value) => (value === '' ? undefined : value))
const snowflake = optionalText.pipe(
  z
    .string()
    .regex(/^\d{17,20}$/u, 'expected a Discord id: 17 to 20 digits')
    .optional(),
)
/** What a header can carry; a character more would be told back by whoever refuses the header. */
const token = optionalText.pipe(
  z
    .string()
    .regex(/^[\w.-]+$/u, 'expected the token as the Developer Portal shows it: letters, digits, dots, - and _')
    .optional(),
)
const snowflakes = optionalText.transform((text, context) => {
  const ids = (text ?? '').split(/[\s,]+/u).filter((id) => id !== '')
  const wrong = ids.find((id) => !/^\d{17,20}$/u.test(id))
  if (wrong !== undefined)
    context.addIssue(`expected Discord ids of 17 to 20 digits, separated by commas; not ${wrong}`)
  return ids
})
const port = optionalText.pipe(
  z
    .string()
    .regex(/^\d{1,5}$/u, 'expected a port number')
    .transform(Number)
    .refine((value) => value <= 65_535, 'expected a port up to 65535')
    .optional(),
)
const flag = optionalText.pipe(
  z
    .enum(['true', 'false', '1', '0'], 'expected true or false')
    .default('false')
    .transform((value) => value === 'true' || value === '1'),
)
const url = optionalText.pipe(z.url('expected a URL').optional())

/** Every setting: its schema, and what README's table says of it. The order is the table's. */
const settings = {
  DISCORD_TOKEN: [token, 'The bot’s token. Without it the terminal prompt opens instead of the bot.'],
  DISCORD_GUILD_ID: [snowflake, 'Register the commands in this server only, at once; without it globally.'],
  MODERATOR_ROLE_IDS: [
    snowflakes,
    'Roles whose members may use /corpus and /reindex, separated by commas; needed where the bot is in several servers. In one, who may manage it always may.',
  ],
  AUDIT_CHANNEL_ID: [snowflake, 'A channel where every change is announced; the bot must be allowed to write there.'],
  DISCORD_API_URL: [url, 'Another address of Discord’s API, for tests and the preview.'],
  CORPUS_DIR: [optionalText.default('corpus'), 'Where the articles lie.'],
  INDEX_DIR: [optionalText.default('index'), 'Where the built index lies; derived, safe to delete.'],
  DATA_DIR: [
    optionalText.default('.verbatim'),
    'Where votes, channel settings, the audit log and the state of feeds lie; keep it when you update.',
  ],
  FEEDS: [
    optionalText,
    'A YAML file that lists RSS, Atom or JSON feeds: `url` and `outlet` of each. The bot follows them.',
  ],
  WATCH: [flag, 'Whether the bot notices edits of the articles’ files by itself and reindexes.'],
  EMBEDDING_MODEL: [
    optionalText.default('use-lite'),
    '`use-lite` (built in, no download) or a feature-extraction model of the Hugging Face hub.',
  ],
  EMBEDDING_PRECISION: [
    optionalText.pipe(z.enum(['int8', 'fp32'], 'expected int8 or fp32').default('int8')),
    '`int8` is faster and smaller, `fp32` exact.',
  ],
  EMBEDDING_REVISION: [
    optionalText,
    'Pins a hub model to a commit or tag; without it `main` as it is at the first download.',
  ],
  EMBEDDING_HUB_URL: [url, 'Another server in the hub’s layout.'],
  LOG_LEVEL: [
    optionalText.pipe(
      z.enum(['trace', 'debug', 'info', 'warn', 'error'], 'expected trace, debug, info, warn or error').default('info'),
    ),
    'How much the bot logs.',
  ],
  LOG_QUESTIONS: [flag, 'Log the text of questions; off by default, for privacy.'],
  HEALTH_PORT: [port, 'Serves /healthz, /readyz and Prometheus /metrics on this port.'],
  SHARDS: [
    optionalText.pipe(
      z
        .string()
        .regex(/^(auto|[1-9]\d{0,3})$/u, 'expected auto or a number')
        .optional(),
    ),
    '`auto` or a number: run that many shards. Needed from 2,500 servers on.',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string]>

type Settings = typeof settings
type RawConfig = { -readonly [Name in keyof Settings]: z.output<Settings[Name][0]> }

/** The settings of this process, validated. */
export type Config = {
  readonly discordToken: RawConfig['DISCORD_TOKEN']
  readonly discordGuildId: RawConfig['DISCORD_GUILD_ID']
  readonly moderatorRoleIds: readonly string[]
  readonly auditChannelId: RawConfig['AUDIT_CHANNEL_ID']
  readonly discordApiUrl: RawConfig['DISCORD_API_URL']
  readonly corpusDir: string
  readonly indexDir: string
  readonly dataDir: string
  /** Path of the list of feeds. */
  readonly feedsFile: RawConfig['FEEDS']
  /** Whether the bot reindexes after edits of the corpus. */
  readonly watch: boolean
  readonly embeddingModel: string
  readonly embeddingPrecision: 'int8' | 'fp32'
  readonly embeddingRevision: RawConfig['EMBEDDING_REVISION']
  readonly embeddingHubUrl: RawConfig['EMBEDDING_HUB_URL']
  readonly logLevel: RawConfig['LOG_LEVEL']
  readonly logQuestions: boolean
  readonly healthPort: RawConfig['HEALTH_PORT']
  readonly shards: RawConfig['SHARDS']
}

/**
 * Reads the settings from an environment. Unknown variables are nobody's business; a known one with a bad value is.
 * @throws UserError 'bad-config' that lists every bad setting at once.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = []
  const read = <Name extends keyof Settings>(name: Name): RawConfig[Name] => {
    const parsed = settings[name][0].safeParse(env[name])
    if (parsed.success) return parsed.data as RawConfig[Name]
    problems.push(`${name}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`)
    return undefined as RawConfig[Name]
  }
  const config: Config = {
    discordToken: read('DISCORD_TOKEN'),
    discordGuildId: read('DISCORD_GUILD_ID'),
    moderatorRoleIds: read('MODERATOR_ROLE_IDS') ?? [],
    auditChannelId: read('AUDIT_CHANNEL_ID'),
    discordApiUrl: read('DISCORD_API_URL'),
    corpusDir: read('CORPUS_DIR') ?? 'corpus',
    indexDir: read('INDEX_DIR') ?? 'index',
    dataDir: read('DATA_DIR') ?? '.verbatim',
    feedsFile: read('FEEDS'),
    watch: read('WATCH'),
    embeddingModel: read('EMBEDDING_MODEL') ?? 'use-lite',
    embeddingPrecision: read('EMBEDDING_PRECISION'),
    embeddingRevision: read('EMBEDDING_REVISION'),
    embeddingHubUrl: read('EMBEDDING_HUB_URL'),
    logLevel: read('LOG_LEVEL'),
    logQuestions: read('LOG_QUESTIONS'),
    healthPort: read('HEALTH_PORT'),
    shards: read('SHARDS'),
  }
  if (problems.length === 0) return config
  throw new UserError(
    'bad-config',
    `${problems.length === 1 ? 'A setting is' : `${problems.length} settings are`} wrong.\n  ${problems.join('\n  ')}`,
    'Correct them in the environment or in .env; README.md lists every setting.',
  )
}

/** README's table of settings, made from the same schema that validates them: Markdown, one row a setting. */
export function configTable(): string {
  const rows = Object.entries(settings).map(([name, [schema, description]]) => {
    const parsed = schema.safeParse(undefined)
    const value: unknown = parsed.success ? parsed.data : undefined
    return `| \`${name}\` | ${value === undefined || String(value) === '' ? '' : `\`${String(value)}\``} | ${description} |`
  })
  return ['| Setting | Default | What it does |', '| --- | --- | --- |', ...rows].join('\n')
}
