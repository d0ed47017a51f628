// The module is loaded as a page and a worker load it: from bytes, from an address, again after a failure.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import init, { heads } from '../dist/index.js';

const file = new URL('../dist/core/core_bg.wasm', import.meta.url);
const revision = () => heads({ '1_a.sql': '' })[0].revision;

test('a failure to load can be tried again', async () => {
  await assert.rejects(init(new Uint8Array([0, 1, 2])));
  assert.throws(revision, { code: 'js.misuse' });
  await Promise.all([init(readFileSync(file)), init()]);
  await init();
  assert.equal(revision(), '1');
});

test('a worker takes a module that was compiled before', async () => {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(index)}).then(async ({ default: init, heads }) => {
      await init(workerData);
      parentPort.postMessage(heads({ '2_b.sql': '' })[0].revision);
    });`;
  const worker = new Worker(code, { eval: true, workerData: await WebAssembly.compile(readFileSync(file)) });
  assert.equal(await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)), '2');
  await worker.terminate();
});
