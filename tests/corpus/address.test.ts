import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressRefusal, hostRefusal } from '../../src/corpus/address.ts'

const PUBLIC = ['8.8.8.8', '151.101.1.140', '172.15.255.255', '172.32.0.1', '100.63.255.255', '2606:4700::6810:84e5']

const REFUSED: readonly (readonly [address: string, what: string])[] = [
  ['127.0.0.1', 'of this machine itself'],
  ['127.255.255.254', 'of this machine itself'],
  ['::1', 'of this machine itself'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['fd12:3456:789a::1', 'private'],
  ['fec0::1', 'private'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['100.64.0.1', 'provider’s network'],
  ['224.0.0.251', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['192.0.2.7', 'reserved'],
  ['198.18.0.1', 'reserved'],
  ['203.0.113.9', 'reserved'],
  ['240.0.0.1', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['100::1', 'reserved'],
  ['::8.8.8.8', 'reserved'],
  ['4000::1', 'reserved'],
  ['169.254.169.254', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['::ffff:127.0.0.1', 'of this machine itself'],
  ['::ffff:7f00:1', 'of this machine itself'],
  ['::ffff:169.254.169.254', 'metadata'],
  ['0:0:0:0:0:ffff:a00:1', 'private'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::a9fe:a9fe', 'metadata'],
  ['64:ff9b:1::8.8.8.8', 'reserved'],
  ['2002:7f00:1::', 'reserved'],
  ['2002:808:808::1', 'reserved'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'reserved'],
  ['::ffff:0:127.0.0.1', 'reserved'],
  ['not an address', 'not an address'],
]

describe('which addresses are refused', () => {
  test.each(PUBLIC)('given %s of the public internet, then it is let through', (address) => {
    expect(addressRefusal(address)).toBeUndefined()
    expect(hostRefusal(address.includes(':') ? `[${address}]` : address)).toBeUndefined()
  })

  test.each(REFUSED)('given %s, then it is refused as %s', (address, what) => {
    expect(addressRefusal(address)).toContain(what)
  })

  test('given a NAT64 address of a public IPv4 address, as DNS64 makes it, then it is let through', () => {
    expect(addressRefusal('64:ff9b::8.8.8.8')).toBeUndefined()
  })

  test('given the allowance for tests, then loopback passes and nothing else does', () => {
    const rules = { allowLoopback: true }
    const passing = REFUSED.filter(([address]) => addressRefusal(address, rules) === undefined).map(
      ([address]) => address,
    )
    expect(passing).toEqual(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1'])
  })

  test('given any private IPv4 address in any spelling a URL understands, then its host is refused', () => {
    const privateAddress = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127), fc.nat(255), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(192), fc.constant(168), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.integer({ min: 224, max: 255 }), fc.nat(255), fc.nat(255), fc.nat(255)),
    )
    const spelling = fc.constantFrom<(bytes: readonly number[]) => string>(
      (b) => b.join('.'),
      (b) => b.map((n) => `0${n.toString(8)}`).join('.'),
      (b) => b.map((n) => `0x${n.toString(16)}`).join('.'),
      (b) => String(whole(b)),
      (b) => `0${whole(b).toString(8)}`,
      (b) => `0x${whole(b).toString(16)}`,
      (b) => `${String(b[0])}.${String(whole(b) % 2 ** 24)}`,
      (b) => `${b.join('.')}.`,
      (b) => b.join('。'),
      (b) => b.map((n) => [...String(n)].map((d) => String.fromCharCode(0xff10 + Number(d))).join('')).join('.'),
      (b) => `[::ffff:${b.join('.')}]`,
      (b) => `[64:ff9b::${b.join('.')}]`,
      (b) => `[2002:${hex(b, 0)}:${hex(b, 2)}::1]`,
    )
    fc.assert(
      fc.property(privateAddress, spelling, (bytes, spell) => {
        expect(hostRefusal(new URL(`http://${spell(bytes)}/`).hostname)).toBeDefined()
      }),
    )
  })

  test.each([
    'localhost',
    'localhost.',
    'app.localhost',
    'redis',
    'metadata.google.internal',
    'printer.local',
    'nas.home.arpa',
  ])('given the name %s of a private network, then it is refused without asking a resolver', (name) => {
    expect(hostRefusal(name)).toBe('a name of a private network')
  })

  test('given a name of the public internet, then only its addresses can tell', () => {
    expect(hostRefusal('news.example.org')).toBeUndefined()
    expect(hostRefusal('local.example.org')).toBeUndefined()
  })
})

function whole(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

function hex(bytes: readonly number[], from: number): string {
  return whole(bytes.slice(from, from + 2)).toString(16)
}
