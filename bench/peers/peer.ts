/** What is searched for: a sentence or a passage with its vector. */
export type Unit = { readonly id: number; readonly text: string; readonly vector: Float32Array }

/** A search library, set up as its documentation recommends. */
export type Peer = {
  /** Whether it is built once and opened by the process that asks; else the process that asks builds it too. */
  readonly isKept: boolean
  /** @param dir an empty directory of its own  @param count how many units will come */
  build(units: Iterable<Unit>, options: { dir: string; dimensions: number; count: number }): Promise<void>
  /** Opens what was built, where it is kept. */
  open(dir: string): Promise<void>
  /** Numbers of the best units, best first. */
  search(text: string, vector: Float32Array, k: number): Promise<number[]>
}

/** A module in `adapters/`. */
export type PeerModule = { readonly peer: Peer }
