// The conformance suite, through JavaScript: the same cases as every other surface, on each library.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LimbeckError, Migrator } from 'limbeck';
import { libraries } from './libraries.mjs';
import { timeless, told } from './told.mjs';

const root = fileURLToPath(new URL('../../tests/conformance/cases', import.meta.url));
const folders = (path) => readdirSync(path).sort().map((name) => join(path, name));
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const literal = (text) => `'${text.replaceAll("'", "''")}'`;
const name = (text) => `"${text.replaceAll('"', '""')}"`;

/** A call as a case words it, and what it answers. */
function call(library, db, path, { options = {} }, { run, migrations: folder = 'migrations', newer_database: newerDatabase, compare }) {
  const files = folders(join(path, folder)).filter((file) => file.endsWith('.sql'));
  const list = files.map((file) => ({ name: file.slice(join(path, folder).length + 1), sql: read(file) }));
  const { app_version: appVersion, keep_user_version: keepUserVersion, ...rest } = options;
  const migrator = new Migrator(list, { appVersion, keepUserVersion, newerDatabase, ...rest });
  const given = library.options;
  const [verb, ...words] = run.split(' ');
  const flag = words.at(-1);
  const direction = verb;
  if (flag === '--sql') return migrator.sql(db, words[0], { direction, ...given });
  if (flag === '--plan') return migrator.plan(db, { direction, target: words[0], ...given });
  switch (verb) {
    case 'upgrade':
      return migrator.upgrade(db, words[0], given);
    case 'downgrade':
      return migrator.downgrade(db, words[0], given);
    case 'stamp': {
      const purge = words[0] === '--purge';
      return migrator.stamp(db, words.slice(purge ? 1 : 0), { purge, ...given });
    }
    case 'current':
      if (flag === '--check-heads') migrator.checkHeads(db, given);
      return migrator.current(db, given);
    case 'heads':
      return migrator.heads({ resolveDependencies: flag === '--resolve-dependencies' });
    case 'branches':
      return migrator.branches();
    case 'history':
      return migrator.history(words[0], db, given);
    case 'show':
      return migrator.show(words[0]);
    case 'merge':
      return migrator.merge(words);
    case 'check':
      return migrator.check(db, read(join(path, words[0])), given);
    case 'diff': {
      const wanted = library.open();
      library.run(wanted, read(join(path, words[0])));
      return migrator.diff(db, wanted, compare, given);
    }
    case 'verify':
      return migrator.verify(db, given);
    case 'ensure_version':
      return migrator.ensureVersion(db, given);
    default:
      throw new Error(`run: ${run}`);
  }
}

/** A printed script is no result: it is run, without its one line that only the shell knows. */
function ran(library, db, answer) {
  if (typeof answer !== 'string') return answer;
  try {
    library.run(db, answer.replace('.bail on\n', ''));
  } catch (error) {
    try {
      library.run(db, 'ROLLBACK');
    } catch {
      // SQLite has rolled back already.
    }
    throw new LimbeckError('sql.failed', error.message);
  }
  return undefined;
}

/** Every text of the schema but limbeck's and SQLite's own. */
function schema({ rows }, db) {
  const found = rows(
    db,
    `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
     AND tbl_name NOT LIKE 'limbeck\\_%' ESCAPE '\\' ORDER BY type, name`,
  );
  return found.map(([sql]) => `${sql};\n`).join('\n');
}

/** Every row of every table, limbeck's and SQLite's own too if `all`. */
function rowsOf({ rows }, db, all) {
  const tables = rows(
    db,
    `SELECT name, (SELECT wr FROM pragma_table_list(s.name) WHERE schema = 'main') FROM sqlite_schema AS s
     WHERE type = 'table' ORDER BY name`,
  );
  const lines = [];
  for (const [table, keyed] of tables) {
    if (/^(limbeck_|sqlite_)/.test(table) && !all) continue;
    const columns = rows(db, `SELECT name FROM pragma_table_xinfo(${literal(table)}) WHERE hidden <> 1`);
    const listed = columns.map(([column]) => `'|' || quote(${name(column)})`).join(' || ');
    // A table WITHOUT ROWID is in the order of its key.
    const order = Number(keyed) ? '' : ' ORDER BY rowid';
    for (const [line] of rows(db, `SELECT ${literal(table)} || ${listed} FROM ${name(table)} NOT INDEXED${order}`)) lines.push(`${line}\n`);
  }
  return lines.join('');
}

const everything = (library, db) => [library.rows(db, 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name'), rowsOf(library, db, true)];

/** A defensive connection edits no CREATE text: other ways are taken, and what depends on the way differs. */
const otherWays = (library) => library.lacks.includes('writable_schema');

/** A report without what differs from run to run, or from way to way. */
function bare(value, library) {
  const gone = ['timing', 'applied_at', ...(otherWays(library) ? ['way', 'why', 'rows', 'statements', 'warnings'] : [])];
  return JSON.parse(JSON.stringify(value ?? null, (key, each) => (gone.includes(key) ? undefined : each)));
}

/** SQLite's own ALTER has its own layout. */
const laidOut = (text, library) =>
  otherWays(library) ? text.replace(/--.*|\/\*[^]*?\*\//g, '').replace(/[\s"]/g, '') : text;

/** What a library is built without, in words; null if that is not it. */
const lacking = ({ message }) => /^no such module: \w+|^no such table: pragma_\w+/.exec(message)?.[0] ?? null;

/** Runs one case. `line` gets what came of it, for tests/surfaces. */
function runCase(library, path, line, skip) {
  const made = JSON.parse(read(join(path, 'case.json')));
  const db = library.open();
  library.run(db, 'PRAGMA foreign_keys = OFF');
  try {
    library.run(db, read(join(path, 'before.sql')) || 'SELECT 1');
  } catch (error) {
    return skip(/in single-quotes/.test(error.message) ? 'double_quotes' : 'module', error.message);
  }
  const [[switched]] = library.rows(db, 'PRAGMA foreign_keys');
  for (const step of made.steps) {
    const before = everything(library, db);
    let found;
    let error;
    try {
      found = call(library, db, path, made, step);
      line.steps.push({ ok: timeless(found) });
      found = ran(library, db, found);
    } catch (thrown) {
      if (!(thrown instanceof LimbeckError)) throw thrown;
      error = thrown;
      if (line.steps.length === made.steps.indexOf(step)) line.steps.push(told(error));
    }
    if (error && step.error === undefined && lacking(error)) return skip('module', lacking(error));
    if (error?.code === 'database.transaction_open' && step.error === undefined && otherWays(library)) {
      return skip('defensive', 'no parent is rebuilt inside a transaction');
    }
    const asWanted = error?.code === step.error && error?.message.includes(step.message ?? '');
    if (!asWanted && otherWays(library) && /lets nobody edit sqlite_schema.*rebuild = never/.test(error?.message)) {
      return skip('defensive', 'and rebuild = never');
    }
    if (step.error === undefined) {
      if (error) throw error;
      assert.deepEqual(bare(found, library), bare(step.expect, library), step.run);
    } else {
      assert.equal(error?.code, step.error, `${step.run}: ${error?.message}`);
      assert.ok(error.message.includes(step.message ?? ''), error.message);
      for (const place of ['file', 'line', 'violations', 'newer']) {
        if (place in step) assert.deepEqual(bare(error[place], library), step[place]);
      }
      if ('report' in step) assert.deepEqual(bare(error.report, library), bare(step.report, library));
      else assert.deepEqual(everything(library, db), before, `${step.error} has changed the database`);
    }
    assert.deepEqual(library.rows(db, 'PRAGMA foreign_keys'), [[switched]]);
  }
  assert.deepEqual(library.rows(db, 'PRAGMA integrity_check'), [['ok']]);
  Object.assign(line, { 'schema.sql': schema(library, db), 'rows.txt': rowsOf(library, db, false) });
  assert.equal(laidOut(line['schema.sql'], library), laidOut(read(join(path, 'schema.sql')), library));
  assert.equal(line['rows.txt'], read(join(path, 'rows.txt')));
  db.close();
}

const cases = folders(root).flatMap(folders);
assert.ok(cases.length > 100, `${cases.length} cases`);

const reasons = JSON.parse(read(fileURLToPath(new URL('../../tests/conformance/skips.json', import.meta.url))));
const records = fileURLToPath(new URL('../../target/conformance', import.meta.url));
const host = process.versions.node ? `node-${process.versions.node.split('.')[0]}` : 'chromium';

for (const library of libraries) {
  test(`${library.name}: the conformance suite`, async (t) => {
    const [[sqlite]] = library.rows(library.open(), 'SELECT sqlite_version()');
    const lines = [{ surface: `${library.name} ${host}`, sqlite, ...(otherWays(library) && { defensive: true }) }];
    for (const path of cases) {
      const name = path.slice(root.length + 1);
      const line = { case: name, steps: [] };
      lines.push(line);
      await t.test(name, (t) =>
        runCase(library, path, line, (reason, detail) => {
          assert.ok(reason in reasons, reason);
          Object.assign(line, { skipped: reason, detail });
          t.skip(`${reasons[reason]}: ${detail}`);
        }),
      );
    }
    mkdirSync(records, { recursive: true });
    const file = `${library.name.replace(':', '-')}-${host}-${sqlite}.jsonl`;
    writeFileSync(join(records, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
}
