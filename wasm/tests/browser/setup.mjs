// One browser and one server for the tests of a file.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { browser, firefox, launch, launchPrivate, webkit } from './chromium.mjs';
import { serve } from './server.mjs';

export const { path, skip } = browser();

/** What a test file needs: `it` for its tests, others for those of some browsers only, `page()` for a tab. */
export async function start() {
  const skipped = (skip) => (name, _body) => test(name, { skip }, () => {});
  if (skip) {
    const none = skipped(skip);
    return { it: none, inChromium: none, withOpfs: none, whereItIsKilled: none, inWebkit: none, notInWebkit: none };
  }
  const server = await serve();
  const { context, close } = await launch(path);
  after(async () => {
    await close();
    server.close();
  });
  const page = () => tab(context, server);
  const privately = async () => {
    const { context, close } = await launchPrivate(path);
    after(close);
    return { context, page: await tab(context, server) };
  };
  const it = (name, body) => test(name, { timeout: 120_000 }, body);
  const inChromium = firefox || webkit ? skipped('of Chromium only') : it;
  const whereItIsKilled = firefox ? skipped('not in Firefox') : it;
  const inWebkit = webkit ? it : skipped('of WebKit only: it takes the place of the tab that is closed');
  const notInWebkit = webkit ? skipped('a busy tab of WebKit is not closed by a driver: it waits, or ends the browser') : it;
  const withOpfs = webkit ? skipped('WebKitGTK has no OPFS') : it;
  return { it, inChromium, withOpfs, whereItIsKilled, inWebkit, notInWebkit, page, privately, server, context };
}

/** A tab in which the harness is loaded, as `t`. */
export async function tab(context, server) {
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(error));
  await page.goto(`${server.origin}/tests/browser/pages/`);
  await page.waitForFunction(() => globalThis.t);
  return page;
}

/** Calls of the harness inside of a tab. */
export const open = (page, name, options) => page.evaluate(([name, options]) => t.open(name, options), [name, options]);
export const ended = (page, name, options) => page.evaluate(([name, options]) => t.ended(t.open(name, options)), [name, options]);
export const stored = (page, name) => page.evaluate((name) => t.stored(name), name);
export const makeOld = (page, name, rows, bytes) => page.evaluate(([name, rows, bytes]) => t.makeOld(name, rows, bytes), [name, rows, bytes]);
export const run = (page, name, sql) => page.evaluate(([name, sql]) => void t.handles[name].db.exec(sql), [name, sql]);
export const save = (page, name) => page.evaluate((name) => t.ended(t.handles[name].save()), name);
export const close = (page, name) => page.evaluate((name) => t.handles[name].close(), name);

/** Asserts that what is stored is whole, and the old or the new one: never a mix, and no row lost. */
export function isOldOrNew(state, old) {
  assert.equal(state.integrity, 'ok');
  assert.deepEqual([state.rows, state.digest], [old.rows, old.digest]);
  if (state.version === '0001') assert.deepEqual([state.columns, state.tags], ['id,title,body', null]);
  else isNew(state, old);
}

export function isNew(state, old) {
  const { integrity, version, rows, digest, columns, tags } = state;
  assert.deepEqual(
    { integrity, version, rows, digest, columns, tags },
    { integrity: 'ok', version: '0004', rows: old.rows, digest: old.digest, columns: 'id,title,plan,body', tags: old.rows },
  );
}
