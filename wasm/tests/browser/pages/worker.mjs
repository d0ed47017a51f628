// The worker's half: opens the database of its argument.
import { serve } from '/dist/index.js';
import { handles, open, opfs } from './harness.mjs';

serve(async ({ argument: { name, kind, script, ...options }, onProgress: tell }) => {
  if (kind === 'opfs') return opfs(await sqlite3(), name, { ...options, tell });
  const opened = await open(name, { ...options, tell });
  await handles[name].close();
  return opened;
});

async function sqlite3() {
  const { default: load } = await import('/node_modules/@sqlite.org/sqlite-wasm/dist/index.mjs');
  return load();
}
