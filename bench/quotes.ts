import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { z } from 'zod'
import { attribute } from '../src/quotes/attribution.ts'
import { readCues } from '../src/quotes/clauses.ts'
import { Resolver } from '../src/quotes/coreference.ts'
import { readFrames } from '../src/quotes/frames.ts'
import { foldName, readMentions } from '../src/quotes/mentions.ts'
import { extractQuotes } from '../src/quotes/quotes.ts'
import { findReported } from '../src/quotes/reported.ts'
import { findQuotations, splitBlocks } from '../src/quotes/spans.ts'

const corpus = fileURLToPath(new URL('../corpus/', import.meta.url))
const quotesDev = fileURLToPath(new URL('../../shared/quotes-dev/', import.meta.url))

/** CPU time of this process, so that a busy machine tells the same as an idle one. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Throughput by stage, time over growing input, and how well the confidence holds. All in CPU time of one core. */
export async function run(): Promise<void> {
  const articles = await sampleArticles()
  throughput(articles)
  growth()
  await calibration()
}

async function sampleArticles(): Promise<string[]> {
  const names = (await readdir(corpus)).filter((name) => name.endsWith('.md'))
  const files = await Promise.all(names.map((name) => readFile(`${corpus}${name}`, 'utf8')))
  return files.map((file) => file.replace(/^---[\s\S]*?\n---\n/, ''))
}

function throughput(articles: readonly string[]): void {
  const rounds = 40
  for (let round = 0; round < rounds / 4; round++) for (const article of articles) extractQuotes(article)
  const spent = new Map<string, number>()
  const timed = <T>(stage: string, work: () => T): T => {
    const start = cpuMs()
    const done = work()
    spent.set(stage, (spent.get(stage) ?? 0) + cpuMs() - start)
    return done
  }
  let quotes = 0
  for (let round = 0; round < rounds; round++) {
    for (const text of articles) {
      const { blocks, quotations } = timed('quotation marks', () => {
        const split = splitBlocks(text)
        return { blocks: split, quotations: findQuotations(text, split) }
      })
      const frames = timed('sentences, parts of speech', () => readFrames(text, blocks, quotations))
      const mentions = timed('names', () => readMentions(text, frames, quotations))
      const cues = timed('cues and subjects', () =>
        frames.map((frame, index) => readCues(frame, mentions.chunks[index] ?? [], mentions.possessorsOf)),
      )
      const resolver = new Resolver(text, frames, mentions)
      const { attributed, referents } = timed('speakers', () => attribute({ text, frames, cues, quotations, resolver }))
      const clauses = timed('reported speech', () => findReported(frames, mentions.chunks, cues, referents))
      quotes += attributed.length + clauses.length
    }
  }
  const totalMs = [...spent.values()].reduce((sum, ms) => sum + ms, 0)
  const megabytes = (articles.reduce((sum, text) => sum + Buffer.byteLength(text), 0) * rounds) / 1e6
  const table = new Table({
    style: { head: [], border: [] },
    head: ['stage', 'ms / article', 'share'],
    colAligns: ['left', 'right', 'right'],
  })
  for (const [stage, ms] of spent) {
    table.push([stage, (ms / rounds / articles.length).toFixed(3), `${((100 * ms) / totalMs).toFixed(0)} %`])
  }
  console.log(
    `${((articles.length * rounds) / (totalMs / 1000)).toFixed(0)} articles/s, ${(megabytes / (totalMs / 1000)).toFixed(2)} MB/s, ` +
      `${(quotes / rounds / articles.length).toFixed(1)} quotes an article (sample corpus, ${articles.length} articles × ${rounds})`,
  )
  console.log(table.toString())
}

const HOSTILE: Readonly<Record<string, string>> = {
  'straight marks': '"',
  'opening marks': '“',
  'opened quotations': '“word ',
  apostrophes: "' ",
  'no marks, one sentence': 'word ',
  'one word': 'a',
  'names and cues': 'Ann Lee said ',
  'he said that': 'he said that ',
  'names and commas': 'Lee, ',
  brackets: '(',
  'short quotes': '“Yes,” said Lee. ',
  'quotes without a cue': '“Aa bb.” ',
  'the man in every sentence': 'The man said so. ',
  'a sister in every sentence': 'A sister of Ann Lee left. ',
  'she in every sentence': 'She said that he left. ',
  'paragraphs that open a mark': '“a\n\n',
  'white space in marks': '"   ',
  'marks in marks': '“one ‘two "three ‘four ',
  'marks in marks, closed': '“one ‘two "three" two’ one” said Lee. ',
  'closing marks': '” ',
  'brackets of all kinds': '[(“{«',
  abbreviations: 'Mr. U.S. Inc. ',
  'full stops': '. ',
  'line ends': 'Aa said\n',
  'names that grow': 'Ann-',
  'other names': '',
}

/** A hostile text of that many characters; the last kind has no piece that repeats. */
function hostileText(piece: string, size: number): string {
  if (piece !== '') return piece.repeat(Math.ceil(size / piece.length))
  let text = ''
  for (let i = 0; text.length < size; i++) {
    const [first, last] = [i * 7919, i * 104729].map((seed) =>
      Array.from({ length: 5 }, (_, k) => String.fromCharCode(97 + (Math.floor(seed / 26 ** k) % 26))).join(''),
    )
    text += `A${first ?? ''} B${last ?? ''} said it. `
  }
  return text
}

/** The largest hostile text, in MB; 10 of them take some minutes. */
const largest = Number(process.env['BENCH_MEGABYTES'] ?? '0.4')

function growth(): void {
  const sizes = [8, 1].map((part) => (largest * 1e6) / part)
  const table = new Table({
    style: { head: [], border: [] },
    head: ['input', ...sizes.map((size) => `${size / 1000} kB, CPU ms`), '×8 takes'],
    colAligns: ['left', 'right', 'right', 'right'],
  })
  for (const [name, piece] of Object.entries(HOSTILE)) {
    const times = sizes.map((size) => {
      const text = hostileText(piece, size)
      const start = cpuMs()
      extractQuotes(text)
      return cpuMs() - start
    })
    const ratio = (times.at(-1) ?? 0) / Math.max(1, times[0] ?? 1)
    table.push([name, ...times.map((ms) => ms.toFixed(0)), `${ratio.toFixed(1)} ×`])
  }
  console.log(`\nTime over growing input; linear is 8 × or less`)
  console.log(table.toString())
}

const Gold = z.object({
  files: z.array(
    z.object({
      file: z.string(),
      quotes: z.array(
        z.object({
          start: z.number(),
          end: z.number(),
          type: z.string(),
          names: z.array(z.string()),
          ignore: z.string().nullable(),
        }),
      ),
    }),
  ),
})

async function calibration(): Promise<void> {
  if (!existsSync(`${quotesDev}gold.json`)) {
    console.log('\nConfidence: not measured, ../shared/quotes-dev is not here.')
    return
  }
  const gold = Gold.parse(JSON.parse(await readFile(`${quotesDev}gold.json`, 'utf8')))
  const judged: { key: string; confidence: number; isRight: boolean }[] = []
  for (const { file, quotes } of gold.files) {
    const text = await readFile(`${quotesDev}text/${file}`, 'utf8')
    for (const found of extractQuotes(text)) {
      if (found.kind !== 'direct' || found.speaker === null) continue
      const match = quotes.find(
        (quote) => !quote.ignore && quote.names.length > 0 && Math.abs(quote.start - found.start) < 3,
      )
      if (!match) continue
      judged.push({
        key: `${found.attribution} ${found.confidence}`,
        confidence: found.confidence,
        isRight: match.names.some((name) => isSame(name, found.speaker ?? '')),
      })
    }
  }
  const table = new Table({
    style: { head: [], border: [] },
    head: ['attribution, confidence', 'right', 'of', 'shrunk'],
    colAligns: ['left', 'right', 'right', 'right'],
  })
  for (const key of [...new Set(judged.map((one) => one.key))].sort()) {
    const group = judged.filter((one) => one.key === key)
    const right = group.filter((one) => one.isRight).length
    table.push([key, right, group.length, ((right + 0.85 * 12) / (group.length + 12)).toFixed(3)])
  }
  console.log(
    `\nConfidence against ${judged.length} quotes of quotes-dev with a named speaker (shrunk: twelve more at 0.85)`,
  )
  console.log(table.toString())
  const error = [0.8, 0.875, 0.925, 1.01].reduce((sum, top, index, tops) => {
    const bin = judged.filter((one) => one.confidence < top && one.confidence >= (tops[index - 1] ?? 0))
    if (bin.length === 0) return sum
    const mean = bin.reduce((total, one) => total + one.confidence, 0) / bin.length
    const share = bin.filter((one) => one.isRight).length / bin.length
    console.log(
      `confidence below ${top.toFixed(3)}: says ${mean.toFixed(3)}, is ${share.toFixed(3)}, n = ${bin.length}`,
    )
    return sum + (Math.abs(mean - share) * bin.length) / judged.length
  }, 0)
  console.log(`expected calibration error ${error.toFixed(3)}`)
}

/** The same last word: family names, and the kind of a body. Coarser than the set's own scorer. */
function isSame(name: string, speaker: string): boolean {
  const last = (text: string): string => foldName(text.split(/\s+/).at(-1) ?? '')
  return (
    last(name) === last(speaker) ||
    foldName(name).includes(foldName(speaker)) ||
    foldName(speaker).includes(foldName(name))
  )
}
