import { createInterface } from 'node:readline'

/** Asks a question that is answered with yes or no; anything but yes, and the end of the input, is no. */
export async function confirm(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  const lines = createInterface({ input, output })
  try {
    return await new Promise<boolean>((resolve) => {
      lines.once('close', () => {
        resolve(false)
      })
      lines.question(`${question} [y/N] `, (answer) => {
        resolve(/^y(es)?$/iu.test(answer.trim()))
      })
    })
  } finally {
    lines.close()
  }
}
