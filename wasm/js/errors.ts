import type { ErrorCode } from './error-codes.js';
import type { Report, Violation } from './report.js';

/** The codes that only a browser has; every other is the core's. */
export type HostCode =
  /** Another tab has saved the database since this one loaded it: nothing was saved. */
  | 'store.stale'
  /** There is no copy from before a migration that could be restored. */
  | 'store.nothing_kept'
  /** The worker could not be started, or is gone. What it was saving is there whole, or not at all. */
  | 'worker.ended';

/** What limbeck's calls throw. Nothing is in the database that was not there before, but what `report` lists. */
export class LimbeckError extends Error {
  override readonly name = 'LimbeckError';
  /** The same on every surface of limbeck, and for ever: what to match on. */
  readonly code: ErrorCode | HostCode;
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
  /** What was committed before the failure; undefined if the run had not begun. */
  readonly report?: Report;

  constructor(code: ErrorCode | HostCode, message: string, more: Partial<Omit<LimbeckError, 'code' | 'message' | 'name'>> = {}) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.code = code;
    const { cause: _, ...rest } = more;
    Object.assign(this, rest);
  }
}

/** Calls into the module, which throws `[JSON of the error, what JavaScript threw inside]`. */
export function called<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw fromCore(thrown);
  }
}

export function fromCore(thrown: unknown): unknown {
  if (!Array.isArray(thrown)) return thrown;
  const [json, cause] = thrown as [string, unknown];
  const { error, report } = JSON.parse(json);
  const { code, message, ...place } = error;
  const more = { ...place, ...(report && { report }), ...(cause !== undefined && { cause }) };
  return new LimbeckError(code, message, more);
}
