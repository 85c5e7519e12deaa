import { readdir } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { z } from 'zod'
import type { Command } from './command.ts'

const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/u)
const description = z.string().min(1).max(100)

const options = z
  .array(z.object({ name, description, type: z.enum(['string', 'boolean', 'integer', 'date', 'attachment']) }))
  .max(25)
  .refine((all) => new Set(all.map((option) => option.name)).size === all.length, 'two options of one name')

const shape = z.object({
  definition: z
    .object({
      name,
      description,
      example: z.string().startsWith('/'),
      access: z.enum(['everyone', 'moderator']),
      options,
      subcommands: z
        .array(z.object({ name, description, options }))
        .min(1)
        .max(25)
        .refine((all) => new Set(all.map((each) => each.name)).size === all.length, 'two subcommands of one name')
        .optional(),
    })
    .refine(({ options, subcommands }) => subcommands === undefined || options.length === 0, {
      error: 'options belong to the subcommands where there are any',
    }),
  run: z.custom<Command['run']>((value) => typeof value === 'function', 'expected a function'),
})

const COMMANDS_DIR = fileURLToPath(new URL('../commands', import.meta.url))

/**
 * The commands: the default export of every TypeScript file in commands/, by name.
 * @throws Error that names the file whose default export is no command, or the name that two files claim
 */
export async function loadCommands(directory: string = COMMANDS_DIR): Promise<readonly Command[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.ts')).sort()
  const commands: Command[] = []
  for (const file of files) {
    const path = join(directory, file)
    const loaded = (await import(pathToFileURL(path).href)) as { default?: unknown }
    const parsed = shape.safeParse(loaded.default)
    if (!parsed.success) throw new Error(`${path} is no command: ${z.prettifyError(parsed.error)}`)
    // The schema has read what it needs to check; the object itself keeps its methods and types.
    const command = loaded.default as Command
    if (commands.some((other) => other.definition.name === command.definition.name))
      throw new Error(`${path}: another file has a command /${command.definition.name} already`)
    commands.push(command)
  }
  return commands
}
