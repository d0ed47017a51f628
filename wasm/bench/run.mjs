// How long limbeck takes on sql.js, and what it adds to the SQL itself. `node bench/run.mjs [MB…]` (1 20 100).
//
// The migration adds a column, writes every row, builds an index, and rebuilds the table; "alone" is the same SQL, as
// `plan` tells it, run by sql.js in one transaction. Each figure is the best of several runs, in milliseconds.
import { readFileSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { migrate, Migrator, plan } from 'limbeck';
import initSqlJs from 'sql.js';

const SQL = await initSqlJs();
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

function best(runs, prepare, work) {
  let least = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const db = prepare();
    least = Math.min(least, timed(() => work(db))[0]);
    db.close();
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

const table = [];
for (const megabytes of sizes.length > 0 ? sizes : [1, 20, 100]) {
  const runs = megabytes > 50 ? 3 : 7;
  const bytes = made(megabytes);
  const open = () => new SQL.Database(bytes);
  const db = open();
  const statements = plan(db, migrations).steps.flatMap((step) => step.statements);
  db.close();
  const alone = best(runs, open, (db) => {
    db.run('PRAGMA foreign_keys = OFF');
    db.run('BEGIN IMMEDIATE');
    for (const sql of statements) db.run(sql);
    db.run('COMMIT');
  });
  const limbeck = best(runs, open, (db) => migrate(db, migrations));
  const done = open();
  const report = migrate(done, migrations);
  const nothing = Math.min(...Array.from({ length: 20 }, () => timed(() => migrate(done, migrations))[0]));
  const load = best(runs, () => ({ close() {} }), () => new SQL.Database(bytes).run('SELECT count(*) FROM sqlite_schema'));
  const save = best(runs, open, (db) => db.export());
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

const file = new URL('../dist/core/core_bg.wasm', import.meta.url);
const bytes = readFileSync(file);
const { initSync } = await import('../dist/core/core.js');
const [compiled, module] = timed(() => new WebAssembly.Module(bytes));
const imports = Object.fromEntries(WebAssembly.Module.imports(module).map(({ module, name, kind }) => [module, name, kind]).reduce((all, [module, name]) => all.set(module, { ...all.get(module), [name]: () => {} }), new Map()));
const [instantiated] = timed(() => new WebAssembly.Instance(module, imports));
initSync();
console.log(
  `module: ${statSync(file).size} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped, ${brotliCompressSync(bytes).length} by brotli; ` +
    `compiled in ${compiled.toFixed(1)} ms, instantiated in ${instantiated.toFixed(1)} ms`,
);
const thousand = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`${String(at).padStart(4, '0')}_t.sql`, `CREATE TABLE t${at}(a)`]));
console.log(`1,000 migrations: read in ${timed(() => new Migrator(thousand))[0].toFixed(1)} ms, applied in ${timed(() => migrate(new SQL.Database(), thousand))[0].toFixed(0)} ms`);
