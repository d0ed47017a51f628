// WebKit as it is, by WebDriver, with as much of Playwright's page as the tests use. Playwright's own WebKit is a build that
// it downloads; Debian has WebKitGTK (webkit2gtk-driver, python3-gi, gir1.2-webkit2-4.1, xvfb).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What Safari has and WebKitGTK leaves off. With `FileSystem` and `AccessHandle` too, its OPFS still has no synchronous
 * handles ("Backend does not support this operation", 2.50).
 */
const FEATURES = ['StorageAPI', 'StorageAPIEstimate'];
/** After which a tab that is busy is given up, and a browser that does not end. */
const PATIENCE = 100_000;

/** Launches it with data of its own on disk, as a user has it; `path` is the driver's. */
export async function launchWebkit(path, { folder = mkdtempSync(join(tmpdir(), 'limbeck-browser-')) } = {}) {
  const display = process.env.DISPLAY ? { name: process.env.DISPLAY, end() {} } : await screen();
  const port = await free();
  const driver = spawn(path, [`--port=${port}`], { env: { ...process.env, DISPLAY: display.name }, stdio: 'ignore' });
  const end = () => {
    driver.kill();
    display.end();
  };
  try {
    const answers = await Answers.listen();
    const session = await begun(port, folder);
    const first = await session('GET', '/window');
    const turns = new Turns(session);
    const newPage = async () => new Page(turns, answers, (await turns.take(first, () => session('POST', '/window/new', { type: 'tab' }))).handle);
    const close = async () => {
      const all = below(driver.pid);
      await Promise.race([session('DELETE', '').catch(() => {}), after(5_000)]);
      answers.close();
      end();
      // What stores for the tabs may still write.
      await gone(all, 5_000);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    };
    const kill = async () => {
      const all = below(driver.pid);
      for (const id of all) process.kill(id, 'SIGKILL');
      await gone(all);
      answers.close();
      end();
    };
    return { context: { newPage }, folder, close, kill };
  } catch (error) {
    end();
    throw error;
  }
}

/** The processes below one: a driver's are the browser, what stores for it, and its tabs. */
function below(id) {
  let children = '';
  try {
    children = readFileSync(`/proc/${id}/task/${id}/children`, 'utf8');
  } catch {
    // It has ended meanwhile.
  }
  return children.split(' ').filter(Boolean).map(Number).flatMap((child) => [child, ...below(child)]);
}

/** Waits until processes have ended, at most so long. */
async function gone(all, patience = PATIENCE) {
  const until = Date.now() + patience;
  while (Date.now() < until && all.some((id) => existsSync(`/proc/${id}/fd/0`))) await after(20);
}

/** A screen that nobody sees. */
async function screen() {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise((said, failed) => {
    server.on('error', failed);
    server.stdio[3].once('data', said);
  });
  return { name: `:${String(number).trim()}`, end: () => server.kill() };
}

async function free() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** A session, as a function that gives a command and answers its value. */
async function begun(port, folder) {
  const command = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE) });
    const { value } = await response.json();
    if (value?.error) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const binary = fileURLToPath(new URL('webkit-browser.py', import.meta.url));
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args: [folder, ...FEATURES] } } };
  for (let tries = 50; ; tries--) {
    try {
      const { sessionId } = await command('POST', '/session', { capabilities });
      return (method, path, body) => command(method, `/session/${sessionId}${path}`, body);
    } catch (error) {
      // The driver does not listen yet.
      if (tries === 0 || error.cause?.code !== 'ECONNREFUSED') throw error;
      await after(100);
    }
  }
}

/** A session speaks with one of its windows at a time. */
class Turns {
  #last = Promise.resolve();
  constructor(session) {
    this.session = session;
  }

  take(handle, work) {
    const turn = this.#last.then(async () => {
      await this.session('POST', '/window', { handle });
      return await work();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Pages post here what their calls come to, so that nothing waits for a page that is busy. */
class Answers {
  #waiting = new Map();
  #next = 0;

  static async listen() {
    const answers = new Answers();
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      answers.#waiting.get(request.url.slice(1))?.(JSON.parse(body));
      response.writeHead(204).end();
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    answers.origin = `http://127.0.0.1:${server.address().port}`;
    answers.close = () => {
      server.closeAllConnections();
      server.close();
    };
    return answers;
  }

  /** Calls with an address to post to, for as long as the promise that comes with it waits. */
  expect(heard) {
    const id = String((this.#next += 1));
    this.#waiting.set(id, heard);
    return { url: `${this.origin}/${id}`, forget: () => this.#waiting.delete(id) };
  }
}

class Page {
  #url;
  #faults = [];
  #ended = new Set();

  constructor(turns, answers, handle) {
    Object.assign(this, { turns, answers, handle });
  }

  url = () => this.#url;

  on(event, heard) {
    if (event === 'pageerror') this.#faults.push(heard);
  }

  async goto(url) {
    this.#url = url;
    await this.turns.take(this.handle, () => this.turns.session('POST', '/url', { url }));
    const { url: told } = this.answers.expect(({ fault }) => this.#faults.forEach((heard) => heard(new Error(fault))));
    await this.evaluate((told) => {
      const tell = (fault) => void fetch(told, { method: 'POST', mode: 'no-cors', body: JSON.stringify({ fault: String(fault?.stack ?? fault) }) });
      addEventListener('error', ({ error, message }) => tell(error ?? message));
      addEventListener('unhandledrejection', ({ reason }) => tell(reason));
    }, told);
  }

  evaluate = (body, argument) => this.#call(String(body), argument);

  /** What a promise in the page comes to stays there. */
  async evaluateHandle(body) {
    const name = `kept${Math.random()}`;
    await this.#call(`async () => void (globalThis[${JSON.stringify(name)}] = await (${body})())`);
    return { evaluate: (use) => this.#call(`() => (${use})(globalThis[${JSON.stringify(name)}])`) };
  }

  async waitForFunction(body, argument, { timeout = 30_000 } = {}) {
    for (const begun = performance.now(); !(await this.evaluate(body, argument)); await after(20)) {
      if (performance.now() - begun > timeout) throw new Error(`timed out: ${body}`);
    }
  }

  async close() {
    const gone = new Error('the page was closed');
    for (const end of this.#ended) end(gone);
    await this.turns.take(this.handle, () => this.turns.session('DELETE', '/window'));
  }

  #call(body, argument) {
    return new Promise((resolve, reject) => {
      const over = (use, value) => {
        forget();
        this.#ended.delete(fail);
        use(value);
      };
      const fail = (error) => over(reject, error);
      const { url, forget } = this.answers.expect(({ value, failed }) => (failed === undefined ? over(resolve, value) : fail(new Error(failed))));
      this.#ended.add(fail);
      // In an array `undefined` would come as null.
      const sent = JSON.stringify(argument === undefined ? null : argument, (_, value) => (value === undefined ? { undefined: true } : value));
      this.turns.take(this.handle, () => this.turns.session('POST', '/execute/sync', { script: `(${inPage})(${JSON.stringify(url)}, (${body}), ${sent})`, args: [] })).catch(fail);
    });
  }
}

/** Runs in the page, behind the command that brought it. */
function inPage(url, body, sent) {
  const revived = (value) => {
    if (value?.undefined) return undefined;
    if (Array.isArray(value)) return value.map(revived);
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, value]) => [key, revived(value)]));
    return value;
  };
  const tell = (answer) => void fetch(url, { method: 'POST', mode: 'no-cors', body: JSON.stringify(answer) });
  setTimeout(async () => {
    try {
      tell({ value: await body(revived(sent)) });
    } catch (error) {
      // WebKit's stack does not say what happened.
      tell({ failed: `${error} ${error?.code ?? ''}\n${error?.stack ?? ''}` });
    }
  });
}

const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What it takes and is not here. */
export function lacks() {
  const needed = [['Xvfb', ['-help']], ['/usr/bin/python3', ['-c', 'import gi; gi.require_version("WebKit2", "4.1")']]];
  return needed.filter(([program, options]) => !runs(program, options)).map(([program]) => (program === 'Xvfb' ? 'xvfb' : 'gir1.2-webkit2-4.1')).join(' and ');
}

function runs(program, options) {
  if (program === 'Xvfb' && process.env.DISPLAY) return true;
  return spawnSync(program, options, { stdio: 'ignore' }).status === 0;
}
