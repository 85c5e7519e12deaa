import { config as loadEnvFile } from 'dotenv'
import { readConfig } from '../../../src/config.ts'
import { startPreview } from './preview.ts'

/** `npm run preview`: the bot in a browser. Ends on Ctrl+C, or when nobody has looked for a while. */
const UNWATCHED_MS = 30 * 60_000

loadEnvFile({ quiet: true })
const port = Number(process.env['PREVIEW_PORT'] ?? 8080)
const preview = await startPreview(readConfig({ ...process.env, SHARDS: undefined }), port)
process.stdout.write(`The bot is at ${preview.url}\nPress Ctrl+C to end.\n`)

const stop = (): void => void preview.close().then(() => process.exit(0))
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
let watchedAt = Date.now()
setInterval(() => {
  if (preview.isWatched()) watchedAt = Date.now()
  else if (Date.now() - watchedAt > UNWATCHED_MS) stop()
}, 60_000).unref()
