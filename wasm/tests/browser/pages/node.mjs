// What tests/conformance.test.mjs uses of Node, in a page.
const files = await (await fetch('/cases.json')).json();
const folders = new Map();
for (const path of Object.keys(files)) {
  for (let at = path.lastIndexOf('/'), child = path; at > 0; at = child.lastIndexOf('/')) {
    const parent = child.slice(0, at);
    if (!folders.has(parent)) folders.set(parent, new Set());
    folders.get(parent).add(child.slice(at + 1));
    child = parent;
  }
}

export const existsSync = (path) => path in files || folders.has(path);
export const readdirSync = (path) => [...(folders.get(path) ?? [])];
export const readFileSync = (path) => files[path];
export const mkdirSync = () => {};
/** What was written, by path. */
const written = {};
export const writeFileSync = (path, text) => void (written[path] = text);
export const join = (...parts) => parts.join('/');
export const fileURLToPath = (url) => url.pathname;

const counts = { passed: 0, skipped: 0, failed: [], written };
const running = [];
export const results = async () => (await Promise.all(running), counts);

export function test(name, body) {
  running.push(one(name, body));
}

async function one(name, body) {
  let skipped = false;
  const t = { skip: () => void (skipped = true), test: (inner, body) => one(`${name}: ${inner}`, body) };
  try {
    await body(t);
    counts[skipped ? 'skipped' : 'passed'] += 1;
  } catch (error) {
    counts.failed.push(`${name}: ${error?.stack ?? error}`);
  }
}

const shown = (value) => JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));

function same(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && same(one[key], other[key]));
}

function wanted(is, one, other, message) {
  if (!is) throw new Error(`${message ?? 'not equal'}: ${shown(one)} is not ${shown(other)}`);
}

export default {
  ok: (value, message) => wanted(Boolean(value), value, true, message),
  equal: (one, other, message) => wanted(Object.is(one, other), one, other, message),
  deepEqual: (one, other, message) => wanted(same(one, other), one, other, message),
};
