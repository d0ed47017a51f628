/** What each release of the app knows of the database. */
import type { Code } from 'limbeck';

const texts: Record<string, string> = import.meta.glob('../migrations/*.sql', { query: '?raw', import: 'default', eager: true });
const all = Object.fromEntries(Object.entries(texts).map(([path, text]) => [path.split('/').at(-1)!, text]));

export type Release = '1.0' | '2.0' | '2.1';

/** 2.1 comes with a migration that the notes do not obey. */
export function migrations(release: Release): Record<string, string | Code> {
  if (release === '1.0') return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('0001')));
  if (release === '2.0') return all;
  return { ...all, '0007_short.sql': '-- No title is longer than a word\n--\n-- revises: 0006\n\n-- migrate:up\nALTER TABLE notes ADD CHECK (length(title) <= 12);' };
}
