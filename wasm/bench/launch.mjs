// What a launch with nothing to do takes on sql.js, beside the least that a page does on the same database: open its
// bytes, select the row of limbeck_version, close. `node bench/launch.mjs FOLDER [ROUNDS]`, where FOLDER/sql has the
// migrations: tests/bench/README.md. The two take turns; each figure is a median, in milliseconds.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Migrator } from 'limbeck';
import initSqlJs from 'sql.js';

const SQL = await initSqlJs();
const [folder, rounds = 300] = process.argv.slice(2);
const files = readdirSync(join(folder, 'sql')).sort();
const migrations = Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, 'sql', name), 'utf8')]));
const kept = new Migrator(migrations);
const made = new SQL.Database();
kept.upgrade(made);
const bytes = made.export();

const onceOpen = (work) => () => {
  const db = new SQL.Database(bytes);
  work(db);
  db.close();
};
const launch = (migrator, db) => {
  if (migrator.upgrade(db).steps.length > 0) throw new Error('the database was not current');
};
const works = {
  'open, select the row (floor)': onceOpen((db) => db.exec('SELECT version_num FROM limbeck_version')),
  'launch, the Migrator kept': onceOpen((db) => launch(kept, db)),
  'launch, the Migrator made anew': onceOpen((db) => launch(new Migrator(migrations), db)),
  'new Migrator alone': () => new Migrator(migrations),
};
const times = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
for (let round = -20; round < rounds; round += 1) {
  for (const [name, work] of Object.entries(works)) {
    const start = performance.now();
    work();
    // The first rounds are for the engine, which compiles what it meets often.
    if (round >= 0) times[name].push(performance.now() - start);
  }
}
const median = (name) => times[name].sort((one, other) => one - other)[Math.floor(times[name].length / 2)];
const floor = median('open, select the row (floor)');
console.log(`${files.length} migrations, ${(bytes.length / 1024).toFixed(0)} KB`);
for (const name in works) console.log(`${name}: ${median(name).toFixed(3)} ms, ${(median(name) / floor).toFixed(2)} of the floor`);
