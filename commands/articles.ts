import type { Command, CommandContext, OptionValues } from '../src/command.ts'
import type { ArticleQuery } from '../src/engine.ts'
import { audienceOf, OUTLET, outletsOf, PRIVATE, textOption } from '../src/options.ts'
import type { Reply } from '../src/reply.ts'

export default {
  definition: {
    name: 'articles',
    description: 'The articles the coverage has, newest first, or those about a topic',
    example: '/articles about:"battle tanks"',
    access: 'everyone',
    options: [
      { name: 'about', description: 'A topic in plain words', type: 'string', maxLength: 200 },
      OUTLET,
      PRIVATE,
    ],
  },

  async run(options, context): Promise<Reply> {
    const query = queryOf(options, context)
    const articles = await context.engine.articles(query)
    const audience = audienceOf(options)
    if (articles.length === 0)
      return {
        outcome: 'nothing-found',
        audience,
        blocks: [{ kind: 'text', text: 'The coverage has no such article.' }],
        actions: [],
      }
    return {
      outcome: 'answered',
      audience,
      blocks: [
        { kind: 'heading', text: query.about === undefined ? 'Newest articles' : `Articles about ${query.about}` },
        {
          kind: 'list',
          items: articles.map(({ title, outlet, published, url }) => ({
            label: title,
            ...(outlet === undefined ? {} : { detail: outlet }),
            ...(published === undefined ? {} : { published }),
            ...(url === undefined ? {} : { url }),
          })),
        },
      ],
      actions: [],
    }
  },

  async json(options, context) {
    const articles = await context.engine.articles(queryOf(options, context))
    return {
      lines: articles.map(({ slug, file, title, outlet, author, published, url, via }) => ({
        article: slug,
        file,
        title,
        outlet,
        author,
        published,
        url,
        via,
      })),
      isFound: articles.length > 0,
    }
  },
} satisfies Command

function queryOf(options: OptionValues, { outlets, tags }: CommandContext): ArticleQuery {
  return { about: textOption(options, 'about'), outlets: outletsOf(options, outlets), tags }
}
