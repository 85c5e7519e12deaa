import { readSource } from '../../src/corpus/corpus.ts'
import { formatArticle, normaliseBody, parseArticle, readArticle } from '../../src/corpus/article.ts'
import { readDate } from '../../src/corpus/dates.ts'
import { statedBy } from '../../src/corpus/exported.ts'
import { readFeed } from '../../src/corpus/feed-items.ts'
import { sketchOf } from '../../src/corpus/likeness.ts'
import { plainNames, readMetadata } from '../../src/corpus/metadata.ts'
import { slugOf } from '../../src/corpus/slug.ts'
import { createCustomIds } from '../../src/discord/custom-ids.ts'
import { continueQuestion } from '../../src/discord/follow-up.ts'
import { escapeMarkdown, linkTarget, maskedLink, shorten, timestamp } from '../../src/discord/markdown.ts'
import { UserError } from '../../src/errors.ts'
import { isDay } from '../../src/options.ts'
import { readPageState } from '../../src/paging.ts'
import { mergeSpeakers, readArticleNames } from '../../src/quotes/names.ts'
import { extractQuotes } from '../../src/quotes/quotes.ts'
import { quotedPart, verifyQuote } from '../../src/quotes/verify.ts'
import { strikeSecrets } from '../../src/secrets.ts'
import { plain } from '../../src/terminal/render.ts'
import { fold } from '../../src/text/fold.ts'
import { splitPassages } from '../../src/text/passages.ts'
import { splitParagraphs } from '../../src/text/paragraphs.ts'
import { splitSentences } from '../../src/text/sentences.ts'
import { formatTerms, parseTerms, readTerms } from '../../src/text/terms.ts'

/** A way into the product for somebody else's text: reads it and throws where anything but a UserError comes of it. */
export type Entry = {
  readonly name: string
  /** @throws Error that says what does not hold */
  run(text: string): void
  /** Most characters that it is given by its callers; absent: any number. */
  readonly most?: number
}

function holds(claim: boolean, what: string): asserts claim {
  if (!claim) throw new Error(what)
}

/** What a person can mend is a fine answer; its words must not be empty, nor as long as the input. */
function refusable(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    holds(error.message !== '' && error.remedy !== '', 'a refusal says what is wrong and what to do')
    holds(error.message.length < 2000, `a refusal has ${String(error.message.length)} characters`)
  }
}

type Span = { readonly start: number; readonly end: number; readonly text: string }

function slices(text: string, spans: readonly Span[], what: string): void {
  let last = 0
  for (const { start, end, text: own } of spans) {
    holds(text.slice(start, end) === own && start < end, `${what} ${String(start)}…${String(end)} is no slice`)
    holds(start >= last, `${what} ${String(start)} comes before the end of the one before`)
    last = end
  }
}

/** An article's file gives the article back: nothing that an importer lets through is lost or read as something else. */
function roundTrips(bytes: Uint8Array, name: string): void {
  refusable(() => {
    for (const reading of readSource(bytes, name)) {
      if ('problem' in reading) {
        holds(reading.problem.reason !== '', 'a problem has a reason')
        continue
      }
      const fields = statedBy(reading.draft)
      holds(normaliseBody(fields.body) === fields.body, 'a body is in its stable form')
      holds(fields.body !== '' && fields.title !== '', 'a draft has a body and a title')
      const written = { ...fields, slug: 'a', file: 'a.md' }
      const read = readArticle(formatArticle(written), 'a.md')
      if ('problems' in read)
        throw new Error(`its file is refused: ${read.problems.map(({ reason }) => reason).join('; ')}`)
      holds(read.article.body === fields.body, 'the body comes back')
      holds(
        read.article.title === fields.title,
        `the title comes back: ${JSON.stringify([fields.title, read.article.title])}`,
      )
    }
  })
}

const importer = (ending: string): Entry => ({
  name: `import of .${ending}`,
  run: (text) => {
    roundTrips(Buffer.from(text), `a.${ending}`)
  },
})

const ids = (() => {
  const texts = new Map<string, string>()
  return createCustomIds(Buffer.alloc(32, 1), {
    put: (key, text) => {
      texts.clear()
      texts.set(key, text)
    },
    get: (key) => texts.get(key),
  })
})()

/** Every entry that needs nothing but a text. */
export const ENTRIES: readonly Entry[] = [
  {
    name: 'paragraphs, sentences, passages',
    run: (text) => {
      slices(text, splitParagraphs(text), 'paragraph')
      const sentences = splitSentences(text)
      slices(text, sentences, 'sentence')
      for (const passage of splitPassages(text, sentences))
        holds(text.slice(passage.start, passage.end) === passage.text, 'a passage is a slice')
    },
  },
  {
    name: 'quotes and names',
    run: (text) => {
      const quotes = extractQuotes(text)
      for (const quote of quotes) {
        holds(text.slice(quote.start, quote.end) === quote.text && quote.text !== '', 'a quote is a slice')
        for (const span of [quote.mention, quote.cue])
          if (span) holds(text.slice(span.start, span.end) === span.text, 'a mention or cue is a slice')
      }
      mergeSpeakers([readArticleNames('a', text, quotes)])
    },
  },
  {
    name: 'folding and terms',
    run: (text) => {
      const folded = fold(text)
      holds(
        folded.text.length === 0 || folded.originalRange(0, folded.text.length).end <= text.length,
        'a range is inside',
      )
      const terms = readTerms(text)
      for (const { start, end } of terms) holds(0 <= start && start < end && end <= text.length, 'a term is inside')
      const written = formatTerms(terms)
      holds(parseTerms(written).length === terms.length, 'terms come back')
    },
  },
  {
    name: 'verify',
    run: (text) => {
      const body = `${text}\n\n“We will not close the old bridge,” said Ada Okoro.`
      const quotes = extractQuotes(body).map((quote) => ({ ...quote, quoteId: 0, articleId: 0, speakerId: null }))
      for (const claim of [text, quotedPart(text), 'We will not close the new bridge'])
        refusable(() => {
          const verdict = verifyQuote(claim, {
            articlesWith: (phrases) => {
              for (const phrase of phrases) holds(!phrase.includes('"'), 'a phrase has no quotation mark')
              return [0]
            },
            article: () => ({ body, quotes }),
          })
          if (verdict.verdict !== 'verbatim' && verdict.verdict !== 'paraphrase') return
          for (const { parts } of verdict.sources)
            for (const part of parts) holds(body.slice(part.start, part.end) === part.text, 'a part is a slice')
        })
    },
  },
  {
    name: 'an article’s file',
    run: (text) => {
      for (const source of [text, `---\n${text}\n---\n\n${text}`])
        refusable(() => {
          const article = parseArticle(source, 'a.md')
          const again = parseArticle(formatArticle(article), 'a.md')
          holds(again.body === article.body && again.title === article.title, 'the article comes back')
        })
    },
  },
  importer('txt'),
  importer('html'),
  importer('md'),
  importer('json'),
  importer('jsonl'),
  importer('unknown'),
  {
    name: 'a feed',
    run: (text) => {
      for (const source of [text, `<rss version="2.0"><channel>${text}</channel></rss>`, `{"version":"https://jsonfeed.org/version/1.1","title":${JSON.stringify(text)},"items":[{"id":${JSON.stringify(text)}}]}`])
        refusable(() => {
          const { items } = readFeed(source, 'https://a.example/feed')
          for (const { url } of items) holds(url === undefined || /^https?:/u.test(url), `an item leads to ${String(url)}`)
        })
    }, // prettier-ignore
  },
  {
    name: 'metadata, dates, names of files',
    run: (text) => {
      const fields = plainNames({
        title: text,
        author: [text],
        url: text,
        date: text,
        tags: text,
        publisher: { name: text },
      })
      const { url, title, published } = readMetadata(fields)
      holds(url === undefined || /^https?:/u.test(url), 'an address is of the web')
      holds(title === undefined || !/\p{Cc}/u.test(title), 'a title has no control characters')
      for (const date of [published, readDate(text)])
        holds(date === undefined || !Number.isNaN(Date.parse(date)), `${String(date)} is a date`)
      holds(/^[a-z0-9-]{1,200}$/u.test(slugOf(text)), `a name of a file is plain: ${slugOf(text)}`)
      sketchOf(text)
    },
  },
  {
    name: 'Discord’s markdown',
    run: (text) => {
      escapeMarkdown(text)
      shorten(text, 100)
      const target = linkTarget(text)
      holds(target === undefined || /^https?:\/\/[\x21-\x7e]+$/u.test(target), 'a target is of the web and ASCII')
      maskedLink(text, 'https://a.example/')
      maskedLink('words', text)
      timestamp(text)
    },
  },
  {
    name: 'buttons, pages, follow-ups',
    run: (text) => {
      holds(ids.read(text) === undefined, 'an id that nobody signed is not read')
      const written = ids.write('vote', text)
      holds(written.length <= 100, `an id has ${String(written.length)} characters`)
      refusable(() => {
        readPageState(text)
      })
      continueQuestion({ question: text }, text)
      continueQuestion({ question: 'What did Ada Okoro say?', speaker: text }, text)
      isDay(text)
    },
    most: 4000,
  },
  {
    name: 'words for a terminal and a log',
    run: (text) => {
      holds(!/(?!\n)\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/u.test(plain(text)), 'nothing acts on the terminal')
      strikeSecrets(text, ['secret'])
    }, // prettier-ignore
  },
]

/** Importers on bytes that may be no text at all. */
export function importBytes(bytes: Uint8Array): void {
  for (const ending of ['txt', 'html', 'md', 'jsonl', 'json', 'unknown']) roundTrips(bytes, `a.${ending}`)
}
