/** The codes of the core. Written by tests/error-codes.test.mjs. */
export type ErrorCode =
  /** No revision or branch label has this id or prefix. */
  | 'graph.unknown_revision'
  /** The part before `@` names no branch label and no revision. */
  | 'graph.unknown_branch'
  /** Several revisions or labels begin with the given prefix. */
  | 'graph.ambiguous_prefix'
  /** `branch@revision`, where the revision is not in that lineage. */
  | 'graph.not_in_branch'
  /** One revision is needed and the target names several. */
  | 'graph.multiple_heads'
  /** The target cannot be reached in this direction from where the database is. */
  | 'graph.not_ancestor'
  /** `+N` or `-N` walks off the graph, or goes the wrong way. */
  | 'graph.relative_out_of_range'
  /** `+N` or `-N` meets a branch point or a merge and cannot choose. */
  | 'graph.ambiguous_walk'
  /** `+N` or `-N` while the database has several current revisions to start from. */
  | 'graph.ambiguous_current'
  /** Two targets, or two version rows, of which one is the other's ancestor. */
  | 'graph.overlapping_revisions'
  /** `a:b` where one target is wanted. */
  | 'graph.range_not_allowed'
  /** A range `a:b` is wanted. */
  | 'graph.range_required'
  /** A merge names a revision that is not a head. */
  | 'graph.not_a_head'
  /** A merge names the same head twice. */
  | 'graph.duplicate_heads'
  /** Revisions revise each other in a circle. */
  | 'graph.cycle'
  /** Revisions depend on each other in a circle. */
  | 'graph.dependency_cycle'
  /** A revision revises itself. */
  | 'graph.self_loop'
  /** A revision depends on itself. */
  | 'graph.dependency_self_loop'
  /** `revises` or `depends_on` names a revision that is not there. */
  | 'graph.missing_reference'
  /** Two files carry the same revision id. */
  | 'graph.duplicate_revision'
  /** A branch label is used twice, or is also a revision's id. */
  | 'graph.duplicate_branch_label'
  /** A revision id holds `@`, `-`, `+` or `:`, or is empty. */
  | 'graph.illegal_revision_id'
  /** The migrations cannot be read: a missing folder, a file that is not UTF-8. */
  | 'script.unreadable'
  /** A header line or a `migrate:` marker is not understood. */
  | 'script.bad_directive'
  /** A statement that may not stand there, such as `COMMIT` in a migration, or `INSERT` in a schema. */
  | 'script.forbidden_statement'
  /** SQL text is wanted of a revision whose body is code. */
  | 'script.body_is_code'
  /** The code of a revision failed, or did what it may not do. */
  | 'script.code_failed'
  /** A downgrade is asked for and the revision has no `migrate:down`. */
  | 'script.no_downgrade'
  /** A script printed offline cannot say what depends on the rows of a database. */
  | 'script.not_offline'
  /** A new file would overwrite one that is there, or cannot be written. */
  | 'script.cannot_write'
  /** The SQL text cannot be read. */
  | 'sql.syntax'
  /** The SQL text is nested too deeply. */
  | 'sql.too_deep'
  /** A statement failed in SQLite. */
  | 'sql.failed'
  /** An `ALTER TABLE` that is not in the grammar. */
  | 'alter.syntax'
  /** `ALTER TABLE` names a table that is not there, or something that is no ordinary table. */
  | 'alter.unknown_table'
  /** `ALTER TABLE` names a column that is not there. */
  | 'alter.unknown_column'
  /** `ALTER TABLE` names a constraint that is not there. */
  | 'alter.unknown_constraint'
  /** What is to be added is there already, with this or with another definition. */
  | 'alter.already_exists'
  /** An index, constraint, trigger, view or foreign key needs what is to go. */
  | 'alter.still_needed'
  /** Rows that are in the table break the new rule. */
  | 'alter.rows_break_rule'
  /** The change cannot be made without losing something. */
  | 'alter.would_lose'
  /** The table would have to be rebuilt, and that is forbidden or impossible here. */
  | 'alter.rebuild_refused'
  /** This SQLite lacks what the change needs. */
  | 'alter.sqlite_too_old'
  /** The proof before COMMIT found a difference that the plan does not name. */
  | 'proof.difference'
  /** A view, trigger or foreign key that worked before an alteration or a DROP no longer does. */
  | 'proof.dependent_broken'
  /** The run left rows whose foreign key finds no parent. */
  | 'proof.foreign_key'
  /** The database holds a revision that this folder does not have: a newer app wrote it. */
  | 'history.database_newer'
  /** The text of a revision that is applied has changed since. */
  | 'history.changed_revision'
  /** A revision stands before one that is applied, and never ran itself: it came later. */
  | 'history.passed_over'
  /** The database is not at every head of the folder. */
  | 'history.not_up_to_date'
  /** Neither another tool's record nor the schema tells a revision to adopt, or limbeck's own names another. */
  | 'history.nothing_to_adopt'
  /** A `transaction:false` revision was begun and never finished. */
  | 'history.unfinished'
  /** The database cannot be opened. */
  | 'database.cannot_open'
  /** The file is not an SQLite database, or it is encrypted. */
  | 'database.not_a_database'
  /** Another connection holds the lock. */
  | 'database.locked'
  /** The file or its folder cannot be written. */
  | 'database.read_only'
  /** The file is damaged. */
  | 'database.corrupt'
  /** No room is left on the volume, or in SQLite's temporary folder. */
  | 'database.full'
  /** The operating system reported an error. */
  | 'database.io'
  /** The caller's own transaction is open and the work cannot be done inside it. */
  | 'database.transaction_open'
  /** The backend, or the connection's state, does not do what limbeck relies on. */
  | 'database.contract'
  /** A callback, a signal or another thread cancelled the run. */
  | 'run.cancelled'
  /** A setting is missing or not understood. */
  | 'settings.invalid'
  /** A downgrade script that the database has kept is damaged, or does what such a script may not do. */
  | 'history.stored_script_refused'
  /** A rename that a comparison of schemas was given cannot be taken. */
  | 'diff.bad_rename'
  /** The connection has no way to SQLite's backup API. */
  | 'backup.unsupported'
  /** A backup could not be written or read. */
  | 'backup.failed'
  /** A backup is not what it was when it was taken. */
  | 'backup.damaged'
  /** There is no backup that could be restored. */
  | 'backup.none'
  /** The schema calls a function, or uses a virtual table, that only a trusted schema may. */
  | 'database.untrusted_schema'
  /** The number in the file's header, which limbeck was to keep, is somebody else's. */
  | 'history.user_version_taken';
