// The libraries that every test runs on: `open()` opens an empty database in memory, `options` are what limbeck's
// calls take with it, `run` and `rows` work past limbeck.
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import initSqlJs from 'sql.js';

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
    run: (db, sql) => void db.exec(sql),
    rows: (db, sql) => db.exec(sql, [], { useBigInt: true })[0]?.values ?? [],
    registerFunction: (db, name, body) => db.create_function(name, body),
  },
  {
    name: 'sqlite-wasm',
    lacks: ['fts4', 'dqs'],
    options: { sqlite3 },
    open: () => new sqlite3.oo1.DB(':memory:'),
    run: (db, sql) => void db.exec(sql),
    rows: (db, sql) => db.selectArrays(sql),
    registerFunction: (db, name, body) => db.createFunction(name, (_context, ...values) => body(...values)),
  },
];
