// TypeScript takes what an app writes, with the libraries' own types, and refuses what is wrong.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));

test("TypeScript's types", () => {
  for (const resolution of [['--module', 'nodenext'], ['--module', 'esnext', '--moduleResolution', 'bundler']]) {
    const rest = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--target', 'es2022', '--types', 'node', '--lib', 'es2024,dom', '--esModuleInterop'];
    try {
      execFileSync('node_modules/.bin/tsc', ['--ignoreConfig', ...resolution, ...rest, 'tests/types/app.ts', 'tests/types/browser.ts'], { cwd: here });
    } catch (error) {
      assert.fail(`${resolution}:\n${error.stdout}${error.stderr}`);
    }
  }
});
