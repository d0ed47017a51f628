/** For bundlers: the module is loaded when this is imported (top-level await), and nothing has to be awaited. */
import init from './index.js';

await init();

export * from './index.js';
export { default } from './index.js';
