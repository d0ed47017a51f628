/** The question of a launch, which a small module answers: is the database up to date already? */
import { adapt, type AnyDatabase } from './adapt.js';
import { called } from './errors.js';
import { launch as ask } from './launch/launch.js';
import init, { core, question } from './load.js';
import { once, type MigratorOptions, type RunOptions } from './migrator.js';
import type { Report } from './report.js';
import { read, type Migrations } from './sources.js';
import { chosen, text } from './strings.js';

/** Options of bringing a database up to date. */
export type LaunchOptions = MigratorOptions & RunOptions & {
  /** Where to: by default `head`. */
  target?: string;
};

/**
 * Brings a database up to date at the start of an app: as {@link migrate}, and it loads what it needs by itself. Where
 * nothing is to do, which is nearly every start, that is a module of a tenth of the size; the whole one is loaded when
 * there is something to do. So `await init()` before a synchronous call, also after this one.
 *
 * ```ts
 * const report = await launch(db, migrations);
 * ```
 *
 * Errors: those of {@link migrate}; `js.not_loaded` where something is to do and the whole module cannot be loaded:
 * nothing has happened then, and it can be tried again.
 */
export async function launch(db: AnyDatabase, migrations: Migrations, options: LaunchOptions = {}): Promise<Report> {
  await prepared();
  const report = current(db, migrations, options);
  if (report) return report;
  await init();
  return once(migrations, options, (migrator) => migrator.upgrade(db, options.target, options));
}

/** Loads the small module, unless the whole one is there. Without it, the whole one is asked. */
export async function prepared(): Promise<void> {
  if (!core.ready) await question.load().catch(() => {});
}

/** What an upgrade would report, where the small module is there and knows that nothing is to do. */
export function current(db: AnyDatabase, migrations: Migrations, options: LaunchOptions): Report | undefined {
  if (core.ready || !question.here()) return undefined;
  const { joined, lengths, code } = read(migrations);
  const { sqlite3, target = 'head' } = options;
  const report = called(() => ask(adapt(db, sqlite3), joined, lengths, code, chosen(options), text('target', target)));
  return report === undefined ? undefined : (JSON.parse(report) as Report);
}
