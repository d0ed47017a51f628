import type { Scratch, Value } from '../values.js';
import { LimbeckError } from '../errors.js';
import { wait } from './wait.js';

/** What is used of `DatabaseSync` of `node:sqlite`: <https://nodejs.org/api/sqlite.html>. */
export interface NodeSqliteDatabase {
  prepare(sql: string): any;
  exec(sql: string): void;
  createSession(...args: any[]): any;
  close(): void;
  /** Since Node 22.16. Older types do not know it. */
  readonly isTransaction?: boolean;
}

/** Node's own SQLite, from Node 22.16 on. Before Node 26 it cuts a text that it reads at U+0000. */
export function nodeSqlite(db: NodeSqliteDatabase): Scratch {
  if (!('isTransaction' in db)) {
    throw new LimbeckError('database.contract', 'the node:sqlite of this Node lacks what limbeck needs', {
      hint: 'use Node 22.16 or newer, or better-sqlite3',
    });
  }
  const run = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw withResultCode(error);
    }
  };
  const changes = () => Number(db.prepare('SELECT changes() AS n').get().n);
  return {
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
    inTransaction: () => db.isTransaction!,
    wait,
    scratch: () => nodeSqlite(new (db.constructor as new (path: string) => NodeSqliteDatabase)(':memory:')),
    close: () => db.close(),
  };
}

/** SQLite's code stands in `errcode`; what is no error of SQLite's has none. */
function withResultCode(error: unknown): unknown {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? Object.assign(error as object, { resultCode: errcode }) : error;
}
