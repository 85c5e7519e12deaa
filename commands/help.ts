import type { Command } from '../src/command.ts'
import { loadCommands } from '../src/load-commands.ts'
import type { Reply } from '../src/reply.ts'
import { counted } from '../src/wording.ts'

export default {
  definition: {
    name: 'help',
    description: 'What you can ask, and how answers come about',
    example: '/help',
    access: 'everyone',
    options: [],
  },

  async run(_options, { engine, votes }): Promise<Reply> {
    const commands = await loadCommands()
    const { articles, outlets, quotes, speakers } = await engine.status()
    return {
      outcome: 'answered',
      audience: 'asker',
      blocks: [
        {
          kind: 'text',
          text:
            'Verbatim answers with passages of the coverage, word for word, each with its source. ' +
            'Nothing is written by a machine: when no article answers, it says so.',
        },
        {
          kind: 'list',
          items: commands
            .filter(({ definition }) => definition.access === 'everyone')
            .map(({ definition }) => ({ label: definition.example, detail: definition.description })),
        },
        {
          kind: 'text',
          text: `The coverage: ${counted(articles, 'article')} from ${counted(outlets, 'outlet')}, ${counted(quotes, 'quote')} of ${counted(speakers, 'speaker')}.`,
        },
        ...(votes === undefined
          ? []
          : [
              {
                kind: 'text',
                text: `Readers found ${String(votes.useful)} sources useful, ${String(votes.notUseful)} not.`,
              } as const,
            ]),
      ],
      actions: [],
    }
  },
} satisfies Command
