import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const DESCRIPTION = fileURLToPath(new URL('../../../../shared/discord/openapi.json', import.meta.url))

type Operation = {
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }
}
type Description = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

/** What Discord's own description of its API says of requests. */
export type OpenApi = {
  /** The template that a path fits, `/webhooks/{webhook_id}/…`; undefined where the API has no such path and method. */
  operation(method: string, path: string): string | undefined
  /** What is wrong with a JSON body; empty: nothing. */
  check(method: string, template: string, body: unknown): readonly string[]
}

/** Reads ../shared/discord/openapi.json; undefined where it is not there. */
export function loadOpenApi(): OpenApi | undefined {
  if (!existsSync(DESCRIPTION)) return undefined
  const description = JSON.parse(readFileSync(DESCRIPTION, 'utf8')) as Description
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false })
  formats.default(ajv)
  ajv.addFormat('snowflake', /^\d{1,20}$/)
  ajv.addFormat('nonce', true)
  ajv.addSchema(description, 'discord')
  const templates = Object.keys(description.paths).map((template) => ({
    template,
    // A literal segment wins over a parameter: @original before {message_id}.
    literal: template.split('/').filter((segment) => !segment.startsWith('{')).length,
    pattern: new RegExp(`^${template.replace(/\{[^}]+\}/gu, '[^/]+')}$`, 'u'),
  }))
  templates.sort((a, b) => b.literal - a.literal)
  const compiled = new Map<string, ValidateFunction | undefined>()
  return {
    operation: (method, path) =>
      templates.find(
        ({ template, pattern }) => pattern.test(path) && description.paths[template]?.[method.toLowerCase()],
      )?.template,
    check: (method, template, body) => {
      const key = `${method} ${template}`
      if (!compiled.has(key)) {
        const operation = description.paths[template]?.[method.toLowerCase()]
        const hasBody = operation?.requestBody?.content?.['application/json']?.schema !== undefined
        const pointer = [
          'paths',
          template,
          method.toLowerCase(),
          'requestBody',
          'content',
          'application/json',
          'schema',
        ]
          .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
          .join('/')
        compiled.set(key, hasBody ? ajv.compile({ $ref: `discord#/${pointer}` }) : undefined)
      }
      const validate = compiled.get(key)
      if (validate === undefined) return body === undefined ? [] : [`${key} takes no body`]
      if (validate(body)) return []
      // Of a union, only the branches that get furthest into the body tell anything.
      const deepest = Math.max(...(validate.errors ?? []).map((error) => error.instancePath.split('/').length))
      return (validate.errors ?? [])
        .filter((error) => error.instancePath.split('/').length === deepest)
        .map((error) => `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`)
    },
  }
}
