import Database from 'better-sqlite3'
import path from 'node:path'
import { readChanges } from '../corpus/reading.ts'
import { UserError } from '../errors.ts'
import { fingerprintArticle, readStoredArticles, stampsOf, type StoredArticle } from './draft-store.ts'
import { damaged } from './disk.ts'
import { generationDir, readCurrent, readManifest } from './generations.ts'
import type { Manifest } from './manifest.ts'
import { SCHEMA_FINGERPRINT } from './schema.ts'

/** The live generation, and what of the corpus it does not have yet. */
export type IndexStanding = {
  readonly manifest: Manifest
  /**
   * Articles that came into the corpus since, have other words or another front matter now, or are gone. Absent when
   * another version of Verbatim built the index: then every article is read anew.
   */
  readonly since?: { readonly added: number; readonly changed: number; readonly removed: number }
}

/**
 * How the index stands to the corpus. Opens no model and no vectors.
 * @throws UserError 'index-missing', 'index-damaged', 'index-version'; 'corpus-empty' when there is no folder of articles
 */
export async function indexStanding(indexDir: string, corpusDir: string): Promise<IndexStanding> {
  const { manifest, articles } = await readArticles(indexDir)
  if (articles === undefined) return { manifest }
  let [added, changed] = [0, 0]
  for await (const read of readChanges(corpusDir, stampsOf(articles))) {
    if (read.kind === 'problems') continue
    const known = articles.get(read.file)
    articles.delete(read.file)
    if (read.kind === 'unchanged') continue
    if (known === undefined) added++
    else if (!known.fingerprint.equals(fingerprintArticle(read.article))) changed++
  }
  return { manifest, since: { added, changed, removed: articles.size } }
}

async function readArticles(
  indexDir: string,
): Promise<{ readonly manifest: Manifest; readonly articles?: Map<string, StoredArticle> }> {
  for (;;) {
    const number = await readCurrent(indexDir)
    try {
      const manifest = await readManifest(indexDir, number)
      if (manifest.schema !== SCHEMA_FINGERPRINT) return { manifest }
      return { manifest, articles: articlesIn(path.join(generationDir(indexDir, number), 'coverage.db')) }
    } catch (error) {
      // A build may have published the next generation and removed this one since its number was read.
      const isGone = error instanceof UserError && error.code === 'index-damaged'
      if (!isGone || (await readCurrent(indexDir)) === number) throw error
    }
  }
}

function articlesIn(file: string): Map<string, StoredArticle> {
  let db: Database.Database | undefined
  try {
    db = new Database(file, { readonly: true, fileMustExist: true })
    return readStoredArticles(db)
  } catch (error) {
    if (error instanceof Database.SqliteError) throw damaged(`${file} cannot be read (${error.code})`, error)
    throw error
  } finally {
    db?.close()
  }
}
