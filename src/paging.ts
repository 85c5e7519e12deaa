import { z } from 'zod'
import { UserError } from './errors.ts'

/**
 * What a further page needs: the generation it belongs to, the page, and what is listed, as pairs of numbers. Short
 * enough to travel in a button: 10 hits of an index of a million passages take 80 characters.
 */
export type PageState = {
  readonly generation: number
  readonly page: number
  readonly refs: readonly (readonly [number, number])[]
}

const BASE = 36
const shape = z
  .string()
  .max(400)
  .regex(/^[0-9a-z]+\.[0-9a-z]+(?:\.[0-9a-z]+-[0-9a-z]+)*$/u)

/** `generation.page.a-b.a-b…`, numbers in base 36. */
export function writePageState({ generation, page, refs }: PageState): string {
  const numbers = [generation, page].map((number) => number.toString(BASE))
  return [...numbers, ...refs.map(([a, b]) => `${a.toString(BASE)}-${b.toString(BASE)}`)].join('.')
}

/** @throws UserError 'stale-state' when it was not written by `writePageState` */
export function readPageState(state: string): PageState {
  if (!shape.safeParse(state).success) throw staleState()
  const [generation = '', page = '', ...refs] = state.split('.')
  return {
    generation: Number.parseInt(generation, BASE),
    page: Number.parseInt(page, BASE),
    refs: refs.map((ref) => {
      const [a = '', b = ''] = ref.split('-')
      return [Number.parseInt(a, BASE), Number.parseInt(b, BASE)] as const
    }),
  }
}

/** What to say when the index has moved on since a button was made. */
export function staleState(): UserError {
  return new UserError(
    'stale-state',
    'The coverage has been indexed anew since this answer.',
    'Ask again to get the answer of today.',
  )
}
