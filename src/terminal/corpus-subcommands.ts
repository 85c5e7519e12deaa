import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Command as Program } from 'commander'
import type { Config } from '../config.ts'
import type { ArticleProblem } from '../corpus/corpus.ts'
import type { Corrections, Desk } from '../corpus/desk.ts'
import { UserError } from '../errors.ts'
import { counted } from '../wording.ts'
import { terminalActor } from './actor.ts'
import { confirm } from './confirm.ts'
import { problemLines } from './problem-lines.ts'
import { formatDate, plain } from './render.ts'
import {
  configOf,
  EXIT,
  interruptSignal,
  subcommand,
  withExample,
  writeJsonLines,
  type Places,
  type SubcommandContext,
} from './subcommand.ts'

type Flags = Places & { readonly json?: boolean }

const REINDEX = 'Bring the index up to date: npm run -s verbatim -- index'

/** Adds `corpus add|remove|removed|restore|status|export`: articles come in and go out one at a time, on record. */
export function addCorpus(program: Program, context: SubcommandContext): void {
  const corpus = withExample(
    program.command('corpus').description('Adds, removes, restores and exports articles; who did what is on record'),
    'corpus status',
  )
  addAdd(corpus, context)
  addRemove(corpus, context)
  addRemoved(corpus, context)
  addRestore(corpus, context)
  addStatus(corpus, context)
  addExport(corpus, context)
}

async function openDeskOf({ corpusDir, dataDir }: Config): Promise<Desk> {
  // Readers of HTML, dates and encodings take a second to load; --help and other subcommands do without them.
  const { openDesk } = await import('../corpus/desk.ts')
  return openDesk({ corpusDir, dataDir })
}

function addAdd(corpus: Program, { exit }: SubcommandContext): void {
  subcommand(
    corpus,
    'add',
    'Adds the article of a file or a web page and shows what was understood of it',
    'corpus add https://courier.example.org/bridge --outlet "Harlow Courier"',
  )
    .argument('<path|url...>', 'files of text, HTML, Markdown or JSON, or web addresses')
    .option('--dry-run', 'show what was understood and write nothing')
    .option('--title <text>', 'the title, in place of the one found; so with the next four, "" takes a field away')
    .option('--outlet <name>', 'who published it')
    .option('--author <name>', 'who wrote it')
    .option('--published <date>', 'when: 2024-06-24, or "24 June 2024"')
    .option('--url <address>', 'where it was published')
    .option('--json', 'print JSON Lines, an object an article')
    .action(async (sources: readonly string[], flags: Flags & Corrections & { dryRun?: boolean }) => {
      const { addArticles, renderAdded } = await import('./corpus-add.ts')
      const isDryRun = flags.dryRun === true
      let changed = 0
      let isFirst = true
      const failures = await addArticles(sources, {
        desk: await openDeskOf(configOf(flags)),
        ...(isDryRun ? {} : { actor: terminalActor() }),
        corrections: correctionsOf(flags),
        signal: interruptSignal(),
        onAdded: (added) => {
          if (added.outcome === 'imported' || added.outcome === 'updated') changed++
          if (flags.json === true) writeJsonLines([added])
          else process.stdout.write(`${isFirst ? '' : '\n'}${renderAdded(added, { isDryRun })}\n`)
          isFirst = false
        },
      })
      for (const { reason, remedy } of failures) process.stderr.write(`${plain(`${reason} ${remedy}`)}\n`)
      if (flags.json !== true && isDryRun && !isFirst) process.stdout.write('\nDry run, nothing written.\n')
      else if (flags.json !== true && changed > 0) process.stdout.write(`\n${REINDEX}\n`)
      exit(failures.length > 0 ? EXIT.error : EXIT.answered)
    })
}

function correctionsOf(flags: Corrections): Corrections {
  const { title, outlet, author, published, url } = flags
  const given = Object.entries({ title, outlet, author, published, url }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given)
}

function addRemove(corpus: Program, { exit }: SubcommandContext): void {
  subcommand(
    corpus,
    'remove',
    'Moves an article to the trash, from where it can be restored',
    'corpus remove harlow-closes-its-swing-bridge --reason "withdrawn by the outlet"',
  )
    .argument('<article>', 'its file in the corpus, with or without .md')
    .option('--yes', 'do not ask; needed where there is no terminal to ask on')
    .option('--reason <text>', 'why, for the record')
    .option('--json', 'print JSON')
    .action(async (article: string, flags: Flags & { yes?: boolean; reason?: string }) => {
      const config = configOf(flags)
      const desk = await openDeskOf(config)
      const file = await fileIn(config.corpusDir, article)
      if (flags.yes !== true && !(await isConfirmed(await desk.find(file)))) {
        process.stderr.write('Nothing was removed.\n')
        exit(EXIT.error)
        return
      }
      const removed = await desk.remove(file, terminalActor(), flags.reason)
      if (flags.json === true) writeJsonLines([removed])
      else
        process.stdout.write(
          plain(
            `Removed ${removed.file}${removed.title === undefined ? '' : `, “${removed.title}”`}.\n` +
              `Bring it back: npm run -s verbatim -- corpus restore ${removed.id}\n${REINDEX}\n`,
          ),
        )
      exit(EXIT.answered)
    })
}

/** The article that somebody names by a path from where they are, as a shell completes it; else what they typed. */
async function fileIn(corpusDir: string, article: string): Promise<string> {
  const file = path.relative(corpusDir, article)
  const isBelow = file !== '' && !path.isAbsolute(file) && !file.startsWith('..')
  const isThere = await stat(article).then(
    (found) => found.isFile(),
    () => false,
  )
  return isBelow && isThere ? file.split(path.sep).join('/') : article
}

async function isConfirmed({ file, title, outlet, published }: Awaited<ReturnType<Desk['find']>>): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UserError(
      'bad-argument',
      `Removing ${file} has to be confirmed, and there is no terminal to ask on.`,
      'Add --yes when you are sure.',
    )
  const about = [outlet, title, published === undefined ? undefined : formatDate(published)]
  const named = about.filter((part) => part !== undefined).join(' · ')
  return confirm(plain(`Remove ${file}${named === '' ? '' : ` (${named})`}?`), process.stdin, process.stderr)
}

function addRemoved(corpus: Program, { exit }: SubcommandContext): void {
  subcommand(corpus, 'removed', 'Lists what can be restored, the last removed first', 'corpus removed')
    .option('--json', 'print JSON Lines, an object an article')
    .action(async (flags: Flags) => {
      const removed = await (await openDeskOf(configOf(flags))).removed()
      if (flags.json === true) writeJsonLines(removed)
      else if (removed.length === 0) process.stdout.write('Nothing was removed that could be restored.\n')
      else
        process.stdout.write(
          removed
            .map(({ id, title, file, at, by, name, reason }) => {
              const how = `removed ${at.slice(0, 16).replace('T', ' ')} UTC by ${name ?? by}`
              const why = reason === undefined ? '' : `: ${reason}`
              return plain(`${id}\n  ${title === undefined ? '' : `${title} · `}${file} · ${how}${why}`) + '\n'
            })
            .join(''),
        )
      exit(removed.length === 0 ? EXIT.nothingFound : EXIT.answered)
    })
}

function addRestore(corpus: Program, { exit }: SubcommandContext): void {
  subcommand(
    corpus,
    'restore',
    'Brings a removed article back',
    'corpus restore 20240624T120000Z-harlow-closes-its-swing-bridge-3f9a1c',
  )
    .argument('<id>', 'as `corpus removed` lists it')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: Flags) => {
      const file = await (await openDeskOf(configOf(flags))).restore(id, terminalActor())
      if (flags.json === true) writeJsonLines([{ id, file }])
      else process.stdout.write(plain(`Restored as ${file}.\n${REINDEX}\n`))
      exit(EXIT.answered)
    })
}

function addStatus(corpus: Program, { exit }: SubcommandContext): void {
  subcommand(corpus, 'status', 'Shows articles, problems, last changes, and how the index stands', 'corpus status')
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const { renderStatus } = await import('./corpus-status.ts')
      const { readIndexStatus } = await import('../moderation/index-status.ts')
      const config = configOf(flags)
      const status = await (await openDeskOf(config)).status()
      const index = await readIndexStatus(config.indexDir, config.corpusDir)
      if (flags.json === true) writeJsonLines([{ ...status, index }])
      else process.stdout.write(`${renderStatus(status, index, Date.now())}\n`)
      exit(EXIT.answered)
    })
}

function addExport(corpus: Program, { exit }: SubcommandContext): void {
  subcommand(
    corpus,
    'export',
    'Writes every article as a line of JSON, which `import` reads back without loss',
    'corpus export --out coverage.jsonl',
  )
    .option('--out <file>', 'where to; standard output otherwise')
    .action(async (flags: Flags & { out?: string }) => {
      const { exportCorpus } = await import('../corpus/desk.ts')
      const { withAudit } = await import('../corpus/audit.ts')
      const { printLines, writeLines } = await import('./export-file.ts')
      const { corpusDir, dataDir } = configOf(flags)
      const { out } = flags
      const signal = interruptSignal()
      const problems: ArticleProblem[] = []
      let articles = 0
      const lines = async function* () {
        for await (const line of exportCorpus(corpusDir, (problem) => problems.push(problem))) {
          yield line
          articles++
        }
      }
      const to = out ?? 'standard output'
      const summary = (isWhole: boolean) =>
        isWhole ? `${counted(articles, 'article')} to ${to}` : `stopped by the reader of ${to}`
      const isWhole = await withAudit(
        { dataDir, now: () => new Date() },
        { ...terminalActor(), action: 'export', detail: to },
        () => (out === undefined ? printLines(lines(), signal) : writeLines(out, lines(), signal)),
        (isWhole) => ({ detail: summary(isWhole) }),
      )
      if (isWhole) process.stderr.write(plain(`Exported ${summary(isWhole)}.\n`))
      if (problems.length > 0)
        process.stderr.write(
          `${counted(problems.length, 'problem')}; these files were left out:\n${problemLines(problems)}\n`,
        )
      exit(problems.length > 0 ? EXIT.error : EXIT.answered)
    })
}
