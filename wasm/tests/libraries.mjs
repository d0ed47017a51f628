// The libraries that every test runs on: `open()` opens an empty database in memory, `options` are what limbeck's
// calls take with it, `run` and `rows` work past limbeck.
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import initSqlJs from 'sql.js';

const major = Number.parseInt(process.versions.node);

const SQL = await initSqlJs();
const sqlite3 = await sqlite3InitModule();
// It logs each statement that fails, and those of the tests are to fail.
sqlite3.config.warn = () => {};

export const libraries = [
  {
    name: 'sql.js',
    lacks: ['fts5', 'rtree', 'progress'],
    options: {},
    open: () => new SQL.Database(),
    openBytes: (bytes) => new SQL.Database(bytes),
    run: (db, sql) => void db.exec(sql),
    rows: (db, sql) => db.exec(sql, [], { useBigInt: true })[0]?.values ?? [],
  },
  {
    name: 'sqlite-wasm',
    lacks: ['fts4', 'dqs'],
    options: { sqlite3 },
    open: () => new sqlite3.oo1.DB(':memory:'),
    run: (db, sql) => void db.exec(sql),
    rows: (db, sql) => db.selectArrays(sql),
  },
];

/** Why a library is not here, in words. */
export const absent = [];

// Before Node 26, node:sqlite cuts a text that it reads at U+0000.
if (major >= 26) {
  const { DatabaseSync } = await import('node:sqlite');
  libraries.push({
    name: 'node:sqlite',
    lacks: ['progress', 'dqs', 'writable_schema'],
    options: {},
    open: () => new DatabaseSync(':memory:'),
    openFile: (path) => new DatabaseSync(path),
    run: (db, sql) => db.exec(sql),
    rows: (db, sql) => {
      const statement = db.prepare(sql);
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      return statement.all();
    },
  });
} else {
  absent.push(`node:sqlite: node ${process.version} is older than 26`);
}

// Its module for older ones crashes.
if (major >= 22) {
  const { default: BetterSqlite3 } = await import('better-sqlite3');
  libraries.push({
    name: 'better-sqlite3',
    lacks: ['progress', 'writable_schema'],
    options: {},
    open: () => new BetterSqlite3(':memory:'),
    openFile: (path) => new BetterSqlite3(path),
    run: (db, sql) => db.exec(sql),
    rows: (db, sql) => {
      const statement = db.prepare(sql);
      return statement.reader ? statement.raw().safeIntegers().all() : (statement.run(), []);
    },
  });
} else {
  absent.push(`better-sqlite3: node ${process.version} is older than 22`);
}
