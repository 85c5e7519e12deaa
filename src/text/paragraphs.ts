/** A stretch of a text with its offsets: UTF-16 code units, half-open, `text.slice(start, end) === span.text`. */
export type TextSpan = { readonly start: number; readonly end: number; readonly text: string }

/**
 * The paragraphs of a text: what stands between blank lines, in order, trimmed of surrounding white space.
 * A line break alone does not end a paragraph. Linear in the length of the text.
 */
export function splitParagraphs(text: string): readonly TextSpan[] {
  const paragraphs: TextSpan[] = []
  let start = -1
  let end = -1
  let lineStart = 0
  while (lineStart <= text.length) {
    const newline = text.indexOf('\n', lineStart)
    const lineEnd = newline < 0 ? text.length : newline
    const line = text.slice(lineStart, lineEnd)
    const trimmed = line.trimEnd()
    if (trimmed.trimStart() === '') {
      if (start >= 0) paragraphs.push({ start, end, text: text.slice(start, end) })
      start = -1
    } else {
      if (start < 0) start = lineStart + (line.length - line.trimStart().length)
      end = lineStart + trimmed.length
    }
    if (newline < 0) break
    lineStart = newline + 1
  }
  if (start >= 0) paragraphs.push({ start, end, text: text.slice(start, end) })
  return paragraphs
}
