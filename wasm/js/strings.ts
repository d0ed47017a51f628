/** Strings on their way into the module, which takes whatever it is given for one, and reads past its memory where it is none. */
import { LimbeckError, type ErrorCode } from './errors.js';
import type { MigratorOptions } from './migrator.js';

/** A string that TypeScript promises and JavaScript does not. */
export function text(what: string, value: unknown, code: ErrorCode = 'settings.invalid'): string {
  if (typeof value === 'string') return value;
  const hint = typeof value === 'number' ? `give a string: '${value}'` : 'give a string';
  throw new LimbeckError(code, `${what} is ${kind(value)}`, { hint });
}

/** A list of such strings. */
export function texts(what: string, values: unknown, code: ErrorCode = 'settings.invalid'): string[] {
  if (Array.isArray(values)) return values.map((value) => text(`one of ${what}`, value, code));
  throw new LimbeckError(code, `${what} is ${kind(values)}`, { hint: 'give a list of strings' });
}

const OPTIONS = ['appVersion', 'versionTable', 'rebuild', 'transaction', 'newerDatabase', 'quickCheck'] as const;

/** Options whose strings are strings, or not there. */
export function chosen<O extends MigratorOptions>(options: O): O {
  for (const name of OPTIONS) {
    const value: unknown = options[name];
    if (value !== undefined && value !== null) text(name, value);
  }
  return options;
}

/** What a value is, in a word. */
export function kind(value: unknown): string {
  if (value === null || Array.isArray(value)) return value ? 'a list' : 'null';
  if (typeof (value as PromiseLike<unknown> | undefined)?.then === 'function') return 'a promise';
  return typeof value;
}
