// examples/browser, as a visitor has it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, webkit } from './chromium.mjs';
import { serve } from './server.mjs';
import { path, skip } from './setup.mjs';

const dist = fileURLToPath(new URL('../../../examples/browser/dist', import.meta.url));
const missing = !existsSync(dist) && 'examples/browser is not built';

test('a visitor breaks the example, and nothing is lost', { skip: skip || missing || (webkit && 'it is pressed by Playwright'), timeout: 120_000 }, async () => {
  const server = await serve(dist);
  const { context, close } = await launch(path);
  after(async () => {
    await close();
    server.close();
  });
  const page = await context.newPage();
  const faults = [];
  context.on('weberror', (error) => faults.push(error.error()));
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const banner = async (code) => {
    await page.locator('#banner', { hasText: 'The notes are as they were' }).filter({ hasText: code }).waitFor();
    return page.locator('#banner').innerText();
  };
  const facts = () => page.locator('#facts').innerText();

  await page.goto(`${server.origin}/`);
  await press('Begin with 100,000 notes');
  await page.getByText('Release 2.0 is here').waitFor();
  const before = await facts();
  assert.match(before, /100,000 notes[\s\S]*whole/);

  await press('Kill the worker');
  await banner('worker.ended');
  assert.equal(await facts(), before);
  await press('Fill the disk');
  await banner('database.full');
  assert.equal(await facts(), before);

  // A tab of the old release stays open beside the update.
  const opens = context.waitForEvent('page');
  await press('Open a second tab');
  const old = await opens;
  await old.getByText('Release 2.0 is here').waitFor();
  await press('Update');
  await page.getByText('What the update did').waitFor();
  assert.match(await page.locator('#report').innerText(), /0006[\s\S]*100,000 rows/);
  assert.equal(await page.locator('.graph .dot.applied').count(), 6);
  await old.locator('#banner', { hasText: 'Another tab has saved' }).waitFor();
  await old.getByPlaceholder('A new note').fill('from the old tab');
  await old.getByRole('button', { name: 'Keep it' }).click();
  await old.locator('#banner', { hasText: 'store.stale' }).waitFor();
  await old.reload();
  await old.getByText('leaves these notes alone').waitFor();

  const sum = /sum \w+/.exec(before)[0];
  const updated = await facts();
  assert.ok(updated.includes(sum) && updated.includes('100,000 notes'), updated);
  await press('Update to 2.1');
  await banner('alter.rows_break_rule');
  assert.equal(await facts(), updated);
  await press('Put the old copy back');
  await page.getByText('byte for byte').waitFor();
  await page.getByText('Release 2.0 is here').waitFor();
  assert.equal(await facts(), before);

  await page.getByPlaceholder('A new note').fill('Written on release 1.0');
  await press('Keep it');
  await page.getByText('100,001 notes').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Written on release 1.0' }).waitFor();
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `wider than ${width}`);
  }
  // Whoever starts over has nothing left in a tab of the old release either.
  await press('Start over');
  const begin = (page) => page.getByRole('button', { name: 'Begin with 100,000 notes' }).waitFor();
  await begin(page);
  await old.goto(`${server.origin}/?release=1.0`);
  await begin(old);
  assert.deepEqual(faults, []);
});
