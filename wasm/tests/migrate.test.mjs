// The calls that an app makes, on each library.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import init, { check, current, downgrade, heads, history, LimbeckError, migrate, Migrator, plan, stamp } from 'limbeck';
import { libraries } from './libraries.mjs';

await init();

const migrations = {
  '0001_notes.sql': "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, n);\nINSERT INTO notes VALUES (1, 'a', 9007199254740993);",
  '0002_titles.sql': `-- migrate:up
ALTER TABLE notes ALTER title SET NOT NULL, ADD CHECK (length(title) > 0);
-- migrate:down
ALTER TABLE notes ALTER title DROP NOT NULL, DROP CHECK (length(title) > 0);`,
};
const fails = (code, more = () => true) => (error) => {
  assert.ok(error instanceof LimbeckError, error?.stack ?? String(error));
  assert.equal(error.code, code);
  assert.ok(more(error) ?? true);
  return true;
};

for (const library of libraries) {
  const { options, open, rows, run } = library;
  const it = (name, ...rest) => test(`${library.name}: ${name}`, ...rest);

  it('up, nothing to do, down', () => {
    const db = open();
    const report = migrate(db, migrations, { appVersion: '2.0', ...options });
    assert.deepEqual([report.from, report.to], [[], ['0002']]);
    assert.deepEqual(report.steps.map(({ revision, direction }) => [revision, direction]), [['0001', 'up'], ['0002', 'up']]);
    assert.equal(rows(db, 'SELECT n FROM notes')[0][0], 9007199254740993n);
    assert.equal(rows(db, 'SELECT app_version FROM limbeck_history')[0][0], '2.0');
    assert.deepEqual(migrate(db, migrations, options).steps, []);
    assert.deepEqual(current(db, migrations, options).map(({ revision, head }) => [revision, head]), [['0002', true]]);
    assert.deepEqual(downgrade(db, migrations, '-1', options).to, ['0001']);
    run(db, "INSERT INTO notes VALUES (2, NULL, 0)");
    const broken = fails('alter.rows_break_rule', ({ violations, hint, revision, file, line, message }) => {
      assert.deepEqual(violations, [{ table: 'notes', rule: 'title NOT NULL', count: 1, keys: ['2'] }]);
      assert.deepEqual([revision, file, line], ['0002', '0002_titles.sql', 2]);
      assert.ok(hint && message);
    });
    assert.throws(() => migrate(db, migrations, options), broken);
    assert.deepEqual(rows(db, 'SELECT version_num FROM limbeck_version'), [['0001']]);
  });

  it('a plan writes nothing', () => {
    const db = open();
    const planned = plan(db, migrations, options);
    assert.deepEqual(planned.to, ['0002']);
    assert.ok(planned.steps[0].statements[0].startsWith('CREATE TABLE notes'));
    assert.equal(planned.steps[1].alterations[0].table, 'notes');
    assert.deepEqual(rows(db, 'SELECT * FROM sqlite_schema'), []);
  });

  it('a look for a bug report', () => {
    const db = open();
    migrate(db, migrations, { ...options, target: '0001' });
    const found = new Migrator(migrations).doctor(db, options);
    assert.deepEqual([found.heads, found.pending, found.problems, found.failures], [['0001'], ['0002'], [], []]);
    const [{ table, work, rows }] = found.plan.steps[0].tables;
    assert.ok(table === 'notes' && rows === 1 && ['native', 'in_place', 'rebuild'].includes(work));
    // What cannot be planned is told.
    const broken = new Migrator({ ...migrations, '0003_x.sql': 'ALTER TABLE gone ADD x' }).doctor(db, options);
    assert.deepEqual([broken.plan, broken.failures.length], [null, 1]);
  });

  it('the other verbs', () => {
    const db = open();
    const migrator = new Migrator(migrations);
    assert.throws(() => migrator.checkHeads(db, options), fails('history.not_up_to_date'));
    assert.deepEqual(migrator.pending(db, options).map(({ revision }) => revision), ['0001', '0002']);
    assert.equal(migrator.ensureVersion(db, options), true);
    assert.equal(migrator.ensureVersion(db, options), false);
    assert.deepEqual(stamp(db, migrations, '0001', options).to, ['0001']);
    assert.deepEqual(migrator.history(':', db, options).map(({ revision, current }) => [revision, current]), [['0002', false], ['0001', true]]);
    assert.deepEqual(history(migrations, '0002:').map(({ path }) => path), ['0002_titles.sql']);
    assert.deepEqual(heads(migrations).map(({ revision }) => revision), ['0002']);
    assert.deepEqual(migrator.show('0001')[0].revises, []);
    assert.deepEqual(migrator.branches(), []);
    const two = new Migrator([...Object.entries(migrations).map(([name, sql]) => ({ name, sql })), { name: '3.sql', sql: '-- revises: 0001\n' }]);
    assert.deepEqual(two.merge(['heads']).sort(), ['0002', '3']);
    assert.match(migrator.sql(db, '0001:head', options), /^-- limbeck upgrade 0001:head\n[^]*\nCOMMIT;\n/);
    for (const verb of [() => migrator.sql(db, 'head', { ...options, direction: 'sideways' }), () => migrator.plan(db, { ...options, direction: 'sideways' })]) {
      assert.throws(verb, { code: 'settings.invalid', message: /^direction = "sideways": / });
    }
    assert.deepEqual(check(db, migrations, 'CREATE TABLE extra(a)', options).map(({ kind }) => kind).sort(), ['add_table', 'drop_table']);
    migrator.validate();
    assert.throws(() => new Migrator({ '1.sql': 'COMMIT' }).validate(), fails('script.forbidden_statement', (error) => error.line === 1));
  });

  it('progress, and a run that is cancelled', () => {
    const events = [];
    migrate(open(), migrations, { ...options, onProgress: (event) => void events.push(event) });
    assert.deepEqual(events.filter(({ event }) => event === 'step_started').map(({ step, of }) => [step, of]), [[1, 2], [2, 2]]);
    const db = open();
    const second = ({ event, step }) => event === 'step_started' && step === 2;
    const unchanged = () => assert.deepEqual(rows(db, 'SELECT name FROM sqlite_schema'), []);
    assert.throws(() => migrate(db, migrations, { ...options, onProgress: (event) => !second(event) }), fails('run.cancelled'));
    unchanged();
    const mine = new RangeError('mine');
    const throwing = (event) => {
      if (second(event)) throw mine;
    };
    assert.throws(() => migrate(db, migrations, { ...options, onProgress: throwing }), fails('run.cancelled', ({ cause }) => cause === mine));
    unchanged();
    const controller = new AbortController();
    const aborting = (event) => {
      if (second(event)) controller.abort();
    };
    const aborted = fails('run.cancelled', ({ cause }) => cause === controller.signal.reason);
    assert.throws(() => migrate(db, migrations, { ...options, onProgress: aborting, signal: controller.signal }), aborted);
    assert.throws(() => migrate(db, migrations, { ...options, signal: controller.signal }), aborted);
    unchanged();
    assert.deepEqual(migrate(db, migrations, options).to, ['0002']);
  });

  it('a long statement is cancelled', { skip: library.lacks.includes('progress') && 'this library has no progress handler' }, () => {
    const db = open();
    const endless = { '1.sql': 'CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n' };
    assert.throws(() => migrate(db, endless, { ...options, onProgress: ({ event }) => event !== 'working' }), fails('run.cancelled'));
    assert.deepEqual(rows(db, 'SELECT name FROM sqlite_schema'), []);
    assert.deepEqual(migrate(db, migrations, options).to, ['0002']);
  });

  it('a migrator that is running cannot be started', () => {
    const migrator = new Migrator(migrations);
    const db = open();
    let inside;
    const onProgress = () => {
      try {
        migrator.upgrade(db, 'head', options);
      } catch (error) {
        inside = error;
      }
    };
    migrator.upgrade(db, 'head', { ...options, onProgress });
    assert.equal(inside.code, 'database.transaction_open');
  });

  it("inside the app's own transaction, with foreign keys on", () => {
    const db = open();
    migrate(db, migrations, { target: '0001', ...options });
    run(db, "PRAGMA foreign_keys = ON; CREATE TABLE child(a REFERENCES notes ON DELETE CASCADE); INSERT INTO child VALUES (1); BEGIN");
    const rebuild = () => migrate(db, migrations, { rebuild: 'always', ...options });
    // A defensive connection lets nobody rename a table behind the back of its children: refused, and unchanged.
    if (library.lacks.includes('writable_schema')) assert.throws(rebuild, fails('database.transaction_open'));
    else rebuild();
    run(db, 'COMMIT');
    assert.equal(rows(db, 'SELECT * FROM limbeck_version')[0][0], library.lacks.includes('writable_schema') ? '0001' : '0002');
    assert.equal(Number(rows(db, 'SELECT count(*) FROM child')[0][0]), 1);
    assert.equal(Number(rows(db, 'PRAGMA foreign_keys')[0][0]), 1);
    assert.deepEqual(rows(db, 'PRAGMA foreign_key_check'), []);
  });

  it('a schema that is not UTF-8 is refused, not repaired', { skip: library.lacks.includes('writable_schema') && 'a defensive connection' }, () => {
    for (const [bytes, refused] of [['E9', true], ['EFBFBD', false], ['F09F98', true]]) {
      const db = open();
      run(db, `CREATE TABLE t(a, b); PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = CAST(CAST('CREATE TABLE t(a, b DEFAULT ''' AS BLOB) || x'${bytes}' || CAST(''')' AS BLOB) AS TEXT);
        PRAGMA writable_schema = RESET`);
      const before = rows(db, "SELECT hex(sql) FROM sqlite_schema WHERE name = 't'");
      assert.ok(before[0][0].includes(`27${bytes}27`));
      const alter = () => migrate(db, { '1.sql': 'ALTER TABLE t ALTER a SET DEFAULT 3' }, options);
      if (refused) {
        assert.throws(alter, fails('database.corrupt'));
        assert.deepEqual(rows(db, "SELECT hex(sql) FROM sqlite_schema WHERE name = 't'"), before);
      } else {
        alter();
        assert.ok(rows(db, "SELECT hex(sql) FROM sqlite_schema WHERE name = 't'")[0][0].includes(`27${bytes}27`));
      }
    }
  });

  it('text is text: U+0000, emoji, nested too deeply', () => {
    const db = open();
    migrate(db, { '1.sql': "CREATE TABLE t(a); INSERT INTO t VALUES ('a' || char(0) || '😀é')" }, options);
    assert.deepEqual(rows(db, 'SELECT a FROM t'), [['a\0😀é']]);
    const deep = { '1.sql': 'CREATE TABLE t(a)', '2.sql': `ALTER TABLE t ADD CHECK (${'('.repeat(50_000)}1${')'.repeat(50_000)})` };
    assert.throws(() => migrate(db, deep, options), (error) => error instanceof LimbeckError);
    assert.deepEqual(rows(db, 'SELECT a FROM t'), [['a\0😀é']]);
  });
}
