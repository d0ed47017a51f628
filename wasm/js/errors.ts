import type { ErrorCode } from './error-codes.js';
import type { Report, Violation } from './report.js';

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
  /** What was committed before the failure; undefined if the run had not begun. */
  readonly report?: Report;

  constructor(code: ErrorCode, message: string, more: Partial<Omit<LimbeckError, 'code' | 'message' | 'name'>> = {}) {
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
