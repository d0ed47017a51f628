/** The compiled modules: the whole one, and the small one that answers most launches. */
import loadCore from './core/core.js';
import { LimbeckError } from './errors.js';
import loadQuestion from './launch/launch.js';

/** Where the compiled module is, or the module itself. */
export type Module = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** A compiled module of the package. */
class Compiled {
  #loading: Promise<unknown> | undefined;
  /** Why it could not be loaded on the spot. */
  #failed: LimbeckError | undefined;
  /** Whether it is there. */
  ready = false;
  /** Loads it on the spot, where that is possible. */
  atOnce: (() => unknown) | undefined;

  constructor(readonly from: (input?: { module_or_path: Module | Promise<Response> }) => Promise<unknown>) {}

  /** Loads it, once. */
  async load(module?: Module | Promise<Response>): Promise<void> {
    // What is given goes before what is beside this file, which may not be there.
    if (module === undefined ? this.here() : this.ready) return;
    if (module === undefined && this.#failed) throw this.#failed;
    this.#loading ??= this.from(module === undefined ? undefined : { module_or_path: module });
    try {
      await this.#loading;
      this.ready = true;
    } catch (cause) {
      this.#loading = undefined;
      throw notLoaded(
        cause,
        "try again when the network is there, and look whether its file is beside its JavaScript (Vite before 8: optimizeDeps: { exclude: ['limbeck'] })",
      );
    }
  }

  /** Whether it is there, or is now. */
  here(): boolean {
    // While one that was given is being loaded, a second one would take its place under what has been made of it.
    if (!this.ready && this.atOnce && !this.#loading) {
      try {
        this.atOnce();
        this.ready = true;
      } catch (cause) {
        this.#failed = notLoaded(cause, "leave limbeck out of the bundle, as an external package, or give init() the bytes of 'limbeck/core.wasm'");
      }
    }
    return this.ready;
  }

  /** Fails unless it is there. */
  needed(): void {
    if (this.here()) return;
    throw (
      this.#failed ??
      new LimbeckError('js.misuse', "limbeck's whole module is not loaded", {
        hint: 'await init() before a synchronous call: launch, openIndexedDb and openOpfs load it only where something is to do',
      })
    );
  }
}

function notLoaded(cause: unknown, hint: string): LimbeckError {
  return new LimbeckError('js.not_loaded', `limbeck's module cannot be loaded: ${String(cause)}`, { hint, cause });
}

/** All of limbeck. */
export const core = new Compiled(loadCore);

/** What a launch asks. */
export const question = new Compiled(loadQuestion);

/**
 * Loads the compiled module, once; to be awaited before anything that is synchronous, also after `launch`,
 * `openIndexedDb` and `openOpfs`, which load it only where something is to do. Without an argument, it is the file
 * beside this one, as bundlers understand it. In Node the package loads it by itself, unless it is given one.
 *
 * Errors: `js.not_loaded`, offline, say; it can be tried again.
 */
export default async function init(module?: Module | Promise<Response>): Promise<void> {
  await core.load(module);
}

/** Fails unless the whole module is there. */
export function needed(): void {
  core.needed();
}
