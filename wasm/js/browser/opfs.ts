/** A database of sqlite-wasm in the origin private file system, in a worker. */
import { oo1, type Oo1Database, type Sqlite3 } from '../adapters/oo1.js';
import { current, prepared } from '../launch.js';
import init from '../load.js';
import { LimbeckError } from '../errors.js';
import { Migrator } from '../migrator.js';
import type { Report } from '../report.js';
import { text } from '../strings.js';
import { cancelled, cannotOpen, full, initialBytes, locked, notStored, persist, roomFor, teller, writes, type Opened, type OpenOptions, type Release } from './open.js';

/** Options of {@link openOpfs}. */
export interface OpfsOptions<D> extends OpenOptions<D> {
  /** What `sqlite3InitModule()` answered. */
  sqlite3: Sqlite3;
  /**
   * With true, the database is copied before it is migrated, through SQLite's backup API, and {@link restoreOpfs}
   * puts the copy back. It stays until the next migration that succeeds takes its place, and takes as much room again.
   */
  keep?: boolean;
}

const FILE = '/database';
/** What it was before the last migration. */
const KEPT = '/kept';
/** What it was before the run that goes on. */
const KEEPING = '/keeping';
/** How long a file is tried that the browser has not yet taken from a tab that is gone. */
const PATIENCE_MS = 15_000;

/**
 * Opens a database that SQLite itself keeps in files, and brings it up to date. As {@link openIndexedDb}, for large
 * databases; in a worker only, where the browser has such files.
 *
 * ```ts
 * const { db, close } = await openOpfs({ name: 'app', sqlite3: await sqlite3InitModule(), migrations });
 * ```
 *
 * It goes through sqlite-wasm's pool of access handles (<https://sqlite.org/wasm/doc/trunk/persistence.md>), a
 * pool each database. One worker has it until it closes it, others wait. Each COMMIT is stored by itself, so `save`
 * has nothing to do; what is ended on the way, SQLite rolls back at the next start. It loads what it needs, as
 * {@link launch} does: before a synchronous call of your own, `await init()`.
 *
 * Errors: those of {@link launch}; `database.cannot_open`, `database.full`, `database.io`, `database.locked`
 * without `wait`, `run.cancelled`.
 */
export async function openOpfs<D extends Oo1Database = any>(options: OpfsOptions<D>): Promise<Opened<D>> {
  const ready = prepared();
  const { setup } = options;
  const held = await Held.by(options, teller(options));
  try {
    if (!held.has(FILE)) await begin(held.pool, options);
    const db: D = held.open(FILE);
    setup?.(db);
    await ready;
    const report = current(db, options.migrations, options) ?? (await upgrade(held, db, options));
    return {
      db,
      report,
      persisted: persist(options.persist !== false),
      save: async () => {},
      close: () => held.close(),
    };
  } catch (error) {
    await held.abandon();
    throw error;
  }
}

async function upgrade<D extends Oo1Database>(held: Held, db: D, options: OpfsOptions<D>): Promise<Report> {
  const { sqlite3, target, onProgress, signal } = options;
  await init();
  const migrator = new Migrator(options.migrations, options);
  if (writes(() => migrator.pending(db, { sqlite3 }), options)) {
    const size = Number(oo1(db).query('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')[0]![0]);
    const keep = options.keep === true && size > 0;
    // A rebuild writes a table again, and its journal.
    await roomFor(keep ? 2 * size : size);
    held.settle(db);
    if (keep) held.copy(db, KEEPING);
  }
  try {
    return migrator.upgrade(db, target, { sqlite3, onProgress, signal });
  } finally {
    try {
      held.settle(db);
    } catch {
      // It is settled before it is needed: at the next run, or when it is to be put back.
    }
  }
}

/**
 * Makes a database what it was before the last migration that {@link openOpfs} ran with `keep`: through SQLite's backup
 * API, in one transaction, so a worker that ends on the way leaves it as it was. The copy stays.
 *
 * It waits for the worker that has the database: who has it open has to close it first.
 *
 * Warning: what was written since is gone.
 *
 * Errors: `store.nothing_kept`, `database.cannot_open`, `database.full`, `database.io`, `database.locked` without `wait`,
 * `run.cancelled`.
 */
export async function restoreOpfs(
  options: Pick<OpfsOptions<never>, 'name' | 'sqlite3' | 'wait' | 'signal'>,
): Promise<void> {
  const held = await Held.by(options, () => {});
  try {
    if (held.has(KEEPING)) held.settle(held.open(FILE));
    const kept = held.has(KEPT) ? held.open(KEPT) : undefined;
    // A copy that was never finished is an empty database.
    if (!kept?.selectValue('SELECT count(*) FROM sqlite_schema')) {
      throw new LimbeckError('store.nothing_kept', `no copy of '${options.name}' from before a migration is kept`, {
        hint: 'restore a backup of your own: openOpfs keeps a copy with keep: true',
      });
    }
    held.copy(kept, FILE);
  } catch (error) {
    await held.abandon();
    throw error;
  }
  await held.close();
}

/** The files of a database, while this worker has them. */
class Held {
  readonly #open: Oo1Database[] = [];

  private constructor(
    readonly pool: Pool,
    readonly sqlite3: Sqlite3,
    readonly release: Release,
  ) {}

  /** Waits for the files of a name. */
  static async by(
    { name, sqlite3, wait, signal }: Pick<OpfsOptions<never>, 'name' | 'sqlite3' | 'wait' | 'signal'>,
    tell: ReturnType<typeof teller>,
  ): Promise<Held> {
    const id = encodeURIComponent(text('name', name));
    const release = await locked(`limbeck:opfs:${id}`, { wait, signal }, () => tell({ event: 'waiting' }));
    try {
      tell({ event: 'loading' });
      return new Held(await acquired(sqlite3, id, signal), sqlite3, release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  has(file: string): boolean {
    return this.pool.getFileNames().includes(file);
  }

  open<D extends Oo1Database>(file: string): D {
    const db: D = new this.pool.OpfsSAHPoolDb(file);
    this.#open.push(db);
    return db;
  }

  /** Makes a file what a database is, in one transaction of SQLite's. */
  copy(from: Oo1Database, file: string): void {
    const { capi } = this.sqlite3;
    const to = this.open(file);
    const backup = capi.sqlite3_backup_init(to.pointer, 'main', from.pointer, 'main');
    const code = backup ? capi.sqlite3_backup_step(backup, -1) : capi.sqlite3_errcode(to.pointer);
    if (backup) capi.sqlite3_backup_finish(backup);
    to.close();
    if (code === capi.SQLITE_DONE) return;
    if ((code & 0xff) === capi.SQLITE_FULL) throw full('there is no room for a copy of the database');
    throw notStored(new Error(`copying it failed: ${capi.sqlite3_js_rc_str(code)}`));
  }

  /**
   * Makes what was copied before a run the kept copy, if the run has changed the database. A run that has failed leaves
   * what was kept before.
   */
  settle(db: Oo1Database): void {
    if (!this.has(KEEPING)) return;
    const copy = this.open(KEEPING);
    // One that was never finished is an empty database.
    const whole = copy.selectValue('SELECT count(*) FROM sqlite_schema') > 0;
    if (whole && steps(copy) !== steps(db)) this.copy(copy, KEPT);
    copy.close();
    this.pool.unlink(KEEPING);
  }

  async close(): Promise<void> {
    try {
      // To close one twice does nothing.
      for (const db of this.#open) db.close();
      this.pool.pauseVfs();
    } finally {
      await this.release();
    }
  }

  /** Closes after an error, which counts more than one of closing. */
  async abandon(): Promise<void> {
    try {
      await this.close();
    } catch {
      // The first error counts.
    }
  }
}

/** How many steps a database has in its history: each run that changes it adds to them. */
function steps(db: Oo1Database): number {
  const known = db.selectValue("SELECT count(*) FROM sqlite_schema WHERE name = 'limbeck_history'");
  return known ? Number(db.selectValue('SELECT count(*) FROM limbeck_history')) : 0;
}

/** What is used of sqlite-wasm's pool. */
interface Pool {
  OpfsSAHPoolDb: new (file: string) => any;
  getFileNames(): string[];
  importDb(name: string, bytes: Uint8Array): unknown;
  isPaused(): boolean;
  pauseVfs(): unknown;
  unlink(name: string): unknown;
  unpauseVfs(): Promise<unknown>;
}

/** The first start: the app's bytes, whose name is written last. */
async function begin(pool: Pool, options: Pick<OpfsOptions<any>, 'initial'>): Promise<void> {
  const bytes = await initialBytes(options);
  if (!bytes) return;
  await roomFor(bytes.length);
  try {
    pool.importDb(FILE, bytes);
  } catch (error) {
    if (error instanceof DOMException) throw notStored(error);
    throw new LimbeckError('database.not_a_database', `the bytes to begin with are refused: ${(error as Error).message}`, {
      hint: 'give the bytes of an SQLite database',
      cause: error,
    });
  }
}

async function acquired(sqlite3: Sqlite3, id: string, signal: AbortSignal | undefined): Promise<Pool> {
  const install = (sqlite3 as any).installOpfsSAHPoolVfs;
  if (typeof install !== 'function') {
    throw new LimbeckError('database.cannot_open', 'this sqlite-wasm has no pool of access handles', {
      hint: 'call it in a worker, with sqlite-wasm 3.49 or newer',
    });
  }
  const vfs = {
    name: `limbeck-${id}`,
    directory: `limbeck/${id}`,
    initialCapacity: 6,
    forceReinitIfPreviouslyFailed: true,
    // Otherwise it deletes all of its files when it finds one of them in use.
    preserveOnInitFailure: true,
  };
  const begun = performance.now();
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    try {
      const pool: Pool = await install(vfs);
      if (pool.isPaused()) await pool.unpauseVfs();
      return pool;
    } catch (error) {
      // The lock is ours: whoever had the file is gone, and the browser has yet to close it.
      const busy = (error as DOMException | null)?.name === 'NoModificationAllowedError';
      if (!busy || performance.now() - begun > PATIENCE_MS) throw busy ? notStored(error) : cannotOpen('OPFS', error);
    }
    if (signal?.aborted) throw cancelled(signal.reason);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
