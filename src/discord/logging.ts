import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino'
import { strikeSecrets } from '../secrets.ts'

export type LogOptions = {
  readonly level: string
  /** Never appear in a line, wherever they come from: the bot's token. */
  readonly secrets: readonly string[]
  /** One JSON object a line; standard output by default. */
  readonly destination?: DestinationStream
}

/**
 * The log: JSON lines. Secrets are struck out of the finished line, so that no error, address or nested value can carry
 * one past; errors lose the body of the request that failed, which may hold a question.
 */
export function createLog(options: LogOptions): Logger {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true })
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    { write: (line) => destination.write(strikeSecrets(line, options.secrets)) },
  )
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const described = Object.entries(stdSerializers.err(error))
  return Object.fromEntries(described.filter(([key]) => key !== 'requestBody' && key !== 'rawError'))
}
