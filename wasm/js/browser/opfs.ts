/** A database of sqlite-wasm in the origin private file system, in a worker. */
import { oo1, type Oo1Database, type Sqlite3 } from '../adapters/oo1.js';
import init from '../load.js';
import { LimbeckError } from '../errors.js';
import { Migrator } from '../migrator.js';
import { cancelled, cannotOpen, isBehind, locked, notStored, persist, roomFor, teller, type Opened, type OpenOptions } from './open.js';

/** Options of {@link openOpfs}. */
export interface OpfsOptions<D> extends OpenOptions<D> {
  /** What `sqlite3InitModule()` answered. */
  sqlite3: Sqlite3;
}

const FILE = '/database';
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
 * has nothing to do; what is ended on the way, SQLite rolls back at the next start.
 *
 * Errors: those of {@link migrate}; `database.cannot_open`, `database.full`, `database.io`, `database.locked`
 * without `wait`, `run.cancelled`.
 */
export async function openOpfs<D extends Oo1Database = any>(options: OpfsOptions<D>): Promise<Opened<D>> {
  await init();
  const { name, sqlite3, setup, target, onProgress, signal } = options;
  const migrator = new Migrator(options.migrations, options);
  const tell = teller(options);
  const id = encodeURIComponent(name);
  const release = await locked(`limbeck:opfs:${id}`, options, () => tell({ event: 'waiting' }));
  let pool: Pool | undefined;
  let db: D | undefined;
  const close = () => {
    try {
      db?.close();
      pool?.pauseVfs();
    } finally {
      release();
    }
  };
  try {
    tell({ event: 'loading' });
    pool = await acquired(sqlite3, id, signal);
    if (!pool.getFileNames().includes(FILE)) await begin(pool, options);
    db = new pool.OpfsSAHPoolDb(FILE) as D;
    setup?.(db);
    const size = Number(oo1(db).query('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')[0]![0]);
    // A rebuild writes a table again, and its journal.
    if (isBehind(() => migrator.pending(db!, { sqlite3 }))) await roomFor(size);
    const report = migrator.upgrade(db, target, { sqlite3, onProgress, signal });
    return {
      db,
      report,
      persisted: persist(options.persist !== false),
      save: async () => {},
      close: async () => close(),
    };
  } catch (error) {
    try {
      close();
    } catch {
      // The first error counts.
    }
    throw error;
  }
}

/** What is used of sqlite-wasm's pool. */
interface Pool {
  OpfsSAHPoolDb: new (file: string) => any;
  getFileNames(): string[];
  importDb(name: string, bytes: Uint8Array): unknown;
  isPaused(): boolean;
  pauseVfs(): unknown;
  unpauseVfs(): Promise<unknown>;
}

/** The first start: the app's bytes, whose name is written last. */
async function begin(pool: Pool, { initial }: Pick<OpfsOptions<any>, 'initial'>): Promise<void> {
  const bytes = await initial?.();
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
