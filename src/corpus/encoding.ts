import { detect } from 'chardet'
import iconv from 'iconv-lite'
import { UserError } from '../errors.ts'

/** First bytes of what people drop among articles by mistake. */
const SIGNATURES: readonly (readonly [what: string, start: string])[] = [
  ['a PDF file', '%PDF-'],
  ['a ZIP archive or an office document', 'PK\x03\x04'],
  ['an office document', '\xd0\xcf\x11\xe0'],
  ['a gzip archive', '\x1f\x8b'],
  ['a PNG image', '\x89PNG'],
  ['a JPEG image', '\xff\xd8\xff'],
  ['a GIF image', 'GIF8'],
  ['an SQLite database', 'SQLite format 3\0'],
]

/** Bytes that are looked at to tell the encoding; what decides is in the first few sentences. */
const SAMPLE_BYTES = 64 * 1024

/**
 * A file's text: UTF-8, UTF-16 (either order, with or without a byte-order mark), or whatever 8-bit encoding its HTML
 * declares or its letters suggest (chardet); Latin-1 is read as windows-1252, which the web does too. The byte-order
 * mark is gone; nothing else is changed.
 * @throws UserError `bad-file` when the bytes are not text
 */
export function decodeText(bytes: Uint8Array, name: string, stated?: string): string {
  return iconv.decode(bytes as Buffer, encodingOf(bytes, name, stated))
}

/**
 * The encoding of a file from its first bytes, as iconv-lite names it.
 * @param stated what a web server says; believed before the bytes' own word, but not before what they certainly are
 * @throws UserError `bad-file` when the bytes are not text
 */
export function encodingOf(bytes: Uint8Array, name: string, stated?: string): string {
  const sample = bytes.subarray(0, SAMPLE_BYTES)
  const latin = Buffer.from(sample).toString('latin1')
  if (latin.startsWith('\xff\xfe')) return 'utf-16le'
  if (latin.startsWith('\xfe\xff')) return 'utf-16be'
  const signature = SIGNATURES.find(([, start]) => latin.startsWith(start))
  if (signature !== undefined) throw notText(name, `is ${signature[0]}`)
  const wide = wideEncoding(sample)
  if (wide !== undefined) return wide
  if (controlShare(sample) > 0.01) throw notText(name, 'is not a text file')
  if (isUtf8(bytes)) return 'utf-8'
  return usable(stated) ?? declaredEncoding(latin) ?? guessedEncoding(sample)
}

function notText(name: string, what: string): UserError {
  return new UserError('bad-file', `${name} ${what}.`, 'Save it as plain text, HTML, Markdown or JSON Lines first.')
}

/** UTF-16 without a mark: in Latin script, nearly every second byte is zero. */
function wideEncoding(sample: Uint8Array): string | undefined {
  const zeros: [number, number] = [0, 0]
  for (let i = 0; i + 1 < sample.length; i += 2) {
    if (sample[i] === 0) zeros[0]++
    if (sample[i + 1] === 0) zeros[1]++
  }
  const pairs = sample.length / 2
  if (zeros[1] > pairs * 0.6 && zeros[0] < pairs * 0.05) return 'utf-16le'
  if (zeros[0] > pairs * 0.6 && zeros[1] < pairs * 0.05) return 'utf-16be'
  return undefined
}

/** Share of bytes that no text has: control characters but backspace to carriage return and escape. */
function controlShare(sample: Uint8Array): number {
  if (sample.length === 0) return 0
  const isControl = (byte: number) => (byte < 32 && (byte < 8 || byte > 13) && byte !== 27) || byte === 127
  return sample.reduce((count, byte) => count + (isControl(byte) ? 1 : 0), 0) / sample.length
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    // A sample may end inside a character; a stream forgives that at its end only.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

function declaredEncoding(latin: string): string | undefined {
  const start = latin.slice(0, 4096)
  const xml = /^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)["']/i.exec(start)?.[1]
  return usable(xml ?? /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]+)/i.exec(start)?.[1])
}

/** An encoding that somebody names, if there is one of that name; UTF-8 was ruled out already. */
function usable(named: string | undefined): string | undefined {
  return named !== undefined && iconv.encodingExists(named) && !/^utf-?8$/i.test(named) ? webEncoding(named) : undefined
}

function guessedEncoding(sample: Uint8Array): string {
  const guess = detect(sample)
  // Bytes that are mostly ASCII give chardet little to go by; UTF-8 was ruled out above.
  return guess === null || /^(utf-?8|ascii)$/i.test(guess) || !iconv.encodingExists(guess)
    ? 'windows-1252'
    : webEncoding(guess)
}

function webEncoding(encoding: string): string {
  return /^(iso-?8859-?1|latin-?1|ascii|us-ascii)$/i.test(encoding) ? 'windows-1252' : encoding
}
