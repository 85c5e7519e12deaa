import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalDiscord } from './server/server.ts'
import type { TownCoverage } from './town-coverage.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** On SIGUSR2 a promise fails that nobody handles: a bug, on purpose, with the token in its words. */
const BUG = `data:text/javascript,process.on('SIGUSR2',()=>{Promise.reject(new Error('a bug on purpose: '+process.env.DISCORD_TOKEN))})`

export type BotProcess = {
  readonly child: ChildProcess
  /** Everything written to standard output so far. */
  output(): string
  errors(): string
  /** Resolves with the exit code; null after a kill. */
  readonly exited: Promise<number | null>
  /** Ends it, where it still runs, and removes its data. */
  remove(): Promise<void>
}

/** Starts the bot as `npm start` does, against a local Discord, in an empty directory. */
export async function spawnBot(
  discord: LocalDiscord,
  coverage: TownCoverage,
  env: Readonly<Record<string, string>> = {},
): Promise<BotProcess> {
  return spawnScript(MAIN, [], (dir) => ({
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    CORPUS_DIR: coverage.corpusDir,
    INDEX_DIR: coverage.indexDir,
    DATA_DIR: join(dir, 'data'),
    ...env,
  }))
}

/** Runs `verbatim <subcommand>` in an empty directory. */
export async function spawnVerbatim(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<BotProcess> {
  return spawnScript(CLI, args, () => env)
}

async function spawnScript(
  script: string,
  args: readonly string[],
  env: (dir: string) => Readonly<Record<string, string>>,
): Promise<BotProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-process-'))
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--import', BUG, script, ...args], {
    cwd: dir,
    env: { PATH: process.env['PATH'], ...env(dir) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    child,
    output: () => output,
    errors: () => errors,
    exited,
    remove: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
