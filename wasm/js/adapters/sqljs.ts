import type { Database, Scratch, Value } from '../values.js';
import { endedByApp, foreignKeysTell } from './transaction.js';

/** What is used of a `Database` of sql.js: <https://sql.js.org/documentation/Database.html>. */
export interface SqlJsDatabase {
  prepare(sql: string): SqlJsStatement;
  getRowsModified(): number;
  create_function(name: string, body: (...values: any[]) => any): unknown;
  close(): void;
}

interface SqlJsStatement {
  step(): boolean;
  get(params?: any, config?: any): any[];
  free(): boolean;
}

/** sql.js 1.6 and newer: it can read integers as bigints since then. */
export function sqlJs(db: SqlJsDatabase): Scratch {
  const run = <T>(sql: string, use: (statement: SqlJsStatement) => T): T => {
    try {
      const statement = db.prepare(sql);
      try {
        return use(statement);
      } finally {
        statement.free();
      }
    } catch (error) {
      throw withResultCode(error);
    }
  };
  const adapter: Scratch = {
    execute(sql) {
      run(sql, (statement) => {
        while (statement.step());
      });
      return db.getRowsModified();
    },
    query: (sql) =>
      run(sql, (statement) => {
        const rows: Value[][] = [];
        // Without useBigInt an integer beyond 2^53 is another one.
        while (statement.step()) rows.push(statement.get(null, { useBigInt: true }));
        return rows;
      }),
    inTransaction: () => foreignKeysTell(adapter),
    // It is in memory: no page fails to be read. Up to 1.15 its `export()` rolls back.
    ended: () => endedByApp(adapter),
    scratch: () => sqlJs(new (db.constructor as new () => SqlJsDatabase)()),
    close: () => db.close(),
  };
  return adapter;
}

/**
 * sql.js throws SQLite's message and no code. These are the messages of the codes that limbeck tells apart,
 * as `sqlite3ErrStr` in SQLite's main.c has them (<https://sqlite.org/src/file/src/main.c>); all others are
 * those of SQLITE_ERROR and its like, which are one to limbeck.
 */
const CODES: [RegExp, number][] = [
  [/^database is locked$/, 5],
  [/^database (table|schema) is locked(: .*)?$/, 6],
  [/^attempt to write a readonly database$/, 8],
  [/^interrupted$/, 9],
  [/^disk I\/O error$/, 10],
  [/^database disk image is malformed$/, 11],
  // vtab.c and build.c say which: "malformed database schema (t) - …".
  [/^malformed database schema /, 11],
  [/^database or disk is full$/, 13],
  [/^unable to open database( file|: .*)?$/, 14],
  [/^file is not a database$/, 26],
];

/** Errors that are none of SQLite's (a closed database's, say) have no result code. */
function withResultCode(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return error;
  const [, resultCode] = CODES.find(([message]) => message.test(error.message)) ?? [null, 1];
  return Object.assign(error, { resultCode });
}
