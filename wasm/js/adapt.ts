import { betterSqlite3, type BetterSqlite3Database } from './adapters/better-sqlite3.js';
import { nodeSqlite, type NodeSqliteDatabase } from './adapters/node-sqlite.js';
import { oo1, type Oo1Database, type Sqlite3 } from './adapters/oo1.js';
import { sqlJs, type SqlJsDatabase } from './adapters/sqljs.js';
import { LimbeckError } from './errors.js';
import type { Database } from './values.js';

/** A database as the app has it. */
export type AnyDatabase = SqlJsDatabase | Oo1Database | NodeSqliteDatabase | BetterSqlite3Database | Database;

/** The app's database by its shape, which needs no import of any library. */
export function adapt(db: AnyDatabase, sqlite3?: Sqlite3): Database {
  const has = (...methods: string[]) => methods.every((name) => typeof (db as any)?.[name] === 'function');
  if (has('execute', 'query', 'inTransaction')) return db as Database;
  if (has('create_function', 'getRowsModified')) return sqlJs(db as SqlJsDatabase);
  if (has('createFunction', 'selectValue')) return oo1(db as Oo1Database, sqlite3);
  if (has('prepare', 'createSession')) return nodeSqlite(db as NodeSqliteDatabase);
  if (has('pragma', 'defaultSafeIntegers')) return betterSqlite3(db as BetterSqlite3Database);
  throw new LimbeckError('database.contract', 'this is no database that limbeck knows', {
    hint: "give the database object of your library itself, or one that has limbeck's interface Database",
  });
}
