// Serves the built package and the tests' pages from localhost, and holds whom a test wants to be held.
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** sql.js is a script: as a module it can be loaded by a module worker too. */
function sqljs(folder) {
  const dist = join(root, 'node_modules', folder, 'dist');
  const script = readdirSync(dist).includes('sql-wasm-browser.js') ? 'sql-wasm-browser.js' : 'sql-wasm.js';
  return `var exports = {}, module = { exports };\n${readFileSync(join(dist, script), 'utf8')}\nexport default module.exports;`;
}

/** The conformance suite: the text of each file. */
function cases() {
  const suite = join(root, '../tests/conformance/cases');
  const files = readdirSync(suite, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const named = files.map(({ parentPath, path, name }) => join(parentPath ?? path, name));
  const found = Object.fromEntries(named.map((file) => [`/tests/conformance/cases${file.slice(suite.length)}`, readFileSync(file, 'utf8')]));
  return { ...found, '/tests/conformance/skips.json': readFileSync(join(suite, '../skips.json'), 'utf8') };
}

/**
 * A server of a folder. `reached(key)` resolves when a page asks for `/held?key`, which is never answered. `modules()`
 * answers which of limbeck's modules were asked for since it was last called; `withhold` says how one fails: by a status
 * (404), by a page of HTML as single-page apps answer ('html'), or as offline ('gone').
 */
export async function serve(folder = root) {
  const held = new Map();
  const asked = [];
  const withheld = new Map();
  const waiting = (key) => {
    if (!held.has(key)) held.set(key, deferred());
    return held.get(key);
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname === '/held') return void waiting(url.search.slice(1)).resolve();
    const answer = (type, body) => response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    const module = /^\/modules\/(sql\.js[-\d.]*)\.mjs$/.exec(url.pathname);
    if (module) return answer('text/javascript', sqljs(module[1]));
    if (url.pathname === '/cases.json') return answer('application/json', JSON.stringify(cases()));
    const limbecks = /(launch|core)_bg[^/]*\.wasm$/.exec(url.pathname)?.[1];
    if (limbecks) {
      asked.push(limbecks);
      const how = withheld.get(limbecks);
      if (how === 'gone') return void response.destroy();
      if (how === 'html') return answer('text/html', '<!doctype html>');
      if (how) return response.writeHead(how).end();
    }
    const path = join(folder, normalize(decodeURIComponent(url.pathname)).replace(/\/$/, '/index.html'));
    const found = path.startsWith(folder) && (await stat(path).catch(() => null));
    if (!found?.isFile()) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
    createReadStream(path).pipe(response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    origin: `http://localhost:${server.address().port}`,
    modules: () => asked.splice(0),
    withhold: (module, how) => void withheld.set(module, how),
    reached: (key) => waiting(key).promise,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function deferred() {
  let resolve;
  return { promise: new Promise((resolved) => (resolve = resolved)), resolve };
}
