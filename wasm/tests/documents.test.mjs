// What the documents show of JavaScript: TypeScript takes it, and what needs no browser runs, on each library.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Migrator } from 'limbeck';
import { libraries } from './libraries.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
// In the package's own folder `limbeck` is the package.
const folder = mkdtempSync(join(here, 'tests/shown-'));
after(() => rmSync(folder, { recursive: true }));

/** What a block uses and does not make. */
const GIVEN = `import type { Database } from 'sql.js';
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
declare global {
  interface ImportMeta { glob(pattern: string, options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string> }
  const db: Database;
  const bar: { show(event: object): void };
  const signal: AbortSignal;
  const onProgress: (event: object) => void;
}
`;
const LINES = {
  migrations: 'declare const migrations: Record<string, string>;',
  initSqlJs: "import initSqlJs from 'sql.js';",
  sqlite3InitModule: "import sqlite3InitModule from '@sqlite.org/sqlite-wasm';",
};
const OF_LIMBECK = ['openIndexedDb', 'openOpfs', 'serve', 'inWorker'];

/** Blocks that Node cannot run, and who does. */
const IN_A_BROWSER = {
  openIndexedDb: 'tests/browser/indexeddb.test.mjs',
  openOpfs: 'tests/browser/worker.test.mjs',
  serve: 'tests/browser/worker.test.mjs',
  inWorker: 'tests/browser/worker.test.mjs',
};

const shown = ['README.md', 'wasm/README.md', 'core/guides/from_drizzle.md'].flatMap((document) => {
  const text = readFileSync(join(here, '..', document), 'utf8');
  return [...text.matchAll(/^```(?:js|ts)\n(.*?)^```/gms)].map((found) => ({
    place: `${document}:${text.slice(0, found.index).split('\n').length}`,
    code: found[1],
  }));
});

/** A block with the lines that it takes for granted. */
function whole(code) {
  const imports = OF_LIMBECK.filter((name) => code.includes(`${name}(`) && !code.includes(`import { ${name} }`));
  const uses = (name) => new RegExp(`\\b${name}\\b`).test(code) && !new RegExp(`(const|import) ${name}\\b`).test(code);
  const lines = Object.keys(LINES).filter(uses).map((name) => LINES[name]);
  if (imports.length > 0) lines.push(`import { ${imports.join(', ')} } from 'limbeck';`);
  return [...lines, code, 'export {};'].join('\n');
}

test('TypeScript takes each block', () => {
  assert.ok(shown.length > 5);
  writeFileSync(join(folder, 'given.d.ts'), GIVEN);
  // As drizzle-kit writes it for Expo.
  writeFileSync(
    join(folder, 'drizzle.d.ts'),
    `declare module '*/drizzle/migrations.js' {
  const all: { journal: { entries: { idx: number; tag: string }[] }; migrations: Record<string, string> };
  export default all;
}`,
  );
  const names = shown.map(({ place, code }, at) => {
    const name = join(folder, `block-${at}.ts`);
    writeFileSync(name, `// ${place}\n${whole(code)}\n`);
    return name;
  });
  const options = ['--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--target', 'es2022', '--types', 'node', '--lib', 'es2024,dom', '--esModuleInterop'];
  try {
    execFileSync('node_modules/.bin/tsc', ['--ignoreConfig', ...options, join(folder, 'given.d.ts'), join(folder, 'drizzle.d.ts'), ...names], { cwd: here, encoding: 'utf8' });
  } catch (error) {
    assert.fail(`${shown.map(({ place }, at) => `block-${at}: ${place}`).join('\n')}\n${error.stdout}${error.stderr}`);
  }
});

const files = {
  './migrations/0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)',
  './migrations/0002_titles.sql': "ALTER TABLE notes ALTER title SET NOT NULL, ALTER title SET DEFAULT 'Untitled'",
};
const drizzle = {
  journal: { entries: [{ idx: 0, tag: '0000_lean_wolf' }, { idx: 1, tag: '0001_big_cat' }] },
  migrations: { m0000: 'CREATE TABLE users(id INTEGER PRIMARY KEY);', m0001: 'ALTER TABLE users ADD email text;' },
};

for (const { place, code } of shown) {
  const needs = Object.keys(IN_A_BROWSER).find((name) => code.includes(`${name}(`));
  if (needs) {
    test(place, { skip: `needs a browser: ${IN_A_BROWSER[needs]} calls it` }, () => {});
    continue;
  }
  for (const { name, open } of libraries) {
    test(`${place}, on ${name}`, async () => {
      // Vite's import.meta.glob is a table of the files; package.test.mjs has Vite make it.
      const runs = code
        .replace('import.meta.glob', 'given.glob')
        .replace("import migrations from './drizzle/migrations.js';", 'const migrations = given.drizzle;');
      const source = join(folder, `run-${name.replace(/\W/g, '-')}-${shown.findIndex((each) => each.place === place)}.mjs`);
      writeFileSync(source, `const { given } = globalThis;\nconst { db } = given;\n${runs}\nexport { report };\n`);
      globalThis.given = { db: open(), glob: () => files, drizzle };
      const { report } = await import(pathToFileURL(source));
      assert.equal(report.steps.length, 2);
      globalThis.given.db.close();
    });
  }
}

// The example that an editor shows of the class: what stands behind `//` is the value of the line.
for (const { name, open } of libraries) {
  test(`wasm/js/migrator.ts, on ${name}`, async () => {
    const text = readFileSync(join(here, 'js/migrator.ts'), 'utf8');
    const [, block] = text.match(/^ \* ```ts\n(.*?)^ \* ```/ms);
    const lines = block.replace(/^ \* /gm, '').replace(/^(?!const)(.*); \/\/ (.*)$/gm, 'assert.deepEqual($1, $2);');
    assert.equal(lines.match(/assert/g).length, 3);
    const source = join(folder, `class-${name.replace(/\W/g, '-')}.mjs`);
    const imports = "import assert from 'node:assert/strict';\nimport { Migrator } from 'limbeck';\n";
    globalThis.given = { db: open() };
    writeFileSync(source, `${imports}const { db } = globalThis.given;\n${lines}`);
    await import(pathToFileURL(source));
    globalThis.given.db.close();
  });
}

test('the table of verbs, which core/tests/documents checks by the sources, has what the class has', () => {
  const text = readFileSync(join(here, '../core/guides/parity.md'), 'utf8');
  const rows = text.split('## What is chosen')[0].split('\n').filter((line) => line.startsWith('| '));
  const cells = rows.slice(1).map((row) => row.split(' | ')[4]).filter((cell) => !cell.startsWith('–'));
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const has = Object.getOwnPropertyNames(Migrator.prototype).filter((name) => name !== 'constructor');
  assert.deepEqual(named.sort(), has.sort());
});
