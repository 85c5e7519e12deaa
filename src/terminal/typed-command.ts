import { UserError } from '../errors.ts'
import type { Command, OptionDefinition, OptionValues } from '../command.ts'
import { isDay } from '../options.ts'

/** A line typed at the prompt, read: which command with which options. */
export type TypedCommand = { readonly command: Command; readonly options: OptionValues }

/**
 * Reads a line as Discord would take it: `/quotes kim yo jong about:"battle tanks" since:2023-01-01`. What stands
 * before the first `name:` is the command's first option; a line without `/` is a question for /ask.
 * @throws UserError 'bad-argument' for an unknown command or option, a missing one, or a value of the wrong kind
 */
export function readTypedCommand(line: string, commands: readonly Command[]): TypedCommand {
  const text = line.trim()
  const [, name = 'ask', rest = ''] = text.startsWith('/')
    ? (/^\/(\S*)\s*([^]*)$/u.exec(text) ?? [])
    : ['', 'ask', text]
  const command = commands.find((candidate) => candidate.definition.name === name.toLowerCase())
  if (command === undefined) {
    const known = commands.map((candidate) => `/${candidate.definition.name}`).join(' ')
    throw new UserError('bad-argument', `There is no command /${name}.`, `Commands: ${known}`)
  }
  return { command, options: readOptions(rest, command) }
}

function readOptions(rest: string, command: Command): OptionValues {
  const { options: definitions, example } = command.definition
  const names = definitions.map((definition) => definition.name).join('|')
  const values: Record<string, string | number | boolean> = {}
  const [first] = definitions
  // A name counts only where a word begins, so that "3:1" or "note: …" inside a question stays part of it.
  const marker = new RegExp(`(?:^|\\s)(${names === '' ? '(?!)' : names}):(?:"([^"]*)"|(\\S*))`, 'giu')
  const found = first === undefined ? [] : [...rest.matchAll(marker)]
  for (const [, name = '', quoted, bare = ''] of found) {
    const definition = definitions.find((candidate) => candidate.name === name.toLowerCase())
    if (definition !== undefined) values[definition.name] = readValue(definition, quoted ?? bare)
  }
  const lead = rest.slice(0, found[0]?.index ?? rest.length).trim()
  if (lead !== '') {
    if (first === undefined)
      throw new UserError('bad-argument', `/${command.definition.name} takes no options.`, example)
    values[first.name] ??= readValue(first, unquote(lead, first))
  }
  for (const definition of definitions) {
    if (definition.required && values[definition.name] === undefined)
      throw new UserError(
        'bad-argument',
        `/${command.definition.name} needs ${definition.name}: ${definition.description}`,
        `Example: ${example}`,
      )
  }
  return values
}

function unquote(text: string, definition: OptionDefinition): string {
  // The quotation marks of a claimed quote are part of it; around any other option they only hold words together.
  return definition.name === 'quote' ? text : text.replace(/^"([^"]*)"$/u, '$1')
}

/**
 * One option's value, read from text.
 * @throws UserError 'bad-argument' that names the option, the value and what was expected
 */
export function readValue(definition: OptionDefinition, text: string): string | number | boolean {
  const wrong = (expected: string): UserError =>
    new UserError(
      'bad-argument',
      `${definition.name}: "${text}" is not ${expected}.`,
      `${definition.name}: ${definition.description}`,
    )
  switch (definition.type) {
    case 'boolean':
      if (/^(true|yes|1)$/iu.test(text)) return true
      if (/^(false|no|0)$/iu.test(text)) return false
      throw wrong('yes or no')
    case 'integer':
      if (!/^\d{1,9}$/u.test(text)) throw wrong('a whole number')
      return Number(text)
    case 'date':
      if (!isDay(text)) throw wrong('a date like 2024-06-24')
      return text
    case 'attachment':
      throw wrong('something to type: it takes a file')
    case 'string':
      if (definition.maxLength !== undefined && text.length > definition.maxLength)
        throw new UserError(
          'bad-argument',
          `${definition.name} has ${text.length} characters; at most ${definition.maxLength} are read.`,
          'Shorten it.',
        )
      if (text.trim() === '') throw wrong('a text')
      return text
  }
}
