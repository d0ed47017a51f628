// The module before it is loaded, and after a fault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heads as headsInBrowser } from '../dist/index.js';
import { initSync } from '../dist/core/core.js';

test('before it is loaded', () => {
  assert.throws(() => headsInBrowser({}), { code: 'js.misuse', hint: /init/ });
});

test('a fault stops limbeck, and says so from then on', async () => {
  const { heads, migrate, LimbeckError } = await import('limbeck');
  assert.deepEqual(heads({}), []);
  const { memory } = initSync();
  const db = {
    execute: () => 0,
    query() {
      new Uint8Array(memory.buffer).fill(0xff);
      return [];
    },
    inTransaction: () => false,
  };
  const stopped = (error) => error instanceof LimbeckError && error.code === 'js.internal' && error.cause instanceof WebAssembly.RuntimeError;
  assert.throws(() => migrate(db, { '1.sql': '' }), stopped);
  assert.throws(() => heads({ '1.sql': '' }), stopped);
});
