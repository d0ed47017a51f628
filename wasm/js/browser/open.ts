/** What opening a database in a browser has in common, wherever the browser keeps it. */
import { LimbeckError } from '../errors.js';
import type { MigratorOptions } from '../migrator.js';
import type { Event, Report } from '../report.js';
import type { Migrations } from '../sources.js';
import { kind } from '../strings.js';

/** What is said while a database is opened: the run's own events, and what happens around it. */
export type OpenEvent =
  | Event
  /** Another tab is opening or saving it, or has it for itself. */
  | { event: 'waiting' }
  /** It is read. */
  | { event: 'loading' }
  /** What the migrations made of it is stored. */
  | { event: 'saving'; bytes: number };

/** Options of opening a database in a browser. `D` is the app's type of database. */
export interface OpenOptions<D> extends MigratorOptions {
  /** The database's name, among those of this web site. */
  name: string;
  /** What brings it up to date. */
  migrations: Migrations;
  /** Where to: by default `head`. */
  target?: string;
  /**
   * What only the connection holds: functions, and such PRAGMAs as `foreign_keys`. Called before the migrations run,
   * and again whenever the library has lost them.
   */
  setup?(db: D): void;
  /**
   * The bytes that the first start begins with: of a database that the app has kept elsewhere until now, or ships.
   * Without them, it begins with an empty one.
   */
  initial?(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** With false, a database that another tab is busy with is `database.locked` at once. By default it is waited for. */
  wait?: boolean;
  /** With false, the browser is not asked to keep this site's data when it runs out of room. */
  persist?: boolean;
  /** Called with each event. To answer false, or to throw, cancels, and what is stored stays as it was. */
  onProgress?(event: OpenEvent): boolean | void;
  /** Cancels, also while it waits for another tab, and what is stored stays as it was. */
  signal?: AbortSignal;
}

/** A database that is open, and up to date. For limbeck's synchronous calls on it, `await init()` first. */
export interface Opened<D> {
  /** The library's own object. */
  readonly db: D;
  /** What the migrations did. */
  readonly report: Report;
  /** Whether the browser promises to keep this site's data; it may ask the user first. */
  readonly persisted: Promise<boolean>;
  /** Stores what the database holds now. Resolved when it is on disk, as far as a browser can tell. */
  save(): Promise<void>;
  /** Closes it, when what is being saved is saved. What was not saved is lost. */
  close(): Promise<void>;
}

/** The bytes of `initial`. Another thing would make an empty database of some versions of the libraries. */
export async function initialBytes({ initial }: Pick<OpenOptions<never>, 'initial'>): Promise<Uint8Array | undefined> {
  const bytes: unknown = await initial?.();
  if (bytes === undefined || bytes === null) return undefined;
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (Object.prototype.toString.call(bytes) === '[object ArrayBuffer]') return new Uint8Array(bytes as ArrayBuffer);
  throw new LimbeckError('database.not_a_database', `what initial answers is ${kind(bytes)}, and no bytes`, {
    hint: 'give a Uint8Array: of a Blob, new Uint8Array(await blob.arrayBuffer())',
  });
}

/** Says what happens to who listens, who may cancel. */
export function teller({ onProgress, signal }: Pick<OpenOptions<never>, 'onProgress' | 'signal'>): (event: OpenEvent) => void {
  return (event) => {
    let goesOn: boolean | void;
    try {
      signal?.throwIfAborted();
      goesOn = onProgress?.(event);
      signal?.throwIfAborted();
    } catch (cause) {
      throw cancelled(cause);
    }
    if (goesOn === false) throw cancelled();
  };
}

export function cancelled(cause?: unknown): LimbeckError {
  return new LimbeckError('run.cancelled', 'cancelled', { hint: 'run it again when it may finish', cause });
}

/** Gives a lock back. Resolved when it is given back: who asks before would find it held. */
export type Release = () => Promise<void>;

/**
 * Waits until no other tab and no worker of this site holds the lock, and answers what gives it back. A tab that is
 * closed, and a worker that is ended, give it back too: <https://w3c.github.io/web-locks/>.
 */
export async function locked(id: string, options: Pick<OpenOptions<never>, 'wait' | 'signal'>, waiting: () => void): Promise<Release> {
  const locks = globalThis.navigator?.locks;
  if (!locks) {
    throw new LimbeckError('database.cannot_open', 'this browser gives this page no Web Locks', {
      hint: 'serve the page by https, or from localhost: two tabs would overwrite each other without locks',
    });
  }
  const request = (how: LockOptions) =>
    new Promise<Release | null>((granted, failed) => {
      const over: Promise<void> = locks.request(id, how, (lock) => {
        if (lock === null) return granted(null);
        return new Promise<void>((release) => granted(() => (release(), over.catch(() => {}))));
      });
      over.catch(failed);
    });
  try {
    const atOnce = await request({ ifAvailable: true });
    if (atOnce) return atOnce;
    if (options.wait === false) {
      throw new LimbeckError('database.locked', 'another tab is busy with this database', {
        hint: 'close the other tab, or let this one wait',
      });
    }
    waiting();
    return (await request(options.signal ? { signal: options.signal } : {}))!;
  } catch (error) {
    if (error instanceof LimbeckError) throw error;
    if (options.signal?.aborted) throw cancelled(options.signal.reason);
    throw cannotOpen('Web Locks', error);
  }
}

/** What a browser refuses altogether: in private windows, where cookies are blocked, in a sandboxed frame. */
export function cannotOpen(what: string, cause: unknown): LimbeckError {
  const hint = 'allow this site to store data: private windows and blocked cookies forbid it in some browsers';
  return new LimbeckError('database.cannot_open', `${what} cannot be used here: ${said(cause)}`, { hint, cause });
}

/** What the browser says when it stores, as the core's kinds of error. */
export function notStored(cause: unknown): LimbeckError {
  if (cause instanceof LimbeckError) return cause;
  if ((cause as DOMException | null)?.name === 'QuotaExceededError') {
    return full(`the browser has no room left for this site: ${said(cause)}`, cause);
  }
  return new LimbeckError('database.io', `the browser cannot read or write what it stores: ${said(cause)}`, {
    hint: 'look whether the disk is full or damaged, then run it again',
    cause,
  });
}

function said(cause: unknown): string {
  const { name, message } = (cause ?? {}) as Partial<Error>;
  return message || name || String(cause);
}

export function full(message: string, cause?: unknown): LimbeckError {
  return new LimbeckError('database.full', message, { hint: 'free room on the disk, or delete data of this site', cause });
}

/**
 * Fails where the browser says that there is no room for so many bytes more. What it says is an estimate; where it
 * says nothing, the write itself will tell.
 */
export async function roomFor(bytes: number): Promise<void> {
  const { usage, quota } = (await estimate().catch(() => undefined)) ?? {};
  if (usage === undefined || quota === undefined || quota - usage >= bytes) return;
  throw full(`${bytes} bytes more are needed, and the browser leaves this site ${Math.max(0, quota - usage)}`);
}

/** Whether an upgrade will write. What is wrong, the upgrade itself will say. */
export function writes(pending: () => unknown[], { newerDatabase }: MigratorOptions): boolean {
  try {
    return pending().length > 0;
  } catch (error) {
    return newerDatabase === 'take_down' && (error as Partial<LimbeckError>).code === 'history.database_newer';
  }
}

async function estimate(): Promise<StorageEstimate | undefined> {
  return globalThis.navigator?.storage?.estimate?.();
}

/** Asks the browser to keep this site's data: <https://storage.spec.whatwg.org/#persistence>. */
export async function persist(ask: boolean): Promise<boolean> {
  try {
    const storage = globalThis.navigator?.storage;
    if (!storage?.persisted) return false;
    return (await storage.persisted()) || (ask && (await storage.persist()));
  } catch {
    return false;
  }
}
