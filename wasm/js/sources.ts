import { appRuns } from './adapters/transaction.js';
import { called, LimbeckError } from './errors.js';
import { kind, text, texts } from './strings.js';

/**
 * Migrations, in any of these forms:
 *
 * - a record of name to SQL, as Vite's
 *   `import.meta.glob('./migrations/*.sql', { query: '?raw', import: 'default', eager: true })` makes it; what
 *   the paths have in common is left out of the names;
 * - a list of names and SQL;
 * - a manifest, which `limbeck embed --manifest` writes;
 * - drizzle-kit's `migrations.js`.
 *
 * In the first two a revision may be {@link Code} instead of SQL.
 */
export type Migrations =
  | Readonly<Record<string, string | Code>>
  | readonly (Migration | (Code & { name: string }))[]
  | Manifest
  | DrizzleMigrations;

/** One migration: a name, `0001_notes.sql`, and the text of the file. */
export interface Migration {
  name: string;
  sql: string;
}

/** What `limbeck embed --manifest` writes. */
export interface Manifest {
  limbeck: number;
  migrations: readonly Migration[];
}

/** What drizzle-kit generates with `driver: 'expo'` or `'durable-sqlite'`. */
export interface DrizzleMigrations {
  journal: { entries: readonly { idx: number; tag: string }[] };
  migrations: Readonly<Record<string, string>>;
}

/**
 * A revision whose body is a function of the app. It has its place among the others by its name, and what a
 * file's header would say may stand beside its functions. It works synchronously: no promise is waited for.
 */
export interface Code {
  /** Applies it. */
  up(step: Step): void;
  /** Takes it back; without one it cannot be taken back. */
  down?(step: Step): void;
  /** Its id, if not what the name begins with. */
  revision?: string;
  /** What it follows, if not the one before it by name. Several make a merge, none a base. */
  revises?: readonly string[];
  branchLabels?: readonly string[];
  dependsOn?: readonly string[];
  /** What it does, if not what the name ends with. */
  message?: string;
}

/** What a function of a revision works with, while it runs. The transaction is limbeck's. */
export interface Step {
  readonly revision: string;
  readonly direction: 'up' | 'down';
  /** Runs SQL as a migration file holds it, limbeck's `ALTER TABLE` too. What fails here fails the run. */
  execute(sql: string): void;
  /**
   * Runs one statement with `?1`, `?2`, … and answers its rows. An integer is a number where that is exact,
   * else a bigint; a number without a fraction is bound as an integer.
   */
  query(sql: string, ...values: (null | number | bigint | string | Uint8Array)[]): (null | number | bigint | string | Uint8Array)[][];
  /** Adds a line to the warnings of the report. */
  warn(text: string): void;
}

/**
 * The migrations in the one form that the core takes: names and texts in turn, joined with line breaks, and the
 * length of each. As single strings they would cost more than all else that a launch with nothing to do does.
 */
export function read(migrations: Migrations): { joined: string; lengths: Uint32Array; code: Coded[] } {
  const strings: string[] = [];
  const code: Coded[] = [];
  for (const [name, body] of listed(migrations)) {
    if (typeof body === 'string') strings.push(name, body);
    else code.push(coded(name, body));
  }
  return { joined: strings.join('\n'), lengths: Uint32Array.from(strings, ({ length }) => length), code };
}

type Named = [name: string, body: string | Code];

function listed(migrations: Migrations): Named[] {
  if (Array.isArray(migrations)) return migrations.map((each) => named(each?.name, each?.sql ?? each));
  // What has its entries elsewhere, a promise or a Map, would be no migrations at all.
  if (!isRecord(migrations)) throw unreadable('the migrations', migrations);
  if ('journal' in migrations) return drizzle(migrations as DrizzleMigrations);
  if (typeof (migrations as Manifest).limbeck === 'number') {
    const manifest = migrations as Manifest;
    if (manifest.limbeck === 1) return listed(manifest.migrations);
    throw new LimbeckError('script.unreadable', `a manifest of version ${manifest.limbeck}`, {
      hint: 'use the limbeck that wrote it, or write it anew',
    });
  }
  const record = Object.entries(migrations as Record<string, string | Code>);
  const folder = common(record.map(([path]) => path));
  return record.map(([path, body]) => named(path.slice(folder.length), body));
}

/** How the paths of a glob begin, up to the last `/` that all of them have in common. */
function common([first = '', ...paths]: string[]): string {
  let folder = first.slice(0, first.lastIndexOf('/') + 1);
  while (!paths.every((path) => path.startsWith(folder))) {
    folder = folder.slice(0, folder.slice(0, -1).lastIndexOf('/') + 1);
  }
  return folder;
}

/** Whether an object holds what it says in members of its own, as a literal, a JSON file and a module do. */
function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && /^\[object (Object|Module)\]$/.test(Object.prototype.toString.call(value));
}

function drizzle({ journal, migrations }: DrizzleMigrations): Named[] {
  if (!Array.isArray(journal?.entries) || !isRecord(migrations)) {
    throw new LimbeckError('script.unreadable', "a drizzle journal needs 'entries', and 'migrations' beside it", {
      hint: "give what drizzle-kit's migrations.js exports, with driver: 'expo'",
    });
  }
  return journal.entries.map(({ idx, tag }) =>
    named(`${tag}.sql`, migrations[`m${String(idx).padStart(4, '0')}`] as string),
  );
}

function named(name: unknown, body: unknown): Named {
  if (typeof name !== 'string') throw unreadable('the name of a migration', name);
  const is = (body: unknown): body is string | Code =>
    typeof body === 'string' || typeof (body as Code | null)?.up === 'function';
  if (is(body)) return [name, body];
  // A glob without `import: 'default'`.
  const module = (body as { default?: unknown } | null)?.default;
  if (is(module)) return [name, module];
  throw unreadable(name, body);
}

function unreadable(what: string, found: unknown): LimbeckError {
  const is = kind(found);
  const hint =
    is === 'function'
      ? 'add eager: true to the glob, or write { up() { … } } for a revision in code'
      : is === 'a promise'
        ? 'await it first'
        : 'give the text of each migration, or { up() { … } } for a revision in code';
  return new LimbeckError('script.unreadable', `${what} is ${is}`, { hint });
}

/** A revision in code as the core drives it: src/code.rs. */
interface Coded {
  name: string;
  revision: string | undefined;
  revises: readonly string[] | undefined;
  branchLabels: readonly string[];
  dependsOn: readonly string[];
  message: string | undefined;
  reversible: boolean;
  run(direction: 'up' | 'down', revision: string, work: (what: string, sql: string, values: unknown[]) => any): void;
}

function coded(name: string, code: Code): Coded {
  const header = <T>(field: keyof Code, read: (what: string, value: unknown, code: 'script.bad_directive') => T): T | undefined => {
    const value: unknown = code[field];
    return value === undefined || value === null ? undefined : read(`${field} of ${name}`, value, 'script.bad_directive');
  };
  return {
    name,
    revision: header('revision', text),
    revises: header('revises', texts),
    branchLabels: header('branchLabels', texts) ?? [],
    dependsOn: header('dependsOn', texts) ?? [],
    message: header('message', text),
    reversible: typeof code.down === 'function',
    run(direction, revision, work) {
      let over = false;
      let misused: unknown;
      const does = (what: string, sql: unknown, values: unknown[] = []) => {
        if (over) throw isOver(revision);
        appRuns();
        try {
          text(what === 'warn' ? 'a warning' : 'the SQL', sql, 'script.code_failed');
        } catch (error) {
          misused ??= error;
          throw error;
        }
        return called(() => work(what, sql as string, values));
      };
      const step: Step = {
        revision,
        direction,
        execute: (sql) => void does('execute', sql),
        query: (sql, ...values) => does('query', sql, values),
        warn: (line) => void does('warn', line),
      };
      let answer: unknown;
      appRuns();
      try {
        answer = code[direction]!(step);
      } finally {
        over = true;
        appRuns();
      }
      // As with what fails in SQLite: half a revision must not be committed, whatever the function did with the error.
      if (misused) throw misused;
      if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return;
      // Nobody hears any more how it ends.
      Promise.resolve(answer).catch(() => {});
      throw new TypeError(`${direction} of ${name} answers a promise, for which a transaction cannot wait`);
    },
  };
}

function isOver(revision: string): LimbeckError {
  return new LimbeckError('script.code_failed', `the step of revision ${revision} is over`, {
    hint: 'use it while its function runs, and await nothing there',
  });
}
