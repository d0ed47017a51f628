import { Migrator as Core } from './core/core.js';
import { adapt, type AnyDatabase } from './adapt.js';
import type { Sqlite3 } from './adapters/oo1.js';
import { appRuns } from './adapters/transaction.js';
import { called, LimbeckError } from './errors.js';
import { needed } from './load.js';
import type { Compare, Diff, Difference, Doctor, Event, Plan, Report, Revision, Verified } from './report.js';
import { read, type Migrations } from './sources.js';
import { chosen, text, texts } from './strings.js';
import type { Scratch } from './values.js';

/** How migrations are run, whichever database they meet. */
export interface MigratorOptions {
  /** The app's version, kept with each step in `limbeck_history`. */
  appVersion?: string;
  /**
   * The table of version rows, instead of `limbeck_version`; `alembic_version` shares a database with Alembic. Two
   * folders may share a database, each with a table of its own, where no id is in both: `limbeck_history` is one for all.
   */
  versionTable?: string;
  /** Whether tables may be rebuilt: by default where there is no cheaper way. */
  rebuild?: 'auto' | 'always' | 'never';
  /** What a transaction holds: by default the whole upgrade. */
  transaction?: 'per_upgrade' | 'per_revision';
  /**
   * What `upgrade` does with a database that a newer version of the app has written: by default it refuses it;
   * `run_on` uses it as it is where its newer revisions leave older apps working; `take_down` takes those back
   * with the scripts that the database has kept, and what they throw away is gone.
   */
  newerDatabase?: 'refuse' | 'run_on' | 'take_down';
  /**
   * Whether the database is looked through for damage before a run that has something to do: by default up to
   * 64 MiB.
   */
  quickCheck?: 'auto' | 'always' | 'never';
  /**
   * Whether the schema may call functions of the app that are not marked harmless (`SQLITE_INNOCUOUS`): where the
   * file is the app's own, and its schema uses such. By default that fails with `database.untrusted_schema`.
   */
  trustSchema?: boolean;
  /**
   * Whether limbeck may have the file's `user_version` (`PRAGMA user_version`): a call with nothing to do then
   * compares that one number with the migrations, and its report names no revisions. Let nothing but limbeck move
   * the version rows of such a database. Where another number stands there, that is `history.user_version_taken`.
   */
  keepUserVersion?: boolean;
}

/** What a call needs beside its database. */
export interface DatabaseOptions {
  /**
   * With sqlite-wasm's oo1: what `sqlite3InitModule()` answered. Long statements can be cancelled then, and
   * `plan`, `check` and `sql` work.
   */
  sqlite3?: Sqlite3;
}

/** Options of a run. */
export interface RunOptions extends DatabaseOptions {
  /** Called with each event. To answer false, or to throw, cancels the run, and all is rolled back. */
  onProgress?(event: Event): boolean | void;
  /**
   * Cancels the run, and all is rolled back. A run is synchronous, so the signal is moved by `onProgress`, or was
   * before; from another thread, share memory and answer false.
   */
  signal?: AbortSignal;
}

/** Options of a plan. */
export interface PlanOptions extends DatabaseOptions {
  direction?: 'upgrade' | 'downgrade';
  /** By default `head`; a downgrade needs one. */
  target?: string;
}

/** Gives back what a migrator has in the module's memory. */
let free: (migrator: Migrator) => void;

/**
 * Migrations, ready to be brought to databases. Each verb is that of limbeck's other surfaces; a target is
 * `head`, `heads`, `base`, `+1`, `-1`, an id or its beginning, `label@head`. What fails throws a
 * {@link LimbeckError} with one of the codes that stand with each verb, and has changed nothing.
 *
 * ```ts
 * const migrator = new Migrator({ '0001_notes.sql': 'CREATE TABLE notes(title)' }, { appVersion: '2.0' });
 * migrator.pending(db).map(({ revision }) => revision); // ['0001']
 * migrator.upgrade(db).to; // ['0001']
 * migrator.current(db)[0].head; // true
 * ```
 */
export class Migrator {
  readonly #core: Core;

  static {
    free = (migrator) => migrator.#core.free();
  }

  /**
   * Takes the migrations. What is wrong with a header or the graph is an error of the first call that has to know it.
   * Errors: `script.unreadable`, `settings.invalid`; `js.misuse` without `await init()`, in a browser.
   */
  constructor(migrations: Migrations, options: MigratorOptions = {}) {
    const { joined, lengths, code } = read(migrations);
    needed();
    this.#core = called(() => new Core(joined, lengths, code, chosen(options)));
  }

  /** Applies revisions up to a target: see `migrate`. */
  upgrade(db: AnyDatabase, target = 'head', options: RunOptions = {}): Report {
    return parsed(() => this.#core.upgrade(adapt(db, options.sqlite3), text('target', target), listener(options)));
  }

  /** Takes revisions back down to a target. Errors: `script.no_downgrade` before any write. */
  downgrade(db: AnyDatabase, target: string, options: RunOptions = {}): Report {
    return parsed(() => this.#core.downgrade(adapt(db, options.sqlite3), text('target', target), listener(options)));
  }

  /** Sets the version rows and runs nothing. `purge` throws the rows away first, also unknown ones. Errors: `graph.*`. */
  stamp(db: AnyDatabase, targets: string | readonly string[], options: RunOptions & { purge?: boolean } = {}): Report {
    const all = texts('targets', typeof targets === 'string' ? [targets] : targets);
    return parsed(() => this.#core.stamp(adapt(db, options.sqlite3), all, options.purge ?? false, listener(options)));
  }

  /** What the database is at; also such rows as the migrations do not know. */
  current(db: AnyDatabase, options: DatabaseOptions = {}): Revision[] {
    return parsed(() => this.#core.current(adapt(db, options.sqlite3)));
  }

  /** Throws `history.not_up_to_date` unless the database is at every head. */
  checkHeads(db: AnyDatabase, options: DatabaseOptions = {}): void {
    parsed(() => this.#core.checkHeads(adapt(db, options.sqlite3)));
  }

  /** Makes limbeck's own tables where they are missing, and answers whether any was. */
  ensureVersion(db: AnyDatabase, options: DatabaseOptions = {}): boolean {
    return parsed(() => this.#core.ensureVersion(adapt(db, options.sqlite3)));
  }

  /** The revisions that an upgrade to `heads` would apply, in order. Errors: `history.database_newer`. */
  pending(db: AnyDatabase, options: DatabaseOptions = {}): Revision[] {
    return parsed(() => this.#core.pending(adapt(db, options.sqlite3)));
  }

  /** What an upgrade, or a downgrade, would do. The database is only read. Errors: those of the run. */
  plan(db: AnyDatabase, options: PlanOptions = {}): Plan {
    const { direction = 'upgrade', target = 'head' } = options;
    const core = this.#core;
    return inScratch(db, options, (scratch) =>
      parsed(() => core.plan(adapt(db, options.sqlite3), scratch, text('direction', direction), text('target', target))),
    );
  }

  /**
   * The script that takes a database over a range `from:to`, for the `sqlite3` shell. It is found out on an empty
   * database in memory of the kind of `db`, which itself is not looked at. Errors: `script.not_offline`,
   * `settings.invalid` for another direction.
   */
  sql(
    db: AnyDatabase,
    range: string,
    options: DatabaseOptions & { direction?: 'upgrade' | 'downgrade' | 'stamp' } = {},
  ): string {
    return inScratch(db, options, (scratch) =>
      parsed(() => this.#core.sql(scratch, text('direction', options.direction ?? 'upgrade'), text('range', range))),
    );
  }

  /** How a wanted schema, plain CREATE statements, differs from the one that the migrations make: see `check`. */
  check(db: AnyDatabase, schema: string, options: DatabaseOptions = {}): Difference[] {
    return inScratch(db, options, (present) =>
      inScratch(db, options, (wanted) => parsed(() => this.#core.check(present, wanted, text('schema', schema)))),
    );
  }

  /**
   * What lies between the schemas of two databases, which are only read. A folder's schema is that of a database
   * in memory which it was upgraded on. Errors: `diff.bad_rename`.
   */
  diff(from: AnyDatabase, to: AnyDatabase, compare: Compare = {}, options: DatabaseOptions = {}): Diff {
    const { renames = [], include = [], exclude = [], column_order: columnOrder = false, ...unknown } = compare;
    for (const name in unknown) {
      throw new LimbeckError('settings.invalid', `a comparison has no option '${name}'`, {
        hint: 'give renames, include, exclude, column_order',
      });
    }
    return parsed(() =>
      this.#core.diff(
        adapt(from, options.sqlite3),
        adapt(to, options.sqlite3),
        texts('renames', renames),
        texts('include', include),
        texts('exclude', exclude),
        columnOrder,
      ),
    );
  }

  /**
   * Whether a database is what the migrations make up to where it says it is. It is only read. Errors:
   * `history.database_newer`.
   */
  verify(db: AnyDatabase, options: DatabaseOptions = {}): Verified {
    return inScratch(db, options, (scratch) =>
      parsed(() => this.#core.verify(adapt(db, options.sqlite3), scratch)),
    );
  }

  /**
   * Looks at a database and its SQLite for a bug report, without rows and paths: damage, history, what is pending
   * and what that would take. Nothing is changed, and what fails is told in `failures`.
   */
  doctor(db: AnyDatabase, options: DatabaseOptions = {}): Doctor {
    return inScratch(db, options, (scratch) =>
      parsed(() => this.#core.doctor(adapt(db, options.sqlite3), scratch)),
    );
  }

  /** The fingerprint of a database's schema: equal for two that `diff` finds the same. */
  fingerprint(db: AnyDatabase, options: DatabaseOptions = {}): string {
    return parsed(() => this.#core.fingerprint(adapt(db, options.sqlite3)));
  }

  /** The revisions of a range `low:high`, newest first; with a database, where it is at is marked. */
  history(range = ':', db?: AnyDatabase, options: DatabaseOptions = {}): Revision[] {
    return parsed(() => this.#core.history(text('range', range), db === undefined ? undefined : adapt(db, options.sqlite3)));
  }

  /** The revisions that nothing follows; with `resolveDependencies`, and nothing depends on. */
  heads(options: { resolveDependencies?: boolean } = {}): Revision[] {
    return parsed(() => this.#core.heads(options.resolveDependencies ?? false));
  }

  /** The revisions that several others revise. */
  branches(): Revision[] {
    return parsed(() => this.#core.branches());
  }

  /** The revisions that a target names. Errors: `graph.unknown_revision`, `graph.ambiguous_prefix`. */
  show(target: string): Revision[] {
    return parsed(() => this.#core.show(text('target', target)));
  }

  /** The ids that a merge of these targets, by default all heads, would revise. Errors: `graph.not_a_head`, `graph.duplicate_heads`. */
  merge(targets: readonly string[] = []): string[] {
    return parsed(() => this.#core.merge(texts('targets', targets)));
  }

  /**
   * Reads every migration to its end: what a build wants to know before a user's launch does. Errors: `script.*`,
   * `sql.syntax`, `alter.syntax`.
   */
  validate(): void {
    parsed(() => this.#core.validate());
  }
}

/**
 * Has a migrator for one piece of work, and gives its memory back: what is in the module's memory weighs nothing to
 * JavaScript's collector, and in a loop that never waits it does not come at all.
 */
export function once<T>(migrations: Migrations, options: MigratorOptions, work: (migrator: Migrator) => T): T {
  const migrator = new Migrator(migrations, options);
  try {
    return work(migrator);
  } finally {
    try {
      called(() => free(migrator));
    } catch {
      // The module has stopped: nothing may run in it any more.
    }
  }
}

function parsed<T>(call: () => string): T {
  return JSON.parse(called(call)) as T;
}

/** What the core asks at each event; nothing where nobody listens. */
function listener({ onProgress, signal }: RunOptions): ((json: string) => boolean) | undefined {
  if (!onProgress && !signal) return undefined;
  return (json) => {
    signal?.throwIfAborted();
    if (!onProgress) return true;
    let goesOn: boolean;
    try {
      goesOn = onProgress(JSON.parse(json) as Event) !== false;
    } finally {
      // Afterwards: a run on another database, in between, would have asked in this one's place.
      appRuns();
    }
    signal?.throwIfAborted();
    return goesOn;
  };
}

/** Works with an empty database in memory, of the kind of `db`. */
function inScratch<T>(db: AnyDatabase, { sqlite3 }: DatabaseOptions, work: (scratch: Scratch) => T): T {
  const scratch = adapt(db, sqlite3).scratch?.();
  if (!scratch) {
    throw new LimbeckError('database.contract', 'this database cannot open an empty one in memory', {
      hint: 'give it the method scratch of the interface Database',
    });
  }
  try {
    return work(scratch);
  } finally {
    scratch.close();
  }
}
