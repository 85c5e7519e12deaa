import ipaddr from 'ipaddr.js'

export type AddressRules = {
  /** Only for tests against a server on this machine; nothing else beyond the public internet is ever let through. */
  readonly allowLoopback?: boolean
}

/** What cloud machines ask for their credentials; most lie in ranges that are refused anyway, Azure's does not. */
const METADATA = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
])

/** How a range is called in a message, where its name in ipaddr.js does not say it. */
const RANGE_NAMES: Readonly<Record<string, string>> = {
  private: 'a private address',
  uniqueLocal: 'a private address',
  deprecatedSiteLocal: 'a private address',
  loopback: 'an address of this machine itself',
  linkLocal: 'a link-local address',
  carrierGradeNat: 'an address inside a provider’s network',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
  unspecified: 'an unspecified address',
}

const NAT64 = ipaddr.IPv6.parse('64:ff9b::')
const GLOBAL_UNICAST = ipaddr.IPv6.parse('2000::')

/**
 * Why nothing may be fetched from an IP address, as words for a message; undefined for one of the public internet.
 * Only global unicast passes (IANA's special-purpose registries, as ipaddr.js holds them). An IPv4 address inside an
 * IPv6 one (IPv4-mapped, NAT64) is judged for itself; 6to4, Teredo and other tunnels are refused.
 * @param address as a resolver gives it, or the host of a WHATWG URL, which has undone decimal, octal and hex spellings
 */
export function addressRefusal(address: string, rules: AddressRules = {}): string | undefined {
  if (!ipaddr.isValid(address)) return 'not an address'
  // IPv4-compatible (RFC 4291, deprecated): ipaddr.js would read it as IPv4-mapped, the system does not.
  if (/^::\d+(\.\d+){3}$/.test(address)) return 'a reserved address'
  const ip = embedded(ipaddr.parse(address))
  const range: string = ip.range()
  if (range === 'loopback' && rules.allowLoopback === true) return undefined
  if (METADATA.has(ip.toString())) return 'a cloud metadata address'
  const isGlobal = ip instanceof ipaddr.IPv4 || (ip.match(GLOBAL_UNICAST, 3) && (ip.zoneId ?? '') === '')
  return isGlobal && range === 'unicast' ? undefined : (RANGE_NAMES[range] ?? 'a reserved address')
}

/** The IPv4 address that an IPv6 address stands for, where a packet to the one reaches the other. */
function embedded(ip: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (ip instanceof ipaddr.IPv4) return ip
  if (ip.isIPv4MappedAddress()) return ip.toIPv4Address()
  return ip.match(NAT64, 96) ? ipaddr.fromByteArray(ip.toByteArray().slice(12)) : ip
}

/** Names that never lie on the public internet (RFC 6761, 6762, 8375 and ICANN's `internal`), with what is below them. */
const PRIVATE_NAMES = ['localhost', 'local', 'internal', 'home.arpa', 'intranet', 'lan', 'onion']

/**
 * Why nothing may be fetched from a URL's host, judged without asking a resolver: an address by `addressRefusal`, a
 * name when it can only be one of the own network (one label, such as a container's name, or below `.internal`).
 * @param hostname of a WHATWG URL
 */
export function hostRefusal(hostname: string, rules: AddressRules = {}): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (ipaddr.isValid(host)) return addressRefusal(host, rules)
  if (rules.allowLoopback === true && host === 'localhost') return undefined
  const isPrivate = !host.includes('.') || PRIVATE_NAMES.some((name) => host.endsWith(`.${name}`))
  return isPrivate ? 'a name of a private network' : undefined
}
