import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEngine, type Engine } from '../../src/engine.ts'
import { buildIndex } from '../../src/index/index.ts'

/** The coverage of a made-up town: enough to page through, two outlets, and one article that would do mischief. */
const ARTICLES: Readonly<Record<string, string>> = {
  'harbour-bridge-closes': `---
title: Harbour bridge closes for two years of repairs
outlet: The Tarn Post
author: Ines Vale
published: 2025-03-04
url: https://post.example/harbour-bridge-closes?id=1&ref=(front)
tags: [bridge, transport]
---
The harbour bridge in Tarn will close to all traffic on Monday for repairs that the council expects to last two years.
Engineers found cracks in eleven of its forty steel beams during an inspection in January.

“The bridge is safe for people on foot until Sunday night, and not an hour longer,” said Ada Okoro, the city engineer.
She said the repairs would cost 14 million crowns, twice what the council had set aside.

Ferries will carry commuters across the harbour every ten minutes while the bridge is closed. The ferry company has
leased three boats from the neighbouring port of Elm.

Shopkeepers on the north bank fear for their trade. “We lost a third of our customers in the last closure,” said Piet
Marsh, who runs a hardware shop beside the bridge.
`,
  'ferry-fares': `---
title: Ferry fares rise as bridge repairs begin
outlet: Elm Chronicle
published: 2025-03-11T08:30:00Z
url: https://chronicle.example/ferry-fares
tags: [ferry, transport]
---
Ferry fares across the harbour rose by a fifth on Tuesday, one day after the harbour bridge closed for repairs.

“Nobody chose to take the ferry, and nobody should pay more for it,” said Piet Marsh, a shopkeeper on the north bank.
The ferry company answered that fuel had become dearer and that the three leased boats had to be paid for.

Ada Okoro told the council that the repairs were on schedule. “We have replaced two of the eleven cracked beams,” she
said. “The rest will be done before the winter storms.”
`,
  'ferry-fares-copy': `---
title: Ferry fares rise as bridge repairs begin
outlet: The Tarn Post
published: 2025-03-11
url: https://post.example/ferry-fares
via: Elm Chronicle
tags: [ferry, transport]
---
Ferry fares across the harbour rose by a fifth on Tuesday, one day after the harbour bridge closed for repairs.

“Nobody chose to take the ferry, and nobody should pay more for it,” said Piet Marsh, a shopkeeper on the north bank.
The ferry company answered that fuel had become dearer and that the three leased boats had to be paid for.
`,
  'bridge-inquiry': `---
title: 'Inquiry: who knew of the cracks in the harbour bridge?'
outlet: Elm Chronicle
published: 2025-05-19
url: https://chronicle.example/bridge-inquiry
tags: [bridge, council]
---
An inquiry into the harbour bridge opened on Monday with a question that nobody on the council wished to answer: who
knew of the cracks, and since when.

“I reported the first crack four years ago and was told to wait,” said Ada Okoro, the city engineer, under oath.
Mayor Lena Brandt denied it. “No such report reached my desk,” she said.

The inquiry will hear twenty witnesses. Its chairman, Tomas Reyl, said that he expected to finish before the autumn.
Repairs of the bridge go on meanwhile, and six of the eleven cracked beams have been replaced.
`,
  'library-roof': `---
title: Library reopens under a new roof
outlet: The Tarn Post
published: 2025-06-02
url: https://post.example/library-roof
tags: [culture]
---
The town library reopened on Saturday after a storm had torn off a part of its roof in November.

“Not one book was lost, because forty neighbours carried them out in the rain,” said Noor Haddad, the librarian.
The new roof is made of slate from the quarry above the town and should last for a century.

The reading room now opens until nine in the evening, and children under twelve borrow for nothing.
`,
  'school-swimming': `---
title: Schools in Tarn bring back swimming lessons
outlet: Elm Chronicle
published: 2025-02-20
tags: [schools]
---
Every school in Tarn will teach swimming again from September, the council decided on Thursday.

“A child who grows up beside a harbour must know how to swim,” said Lena Brandt, the mayor. Lessons ended nine years ago
to save money. The indoor pool will be heated with waste heat from the cannery next door.
`,
  'winter-storms': `---
title: Storms flood the lower town for the third winter
outlet: The Tarn Post
published: 2025-12-14
url: https://post.example/winter-storms
tags: [weather]
---
A storm flooded the lower town of Tarn on Sunday for the third winter in a row. Water stood a metre high in Quay Street.

“We pumped for thirty hours and then the pumps failed,” said Jonas Weld, who leads the fire brigade.
The council will raise the quay wall by half a metre, Mayor Lena Brandt announced. Work should begin in April.

Insurers paid for two hundred flooded cellars last winter. This year they have warned that they may not pay again.
`,
  'forum-posts': `---
title: 'Readers write: @everyone **must** read [this](https://evil.example) ||now||'
outlet: 'Elm _Chronicle_ #1 <@123456789012345678>'
published: 2025-07-01
url: https://chronicle.example/readers-write
---
Our marmalade contest drew strange letters. # The first letter on marmalade began with a number sign and said that
**bold marmalade** is best, [click here](https://evil.example/free) or join discord.gg/marmalade at once.

- One reader of the marmalade contest wrote only @everyone and @here, <@123456789012345678> and <@&123456789012345678>,
then ||a hidden spoiler|| and <#123456789012345678> beside <t:1700000000:R> and :jar: and <:jar:123456789012345678>.

1. Another marmalade letter asked for \`code\` and ~~nothing~~ else, https://evil.example/unfurl included, and closed with
> a quotation mark, *stars*, __lines__ and a back\\slash.
`,
}

const MODELS = fileURLToPath(new URL('../../node_modules/.cache/verbatim-models', import.meta.url))

export type TownCoverage = {
  readonly corpusDir: string
  readonly indexDir: string
  open(): Promise<Engine>
  /** Writes or replaces an article, for the next generation. */
  write(slug: string, markdown: string): Promise<void>
  /** Writes or replaces an article and publishes a new generation. */
  publish(slug: string, markdown: string): Promise<void>
  remove(): Promise<void>
}

export const EMBEDDING = { model: 'use-lite', precision: 'int8', cacheDir: MODELS } as const

/** Builds a real index of the made-up town's coverage in a directory of its own. */
export async function buildTownCoverage(): Promise<TownCoverage> {
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-town-'))
  const corpusDir = join(dir, 'corpus')
  const indexDir = join(dir, 'index')
  await mkdir(corpusDir)
  await mkdir(indexDir)
  // A bot process keeps its models inside its index; here they are those that all tests share.
  await mkdir(MODELS, { recursive: true })
  await symlink(MODELS, join(indexDir, 'models'))
  for (const [slug, markdown] of Object.entries(ARTICLES)) await writeFile(join(corpusDir, `${slug}.md`), markdown)
  const write = (slug: string, markdown: string) => writeFile(join(corpusDir, `${slug}.md`), markdown)
  const build = () => buildIndex({ corpusDir, indexDir, embedding: EMBEDDING })
  await build()
  return {
    corpusDir,
    indexDir,
    open: () => openEngine({ indexDir, embedding: EMBEDDING }),
    write,
    publish: async (slug, markdown) => {
      await write(slug, markdown)
      await build()
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}
