import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatArticle, parseArticle, type Article } from '../src/corpus/corpus.ts'

/** About what a sentence takes of an article's body. */
const charactersPerSentence = 125

/** Texts of the development sets where they are, and of the sample corpus; front matter left out. */
export async function readTexts(): Promise<string[]> {
  const shared = ['../../shared/retrieval-dev/articles', '../../shared/quotes-dev/text']
  const folders = [...shared, '../corpus'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))
  const texts = await Promise.all(
    folders.filter(existsSync).map(async (folder) => {
      const files = (await readdir(folder)).filter((file) => /\.(md|txt)$/u.test(file)).sort()
      return Promise.all(
        files.map(async (file) => (await readFile(join(folder, file), 'utf8')).replace(/^---\n[^]*?\n---\n/u, '')),
      )
    }),
  )
  return texts.flat().filter((text) => text.trim().length > 500)
}

/** Writes articles until they hold about that many sentences; past the texts there are, varied copies of them. */
export async function writeCorpus(dir: string, texts: readonly string[], sentences: number): Promise<Article[]> {
  await mkdir(dir, { recursive: true })
  const articles: Article[] = []
  for (let characters = 0, i = 0; characters < sentences * charactersPerSentence; i++) {
    const text = texts[i % texts.length] ?? ''
    const body = i < texts.length ? text : vary(text, Math.floor(i / texts.length))
    const article = await writeArticle(dir, i, body)
    articles.push(article)
    characters += article.body.length
  }
  return articles
}

async function writeArticle(dir: string, number: number, body: string): Promise<Article> {
  await mkdir(dir, { recursive: true })
  const file = `article-${String(number)}.md`
  const day = String((number % 28) + 1).padStart(2, '0')
  const tags = TAGS.filter(([, every]) => number % every === 0).map(([tag]) => tag)
  const source = `---\ntitle: Article ${String(number)}\noutlet: Outlet ${String(number % 9)}\npublished: 2024-03-${day}\ntags: [${tags.join(', ')}]\n---\n\n${body}`
  const article = parseArticle(source, file)
  await writeFile(join(dir, file), formatArticle(article))
  return article
}

/** A tag that every so manieth article has, for filters. */
const TAGS = [
  ['half', 2],
  ['tenth', 10],
  ['twentieth', 20],
  ['thousandth', 1000],
] as const

/** Characters of a brief: some eight sentences, as agencies send them. */
const briefCharacters = 1000

/** Writes that many short articles, each some paragraphs of a text; past the paragraphs there are, varied copies. */
export async function writeBriefs(dir: string, texts: readonly string[], count: number): Promise<Article[]> {
  const briefs = texts.flatMap(cutBriefs)
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const brief = briefs[i % briefs.length] ?? ''
      return writeArticle(dir, i, i < briefs.length ? brief : vary(brief, Math.floor(i / briefs.length)))
    }),
  )
}

function cutBriefs(text: string): string[] {
  const briefs: string[] = []
  let brief = ''
  for (const paragraph of text.split(/\n{2,}/u)) {
    brief = brief === '' ? paragraph : `${brief}\n\n${paragraph}`
    if (brief.length < briefCharacters) continue
    briefs.push(brief)
    brief = ''
  }
  return brief.length > briefCharacters / 2 ? [...briefs, brief] : briefs
}

/** A text with every fifth longer word changed for another one of it; another `copy` changes them otherwise. */
export function vary(text: string, copy: number): string {
  const words = text.match(/\p{L}{5,}/gu) ?? ['other']
  let place = 0
  return text.replace(/\p{L}{5,}/gu, (word) => {
    place++
    return place % 5 === copy % 5 ? (words[(place * 31 + copy * 7919) % words.length] ?? word) : word
  })
}
