/** In Node the module is read from its file, and nothing has to be awaited. */
import { readFileSync } from 'node:fs';
import { initSync } from './core/core.js';
import { loaded } from './errors.js';

initSync({ module: readFileSync(new URL('./core/core_bg.wasm', import.meta.url)) });
loaded();

export * from './index.js';

/** Does nothing: the module is there. Code that also runs in a browser may await it. */
export default async function init(): Promise<void> {}
