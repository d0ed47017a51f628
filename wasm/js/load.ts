/** The compiled modules: the whole one, and the small one that answers most launches. */
import loadCore from './core/core.js';
import { LimbeckError } from './errors.js';
import loadQuestion from './launch/launch.js';

/** Where the compiled module is, or the module itself. */
export type Module = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** A compiled module of the package. */
class Compiled {
  #loading: Promise<unknown> | undefined;
  /** Whether it is there. */
  ready = false;
  /** Loads it on the spot, where that is possible. */
  atOnce: (() => unknown) | undefined;

  constructor(readonly from: (input?: { module_or_path: Module | Promise<Response> }) => Promise<unknown>) {}

  /** Loads it, once. */
  async load(module?: Module | Promise<Response>): Promise<void> {
    if (this.here()) return;
    this.#loading ??= this.from(module === undefined ? undefined : { module_or_path: module });
    try {
      await this.#loading;
      this.ready = true;
    } catch (cause) {
      this.#loading = undefined;
      throw new LimbeckError('js.not_loaded', `limbeck's module cannot be loaded: ${String(cause)}`, {
        hint: 'try again when the network is there, and look whether its file is beside its JavaScript',
        cause,
      });
    }
  }

  /** Whether it is there, or is now. */
  here(): boolean {
    if (!this.ready && this.atOnce) {
      this.atOnce();
      this.ready = true;
    }
    return this.ready;
  }
}

/** All of limbeck. */
export const core = new Compiled(loadCore);

/** What a launch asks. */
export const question = new Compiled(loadQuestion);

/**
 * Loads the compiled module, once; to be awaited before anything that is synchronous, also after `launch`,
 * `openIndexedDb` and `openOpfs`, which load it only where something is to do. Without an argument, it is the file
 * beside this one, as bundlers understand it. In Node the package loads it by itself.
 *
 * Errors: `js.not_loaded`, offline, say; it can be tried again.
 */
export default async function init(module?: Module | Promise<Response>): Promise<void> {
  await core.load(module);
}

/** Fails unless the whole module is there. */
export function needed(): void {
  if (!core.here()) {
    throw new LimbeckError('js.misuse', "limbeck's whole module is not loaded", {
      hint: 'await init() before a synchronous call: launch, openIndexedDb and openOpfs load it only where something is to do',
    });
  }
}
