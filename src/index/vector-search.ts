import { open, type FileHandle } from 'node:fs/promises'
import { checkVectorGraph, searchWidth, type Neighbour } from './vectors.ts'

/**
 * A finished HNSW graph for searching (Malkov & Yashunin 2016). It reads the file of hnswlib and searches it itself, so
 * that one copy of the vectors, of eight bits a number, serves the graph, filters and ranking, without a call into the
 * library for each.
 */
export type VectorSearch = {
  /** Vectors in the graph, the removed ones too. */
  readonly size: number
  /**
   * The nearest vectors, best first; 98 of 100 times or more the true ones.
   * @param keep which vectors may be found; the search goes on until `k` of them are
   * @param width how many candidates are looked at: more find more and take longer
   */
  nearest(vector: Float32Array, k: number, keep?: (vectorId: number) => boolean, width?: number): Neighbour[]
  /** Cosines of a vector to those of the numbers asked for, to about 0.001. @throws RangeError when there is none of that number */
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
/** Codes that the dot product takes in one turn. */
const STEP = 16
const MOST_CODE = 127
const MOST_QUERY_CODE = 32_767
const READ_BYTES = 1 << 22

/**
 * Reads a graph that `VectorGraph.write` wrote. The calling thread is free now and then.
 * @throws Error when the file is not whole, or its vectors are too many for 4 GB
 */
export async function openVectorSearch(file: string, dimensions: number): Promise<VectorSearch> {
  await checkVectorGraph(file, dimensions)
  const handle = await open(file, 'r')
  try {
    return searchIn(await readGraph(handle, file, dimensions))
  } finally {
    await handle.close()
  }
}

/** Where hnswlib's header says that things are. */
const HEADER_BYTES = 96
const REMOVED = 1 << 16
const LINK_COUNT = 0xffff

/** A graph in memory: its nodes by their place in the file. */
type Graph = {
  readonly size: number
  readonly topLevel: number
  readonly entry: number
  /** Of each node `linksEach` words: how many links it has, and `REMOVED`; then the links. */
  readonly links: Uint32Array
  readonly linksEach: number
  /** The same for the levels above, one after the other, from `upperFrom` on; 0 where a node has none. */
  readonly upperLinks: Uint32Array
  readonly upperFrom: Uint32Array
  readonly upperLinksEach: number
  readonly labels: Uint32Array
  readonly vectors: VectorCodes
}

async function readGraph(handle: FileHandle, file: string, dimensions: number): Promise<Graph> {
  const { size: fileBytes } = await handle.stat()
  async function read(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await handle.read(into, done, into.length - done, position + done)
      if (bytesRead === 0) throw new Error(`${file} is cut short`)
      done += bytesRead
    }
  }
  const head = new DataView(new ArrayBuffer(HEADER_BYTES))
  await read(new Uint8Array(head.buffer), 0)
  const at = (offset: number) => Number(head.getBigUint64(offset, true))
  const [size, recordBytes, labelAt, vectorAt] = [at(16), at(24), at(32), at(40)]
  const linksEach = vectorAt / 4
  const links = new Uint32Array(size * linksEach)
  const labels = new Uint32Array(size)
  const vectors = createVectorCodes(size, dimensions)

  const perRead = Math.max(1, Math.floor(READ_BYTES / recordBytes))
  const records = new Uint8Array(perRead * recordBytes)
  const [words, floats] = [new Uint32Array(records.buffer), new Float32Array(records.buffer)]
  for (let first = 0; first < size; first += perRead) {
    const count = Math.min(perRead, size - first)
    await read(records.subarray(0, count * recordBytes), HEADER_BYTES + first * recordBytes)
    for (let i = 0; i < count; i++) {
      const from = (i * recordBytes) / 4
      links.set(words.subarray(from, from + linksEach), (first + i) * linksEach)
      labels[first + i] = words[from + labelAt / 4] ?? 0
      vectors.put(first + i, floats, from + linksEach)
    }
  }

  const upperBytes = fileBytes - HEADER_BYTES - size * recordBytes
  const upperLinks = new Uint32Array(upperBytes / 4)
  await read(new Uint8Array(upperLinks.buffer), HEADER_BYTES + size * recordBytes)
  const upperFrom = new Uint32Array(size)
  for (let node = 0, place = 0; node < size; node++) {
    const bytes = upperLinks[place++] ?? 0
    if (bytes > 0) upperFrom[node] = place
    place += bytes / 4
  }
  return {
    ...{ size, links, linksEach, labels, vectors, upperLinks, upperFrom },
    ...{ topLevel: head.getInt32(48, true), entry: head.getUint32(52, true), upperLinksEach: at(56) + 1 },
  }
}

/** Vectors of eight bits a number. */
type VectorCodes = {
  /** Takes in the vector that lies in `floats` from `from` on. */
  put(place: number, floats: Float32Array, from: number): void
  /** The query that `cosineOf` compares with. @throws RangeError when its dimensions are others */
  load(query: Float32Array): void
  cosineOf(place: number): number
}

/**
 * A quarter of the memory of floats, and as much quicker to read, for cosines that are off by less than 0.001 (512
 * dimensions): each vector is scaled so that its largest number is 127, the query so that its sums fit in 32 bits.
 */
function createVectorCodes(size: number, dimensions: number): VectorCodes {
  const stride = Math.ceil(dimensions / STEP) * STEP
  const codesAt = stride * 2
  const pages = Math.ceil((codesAt + size * stride) / PAGE)
  if (pages > MOST_PAGES) throw new Error(`${String(size)} vectors are too many to be searched`)
  const memory = new wasm.Memory({ initial: pages })
  const query = new Int16Array(memory.buffer, 0, stride)
  const codes = new Int8Array(memory.buffer, codesAt)
  const scales = new Float32Array(size)
  const dot = dotProduct(memory)
  const mostOfQuery = Math.min(MOST_QUERY_CODE, Math.floor(2 ** 31 / (MOST_CODE * stride)) - 1)
  let loaded: Float32Array | undefined
  let queryScale = 0

  return {
    put(place, floats, from) {
      let most = 0
      for (let i = from; i < from + dimensions; i++) most = Math.max(most, Math.abs(floats[i] ?? 0))
      if (most === 0) return
      const factor = MOST_CODE / most
      const at = place * stride - from
      for (let i = from; i < from + dimensions; i++) codes[at + i] = Math.round((floats[i] ?? 0) * factor)
      scales[place] = most / MOST_CODE
    },
    load(vector) {
      if (loaded === vector) return
      if (vector.length !== dimensions)
        throw new RangeError(`a vector of ${String(vector.length)} instead of ${String(dimensions)}`)
      const most = vector.reduce((highest, value) => Math.max(highest, Math.abs(value)), 0)
      const factor = most > 0 ? mostOfQuery / most : 0
      for (let i = 0; i < dimensions; i++) query[i] = Math.round((vector[i] ?? 0) * factor)
      queryScale = most / mostOfQuery
      loaded = vector
    },
    cosineOf: (place) => dot(0, codesAt + place * stride, codesAt) * (scales[place] ?? 0) * queryScale,
  }
}

function searchIn(graph: Graph): VectorSearch {
  const { size, topLevel, entry, links, linksEach, upperLinks, upperFrom, upperLinksEach, labels } = graph
  const { load, cosineOf } = graph.vectors
  const nodes = new Int32Array(labels.reduce((most, label) => Math.max(most, label), 0) + 1).fill(-1)
  for (const [node, label] of labels.entries()) nodes[label] = node
  const visits = new Uint32Array(size)
  let visit = 0

  /** The node of the upper levels that is nearest, as far as neighbours lead to it. */
  function entryNear(): number {
    let node = entry
    let cosine = cosineOf(node)
    for (let level = topLevel; level > 0; level--) {
      for (let isNearer = true; isNearer;) {
        isNearer = false
        const from = (upperFrom[node] ?? 0) + (level - 1) * upperLinksEach
        const count = (upperLinks[from] ?? 0) & LINK_COUNT
        for (let i = 1; i <= count; i++) {
          const other = upperLinks[from + i] ?? 0
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
    nearest(vector, k, keep, asked = searchWidth(k)) {
      const wanted = Math.min(k, size)
      if (wanted < 1) return []
      load(vector)
      const width = Math.min(size, Math.max(wanted, asked))
      const near = heapOf(width + 1, false)
      const open = heapOf(1024, true)
      const isFound = (node: number) =>
        ((links[node * linksEach] ?? 0) & REMOVED) === 0 && (keep === undefined || keep(labels[node] ?? 0))
      visit++
      const first = entryNear()
      visits[first] = visit
      open.push(cosineOf(first), first)
      if (isFound(first)) near.push(open.best(), first)
      while (open.size() > 0) {
        if (near.size() >= width && open.best() < near.best()) break
        const from = open.pop() * linksEach
        const count = (links[from] ?? 0) & LINK_COUNT
        for (let i = 1; i <= count; i++) {
          const node = links[from + i] ?? 0
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

const [I32, V128] = [0x7f, 0x7b]
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const loadLanes = (offset: number) => [0xfd, 0x00, 2, offset]
const loadWidened = (offset: number) => [0xfd, 0x01, 1, offset]
const MULTIPLY = [0xfd, 0xba, 0x01]
const ADD = [0xfd, 0xae, 0x01]
const lane = (number: number) => [0xfd, 0x1b, number]
const END = 0x0b
const [QUERY, CODES, UNTIL, EVEN, ODD] = [0, 1, 2, 3, 4] as const
const section = (id: number, ...bytes: number[]) => [id, ...leb(bytes.length), ...bytes]
const text = (letters: string) => [letters.length, ...Buffer.from(letters)]
/** `sum` and the products of the eight numbers at both pointers, in pairs. */
const multiplyAt = (sum: number, number: number) => [
  ...get(sum),
  ...[...get(QUERY), ...loadLanes(number * 2)],
  ...[...get(CODES), ...loadWidened(number)],
  ...[...MULTIPLY, ...ADD, ...set(sum)],
]
const forward = (pointer: number, bytes: number) => [...get(pointer), 0x41, bytes, 0x6a]

/**
 * WebAssembly of a dot product of 16-bit with 8-bit numbers: `dot(query, codes, until)` with pointers in bytes, up to
 * where `query` is `until`, a multiple of `STEP` numbers; the sum has to fit in 32 bits.
 */
const DOT_PRODUCT = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, 1, 0x60, 3, I32, I32, I32, 1, I32),
  ...section(2, 1, ...text('vectors'), ...text('memory'), 2, 0, 0),
  ...section(3, 1, 0),
  ...section(7, 1, ...text('dot'), 0, 0),
  ...code([
    ...[0x03, 0x40],
    ...[...multiplyAt(EVEN, 0), ...multiplyAt(ODD, STEP / 2)],
    ...[...forward(CODES, STEP), ...set(CODES)],
    // Tee, compare unsigned, branch back.
    ...[...forward(QUERY, STEP * 2), 0x22, QUERY, ...get(UNTIL), 0x49, 0x0d, 0, END],
    ...[...get(EVEN), ...get(ODD), ...ADD, ...set(EVEN)],
    ...[...get(EVEN), ...lane(0)],
    ...[1, 2, 3].flatMap((number) => [...get(EVEN), ...lane(number), 0x6a]),
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

function dotProduct(memory: WasmMemory): (query: number, codes: number, until: number) => number {
  const { exports } = new wasm.Instance(new wasm.Module(DOT_PRODUCT), { vectors: { memory } })
  return exports['dot'] as (query: number, codes: number, until: number) => number
}
