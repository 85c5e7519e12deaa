import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configTable, readConfig } from '../src/config.ts'
import { UserError } from '../src/errors.ts'

describe('configuration', () => {
  test('given an empty environment, when read, then every default holds', () => {
    expect(readConfig({})).toMatchObject({
      discordToken: undefined,
      corpusDir: 'corpus',
      indexDir: 'index',
      embeddingModel: 'use-lite',
      embeddingPrecision: 'int8',
      logQuestions: false,
    })
  })

  test('given values of every kind, when read, then each has its type', () => {
    expect(
      readConfig({
        HEALTH_PORT: '8080',
        LOG_QUESTIONS: 'true',
        SHARDS: 'auto',
        DISCORD_GUILD_ID: '123456789012345678',
      }),
    ).toMatchObject({
      healthPort: 8080,
      logQuestions: true,
      shards: 'auto',
      discordGuildId: '123456789012345678',
    })
  })

  test('given an empty value, as .env files have them, when read, then the default holds', () => {
    expect(readConfig({ DISCORD_TOKEN: '', HEALTH_PORT: ' ', EMBEDDING_PRECISION: '' })).toMatchObject({
      discordToken: undefined,
      healthPort: undefined,
      embeddingPrecision: 'int8',
    })
  })

  test('given several bad values, when read, then all are named at once and no token is repeated', () => {
    try {
      readConfig({ HEALTH_PORT: 'x', SHARDS: '0', DISCORD_GUILD_ID: 'my server', DISCORD_TOKEN: 'secret-token' })
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      expect(error.code).toBe('bad-config')
      for (const name of ['HEALTH_PORT', 'SHARDS', 'DISCORD_GUILD_ID']) expect(error.message).toContain(name)
      expect(error.message).not.toContain('secret-token')
    }
  })

  test('README shows the table that the schema gives', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const cells = (table: string): string[] =>
      table.split('\n').map((row) => row.replace(/\s+/gu, ' ').replace(/-{3,}/gu, '---'))
    const rows = new Set(cells(readme))
    for (const row of cells(configTable())) expect(rows).toContain(row)
  })
})
