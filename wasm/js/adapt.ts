import { oo1, type Oo1Database, type Sqlite3 } from './adapters/oo1.js';
import { sqlJs, type SqlJsDatabase } from './adapters/sqljs.js';
import { LimbeckError } from './errors.js';
import type { Database } from './values.js';

/** A database as the app has it. */
export type AnyDatabase = SqlJsDatabase | Oo1Database | Database;

/** The app's database by its shape, which needs no import of any library. */
export function adapt(db: AnyDatabase, sqlite3?: Sqlite3): Database {
  const has = (...methods: string[]) => methods.every((name) => typeof (db as any)?.[name] === 'function');
  if (has('execute', 'query', 'inTransaction')) return db as Database;
  if (has('create_function', 'getRowsModified')) return sqlJs(db as SqlJsDatabase);
  if (has('createFunction', 'selectValue')) return oo1(db as Oo1Database, sqlite3);
  throw new LimbeckError('database.contract', 'this is no database that limbeck knows', {
    hint: "give sql.js's or sqlite-wasm's database object itself, or one that has limbeck's interface Database",
  });
}
