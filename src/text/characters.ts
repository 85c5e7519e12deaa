/** The longest beginning of at most `most` UTF-16 units that does not end in half a surrogate pair. */
export function wholeCharacters(text: string, most: number): string {
  const cut = text.slice(0, Math.max(0, most))
  return /[\uD800-\uDBFF]$/u.test(cut) ? cut.slice(0, -1) : cut
}
