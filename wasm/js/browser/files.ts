/**
 * Files in IndexedDB, whole: each write is one transaction, so a file is the old one or the new one whatever happens
 * to the tab. What a file's bytes mean is not known here.
 *
 * A head per name says which of the numbered files counts. A new file is written beside the old one, so to keep the
 * old one costs no copy.
 */
import { LimbeckError } from '../errors.js';
import { text } from '../strings.js';
import { cannotOpen, notStored } from './open.js';

/** What counts of a name. */
export interface Head {
  /**
   * Grows with each write, from the clock's time on: where all was deleted meanwhile, it is another one too. Who has
   * loaded another one may not write.
   */
  generation: number;
  /** The number of the file that counts. */
  file: number;
  /** The number of the file from before the last migration. */
  kept?: number;
}

const HEADS = 'heads';
const FILES = 'files';

/** The files of one name in one IndexedDB database. */
export class Files {
  constructor(
    readonly store: string,
    readonly name: string,
  ) {
    text('store', store);
    text('name', name);
  }

  /** The file that counts, if there is one. */
  load(): Promise<{ head: Head; bytes: Uint8Array } | undefined> {
    return this.#transact('readonly', async (heads, files) => {
      const head = await this.#head(heads);
      if (!head) return undefined;
      const bytes: unknown = await got(files.get([this.name, head.file]));
      if (bytes instanceof Uint8Array) return { head, bytes };
      throw new LimbeckError('database.corrupt', `IndexedDB has lost the file of '${this.name}'`, {
        hint: 'restore the copy from before the last migration, or a backup of your own',
      });
    });
  }

  /**
   * Makes these bytes the file that counts, if what counts is still what the caller has loaded. The file of
   * before is kept, or deleted with what else nobody needs: `keep` answers which one stays beside the new one.
   */
  write(loaded: Head | undefined, bytes: Uint8Array, keep: (head: Head) => number | undefined): Promise<Head> {
    return this.#transact('readwrite', async (heads, files) => {
      const head = await this.#head(heads);
      if (head?.generation !== loaded?.generation) throw head ? stale(this.name) : deleted(this.name);
      const kept = head && keep(head);
      const generation = head ? head.generation + 1 : Date.now();
      const next: Head = { generation, file: generation, ...(kept !== undefined && { kept }) };
      await this.#deleteBut(files, kept);
      files.put(bytes, [this.name, next.file]);
      heads.put(next, this.name);
      return next;
    });
  }

  /** The kept file, if there is one. */
  kept(): Promise<Uint8Array | undefined> {
    return this.#transact('readonly', async (heads, files) => {
      const kept = (await this.#head(heads))?.kept;
      return kept === undefined ? undefined : got(files.get([this.name, kept]));
    });
  }

  /** Makes the kept file the one that counts, and keeps the other. */
  swap(): Promise<Head> {
    return this.#transact('readwrite', async (heads, files) => {
      const head = await this.#head(heads);
      if (head?.kept === undefined || (await got(files.getKey([this.name, head.kept]))) === undefined) {
        throw new LimbeckError('store.nothing_kept', `no copy of '${this.name}' from before a migration is kept`, {
          hint: 'restore a backup of your own: the copy is deleted at the first save after the next start',
        });
      }
      const next: Head = { generation: head.generation + 1, file: head.kept, kept: head.file };
      heads.put(next, this.name);
      return next;
    });
  }

  async #head(heads: IDBObjectStore): Promise<Head | undefined> {
    return got(heads.get(this.name)) as Promise<Head | undefined>;
  }

  async #deleteBut(files: IDBObjectStore, kept: number | undefined): Promise<void> {
    const all = IDBKeyRange.bound([this.name, 0], [this.name, Infinity]);
    for (const key of await got(files.getAllKeys(all))) {
      if ((key as [string, number])[1] !== kept) files.delete(key);
    }
  }

  /** One transaction. It is over when it is on disk, or what it did is undone. */
  async #transact<T>(
    mode: 'readonly' | 'readwrite',
    work: (heads: IDBObjectStore, files: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    const db = await opened(this.store);
    try {
      const transaction = db.transaction([HEADS, FILES], mode, mode === 'readwrite' ? { durability: 'strict' } : undefined);
      const over = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
      });
      over.catch(() => {});
      try {
        const answer = await work(transaction.objectStore(HEADS), transaction.objectStore(FILES));
        await over;
        return answer;
      } catch (error) {
        abort(transaction);
        await over.catch(() => {});
        throw transaction.error ?? error;
      }
    } catch (error) {
      throw notStored(error);
    } finally {
      db.close();
    }
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It is over already.
  }
}

export function stale(name: string): LimbeckError {
  return new LimbeckError('store.stale', `another tab has saved '${name}' since this one loaded it`, {
    hint: 'open it again: to save would throw away what the other tab has saved',
  });
}

function deleted(name: string): LimbeckError {
  return new LimbeckError('store.stale', `what was stored of '${name}' has been deleted since this tab loaded it`, {
    hint: "open it again: where what this tab has is still wanted, 'initial' gives it the bytes of db.export()",
  });
}

/** Opened for each transaction, which takes a millisecond: no connection stands in the way of another tab. */
function opened(store: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    try {
      const request = globalThis.indexedDB.open(store, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(HEADS);
        request.result.createObjectStore(FILES);
      };
      request.onsuccess = () => {
        const db = request.result;
        if (db.objectStoreNames.contains(HEADS) && db.objectStoreNames.contains(FILES)) return resolve(db);
        db.close();
        reject(notOurs(store));
      };
      request.onerror = () => reject(request.error?.name === 'VersionError' ? notOurs(store) : refused(request.error));
    } catch (error) {
      reject(refused(error));
    }
  });
}

function notOurs(store: string): LimbeckError {
  return new LimbeckError('database.cannot_open', `the IndexedDB database '${store}' is there, and was not made by this limbeck`, {
    hint: 'give another name as the option store, or delete that one where nothing needs it',
  });
}

function refused(error: unknown): LimbeckError {
  return (error as DOMException | null)?.name === 'QuotaExceededError' ? notStored(error) : cannotOpen('IndexedDB', error);
}

function got<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
