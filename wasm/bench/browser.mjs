// How long openIndexedDb takes in Chromium, part by part. `node bench/browser.mjs [MB…]` (1 20 100).
//
// The migration adds a column, writes every row, builds an index, and rebuilds the table; "alone" is the same SQL, as
// `plan` tells it, run by sql.js in one transaction, in a page of its own. Milliseconds, the best of several starts.
import { browser, launch } from '../tests/browser/chromium.mjs';
import { serve } from '../tests/browser/server.mjs';

const { path, skip } = browser();
if (skip) throw new Error(skip);
const sizes = process.argv.slice(2).map(Number);
const server = await serve();
const { context, close } = await launch(path);
const table = [];
for (const megabytes of sizes.length > 0 ? sizes : [1, 20, 100]) {
  for (let run = 0; run < (megabytes > 50 ? 2 : 4); run += 1) {
    const row = table.find(({ MB }) => MB === megabytes) ?? table[table.push({ MB: megabytes }) - 1];
    for (const part of ['measure', 'alone']) {
      const page = await context.newPage();
      await page.goto(`${server.origin}/bench/browser.html`);
      await page.waitForFunction(() => globalThis.measure);
      const found = await page.evaluate(([part, megabytes]) => globalThis[part](megabytes), [part, megabytes]);
      for (const [name, value] of Object.entries(found)) row[name] = Math.min(row[name] ?? Infinity, value);
      await page.close();
    }
  }
}
for (const row of table) {
  row.ratio = row.migrate / row.alone;
  for (const name of Object.keys(row)) row[name] = Number(row[name].toFixed(name === 'ratio' || row[name] < 1 ? 2 : 0));
}
console.table(table);
await close();
server.close();
