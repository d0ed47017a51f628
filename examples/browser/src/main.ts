/**
 * A notes app whose database is in IndexedDB. A worker migrates it; then the page opens it, with nothing left to do.
 * Beside the notes stands what a visitor may break, and that nothing was lost.
 */
import init, { history, inWorker, LimbeckError, openIndexedDb, restoreIndexedDb, type Opened, type OpenEvent, type Report } from 'limbeck';
import type { Database } from 'sql.js';
import { facts, NAME, options } from './database';
import type { Work } from './database.worker';
import { picture } from './graph';
import { migrations, type Release } from './releases';
import { button, by, card, fill, make, paragraph } from './view';

/** The release that is installed here; an address with ?release=1.0 is a tab that has not been reloaded since. */
const RELEASE = 'limbeck-example-release';
const pinned = new URLSearchParams(location.search).get('release') as Release | null;
const installed = () => {
  const latest = localStorage.getItem(RELEASE) as Release | null;
  // Where somebody has started over, the old tab begins anew too.
  return latest && (pinned ?? latest);
};

let opened: Opened<Database> | undefined;

await start();

/** Opens what is stored, by the release that is installed, and shows it. */
async function start(): Promise<void> {
  const release = installed();
  by('release').textContent = release ? `Release ${release}` : '';
  if (!release) return showWelcome();
  try {
    await opened?.close();
    opened = await openIndexedDb({ ...(await options(release)), onStale: showStale });
  } catch (error) {
    opened = undefined;
    return showRefused(release, error);
  }
  showNotes(opened.db, release);
  showFacts();
  showUpdate(release);
  showBreak(release);
  await showGraph(release);
}

/** Has the worker open the database; answers its report, or undefined, and says why. */
async function work(what: string, argument: Work, meanwhile?: (worker: Worker, event: OpenEvent) => void): Promise<Report | undefined> {
  await opened?.close();
  opened = undefined;
  by('app').inert = true;
  by('banner').hidden = true;
  const worker = new Worker(new URL('./database.worker.ts', import.meta.url), { type: 'module' });
  const progress = showProgress(what);
  try {
    return await inWorker<Report>(worker, {
      argument,
      onProgress(event) {
        progress(event);
        meanwhile?.(worker, event);
      },
    });
  } catch (error) {
    showFailure(error);
  } finally {
    worker.terminate();
    by('app').inert = false;
  }
}

async function begin(): Promise<void> {
  if (!(await work('Writing old notes', { release: '1.0', notes: 100_000 }))) return;
  localStorage.setItem(RELEASE, '1.0');
  await start();
}

async function update(release: Release, argument: Partial<Work> = {}, meanwhile?: (worker: Worker, event: OpenEvent) => void): Promise<void> {
  const report = await work(`Updating to ${release}`, { release, ...argument }, meanwhile);
  if (report) localStorage.setItem(RELEASE, release);
  // A tab of the old release is one of the new release from now on.
  if (report && pinned) return location.replace(location.pathname);
  await start();
  if (report) showReport(report);
  else if (opened) by('banner').append(make('small', {}, [`The notes are as they were: ${told(facts(opened.db))}.`]));
}

// What is shown.

function showWelcome(): void {
  fill('app', card('Your notes of the last two years', [
    paragraph('On a first visit there is nothing here. Begin with release 1.0 of a small app, and the 100,000 notes that somebody wrote with it.'),
    button('Begin with 100,000 notes', begin, 'primary'),
  ]));
}

function showNotes(db: Database, release: Release): void {
  const newer = release !== '1.0';
  const [rows] = db.exec(newer
    ? 'SELECT recent.id, title, body, (SELECT pinned FROM notes WHERE notes.id = recent.id), (SELECT tags FROM tagged WHERE tagged.id = recent.id) FROM recent'
    : 'SELECT id, title, body FROM recent');
  const list = make('ol', { className: 'notes' });
  for (const [id, title, body, isPinned, tags] of rows?.values ?? []) {
    const item = make('li', {}, [make('h3', {}, [title === null ? make('em', {}, ['without a title']) : String(title)]), paragraph(String(body))]);
    if (newer) {
      const pin = button(isPinned ? '★' : '☆', () => edit('UPDATE notes SET pinned = 1 - pinned WHERE id = ?', id!), 'pin');
      pin.ariaLabel = isPinned ? 'Unpin' : 'Pin';
      item.prepend(pin);
    }
    if (tags) item.append(make('p', { className: 'tags' }, String(tags).split(' ').map((tag) => make('span', {}, [tag]))));
    list.append(item);
  }
  const title = make('input', { name: 'title', placeholder: 'A new note', required: true, autocomplete: 'off' });
  title.ariaLabel = 'Title of a new note';
  const form = make('form', {}, [title, button('Keep it', undefined, 'primary')]);
  form.onsubmit = (event) => {
    event.preventDefault();
    void edit("INSERT INTO notes(title, body, created) VALUES (?, 'Written just now.', CURRENT_TIMESTAMP)", title.value);
  };
  fill('app', form, list);
}

/** Changes the database and saves it. */
async function edit(sql: string, ...values: (string | number | Uint8Array | null)[]): Promise<void> {
  if (!opened) return;
  opened.db.run(sql, values);
  showNotes(opened.db, installed()!);
  try {
    await opened.save();
    showFacts();
  } catch (error) {
    showFailure(error);
  }
}

function showFacts(): void {
  const { notes, sum, whole, size } = facts(opened!.db);
  fill('facts',
    make('span', {}, [`${notes.toLocaleString('en')} notes`]),
    make('span', {}, [`${(size / 1e6).toFixed(1)} MB`]),
    make('span', { className: whole ? 'good' : 'bad' }, [whole ? 'whole' : 'damaged']),
    make('span', { title: 'Made of every note: as long as it is the same, nothing was lost' }, [`sum ${sum}`]));
}

function told({ notes, sum, whole }: ReturnType<typeof facts>): string {
  return `${notes.toLocaleString('en')} of them, ${whole ? 'whole' : 'damaged'}, sum ${sum}`;
}

function showUpdate(release: Release): void {
  if (release !== '1.0') return fill('update');
  fill('update', card('Release 2.0 is here', [
    paragraph('Pins, notebooks, tags; every note gets a title, and the table becomes STRICT, for which it is written anew.'),
    button('Update', () => update('2.0'), 'primary'),
  ]));
}

function showProgress(what: string): (event: OpenEvent) => void {
  const bar = make('progress', { max: 1 });
  const text = paragraph('Starting');
  let [step, of] = [0, 1];
  by('report').hidden = true;
  fill('update', card(what, [bar, text]));
  // On a phone the button that began it may be far below.
  by('update').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  return (event) => {
    if (event.event === 'step_started') [step, of] = [event.step - 1, event.of];
    const within = event.event === 'copied' ? event.rows / Math.max(1, event.of) : event.event === 'step_finished' ? 1 : 0;
    bar.value = event.event === 'saving' ? 1 : (step + within) / of;
    text.textContent =
      event.event === 'step_started' ? event.text
      : event.event === 'copied' ? `${event.rows.toLocaleString('en')} of ${event.of.toLocaleString('en')} rows of ${event.table}`
      : event.event === 'saving' ? `Saving ${(event.bytes / 1e6).toFixed(1)} MB`
      : event.event === 'waiting' ? 'Another tab is busy: waiting'
      : text.textContent;
  };
}

function showReport(report: Report): void {
  by('report').hidden = false;
  const ways = { native: "SQLite's own ALTER", in_place: 'in place', rebuild: 'written anew' };
  const rows = report.steps.map(({ revision, alterations }, nth) => make('tr', {}, [
    make('th', { scope: 'row' }, [revision]),
    make('td', {}, alterations.length === 0 ? ['SQL'] : alterations.map(({ table, way, rows }) =>
      make('div', {}, [`${table}: ${ways[way]}${rows ? `, ${rows.toLocaleString('en')} rows` : ''}`]))),
    make('td', { className: 'number' }, [`${Math.round(report.timing.steps_ms[nth] ?? 0)} ms`]),
  ]));
  fill('report', card('What the update did', [
    make('table', {}, [make('tbody', {}, rows)]),
    ...report.warnings.map((warning) => paragraph(warning)),
    paragraph('One transaction in SQLite, one in IndexedDB. The bytes from before are kept until this app saves after its next start.'),
  ]));
}

/** The picture comes last: it takes the whole module, which a start with nothing to do does not load otherwise. */
async function showGraph(release: Release): Promise<void> {
  await init();
  if (!opened) return;
  by('graph').hidden = false;
  const at = new Set(opened.report.to);
  const revisions = history(migrations(release === '1.0' ? '2.0' : release)).map((each) => ({ ...each, current: at.has(each.revision) }));
  const applied = new Set(at);
  // Newest first: whoever is applied, its parents are.
  for (const { revision, revises } of revisions) if (applied.has(revision)) revises.forEach((id) => applied.add(id));
  fill('graph', card('The revisions', [picture(revisions, applied)]));
}

function showBreak(release: Release): void {
  by('break').hidden = false;
  const next: Release = release === '1.0' ? '2.0' : '2.1';
  const acts: [string, string, () => unknown][] = [];
  const act = (name: string, about: string, does: () => unknown) => acts.push([name, about, does]);
  act('Open a second tab', 'of release 1.0, as one that was never reloaded', () => window.open('?release=1.0'));
  if (release === '1.0') {
    act('Kill the worker', 'in the middle of the update', () => update(next, {}, (worker, { event }) => event === 'copied' && worker.terminate()));
    act('Fill the disk', 'so that IndexedDB refuses to save (pretended)', () => update(next, { full: true }));
  } else {
    act('Update to 2.1', 'whose migration these notes do not obey', () => update('2.1'));
    act('Put the old copy back', 'from before the update, with release 1.0', restore);
  }
  act('Start over', 'without any data', startOver);
  fill('break', card('Break it', [make('ul', { className: 'acts' }, acts.map(([name, about, does]) =>
    make('li', {}, [button(name, does), make('span', {}, [about])])))]));
}

async function restore(): Promise<void> {
  await opened?.close();
  opened = undefined;
  try {
    await restoreIndexedDb({ name: NAME });
    localStorage.setItem(RELEASE, '1.0');
    showBanner('good', 'The old copy is back, byte for byte. What was put away for it is kept in its place.');
  } catch (error) {
    showFailure(error);
  }
  by('report').hidden = true;
  await start();
}

async function startOver(): Promise<void> {
  await opened?.close();
  localStorage.removeItem(RELEASE);
  const gone = indexedDB.deleteDatabase('limbeck');
  gone.onsuccess = gone.onerror = () => location.reload();
}

function showStale(): void {
  showBanner('warn', 'Another tab has saved newer notes. This one cannot overwrite them.', button('Reload', () => location.reload()));
}

/** What failed, and that the stored database is what it was. */
function showFailure(error: unknown): void {
  const lines: (Node | string)[] = [];
  if (error instanceof LimbeckError) {
    lines.push(make('code', {}, [error.code]), ` ${error.message}`);
    if (error.hint) lines.push(make('small', {}, [error.hint]));
  } else {
    lines.push(String(error));
  }
  showBanner('warn', ...lines);
}

/** The database is there, and this release may not have it. */
function showRefused(release: Release, error: unknown): void {
  showFailure(error);
  for (const id of ['update', 'report', 'graph', 'break']) by(id).hidden = true;
  fill('facts');
  fill('app', card(`Release ${release} leaves these notes alone`, [
    paragraph('A newer release wrote them. An app that went on regardless would lose what it does not know; this one says so, and changes nothing.'),
    button('Use the newer release', () => location.replace(location.pathname), 'primary'),
  ]));
}

function showBanner(kind: 'good' | 'warn', ...children: (Node | string)[]): void {
  by('banner').hidden = false;
  by('banner').className = kind;
  const shut = button('×', () => (by('banner').hidden = true), 'shut');
  shut.ariaLabel = 'Close';
  fill('banner', make('div', {}, [shut, ...children]));
}
