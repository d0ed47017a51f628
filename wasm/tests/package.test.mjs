// The package that wasm/package has packed, in an empty folder: in Node, in TypeScript, and built by Vite as for a browser.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import initSqlJs from 'sql.js';
import { build } from 'vite';

const here = fileURLToPath(new URL('..', import.meta.url));
const app = mkdtempSync(join(tmpdir(), 'limbeck-'));
after(() => rmSync(app, { recursive: true }));
const npm = (args, cwd) => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

const packages = join(here, '../target/packages');
const packed = join(packages, readdirSync(packages).find((name) => name.endsWith('.tgz')) ?? 'no package');
const time = (file) => statSync(file).mtimeMs;
assert.ok(time(packed) > time(join(here, 'dist/index.js')), 'dist/ is newer than the package: run wasm/package');
writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
npm(['install', '--offline', '--no-audit', '--no-fund', packed], app);
const SQL = await initSqlJs();

test('what is in the package', () => {
  const files = readdirSync(join(app, 'node_modules/limbeck'), { recursive: true });
  for (const file of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'THIRD-PARTY', 'package.json', 'dist/index.js', 'dist/index.d.ts', 'dist/core/core_bg.wasm', 'dist/launch/launch_bg.wasm']) {
    assert.ok(files.includes(file), `${file} is missing`);
  }
  const odd = files.filter((file) => !/^(dist(\/.*)?|README\.md|LICENSE-\w+|THIRD-PARTY|package\.json)$/.test(file));
  assert.deepEqual(odd, []);
  assert.deepEqual(readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.')), ['limbeck']);
});

test('in Node, with and without init, and through the entry for bundlers', () => {
  writeFileSync(
    join(app, 'app.js'),
    `import init, { heads } from 'limbeck';
import { Migrator } from 'limbeck/bundler';
console.log(heads({ '1_a.sql': '' })[0].revision);
await init();
console.log(new Migrator({ '2_b.sql': '' }).heads()[0].revision);`,
  );
  assert.equal(execFileSync('node', ['app.js'], { cwd: app, encoding: 'utf8' }), '1\n2\n');
});

test('TypeScript finds its types, and only by them what is wrong', () => {
  const compile = (source) => {
    writeFileSync(join(app, 'app.ts'), source);
    const tsc = join(here, 'node_modules/.bin/tsc');
    const settings = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--types', '', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2024,dom'];
    return execFileSync(tsc, [...settings, 'app.ts'], { cwd: app, encoding: 'utf8' });
  };
  const good = `import { heads, type Report } from 'limbeck';
export const ids: string[] = heads({ '1_a.sql': '' }).map((each) => each.revision);
export const to = (report: Report): string[] => report.to;`;
  assert.equal(compile(good), '');
  // What it says is on stdout, which is no part of the error's message.
  assert.throws(() => compile(good.replace('each.revision', 'each.nothing')), ({ stdout }) => /nothing/.test(stdout));
});

const [small, core] = ['launch_bg', 'core_bg'];
for (const [name, entry, call, first, second] of [
  ['migrate', 'limbeck', 'await init(), migrate', [core], [core]],
  ['limbeck/bundler', 'limbeck/bundler', 'migrate', [core], [core]],
  ['launch', 'limbeck', 'launch', [small, core], [small]],
]) {
  test(`Vite builds an app with ${name}, and it runs and fetches what it needs`, async () => {
    const source = join(app, name.replace('/', '-'));
    execFileSync('mkdir', ['-p', join(source, 'migrations')]);
    writeFileSync(join(source, 'migrations/0001_notes.sql'), 'CREATE TABLE notes(title)');
    writeFileSync(join(source, 'migrations/0002_more.sql'), 'ALTER TABLE notes ALTER title SET NOT NULL');
    writeFileSync(
      join(source, 'main.js'),
      `import init, { launch, migrate } from '${entry}';
const migrations = import.meta.glob('./migrations/*.sql', { query: '?raw', import: 'default', eager: true });
export default async (db) => (${call}(db, migrations));`,
    );
    await build({
      root: source,
      logLevel: 'error',
      configFile: false,
      base: './',
      build: { target: 'es2022', rollupOptions: { input: join(source, 'main.js'), preserveEntrySignatures: 'strict', output: { entryFileNames: 'main.js' } } },
    });
    const assets = readdirSync(join(source, 'dist'), { recursive: true }).map(String);
    assert.deepEqual(assets.filter((file) => file.endsWith('.js')), ['main.js'], 'nothing that an import() would wait for');
    const wasm = assets.filter((file) => file.endsWith('.wasm')).map((file) => /(\w+_bg)[^/]*$/.exec(file)[1]);
    assert.deepEqual(wasm.sort(), [core, small]);
    // A page fetches what stands beside it; Node fetches no files.
    const { fetch } = globalThis;
    const fetched = [];
    globalThis.fetch = async (url) => {
      fetched.push(/(\w+_bg)[^/]*$/.exec(String(url))[1]);
      return new Response(readFileSync(new URL(url)), { headers: { 'content-type': 'application/wasm' } });
    };
    try {
      const db = new SQL.Database();
      for (const [start, wanted] of [first, second].entries()) {
        const { default: run } = await import(`${pathToFileURL(join(source, 'dist/main.js')).href}?${start}`);
        assert.deepEqual((await run(db)).to, ['0002']);
        assert.deepEqual(fetched.splice(0), wanted);
      }
      assert.match(db.exec("SELECT sql FROM sqlite_schema WHERE name = 'notes'")[0].values[0][0], /NOT NULL/);
    } finally {
      globalThis.fetch = fetch;
    }
  });
}
