import slugify from '@sindresorhus/slugify'

/** Longest slug in characters: short enough for every file system once `.md` and a number are added. */
const MAX_SLUG = 80

/** Names that Windows reserves for devices; a checkout there cannot hold such a file. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/

/**
 * A file name without extension for a title or a source file's name: lower-case ASCII letters, digits and hyphens,
 * 1 to 80 characters, cut at a word where possible, so that it is the same on file systems that ignore case.
 * @param fallback used when `text` has nothing to make a slug of (a title in a script that cannot be transliterated)
 */
export function slugOf(text: string, fallback = 'article'): string {
  // Twitter-style walls of text as a title would make the transliteration slow; nothing past this is used.
  const slug = slugify(text.slice(0, MAX_SLUG * 4), { decamelize: false })
  if (slug === '') return fallback === 'article' ? fallback : slugOf(fallback)
  const short = slug.length <= MAX_SLUG ? slug : cutAtWord(slug)
  return RESERVED.test(short) ? `${short}-article` : short
}

function cutAtWord(slug: string): string {
  const cut = slug.slice(0, MAX_SLUG + 1).lastIndexOf('-')
  return slug.slice(0, cut > MAX_SLUG / 2 ? cut : MAX_SLUG)
}
