import type { ErrorCode as CoreErrorCode } from './error-codes.js';
import type { NewerRevision, Report, Violation } from './report.js';

/** What a {@link LimbeckError} says by its `code`: those of every surface of limbeck, and a few of this one. */
export type ErrorCode =
  | CoreErrorCode
  /**
   * The whole module is not loaded: `await init()` comes before every synchronous call. `launch`, `openIndexedDb` and
   * `openOpfs` load it only where something is to do, so that a call after them may work at one start and not at the next.
   */
  | 'js.misuse'
  /** The module cannot be fetched or compiled: offline, say. Nothing has happened, and it can be tried again. */
  | 'js.not_loaded'
  /** A fault in limbeck; a transaction that was begun may still be open, and has to be rolled back. */
  | 'js.internal'
  /** Another tab has saved the database since this one loaded it, or it has been deleted: nothing was saved. */
  | 'store.stale'
  /** There is no copy from before a migration that could be restored. */
  | 'store.nothing_kept'
  /** The worker could not be started, or is gone. What it was saving is there whole, or not at all. */
  | 'worker.ended';

/** What limbeck's calls throw. Nothing is in the database that was not there before, but what `report` lists. */
export class LimbeckError extends Error {
  override readonly name = 'LimbeckError';
  /** The same on every surface of limbeck, and for ever: what to match on. */
  readonly code: ErrorCode;
  /** What to do about it, in one sentence. */
  readonly hint: string | null = null;
  /** The revision it happened in. */
  readonly revision: string | null = null;
  /** The migration it happened in, by its name. */
  readonly file: string | null = null;
  /** The line there, counted from 1. */
  readonly line: number | null = null;
  /** The statement it happened in. */
  readonly statement: string | null = null;
  /** The rows that break a rule, rule by rule. */
  readonly violations: Violation[] = [];
  /** What the database has and the app does not, in the order in which it was applied. */
  readonly newer: NewerRevision[] = [];
  /** What was committed before the failure; undefined if the run had not begun. */
  readonly report?: Report;

  constructor(code: ErrorCode, message: string, more: Partial<Omit<LimbeckError, 'code' | 'message' | 'name'>> = {}) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.code = code;
    const { cause: _, ...rest } = more;
    Object.assign(this, rest);
  }
}

let stopped: unknown;

/** Calls into a module that is loaded, which throws `[JSON of the error, what JavaScript threw inside]`. */
export function called<T>(call: () => T): T {
  if (stopped !== undefined) throw internal(stopped);
  try {
    return call();
  } catch (thrown) {
    if (Array.isArray(thrown)) throw fromCore(thrown as [string, unknown]);
    // A trap leaves the module's memory as it was at that instant: nothing may run in it any more. The app's own
    // errors, of whichever class, come in an array.
    if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) {
      stopped = thrown;
      throw internal(thrown);
    }
    throw thrown;
  }
}

function internal(cause: unknown): LimbeckError {
  const hint = 'roll back what is open, close the database, load the page anew, and report this as a fault of limbeck';
  return new LimbeckError('js.internal', `limbeck has stopped: ${String(cause)}`, { hint, cause });
}

function fromCore([json, cause]: [string, unknown]): LimbeckError {
  const { error, report } = JSON.parse(json);
  const { code, message, ...place } = error;
  const more = { ...place, ...(report && { report }), ...(cause !== undefined && { cause }) };
  return new LimbeckError(code, message, more);
}
