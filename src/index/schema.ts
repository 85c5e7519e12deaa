import { createHash } from 'node:crypto'
import { WORDS_LAYOUT } from './words.ts'

/**
 * `coverage.db`. Offsets are UTF-16 code units of the article's body. Numbers of sentences and passages rise through an
 * article; a passage's sentences are neighbours, so it names its first one and how many. Sentences of one text share a
 * vector; a vector's number is never given twice, because a removed vector stays in the graph under its number.
 * `sentences.terms` holds what `formatTerms` writes, `marks` what `marksOf` tells, for `words.bin`. The full-text table of the quotes keeps no text of
 * its own: `rowid` is the quote's number. An article's fingerprint is of what it says, its stamp of the state of its file,
 * null where that changed too recently to be told from the next.
 */
export const SCHEMA = `
  CREATE TABLE articles (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, slug TEXT NOT NULL, title TEXT NOT NULL, outlet TEXT, author TEXT,
    published TEXT, url TEXT, via TEXT, tags TEXT NOT NULL, fingerprint BLOB NOT NULL, stamp TEXT
  ) STRICT;
  CREATE TABLE bodies (article_id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE sentences (
    id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, paragraph INTEGER NOT NULL, "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL, vector_id INTEGER NOT NULL, terms TEXT NOT NULL,
    marks INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sentences_of_article ON sentences (article_id, vector_id);
  CREATE INDEX sentences_of_vector ON sentences (vector_id);
  CREATE TABLE passages (
    id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, paragraph INTEGER NOT NULL, "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL, first_sentence_id INTEGER NOT NULL, sentence_count INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX passages_of_article ON passages (article_id);
  CREATE TABLE vector_keys (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE) STRICT;
  CREATE TABLE vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL) STRICT;
  CREATE TABLE quotes (
    id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, kind TEXT NOT NULL, "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL, utterance INTEGER NOT NULL, speaker TEXT, speaker_id INTEGER, mention_start INTEGER,
    mention_end INTEGER, cue_start INTEGER, cue_end INTEGER, attribution TEXT NOT NULL, confidence REAL NOT NULL
  ) STRICT;
  CREATE INDEX quotes_of_article ON quotes (article_id);
  CREATE INDEX quotes_of_speaker ON quotes (speaker_id);
  CREATE TABLE article_names (article_id INTEGER PRIMARY KEY, names TEXT NOT NULL) STRICT;
  CREATE TABLE speakers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL) STRICT;
  CREATE TABLE speaker_aliases (
    speaker_id INTEGER NOT NULL, alias TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (speaker_id, alias)
  ) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE quotes_fts USING fts5 (
    text, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
  );
`

/** Bytes of a database page: seven vectors of 512 dimensions fill one to nine tenths; of 4,096 they would fill half. */
export const PAGE_BYTES = 16_384

/** Tells one set of tables and word lists from another. */
export const SCHEMA_FINGERPRINT = createHash('sha256').update(SCHEMA).update(WORDS_LAYOUT).digest('hex').slice(0, 16)
