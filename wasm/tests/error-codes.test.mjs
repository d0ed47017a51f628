// The codes that TypeScript knows are those of the core's index, which the core's own tests hold complete.
// `LIMBECK_BLESS=1` writes js/error-codes.ts anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

const file = new URL('../js/error-codes.ts', import.meta.url);
const index = readFileSync(new URL('../../core/ERRORS.md', import.meta.url), 'utf8');

test('every error of the core has its code in the types', () => {
  const kinds = [...index.matchAll(/^\| `([^`]+)` \| (.+?) \| /gm)];
  assert.ok(kinds.length > 50);
  const lines = kinds.map(([, code, about]) => `  /** ${about} */\n  | '${code}'`);
  const wanted = `/** The codes of the core. Written by tests/error-codes.test.mjs. */\nexport type ErrorCode =\n${lines.join('\n')};\n`;
  if (process.env.LIMBECK_BLESS === '1') writeFileSync(file, wanted);
  assert.equal(readFileSync(file, 'utf8'), wanted);
});
