import { open } from 'node:fs/promises'
import { checkVectorGraph, searchWidth, type Neighbour } from './vectors.ts'

/**
 * A finished HNSW graph for searching (Malkov & Yashunin 2016). It reads the file of hnswlib and searches it itself, so
 * that one copy of the vectors serves the graph, filters and ranking, without a call into the library for each.
 */
export type VectorSearch = {
  /** Vectors in the graph, the removed ones too. */
  readonly size: number
  /**
   * The nearest vectors, best first; about 99 of 100 times the true ones.
   * @param keep which vectors may be found; the search goes on until `k` of them are
   */
  nearest(vector: Float32Array, k: number, keep?: (vectorId: number) => boolean): Neighbour[]
  /** Cosines of a vector to those of the numbers asked for. @throws RangeError when there is none of that number */
  cosinesTo(vector: Float32Array): (vectorId: number) => number
}

/** What is used of WebAssembly; the types of Node.js leave it out. */
type WasmMemory = { readonly buffer: ArrayBuffer }
const wasm = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Memory: new (size: { readonly initial: number }) => WasmMemory
      readonly Module: new (bytes: Uint8Array) => object
      readonly Instance: new (
        module: object,
        imports: object,
      ) => { readonly exports: Readonly<Record<string, unknown>> }
    }
  }
).WebAssembly

const PAGE = 65_536
const MOST_PAGES = 65_536
const BYTES_PER_FLOAT = 4
/** Floats that the dot product takes in one turn. */
const STEP = 8
const READ_BYTES = 1 << 24

/** Reads a graph that `VectorGraph.write` wrote. @throws Error when the file is not whole, or has more than 4 GB */
export async function openVectorSearch(file: string, dimensions: number): Promise<VectorSearch> {
  await checkVectorGraph(file, dimensions)
  const handle = await open(file, 'r')
  try {
    const { size: fileBytes } = await handle.stat()
    // The query lies in front of the file.
    const fileAt = Math.ceil((dimensions * BYTES_PER_FLOAT) / STEP) * STEP
    const pages = Math.ceil((fileAt + fileBytes) / PAGE)
    if (pages > MOST_PAGES) throw new Error(`${file} is too large to be searched`)
    const memory = new wasm.Memory({ initial: pages })
    for (let read = 0; read < fileBytes;) {
      const target = new Uint8Array(memory.buffer, fileAt + read, Math.min(READ_BYTES, fileBytes - read))
      const { bytesRead } = await handle.read(target, 0, target.length, read)
      if (bytesRead === 0) throw new Error(`${file} is cut short`)
      read += bytesRead
    }
    return searchIn(memory, fileAt, dimensions)
  } finally {
    await handle.close()
  }
}

/** Where hnswlib's header says that things are. */
const HEADER_BYTES = 96
const REMOVED = 1 << 16
const LINK_COUNT = 0xffff

function searchIn(memory: WasmMemory, fileAt: number, dimensions: number): VectorSearch {
  const header = new DataView(memory.buffer, fileAt)
  const size = Number(header.getBigUint64(16, true))
  const recordBytes = Number(header.getBigUint64(24, true))
  const labelAt = Number(header.getBigUint64(32, true))
  const vectorAt = Number(header.getBigUint64(40, true))
  const topLevel = header.getInt32(48, true)
  const entry = header.getUint32(52, true)
  const upperLinkBytes = (Number(header.getBigUint64(56, true)) + 1) * 4
  const recordsAt = fileAt + HEADER_BYTES
  const words = new Uint32Array(memory.buffer)
  const query = new Float32Array(memory.buffer, 0, dimensions)
  const floats = new Float32Array(memory.buffer)
  const dot = dotProduct(memory)
  const stepped = dimensions - (dimensions % STEP)

  const recordAt = (node: number) => recordsAt + node * recordBytes
  const labels = Uint32Array.from({ length: size }, (_, node) => words[(recordAt(node) + labelAt) / 4] ?? 0)
  const nodes = new Int32Array(labels.reduce((most, label) => Math.max(most, label), 0) + 1).fill(-1)
  for (const [node, label] of labels.entries()) nodes[label] = node
  const upperAt = upperLinksOf()
  const visits = new Uint32Array(size)
  let visit = 0
  let loaded: Float32Array | undefined

  /** Where the links of each node's upper levels begin; 0 where it has none. */
  function upperLinksOf(): Float64Array {
    const places = new Float64Array(size)
    let at = recordsAt + size * recordBytes
    for (let node = 0; node < size; node++) {
      const bytes = words[at / 4] ?? 0
      at += 4
      if (bytes > 0) places[node] = at
      at += bytes
    }
    return places
  }

  function load(vector: Float32Array): void {
    if (loaded === vector) return
    if (vector.length !== dimensions)
      throw new RangeError(`a vector of ${String(vector.length)} instead of ${String(dimensions)}`)
    query.set(vector)
    loaded = vector
  }

  function cosineOf(node: number): number {
    const at = recordAt(node) + vectorAt
    let sum = stepped > 0 ? dot(0, at, stepped * BYTES_PER_FLOAT) : 0
    for (let i = stepped; i < dimensions; i++) sum += (query[i] ?? 0) * (floats[at / 4 + i] ?? 0)
    return sum
  }

  /** The node of the upper levels that is nearest, as far as neighbours lead to it. */
  function entryNear(): number {
    let node = entry
    let cosine = cosineOf(node)
    for (let level = topLevel; level > 0; level--) {
      for (let isNearer = true; isNearer;) {
        isNearer = false
        const links = ((upperAt[node] ?? 0) + (level - 1) * upperLinkBytes) / 4
        const count = (words[links] ?? 0) & LINK_COUNT
        for (let i = 1; i <= count; i++) {
          const other = words[links + i] ?? 0
          const found = cosineOf(other)
          if (found <= cosine) continue
          cosine = found
          node = other
          isNearer = true
        }
      }
    }
    return node
  }

  return {
    size,
    nearest(vector, k, keep) {
      const wanted = Math.min(k, size)
      if (wanted < 1) return []
      load(vector)
      const width = Math.min(size, searchWidth(wanted))
      const near = heapOf(width + 1, false)
      const open = heapOf(1024, true)
      const isFound = (node: number) =>
        ((words[recordAt(node) / 4] ?? 0) & REMOVED) === 0 && (keep === undefined || keep(labels[node] ?? 0))
      visit++
      const first = entryNear()
      visits[first] = visit
      open.push(cosineOf(first), first)
      if (isFound(first)) near.push(open.best(), first)
      while (open.size() > 0) {
        if (near.size() >= width && open.best() < near.best()) break
        const links = recordAt(open.pop()) / 4
        const count = (words[links] ?? 0) & LINK_COUNT
        for (let i = 1; i <= count; i++) {
          const node = words[links + i] ?? 0
          if (visits[node] === visit) continue
          visits[node] = visit
          const cosine = cosineOf(node)
          if (near.size() >= width && cosine <= near.best()) continue
          open.push(cosine, node)
          if (!isFound(node)) continue
          near.push(cosine, node)
          if (near.size() > width) near.pop()
        }
      }
      const found: Neighbour[] = []
      while (near.size() > 0) {
        const cosine = near.best()
        found.push({ vectorId: labels[near.pop()] ?? 0, cosine })
      }
      return found.sort((a, b) => b.cosine - a.cosine || a.vectorId - b.vectorId).slice(0, wanted)
    },
    cosinesTo: (vector) => (vectorId) => {
      const node = nodes[vectorId] ?? -1
      if (node < 0) throw new RangeError(`no vector ${String(vectorId)}`)
      load(vector)
      return cosineOf(node)
    },
  }
}

/** A binary heap of nodes by their cosine. @param isHighest whether the highest is the first, else the lowest */
function heapOf(expected: number, isHighest: boolean) {
  let keys = new Float64Array(expected)
  let nodes = new Uint32Array(expected)
  let size = 0
  const sign = isHighest ? -1 : 1

  return {
    size: () => size,
    /** The first one's cosine. */
    best: () => (keys[0] ?? 0) * sign,
    push(cosine: number, node: number): void {
      if (size === keys.length) {
        const [moreKeys, moreNodes] = [new Float64Array(size * 2), new Uint32Array(size * 2)]
        moreKeys.set(keys)
        moreNodes.set(nodes)
        keys = moreKeys
        nodes = moreNodes
      }
      const key = cosine * sign
      let at = size++
      while (at > 0) {
        const parent = (at - 1) >> 1
        const above = keys[parent] ?? 0
        if (above <= key) break
        keys[at] = above
        nodes[at] = nodes[parent] ?? 0
        at = parent
      }
      keys[at] = key
      nodes[at] = node
    },
    /** Takes the first one away. */
    pop(): number {
      const first = nodes[0] ?? 0
      size--
      const [key, node] = [keys[size] ?? 0, nodes[size] ?? 0]
      let at = 0
      for (;;) {
        let child = 2 * at + 1
        if (child >= size) break
        if (child + 1 < size && (keys[child + 1] ?? 0) < (keys[child] ?? 0)) child++
        const below = keys[child] ?? 0
        if (below >= key) break
        keys[at] = below
        nodes[at] = nodes[child] ?? 0
        at = child
      }
      keys[at] = key
      nodes[at] = node
      return first
    },
  }
}

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b]
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const loadLanes = (offset: number) => [0xfd, 0x00, 2, offset]
const MULTIPLY = [0xfd, 0xe6, 0x01]
const ADD = [0xfd, 0xe4, 0x01]
const lane = (number: number) => [0xfd, 0x1f, number]
const END = 0x0b
const [LEFT, RIGHT, UNTIL, EVEN, ODD] = [0, 1, 2, 3, 4] as const
const section = (id: number, ...bytes: number[]) => [id, ...leb(bytes.length), ...bytes]
const text = (letters: string) => [letters.length, ...Buffer.from(letters)]
/** `sum` and the products of the four floats at both pointers. */
const multiplyAt = (sum: number, offset: number) => [
  ...get(sum),
  ...[...get(LEFT), ...loadLanes(offset)],
  ...[...get(RIGHT), ...loadLanes(offset)],
  ...[...MULTIPLY, ...ADD, ...set(sum)],
]
const forward = (pointer: number) => [...get(pointer), 0x41, STEP * BYTES_PER_FLOAT, 0x6a]

/**
 * WebAssembly of a dot product with eight lanes, about ten times as quick as a loop over a Float32Array:
 * `dot(left, right, until)` with pointers in bytes, up to where `left` is `until`, a multiple of eight floats.
 */
const DOT_PRODUCT = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, 1, 0x60, 3, I32, I32, I32, 1, F32),
  ...section(2, 1, ...text('vectors'), ...text('memory'), 2, 0, 0),
  ...section(3, 1, 0),
  ...section(7, 1, ...text('dot'), 0, 0),
  ...code([
    ...[0x03, 0x40],
    ...[...multiplyAt(EVEN, 0), ...multiplyAt(ODD, 16)],
    ...[...forward(RIGHT), ...set(RIGHT)],
    // Tee, compare unsigned, branch back.
    ...[...forward(LEFT), 0x22, LEFT, ...get(UNTIL), 0x49, 0x0d, 0, END],
    ...[...get(EVEN), ...get(ODD), ...ADD, ...set(EVEN)],
    ...[...get(EVEN), ...lane(0)],
    ...[1, 2, 3].flatMap((number) => [...get(EVEN), ...lane(number), 0x92]),
    END,
  ]),
])

function code(instructions: readonly number[]): number[] {
  const body = [1, 2, V128, ...instructions]
  return section(10, 1, ...leb(body.length), ...body)
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]
}

function dotProduct(memory: WasmMemory): (left: number, right: number, until: number) => number {
  const { exports } = new wasm.Instance(new wasm.Module(DOT_PRODUCT), { vectors: { memory } })
  return exports['dot'] as (left: number, right: number, until: number) => number
}
