import type { NameForm } from './name-form.ts'
import type { AliasReason, ArticleNames } from './names.ts'

/** Abbreviations that newspapers print without introducing them. */
const COMMON: readonly (readonly [short: string, long: string])[] = [
  ['U.S.', 'United States'],
  ['USA', 'United States'],
  ['U.K.', 'United Kingdom'],
  ['U.N.', 'United Nations'],
  ['EU', 'European Union'],
  ['UAE', 'United Arab Emirates'],
]
/** An abbreviation means the same everywhere when at least so many articles say so for one that says something else. */
const AGREEING = 20

type Expansion = { readonly form: NameForm; readonly reason: AliasReason }

/** What abbreviations stand for: first as the article introduces them, else as the whole coverage agrees. */
export class Abbreviations {
  private readonly inArticle = new Map<string, NameForm>()
  private readonly inCoverage = new Map<string, Expansion>()
  private readonly formal: (readonly [formal: NameForm, common: NameForm])[] = []

  constructor(articles: readonly ArticleNames[], read: (printed: string) => NameForm) {
    const introduced = new Map<
      string,
      { from: NameForm; meanings: Map<string, { form: NameForm; articles: number }> }
    >()
    for (const { article, introductions } of articles) {
      for (const { short, long } of introductions) {
        const [from, form] = [read(short), read(long)]
        if (from.isAcronym) this.inArticle.set(`${article}\n${from.key}`, form)
        const known = introduced.get(from.key) ?? {
          from,
          meanings: new Map<string, { form: NameForm; articles: number }>(),
        }
        known.meanings.set(form.key, { form, articles: (known.meanings.get(form.key)?.articles ?? 0) + 1 })
        introduced.set(from.key, known)
      }
    }
    for (const [short, long] of COMMON)
      this.inCoverage.set(read(short).key, { form: read(long), reason: 'common abbreviation' })
    for (const [key, { from, meanings }] of introduced) {
      const [first, second] = [...meanings.values()].sort((a, b) => b.articles - a.articles)
      const isAgreed = first !== undefined && first.articles >= (second?.articles ?? 0) * AGREEING
      if (!isAgreed) continue
      // What is no abbreviation was introduced as an official name.
      if (!from.isAcronym) this.formal.push([from, first.form])
      else this.inCoverage.set(key, { form: first.form, reason: 'introduced as an abbreviation' })
    }
  }

  /** What an abbreviation means in an article; undefined for any other name, or when nobody says. */
  expansionOf(article: string, short: NameForm): Expansion | undefined {
    if (!short.isAcronym) return undefined
    const form = this.inArticle.get(`${article}\n${short.key}`)
    return form ? { form, reason: 'introduced as an abbreviation' } : this.inCoverage.get(short.key)
  }

  /** Official and common names of the same body. */
  officialNames(): readonly (readonly [formal: NameForm, common: NameForm])[] {
    return this.formal
  }
}
