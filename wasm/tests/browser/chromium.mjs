// A Chromium to test in: the system's. CI gets one by itself, others when LIMBECK_GET_CHROMIUM=1 asks for it.
// LIMBECK_FIREFOX names a Firefox to test in instead, LIMBECK_WEBKIT WebKitGTK's driver.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { lacks, launchWebkit } from './webkit.mjs';

export const firefox = process.env.LIMBECK_FIREFOX;
export const webkit = process.env.LIMBECK_WEBKIT;
const named = firefox ?? webkit ?? process.env.LIMBECK_CHROMIUM;
const find = () => (named ? [named] : ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser']).find((path) => existsSync(path));

/** Where it is; or why there is none, in words. */
export function browser() {
  const found = find();
  const missing = found && webkit ? lacks() : '';
  if (missing) return { skip: `WebKit needs ${missing} too` };
  if (found) return { path: found };
  if (named) return { skip: `there is no browser ${named}` };
  const asked = process.env.CI === 'true' || process.env.LIMBECK_GET_CHROMIUM === '1';
  if (!asked) return { skip: 'no Chromium is here (LIMBECK_GET_CHROMIUM=1 as root gets it from Debian, LIMBECK_CHROMIUM names one)' };
  if (process.getuid?.() !== 0) return { skip: 'no Chromium is here, and only root can install it' };
  try {
    const quiet = { stdio: 'ignore', timeout: 300_000 };
    execFileSync('apt-get', ['update', '-q'], quiet);
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], quiet);
  } catch {
    return { skip: 'no Chromium is here, and apt-get cannot install it' };
  }
  return find() ? { path: find() } : { skip: "apt-get's Chromium is not where it is looked for" };
}

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Launches it with data of its own on disk, as a user has it. */
export async function launch(path, options = {}) {
  if (webkit) return launchWebkit(path, options);
  return firefox ? launchFirefox(path) : launchChromium(path, options);
}

async function launchChromium(path, { folder = mkdtempSync(join(tmpdir(), 'limbeck-browser-')), ...options } = {}) {
  const context = await chromium.launchPersistentContext(folder, { executablePath: path, args, headless: true, timeout: 60_000, ...options });
  const close = async () => {
    await context.close().catch(() => {});
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, folder, close, kill: () => killed(folder) };
}

/** Ends the browser whose data this folder has: its process writes its id into the name of a link there. */
async function killed(folder) {
  const id = Number(/-(\d+)$/.exec(readlinkSync(`${folder}/SingletonLock`))[1]);
  process.kill(id, 'SIGKILL');
  while (alive(id)) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const file of ['SingletonLock', 'SingletonCookie', 'SingletonSocket']) rmSync(`${folder}/${file}`, { force: true });
}

function alive(id) {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}

/**
 * Firefox as it is, by WebDriver BiDi: `../run` gets this Playwright. The one that the other tests use sends commands that
 * no released Firefox knows (153).
 */
async function launchFirefox(path) {
  const { firefox } = await import('../../../target/firefox/node_modules/playwright-core/index.mjs');
  const running = await firefox.launch({ channel: 'moz-firefox', executablePath: path, headless: true, timeout: 60_000 });
  return { context: await running.newContext(), close: () => running.close() };
}

/** As {@link launch}, with a private window: its data is in memory, and quotas that are set hold. */
export async function launchPrivate(path) {
  const running = await chromium.launch({ executablePath: path, args, headless: true, timeout: 60_000 });
  return { context: await running.newContext(), close: () => running.close() };
}
