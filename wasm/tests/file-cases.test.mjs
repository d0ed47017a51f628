// The cases of tests/conformance/files on the libraries that open files: databases in whichever state. Backups are
// not for JavaScript.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import init, { LimbeckError, Migrator } from 'limbeck';
import { libraries } from './libraries.mjs';
import { timeless, told } from './told.mjs';

await init();

const root = fileURLToPath(new URL('../../tests/conformance/files', import.meta.url));
const cases = readdirSync(root).filter((name) => name.endsWith('.json')).sort();
const migrations = readdirSync(join(root, 'migrations')).sort().map((name) => ({ name, sql: readFileSync(join(root, 'migrations', name), 'utf8') }));

/** Whether all that is wanted is there; of lists, as many. */
function within(want, found) {
  if (Array.isArray(want)) return want.length === found.length && want.every((each, at) => within(each, found[at]));
  if (want && typeof want === 'object') return Object.entries(want).every(([name, each]) => within(each, found[name]));
  return want === found;
}

function handle(words, at) {
  const [verb, name, ...rest] = words.split(' ');
  const path = join(at, name);
  switch (verb) {
    case 'cut':
      writeFileSync(path, '', { flag: 'a' });
      return truncateSync(path, Number(rest[0]));
    case 'write': {
      const bytes = readFileSync(path);
      bytes.set(Buffer.from(rest[1], 'hex'), Number(rest[0]));
      return writeFileSync(path, bytes);
    }
    case 'copy':
      return copyFileSync(path, join(at, rest[0]));
    case 'delete':
      return rmSync(path, { force: true });
    default:
      throw new Error(`files: ${words}`);
  }
}

function call(library, db, { run, release }) {
  const migrator = new Migrator(migrations.slice(0, release), {});
  const [verb, target] = run.split(' ');
  switch (verb) {
    case 'upgrade':
    case 'downgrade':
      return migrator[verb](db, target, library.options);
    case 'current':
    case 'doctor':
      return migrator[verb](db, library.options);
    default:
      throw new Error(`run: ${run}`);
  }
}

const reasons = JSON.parse(readFileSync(join(root, '../skips.json'), 'utf8'));
const records = fileURLToPath(new URL('../../target/conformance/files', import.meta.url));
const host = `node-${process.versions.node.split('.')[0]}`;

/** Runs one case. `line` gets what came of it, for tests/surfaces. */
function runCase(library, { steps }, line) {
  const at = line.place;
  const file = join(at, 'app.db');
  let db;
  const opened = () => (db ??= library.openFile(file));
  const close = () => {
    db?.close();
    db = undefined;
  };
  for (const step of steps) {
    if (step.files) {
      for (const words of step.files) words === 'close' ? close() : handle(words, at);
    } else if (step.sql) {
      const found = library.rows(opened(), step.sql).map(([value]) => String(value));
      line.steps.push({ ok: found });
      assert.deepEqual(found, step.expect ?? found, step.sql);
    } else if (step.error) {
      const before = readFileSync(file);
      assert.throws(
        () => call(library, opened(), step),
        (error) => {
          assert.ok(error instanceof LimbeckError, error.stack);
          line.steps.push(told(error));
          assert.equal(error.code, step.error, error.message);
          assert.ok(error.message.includes(step.message ?? ''), error.message);
          return true;
        },
      );
      assert.deepEqual(readFileSync(file), before);
    } else {
      const found = call(library, opened(), step);
      line.steps.push({ ok: timeless(found) });
      assert.ok(step.expect === undefined || within(step.expect, found), JSON.stringify(found));
    }
  }
  close();
}

for (const library of libraries) {
  if (!library.openFile) continue;
  test(`${library.name}: files`, async (t) => {
    const [[sqlite]] = library.rows(library.open(), 'SELECT sqlite_version()');
    // Where no CREATE text can be edited, other ways are taken.
    const defensive = library.lacks.includes('writable_schema') && { defensive: true };
    const lines = [{ surface: `${library.name} ${host}`, sqlite, ...defensive }];
    for (const name of cases) {
      const made = JSON.parse(readFileSync(join(root, name), 'utf8'));
      const line = { case: name.slice(0, -'.json'.length), place: mkdtempSync(join(tmpdir(), 'limbeck-files-')), steps: [] };
      lines.push(line);
      await t.test(name, (t) => {
        if (made.options?.backups || made.steps.some(({ run }) => run?.startsWith('restore'))) {
          line.skipped = 'no_backups';
          return t.skip(reasons.no_backups);
        }
        runCase(library, made, line);
      });
      rmSync(line.place, { recursive: true });
    }
    mkdirSync(records, { recursive: true });
    const file = `${library.name.replace(':', '-')}-${host}-${sqlite}.jsonl`;
    writeFileSync(join(records, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
}
