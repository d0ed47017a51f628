/** The database, as the page and the worker open it. */
import initSqlJs, { type Database } from 'sql.js';
import wasm from 'sql.js/dist/sql-wasm-browser.wasm?url';
import type { IndexedDbOptions } from 'limbeck';
import { migrations, type Release } from './releases';

export const NAME = 'notes';

/** What both give to `openIndexedDb`. */
export async function options(release: Release): Promise<IndexedDbOptions<Database>> {
  const SQL = await initSqlJs({ locateFile: () => wasm });
  return {
    name: NAME,
    SQL,
    migrations: migrations(release),
    appVersion: release,
    setup: (db) => void db.run('PRAGMA foreign_keys = ON'),
  };
}

/** One value of a query. */
export function value(db: Database, sql: string): unknown {
  return db.exec(sql)[0]?.values[0]?.[0];
}

/** What is in the database, in a form that two people can compare. */
export function facts(db: Database): { notes: number; sum: string; whole: boolean; size: number } {
  const [notes, length, ids] = db.exec('SELECT count(*), total(length(body)), total(id) FROM notes')[0]!.values[0] as number[];
  const size = (value(db, 'PRAGMA page_count') as number) * (value(db, 'PRAGMA page_size') as number);
  const sum = ((length! * 31 + ids!) % 0xffffff).toString(16).padStart(6, '0');
  return { notes: notes!, sum, whole: value(db, 'PRAGMA integrity_check') === 'ok', size };
}
