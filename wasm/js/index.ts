/**
 * limbeck: Alembic's model for SQLite, on the SQLite that the app has already.
 *
 * ```ts
 * import { launch } from 'limbeck';
 *
 * const migrations = import.meta.glob('./migrations/*.sql', { query: '?raw', import: 'default', eager: true });
 * const report = await launch(db, migrations); // db: of sql.js, sqlite-wasm's oo1, node:sqlite, better-sqlite3
 * ```
 *
 * The other calls are synchronous, as those databases are, and come after `await init()`: in a page, work in a worker.
 * That holds after `launch`, `openIndexedDb` and `openOpfs` too, which load all of limbeck only where something is to do.
 * What fails changes nothing, and throws a {@link LimbeckError} with a `code` and a `hint`.
 *
 * {@link openIndexedDb} and {@link openOpfs} open a database that the browser keeps, and bring it up to date.
 */
import { checkContract as contract } from './core/core.js';
import { adapt, type AnyDatabase } from './adapt.js';
import { called } from './errors.js';
import type { LaunchOptions } from './launch.js';
import { needed } from './load.js';
import { once, type MigratorOptions, type PlanOptions, type RunOptions } from './migrator.js';
import type { Difference, Plan, Report, Revision } from './report.js';
import type { Migrations } from './sources.js';

export { launch, type LaunchOptions } from './launch.js';
export { default, type Module } from './load.js';
export { keptIndexedDb, openIndexedDb, restoreIndexedDb, type IndexedDbOptions, type StoredIn, type SqlJs } from './browser/indexeddb.js';
export { openOpfs, restoreOpfs, type OpfsOptions } from './browser/opfs.js';
export { inWorker, serve, type WorkerOptions } from './browser/worker.js';
export type { Opened, OpenEvent, OpenOptions } from './browser/open.js';
export { LimbeckError, type ErrorCode } from './errors.js';
export { Migrator } from './migrator.js';
export type { AnyDatabase } from './adapt.js';
export type { DatabaseOptions, MigratorOptions, PlanOptions, RunOptions } from './migrator.js';
export type {
  AlterationReport,
  Compare,
  Diff,
  Difference,
  Doctor,
  Estimate,
  Event,
  NewerRevision,
  Operation,
  Plan,
  Report,
  Revision,
  StepReport,
  Verified,
  Violation,
} from './report.js';
export type { Code, DrizzleMigrations, Manifest, Migration, Migrations, Step } from './sources.js';
export type { Database, Scratch, Value } from './values.js';

/** Options of a call that takes migrations and a database. */
export type Options = MigratorOptions & RunOptions;

/**
 * Brings a database up to date: applies what is missing up to `target`, by default `head`. At the start of an app
 * {@link launch} does the same, and loads less.
 *
 * Where nothing is to do, that is one SELECT. Otherwise one write transaction is held from the first step to the
 * last (a savepoint inside your own), with `foreign_keys` off meanwhile. What fails rolls all of it back.
 *
 * Errors: `graph.*` for the migrations and the target; `history.*` before any write; `script.*`, `sql.*`,
 * `alter.*`, `proof.*`, `database.*` for what happens on the way; `run.cancelled`.
 */
export function migrate(db: AnyDatabase, migrations: Migrations, options: LaunchOptions = {}): Report {
  return once(migrations, options, (migrator) => migrator.upgrade(db, options.target, options));
}

/** Takes revisions back down to a target: `base`, `-1`, an id. As {@link migrate}, and `script.no_downgrade`. */
export function downgrade(db: AnyDatabase, migrations: Migrations, target: string, options: Options = {}): Report {
  return once(migrations, options, (migrator) => migrator.downgrade(db, target, options));
}

/** What an upgrade, or a downgrade, would do. The database is only read. */
export function plan(db: AnyDatabase, migrations: Migrations, options: MigratorOptions & PlanOptions = {}): Plan {
  return once(migrations, options, (migrator) => migrator.plan(db, options));
}

/** Sets the version rows and runs nothing: for a database that is there already. */
export function stamp(
  db: AnyDatabase,
  migrations: Migrations,
  targets: string | readonly string[],
  options: Options & { purge?: boolean } = {},
): Report {
  return once(migrations, options, (migrator) => migrator.stamp(db, targets, options));
}

/** What the database is at; also such rows as the migrations do not know. */
export function current(db: AnyDatabase, migrations: Migrations, options: Options = {}): Revision[] {
  return once(migrations, options, (migrator) => migrator.current(db, options));
}

/** The revisions of a range `low:high`, newest first. */
export function history(migrations: Migrations, range = ':'): Revision[] {
  return once(migrations, {}, (migrator) => migrator.history(range));
}

/** The revisions that nothing follows. */
export function heads(migrations: Migrations): Revision[] {
  return once(migrations, {}, (migrator) => migrator.heads());
}

/**
 * How a wanted schema, plain CREATE statements, differs from the one that the migrations make. It is found out
 * on empty databases in memory of the kind of `db`, which itself is not looked at.
 */
export function check(db: AnyDatabase, migrations: Migrations, schema: string, options: Options = {}): Difference[] {
  return once(migrations, options, (migrator) => migrator.check(db, schema, options));
}

/** Tests that a database does what limbeck relies on: for an adapter of your own. It must be empty. */
export function checkContract(db: AnyDatabase, options: Pick<RunOptions, 'sqlite3'> = {}): void {
  needed();
  called(() => contract(adapt(db, options.sqlite3)));
}
