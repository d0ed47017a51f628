/** Opens the database, so that the page stays alive meanwhile. */
import { openIndexedDb, serve } from 'limbeck';
import { options } from './database';
import type { Release } from './releases';

export interface Work {
  release: Release;
  /** Notes to write into a new database. */
  notes?: number;
  /** Pretend that the disk is full when it is saved. */
  full?: boolean;
}

serve(async ({ argument, onProgress }) => {
  const { release, notes, full } = argument as Work;
  if (full) fillTheDisk();
  const { db, report, save, close } = await openIndexedDb({ ...(await options(release)), onProgress });
  if (notes) {
    db.run(NOTES, [notes]);
    await save();
  }
  await close();
  return report;
});

/** Old notes, of somebody who has written much; some have no title. */
const NOTES = `
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO notes(title, body, created) SELECT
  CASE WHEN i % 17 THEN
    CASE i % 5 WHEN 0 THEN 'Seeds to buy' WHEN 1 THEN 'The train at nine' WHEN 2 THEN 'Ask Ines' WHEN 3 THEN 'Bread, slowly' ELSE 'A thought' END || ', ' || i
  END,
  CASE i % 5
    WHEN 0 THEN 'Chard, borage, and the beans that climb. #garden'
    WHEN 1 THEN 'Platform 4; take the blue bag, and something to read. #travel'
    WHEN 2 THEN 'Whether the figures of March are the final ones. #work'
    WHEN 3 THEN '500 g flour, 350 g water, a day of patience. #kitchen'
    ELSE 'What is kept is kept by somebody.'
  END || substr('                    ', 1, i % 7),
  datetime('2024-01-01', '+' || i || ' minutes')
FROM n`;

/** IndexedDB as it is on a full disk: what is put aborts the transaction. */
function fillTheDisk(): void {
  IDBObjectStore.prototype.put = () => {
    throw new DOMException('the disk is full (pretended)', 'QuotaExceededError');
  };
}
