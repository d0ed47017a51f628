import type { Scratch, Value } from '../values.js';
import { wait } from './wait.js';
import { foreignKeysTell } from './transaction.js';

/** What is used of `DatabaseSync` of `node:sqlite`: <https://nodejs.org/api/sqlite.html>. */
export interface NodeSqliteDatabase {
  prepare(sql: string): any;
  exec(sql: string): void;
  createSession(...args: any[]): any;
  close(): void;
  /** Since Node 22.16. */
  readonly isTransaction?: boolean;
}

/** Node's own SQLite. Before Node 26 it cuts a text that it reads at U+0000. */
export function nodeSqlite(db: NodeSqliteDatabase): Scratch {
  const run = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw withResultCode(error);
    }
  };
  const changes = () => Number(db.prepare('SELECT changes() AS n').get().n);
  const adapter: Scratch = {
    execute: (sql) =>
      run(() => {
        const statement = db.prepare(sql);
        // `run` answers the last rowid too, and fails where a number cannot hold it.
        statement.setReadBigInts(true);
        if (statement.columns().length === 0) return Number(statement.run().changes);
        // `run` would take the first of its steps only.
        for (const _ of statement.iterate());
        return changes();
      }),
    query: (sql) =>
      run(() => {
        const statement = db.prepare(sql);
        statement.setReadBigInts(true);
        statement.setReturnArrays(true);
        return statement.all() as Value[][];
      }),
    inTransaction: () => db.isTransaction ?? foreignKeysTell(adapter),
    wait,
    scratch: () => nodeSqlite(new (db.constructor as new (path: string) => NodeSqliteDatabase)(':memory:')),
    close: () => db.close(),
  };
  return adapter;
}

/** SQLite's code stands in `errcode`; what is no error of SQLite's has none. */
function withResultCode(error: unknown): unknown {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? Object.assign(error as object, { resultCode: errcode }) : error;
}
