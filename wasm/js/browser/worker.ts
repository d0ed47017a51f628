/**
 * A worker that opens a database, while the page stays alive and is told how far it is.
 *
 * The two halves speak through a channel of their own, so a worker may have its own messages beside.
 */
import { LimbeckError } from '../errors.js';
import { cancelled, type OpenEvent } from './open.js';

/** Options of {@link inWorker}. */
export interface WorkerOptions {
  /** Handed to what the worker serves: anything that can be sent. */
  argument?: unknown;
  /** Called with each event, a little later than it happens; it cannot cancel. */
  onProgress?(event: OpenEvent): void;
  /**
   * Cancels: the worker is terminated, as a run listens to nobody. What is stored is then as before, or, if all was
   * done already, as after.
   */
  signal?: AbortSignal;
}

/** What a worker's work is given: to be spread into the options of `openIndexedDb` or `openOpfs`. */
export interface Served {
  argument: any;
  onProgress(event: OpenEvent): void;
}

/** Of a lock that a worker holds for as long as it lives. */
let life: string | undefined;

type Message = { held: string } | { event: OpenEvent } | { answer: unknown } | { failure: unknown; limbeck: object | null };

/**
 * In the worker: does this work when the page calls {@link inWorker}, and sends what it answers. To be called before
 * the worker's script awaits anything.
 *
 * ```ts
 * serve(async ({ onProgress }) => {
 *   const { report, close } = await openIndexedDb({ name: 'app', SQL: await initSqlJs(), migrations, onProgress });
 *   await close(); // and the page opens it, with nothing left to do; or the worker keeps it
 *   return report;
 * });
 * ```
 */
export function serve(work: (served: Served) => unknown): void {
  globalThis.addEventListener('message', async ({ data, ports: [port] }: MessageEvent) => {
    if (data?.limbeck !== 'run' || !port) return;
    const say = (message: Message) => port.postMessage(message);
    try {
      await alive(say);
      say({ answer: await work({ argument: data.argument, onProgress: (event) => say({ event }) }) });
    } catch (error) {
      const { name: _, cause: __, ...limbeck } = error instanceof LimbeckError ? error : ({} as LimbeckError);
      say({ failure: sendable(error), limbeck: error instanceof LimbeckError ? limbeck : null });
    }
  });
}

/** Lets the page know by a lock when this worker is gone: no event says so. */
async function alive(say: (message: Message) => void): Promise<void> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return;
  const id = (life ??= `limbeck:worker:${Date.now()}:${Math.random()}`);
  // Asked again by a further run, it is held already.
  await new Promise<void>((held) => {
    const hold = (lock: Lock | null) => {
      held();
      return lock && new Promise(() => {});
    };
    locks.request(id, { ifAvailable: true }, hold).catch(() => held());
  });
  say({ held: id });
}

/** An error as it can be sent: what an app has put into it may be a function. */
function sendable(error: unknown): unknown {
  return error instanceof Error ? new Error(error.message, { cause: String(error.stack) }) : String(error);
}

/**
 * On the page: has the worker do what it {@link serve}s, and answers what that answered.
 *
 * Errors: those of the work, `worker.ended` for a worker that cannot be loaded or is gone, `run.cancelled`.
 */
export function inWorker<T>(worker: Worker, { argument, onProgress, signal }: WorkerOptions = {}): Promise<T> {
  const { port1: port, port2 } = new MessageChannel();
  const started = new AbortController();
  const over = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const abort = () => {
      worker.terminate();
      reject(cancelled(signal?.reason));
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { signal: over.signal });
    port.onmessage = ({ data }: MessageEvent<Message>) => {
      if ('event' in data) onProgress?.(data.event);
      else if ('held' in data) {
        // Its script has been loaded: what else fails in it is not ours.
        started.abort();
        void gone(data.held, over.signal).then(reject, () => {});
      } else if ('answer' in data) resolve(data.answer as T);
      else reject(data.limbeck ? revived(data.failure, data.limbeck) : data.failure);
    };
    const failed = (event: Event | ErrorEvent) =>
      reject(ended('message' in event && event.message ? event.message : 'its script cannot be loaded or run'));
    worker.addEventListener('error', failed, { signal: started.signal });
    worker.addEventListener('messageerror', failed, { signal: started.signal });
    worker.postMessage({ limbeck: 'run', argument }, [port2]);
  }).finally(() => {
    started.abort();
    over.abort();
    port.close();
  });
}

/** Resolved when the worker that held this lock is gone. */
async function gone(life: string, signal: AbortSignal): Promise<LimbeckError> {
  await navigator.locks.request(life, { signal }, () => {});
  return ended('it was terminated');
}

function ended(why: string): LimbeckError {
  return new LimbeckError('worker.ended', `the worker has ended: ${why}`, { hint: 'start it again: nothing is lost' });
}

function revived(failure: unknown, fields: object): LimbeckError {
  const { code, ...more } = fields as Pick<LimbeckError, 'code'>;
  return new LimbeckError(code, (failure as Error).message, { ...more, cause: failure });
}
