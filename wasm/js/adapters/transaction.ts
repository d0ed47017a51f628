import type { Database } from '../values.js';

/**
 * Whether a transaction is open, where the library does not tell: "this pragma is a no-op within a
 * transaction" (<https://sqlite.org/pragma.html#pragma_foreign_keys>), so the switch tells by whether it
 * moves. No other way neither fails, which some libraries log, nor fires an app's commit or rollback hook.
 */
export function foreignKeysTell(db: Database): boolean {
  const enforced = () => db.query('PRAGMA foreign_keys')[0]?.[0] === 1n;
  const before = enforced();
  db.execute(`PRAGMA foreign_keys = ${before ? 'OFF' : 'ON'}`);
  if (enforced() === before) return true;
  db.execute(`PRAGMA foreign_keys = ${before ? 'ON' : 'OFF'}`);
  return false;
}

let ran = false;

/** Says that code of the app's runs: a revision's function, or who listens to events. */
export function appRuns(): void {
  ran = true;
}

/**
 * Whether the app's code has ended the transaction, which is asked where it has run since: to ask before each statement
 * would take as long as the statements.
 */
export function endedByApp(db: Database): boolean {
  if (!ran) return false;
  ran = false;
  return !foreignKeysTell(db);
}
