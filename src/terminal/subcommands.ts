import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Argument, Option, type Command as Program } from 'commander'
import type { Command, OptionDefinition, OptionValues } from '../command.ts'
import type { Config } from '../config.ts'
import { embeddingOf, type Engine } from '../engine.ts'
import { UserError } from '../errors.ts'
import { buildIndex } from '../index/index.ts'
import type { QuoteKind } from '../quotes/quote.ts'
import type { Reply } from '../reply.ts'
import { terminalActor } from './actor.ts'
import { buildWithProgress, openOrBuild, renderBuildReport } from './build.ts'
import { addCorpus } from './corpus-subcommands.ts'
import { addFeeds } from './feeds-subcommand.ts'
import { renderImportReport } from './import-report.ts'
import { answerJson, extractJson } from '../json.ts'
import { chat, layout } from './chat.ts'
import { showProgress } from './progress.ts'
import { plain, renderReply } from './render.ts'
import { configOf, EXIT, interruptSignal, subcommand, type Places, type SubcommandContext } from './subcommand.ts'
import { readValue } from './typed-command.ts'

/** Adds every subcommand to the program: what Discord's commands do, and what only an operator does. */
export function addSubcommands(program: Program, context: SubcommandContext): void {
  for (const command of context.commands) {
    if (command.definition.access === 'everyone' && command.definition.name !== 'help')
      addCommand(program, command, context)
  }
  addSearch(program, context)
  addImport(program, context)
  addCorpus(program, context)
  addFeeds(program, context)
  addIndex(program, context)
  addExtract(program, context)
  addChat(program, context)
}

async function withEngine<T>(places: Places, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openOrBuild(configOf(places), process.stderr)
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

/** A command of commands/ as a subcommand: its first option is the argument, the others are flags. */
function addCommand(program: Program, command: Command, { exit }: SubcommandContext): void {
  const { name, description, options, example } = command.definition
  const [first, ...rest] = options.filter((option) => option.name !== 'private')
  const json = command.json
  const added = subcommand(program, name, description, exampleLine(example))
  if (first !== undefined)
    added.addArgument(
      new Argument(first.required === true ? `<${first.name}...>` : `[${first.name}...]`, first.description),
    )
  for (const option of rest) added.addOption(flagOf(option))
  if (json !== undefined) added.option('--json', 'print JSON')
  added.action(async (...given: unknown[]) => {
    const words = first === undefined ? [] : ((given[0] ?? []) as readonly string[])
    const flags = added.opts<Places & { json?: boolean } & Record<string, string | undefined>>()
    const values = valuesOf(options, words.join(' '), flags)
    await withEngine(flags, async (engine) => {
      if (flags.json === true && json !== undefined) {
        const { lines, isFound } = await json(values, { engine })
        process.stdout.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
        exit(isFound ? EXIT.answered : EXIT.nothingFound)
        return
      }
      const reply = await command.run(values, { engine })
      process.stdout.write(renderReply(reply, layout()))
      exit(exitCodeOf(reply))
    })
  })
}

/** A command's example as a shell takes it: `name:value` becomes a flag. */
function exampleLine(example: string): string {
  return example.replace(/^\//u, '').replace(/(\s)([a-z]+):(?=["\S])/gu, '$1--$2 ')
}

function flagOf(option: OptionDefinition): Option {
  const flag = new Option(
    option.type === 'boolean' ? `--${option.name}` : `--${option.name} <${option.type === 'date' ? 'date' : 'text'}>`,
    option.description,
  )
  return option.choices === undefined ? flag : flag.choices(option.choices.map(({ value }) => value))
}

function valuesOf(
  options: readonly OptionDefinition[],
  argument: string,
  flags: Readonly<Record<string, unknown>>,
): OptionValues {
  const [first] = options
  const values: Record<string, string | number | boolean> = {}
  for (const option of options) {
    const text = option === first ? argument : flags[option.name]
    if (text === true) values[option.name] = true
    else if (typeof text === 'string' && text !== '') values[option.name] = readValue(option, text)
  }
  return values
}

function exitCodeOf(reply: Reply): number {
  switch (reply.outcome) {
    case 'answered':
      return EXIT.answered
    case 'nothing-found':
      return EXIT.nothingFound
    case 'refused':
    case 'failed':
      return EXIT.error
  }
}

function addSearch(program: Program, { exit }: SubcommandContext): void {
  subcommand(
    program,
    'search',
    'Answers questions from standard input, one a line, as JSON Lines',
    'search --json < questions.txt',
  )
    .option('-k, --limit <n>', 'most hits of a question', '10')
    .option('--json', 'print JSON (it always does)')
    .action(async (flags: Places & { limit: string }) => {
      const limit = Number(flags.limit)
      if (!Number.isInteger(limit) || limit < 1 || limit > 100)
        throw new UserError('bad-argument', `--limit: "${flags.limit}" is not a number from 1 to 100.`, 'Try -k 10.')
      await withEngine(flags, async (engine) => {
        let isAnyAnswered = false
        // A line is printed as it came, so that whoever asked finds the answer by the question.
        for await (const question of createInterface({ input: process.stdin })) {
          if (question.trim() === '') continue
          const answer = await engine.ask({ text: question, limit })
          isAnyAnswered ||= answer.kind === 'answered'
          process.stdout.write(`${JSON.stringify(answerJson(question, answer))}\n`)
        }
        exit(isAnyAnswered ? EXIT.answered : EXIT.nothingFound)
      })
    })
}

function addImport(program: Program, { exit }: SubcommandContext): void {
  subcommand(
    program,
    'import',
    'Makes articles of scraped text, HTML, Markdown and JSON Lines files, or folders of them',
    'import ~/Downloads/article.html exports/',
  )
    .argument('<path...>', 'files or folders')
    .option('--dry-run', 'show what would happen and write nothing')
    .action(async (paths: readonly string[], flags: Places & { dryRun?: boolean }) => {
      // Readers of HTML, dates and encodings take a second to load; only an import needs them.
      const { importPaths } = await import('../corpus/corpus.ts')
      const { withAudit } = await import('../corpus/audit.ts')
      const { corpusDir, dataDir } = configOf(flags)
      const dryRun = flags.dryRun === true
      const display = showProgress(process.stderr)
      const importAll = () =>
        importPaths(paths, {
          corpusDir,
          dryRun,
          signal: interruptSignal(),
          onProgress: ({ files, ofFiles }) => {
            if (process.stderr.isTTY) display.update({ stage: 'importing', done: files, total: ofFiles })
          },
        })
      const recorded = () =>
        withAudit(
          { dataDir, now: () => new Date() },
          { ...terminalActor(), action: 'import', detail: paths.join(' ') },
          importAll,
          ({ counts }) => ({ detail: `${String(counts.imported)} new, ${String(counts.updated)} updated` }),
        )
      const report = await (dryRun ? importAll() : recorded()).finally(() => display.stop())
      process.stdout.write(`${renderImportReport(report, { dryRun })}\n`)
      if (!dryRun && report.counts.imported + report.counts.updated > 0)
        process.stdout.write('Build the index to search them: npm run -s verbatim -- index\n')
      exit(report.counts.failed > 0 || report.isCancelled ? EXIT.error : EXIT.answered)
    })
}

function addIndex(program: Program, { exit }: SubcommandContext): void {
  subcommand(program, 'index', 'Builds the index of the corpus; what did not change is taken over', 'index')
    .option('--full', 'make everything anew, vectors too')
    .option('--watch', 'then stay, and build again after each edit of the corpus, until Ctrl-C')
    .option('--json', 'print the report as JSON, with --watch a line a build')
    .action(async (flags: Places & { full?: boolean; watch?: boolean; json?: boolean }) => {
      const config = configOf(flags)
      const signal = interruptSignal()
      const isJson = flags.json === true
      // Opened before the first build, so that no edit falls between.
      const watch = flags.watch === true ? await openWatch(config) : undefined
      try {
        const report = await buildWithProgress(config, { stream: process.stderr, full: flags.full === true, signal })
        process.stdout.write(isJson ? `${JSON.stringify(report)}\n` : `${renderBuildReport(report)}\n`)
        await watch?.run(signal, isJson)
      } finally {
        await watch?.close()
      }
      exit(EXIT.answered)
    })
}

/** Watches the corpus; `run` tells of each build after an edit, a line each, until the signal aborts. */
async function openWatch(config: Config) {
  const { rebuildLine, watchCorpus } = await import('../moderation/watch.ts')
  const watch = await watchCorpus(config.corpusDir)
  return {
    close: watch.close,
    run: async (signal: AbortSignal, isJson: boolean) => {
      process.stderr.write(`Watching ${config.corpusDir}; Ctrl-C ends it.\n`)
      const { corpusDir, indexDir } = config
      const build = () => buildIndex({ corpusDir, indexDir, embedding: embeddingOf(config), signal })
      await watch.rebuild(build, signal, (rebuild) => {
        if (isJson && 'report' in rebuild) process.stdout.write(`${JSON.stringify(rebuild.report)}\n`)
        else (isJson ? process.stderr : process.stdout).write(plain(`${rebuildLine(rebuild, new Date())}\n`))
      })
      process.stderr.write('Stopped watching.\n')
    },
  }
}

function addExtract(program: Program, { exit }: SubcommandContext): void {
  program
    .command('extract')
    .description('Prints what text files quote and who said it, as JSON Lines; needs no index')
    .argument('<file...>', 'text files, UTF-8')
    .option('--json', 'print JSON (it always does)')
    .addOption(
      new Option('--kind <kind>', 'direct quotes, reported speech, or both')
        .choices(['direct', 'reported', 'all'])
        .default('direct'),
    )
    .addHelpText('after', '\nExample:\n  npm run -s verbatim -- extract --json article.txt')
    .action(async (files: readonly string[], flags: { kind: QuoteKind | 'all' }) => {
      const { extractQuotes } = await import('../quotes/quotes.ts')
      let failures = 0
      for (const file of files) {
        try {
          const text = await readFile(file, 'utf8')
          const quotes = extractQuotes(text).filter((quote) => flags.kind === 'all' || quote.kind === flags.kind)
          process.stdout.write(quotes.map((quote) => `${JSON.stringify(extractJson(file, quote))}\n`).join(''))
        } catch (error) {
          if (!isFileError(error)) throw error
          failures += 1
          process.stderr.write(`${file}: cannot be read (${error.code}). Check the path and its permissions.\n`)
        }
      }
      exit(failures > 0 ? EXIT.error : EXIT.answered)
    })
}

function isFileError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}

function addChat(program: Program, { commands }: SubcommandContext): void {
  subcommand(program, 'chat', 'Opens the prompt: ask questions, or type the commands that Discord has', 'chat').action(
    async (flags: Places) => {
      await chat(configOf(flags), commands)
    },
  )
}
