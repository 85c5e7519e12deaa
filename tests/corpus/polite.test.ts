import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { FetchedPage } from '../../src/corpus/fetch.ts'
import { openPoliteFetch, type Clock } from '../../src/corpus/polite.ts'

/** Pages that take a while to come, with who was asked when; time passes only when somebody waits. */
function slowWeb(robots = '') {
  let nowMs = 0
  const underWay = new Map<string, number>()
  const web = { asked: [] as { url: string; at: number }[], most: 0, mostHosts: 0 }
  const clock: Clock = {
    now: () => nowMs,
    random: () => 0,
    wait: async (ms) => {
      await setImmediate()
      nowMs += ms
    },
  }
  const fetch = async (url: string): Promise<FetchedPage> => {
    const { host, pathname } = new URL(url)
    web.asked.push({ url: `${host}${pathname}`, at: nowMs })
    underWay.set(host, (underWay.get(host) ?? 0) + 1)
    web.most = Math.max(web.most, underWay.get(host) ?? 0)
    web.mostHosts = Math.max(web.mostHosts, [...underWay.values()].filter((count) => count > 0).length)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    underWay.set(host, (underWay.get(host) ?? 0) - 1)
    const text = pathname === '/robots.txt' ? robots : 'page'
    return { status: 200, bytes: Buffer.from(text), contentType: 'text/plain', finalUrl: url }
  }
  return { web, clock, fetch: openPoliteFetch(clock, fetch), pass: (ms: number) => (nowMs += ms) }
}

test('given many pages of two hosts at once, then each host is asked one at a time and robots.txt first and once, the hosts side by side', async () => {
  const { web, fetch } = slowWeb()
  const urls = ['a', 'b', 'c', 'd'].flatMap((name) => [
    `https://one.example.org/${name}`,
    `https://two.example.org/${name}`,
  ])
  await Promise.all(urls.map((url) => fetch(url)))
  expect([web.most, web.mostHosts]).toEqual([1, 2])
  for (const host of ['one', 'two'])
    expect(web.asked.map(({ url }) => url).filter((url) => url.startsWith(host))).toEqual(
      ['robots.txt', 'a', 'b', 'c', 'd'].map((name) => `${host}.example.org/${name}`),
    )
})

test('given a page after another of the same host, then a second passes between them, or what Crawl-delay says, up to a minute', async () => {
  for (const [robots, pauseMs] of [
    ['', 1000],
    ['User-agent: *\nCrawl-delay: 7', 7000],
    ['User-agent: *\nCrawl-delay: 86400', 60_000],
    ['User-agent: *\nCrawl-delay: soon', 1000],
  ] as const) {
    const { web, fetch } = slowWeb(robots)
    for (const name of ['a', 'b', 'c']) await fetch(`https://one.example.org/${name}`)
    expect(web.asked.slice(1).map(({ at }) => at)).toEqual([0, pauseMs, 2 * pauseMs])
  }
})

test('given a day later, then robots.txt is asked for again', async () => {
  const { web, fetch, pass } = slowWeb()
  await fetch('https://one.example.org/a')
  pass(23 * 3_600_000)
  await fetch('https://one.example.org/b')
  pass(2 * 3_600_000)
  await fetch('https://one.example.org/c')
  expect(web.asked.filter(({ url }) => url.endsWith('robots.txt'))).toHaveLength(2)
})

test('given a page that fails, then the host’s next page is asked for all the same', async () => {
  const { fetch } = slowWeb('User-agent: *\nDisallow: /closed')
  const [closed, open] = await Promise.allSettled([
    fetch('https://one.example.org/closed'),
    fetch('https://one.example.org/open'),
  ])
  expect([closed.status, open.status]).toEqual(['rejected', 'fulfilled'])
})
