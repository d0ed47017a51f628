// What an app writes, as TypeScript sees it. Never run: tests/types.test.mjs compiles it.
import type { Database as Oo1, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import BetterSqlite3 from 'better-sqlite3';
import init, {
  check,
  current,
  downgrade,
  launch,
  LimbeckError,
  migrate,
  Migrator,
  plan,
  stamp,
  type Database,
  type ErrorCode,
  type Event,
  type LaunchOptions,
  type Report,
  type Value,
} from 'limbeck';
import ready from 'limbeck/bundler';
import { DatabaseSync } from 'node:sqlite';
import initSqlJs from 'sql.js';

declare const oo1: Oo1;
declare const sqlite3: Sqlite3Static;
declare const files: Record<string, string>;

const SQL = await initSqlJs();
await init();
await init(new URL('https://example.com/limbeck.wasm'));
await init(new Uint8Array());
await ready();

// The libraries' own types, as they are.
const report: Report = migrate(new SQL.Database(), files);
migrate(oo1, files, { sqlite3, target: '+1', appVersion: '2.0', rebuild: 'never', transaction: 'per_revision' });
migrate(new DatabaseSync(':memory:'), files);
migrate(new BetterSqlite3(':memory:'), files);

// It loads what it needs.
const chosen: LaunchOptions = { target: 'heads', keepUserVersion: true, signal: AbortSignal.timeout(1000) };
const launched: Report = await launch(new SQL.Database(), files, chosen);
console.log(launched.to);
// @ts-expect-error: it answers a promise
launch(new SQL.Database(), files).to;

const mine: Database = {
  execute: (sql, stop) => (stop?.() ? 0 : sql.length),
  query: (): Value[][] => [[null, 1n, 1.5, 'text', new Uint8Array()]],
  inTransaction: () => false,
};
migrate(mine, files);

// Progress, by kind of event.
const onProgress = (event: Event) => {
  if (event.event === 'copied') console.log(event.table, event.rows / event.of);
  if (event.event === 'step_started') console.log(event.text, event.step, event.of);
  // @ts-expect-error: only some events have rows
  console.log(event.rows);
  return event.event !== 'working';
};
migrate(mine, files, { onProgress, signal: AbortSignal.timeout(1000) });

// Every form of migrations.
migrate(mine, [{ name: '1.sql', sql: '' }]);
migrate(mine, { limbeck: 1, migrations: [{ name: '1.sql', sql: '' }] });
migrate(mine, { journal: { entries: [{ idx: 0, tag: '0000_a' }] }, migrations: { m0000: '' } });
migrate(mine, {
  '1.sql': 'CREATE TABLE t(a)',
  '2_code': {
    dependsOn: ['1'],
    up(step) {
      for (const [id] of step.query('SELECT id FROM t WHERE a = ?1', 'x')) step.execute(`DELETE FROM t WHERE id = ${id}`);
    },
    down: (step) => step.warn(step.direction),
  },
});
// @ts-expect-error: a glob that is not eager
migrate(mine, { '1.sql': () => import('limbeck') });
// @ts-expect-error: no promise is waited for
migrate(mine, { '1': { up: async () => {}, down: 1 } });
// @ts-expect-error: a name
migrate('app.db', files);
// @ts-expect-error: no such option
migrate(mine, files, { force: true });

// Results and errors.
const steps: string[] = report.steps.map(({ revision, direction, alterations }) => `${revision} ${direction} ${alterations[0]?.way}`);
const kinds: string[] = check(mine, files, 'CREATE TABLE t(a)').map(({ kind, sql }) => kind + sql);
const ids: string[] = current(mine, files).map(({ revision }) => revision);
const statements: string[] = plan(mine, files, { direction: 'downgrade', target: '-1' }).steps.flatMap((step) => step.statements);
stamp(mine, files, ['a', 'b'], { purge: true });
downgrade(mine, files, 'base');
const script: string = new Migrator(files).sql(mine, 'a:b');
console.log(steps, kinds, ids, statements, script);
try {
  migrate(mine, files);
} catch (error) {
  if (!(error instanceof LimbeckError)) throw error;
  const code: ErrorCode = error.code;
  if (error.code === 'history.database_newer') console.log(code, error.hint, error.violations[0]?.keys, error.report?.to);
  // @ts-expect-error: no such code
  if (error.code === 'history.newer') console.log(error.revision);
}
