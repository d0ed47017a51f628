// The codes that TypeScript knows are those of the core. `LIMBECK_BLESS=1` writes js/error-codes.ts anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorKinds, initSync } from '../dist/core/core.js';

const file = new URL('../js/error-codes.ts', import.meta.url);

test('every error of the core has its code in the types', () => {
  initSync({ module: readFileSync(new URL('../dist/core/core_bg.wasm', import.meta.url)) });
  const kinds = JSON.parse(errorKinds());
  assert.ok(kinds.length > 50);
  const lines = kinds.map(([code, about]) => `  /** ${about} */\n  | '${code}'`);
  const wanted = `/** The codes of the core. Written by tests/error-codes.test.mjs. */\nexport type ErrorCode =\n${lines.join('\n')};\n`;
  if (process.env.LIMBECK_BLESS === '1') writeFileSync(file, wanted);
  assert.equal(readFileSync(file, 'utf8'), wanted);
});
