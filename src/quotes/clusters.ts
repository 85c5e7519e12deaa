import type { AliasReason } from './names.ts'

/** Disjoint sets of names that mean the same, each with the reason it joined. Near-constant time per call. */
export class Clusters {
  private readonly parents = new Map<string, string>()
  private readonly reasons = new Map<string, AliasReason>()

  /** The same for all names of a set, until the next `unite`. */
  rootOf(key: string): string {
    let root = key
    for (let parent = this.parents.get(root); parent !== undefined; parent = this.parents.get(root)) root = parent
    for (let at = key; at !== root;) {
      const next = this.parents.get(at) ?? root
      this.parents.set(at, root)
      at = next
    }
    return root
  }

  /** Joins two sets. The smaller key becomes the root, so the root does not depend on the order of calls. */
  unite(a: string, b: string, reason: AliasReason): void {
    if (a !== b) {
      if (!this.reasons.has(a)) this.reasons.set(a, reason)
      if (!this.reasons.has(b)) this.reasons.set(b, reason)
    }
    const [rootA, rootB] = [this.rootOf(a), this.rootOf(b)]
    if (rootA < rootB) this.parents.set(rootB, rootA)
    else if (rootB < rootA) this.parents.set(rootA, rootB)
  }

  /** Why a name first joined another; undefined for a name that stands alone. */
  reasonOf(key: string): AliasReason | undefined {
    return this.reasons.get(key)
  }
}
