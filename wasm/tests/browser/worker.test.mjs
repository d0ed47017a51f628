// A worker opens it while the page lives; and OPFS, which only workers have.
import assert from 'node:assert/strict';
import { isNew, isOldOrNew, makeOld, open, start, stored } from './setup.mjs';

const { it, withOpfs, page: tab, server } = await start();

const inWorker = (page, name, options) => page.evaluate(([name, options]) => t.openInWorker(name, options), [name, options]);
const ended = (page, name, options) => page.evaluate(([name, options]) => t.ended(t.openInWorker(name, options)), [name, options]);
const terminate = (page, name) => page.evaluate((name) => t.workers[name].terminate(), name);

it('the page lives and hears of progress, and finds nothing to do afterwards', async () => {
  const page = await tab();
  await makeOld(page, 'inside', 100, 50_000);
  const old = await stored(page, 'inside');
  const { steps, events, told, ticks } = await inWorker(page, 'inside');
  assert.deepEqual(steps, ['0002', '0003', '0004']);
  assert.deepEqual(told, events);
  assert.ok(ticks > 0);
  isNew(await stored(page, 'inside'), old);
  assert.deepEqual((await open(page, 'inside')).steps, []);
  await page.close();
});

it('what fails in the worker fails on the page', async () => {
  const page = await tab();
  await open(page, 'newer');
  const { code, message, hint } = await ended(page, 'newer', { number: 2 });
  assert.equal(code, 'history.database_newer');
  assert.ok(message && hint);
  assert.equal((await ended(page, 'none', { script: './missing.mjs' })).code, 'worker.ended');
  await page.close();
});

for (const kind of ['indexeddb', 'opfs']) {
  (kind === 'opfs' ? withOpfs : it)(`${kind}: a worker terminated, or cancelled, at every other event`, async () => {
    const page = await tab();
    const options = { kind };
    const old = await before(page, `${kind}, measured`, kind);
    const { events } = await inWorker(page, `${kind}, measured`, options);
    assert.ok(events.length >= 7, events.join());
    for (let holdAt = 1; holdAt <= events.length; holdAt += 2) {
      const name = `${kind}, ended at ${holdAt}`;
      const old = await before(page, name, kind);
      const key = `${kind}-${holdAt}`;
      const running = ended(page, name, { ...options, holdAt, key });
      await server.reached(key);
      const cancel = holdAt % 4 === 1;
      await (!cancel ? terminate(page, name) : page.evaluate((name) => t.abort(name), name));
      assert.equal((await running).code, cancel ? 'run.cancelled' : 'worker.ended');
      if (kind === 'indexeddb') isOldOrNew(await stored(page, name), old);
      const again = await inWorker(page, name, options);
      assert.deepEqual([again.steps, again.to], [['0002', '0003', '0004'], ['0004']]);
      isNew(again.state ?? (await stored(page, name)), old);
    }
    assert.ok(old.rows > 0);
    await page.close();
  });
}

/** A database of release 1. */
async function before(page, name, kind) {
  if (kind === 'opfs') {
    await inWorker(page, name, { kind, number: 1, rows: 50 });
    return (await inWorker(page, name, { kind, number: 1 })).state;
  }
  await makeOld(page, name);
  return stored(page, name);
}

withOpfs('OPFS: cancelled at every event, and nothing has happened', async () => {
  const page = await tab();
  const kind = 'opfs';
  const old = await before(page, 'cancelled', kind);
  await before(page, 'length', kind);
  const { events } = await inWorker(page, 'length', { kind });
  for (let cancelAt = 1; cancelAt <= events.length; cancelAt++) {
    assert.equal((await ended(page, 'cancelled', { kind, cancelAt })).code, 'run.cancelled');
    assert.deepEqual((await inWorker(page, 'cancelled', { kind, number: 1 })).state, old);
  }
  await page.close();
});

withOpfs('OPFS: one worker has it until it closes it, another waits', async () => {
  const [one, two] = [await tab(), await tab()];
  await inWorker(one, 'held', { kind: 'opfs', hold: true });
  assert.equal((await ended(two, 'held', { kind: 'opfs', wait: false })).code, 'database.locked');
  const waits = inWorker(two, 'held', { kind: 'opfs' });
  await two.waitForFunction(() => t.told.held.includes('waiting'));
  await one.close();
  const { events, steps } = await waits;
  assert.deepEqual([events, steps], [['waiting', 'loading'], []]);
  await two.close();
});

withOpfs('OPFS: begins with the bytes that IndexedDB has', async () => {
  const page = await tab();
  await makeOld(page, 'moves');
  const old = await stored(page, 'moves');
  const { steps, state } = await inWorker(page, 'moves', { kind: 'opfs', begin: 'moves' });
  assert.deepEqual(steps, ['0002', '0003', '0004']);
  isNew(state, old);
  await page.close();
});

withOpfs('OPFS: what it was before a migration is put back, if it was to be kept', async () => {
  const page = await tab();
  const kind = 'opfs';
  const old = await before(page, 'restored', kind);
  const restore = { kind, restore: true };
  assert.equal((await ended(page, 'restored', restore)).code, 'store.nothing_kept');
  const upgraded = await inWorker(page, 'restored', { kind, keep: true });
  isNew(upgraded.state, old);
  // A start with nothing to do keeps what is kept.
  assert.deepEqual((await inWorker(page, 'restored', { kind, keep: true })).steps, []);
  await inWorker(page, 'restored', restore);
  assert.deepEqual((await inWorker(page, 'restored', { kind, number: 1 })).state, old);
  await inWorker(page, 'restored', restore);
  assert.deepEqual((await inWorker(page, 'restored', { kind })).steps, ['0002', '0003', '0004']);
  // Without it nothing is kept.
  await before(page, 'not kept', kind);
  await inWorker(page, 'not kept', { kind });
  assert.equal((await ended(page, 'not kept', restore)).code, 'store.nothing_kept');
  await page.close();
});

withOpfs('OPFS: a run that fails, or is ended, leaves what was kept before', async () => {
  const page = await tab();
  const all = {
    '0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body BLOB)',
    '0002_plan.sql': 'ALTER TABLE notes ADD COLUMN plan TEXT',
    '0003_tags.sql': 'CREATE TABLE tags(note, tag)',
  };
  const options = (number, more) => ({ kind: 'opfs', keep: true, migrations: Object.fromEntries(Object.entries(all).slice(0, number)), ...more });
  const open = (number, more) => inWorker(page, 'kept on', options(number, more));
  const first = (await open(1)).state;
  await open(2);
  const broken = { ...options(2).migrations, '0003_broken.sql': 'SELECT * FROM nowhere' };
  assert.equal((await ended(page, 'kept on', options(3, { migrations: broken }))).code, 'sql.failed');
  assert.equal((await ended(page, 'kept on', options(3, { cancelAt: 3 }))).code, 'run.cancelled');
  const running = ended(page, 'kept on', options(3, { holdAt: 3, key: 'kept-on' }));
  await server.reached('kept-on');
  await terminate(page, 'kept on');
  assert.equal((await running).code, 'worker.ended');
  await open(1, { restore: true });
  assert.deepEqual((await open(1)).state, first);
  // One that succeeds takes its place, whatever was left by one that was ended.
  await open(2);
  const second = (await open(2)).state;
  await open(3);
  await open(2, { restore: true });
  assert.deepEqual((await open(2)).state, second);
  await page.close();
});

withOpfs('OPFS: an older app that takes a newer database down keeps the newer one, if it is to', async () => {
  const page = await tab();
  const first = { '0001_notes.sql': 'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body BLOB)' };
  const both = { ...first, '0002_plan.sql': '-- migrate:up\nALTER TABLE notes ADD COLUMN plan TEXT;\n-- migrate:down\nALTER TABLE notes DROP COLUMN plan;' };
  const open = (migrations, options) => inWorker(page, 'down', { kind: 'opfs', migrations, ...options });
  const newer = (await open(both)).state;
  const { steps, to } = await open(first, { keep: true, newerDatabase: 'take_down' });
  assert.deepEqual([steps, to], [['0002'], ['0001']]);
  await open(first, { restore: true });
  assert.deepEqual((await open(both)).state, newer);
  await page.close();
});

it('OPFS on the main thread: refused, and said', async () => {
  const page = await tab();
  const refused = await page.evaluate(() => t.ended(t.openOpfs({ name: 'main', sqlite3: {}, migrations: {} })));
  assert.deepEqual([refused.code, /worker/.test(refused.hint)], ['database.cannot_open', true]);
  await page.close();
});
