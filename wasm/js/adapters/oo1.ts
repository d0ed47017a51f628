import type { Scratch, Value } from '../values.js';
import { LimbeckError } from '../errors.js';
import { foreignKeysTell } from './transaction.js';

/** What is used of `sqlite3.oo1.DB`: <https://sqlite.org/wasm/doc/trunk/api-oo1.md>. */
export interface Oo1Database {
  prepare(sql: string): any;
  changes(): number | bigint;
  selectValue(sql: string): any;
  createFunction(...args: any[]): any;
  close(): void;
  pointer?: any;
}

/** What is used of the module `sqlite3` itself. */
export interface Sqlite3 {
  capi: any;
  oo1: { DB: new (name?: string, flags?: string) => any };
  config?: any;
}

/** Virtual machine instructions between two questions: a few milliseconds at most. */
const INSTRUCTIONS = 100_000;

/** sqlite-wasm's object-oriented API. `sqlite3` gives it what the database object alone does not reach. */
export function oo1(db: Oo1Database, sqlite3?: Sqlite3): Scratch {
  const run = <T>(sql: string, stop: (() => boolean) | undefined, use: (statement: any) => T): T => {
    if (stop) sqlite3?.capi.sqlite3_progress_handler(db.pointer, INSTRUCTIONS, () => (stop() ? 1 : 0), 0);
    try {
      const statement = db.prepare(sql);
      try {
        return use(statement);
      } finally {
        statement.finalize();
      }
    } catch (error) {
      throw withoutPrefix(error);
    } finally {
      if (stop) sqlite3?.capi.sqlite3_progress_handler(db.pointer, 0, 0, 0);
    }
  };
  const adapter: Scratch = {
    execute(sql, stop) {
      run(sql, stop, (statement) => {
        while (statement.step());
      });
      return Number(db.changes());
    },
    query: (sql, stop) =>
      run(sql, stop, (statement) => {
        const rows: Value[][] = [];
        while (statement.step()) rows.push(read(statement));
        return rows;
      }),
    inTransaction: () =>
      sqlite3 ? !sqlite3.capi.sqlite3_get_autocommit(db.pointer) : foreignKeysTell(adapter),
    scratch() {
      if (!sqlite3) {
        throw new LimbeckError('database.contract', 'an oo1 database cannot open another one', {
          hint: 'give the option sqlite3, which sqlite3InitModule() answered',
        });
      }
      return oo1(new sqlite3.oo1.DB(':memory:'), sqlite3);
    },
    close: () => db.close(),
  };
  return adapter;
}

/** A row. oo1 reads the REAL 1.0 and the INTEGER 1 as the same number: their texts tell them apart. */
function read(statement: any): Value[] {
  return (statement.get([]) as any[]).map((value, column) =>
    typeof value === 'number' && Number.isInteger(value) && /^-?\d+$/.test(statement.getString(column))
      ? BigInt(value)
      : value,
  );
}

/** oo1 puts the code before SQLite's message; it stands in `resultCode` too. */
function withoutPrefix(error: unknown): unknown {
  if (error instanceof Error && 'resultCode' in error) {
    error.message = error.message.replace(/^SQLITE_\w+: sqlite3 result code \d+: /, '');
  }
  return error;
}
