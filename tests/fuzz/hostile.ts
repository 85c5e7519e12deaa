import fc from 'fast-check'

/** What texts are made of that break programs: marks, invisible characters, halves of characters, other people's syntax. */
const MISCHIEF = [
  '"', '"', '“', '”', '‘', '’', "'", '«', '»', '„', '‟', '`', '…', '—', '-', '. ', '? ', '! ', ', ', ': ', '; ', '(', ')', '[', ']',
  ' said ', ' says ', 'He said: ', ' according to ', ' she added, ', ' told reporters that ', ' tweeted ', 'Statement: ', ' who ', ' and ',
  'Ada Okoro', 'President ', 'Mr. ', 'Dr. O’Neil', 'the minister', 'U.S.', 'van der Berg', 'II', 'J. R. R. ', 'MACDONALD',
  '\n', '\n\n', '\r\n', '\r', '\t', '\v', '\f', '\u0085', '\u2028', '\u2029', ' ', '  ', '\u00a0', '\u3000',
  '\0', '\u0001', '\u001b[31m', '\u001b]8;;https://evil.example\u0007', '\u009b2J', '\u0007', '\b', '\u007f', '\ufeff', '\ufffd', '\uffff',
  '\u200b', '\u200d', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069', '\u00ad', '\u061c', '\u180e',
  '\ud83d', '\ude00', '😀', '👩‍👩‍👧‍👦', '🇦🇶', 'e\u0301', '\u0301\u0302\u0303', 'ﬀ', 'ß', 'İ', 'ı', 'Ω', '한국', 'العربية', 'עברית', 'ไทย', '漢字', '𝕬𝖉𝖆',
  '<', '>', '&', '</p>', '<p>', '<div>', '<script>', '</script>', '<!--', '-->', '<![CDATA[', ']]>', '&amp;', '&#0;', '&#x110000;', '&#xD83D;', '&lt',
  '&unknown;', '<a href="javascript:alert(1)">', '<meta charset="utf-7">', '<article>', '<title>', '<?xml version="1.0"?>', '<!DOCTYPE x [<!ENTITY a "b">]>', '&a;',
  '<rss>', '<channel>', '<item>', '</item>', '<link>', '<feed xmlns="http://www.w3.org/2005/Atom">', '<entry>',
  '---\n', 'title: ', '- ', '&anchor ', '*anchor', '!!js/function ', '<<: ', '{', '}', '[[', '| ', '? ', '%YAML 9', 'published: ', 'url: ', 'tags: ', '__proto__: ',
  '{"title": "', '"text": ', '\\u0000', '\\ud800', '\\', '1e999', 'null', 'true', '-0', '{"__proto__": {"x": 1}}',
  ' OR ', ' AND ', ' NOT ', 'NEAR(', 'body:', '*', '^', '+', ' -', "' OR 1=1 --", '; DROP TABLE articles;', '%', '_', '?1', ':a', '@a', '$a',
  '@everyone', '<@1>', '<#1>', '</cmd:1>', '[x](https://evil.example)', '**', '||', '~~', '```', '> ', '# ', '-# ', 'https://evil.example/?a=b#c', 'discord.gg/x', '<t:0:R>', ':x:',
  '../', '/etc/passwd', 'C:\\', 'CON', '.md', '|', '0', '7', '12.5', '2024-02-30', '31 June 2024', '1,000,000', 'a', 'word', 'Word', 'Straße',
] as const // prettier-ignore

/** A text of such pieces, some of them many times over. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...MISCHIEF) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
      { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom(...MISCHIEF), fc.integer({ min: 2, max: 60 })).map(([s, n]) => s.repeat(n)),
      },
      // Half of a surrogate pair, alone.
      { weight: 1, arbitrary: fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit)) },
    ),
    { maxLength: 60, size: 'max' },
  )
  .map((pieces) => pieces.join(''))

/** Bytes of such a text in some encoding, cut or changed at a random place. */
export const hostileBytes: fc.Arbitrary<Buffer> = fc
  .tuple(
    hostileText,
    fc.constantFrom<BufferEncoding>('utf8', 'utf16le', 'latin1'),
    fc.constantFrom('', '\xef\xbb\xbf', '\xff\xfe', '\xfe\xff', '\x1f\x8b', '%PDF', 'PK\x03\x04'),
    fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 }),
    fc.nat(5000),
  )
  .map(([text, encoding, start, changes, cut]) => {
    const bytes = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.from(text, encoding)])
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
    return bytes.subarray(0, cut)
  })

const fill = (piece: string, size: number) => piece.repeat(Math.max(1, Math.ceil(size / piece.length))).slice(0, size)

/** Texts of any length that have one thing very often, or one very long. By name, what they are; `size` in characters. */
export const SHAPES: Readonly<Record<string, (size: number) => string>> = {
  'one line of one letter': (size) => fill('a', size),
  'one line of words': (size) => fill('the old bridge was closed again ', size),
  'double quotation marks': (size) => fill('"', size),
  'opening quotation marks': (size) => fill('“', size),
  'opening quotation marks and words': (size) => fill('“a ', size),
  'quotations in one paragraph': (size) => fill('“We will not close it,” said Ada Okoro. ', size),
  'quotations that continue over paragraphs': (size) => fill('“We will not close it\n\n', size),
  apostrophes: (size) => fill("'a' ", size),
  capitals: (size) => fill('Ada Okoro ', size),
  'initials': (size) => fill('A. ', size),
  'full stops': (size) => fill('.', size),
  'line breaks': (size) => fill('\n', size),
  'lines of one word': (size) => fill('word\n', size),
  paragraphs: (size) => fill('He said that it would close.\n\n', size),
  spaces: (size) => `a${fill(' ', size)}a`,
  'spaces between words': (size) => fill('a            ', size),
  tabs: (size) => fill('\t', size),
  'combining accents': (size) => `e${fill('\u0301', size)}`,
  'zero-width characters': (size) => fill('\u200b', size),
  'halves of surrogates': (size) => fill('\ud83d', size),
  'right-to-left marks': (size) => fill('\u202ea ', size),
  'bytes of zero': (size) => fill('\0', size),
  emoji: (size) => fill('👩‍👩‍👧‍👦', size),
  ellipses: (size) => fill('… ', size),
  dashes: (size) => fill('- ', size),
  digits: (size) => fill('7', size),
  'numbers with commas': (size) => fill('1,', size),
  'open brackets': (size) => fill('[', size),
  'open braces': (size) => fill('{', size),
  'brackets in brackets': (size) => fill('[', size / 2) + fill(']', size / 2),
  'open parentheses': (size) => fill('(', size),
  'open elements': (size) => fill('<div>', size),
  'elements in elements': (size) => fill('<div>', size / 2) + fill('</div>', size / 2),
  'open tags': (size) => fill('<a ', size),
  'less-than signs': (size) => fill('<', size),
  'open comments': (size) => fill('<!--', size),
  entities: (size) => fill('&amp;', size),
  'entities without an end': (size) => fill('&amp', size),
  ampersands: (size) => fill('&', size),
  'script elements': (size) => fill('<script>', size),
  'paragraph elements': (size) => fill('<p>The bridge is closed, she said.</p>', size),
  attributes: (size) => `<p ${fill('a="b" ', size)}>`,
  'a table': (size) => `<table>${fill('<tr><td>a', size)}`,
  'list items': (size) => fill('<li>a', size),
  'items of a feed': (size) => `<rss version="2.0"><channel>${fill('<item><title>a</title><link>https://a.example/</link></item>', size)}</channel></rss>`,
  'entity declarations': (size) => `<!DOCTYPE r [${fill('<!ENTITY a "&a;&a;">', size)}]><rss><channel>&a;</channel></rss>`,
  'links of Markdown': (size) => fill('[a](https://a.example) ', size),
  'open links of Markdown': (size) => fill('[a](', size),
  'images of Markdown': (size) => fill('![', size),
  stars: (size) => fill('*a ', size),
  'double stars': (size) => fill('**a', size),
  'back quotes': (size) => fill('`a', size),
  'quotations of Markdown': (size) => fill('> ', size),
  'lists of Markdown': (size) => fill('* ', size),
  headings: (size) => fill('# a\n', size),
  'a front matter': (size) => `---\n${fill('a: b\n', size)}---\n\nText.`,
  'a front matter of lists': (size) => `---\na: ${fill('[', size)}\n---\n\nText.`,
  'a front matter without an end': (size) => `---\n${fill('a: b\n', size)}`,
  'lines of JSON': (size) => fill('{"title":"A","text":"The bridge is closed, she said."}\n', size),
  'one line of JSON': (size) => `{"title":"A","text":"${fill('The bridge is closed. ', size)}"}`,
  'lists in JSON': (size) => `${fill('[', size / 2)}${fill(']', size / 2)}`,
  'addresses': (size) => fill('https://a.example/b?c=d ', size),
  'mentions': (size) => fill('@everyone <@1> ', size),
  backslashes: (size) => fill('\\', size),
  'escape sequences': (size) => fill('\u001b[31m', size),
  'capital letters': (size) => fill('A', size),
  'commas': (size) => fill(',', size),
  'words of saying': (size) => fill('said ', size),
  'people who say that': (size) => fill('Ada Okoro said that ', size),
  'hyphens in a word': (size) => fill('a-', size),
} // prettier-ignore
