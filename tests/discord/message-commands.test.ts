import { describe, expect, test } from 'vitest'
import { claimedQuote } from '../../src/discord/message-commands.ts'

describe('the quotation in a message', () => {
  test.each([
    ['curly marks', 'Did she say “the bridge is safe for now” or not?', 'the bridge is safe for now'],
    ['straight marks', 'He said "we lost a third of our customers" again', 'we lost a third of our customers'],
    ['German marks', 'Sie sagte: „Die Brücke ist sicher.“', 'Die Brücke ist sicher.'],
    ['guillemets', 'Elle a dit « le pont est fermé »', 'le pont est fermé'],
    [
      'two quotations',
      '“too short to be it” and “this one is much longer than the other”',
      'this one is much longer than the other',
    ],
    ['bold and spoiler marks', 'She said **“the pumps failed at dawn”** ||really||', 'the pumps failed at dawn'],
    ['a quotation block', 'Is this right?\n> the pumps failed\n> at dawn\nI doubt it', 'the pumps failed at dawn'],
    ['no marks at all', 'the pumps failed at dawn', 'the pumps failed at dawn'],
    ['a word in marks only', 'the "pumps" failed at dawn', 'the "pumps" failed at dawn'],
  ])('given %s, when taken out, then it is the words alone', (_, message, quote) => {
    expect(claimedQuote(message)).toBe(quote)
  })
})
