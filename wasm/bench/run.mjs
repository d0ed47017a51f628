// How long limbeck takes on sql.js, and what it adds to the SQL itself. `node bench/run.mjs [MB…]` (1 20 100).
//
// The migration adds a column, writes every row, builds an index, and rebuilds the table; "alone" is the same SQL, as
// `plan` tells it, run by sql.js in one transaction. Each figure is the best of several runs, in milliseconds; the two
// take turns, so that a busy moment meets both. What a process runs for the first time, its engine compiles first:
// that is "once a process", and the table is of later runs.
import { readFileSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { migrate, Migrator, plan } from 'limbeck';
import initSqlJs from 'sql.js';

const SQL = await initSqlJs();
new Migrator({}); // loads the module, which is measured by itself
const sizes = process.argv.slice(2).map(Number);
const ROW = 1900;

const first = { '0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, n INTEGER, body BLOB)' };
const migrations = {
  ...first,
  '0002_more.sql': `ALTER TABLE notes ADD COLUMN state TEXT;
UPDATE notes SET state = CASE n % 3 WHEN 0 THEN 'new' WHEN 1 THEN 'read' ELSE 'gone' END;
CREATE INDEX notes_state ON notes(state);
ALTER TABLE notes ALTER COLUMN state SET NOT NULL, ALTER COLUMN state AFTER id;`,
};

function timed(work) {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
}

/** The best time of each work, in turns. */
function best(runs, prepare, ...works) {
  const least = works.map(() => Infinity);
  for (let run = 0; run < runs; run += 1) {
    works.forEach((work, at) => {
      const db = prepare();
      least[at] = Math.min(least[at], timed(() => work(db))[0]);
      db.close();
    });
  }
  return least;
}

/** A database of version 1 with random rows, as bytes. */
function made(megabytes) {
  const db = new SQL.Database();
  migrate(db, first);
  const count = Math.round((megabytes * 2 ** 20) / ROW);
  db.run(`WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT ${count})
    INSERT INTO notes(n, body) SELECT n, randomblob(${ROW}) FROM i`);
  const bytes = db.export();
  db.close();
  return bytes;
}

const small = made(1);
const open = () => new SQL.Database(small);
const bare = (statements) => (db) => {
  db.run('PRAGMA foreign_keys = OFF');
  db.run('BEGIN IMMEDIATE');
  for (const sql of statements) db.run(sql);
  db.run('COMMIT');
};
const ours = (db) => migrate(db, migrations);
const statements = plan(open(), migrations).steps.flatMap((step) => step.statements);
const [bareOnce] = best(1, open, bare(statements));
const [once] = best(1, open, ours);
console.log(`once a process, 1 MB: alone ${bareOnce.toFixed(1)} ms, limbeck ${once.toFixed(1)} ms`);
best(60, open, bare(statements), ours);

const table = [];
for (const megabytes of sizes.length > 0 ? sizes : [1, 20, 100]) {
  const runs = megabytes > 50 ? 3 : megabytes > 5 ? 7 : 40;
  const bytes = made(megabytes);
  const open = () => new SQL.Database(bytes);
  const db = open();
  const statements = plan(db, migrations).steps.flatMap((step) => step.statements);
  db.close();
  const [alone, limbeck] = best(runs, open, bare(statements), ours);
  const done = open();
  const report = migrate(done, migrations);
  const nothing = Math.min(...Array.from({ length: 20 }, () => timed(() => migrate(done, migrations))[0]));
  const [load] = best(runs, () => ({ close() {} }), () => new SQL.Database(bytes).run('SELECT count(*) FROM sqlite_schema'));
  const [save] = best(runs, open, (db) => db.export());
  done.close();
  table.push({
    MB: megabytes,
    ways: report.steps.flatMap((step) => step.alterations.map(({ way }) => way)).join(),
    alone: alone.toFixed(1),
    limbeck: limbeck.toFixed(1),
    ratio: (limbeck / alone).toFixed(2),
    'nothing to do': nothing.toFixed(2),
    load: load.toFixed(1),
    'export()': save.toFixed(1),
  });
}
console.table(table);

for (const name of ['launch', 'core']) {
  const file = new URL(`../dist/${name}/${name}_bg.wasm`, import.meta.url);
  const bytes = readFileSync(file);
  const [compiled, module] = timed(() => new WebAssembly.Module(bytes));
  const { initSync } = await import(`../dist/${name}/${name}.js`);
  const imports = {};
  for (const each of WebAssembly.Module.imports(module)) (imports[each.module] ??= {})[each.name] = () => {};
  const [instantiated] = timed(() => new WebAssembly.Instance(module, imports));
  initSync({ module });
  console.log(
    `${name}: ${statSync(file).size} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped, ${brotliCompressSync(bytes).length} by brotli; ` +
      `compiled in ${compiled.toFixed(1)} ms, instantiated in ${instantiated.toFixed(1)} ms`,
  );
}
const thousand = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`${String(at).padStart(4, '0')}_t.sql`, `CREATE TABLE t${at}(a)`]));
const thousandfold = new SQL.Database();
const applied = timed(() => migrate(thousandfold, thousand))[0].toFixed(0);
const least = (work) => Math.min(...Array.from({ length: 20 }, () => timed(work)[0])).toFixed(2);
const migrator = new Migrator(thousand);
console.log(
  `1,000 migrations: applied in ${applied} ms; read in ${least(() => new Migrator(thousand))} ms; nothing to do: ` +
    `${least(() => migrate(thousandfold, thousand))} ms, with a Migrator at hand ${least(() => migrator.upgrade(thousandfold))} ms`,
);
