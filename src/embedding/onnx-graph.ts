import onnxProto from 'onnx-proto'

const { onnx } = onnxProto
const { DataType } = onnx.TensorProto
const { AttributeType } = onnx.AttributeProto

/** Name of a value that flows between two nodes of a graph. */
export type Value = string

/** Data of a constant; the array type decides the element type: int64, float32, int32, int8 or uint8. */
export type ConstantData = BigInt64Array | Float32Array | Int32Array | Int8Array | Uint8Array

/** Attributes of a node: whole numbers become ONNX integers, `{ float }` a float, lists of whole numbers integer lists. */
export type Attributes = Readonly<Record<string, number | { readonly float: number } | readonly number[]>>

/** An ONNX graph under construction; node and constant names are made up as it grows. */
export type OnnxGraph = {
  /** Declares an int64 input of two dimensions that are free at run time. */
  input(name: string): Value
  /** Adds a constant; `dims` defaults to one dimension, and `[]` makes a scalar. */
  constant(data: ConstantData, dims?: readonly number[]): Value
  /** Adds a node with one output and gives that output. `domain` is empty for standard operators. */
  node(operator: string, inputs: readonly Value[], attributes?: Attributes, domain?: string): Value
  /** Like `node`, for an operator with several outputs. */
  nodes(operator: string, inputs: readonly Value[], outputs: number, attributes?: Attributes): Value[]
  /** Names the output (float32) and gives the bytes of the .onnx file. */
  finish(output: string, from: Value): Uint8Array
}

function elementType(data: ConstantData): number {
  if (data instanceof Float32Array) return DataType.FLOAT
  if (data instanceof BigInt64Array) return DataType.INT64
  if (data instanceof Int32Array) return DataType.INT32
  if (data instanceof Int8Array) return DataType.INT8
  return DataType.UINT8
}

function attribute(name: string, value: Attributes[string]) {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value }
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float }
  return { name, type: AttributeType.INTS, ints: [...value] }
}

/**
 * Starts an empty graph of opset 17 with the runtime's own operators ("com.microsoft") beside the standard ones.
 * Constants are stored little-endian, as ONNX wants them.
 */
export function onnxGraph(name: string): OnnxGraph {
  const node: InstanceType<typeof onnx.NodeProto>[] = []
  const initializer: InstanceType<typeof onnx.TensorProto>[] = []
  const input: InstanceType<typeof onnx.ValueInfoProto>[] = []
  let values = 0

  function nodes(
    operator: string,
    inputs: readonly Value[],
    outputs: number,
    attributes: Attributes = {},
    domain = '',
  ) {
    const output = Array.from({ length: outputs }, () => `${operator}_${++values}`)
    const attributeList = Object.entries(attributes).map(([key, value]) => attribute(key, value))
    node.push(
      onnx.NodeProto.create({
        name: output[0] ?? '',
        opType: operator,
        domain,
        input: [...inputs],
        output,
        attribute: attributeList,
      }),
    )
    return output
  }

  function valueInfo(valueName: string, elemType: number, rank: number) {
    const dim = Array.from({ length: rank }, (_, axis) => ({ dimParam: `${valueName}_${axis}` }))
    return onnx.ValueInfoProto.create({ name: valueName, type: { tensorType: { elemType, shape: { dim } } } })
  }

  return {
    input(inputName) {
      input.push(valueInfo(inputName, DataType.INT64, 2))
      return inputName
    },
    constant(data, dims = [data.length]) {
      const constantName = `constant_${++values}`
      initializer.push(
        onnx.TensorProto.create({
          name: constantName,
          dataType: elementType(data),
          dims: [...dims],
          rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        }),
      )
      return constantName
    },
    node(operator, inputs, attributes, domain) {
      const [output] = nodes(operator, inputs, 1, attributes, domain)
      return output as Value
    },
    nodes: (operator, inputs, outputs, attributes) => nodes(operator, inputs, outputs, attributes),
    finish(outputName, from) {
      node.push(onnx.NodeProto.create({ name: outputName, opType: 'Identity', input: [from], output: [outputName] }))
      const output = [valueInfo(outputName, DataType.FLOAT, 3)]
      const model = onnx.ModelProto.create({
        irVersion: 8,
        producerName: 'verbatim',
        opsetImport: [
          { domain: '', version: 17 },
          { domain: 'com.microsoft', version: 1 },
        ],
        graph: { name, node, initializer, input, output },
      })
      return onnx.ModelProto.encode(model).finish()
    },
  }
}
