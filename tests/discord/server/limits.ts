/**
 * The platform's limits on what a bot may send, as Discord's documentation states them: the components and messages
 * reference, application commands, interactions. They hold whether or not the API's description is at hand, and they
 * know what a schema cannot say: sums over a whole message, uniqueness, what a flag forbids.
 */

type Json = Readonly<Record<string, unknown>>

const SUPPRESS_EMBEDS = 1 << 2
const EPHEMERAL = 1 << 6
const SUPPRESS_NOTIFICATIONS = 1 << 12
const COMPONENTS_V2 = 1 << 15

const MAX_COMPONENTS = 40
const MAX_TEXT = 4000

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : [])
const length = (value: unknown): number => (typeof value === 'string' ? value.length : 0)

/** Keys that a component of a type may have; anything else is a slip of the pen that Discord would drop in silence. */
const COMPONENT_KEYS: Readonly<Record<number, readonly string[]>> = {
  1: ['components'],
  2: ['style', 'label', 'emoji', 'custom_id', 'url', 'disabled'],
  3: ['custom_id', 'placeholder', 'min_values', 'max_values', 'disabled', 'options', 'required'],
  4: ['custom_id', 'style', 'min_length', 'max_length', 'required', 'value', 'placeholder'],
  9: ['components', 'accessory'],
  10: ['content'],
  13: ['file', 'spoiler'],
  14: ['divider', 'spacing'],
  17: ['components', 'accent_color', 'spoiler'],
  18: ['label', 'description', 'component'],
  19: ['custom_id', 'min_values', 'max_values', 'required'],
}

/** What is wrong with a message, new or changed; empty: nothing. */
export function messageProblems(body: Json, edit = false): readonly string[] {
  const problems: string[] = []
  const flags = typeof body['flags'] === 'number' ? body['flags'] : 0
  const allowed = edit
    ? SUPPRESS_EMBEDS | COMPONENTS_V2
    : SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
  if ((flags & ~allowed) !== 0) problems.push(`flags ${flags} has bits that may not be set here`)
  const components = list(body['components'])
  if ((flags & COMPONENTS_V2) !== 0) {
    for (const key of ['content', 'embeds', 'poll', 'sticker_ids'])
      if (body[key] !== undefined && body[key] !== null && body[key] !== '')
        problems.push(`${key} is not allowed beside IS_COMPONENTS_V2`)
    if (components.length === 0 && body['components'] !== undefined) problems.push('a V2 message needs components')
  } else {
    if (length(body['content']) > 2000) problems.push('content is longer than 2000')
    if (components.some((component) => component['type'] !== 1))
      problems.push('only action rows are allowed without IS_COMPONENTS_V2')
    if (components.length > 5) problems.push('more than 5 action rows')
    if (!edit && length(body['content']) === 0 && components.length === 0 && list(body['embeds']).length === 0)
      if (list(body['attachments']).length === 0) problems.push('an empty message')
  }
  return [...problems, ...componentProblems(components)]
}

function componentProblems(components: readonly Json[]): string[] {
  const problems: string[] = []
  const customIds = new Set<string>()
  const ids = new Set<number>()
  let count = 0
  let text = 0
  const walk = (component: Json, path: string, inside: 'message' | 'container' | 'section' | 'row') => {
    count++
    const type = component['type']
    const complain = (what: string) => problems.push(`${path}: ${what}`)
    if (typeof type !== 'number' || COMPONENT_KEYS[type] === undefined) return complain('an unknown component')
    for (const key of Object.keys(component))
      if (key !== 'type' && key !== 'id' && !COMPONENT_KEYS[type].includes(key)) complain(`${key} is no key of it`)
    const id = component['id']
    if (typeof id === 'number' && id !== 0) {
      if (ids.has(id)) complain(`id ${id} is used twice`)
      ids.add(id)
    }
    const customId = component['custom_id']
    if (customId !== undefined) {
      if (length(customId) < 1 || length(customId) > 100) complain('custom_id is not 1 to 100 characters')
      if (customIds.has(String(customId))) complain(`custom_id ${String(customId)} is used twice`)
      customIds.add(String(customId))
    }
    const children = list(component['components'])
    const into = (next: 'container' | 'section' | 'row') =>
      children.forEach((child, i) => walk(child, `${path}.components[${i}]`, next))
    switch (type) {
      case 1:
        if (inside !== 'message' && inside !== 'container') complain('an action row may not stand here')
        if (children.length < 1 || children.length > 5) complain('an action row holds 1 to 5 components')
        if (children.length > 1 && children.some((child) => child['type'] !== 2))
          complain('an action row holds up to 5 buttons or one select')
        return into('row')
      case 2:
        if (inside !== 'row' && inside !== 'section') complain('a button may not stand here')
        return buttonProblems(component, complain)
      case 3: {
        if (inside !== 'row') complain('a select may not stand here')
        const options = list(component['options'])
        if (options.length < 1 || options.length > 25) complain('a select has 1 to 25 options')
        for (const option of options)
          if (length(option['label']) < 1 || length(option['label']) > 100 || length(option['value']) > 100)
            complain('an option has a label and a value of up to 100 characters')
        if (length(component['placeholder']) > 150) complain('placeholder is longer than 150')
        return
      }
      case 9:
        if (inside !== 'message' && inside !== 'container') complain('a section may not stand here')
        if (children.length < 1 || children.length > 3) complain('a section holds 1 to 3 texts')
        if (children.some((child) => child['type'] !== 10)) complain('a section holds texts')
        if (!isObject(component['accessory'])) return complain('a section needs an accessory')
        if (component['accessory']['type'] !== 2) complain('an accessory is a button here')
        walk(component['accessory'], `${path}.accessory`, 'section')
        return into('section')
      case 10:
        if (inside === 'row') complain('a text may not stand in an action row')
        text += length(component['content'])
        if (typeof component['content'] !== 'string' || component['content'].trim() === '') complain('an empty text')
        return
      case 14:
        if (inside !== 'message' && inside !== 'container') complain('a separator may not stand here')
        return
      case 13:
        return
      case 17:
        if (inside !== 'message') complain('a container may not stand here')
        if (children.length < 1) complain('an empty container')
        return into('container')
      default:
        return complain('may not stand in a message')
    }
  }
  components.forEach((component, i) => walk(component, `components[${i}]`, 'message'))
  if (count > MAX_COMPONENTS) problems.push(`${count} components; a message has up to ${MAX_COMPONENTS}`)
  if (text > MAX_TEXT) problems.push(`${text} characters of text; a message has up to ${MAX_TEXT}`)
  return problems
}

function buttonProblems(button: Json, complain: (what: string) => void): void {
  const isLink = button['style'] === 5
  if (length(button['label']) > 80) complain('a label is up to 80 characters')
  if (length(button['label']) === 0 && !isObject(button['emoji'])) complain('a button needs a label or an emoji')
  if (isLink !== (button['url'] !== undefined)) complain('a link button, and no other, has a URL')
  if (isLink === (button['custom_id'] !== undefined)) complain('every button but a link has a custom_id')
  if (isLink) {
    const url = String(button['url'])
    if (url.length > 512) complain('a URL is up to 512 characters')
    if (!URL.canParse(url) || !['http:', 'https:', 'discord:'].includes(new URL(url).protocol))
      complain(`${url} is no URL that Discord takes`)
  } else if (![1, 2, 3, 4].includes(Number(button['style']))) complain('style is 1 to 4')
}

/** What is wrong with the choices of an autocomplete. */
export function choiceProblems(data: Json): readonly string[] {
  const problems: string[] = []
  const choices = list(data['choices'])
  if (choices.length > 25) problems.push(`${choices.length} choices; up to 25`)
  for (const choice of choices) {
    if (length(choice['name']) < 1 || length(choice['name']) > 100)
      problems.push('a choice’s name is 1 to 100 characters')
    if (typeof choice['value'] === 'string' && (choice['value'].length < 1 || choice['value'].length > 100))
      problems.push('a choice’s value is 1 to 100 characters')
  }
  return problems
}

/** What is wrong with a modal. */
export function modalProblems(data: Json): readonly string[] {
  const problems: string[] = []
  if (length(data['title']) < 1 || length(data['title']) > 45) problems.push('a title is 1 to 45 characters')
  if (length(data['custom_id']) < 1 || length(data['custom_id']) > 100)
    problems.push('custom_id is 1 to 100 characters')
  const rows = list(data['components'])
  if (rows.length < 1 || rows.length > 5) problems.push('a modal has 1 to 5 rows')
  const ids = new Set<unknown>()
  for (const row of rows) {
    if (row['type'] === 10) continue
    const input = row['component']
    if (row['type'] !== 18 || !isObject(input)) {
      problems.push('a row of a modal is a label around an input, or a text')
      continue
    }
    if (length(row['label']) < 1 || length(row['label']) > 45) problems.push('a label is 1 to 45 characters')
    if (length(row['description']) > 100) problems.push('a description is up to 100 characters')
    if (length(input['custom_id']) < 1 || length(input['custom_id']) > 100 || ids.has(input['custom_id']))
      problems.push('an input’s custom_id is 1 to 100 characters and its own')
    ids.add(input['custom_id'])
    if (length(input['placeholder']) > 100) problems.push('a placeholder is up to 100 characters')
    const max = typeof input['max_length'] === 'number' ? input['max_length'] : 4000
    if (max > 4000 || length(input['value']) > max) problems.push('an input’s value is up to its max_length')
    for (const key of Object.keys(input))
      if (!['type', 'id', ...(COMPONENT_KEYS[Number(input['type'])] ?? [])].includes(key))
        problems.push(`${key} is no key of an input`)
  }
  return problems
}

const CHAT_NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u

/** What is wrong with an application command. */
export function commandProblems(command: Json): readonly string[] {
  const problems: string[] = []
  const name = String(command['name'])
  const complain = (what: string) => problems.push(`${name}: ${what}`)
  const type = command['type'] ?? 1
  const checkNames = (of: Json, chat: boolean) => {
    for (const each of [
      of['name'],
      ...Object.values(isObject(of['name_localizations']) ? of['name_localizations'] : {}),
    ]) {
      const text = String(each)
      if (chat && (!CHAT_NAME.test(text) || text !== text.toLowerCase())) complain(`${text} is no name`)
      if (text.length < 1 || text.length > 32) complain(`${text}: a name is 1 to 32 characters`)
    }
    const descriptions = isObject(of['description_localizations']) ? Object.values(of['description_localizations']) : []
    for (const each of [of['description'], ...descriptions])
      if (chat ? length(each) < 1 || length(each) > 100 : length(each) > 0)
        complain('a description is 1 to 100 characters')
  }
  checkNames(command, type === 1)
  if (type !== 1 && list(command['options']).length > 0) complain('only a chat input command has options')
  let size = 0
  const sizeOf = (of: Json): number => {
    const longest = (key: string) =>
      Math.max(
        length(of[key]),
        ...Object.values(isObject(of[`${key}_localizations`]) ? (of[`${key}_localizations`] as Json) : {}).map(length),
      )
    return longest('name') + longest('description') + length(of['value'])
  }
  const walk = (of: Json) => {
    size += sizeOf(of)
    const options = list(of['options'])
    if (options.length > 25) complain('more than 25 options')
    const names = options.map((option) => option['name'])
    if (new Set(names).size !== names.length) complain('two options of one name')
    let optional = false
    for (const option of options) {
      checkNames(option, true)
      if (option['required'] === true && optional) complain('required options come first')
      if (option['required'] !== true) optional = true
      const choices = list(option['choices'])
      if (choices.length > 25) complain('more than 25 choices')
      if (choices.length > 0 && option['autocomplete'] === true) complain('choices or autocomplete, not both')
      for (const choice of choices) size += sizeOf(choice)
      walk(option)
    }
  }
  walk(command)
  if (size > 8000) complain(`${size} characters; a command has up to 8000`)
  return problems
}
