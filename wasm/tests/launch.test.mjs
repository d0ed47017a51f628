// The small module answers a launch with nothing to do as the whole one does, and the whole one is loaded otherwise.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as whole from 'limbeck';
import { libraries } from './libraries.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(here, 'launch-'));
after(() => rmSync(folder, { recursive: true }));
cpSync(join(here, '../package.json'), join(folder, 'package.json'));
whole.heads({}); // loads it

/** A limbeck that has nothing loaded yet, as a page or a program begins. */
let copies = 0;
async function fresh(entry = 'node.js') {
  const copy = join(folder, String((copies += 1)));
  cpSync(join(here, '../dist'), copy, { recursive: true });
  const load = (file) => import(pathToFileURL(join(copy, file)).href);
  const { core, question } = await load('load.js');
  return { ...(await load(entry)), loaded: () => [question.ready && 'launch', core.ready && 'core'].filter(Boolean), copy };
}

const one = { '0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)' };
const migrations = { ...one, '0002_titles.sql': 'ALTER TABLE notes ALTER title SET NOT NULL' };
const code = { ...migrations, '0003_code': { up: (step) => step.execute('CREATE TABLE tags(tag)'), dependsOn: ['0001'] } };
const heads = { ...one, '0002_a.sql': '-- revises: 0001\n\nCREATE TABLE a(x)', '0002b_b.sql': '-- revises: 0001\n\nCREATE TABLE b(x)' };

/** How a call ended, to be compared. */
async function ended(call) {
  try {
    return { report: await call() };
  } catch (error) {
    assert.equal(error.name, 'LimbeckError', error.stack);
    return { ...error, message: error.message, cause: error.cause };
  }
}

/** Without what differs between two equal runs. */
const timeless = ({ report, message, newer, ...rest }) => ({
  ...rest,
  report: report && { ...report, timing: null },
  message: message?.replace(/applied at [-:.\dTZ]+/, 'applied'),
  newer: newer?.map((each) => ({ ...each, applied_at: null })),
});

for (const { name, open, run, options } of libraries) {
  const it = (what, body) => test(`${name}: ${what}`, body);

  it('nothing to do: the same report, by the small module alone', async () => {
    const small = await fresh();
    for (const [files, more] of [
      [migrations, {}],
      [migrations, { target: 'heads' }],
      [heads, { target: 'heads' }],
      [code, {}],
      [migrations, { versionTable: 'mine "too"' }],
      [migrations, { keepUserVersion: true, appVersion: '2.0' }],
      [migrations, { rebuild: 'never', transaction: 'per_revision', newerDatabase: 'run_on', quickCheck: 'never', trustSchema: true }],
    ]) {
      const all = { ...options, ...more };
      const db = open();
      whole.migrate(db, files, all);
      const wanted = whole.migrate(db, files, all);
      assert.deepEqual(wanted.steps, []);
      assert.deepEqual(small.migrate(db, files, all), wanted);
      assert.deepEqual(await small.launch(db, files, all), wanted);
      assert.deepEqual(small.loaded(), ['launch'], JSON.stringify(more));
      db.close();
    }
  });

  it('errors: the same ones', async () => {
    const small = await fresh();
    const current = () => {
      const db = open();
      whole.migrate(db, migrations, options);
      return db;
    };
    const taken = () => {
      const db = open();
      whole.migrate(db, migrations, options);
      run(db, 'PRAGMA user_version = 7');
      return db;
    };
    const thrown = new TypeError('mine');
    const throwing = () => ({ execute: () => 0, query: () => { throw thrown; }, inTransaction: () => false, close() {} });
    const odd = () => ({ execute: () => 0, query: () => [['0002', Symbol('odd')]], inTransaction: () => false, close() {} });
    const locked = () => ({ ...throwing(), query: () => { throw Object.assign(new Error('database is locked'), { resultCode: 5 }); } });
    for (const [make, files, more, wanted] of [
      [taken, migrations, { keepUserVersion: true }, 'history.user_version_taken'],
      [throwing, migrations, {}, 'database.contract'],
      [odd, migrations, {}, 'database.contract'],
      [locked, migrations, {}, 'database.locked'],
      [current, migrations, { rebuild: 'maybe' }, 'settings.invalid'],
      [current, migrations, { newerDatabase: 'yes' }, 'settings.invalid'],
      [current, { '1.sql': 7 }, {}, 'script.unreadable'],
      [() => ({ close() {} }), migrations, {}, 'database.contract'],
    ]) {
      const db = make();
      const all = { ...options, ...more };
      const expected = await ended(() => whole.migrate(db, files, all));
      assert.equal(expected.code, wanted);
      assert.deepEqual(await ended(() => small.migrate(db, files, all)), expected);
      assert.deepEqual(await ended(() => small.launch(db, files, all)), expected);
      assert.deepEqual(small.loaded(), ['launch'], wanted);
      db.close();
    }
  });

  it('the whole one is loaded where something is to do, or is not known to be done', async () => {
    const changed = { ...migrations, '0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body)' };
    for (const [before, files, more, wanted] of [
      [{}, migrations, {}, ['0001', '0002']],
      [one, migrations, {}, ['0002']],
      [migrations, one, {}, 'history.database_newer'],
      [migrations, changed, {}, 'history.changed_revision'],
      [one, changed, {}, 'history.changed_revision'],
      [migrations, migrations, { target: '0002' }, []],
      [migrations, migrations, { versionTable: 'other' }, 'sql.failed'],
      [migrations, migrations, { target: 'nowhere' }, 'graph.unknown_revision'],
    ]) {
      const made = () => {
        const db = open();
        whole.migrate(db, before, options);
        return db;
      };
      const all = { ...options, ...more };
      const expected = timeless(await ended(() => whole.migrate(made(), files, all)));
      assert.deepEqual(expected.code ?? expected.report.steps.map(({ revision }) => revision), wanted);
      for (const verb of ['migrate', 'launch']) {
        const small = await fresh();
        assert.deepEqual(timeless(await ended(() => small[verb](made(), files, all))), expected);
        assert.deepEqual(small.loaded(), ['launch', 'core']);
      }
    }
  });
}

test('a page: what is fetched, and what is not there', async () => {
  const [{ open }] = libraries;
  const fetched = [];
  let missing = [];
  const { fetch } = globalThis;
  globalThis.fetch = async (url) => {
    const file = String(url).split('/').at(-1);
    fetched.push(file);
    if (missing.includes(file)) throw new TypeError('Failed to fetch');
    return new Response(readFileSync(new URL(url)), { headers: { 'content-type': 'application/wasm' } });
  };
  const what = () => fetched.splice(0);
  const [small, core] = ['launch_bg.wasm', 'core_bg.wasm'];
  try {
    const db = open();
    const page = await fresh('index.js');
    // A first start; offline, and again.
    missing = [small, core];
    await assert.rejects(page.launch(db, migrations), { code: 'js.not_loaded', hint: /try again/ });
    assert.deepEqual(what(), [small, core]);
    missing = [core];
    await assert.rejects(page.launch(db, migrations), { code: 'js.not_loaded' });
    assert.deepEqual(what(), [small, core]);
    assert.deepEqual(db.exec('SELECT * FROM sqlite_schema'), []);
    missing = [];
    assert.deepEqual((await page.launch(db, migrations)).to, ['0002']);
    assert.deepEqual(what(), [core]);
    assert.deepEqual((await page.launch(db, migrations)).steps, []);
    assert.deepEqual(what(), []);
    // A second start.
    const second = await fresh('index.js');
    missing = [core];
    assert.deepEqual((await second.launch(db, migrations)).to, ['0002']);
    assert.throws(() => second.migrate(db, migrations), { code: 'js.misuse' });
    assert.throws(() => second.current(db, migrations), { message: /whole module/, hint: /await init\(\).* launch, openIndexedDb/ });
    assert.deepEqual(what(), [small]);
    missing = [];
    await second.default();
    assert.equal(second.current(db, migrations)[0].revision, '0002');
    assert.deepEqual(what(), [core]);
    // Where only the whole one is served, as by a page that has it from elsewhere.
    missing = [small];
    const third = await fresh('index.js');
    assert.deepEqual((await third.launch(db, migrations)).to, ['0002']);
    assert.deepEqual(what(), [small, core]);
    const fourth = await fresh('index.js');
    await fourth.default(readFileSync(join(fourth.copy, 'core/core_bg.wasm')));
    assert.deepEqual((await fourth.launch(db, migrations)).to, ['0002']);
    assert.deepEqual(what(), []);
  } finally {
    globalThis.fetch = fetch;
  }
});
