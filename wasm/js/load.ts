import load from './core/core.js';
import { loaded } from './errors.js';

/** Where the compiled module is, or the module itself. */
export type Module = string | URL | Request | Response | BufferSource | WebAssembly.Module;

let loading: Promise<unknown> | undefined;

/**
 * Loads the compiled module, once; to be awaited before anything that is synchronous. Without an argument, it is
 * the file beside this one, as bundlers understand it. In Node the package loads it by itself.
 */
export default async function init(module?: Module | Promise<Response>): Promise<void> {
  loading ??= load(module === undefined ? undefined : { module_or_path: module });
  try {
    await loading;
    loaded();
  } catch (error) {
    // Offline, say: it can be tried again.
    loading = undefined;
    throw error;
  }
}
