import { builtIn, type Precision } from './catalogue.ts'
import { onnxGraph, type OnnxGraph, type Value } from './onnx-graph.ts'

/** A weight of the TensorFlow.js model: values in row-major order. */
export type Weight = { readonly shape: readonly number[]; readonly values: Float32Array }

/** Gives the weight of that name. Throws when the model has none. */
export type Weights = (name: string) => Weight

const { maxTokens } = builtIn.card

const heads = 4
const encoder = 'module_apply_default/Encoder_en/KonaTransformer/Encode'
const kernels = 'module/Encoder_en/KonaTransformer/Encode'
const layerNormEpsilon = 1e-6
const maskedScore = -1e9

/** Smallest and largest value that goes into a dense layer. */
type Range = readonly [number, number]

/**
 * What eight bits have to cover at the input of each dense layer; values beyond are clipped. Fixed instead of measured
 * per batch (DynamicQuantizeLinear), so that a text's vector does not depend on the texts beside it; as fast, and as
 * close to fp32. Extremes over 400 encyclopedia and news sentences, then narrowed one by one while the vectors came
 * closer to fp32. Mean cosine to fp32 0.9994 on 500 other sentences: `npm run bench -- embedding`.
 */
const ranges = [
  { normed: [-2.05, 1.7], attended: [-3.5, 3.35], states: [-2.7, 2.35], inner: [-3.65, 3.4], hidden: [0, 10.8] },
  { normed: [-2.75, 2.4], attended: [-4.85, 4.6], states: [0, 0], inner: [-6.15, 5.7], hidden: [0, 30.5] },
] as const satisfies readonly Record<string, Range>[]

/** A dense layer: [rows, inputs] → [rows, outputs]. */
type Dense = (input: Value, range: Range, kernel: Weight, bias: Weight) => Value

/**
 * The sentence encoder of Universal Sentence Encoder lite (Cer et al. 2018) as an ONNX file: int64 `input_ids` and
 * `attention_mask` [batch, tokens] → float32 `last_hidden_state` [batch, 1, 512], L2-normalised.
 * Tokens run as one matrix [batch · tokens, width], so that every dense layer is a single multiplication. At int8 the
 * dense layers of the transformer, nearly all of the arithmetic, have weights of eight bits with a scale per column;
 * the embedding, the attention's own products, the norms and the last layer stay float32.
 */
export function useLiteGraph(weights: Weights, precision: Precision): Uint8Array {
  const graph = onnxGraph('use-lite')
  const ids = graph.input('input_ids')
  const mask = graph.node('Cast', [graph.input('attention_mask')], { to: 1 })
  const shape = graph.node('Shape', [ids])
  const dense = precision === 'int8' ? int8Dense(graph) : floatDense(graph)

  let states = embedTokens(graph, weights, ids)
  const bias = maskBias(graph, mask)
  for (const [layer, range] of ranges.entries()) {
    const at = (name: string) => weights(`${encoder}/Layer_${layer}/TransformerLayer/${name}/ConcatPartitions/concat`)
    const kernel = (name: string) => flat(weights(`${kernels}/Layer_${layer}/TransformerLayer/${name}/kernel/part_0`))
    const stack = `${encoder}/TransformerStack/Layer_${layer}/TransformerLayer`

    const qkvKernel = kernel('MultiheadAttention/qkv_transform_single')
    const width = (qkvKernel.shape[1] ?? 0) / 3
    const normed = layerNorm(graph, states, at, 'layer_prepostprocess/layer_norm')
    const [scaledKernel, scaledBias] = scaleQueries(
      qkvKernel,
      at('MultiheadAttention/qkv_transform_single/bias'),
      width,
    )
    const qkv = dense(normed, range.normed, scaledKernel, scaledBias)
    const attended = attention(graph, qkv, shape, bias, width)
    const projected = dense(
      attended,
      range.attended,
      kernel('MultiheadAttention/output_transform_single'),
      at('MultiheadAttention/output_transform_single/bias'),
    )
    const residual = layer === 0 ? dense(states, range.states, at('dense/kernel'), at('dense/bias')) : states
    states = graph.node('Add', [projected, residual])

    const inner = layerNorm(graph, states, at, 'FFN/layer_prepostprocess/layer_norm')
    const first = dense(inner, range.inner, weights(`${stack}/FFN/conv1/Tensordot/Reshape_1`), at('FFN/conv1/bias'))
    const second = dense(
      graph.node('Relu', [first]),
      range.hidden,
      weights(`${stack}/FFN/conv2/Tensordot/Reshape_1`),
      at('FFN/conv2/bias'),
    )
    states = graph.node('Add', [second, states])
  }
  return graph.finish('last_hidden_state', sentenceVector(graph, weights, states, mask, shape))
}

function floatDense(graph: OnnxGraph): Dense {
  return (input, _range, kernel, bias) => graph.node('Gemm', [input, constant(graph, kernel), constant(graph, bias)])
}

function int8Dense(graph: OnnxGraph): Dense {
  return (input, [least, most], kernel, bias) => {
    const step = Math.fround((most - least) / 255)
    const scale = graph.constant(Float32Array.of(step), [])
    const zero = graph.constant(Uint8Array.of(Math.round(-least / step)), [])
    const columns = quantizeColumns(kernel)
    return graph.node(
      'MatMulIntegerToFloat',
      [
        graph.node('QuantizeLinear', [input, scale, zero]),
        graph.constant(columns.values, kernel.shape),
        scale,
        graph.constant(columns.steps),
        zero,
        '',
        constant(graph, bias),
      ],
      {},
      'com.microsoft',
    )
  }
}

/** Rounds each column of a matrix to −127…127 steps, the step chosen by the column's largest value. */
function quantizeColumns({ shape, values }: Weight): { values: Int8Array; steps: Float32Array } {
  const columns = shape[1] ?? 0
  const steps = new Float32Array(columns)
  for (const [i, value] of values.entries()) {
    steps[i % columns] = Math.max(steps[i % columns] ?? 0, Math.abs(value) / 127)
  }
  return { values: Int8Array.from(values, (value, i) => Math.round(value / (steps[i % columns] || 1))), steps }
}

function constant(graph: OnnxGraph, weight: Weight): Value {
  return graph.constant(weight.values, weight.shape)
}

function shapeOf(graph: OnnxGraph, ...dims: readonly number[]): Value {
  return graph.constant(BigInt64Array.from(dims, BigInt))
}

/** A convolution of width one, [1, 1, inputs, outputs], is a matrix. */
function flat(kernel: Weight): Weight {
  return { shape: kernel.shape.slice(-2), values: kernel.values }
}

/** 2 · embedding + timing signal (sin | cos), as the reference adds the embedding to itself with its signal. */
function embedTokens(graph: OnnxGraph, weights: Weights, ids: Value): Value {
  const table = weights('module/Embeddings_en')
  const doubled = graph.constant(
    table.values.map((value) => 2 * value),
    table.shape,
  )
  const embedded = graph.node('Gather', [doubled, ids])
  const frequencies = weights(`${encoder}/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`).values
  const width = 2 * frequencies.length
  const signal = new Float32Array(maxTokens * width)
  for (let position = 0; position < maxTokens; position++) {
    for (const [i, frequency] of frequencies.entries()) {
      signal[position * width + i] = Math.sin(Math.fround(position * frequency))
      signal[position * width + frequencies.length + i] = Math.cos(Math.fround(position * frequency))
    }
  }
  const length = graph.node('Shape', [ids], { start: 1, end: 2 })
  const timing = graph.node('Slice', [graph.constant(signal, [maxTokens, width]), shapeOf(graph, 0), length])
  return graph.node('Reshape', [graph.node('Add', [embedded, timing]), shapeOf(graph, -1, width)])
}

/** 0 for a token, a large negative number for padding, [batch, 1, 1, tokens]. */
function maskBias(graph: OnnxGraph, mask: Value): Value {
  const one = graph.constant(Float32Array.of(1), [])
  const padding = graph.node('Mul', [graph.node('Sub', [one, mask]), graph.constant(Float32Array.of(maskedScore), [])])
  return graph.node('Unsqueeze', [padding, shapeOf(graph, 1, 2)])
}

function layerNorm(graph: OnnxGraph, states: Value, at: (name: string) => Weight, name: string): Value {
  const scale = constant(graph, at(`${name}/layer_norm_scale`))
  const bias = constant(graph, at(`${name}/layer_norm_bias`))
  return graph.node('LayerNormalization', [states, scale, bias], { axis: -1, epsilon: { float: layerNormEpsilon } })
}

/** Puts the attention's 1/√(head size) into the columns that make the queries. */
function scaleQueries(kernel: Weight, bias: Weight, width: number): [Weight, Weight] {
  const scale = 1 / Math.sqrt(width / heads)
  const columns = 3 * width
  const scaled = (value: number, i: number) => (i % columns < width ? value * scale : value)
  return [
    { shape: kernel.shape, values: kernel.values.map(scaled) },
    { shape: bias.shape, values: bias.values.map(scaled) },
  ]
}

/** Multi-head attention over [batch · tokens, 3 · width] (queries, keys, values) → [batch · tokens, width]. */
function attention(graph: OnnxGraph, qkv: Value, shape: Value, bias: Value, width: number): Value {
  const split = graph.node('Concat', [shape, shapeOf(graph, 3 * heads, width / heads)], { axis: 0 })
  const byHead = graph.node('Transpose', [graph.node('Reshape', [qkv, split])], { perm: [0, 2, 1, 3] })
  const [queries = '', keys = '', values = ''] = graph.nodes('Split', [byHead], 3, { axis: 1 })
  const scores = graph.node('MatMul', [queries, graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] })])
  const attention = graph.node('Softmax', [graph.node('Add', [scores, bias])], { axis: -1 })
  const mixed = graph.node('Transpose', [graph.node('MatMul', [attention, values])], { perm: [0, 2, 1, 3] })
  return graph.node('Reshape', [mixed, shapeOf(graph, -1, width)])
}

/** Mean of the token states, tanh layer, L2 norm: [batch, 1, 512]. */
function sentenceVector(graph: OnnxGraph, weights: Weights, states: Value, mask: Value, shape: Value): Value {
  const kernel = weights('module/Encoder_en/hidden_layers/tanh_layer_0/weights')
  const width = kernel.shape[0] ?? 0
  const count = graph.node('ReduceSum', [mask, shapeOf(graph, 1)], { keepdims: 1 })
  const share = graph.node('Unsqueeze', [graph.node('Div', [mask, count]), shapeOf(graph, 1)])
  const byText = graph.node('Reshape', [states, graph.node('Concat', [shape, shapeOf(graph, width)], { axis: 0 })])
  const mean = graph.node('Reshape', [graph.node('MatMul', [share, byText]), shapeOf(graph, -1, width)])
  const bias = weights('module/Encoder_en/hidden_layers/tanh_layer_0/bias')
  const output = graph.node('Tanh', [graph.node('Gemm', [mean, constant(graph, kernel), constant(graph, bias)])])
  return graph.node('Unsqueeze', [graph.node('LpNormalization', [output], { axis: -1, p: 2 }), shapeOf(graph, 1)])
}
