import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const source = [
  'src/main.ts',
  ...readdirSync(new URL('../../src/discord', import.meta.url)).map((name) => `src/discord/${name}`),
]
  .filter((file) => file.endsWith('.ts'))
  .map(read)
  .join('\n')
const page = read('docs/operations.md')
const squeezed = (text: string) => text.replace(/\s+/gu, ' ')

describe('docs/operations.md', () => {
  test('given every line that the bot logs as a warning or worse, when looked for, then the page says what to do', () => {
    const calls = [...source.matchAll(/log(?:\.(?:warn|error|fatal)|\[level\])\(([^]*?)\)(?=,?\n|$)/gmu)]
    // What names a value has no space; what is said to a person has.
    const lines = calls.flatMap(([, given = '']) => [...given.matchAll(/'([^']* [^']*)'/gu)].map(([, line]) => line))
    const thrown = [...source.matchAll(/fail\('([^']+)'\)/gu)].map(([, line]) => line)
    expect(calls.length).toBeGreaterThan(12)
    expect(thrown).toHaveLength(2)
    expect([...lines, ...thrown].filter((line) => line !== undefined && !squeezed(page).includes(line))).toEqual([])
  })

  test('given every metric of ours, when looked for, then the page names it', () => {
    const metrics = [...source.matchAll(/'(verbatim_[a-z_]+)'/gu)].map(([, name]) => name)
    expect(metrics.length).toBeGreaterThan(8)
    expect(metrics.filter((name) => !page.includes(`\`${String(name)}\``))).toEqual([])
  })

  test('given its links and those of SECURITY.md, when followed, then each leads somewhere', () => {
    for (const [file, folder] of [
      ['docs/operations.md', 'docs/'],
      ['SECURITY.md', ''],
    ] as const)
      // prettier-ignore
      for (const [, target = ''] of read(file).matchAll(/\]\((?!https?:)([^)]+)\)/gu)) {
        const [path = '', anchor] = target.split('#')
        const text = path === '' ? read(file) : path.endsWith('.md') ? read(new URL(path, `file:///${folder}`).pathname.slice(1)) : ''
        if (anchor === undefined) continue
        const anchors = [...text.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) =>
          heading.toLowerCase().replace(/[^\p{L}\p{N} -]/gu, '').replaceAll(' ', '-'),
        )
        expect(anchors).toContain(anchor)
      }
  })
})
