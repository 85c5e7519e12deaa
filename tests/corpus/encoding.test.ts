import { describe, expect, test } from 'vitest'
import { readSource } from '../../src/corpus/corpus.ts'

const text = 'Café owners in Ærøskøbing said on Monday that “the fee” – 5 € – is too high.'

function body(bytes: Uint8Array, name = 'page.txt'): string {
  const [reading] = readSource(bytes, name)
  return reading !== undefined && 'draft' in reading ? reading.draft.body : ''
}

/** windows-1252 bytes of the text: Latin-1 with the quotes, the dash and the euro sign in the upper control range. */
const windows1252 = Buffer.from(
  text.replace('“', '\x93').replace('”', '\x94').replaceAll('–', '\x96').replace('€', '\x80'),
  'latin1',
)

describe('the encoding of a file', () => {
  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16, low byte first', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16, high byte first', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
    ['windows-1252', windows1252],
  ])('given %s, when read, then the characters are right', (_, bytes) => {
    expect(body(bytes)).toBe(text)
  })

  test('given a page that declares its encoding, when read, then that is used', () => {
    const page =
      '<html><head><meta charset="iso-8859-2"></head><body><p>Miasto \xb6wi\xeatuje w ten poniedzia\xb3ek, m\xf3wi burmistrz.</p></body></html>'
    expect(body(Buffer.from(page, 'latin1'), 'page.html')).toBe('Miasto świętuje w ten poniedziałek, mówi burmistrz.')
  })

  test.each([
    ['a PDF file', Buffer.from('%PDF-1.7 x')],
    ['a PNG image', Buffer.from('\x89PNG\r\n', 'latin1')],
    ['a ZIP archive', Buffer.from('PK\x03\x04x', 'latin1')],
    ['not a text file', Buffer.from([0, 1, 2, 3, 0, 0, 255, 254, 3, 4, 5])],
  ])('given %s, when read, then it is refused by name', (what, bytes) => {
    expect(() => readSource(bytes, 'x.txt')).toThrow(what)
  })
})
