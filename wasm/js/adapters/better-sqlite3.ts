import type { Scratch, Value } from '../values.js';
import { wait } from './wait.js';

/** What is used of a `Database` of better-sqlite3: <https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md>. */
export interface BetterSqlite3Database {
  prepare(sql: string): any;
  pragma(sql: string, options?: any): any;
  defaultSafeIntegers(on?: boolean): any;
  close(): any;
  readonly inTransaction: boolean;
}

/** better-sqlite3 7 and newer, whose databases know whether a transaction is open. */
export function betterSqlite3(db: BetterSqlite3Database): Scratch {
  const run = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw withResultCode(error);
    }
  };
  return {
    execute: (sql) =>
      run(() => {
        const statement = db.prepare(sql);
        // better-sqlite3 refuses to run what has columns.
        if (!statement.reader) return statement.run().changes as number;
        for (const _ of statement.raw().iterate());
        return Number(db.prepare('SELECT changes()').pluck().get());
      }),
    query: (sql) =>
      run(() => {
        const statement = db.prepare(sql);
        if (statement.reader) return statement.raw().safeIntegers().all() as Value[][];
        statement.run();
        return [];
      }),
    inTransaction: () => db.inTransaction,
    wait,
    scratch: () => betterSqlite3(new (db.constructor as new (path: string) => BetterSqlite3Database)(':memory:')),
    close: () => db.close(),
  };
}

/** The primary codes that limbeck tells apart: <https://sqlite.org/rescode.html>. */
const CODES: Record<string, number> = {
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_READONLY: 8,
  SQLITE_INTERRUPT: 9,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_NOTADB: 26,
};

/** SQLite's code stands in `code` by its name, extended: `SQLITE_BUSY_SNAPSHOT`. */
function withResultCode(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  const primary = typeof code === 'string' && /^SQLITE_[A-Z]+/.exec(code)?.[0];
  return primary ? Object.assign(error as object, { resultCode: CODES[primary] ?? 1 }) : error;
}
