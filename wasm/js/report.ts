/** What a run did. Two surfaces of limbeck that did the same say the same, but for `timing`. */
export interface Report {
  /** The version rows before, sorted. */
  from: string[];
  /** The version rows after, sorted. After a failure: what is committed. */
  to: string[];
  /** The steps that are committed, in order. */
  steps: StepReport[];
  /** What a reader should know although nothing failed. */
  warnings: string[];
  /** What the database has and the app does not, where it runs on all the same (`newerDatabase`). */
  newer?: NewerRevision[];
  /** How long it took, by SQLite's clock. */
  timing: { total_ms: number; steps_ms: number[] };
}

/** One revision, as it was applied, taken back or stamped. */
export interface StepReport {
  revision: string;
  direction: 'up' | 'down' | 'stamp';
  /** Its `ALTER TABLE` batches, in order. */
  alterations: AlterationReport[];
}

/** One batch of `ALTER TABLE` actions on one table. */
export interface AlterationReport {
  /** The table's name before. */
  table: string;
  /** SQLite's own ALTER, an edit of the `CREATE` text, or a new table with the rows copied. */
  way: 'native' | 'in_place' | 'rebuild';
  /** Why a cheaper way was not taken; absent for the cheapest. */
  why?: string;
  /** Rows copied by a rebuild, or written anew for a new type. */
  rows: number;
}

/** A revision that a database has and the app does not: a newer version of the app applied it. */
export interface NewerRevision {
  revision: string;
  message: string;
  /** When it was applied, in UTC; null where the database has no record of it, as in what follows. */
  applied_at: string | null;
  /** The version of the app that applied it. */
  app_version: string | null;
  /** Whether an app that does not have it can use the database after it. */
  compatible: boolean | null;
  /** Whether the database has the script that undoes it. */
  has_downgrade: boolean;
}

/** What a run would do: the answer of `plan`. */
export interface Plan {
  from: string[];
  to: string[];
  steps: (StepReport & {
    /** What would run, without limbeck's own record. */
    statements: string[];
  })[];
  warnings: string[];
}

/** One revision, as it stands in the graph. */
export interface Revision {
  revision: string;
  /** What it follows. */
  revises: string[];
  branch_labels: string[];
  depends_on: string[];
  /** What it does; empty where the migrations do not have it. */
  message: string;
  /** Nothing follows it. */
  head: boolean;
  /** Several revisions follow it. */
  branch_point: boolean;
  /** It follows several revisions. */
  merge_point: boolean;
  /** The database is at it. */
  current: boolean;
  /** Its name among the migrations; null where they do not have it. */
  path: string | null;
}

/** What lies between what the migrations make and a wanted schema: an answer of `check`. */
export interface Difference {
  /** `add_table`, `drop_index` and the like. */
  kind: string;
  table: string;
  name: string;
  /** The wanted `CREATE` text, or the `DROP`. */
  sql: string;
}

/** One step of a migration that limbeck writes. */
export interface Operation {
  /** `create`, `drop`, `rename_table`, `alter_table`, `fill`. */
  kind: string;
  table: string;
  sql: string;
  /** What it loses (`loses`), what it asks (`question`), what may surprise (`remark`). */
  notes: { kind: string; text: string }[];
}

/** What lies between two schemas. */
export interface Diff {
  differences: Difference[];
  /** What makes the first the second, in order. */
  operations: Operation[];
  /** Renames that would explain some of it. */
  proposals: { table: string | null; from: string; to: string; likeness: number }[];
}

/** How two schemas are compared. */
export interface Compare {
  /** `old:new`, `table.old:new`. */
  renames?: string[];
  include?: string[];
  exclude?: string[];
  column_order?: boolean;
}

/** Whether a database is what the migrations make. */
export interface Verified {
  revisions: string[];
  fingerprint: string;
  /** What would make it so, and how much each matters. */
  differences: (Difference & { grade: 'slight' | 'rule' | 'data' })[];
}

/** A database and its SQLite, looked at. What could not be found out is null or empty, and `failures` say why. */
export interface Doctor {
  limbeck: string;
  app_version: string | null;
  sqlite: string;
  compile_options: string[];
  /** Faults of this SQLite that can do harm. */
  known_faults: { what: string; fixed_in: string; source: string }[];
  settings: { name: string; value: string }[];
  warnings: string[];
  bytes: number;
  free_bytes: number;
  /** What `quick_check` finds. */
  problems: string[];
  /** Rows without a parent that are there already. */
  violations: { table: string; parent: string; rows: number }[];
  heads: string[];
  wanted: string[];
  newer: NewerRevision[];
  pending: string[];
  /** What an upgrade would do and take. */
  plan: Estimate | null;
  /** The last steps, newest first. */
  history: {
    revision: string;
    direction: string;
    state: string;
    applied_at: string;
    duration_ms: number | null;
    app_version: string | null;
  }[];
  backups: [number, string | null] | null;
  failures: string[];
}

/** What a plan takes. */
export interface Estimate {
  steps: {
    revision: string;
    statements: number;
    /** What is done with tables that are there. */
    tables: {
      table: string;
      work: 'native' | 'in_place' | 'convert' | 'rebuild' | 'write' | 'index' | 'vacuum';
      why?: string;
      rows: number | null;
      bytes: number | null;
    }[];
  }[];
  /** The first revision of which nothing is said, because it is code. */
  beyond: string | null;
  /** Room by volume, where the host can tell. */
  volumes: { holds: ('database' | 'temporary' | 'backups')[]; needed: number; free: number | null }[];
}

/** Rows that break a rule. */
export interface Violation {
  table: string;
  /** The rule, as SQL: `phone NOT NULL`. */
  rule: string;
  count: number;
  /** The first of the rows, by rowid or primary key, as SQL literals. */
  keys: string[];
}

/** What a run says while it works. */
export type Event =
  /** A step begins: `step` of `of`, counted from 1; `text` is a line for a log. */
  | { event: 'step_started'; revision: string; direction: 'up' | 'down' | 'stamp'; text: string; step: number; of: number }
  /** Rows of a table that is being rebuilt were copied. */
  | { event: 'copied'; table: string; rows: number; of: number }
  /** An index of a rebuilt table is being built, counted from 1. */
  | { event: 'indexing'; table: string; index: number; of: number }
  /** The database is looked through for damage. */
  | { event: 'checking' }
  /** A long statement is running; said only where the library has a progress handler. */
  | { event: 'checking' }
  | { event: 'proving' }
  | { event: 'working' }
  /** A step is done, and not yet committed. */
  | { event: 'step_finished'; revision: string; milliseconds: number };
