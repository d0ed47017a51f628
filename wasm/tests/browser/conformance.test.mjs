// The conformance suite, in a browser: the very test that runs in Node.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from './setup.mjs';

const { it, context, server } = await start();

it('the conformance suite on sql.js and sqlite-wasm', async () => {
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error));
  await page.goto(`${server.origin}/tests/browser/pages/conformance.html`);
  await page.waitForFunction(() => globalThis.results, null, { timeout: 100_000 });
  const { passed, skipped, failed, written } = await page.evaluate(() => globalThis.results);
  const records = fileURLToPath(new URL('../../../target/conformance/', import.meta.url));
  mkdirSync(records, { recursive: true });
  for (const [path, text] of Object.entries(written)) writeFileSync(records + basename(path), text);
  assert.deepEqual(failed, []);
  assert.deepEqual(faults, []);
  // A case a library, and a test of each library.
  assert.ok(passed > 200 && skipped < passed / 10, `${passed} passed, ${skipped} skipped`);
  console.log(`in the browser: ${passed} passed, ${skipped} skipped`);
  await page.close();
});
