import iconv from 'iconv-lite'
import { afterEach, describe, expect, test } from 'vitest'
import { fetchDraft } from '../../src/corpus/web.ts'
import { UserError } from '../../src/errors.ts'
import { openServer, type HostileServer } from './hostile-server.ts'

const servers: HostileServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(type: string, body: string | Buffer): Promise<string> {
  const server = await openServer((_, response) => response.writeHead(200, { 'content-type': type }).end(body))
  servers.push(server)
  return `${server.origin}/news/bridge`
}

const LOCAL = { allowLoopback: true, env: {} }
const sentence = 'The town council of Harlow voted on Tuesday to close the old swing bridge for eleven months.'
const page = (head: string, text: string) =>
  `<!doctype html><html><head><title>Bridge shut</title>${head}</head><body><nav>Home Sport</nav><article><h1>Bridge shut</h1><p>${text}</p><p>${sentence}</p></article></body></html>`

describe('an article by its address', () => {
  test('given a page, then its article is read, and its address is where it was found', async () => {
    const url = await serve('text/html', page('', sentence.replace('Tuesday', 'Monday')))
    expect(await fetchDraft(url, LOCAL)).toMatchObject({
      title: 'Bridge shut',
      url,
      body: expect.stringContaining('on Monday to close') as string,
    })
  })

  test('given a page that names its own address, then that is kept', async () => {
    const url = await serve(
      'text/html',
      page('<link rel="canonical" href="https://courier.example.org/bridge">', sentence),
    )
    expect((await fetchDraft(url, LOCAL)).url).toBe('https://courier.example.org/bridge')
  })

  const russian =
    'Городской совет проголосовал во вторник за закрытие старого моста на одиннадцать месяцев из-за трещин.'
  test.each([
    ['the server states windows-1251', 'text/html; charset=windows-1251', '', 'win1251'],
    ['the page states KOI8-R', 'text/html', '<meta charset="koi8-r">', 'koi8-r'],
    ['the server states windows-1251 and it is UTF-8', 'text/html; charset=windows-1251', '', 'utf8'],
    ['the server states a name that is no encoding', 'text/html; charset=nonsense', '', 'utf8'],
  ])('given that %s, then the letters are right', async (_, type, head, encoding) => {
    const url = await serve(type, iconv.encode(page(head, russian), encoding))
    expect((await fetchDraft(url, LOCAL)).body).toContain(russian)
  })

  test('given plain text, then it is an article too', async () => {
    expect((await fetchDraft(await serve('text/plain', `Bridge shut in Harlow\n\n${sentence}`), LOCAL)).body).toContain(
      sentence,
    )
  })

  test.each(['', '<html><body><nav>Home</nav></body></html>'])(
    'given a page without an article (%j), then it says so',
    async (body) => {
      const error: unknown = await fetchDraft(await serve('text/html', body), LOCAL).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(UserError)
      expect([(error as UserError).code, (error as UserError).remedy]).toEqual([
        'bad-file',
        expect.stringMatching(/article/),
      ])
    },
  )
})
