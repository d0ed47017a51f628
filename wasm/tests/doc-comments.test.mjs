// What an editor shows: each exported name, each method and each option has a comment, in the types as they are packed.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const files = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts') && !/^(core|launch)\//.test(name));

/** Lines of a file that declare something, and whether a comment stands before each. */
function declared(file, pattern, from = '', to = '') {
  const text = readFileSync(join(dist, file), 'utf8');
  const part = from ? text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from))) : text;
  const lines = part.split('\n');
  return lines.flatMap((line, at) => {
    const name = line.match(pattern)?.[1];
    return name ? [{ name, told: lines[at - 1]?.trimEnd().endsWith('*/') ?? false }] : [];
  });
}

test('each exported name', () => {
  const names = files.flatMap((file) =>
    declared(file, /^export (?:declare )?(?:async )?(?:function|class|interface|type|const) (\w+)/).map((each) => ({ file, ...each })),
  );
  assert.ok(names.length > 40, `${names.length}`);
  // Not exported from the package, and plain by their names.
  const inside = ['browser/files.d.ts stale', 'browser/open.d.ts cancelled', 'browser/open.d.ts full'];
  const without = names.filter(({ told }) => !told).map(({ file, name }) => `${file} ${name}`);
  assert.deepEqual(without.filter((name) => !inside.includes(name)), []);
});

test('each verb and each option', () => {
  const methods = declared('migrator.d.ts', /^ {4}([a-z]\w*)\(/, 'export declare class Migrator', '\n}\n');
  assert.ok(methods.length >= 20, `${methods.length}`);
  const options = declared('migrator.d.ts', /^ {4}(\w+)\?/, 'export interface MigratorOptions', '\n}\n');
  assert.ok(options.length > 6, `${options.length}`);
  assert.deepEqual([...methods, ...options].filter(({ told }) => !told), []);
});
