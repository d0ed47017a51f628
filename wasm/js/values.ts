/** A value of SQLite: NULL, INTEGER, REAL, TEXT, BLOB. A bigint is an INTEGER, a number is a REAL. */
export type Value = null | bigint | number | string | Uint8Array;

/**
 * What limbeck asks of a database: run this text, ask that query. sql.js, sqlite-wasm's oo1, `node:sqlite`
 * and better-sqlite3 are recognised as they are; for anything else that is synchronous, write these.
 * `checkContract` tests what you wrote.
 *
 * Each method runs exactly the one statement it is given, to its end: no BEGIN and no COMMIT of its own, no
 * other statement in between, nothing left open. What fails throws an `Error` with SQLite's own message, and
 * its result code (extended or not) in `resultCode`.
 */
export interface Database {
  /**
   * Runs a statement, throws its rows away, and answers how many rows it changed (`sqlite3_changes`).
   *
   * `stop`, if it is given and there is a way, is asked every few milliseconds while the statement runs;
   * when it answers true, the statement is interrupted: result code 9.
   */
  execute(sql: string, stop?: () => boolean): number;
  /** Runs a statement and answers its rows. Integers are bigints, all 64 bits of them; blobs are copies. */
  query(sql: string, stop?: () => boolean): Value[][];
  /** Whether a transaction is open (`!sqlite3_get_autocommit`). */
  inTransaction(): boolean;
  /**
   * Whether the transaction that was begun has ended: asked before each statement within one, because SQLite may
   * roll back by itself after an error of the disk. Without this method `inTransaction` is asked; where that takes
   * statements and the database is in memory, this may always answer false.
   */
  ended?(): boolean;
  /** Waits some milliseconds, before a statement is tried again that met another connection's lock. */
  wait?(): void;
  /** Opens an empty database in memory, of the same library: `plan`, `check` and `sql` work on such. */
  scratch?(): Scratch;
}

/** A database that limbeck has opened and closes again. */
export interface Scratch extends Database {
  /** Closes it. */
  close(): void;
}
