import { randomBytes } from 'node:crypto'
import { UserError } from './errors.ts'
import type { Reply } from './reply.ts'

/** Where what broke is written down; given the incident's id, the error with its stack and causes. */
export type IncidentLog = (incident: string, error: unknown) => void

/**
 * The one place that words a failure for a person. What a person can mend is told with what to do; anything else is a
 * bug: it gets an incident id, and the log the stack. Never throws.
 */
export function failureReply(error: unknown, log: IncidentLog): Reply {
  if (error instanceof UserError) {
    return {
      outcome: 'failed',
      audience: 'asker',
      blocks: [{ kind: 'notice', text: error.message, remedy: error.remedy }],
      actions: [],
    }
  }
  const incident = randomBytes(4).toString('hex')
  try {
    log(incident, error)
  } catch {
    // A log that fails must not take the answer with it.
  }
  return {
    outcome: 'failed',
    audience: 'asker',
    blocks: [{ kind: 'notice', text: 'Something broke on our side.', remedy: 'Tell whoever runs this bot.', incident }],
    actions: [],
  }
}
