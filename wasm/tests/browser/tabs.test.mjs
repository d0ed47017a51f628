// Several tabs, and tabs that go away at any moment.
import assert from 'node:assert/strict';
import { close, ended, isNew, isOldOrNew, makeOld, open, path, run, save, start, stored, tab as tabOf } from './setup.mjs';
import { launch } from './chromium.mjs';

const { it, inChromium, whereItIsKilled, inWebkit, notInWebkit, page: tab, server } = await start();

/** The next start finishes, whatever came before. */
async function finishes(page, name, old) {
  isOldOrNew(await stored(page, name), old);
  assert.deepEqual((await open(page, name)).to, ['0004']);
  isNew(await stored(page, name), old);
  await close(page, name);
}

it('two tabs at once: one migrates, the other waits and finds nothing to do', async () => {
  const [one, two] = [await tab(), await tab()];
  await makeOld(one, 'both', 50, 20_000);
  const old = await stored(one, 'both');
  // Neither can begin before both wait.
  const release = await one.evaluateHandle(() => new Promise((granted) => {
    navigator.locks.request('limbeck:indexeddb:limbeck/both', () => new Promise((release) => granted(release)));
  }));
  const both = [open(one, 'both'), open(two, 'both')];
  for (const page of [one, two]) await page.waitForFunction(() => t.told.both?.includes('waiting'));
  await release.evaluate((release) => release());
  const found = await Promise.all(both);
  assert.deepEqual(found.map(({ steps }) => steps.length).sort(), [0, 3]);
  assert.deepEqual(found.find(({ steps }) => steps.length === 0).events, ['waiting', 'loading']);
  isNew(await stored(one, 'both'), old);
  await Promise.all([one.close(), two.close()]);
});

it('a database that is busy: locked at once if asked, cancelled while it waits', async () => {
  const [one, two] = [await tab(), await tab()];
  await open(one, 'busy', { exclusive: true });
  assert.equal((await ended(two, 'busy', { wait: false })).code, 'database.locked');
  const aborted = await two.evaluate(() => t.ended(t.open('busy', { signal: AbortSignal.timeout(100) })));
  assert.deepEqual([aborted.code, aborted.cause?.split(':')[0]], ['run.cancelled', 'TimeoutError']);
  const waits = open(two, 'busy');
  await run(one, 'busy', "INSERT INTO notes VALUES (1, 'one', 'free', x'')");
  await save(one, 'busy');
  await close(one, 'busy');
  assert.deepEqual(await waits, { events: ['waiting', 'loading'], steps: [], to: ['0004'] });
  assert.equal((await stored(two, 'busy')).rows, 1);
  await Promise.all([one.close(), two.close()]);
});

it('who is done with a database finds it free', async () => {
  const page = await tab();
  for (let each = 0; each < 5; each++) {
    assert.equal((await ended(page, 'free', { cancelAt: 2 })).code, 'run.cancelled');
    assert.equal((await ended(page, 'free', { wait: false, exclusive: true, cancelAt: 2 })).code, 'run.cancelled');
  }
  for (let each = 0; each < 5; each++) {
    assert.equal((await ended(page, 'free', { wait: false, exclusive: true })).code, undefined);
    await close(page, 'free');
  }
  await page.close();
});

it('an exclusive tab that is closed gives the database back', async () => {
  const [one, two] = [await tab(), await tab()];
  await open(one, 'left', { exclusive: true });
  const waits = open(two, 'left');
  await one.close();
  assert.deepEqual((await waits).steps, []);
  await two.close();
});

it('a stale tab is told, and cannot overwrite what another has saved', async () => {
  const [one, two] = [await tab(), await tab()];
  await makeOld(one, 'stale');
  const old = await stored(one, 'stale');
  await open(one, 'stale', { number: 1 });
  await open(two, 'stale');
  const newer = await stored(two, 'stale');
  isNew(newer, old);
  await one.waitForFunction(() => t.handles.stale.stale() === 1);
  await run(one, 'stale', 'DELETE FROM notes');
  const refused = await save(one, 'stale');
  assert.equal(refused.code, 'store.stale');
  assert.deepEqual(await stored(two, 'stale'), newer);
  // The tab that is up to date saves on, and hears nothing of itself.
  await run(two, 'stale', "DELETE FROM tags WHERE note = 1; DELETE FROM notes WHERE id = 1");
  assert.equal((await save(two, 'stale')).code, undefined);
  assert.equal((await save(two, 'stale')).code, undefined);
  assert.equal(await two.evaluate(() => t.handles.stale.stale()), 0);
  assert.equal((await stored(two, 'stale')).rows, 49);
  // Restored by one, it is stale in the other.
  await one.evaluate(() => t.restore('stale'));
  await two.waitForFunction(() => t.handles.stale.stale() === 1);
  assert.equal((await save(two, 'stale')).code, 'store.stale');
  await Promise.all([one.close(), two.close()]);
});

notInWebkit('a tab closed at every event', async () => {
  const watch = await tab();
  await makeOld(watch, 'measured');
  const { events } = await open(watch, 'measured');
  assert.ok(events.length >= 8 && events.at(-1) === 'saving', events.join());
  for (let holdAt = 1; holdAt <= events.length; holdAt++) {
    const name = `closed at ${holdAt}`;
    await makeOld(watch, name);
    const old = await stored(watch, name);
    const page = await tab();
    const key = `tab-${holdAt}`;
    void open(page, name, { holdAt, key }).catch(() => {});
    await server.reached(key);
    await page.close();
    assert.equal((await stored(watch, name)).version, '0001', 'nothing is stored before the end');
    await finishes(watch, name, old);
  }
  await watch.close();
});

it('a tab closed while IndexedDB writes', async () => {
  const watch = await tab();
  const random = mulberry32(20260521);
  const found = new Set();
  for (let nth = 0; nth < 6; nth++) {
    const name = `writing ${nth}`;
    await makeOld(watch, name, 50, 20_000);
    const old = await stored(watch, name);
    const page = await tab();
    const key = `put-${nth}`;
    const put = page.evaluate(([name, key]) => {
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (...values) {
        void fetch(`/held?${key}`).catch(() => {});
        return put.apply(this, values);
      };
      return t.open(name);
    }, [name, key]);
    put.catch(() => {});
    await server.reached(key);
    await new Promise((resolve) => setTimeout(resolve, random() * 40));
    await page.close();
    found.add((await stored(watch, name)).version);
    await finishes(watch, name, old);
  }
  console.log(`found: ${[...found]}`);
  await watch.close();
});

inWebkit('the browser killed at every event', async () => {
  let running = await launch(path);
  let page = await tabOf(running.context, server);
  try {
    await makeOld(page, 'measured');
    const { events } = await open(page, 'measured');
    for (let holdAt = 1; holdAt <= events.length; holdAt++) {
      const name = `killed at ${holdAt}`;
      await makeOld(page, name);
      const old = await stored(page, name);
      const key = `event-${holdAt}`;
      void open(page, name, { holdAt, key }).catch(() => {});
      await server.reached(key);
      await running.kill();
      running = await launch(path, { folder: running.folder });
      page = await tabOf(running.context, server);
      assert.equal((await stored(page, name)).version, '0001', 'nothing is stored before the end');
      await finishes(page, name, old);
    }
  } finally {
    await running.close();
  }
});

whereItIsKilled('the browser killed while it saves', async () => {
  const random = mulberry32(7);
  for (let nth = 0; nth < 2; nth++) {
    const first = await launch(path);
    const page = await tabOf(first.context, server);
    await makeOld(page, 'killed', 50, 20_000);
    const old = await stored(page, 'killed');
    const key = `kill-${nth}`;
    page.evaluate((key) => {
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (...values) {
        void fetch(`/held?${key}`).catch(() => {});
        return put.apply(this, values);
      };
      return t.open('killed');
    }, key).catch(() => {});
    await server.reached(key);
    await new Promise((resolve) => setTimeout(resolve, random() * 60));
    await first.kill();
    const second = await launch(path, { folder: first.folder });
    try {
      await finishes(await tabOf(second.context, server), 'killed', old);
    } finally {
      await second.close();
    }
  }
});

inChromium('the browser killed while a worker migrates in OPFS', async () => {
  const inWorker = (page, options) => page.evaluate((options) => t.openInWorker('killed', { kind: 'opfs', ...options }), options);
  const first = await launch(path);
  const page = await tabOf(first.context, server);
  await inWorker(page, { number: 1, rows: 50 });
  const old = (await inWorker(page, { number: 1 })).state;
  inWorker(page, { holdAt: 5, key: 'opfs' }).catch(() => {});
  await server.reached('opfs');
  await first.kill();
  const second = await launch(path, { folder: first.folder });
  try {
    const page = await tabOf(second.context, server);
    assert.deepEqual((await inWorker(page, { number: 1 })).state, old);
    isNew((await inWorker(page, {})).state, old);
  } finally {
    await second.close();
  }
});

/** Random, and the same again: <https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32>. */
function mulberry32(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
