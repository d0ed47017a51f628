// What the tests do inside of a page, or a worker. Answers are plain, as they go to Node.
import { inWorker, keptIndexedDb, LimbeckError, openIndexedDb, openOpfs, restoreIndexedDb, restoreOpfs } from '/dist/index.js';
import { Files } from '/dist/browser/files.js';

/** Four releases of an app. */
export const migrations = {
  '0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body BLOB)',
  '0002_plan.sql': "ALTER TABLE notes ADD COLUMN plan TEXT NOT NULL DEFAULT 'free' AFTER title; UPDATE notes SET plan = 'paid' WHERE id % 3 = 0",
  '0003_titles.sql': 'ALTER TABLE notes ALTER title SET NOT NULL, ADD CHECK (length(title) > 0), ALTER body SET NOT NULL',
  '0004_index.sql': "CREATE INDEX notes_title ON notes(title); CREATE TABLE tags(note REFERENCES notes, tag TEXT); INSERT INTO tags SELECT id, shout(plan) FROM notes",
};
export const release = (number) => Object.fromEntries(Object.entries(migrations).slice(0, number));

const libraries = {};
export function sqljs(version = 'sql.js') {
  libraries[version] ??= import(`/modules/${version}.mjs`).then(({ default: load }) =>
    load({ locateFile: (file) => `/node_modules/${version}/dist/${file}`, useOldExtensionFunctions: false }),
  );
  return libraries[version];
}

const shout = (db) => {
  db.create_function('shout', (text) => text.toUpperCase());
  db.exec('PRAGMA foreign_keys = ON');
};

/** Says to the tests' server that it is here, and goes no further: to be killed. */
function hold(key) {
  try {
    const request = new XMLHttpRequest();
    request.open('GET', `/held?${key}`, false);
    request.send();
  } catch {
    // The tab is being closed: nothing more happens in it.
  }
  for (const begun = performance.now(); performance.now() - begun < 10_000; );
}

/** How a call ended, to be compared in Node. */
export async function ended(promise) {
  try {
    return { answer: await promise };
  } catch (error) {
    if (!(error instanceof LimbeckError)) throw error;
    const { code, message, hint } = error;
    return { code, message, hint, cause: error.cause === undefined ? null : String(error.cause) };
  }
}

export const handles = {};
export const told = {};

/** Listens to the events: holds at one, cancels at one, hands them on. */
function listener(name, { holdAt, key, cancelAt, tell }) {
  const events = (told[name] = []);
  const onProgress = (event) => {
    events.push(event.event);
    tell?.(event);
    if (holdAt === events.length) hold(key);
    return cancelAt !== events.length;
  };
  return { events, onProgress };
}

/** Opens a database as the app of a release does; it is left open under its name. */
export async function open(name, { number = 4, version, holdAt, key, cancelAt, tell, ...options } = {}) {
  const { events, onProgress } = listener(name, { holdAt, key, cancelAt, tell });
  let stale = 0;
  const SQL = await sqljs(version);
  const onStale = () => stale++;
  const opened = await openIndexedDb({ name, SQL, migrations: release(number), setup: shout, onProgress, onStale, ...options });
  handles[name] = Object.assign(opened, { stale: () => stale });
  return { events, ...done(opened.report) };
}

const done = ({ steps, to }) => ({ steps: steps.map(({ revision }) => revision), to });

/** Opens a database in OPFS, in a worker, puts rows into it if asked, and closes it unless it is to be held. */
export async function opfs(sqlite3, name, { number = 4, rows, holdAt, key, cancelAt, tell, hold, begin, restore, ...options } = {}) {
  if (restore) return restoreOpfs({ name, sqlite3 });
  const { events, onProgress } = listener(name, { holdAt, key, cancelAt, tell });
  const setup = (db) => db.createFunction('shout', (_context, text) => text.toUpperCase());
  const initial = begin && (async () => (await new Files('limbeck', begin).load())?.bytes);
  const opened = await openOpfs({ name, sqlite3, migrations: release(number), setup, initial, onProgress, ...options });
  if (rows) fill(opened.db, rows, 200);
  const state = await whole((sql) => opened.db.selectArrays(sql));
  if (!hold) await opened.close();
  return { events, ...done(opened.report), state };
}

/** Makes the database of release 1, with its rows. */
export async function makeOld(name, rows = 50, bytes = 200) {
  await open(name, { number: 1 });
  const { db, save, close } = handles[name];
  fill(db, rows, bytes);
  await save();
  await close();
}

function fill(db, rows, bytes) {
  db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO notes SELECT i, 'note ' || i, randomblob(${bytes}) FROM n`);
}

/** What is stored, as it is, and whether it is whole. */
export async function stored(name) {
  const found = await new Files('limbeck', name).load();
  if (!found) return null;
  const SQL = await sqljs();
  const db = new SQL.Database(found.bytes);
  try {
    const rows = (sql) => db.exec(sql)[0]?.values ?? [];
    return { ...(await whole(rows)), head: found.head, size: found.bytes.length };
  } finally {
    db.close();
  }
}

async function whole(rows) {
  const value = (sql) => rows(sql)[0]?.[0] ?? null;
  const notes = rows('SELECT id, title, hex(body) FROM notes ORDER BY id');
  return {
    integrity: value('PRAGMA integrity_check'),
    version: value('SELECT group_concat(version_num) FROM limbeck_version'),
    rows: notes.length,
    digest: await digest(notes.flat().join()),
    columns: rows('PRAGMA table_info(notes)').map(([, name]) => name).join(),
    tags: value("SELECT count(*) FROM sqlite_schema WHERE name = 'tags'") ? value('SELECT count(*) FROM tags') : null,
  };
}

async function digest(text) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash).slice(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const restore = (name) => restoreIndexedDb({ name });

/** How many bytes are kept from before a migration. */
export const kept = async (name) => (await keptIndexedDb({ name }))?.length ?? null;

/** Replaces a piece of the browser, as it is where that piece is missing or refuses. */
export function without(piece) {
  const refusal = (name) => new DOMException('refused', name);
  const of = (object, property, value) => Object.defineProperty(object, property, { value, configurable: true });
  const failing = { open: () => { const request = { error: refusal('InvalidStateError') }; setTimeout(() => request.onerror()); return request; } };
  ({
    indexedDB: () => of(globalThis, 'indexedDB', undefined),
    'indexedDB, which throws': () => of(globalThis, 'indexedDB', { open: () => { throw refusal('SecurityError'); } }),
    'indexedDB, which fails': () => of(globalThis, 'indexedDB', failing),
    locks: () => of(navigator, 'locks', undefined),
    'locks, which refuse': () => of(navigator, 'locks', { request: () => Promise.reject(refusal('SecurityError')) }),
    storage: () => of(navigator, 'storage', undefined),
    room: () => of(navigator.storage, 'estimate', async () => ({ usage: 9_000_000, quota: 10_000_000 })),
    'an estimate, which fails': () => of(navigator.storage, 'estimate', () => Promise.reject(refusal('TypeError'))),
  })[piece]();
}

export { openOpfs };
export const workers = {};
const signals = {};

/** Has a worker open a database, and counts the ticks of the page's own clock meanwhile. */
export async function openInWorker(name, options = {}) {
  const worker = (workers[name] = new Worker(options.script ?? './worker.mjs', { type: 'module' }));
  const { signal } = (signals[name] = new AbortController());
  let ticks = 0;
  const clock = setInterval(() => ticks++, 5);
  const heard = (told[name] = []);
  try {
    const answer = await inWorker(worker, { argument: { name, ...options }, onProgress: ({ event }) => heard.push(event), signal });
    return { ...answer, told: heard, ticks };
  } finally {
    clearInterval(clock);
  }
}

export const abort = (name) => signals[name].abort();
