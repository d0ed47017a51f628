CREATE VIRTUAL TABLE words USING fts5(word);

CREATE TABLE 'words_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'words_content'(id INTEGER PRIMARY KEY, c0);

CREATE TABLE 'words_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'words_docsize'(id INTEGER PRIMARY KEY, sz BLOB);

CREATE TABLE 'words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
