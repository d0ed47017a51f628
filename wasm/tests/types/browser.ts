// What an app writes for a database that the browser keeps. Compiled by tests/types.test.mjs, never run.
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import { inWorker, keptIndexedDb, LimbeckError, openIndexedDb, openOpfs, restoreIndexedDb, restoreOpfs, serve, type OpenEvent, type Report } from 'limbeck';
import initSqlJs from 'sql.js';

const migrations = { '0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)' };
const show = (event: OpenEvent): boolean => {
  if (event.event === 'saving') console.log(event.bytes);
  if (event.event === 'copied') console.log(event.rows / event.of);
  // @ts-expect-error: no such event
  return event.event !== 'ready';
};

const SQL = await initSqlJs();
const { db, report, save, close, persisted } = await openIndexedDb({
  name: 'app',
  SQL,
  migrations,
  appVersion: '2.0',
  newerDatabase: 'run_on',
  exclusive: true,
  vacuum: true,
  initial: async () => new Uint8Array(),
  // The database has the library's own type.
  setup: (db) => void db.create_function('shout', (text: string) => text.toUpperCase()).run('PRAGMA foreign_keys = ON'),
  onProgress: show,
  onStale: () => location.reload(),
  signal: AbortSignal.timeout(1000),
});
db.run('INSERT INTO notes(title) VALUES (?)', ['milk']);
await save();
await close();
const promised: boolean = await persisted;
console.log(report.to, promised);
const before: Uint8Array | undefined = await keptIndexedDb({ name: 'app' });
if (before) await restoreIndexedDb({ name: 'app' });
// @ts-expect-error: a name
await openIndexedDb({ SQL, migrations });
// @ts-expect-error: sql.js is missing
await openIndexedDb({ name: 'app', migrations });

const opfs = await openOpfs({ name: 'app', sqlite3: await sqlite3InitModule(), migrations, onProgress: show });
opfs.db.exec('SELECT 1');
await opfs.close();
await restoreOpfs({ name: 'app', sqlite3: await sqlite3InitModule() });

serve(async ({ argument, onProgress }) => {
  const opened = await openIndexedDb({ name: argument as string, SQL, migrations, onProgress });
  await opened.close();
  return opened.report;
});
const worker = new Worker(new URL('./database.worker.ts', 'http://localhost'), { type: 'module' });
const done = await inWorker<Report>(worker, { argument: 'app', onProgress: show, signal: AbortSignal.timeout(1000) });
console.log(done.steps.length);
try {
  await save();
} catch (error) {
  if (error instanceof LimbeckError && (error.code === 'store.stale' || error.code === 'worker.ended')) console.log(error.hint);
}
