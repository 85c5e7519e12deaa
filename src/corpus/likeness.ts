/** What is kept of a text to tell how much of it another one repeats: a quarter of its five-word runs, as hashes. */
export type Sketch = readonly number[]

const RUN = 5

/**
 * From this likeness on, a text is pointed out as a near-duplicate. In the sample corpus the syndicated copies have 0.91
 * and more, different articles on the same events 0.06 and less; a copy with every eighth word changed keeps 0.32 and
 * more: `vitest run tests/corpus/likeness.test.ts` holds these figures.
 */
export const NEARLY_ALIKE = 0.3

/** The sketch of a body; capitals, punctuation and white space do not count. */
export function sketchOf(body: string): Sketch {
  const words = (
    body
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).map(hashOf)
  const sketch = new Set<number>()
  const short = words.length < RUN * 8 // so few runs that a quarter of them would say nothing
  for (let i = 0; i + RUN <= words.length; i++) {
    let hash = 0
    for (let k = 0; k < RUN; k++) hash = Math.imul(hash ^ (words[i + k] ?? 0), 0x01000193) + k
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    hash ^= hash >>> 12
    if (short || (hash & 3) === 0) sketch.add(hash)
  }
  return [...sketch]
}

/** FNV-1a, 32 bits. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return hash
}

/**
 * Share of the shorter text's five-word runs that the longer one has too, 0 to 1: the containment of Broder 1997,
 * estimated on a sample. 0 when either has fewer than five words.
 */
export function likenessOf(a: Sketch, b: ReadonlySet<number>): number {
  if (a.length === 0 || b.size === 0) return 0
  return a.reduce((count, hash) => count + (b.has(hash) ? 1 : 0), 0) / Math.min(a.length, b.size)
}
