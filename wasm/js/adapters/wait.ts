/** Between two tries of a statement that met another connection's lock. */
const MILLISECONDS = 10;

/** Waits, where a thread may: in Node and in workers, not in a page's own thread. */
export function wait(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, MILLISECONDS);
}
