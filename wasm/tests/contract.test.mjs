// What limbeck relies on, asked of each library; and what it says of others.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkContract, LimbeckError, migrate } from 'limbeck';
import { absent, libraries } from './libraries.mjs';

const code = (code) => (error) => error instanceof LimbeckError && error.code === code;

for (const library of libraries) {
  test(`${library.name} keeps the contract`, () => checkContract(library.open(), library.options));

  if (library.options.sqlite3) {
    test(`${library.name} keeps the contract without the module`, () => checkContract(library.open()));
  }

  test(`${library.name}: what SQLite refuses has its code`, () => {
    const db = library.open();
    library.run(db, 'PRAGMA query_only = ON');
    assert.throws(() => migrate(db, { '1.sql': 'CREATE TABLE t(a)' }, library.options), code('database.read_only'));
    library.run(db, 'PRAGMA query_only = OFF; PRAGMA max_page_count = 4');
    const full = { '1.sql': 'CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(100000))' };
    assert.throws(() => migrate(db, full, library.options), code('database.full'));
  });

  test(`${library.name}: a database that is closed`, () => {
    const db = library.open();
    db.close();
    assert.throws(
      () => migrate(db, { '1.sql': 'CREATE TABLE t(a)' }, library.options),
      (error) => error instanceof LimbeckError,
    );
  });

  test(`${library.name} under an app's own interface`, () => {
    const db = library.open();
    const coded = (work) => {
      try {
        return work();
      } catch (error) {
        throw Object.assign(new Error(error.message), { resultCode: 1 });
      }
    };
    const bigint = (value) => (Number.isInteger(value) ? BigInt(value) : value);
    const mine = {
      execute(sql) {
        coded(() => library.run(db, sql));
        return Number(library.rows(db, 'SELECT changes()')[0][0]);
      },
      query: (sql) => coded(() => library.rows(db, sql).map((row) => row.map(bigint))),
      inTransaction: () => false,
    };
    // It takes the REAL 1.0 for an integer, and says that no transaction is open: the check finds it, and
    // nothing runs without one.
    assert.throws(() => checkContract(mine), code('database.contract'));
    assert.throws(() => migrate(mine, { '1.sql': 'CREATE TABLE t(a)' }), code('database.io'));
    // Of one that has `ended` that is asked instead.
    library.run(db, 'ROLLBACK');
    const said = { ...mine, ended: () => false };
    assert.deepEqual(migrate(said, { '1.sql': 'CREATE TABLE t(a)' }).to, ['1']);
  });
}

for (const why of absent) test(why, { skip: why.replace(/^.*: /, '') }, () => {});

// Where the library opens files.
for (const { name, openFile, run, options } of libraries.filter(({ openFile }) => openFile)) {
  test(`${name}: a file that another connection has locked, and one that is none`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'limbeck-'));
    const [mine, other] = [0, 1].map(() => openFile(join(folder, 'app.db')));
    run(other, 'CREATE TABLE kept(a); BEGIN IMMEDIATE');
    run(mine, 'PRAGMA busy_timeout = 0');
    const migrations = { '1.sql': 'CREATE TABLE t(a)' };
    assert.throws(() => migrate(mine, migrations, options), code('database.locked'));
    run(other, 'COMMIT');
    assert.deepEqual(migrate(mine, migrations, options).to, ['1']);
    assert.deepEqual(migrate(other, migrations, options).steps, []);
    mine.close();
    other.close();
    writeFileSync(join(folder, 'none.db'), 'x'.repeat(4096));
    const none = openFile(join(folder, 'none.db'));
    assert.throws(() => migrate(none, migrations, options), code('database.not_a_database'));
    none.close();
    rmSync(folder, { recursive: true });
  });
}

// Where it opens bytes.
for (const { name, openBytes, options } of libraries.filter(({ openBytes }) => openBytes)) {
  test(`${name}: bytes that are no database`, () => {
    const none = openBytes(new Uint8Array(4096).fill(120));
    assert.throws(() => migrate(none, { '1.sql': 'CREATE TABLE t(a)' }, options), code('database.not_a_database'));
  });
}

test('what is no database', () => {
  for (const db of [null, undefined, {}, 'app.db', { execute: () => 0 }]) {
    assert.throws(() => migrate(db, {}), code('database.contract'));
  }
  const odd = { execute: () => 0, query: () => [[true]], inTransaction: () => false };
  assert.throws(() => checkContract(odd), code('database.contract'));
  odd.query = () => {
    throw new TypeError('a fault of its own');
  };
  assert.throws(() => checkContract(odd), (error) => code('database.contract')(error) && error.cause instanceof TypeError);
  odd.query = () => 'rows';
  assert.throws(() => checkContract(odd), code('database.contract'));
});
