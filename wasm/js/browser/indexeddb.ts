/** A database of sql.js that is kept whole in IndexedDB. */
import { sqlJs, type SqlJsDatabase } from '../adapters/sqljs.js';
import { LimbeckError } from '../errors.js';
import { current, prepared } from '../launch.js';
import init from '../load.js';
import { Migrator } from '../migrator.js';
import type { Report } from '../report.js';
import type { Scratch, Value } from '../values.js';
import { Files, type Head } from './files.js';
import { cancelled, initialBytes, locked, persist, roomFor, teller, writes, type Opened, type OpenOptions, type Release } from './open.js';

/** What `initSqlJs()` answers. */
export interface SqlJs<D> {
  Database: new (bytes?: any) => D;
}

/** Which database. */
export interface StoredIn {
  name: string;
  /** The IndexedDB database that holds it, for which nothing else may be used: by default `limbeck`. */
  store?: string;
}

/** Options of {@link openIndexedDb}. */
export interface IndexedDbOptions<D> extends OpenOptions<D>, StoredIn {
  /** What `initSqlJs()` answered. */
  SQL: SqlJs<D>;
  /**
   * With true, no other tab opens the database until this one closes it. By default several may have it open, and
   * the first that saves wins.
   */
  exclusive?: boolean;
  /**
   * With true, the pages that a migration has freed are given back before it is saved. A rebuild may double a file.
   * "If a table has no explicit INTEGER PRIMARY KEY, VACUUM may change its rowids":
   * <https://sqlite.org/lang_vacuum.html>.
   */
  vacuum?: boolean;
  /** Called when another tab has saved: this one cannot save any more, and should open the database again. */
  onStale?(): void;
}

type Exporting = SqlJsDatabase & { export(): Uint8Array };

/**
 * Loads a database from IndexedDB, brings it up to date, and saves it.
 *
 * ```ts
 * const { db, save, report } = await openIndexedDb({ name: 'app', SQL: await initSqlJs(), migrations });
 * db.run('INSERT INTO notes(title) VALUES (?)', ['bought milk']);
 * await save();
 * ```
 *
 * One tab at a time loads, migrates and saves; others wait. The migrations run on a copy in memory: what fails, and
 * a tab that is closed on the way, leaves the stored bytes alone, whatever the error's `report` lists of the copy.
 * They are replaced in one transaction of IndexedDB, in which it is also looked whether another tab has saved
 * meanwhile. The bytes from before a migration are kept until the first save after the next start: {@link restoreIndexedDb}.
 *
 * Where nothing is to do, nothing is written, and only a small module of limbeck is loaded, as by {@link launch}: before
 * a synchronous call of your own (`current`, `plan`, a {@link Migrator}), `await init()`.
 *
 * Errors: those of {@link launch}; `database.cannot_open` where the browser forbids IndexedDB or Web Locks,
 * `database.full` where it has no room (asked before the migrations run, and told when it is saved), `database.io`,
 * `database.corrupt` and `database.not_a_database` for what is stored, `database.locked` without `wait`,
 * `store.stale`, `run.cancelled`.
 */
export async function openIndexedDb<D extends SqlJsDatabase>(options: IndexedDbOptions<D>): Promise<Opened<D>> {
  const ready = prepared();
  const tell = teller(options);
  const opening = new Stored(options);
  const release = await locked(opening.id, options, () => tell({ event: 'waiting' }));
  try {
    await opening.load(tell);
    await ready;
    await opening.migrate(tell);
  } catch (error) {
    try {
      opening.discard();
    } catch {
      // A library that is out of memory cannot close either: the first error counts.
    }
    await release();
    throw error;
  }
  if (options.exclusive) opening.release = release;
  else await release();
  return opening;
}

/**
 * Puts the bytes from before the last migration back. What is put away for them is kept in their place, so to restore
 * twice is to change nothing. Open tabs are told that they are stale.
 *
 * It waits for a tab that has the database for itself (`exclusive`): this one has to close it first.
 *
 * Errors: `store.nothing_kept`, `database.cannot_open`, `database.io`, `database.locked` without `wait`, `run.cancelled`.
 */
export async function restoreIndexedDb(options: StoredIn & Pick<OpenOptions<never>, 'wait' | 'signal'>): Promise<void> {
  const { name, store = 'limbeck' } = options;
  const id = identity(store, name);
  const release = await locked(id, options, () => {});
  try {
    announce(id, await new Files(store, name).swap());
  } finally {
    await release();
  }
}

/**
 * The bytes from before the last migration, if they are still kept: to look into, or to offer for download, before
 * {@link restoreIndexedDb}. Nothing is changed.
 *
 * Errors: `database.cannot_open`, `database.io`.
 */
export async function keptIndexedDb({ name, store = 'limbeck' }: StoredIn): Promise<Uint8Array | undefined> {
  return new Files(store, name).kept();
}

function identity(store: string, name: string): string {
  return `limbeck:indexeddb:${encodeURIComponent(store)}/${encodeURIComponent(name)}`;
}

/** Tells the other tabs which generation is stored now. */
function announce(id: string, { generation }: Head): void {
  const channel = new BroadcastChannel(id);
  channel.postMessage({ generation });
  channel.close();
}

class Stored<D extends SqlJsDatabase> implements Opened<D> {
  readonly id: string;
  readonly persisted: Promise<boolean>;
  db!: D;
  report!: Report;
  /** Gives the lock back, where it is held for as long as the database is open. */
  release: Release | undefined;
  readonly #options: IndexedDbOptions<D>;
  readonly #files: Files;
  #adapter!: Scratch;
  #head: Head | undefined;
  /** Of the bytes that were loaded. */
  #size = 0;
  /** Whether what is kept is from before this start's migration. */
  #migrated = false;
  #channel: BroadcastChannel | undefined;
  #closed = false;
  /** A save that has not begun, which a further call shares; and the last one that has. */
  #next: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: IndexedDbOptions<D>) {
    const { name, store = 'limbeck' } = options;
    this.#options = options;
    this.#files = new Files(store, name);
    this.id = identity(store, name);
    this.persisted = persist(options.persist !== false);
  }

  /** Opens a copy in memory of what is stored. */
  async load(tell: ReturnType<typeof teller>): Promise<void> {
    const { SQL, setup, signal, onStale } = this.#options;
    tell({ event: 'loading' });
    const stored = await this.#files.load();
    const bytes = stored ? stored.bytes : await initialBytes(this.#options);
    if (signal?.aborted) throw cancelled(signal.reason);
    this.#head = stored?.head;
    this.db = new SQL.Database(bytes);
    this.#adapter = sqlJs(this.db);
    setup?.(this.db);
    this.#channel = new BroadcastChannel(this.id);
    this.#channel.onmessage = ({ data }) => {
      if (data.generation > (this.#head?.generation ?? 0)) onStale?.();
    };
    this.#size = bytes?.length ?? 0;
  }

  /** Brings the copy up to date, and saves it if it is another one now. */
  async migrate(tell: ReturnType<typeof teller>): Promise<void> {
    const { migrations, vacuum } = this.#options;
    const stored = this.#head !== undefined;
    this.report = current(this.db, migrations, this.#options) ?? (await this.#upgrade(stored));
    const changed = this.report.steps.length > 0;
    if (stored && !changed) return;
    if (changed && vacuum) this.#adapter.execute('VACUUM');
    const bytes = this.#export();
    tell({ event: 'saving', bytes: bytes.length });
    await roomFor(bytes.length);
    await this.#write(bytes, ({ file }) => file);
    this.#migrated = stored;
  }

  async #upgrade(stored: boolean): Promise<Report> {
    const { migrations, target, onProgress, signal } = this.#options;
    await init();
    const migrator = new Migrator(migrations, this.#options);
    if (stored && writes(() => migrator.pending(this.db), this.#options)) await roomFor(this.#size);
    return migrator.upgrade(this.db, target, { onProgress, signal });
  }

  save = (): Promise<void> => {
    // Calls that come before it begins are served by it: it saves what is there when it begins.
    this.#next ??= this.#last.then(() => this.#saveNow());
    return this.#next;
  };

  async #saveNow(): Promise<void> {
    let release: Release | undefined;
    try {
      if (!this.release) release = await locked(this.id, {}, () => {});
    } finally {
      this.#last = this.#next!.catch(() => {});
      this.#next = undefined;
    }
    try {
      if (this.#closed) {
        throw new LimbeckError('database.contract', 'the database is closed', { hint: 'save before it is closed' });
      }
      // What is kept from before an earlier start's migration has served its time: this start works.
      await this.#write(this.#export(), ({ kept }) => (this.#migrated ? kept : undefined));
    } finally {
      await release?.();
    }
  }

  async #write(bytes: Uint8Array, keep: (head: Head) => number | undefined): Promise<void> {
    this.#head = await this.#files.write(this.#head, bytes, keep);
    announce(this.id, this.#head);
  }

  #export(): Uint8Array {
    // sql.js up to 1.15 would roll it back without a word.
    if (this.#adapter.inTransaction()) {
      throw new LimbeckError('database.transaction_open', 'a transaction is open', { hint: 'commit before saving' });
    }
    const [[keys]] = this.#adapter.query('PRAGMA foreign_keys') as [[Value]];
    const bytes = (this.db as unknown as Exporting).export();
    // Those versions close the database and open it again, and its functions and PRAGMAs are gone.
    this.#options.setup?.(this.db);
    this.#adapter.execute(`PRAGMA foreign_keys = ${keys}`);
    // IndexedDB stores all of a buffer, also what is around a view.
    return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  }

  /** Throws the copy in memory away. */
  discard(): void {
    this.#closed = true;
    this.#channel?.close();
    (this.db as D | undefined)?.close();
  }

  close = async (): Promise<void> => {
    await (this.#next ?? this.#last).catch(() => {});
    if (this.#closed) return;
    try {
      this.discard();
    } finally {
      await this.release?.();
    }
  };
}
