// The forms in which an app has its migrations, and revisions in code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downgrade, history, LimbeckError, migrate, Migrator, plan } from 'limbeck';
import { libraries } from './libraries.mjs';

const paths = (migrations) => history(migrations).map(({ path }) => path).reverse();
const fails = (code, message) => (error) => error instanceof LimbeckError && error.code === code && message.test(error.message);

test('a record, as a glob makes it', () => {
  const sql = 'SELECT 1';
  assert.deepEqual(paths({ './migrations/0002_b.sql': sql, './migrations/0001_a.sql': sql }), ['0001_a.sql', '0002_b.sql']);
  assert.deepEqual(paths({ '0001.sql': sql }), ['0001.sql']);
  assert.deepEqual(paths({ '/src/app/1.sql': { default: sql } }), ['1.sql']);
  assert.deepEqual(paths({}), []);
  const two = { '../app/1.sql': '-- revision: a', '../plugins/tags/1.sql': '-- revision: b', '../plugins/tags/2.sql': sql };
  assert.deepEqual(paths(two).sort(), ['app/1.sql', 'plugins/tags/1.sql', 'plugins/tags/2.sql']);
  assert.deepEqual(new Migrator(two).show('2')[0].revises, ['b']);
});

test('paths that have nothing in common, as of two globs', () => {
  for (const names of [['/shared/1_a.sql', './m/2_b.sql'], ['/1_a.sql', '2_b.sql'], ['x//1_a.sql', 'x/2_b.sql'], ['1_a.sql', '/2_b.sql'], ['//1_a.sql', '/2_b.sql']]) {
    const found = paths(Object.fromEntries(names.map((name) => [name, ''])));
    assert.equal(found.length, 2);
    for (const [at, path] of found.entries()) assert.ok(names.some((name) => name.endsWith(path)), `${names[at]}: ${path}`);
  }
});

test('a list, a manifest, what drizzle-kit writes', () => {
  const list = [{ name: '1.sql', sql: '' }, { name: '2.sql', sql: '' }];
  assert.deepEqual(paths(list), ['1.sql', '2.sql']);
  assert.deepEqual(paths({ limbeck: 1, migrations: list }), ['1.sql', '2.sql']);
  const drizzle = {
    journal: { version: '7', dialect: 'sqlite', entries: [{ idx: 0, version: '6', when: 1, tag: '0000_low', breakpoints: true }, { idx: 1, tag: '0001_high' }] },
    migrations: { m0000: 'CREATE TABLE `t` (`a` text);\n--> statement-breakpoint\nCREATE INDEX `i` ON `t` (`a`);', m0001: 'ALTER TABLE `t` ADD `b` text;' },
  };
  assert.deepEqual(paths(drizzle), ['0000_low.sql', '0001_high.sql']);
  const db = libraries[0].open();
  assert.deepEqual(migrate(db, drizzle).to, ['0001']);
  assert.deepEqual(libraries[0].rows(db, "SELECT name FROM sqlite_schema WHERE tbl_name = 't' ORDER BY name"), [['i'], ['t']]);
});

test('names and texts come as they are', () => {
  const { open, rows } = libraries[0];
  const names = ['0001_ä.sql', '0002_𝄞.sql', '0003_\ud834.sql', '0004_\udd1e.sql', '0005_.sql'];
  const texts = ["CREATE TABLE t(a); INSERT INTO t VALUES ('ä𝄞\n漢')", '', '-- \ud834', '-- \udd1e\n', '\n\n'];
  const migrations = names.map((name, at) => ({ name, sql: texts[at] }));
  assert.deepEqual(paths(migrations), names.map((name) => name.toWellFormed?.() ?? name.replace(/\ud834(?!\udd1e)|(?<!\ud834)\udd1e/g, '\ufffd')));
  const db = open();
  assert.deepEqual(migrate(db, migrations).to, ['0005']);
  assert.deepEqual(rows(db, 'SELECT hex(a) FROM t'), [[Buffer.from('ä𝄞\n漢').toString('hex').toUpperCase()]]);
});

test('what is none of these', () => {
  for (const [migrations, message] of [
    [null, /null/],
    [Promise.resolve({ '1.sql': '' }), /the migrations is a promise/],
    [new Map([['1.sql', '']]), /the migrations is object/],
    [{ '1.sql': Promise.resolve('') }, /1\.sql is a promise/],
    [{ journal: { entries: [{ idx: 0, tag: '0000_x' }] } }, /drizzle/],
    [{ journal: {}, migrations: {} }, /drizzle/],
    ['CREATE TABLE t(a)', /string/],
    [{ '1.sql': () => Promise.resolve('') }, /1\.sql is function/],
    [{ '1.sql': undefined }, /1\.sql is undefined/],
    [{ limbeck: 2, migrations: [] }, /version 2/],
    [{ journal: { entries: [{ idx: 3, tag: '0003_x' }] }, migrations: {} }, /0003_x\.sql is undefined/],
    [[{ sql: '' }], /name/],
    [[null], /undefined/],
    [[{ name: '1.sql', sql: 3 }], /1\.sql is number/],
    [[{ name: '1.sql' }], /1\.sql is object/],
  ]) {
    assert.throws(() => history(migrations), fails('script.unreadable', message), message.source);
  }
  assert.throws(() => new Migrator({}, { rebuild: 'often' }), fails('settings.invalid', /often/));
});

test('what is no string is refused before it is taken for one', () => {
  const { open } = libraries[0];
  const files = { '0001_a.sql': 'CREATE TABLE a(x)' };
  const migrator = new Migrator(files);
  for (const odd of [5, {}, true, ['base']]) {
    const refused = (call, code, what) => assert.throws(call, fails(code, what), `${what} ${odd}`);
    for (const option of ['appVersion', 'versionTable', 'rebuild', 'transaction', 'newerDatabase', 'quickCheck', 'target']) {
      refused(() => migrate(open(), files, { [option]: odd }), 'settings.invalid', new RegExp(`^${option} is `));
    }
    refused(() => downgrade(open(), files, odd), 'settings.invalid', /^target is /);
    refused(() => migrator.stamp(open(), [odd]), 'settings.invalid', /^one of targets is /);
    refused(() => migrator.plan(open(), { direction: odd }), 'settings.invalid', /^direction is /);
    refused(() => migrator.plan(open(), { target: odd }), 'settings.invalid', /^target is /);
    refused(() => migrator.sql(open(), odd), 'settings.invalid', /^range is /);
    refused(() => migrator.check(open(), odd), 'settings.invalid', /^schema is /);
    refused(() => migrator.diff(open(), open(), { renames: [odd] }), 'settings.invalid', /^one of renames is /);
    refused(() => migrator.diff(open(), open(), { include: 'a' }), 'settings.invalid', /^include is string/);
    refused(() => migrator.history(odd), 'settings.invalid', /^range is /);
    refused(() => migrator.show(odd), 'settings.invalid', /^target is /);
    refused(() => migrator.merge([odd]), 'settings.invalid', /^one of targets is /);
    const coded = (header) => () => history({ ...files, '0002_b': { up() {}, ...header } });
    for (const field of ['revision', 'message']) refused(coded({ [field]: odd }), 'script.bad_directive', new RegExp(`^${field} of 0002_b is `));
    for (const field of ['revises', 'branchLabels', 'dependsOn']) {
      refused(coded({ [field]: '0001' }), 'script.bad_directive', new RegExp(`^${field} of 0002_b is string`));
      refused(coded({ [field]: [odd] }), 'script.bad_directive', new RegExp(`^one of ${field} of 0002_b is `));
    }
    for (const work of [(step) => step.execute(odd), (step) => step.query(odd), (step) => step.warn(odd), (step) => { try { step.execute(odd); } catch {} }]) {
      refused(() => migrate(open(), { ...files, '0002_b': { up: work } }), 'script.code_failed', / is (number|object|boolean|a list)$/);
    }
  }
  assert.throws(() => downgrade(open(), files, -1), { hint: "give a string: '-1'" });
  // All of that has left the module as it was.
  assert.deepEqual(migrate(open(), files).to, ['0001']);
});

for (const { name, open, options, rows, run } of libraries) {
  test(`${name}: a revision in code`, () => {
    const seen = [];
    const migrations = {
      '0001_t.sql': "CREATE TABLE t(id INTEGER PRIMARY KEY, a, big); INSERT INTO t VALUES (1, 'x', 9007199254740993), (2, NULL, 1.5)",
      '0002_code': {
        message: 'by hand',
        up(step) {
          seen.push([step.revision, step.direction]);
          step.execute("ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT '' AFTER id");
          for (const [id, a, big] of step.query('SELECT id, a, big FROM t WHERE id >= ?1 ORDER BY id', 1)) {
            seen.push([id, a, big]);
            step.query('UPDATE t SET b = ?1, big = ?2 WHERE id = ?3', a ?? 'none\0', big, id);
          }
          step.query('INSERT INTO t(id, a) VALUES (?1, ?2)', 3n, new Uint8Array([0, 255]));
          step.warn('seen');
        },
        down: (step) => step.execute('DELETE FROM t WHERE id = 3; ALTER TABLE t DROP COLUMN b'),
      },
    };
    const db = open();
    const report = migrate(db, migrations, options);
    assert.deepEqual(seen, [['0002', 'up'], [1, 'x', 9007199254740993n], [2, null, 1.5]]);
    assert.deepEqual(report.warnings, ['seen']);
    assert.deepEqual(rows(db, 'SELECT quote(big), quote(a), typeof(id) FROM t'), [
      ['9007199254740993', "'x'", 'integer'],
      ['1.5', 'NULL', 'integer'],
      ['NULL', "X'00FF'", 'integer'],
    ]);
    assert.deepEqual(rows(db, "SELECT hex(b) FROM t WHERE id = 2"), [['6E6F6E6500']]);
    assert.equal(history(migrations)[0].message, 'by hand');
    assert.deepEqual(downgrade(db, migrations, '0001', options).to, ['0001']);
    assert.deepEqual(rows(db, 'SELECT count(*), max(id) FROM t').map((row) => row.map(Number)), [[2, 2]]);
    assert.deepEqual(plan(open(), migrations, options).steps[1].statements.length > 0, true);
  });

  test(`${name}: a revision in code that fails`, () => {
    const oops = new RangeError('oops');
    for (const [up, code, message, cause] of [
      [() => { throw oops; }, 'script.code_failed', /^oops$/, oops],
      [(step) => step.execute('SELECT * FROM nowhere'), 'sql.failed', /nowhere/],
      [(step) => { try { step.execute('CREATE TABLE x(a); CREATE TABLE x(a)'); } catch {} }, 'sql.failed', /x/],
      [(step) => step.execute('COMMIT'), 'script.forbidden_statement', /COMMIT/i],
      [(step) => step.query('COMMIT'), 'script.code_failed', /ended the transaction/],
      [(step) => step.query('SELECT ?1', {}), 'script.code_failed', /bound/],
      [async () => {}, 'script.code_failed', /promise/],
    ]) {
      const db = open();
      run(db, 'CREATE TABLE kept(a)');
      const migrations = { '1.sql': 'CREATE TABLE t(a)', '2_code': { up } };
      let thrown;
      try {
        migrate(db, migrations, options);
      } catch (error) {
        thrown = error;
      }
      assert.ok(thrown instanceof LimbeckError, String(thrown));
      assert.deepEqual([thrown.code, thrown.revision, thrown.file], [code, '2', '2_code'], thrown.message);
      assert.match(thrown.message, message);
      if (cause) assert.equal(thrown.cause, cause);
      if (!/ended/.test(thrown.message)) assert.deepEqual(rows(db, 'SELECT name FROM sqlite_schema'), [['kept']]);
    }
    const bare = { '1_code': { up() {} } };
    const db = open();
    migrate(db, bare, options);
    assert.throws(() => downgrade(db, bare, 'base', options), fails('script.no_downgrade', /1/));
  });

  test(`${name}: a step is over when its function is`, async () => {
    let kept;
    migrate(open(), { '1_code': { up: (step) => { kept = step; } } }, options);
    assert.throws(() => kept.execute('SELECT 1'), fails('script.code_failed', /is over/));
    // What nobody can hear any more does not end the process.
    const unheard = [];
    const listener = (error) => unheard.push(error);
    process.on('unhandledRejection', listener);
    const db = open();
    const up = async (step) => {
      step.execute('CREATE TABLE t(a)');
      await null;
      step.execute('CREATE TABLE u(a)');
    };
    assert.throws(() => migrate(db, { '1_code': { up } }, options), fails('script.code_failed', /promise/));
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', listener);
    assert.deepEqual([unheard, rows(db, 'SELECT name FROM sqlite_schema')], [[], []]);
  });

  test(`${name}: who listens to events ends the transaction`, () => {
    for (const sql of ['COMMIT', 'ROLLBACK']) {
      const db = open();
      const onProgress = ({ event }) => { if (event === 'step_started') run(db, sql); };
      const ended = fails('script.code_failed', /listens .* ended the transaction/);
      assert.throws(() => migrate(db, { '1.sql': 'CREATE TABLE t(a)' }, { ...options, onProgress }), ended);
      assert.deepEqual(rows(db, "SELECT name FROM sqlite_schema WHERE name = 't'"), []);
    }
  });
}

test('sql.js up to 1.15: its export() within a run rolls back, and nothing is written outside of the transaction', async () => {
  const { default: initSqlJs } = await import('sql.js-1.15');
  const SQL = await initSqlJs();
  const files = { '1.sql': 'CREATE TABLE t(a)' };
  let given;
  for (const [more, onProgress, message] of [
    [{}, (db, { event }) => { if (event === 'step_started') db.export(); }, /listens .* ended the transaction/],
    [{ '2_code': { up: (step) => { given.export(); step.execute('CREATE TABLE u(a)'); } } }, undefined, /the code of revision 2 ended/],
  ]) {
    const db = new SQL.Database();
    given = db;
    const options = onProgress && { onProgress: (event) => onProgress(db, event) };
    assert.throws(() => migrate(db, { ...files, ...more }, options), fails('script.code_failed', message));
    assert.deepEqual(db.exec('SELECT name FROM sqlite_schema'), []);
  }
});
