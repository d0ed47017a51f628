/** In Node the modules are read from their files when they are needed, and nothing has to be awaited. */
import { readFileSync } from 'node:fs';
import type { AnyDatabase } from './adapt.js';
import { initSync as loadCore } from './core/core.js';
import { migrate as whole } from './index.js';
import { initSync as loadQuestion } from './launch/launch.js';
import { current, type LaunchOptions } from './launch.js';
import load, { core, question, type Module } from './load.js';
import type { Report } from './report.js';
import type { Migrations } from './sources.js';

const read = (path: string) => ({ module: readFileSync(new URL(path, import.meta.url)) });
core.atOnce = () => loadCore(read('./core/core_bg.wasm'));
question.atOnce = () => loadQuestion(read('./launch/launch_bg.wasm'));

export * from './index.js';

/** As everywhere; where nothing is to do, the small module is enough. */
export function migrate(db: AnyDatabase, migrations: Migrations, options: LaunchOptions = {}): Report {
  return current(db, migrations, options) ?? whole(db, migrations, options);
}

/**
 * Without an argument it does nothing: a module is there when it is needed, and code that also runs in a browser may await
 * it. A bundle, which has no files beside it, gives the bytes.
 */
export default async function init(module?: Module | Promise<Response>): Promise<void> {
  if (module !== undefined) await load(module);
}
