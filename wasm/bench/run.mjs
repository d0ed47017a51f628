// How long limbeck takes on sql.js, and what it adds to the SQL itself. `node bench/run.mjs [MB…]` (1 20 100).
//
// The migration adds a column, writes every row, builds an index, and rebuilds the table; "alone" is the same SQL, as
// `plan` tells it, run by sql.js in one transaction with foreign keys off, as limbeck does. Each round opens a copy of
// the same bytes for each of them, and the next round begins with another of them, so that a busy moment and what one
// leaves to the garbage collector meet all. A figure is the median of the rounds, in milliseconds, with the least and
// the greatest; a ratio is the median of what the rounds' ratios are. What a process runs for the first time, its
// engine compiles first: that is "once a process", and the table is of later runs. With LIMBECK_OTHER, the dist/ of another
// build, that one takes its turn in the same rounds.
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
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

/** The times of each work, round by round. */
function rounds(count, prepare, ...works) {
  const times = works.map(() => []);
  for (let round = 0; round < count; round += 1) {
    works.forEach((_, turn) => {
      const at = (round + turn) % works.length;
      const db = prepare();
      times[at].push(timed(() => works[at](db))[0]);
      db.close();
    });
  }
  return times;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The median, and from where to where. */
const told = (times, digits = 1) =>
  `${median(times).toFixed(digits)} (${Math.min(...times).toFixed(digits)}–${Math.max(...times).toFixed(digits)})`;
const ratio = (times, alone) => median(times.map((time, round) => time / alone[round])).toFixed(2);
const often = (count, work) => told(Array.from({ length: count }, () => timed(work)[0]), 2);

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
const built = process.env.LIMBECK_OTHER && (await import(pathToFileURL(resolve(process.env.LIMBECK_OTHER, 'node.js')).href));
const other = built ? [(db) => built.migrate(db, migrations)] : [];
const unchecked = (db) => migrate(db, migrations, { quickCheck: 'never' });
const statements = plan(open(), migrations).steps.flatMap((step) => step.statements);
const [[bareOnce], [once]] = rounds(1, open, bare(statements), ours);
console.log(`once a process, 1 MB: alone ${bareOnce.toFixed(1)} ms, limbeck ${once.toFixed(1)} ms`);
rounds(60, open, bare(statements), ours, unchecked, ...other);

const table = [];
for (const megabytes of sizes.length > 0 ? sizes : [1, 20, 100]) {
  const count = megabytes > 50 ? 6 : megabytes > 5 ? 15 : 90;
  const bytes = made(megabytes);
  const open = () => new SQL.Database(bytes);
  const [alone, limbeck, without, before] = rounds(count, open, bare(statements), ours, unchecked, ...other);
  const done = open();
  const report = migrate(done, migrations);
  const nothing = often(200, () => migrate(done, migrations));
  const [load] = rounds(count, () => ({ close() {} }), () => new SQL.Database(bytes).run('SELECT count(*) FROM sqlite_schema'));
  const [save] = rounds(count, open, (db) => db.export());
  done.close();
  table.push({
    MB: megabytes,
    ways: report.steps.flatMap((step) => step.alterations.map(({ way }) => way)).join(),
    alone: told(alone),
    limbeck: told(limbeck),
    ratio: ratio(limbeck, alone),
    'no quick_check': ratio(without, alone),
    ...(before && { 'the other build': ratio(before, alone) }),
    'nothing to do': nothing,
    load: median(load).toFixed(1),
    'export()': median(save).toFixed(1),
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
const migrator = new Migrator(thousand);
often(200, () => migrate(thousandfold, thousand));
console.log(
  `1,000 migrations: applied in ${applied} ms; read in ${often(200, () => new Migrator(thousand))} ms; nothing to do: ` +
    `${often(200, () => migrate(thousandfold, thousand))} ms, with a Migrator at hand ${often(200, () => migrator.upgrade(thousandfold))} ms`,
);
