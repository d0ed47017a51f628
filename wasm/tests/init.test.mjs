// The module is loaded as a page and a worker load it: from bytes, from an address, again after a failure.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import init, { heads, history } from '../dist/index.js';
import { initSync } from '../dist/core/core.js';

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

test('calls in a loop give their memory back', () => {
  const { memory } = initSync();
  const migrations = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${1000 + i}.sql`, `-- ${'x'.repeat(2000)}`]));
  const calls = () => {
    heads(migrations);
    assert.throws(() => history(migrations, 'nowhere:'), { code: 'graph.unknown_revision' });
  };
  calls();
  const before = memory.buffer.byteLength;
  for (let each = 0; each < 200; each++) calls();
  // They were 40 MB.
  assert.ok(memory.buffer.byteLength - before < 1_000_000, `${memory.buffer.byteLength - before} bytes more`);
});

test('in Node, a bundle without the files takes the bytes', async () => {
  const bare = mkdtempSync(join(tmpdir(), 'limbeck-'));
  try {
    cpSync(new URL('../dist', import.meta.url), bare, { recursive: true, filter: (path) => !path.endsWith('.wasm') });
    writeFileSync(join(bare, 'package.json'), '{ "type": "module" }');
    const { default: init, heads, launch } = await import(pathToFileURL(join(bare, 'node.js')).href);
    const missing = { code: 'js.not_loaded', hint: /external/ };
    assert.throws(() => heads({ '1_a.sql': '' }), missing);
    await assert.rejects(launch({ execute() {}, query: () => [], inTransaction: () => false }, { '1_a.sql': '' }), missing);
    await init(readFileSync(file));
    assert.equal(heads({ '1_a.sql': '' })[0].revision, '1');
  } finally {
    rmSync(bare, { recursive: true });
  }
});
