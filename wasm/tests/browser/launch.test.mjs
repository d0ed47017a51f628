// What a page downloads of limbeck: the small module, and the whole one where something is to do; and what it does where it
// cannot have it.
import assert from 'node:assert/strict';
import { close, ended, isNew, isOldOrNew, makeOld, open, start, stored } from './setup.mjs';

const { it, withOpfs, page: tab, server } = await start();

/** A start of the app: a tab of its own. Answers what it did, and which modules it has asked for. */
async function launched(name, options, how = open) {
  const page = await tab();
  server.modules();
  const found = await how(page, name, options);
  const modules = server.modules();
  await page.close();
  return { ...found, modules };
}

it('the first start, an update, and the starts between', async () => {
  const first = await launched('app', { number: 1 });
  assert.deepEqual([first.steps, first.modules], [['0001'], ['launch', 'core']]);
  const second = await launched('app', { number: 1 });
  assert.deepEqual([second.steps, second.to, second.modules], [[], ['0001'], ['launch']]);
  const update = await launched('app');
  assert.deepEqual([update.steps, update.modules], [['0002', '0003', '0004'], ['launch', 'core']]);
  const after = await launched('app');
  assert.deepEqual([after.steps, after.to, after.modules], [[], ['0004'], ['launch']]);
  // With the number of the header.
  const { modules } = await launched('numbered', { number: 1, keepUserVersion: true });
  assert.deepEqual(modules, ['launch', 'core']);
  assert.deepEqual((await launched('numbered', { number: 1, keepUserVersion: true })).modules, ['launch']);
});

it('a tab asks once', async () => {
  const page = await tab();
  server.modules();
  await Promise.all(['a', 'b', 'c'].map((name) => open(page, name)));
  assert.deepEqual(server.modules(), ['launch', 'core']);
  await open(page, 'd');
  assert.deepEqual(server.modules(), []);
  await page.close();
});

for (const [kind, where] of [['indexeddb', it], ['opfs', withOpfs]]) {
  where(`${kind}, in a worker`, async () => {
    const inWorker = (page, name, options) => page.evaluate(([name, options]) => t.openInWorker(name, options), [name, options]);
    const name = `worker, ${kind}`;
    assert.deepEqual((await launched(name, { kind }, inWorker)).modules, ['launch', 'core']);
    const again = await launched(name, { kind }, inWorker);
    assert.deepEqual([again.steps, again.modules], [[], ['launch']]);
  });
}

for (const how of [404, 503, 'html', 'gone']) {
  it(`the whole module cannot be had: ${how}`, async () => {
    const name = `without, ${how}`;
    const page = await tab();
    await makeOld(page, name);
    const old = await stored(page, name);
    await page.close();
    server.withhold('core', how);
    try {
      const failing = await tab();
      const { code, message, hint, cause } = await ended(failing, name);
      assert.equal(code, 'js.not_loaded', message);
      assert.ok(hint && cause);
      const state = await stored(failing, name);
      isOldOrNew(state, old);
      assert.equal(state.version, '0001');
      // The lock is given back, and a start with nothing to do does not miss it.
      const { steps, modules } = await launched(name, { number: 1, wait: false });
      assert.deepEqual([steps, modules], [[], ['launch']]);
      // It is there again: no tab has to be loaded anew.
      server.withhold('core', undefined);
      assert.deepEqual((await open(failing, name)).steps, ['0002', '0003', '0004']);
      await close(failing, name);
      isNew(await stored(failing, name), old);
      await failing.close();
    } finally {
      server.withhold('core', undefined);
    }
  });
}

it('without the small module, the whole one is asked', async () => {
  await launched('alone');
  server.withhold('launch', 404);
  try {
    const { steps, modules } = await launched('alone');
    assert.deepEqual([steps, modules], [[], ['launch', 'core']]);
  } finally {
    server.withhold('launch', undefined);
  }
});

it('launch: an app that keeps its database by itself', async () => {
  const page = await tab();
  server.modules();
  const bytes = await page.evaluate(async () => {
    const { launch } = await import('/dist/index.js');
    const db = new (await t.sqljs()).Database();
    await launch(db, t.release(3));
    return [...db.export()];
  });
  assert.deepEqual(server.modules(), ['launch', 'core']);
  await page.close();
  const next = await tab();
  const { to } = await next.evaluate(async (bytes) => {
    const { launch } = await import('/dist/index.js');
    return launch(new (await t.sqljs()).Database(new Uint8Array(bytes)), t.release(3));
  }, bytes);
  assert.deepEqual([to, server.modules()], [['0003'], ['launch']]);
  await next.close();
});
