import { userInfo } from 'node:os'
import type { Actor } from '../corpus/desk.ts'

/** Who works at this terminal, for the audit log. */
export function terminalActor(): Actor {
  return { by: loginName(), from: 'terminal' }
}

/** In a container a user may have a number and no name. */
function loginName(): string {
  try {
    return userInfo().username
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    return `uid ${String(process.getuid?.() ?? '')}`.trim()
  }
}
