/*
 * limbeck: migrations for SQLite, in a library that ships inside a program. Long, and made by cbindgen from
 * the sources, whose comments it has.
 *
 * limbeck links no SQLite: it works through the program's own. Include <sqlite3.h> before
 * LIMBECK_SQLITE3_API is used.
 *
 *     static const limbeck_sqlite3_api sqlite = LIMBECK_SQLITE3_API;
 *     limbeck_error *error = NULL;
 *     limbeck_migrator *migrator = NULL;
 *     limbeck_database *database = NULL;
 *     if (limbeck_migrator_from_folder("migrations", LIMBECK_NUL_TERMINATED, &migrator, &error) ||
 *         limbeck_database_from_sqlite3(connection, &sqlite, &database, &error) ||
 *         limbeck_migrator_upgrade(migrator, database, "head", LIMBECK_NUL_TERMINATED, NULL, &error))
 *         fprintf(stderr, "%s\n", limbeck_error_message(error, NULL));
 *     limbeck_error_free(error);
 *     limbeck_database_free(database);
 *     limbeck_migrator_free(migrator);
 *
 * Every function that can fail answers a limbeck_status, 0 for success. Texts are UTF-8: what goes in
 * has a length, or ends at its NUL (LIMBECK_NUL_TERMINATED); what comes out has both. Handles are freed
 * with the function of their name, after which they, null and pointers that never were handles are
 * refused as LIMBECK_C_MISUSE (or, where a function answers no status, answered with null, 0 or -1).
 *
 * No function reads the environment, uses a network, starts a thread, or calls exit. A fault in limbeck
 * itself (LIMBECK_C_INTERNAL) also prints a line to stderr. This header is made by cbindgen from ffi/src.
 */

#ifndef LIMBECK_H
#define LIMBECK_H

#include <stddef.h>
#include <stdint.h>
struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_backup;

/*
 * The functions of the SQLite whose <sqlite3.h> is included, to initialise a limbeck_sqlite3_api. Inside a
 * loadable extension the names are no constants: initialise an automatic variable there.
 */
#define LIMBECK_SQLITE3_API \
  { \
    sizeof(limbeck_sqlite3_api), sqlite3_prepare_v2, sqlite3_step, sqlite3_finalize, sqlite3_bind_null, \
    sqlite3_bind_int64, sqlite3_bind_double, sqlite3_bind_text, sqlite3_bind_blob, \
    sqlite3_column_count, sqlite3_column_type, sqlite3_column_int64, sqlite3_column_double, \
    sqlite3_column_text, sqlite3_column_blob, sqlite3_column_bytes, sqlite3_changes, \
    sqlite3_get_autocommit, sqlite3_extended_errcode, sqlite3_errmsg, sqlite3_progress_handler, \
    sqlite3_open_v2, sqlite3_close, sqlite3_backup_init, sqlite3_backup_step, sqlite3_backup_finish, \
    sqlite3_backup_remaining, sqlite3_backup_pagecount \
  }

/* As a length: the text ends at its first NUL. */
#define LIMBECK_NUL_TERMINATED ((size_t)-1)

/**
 * The version of this interface: it grows when a function or a structure changes so that a program has
 * to be compiled anew. What is only added leaves it as it is.
 */
#define LIMBECK_ABI_VERSION 1

/**
 * How a call went. Each error code of limbeck has its number, which never changes; the code itself is
 * the name in small letters, with a full stop for the first underscore behind `LIMBECK_`:
 * `LIMBECK_GRAPH_MULTIPLE_HEADS` is `graph.multiple_heads`. A later library may answer numbers that
 * this header does not list.
 */
typedef enum limbeck_status {
  /**
   * It is done.
   */
  LIMBECK_OK = 0,
  /**
   * The call itself is wrong, and nothing was done: null, a freed handle, text that is not UTF-8.
   * Its code is `c.misuse`.
   */
  LIMBECK_C_MISUSE = 1,
  /**
   * A fault in limbeck. A transaction that was begun may still be open: roll it back. Its code is
   * `c.internal`.
   */
  LIMBECK_C_INTERNAL = 2,
  /**
   * No revision or branch label has this id or prefix.
   */
  LIMBECK_GRAPH_UNKNOWN_REVISION = 101,
  /**
   * The part before `@` names no branch label and no revision.
   */
  LIMBECK_GRAPH_UNKNOWN_BRANCH = 102,
  /**
   * Several revisions or labels begin with the given prefix.
   */
  LIMBECK_GRAPH_AMBIGUOUS_PREFIX = 103,
  /**
   * `branch@revision`, where the revision is not in that lineage.
   */
  LIMBECK_GRAPH_NOT_IN_BRANCH = 104,
  /**
   * One revision is needed and the target names several.
   */
  LIMBECK_GRAPH_MULTIPLE_HEADS = 105,
  /**
   * The target cannot be reached in this direction from where the database is.
   */
  LIMBECK_GRAPH_NOT_ANCESTOR = 106,
  /**
   * `+N` or `-N` walks off the graph, or goes the wrong way.
   */
  LIMBECK_GRAPH_RELATIVE_OUT_OF_RANGE = 107,
  /**
   * `+N` or `-N` meets a branch point or a merge and cannot choose.
   */
  LIMBECK_GRAPH_AMBIGUOUS_WALK = 108,
  /**
   * `+N` or `-N` while the database has several current revisions to start from.
   */
  LIMBECK_GRAPH_AMBIGUOUS_CURRENT = 109,
  /**
   * Two targets, or two version rows, of which one is the other's ancestor.
   */
  LIMBECK_GRAPH_OVERLAPPING_REVISIONS = 110,
  /**
   * `a:b` where one target is wanted.
   */
  LIMBECK_GRAPH_RANGE_NOT_ALLOWED = 111,
  /**
   * A range `a:b` is wanted.
   */
  LIMBECK_GRAPH_RANGE_REQUIRED = 112,
  /**
   * A merge names a revision that is not a head.
   */
  LIMBECK_GRAPH_NOT_A_HEAD = 113,
  /**
   * A merge names the same head twice.
   */
  LIMBECK_GRAPH_DUPLICATE_HEADS = 114,
  /**
   * Revisions revise each other in a circle.
   */
  LIMBECK_GRAPH_CYCLE = 115,
  /**
   * Revisions depend on each other in a circle.
   */
  LIMBECK_GRAPH_DEPENDENCY_CYCLE = 116,
  /**
   * A revision revises itself.
   */
  LIMBECK_GRAPH_SELF_LOOP = 117,
  /**
   * A revision depends on itself.
   */
  LIMBECK_GRAPH_DEPENDENCY_SELF_LOOP = 118,
  /**
   * `revises` or `depends_on` names a revision that is not there.
   */
  LIMBECK_GRAPH_MISSING_REFERENCE = 119,
  /**
   * Two files carry the same revision id.
   */
  LIMBECK_GRAPH_DUPLICATE_REVISION = 120,
  /**
   * A branch label is used twice, or is also a revision's id.
   */
  LIMBECK_GRAPH_DUPLICATE_BRANCH_LABEL = 121,
  /**
   * A revision id holds `@`, `-`, `+` or `:`, or is empty.
   */
  LIMBECK_GRAPH_ILLEGAL_REVISION_ID = 122,
  /**
   * The migrations cannot be read: a missing folder, a file that is not UTF-8.
   */
  LIMBECK_SCRIPT_UNREADABLE = 201,
  /**
   * A header line or a `migrate:` marker is not understood.
   */
  LIMBECK_SCRIPT_BAD_DIRECTIVE = 202,
  /**
   * A statement that a migration may not hold, such as `COMMIT` inside a transaction.
   */
  LIMBECK_SCRIPT_FORBIDDEN_STATEMENT = 203,
  /**
   * A downgrade is asked for and the revision has no `migrate:down`.
   */
  LIMBECK_SCRIPT_NO_DOWNGRADE = 204,
  /**
   * A script printed offline cannot say what depends on the rows of a database.
   */
  LIMBECK_SCRIPT_NOT_OFFLINE = 205,
  /**
   * A new file would overwrite one that is there, or cannot be written.
   */
  LIMBECK_SCRIPT_CANNOT_WRITE = 206,
  /**
   * SQL text is wanted of a revision whose body is code.
   */
  LIMBECK_SCRIPT_BODY_IS_CODE = 207,
  /**
   * The code of a revision failed, or did what it may not do.
   */
  LIMBECK_SCRIPT_CODE_FAILED = 208,
  /**
   * The SQL text cannot be read.
   */
  LIMBECK_SQL_SYNTAX = 301,
  /**
   * The SQL text is nested too deeply.
   */
  LIMBECK_SQL_TOO_DEEP = 302,
  /**
   * A statement failed in SQLite.
   */
  LIMBECK_SQL_FAILED = 303,
  /**
   * An `ALTER TABLE` that is not in the grammar.
   */
  LIMBECK_ALTER_SYNTAX = 401,
  /**
   * `ALTER TABLE` names a table that is not there, or something that is no ordinary table.
   */
  LIMBECK_ALTER_UNKNOWN_TABLE = 402,
  /**
   * `ALTER TABLE` names a column that is not there.
   */
  LIMBECK_ALTER_UNKNOWN_COLUMN = 403,
  /**
   * `ALTER TABLE` names a constraint that is not there.
   */
  LIMBECK_ALTER_UNKNOWN_CONSTRAINT = 404,
  /**
   * What is to be added is there already, with this or with another definition.
   */
  LIMBECK_ALTER_ALREADY_EXISTS = 405,
  /**
   * An index, constraint, trigger, view or foreign key needs what is to go.
   */
  LIMBECK_ALTER_STILL_NEEDED = 406,
  /**
   * Rows that are in the table break the new rule.
   */
  LIMBECK_ALTER_ROWS_BREAK_RULE = 407,
  /**
   * The change cannot be made without losing something.
   */
  LIMBECK_ALTER_WOULD_LOSE = 408,
  /**
   * The table would have to be rebuilt, and that is forbidden or impossible here.
   */
  LIMBECK_ALTER_REBUILD_REFUSED = 409,
  /**
   * This SQLite lacks what the change needs.
   */
  LIMBECK_ALTER_SQLITE_TOO_OLD = 410,
  /**
   * The proof before COMMIT found a difference that the plan does not name.
   */
  LIMBECK_PROOF_DIFFERENCE = 501,
  /**
   * A view, trigger or foreign key that worked before an alteration or a DROP no longer does.
   */
  LIMBECK_PROOF_DEPENDENT_BROKEN = 502,
  /**
   * The run left rows whose foreign key finds no parent.
   */
  LIMBECK_PROOF_FOREIGN_KEY = 503,
  /**
   * The database holds a revision that this folder does not have: a newer app wrote it.
   */
  LIMBECK_HISTORY_DATABASE_NEWER = 601,
  /**
   * The text of a revision that is applied has changed since.
   */
  LIMBECK_HISTORY_CHANGED_REVISION = 602,
  /**
   * The database is not at every head of the folder.
   */
  LIMBECK_HISTORY_NOT_UP_TO_DATE = 603,
  /**
   * A `transaction:false` revision was begun and never finished.
   */
  LIMBECK_HISTORY_UNFINISHED = 604,
  /**
   * Neither another tool's record nor the schema tells a revision to adopt, or limbeck's own names another.
   */
  LIMBECK_HISTORY_NOTHING_TO_ADOPT = 605,
  /**
   * A downgrade script that the database has kept is damaged, or does what such a script may not do.
   */
  LIMBECK_HISTORY_STORED_SCRIPT_REFUSED = 606,
  /**
   * A revision stands before one that is applied, and never ran itself: it came later.
   */
  LIMBECK_HISTORY_PASSED_OVER = 607,
  /**
   * The number in the file's header, which limbeck was to keep, is somebody else's.
   */
  LIMBECK_HISTORY_USER_VERSION_TAKEN = 608,
  /**
   * The database cannot be opened.
   */
  LIMBECK_DATABASE_CANNOT_OPEN = 701,
  /**
   * The file is not an SQLite database, or it is encrypted.
   */
  LIMBECK_DATABASE_NOT_A_DATABASE = 702,
  /**
   * Another connection holds the lock.
   */
  LIMBECK_DATABASE_LOCKED = 703,
  /**
   * The file or its folder cannot be written.
   */
  LIMBECK_DATABASE_READ_ONLY = 704,
  /**
   * The file is damaged.
   */
  LIMBECK_DATABASE_CORRUPT = 705,
  /**
   * No room is left on the volume, or in SQLite's temporary folder.
   */
  LIMBECK_DATABASE_FULL = 706,
  /**
   * The operating system reported an error.
   */
  LIMBECK_DATABASE_IO = 707,
  /**
   * The caller's own transaction is open and the work cannot be done inside it.
   */
  LIMBECK_DATABASE_TRANSACTION_OPEN = 708,
  /**
   * The backend, or the connection's state, does not do what limbeck relies on.
   */
  LIMBECK_DATABASE_CONTRACT = 709,
  /**
   * The schema calls a function, or uses a virtual table, that only a trusted schema may.
   */
  LIMBECK_DATABASE_UNTRUSTED_SCHEMA = 710,
  /**
   * A callback, a signal or another thread cancelled the run.
   */
  LIMBECK_RUN_CANCELLED = 801,
  /**
   * A setting is missing or not understood.
   */
  LIMBECK_SETTINGS_INVALID = 901,
  /**
   * A rename that a comparison of schemas was given cannot be taken.
   */
  LIMBECK_DIFF_BAD_RENAME = 1001,
  /**
   * The connection has no way to SQLite's backup API.
   */
  LIMBECK_BACKUP_UNSUPPORTED = 1101,
  /**
   * A backup could not be written or read.
   */
  LIMBECK_BACKUP_FAILED = 1102,
  /**
   * A backup is not what it was when it was taken.
   */
  LIMBECK_BACKUP_DAMAGED = 1103,
  /**
   * There is no backup that could be restored.
   */
  LIMBECK_BACKUP_NONE = 1104,
} limbeck_status;

/**
 * What an event tells.
 */
typedef enum limbeck_event_kind {
  /**
   * A step begins: `revision`, `text` as Alembic logs it, `done` its number from 1, `total`.
   */
  LIMBECK_EVENT_STEP_STARTED = 1,
  /**
   * Rows of `table` were copied: `done` of `total`.
   */
  LIMBECK_EVENT_COPIED = 2,
  /**
   * Index number `done` of `total` of `table` is being built.
   */
  LIMBECK_EVENT_INDEXING = 3,
  /**
   * A statement is still running.
   */
  LIMBECK_EVENT_WORKING = 4,
  /**
   * A step is done, and not yet committed: `revision`, `done` its milliseconds.
   */
  LIMBECK_EVENT_STEP_FINISHED = 5,
  /**
   * Something that this library tells and this header does not know yet.
   */
  LIMBECK_EVENT_OTHER = 6,
  /**
   * The database is being copied, before anything is changed: `done` of `total` pages.
   */
  LIMBECK_EVENT_BACKING_UP = 7,
  /**
   * A backup is being put in the database's place: `done` of `total` pages.
   */
  LIMBECK_EVENT_RESTORING = 8,
  /**
   * The file is looked through for damage.
   */
  LIMBECK_EVENT_CHECKING = 9,
  /**
   * The foreign keys of what has changed are checked, before COMMIT.
   */
  LIMBECK_EVENT_PROVING = 10,
} limbeck_event_kind;

/**
 * Whether tables may be rebuilt.
 */
typedef enum limbeck_rebuild {
  /**
   * Where nothing cheaper is provably right.
   */
  LIMBECK_REBUILD_AUTO = 0,
  /**
   * Always, but for renames, which SQLite does itself.
   */
  LIMBECK_REBUILD_ALWAYS = 1,
  /**
   * Never: what needs one is refused.
   */
  LIMBECK_REBUILD_NEVER = 2,
} limbeck_rebuild;

/**
 * What an upgrade does with a database that has revisions which the migrations do not: a newer version
 * of the program was there. `limbeck_error_newer_count` and the JSON tell which.
 */
typedef enum limbeck_newer {
  /**
   * `LIMBECK_HISTORY_DATABASE_NEWER`.
   */
  LIMBECK_NEWER_REFUSE = 0,
  /**
   * Use it as it is, where each of those revisions leaves older programs working; else refuse it.
   */
  LIMBECK_NEWER_RUN_ON = 1,
  /**
   * Take those revisions back with the downgrade scripts that the database has kept. What they throw
   * away is gone.
   */
  LIMBECK_NEWER_TAKE_DOWN = 2,
} limbeck_newer;

/**
 * What a transaction holds.
 */
typedef enum limbeck_transaction {
  /**
   * The whole run: all of it is done, or nothing.
   */
  LIMBECK_TRANSACTION_PER_UPGRADE = 0,
  /**
   * One revision: what was finished before a failure stays.
   */
  LIMBECK_TRANSACTION_PER_REVISION = 1,
} limbeck_transaction;

/**
 * What is done with revisions.
 */
typedef enum limbeck_direction {
  /**
   * They are applied.
   */
  LIMBECK_UP = 0,
  /**
   * They are taken back.
   */
  LIMBECK_DOWN = 1,
  /**
   * Only the version rows change.
   */
  LIMBECK_STAMP = 2,
} limbeck_direction;

/**
 * A switch that cancels runs, also from another thread. Free it with
 * `limbeck_cancel_free`.
 */
typedef struct limbeck_cancel limbeck_cancel;

/**
 * A connection to one SQLite database. Free it with `limbeck_database_free`. One call at a time.
 */
typedef struct limbeck_database limbeck_database;

/**
 * Why a call failed. Free it with `limbeck_error_free`.
 */
typedef struct limbeck_error limbeck_error;

/**
 * A folder of migrations, ready to be brought to databases. Free it with `limbeck_migrator_free`.
 *
 * One call at a time uses a migrator: any thread may, but a second call meanwhile, also from its
 * progress callback, is `LIMBECK_C_MISUSE`.
 */
typedef struct limbeck_migrator limbeck_migrator;

/**
 * What a run did. Free it with `limbeck_report_free`.
 */
typedef struct limbeck_report limbeck_report;

/**
 * What a revision in code works with. It is limbeck's, and ends with the callback, after which it is
 * refused as `LIMBECK_C_MISUSE`.
 */
typedef struct limbeck_step limbeck_step;

/**
 * A result that is text: JSON, or a script of SQL. Read it with `limbeck_text_data`, free it with
 * `limbeck_text_free`.
 */
typedef struct limbeck_text limbeck_text;

/**
 * The functions of an SQLite that limbeck calls. The macro `LIMBECK_SQLITE3_API` fills it from the
 * `<sqlite3.h>` that the program includes, also where those names are macros, as in a loadable
 * extension.
 */
typedef struct limbeck_sqlite3_api {
  /**
   * The size of this structure, in bytes.
   */
  size_t size;
  /**
   * `sqlite3_prepare_v2`
   */
  int (*prepare)(struct sqlite3 *connection,
                 const char *sql,
                 int length,
                 struct sqlite3_stmt **statement,
                 const char **tail);
  /**
   * `sqlite3_step`
   */
  int (*step)(struct sqlite3_stmt *statement);
  /**
   * `sqlite3_finalize`
   */
  int (*finalize)(struct sqlite3_stmt *statement);
  /**
   * `sqlite3_bind_null`
   */
  int (*bind_null)(struct sqlite3_stmt *statement, int index);
  /**
   * `sqlite3_bind_int64`
   */
  int (*bind_int64)(struct sqlite3_stmt *statement, int index, long long value);
  /**
   * `sqlite3_bind_double`
   */
  int (*bind_double)(struct sqlite3_stmt *statement, int index, double value);
  /**
   * `sqlite3_bind_text`
   */
  int (*bind_text)(struct sqlite3_stmt *statement,
                   int index,
                   const char *value,
                   int length,
                   void (*free)(void*));
  /**
   * `sqlite3_bind_blob`
   */
  int (*bind_blob)(struct sqlite3_stmt *statement,
                   int index,
                   const void *value,
                   int length,
                   void (*free)(void*));
  /**
   * `sqlite3_column_count`
   */
  int (*column_count)(struct sqlite3_stmt *statement);
  /**
   * `sqlite3_column_type`
   */
  int (*column_type)(struct sqlite3_stmt *statement, int column);
  /**
   * `sqlite3_column_int64`
   */
  long long (*column_int64)(struct sqlite3_stmt *statement, int column);
  /**
   * `sqlite3_column_double`
   */
  double (*column_double)(struct sqlite3_stmt *statement, int column);
  /**
   * `sqlite3_column_text`
   */
  const unsigned char *(*column_text)(struct sqlite3_stmt *statement, int column);
  /**
   * `sqlite3_column_blob`
   */
  const void *(*column_blob)(struct sqlite3_stmt *statement, int column);
  /**
   * `sqlite3_column_bytes`
   */
  int (*column_bytes)(struct sqlite3_stmt *statement, int column);
  /**
   * `sqlite3_changes`
   */
  int (*changes)(struct sqlite3 *connection);
  /**
   * `sqlite3_get_autocommit`
   */
  int (*get_autocommit)(struct sqlite3 *connection);
  /**
   * `sqlite3_extended_errcode`
   */
  int (*extended_errcode)(struct sqlite3 *connection);
  /**
   * `sqlite3_errmsg`
   */
  const char *(*errmsg)(struct sqlite3 *connection);
  /**
   * `sqlite3_progress_handler`
   */
  void (*progress_handler)(struct sqlite3 *connection, int instructions, int (*handler)(void*), void *data);
  /**
   * `sqlite3_open_v2`. This and those behind it are for backups: null where there are to be none, and
   * not there in a table that an older `limbeck.h` has filled.
   */
  int (*open)(const char *path, struct sqlite3 **connection, int flags, const char *vfs);
  /**
   * `sqlite3_close`
   */
  int (*close)(struct sqlite3 *connection);
  /**
   * `sqlite3_backup_init`
   */
  struct sqlite3_backup *(*backup_init)(struct sqlite3 *destination,
                                        const char *destination_name,
                                        struct sqlite3 *source,
                                        const char *source_name);
  /**
   * `sqlite3_backup_step`
   */
  int (*backup_step)(struct sqlite3_backup *backup, int pages);
  /**
   * `sqlite3_backup_finish`
   */
  int (*backup_finish)(struct sqlite3_backup *backup);
  /**
   * `sqlite3_backup_remaining`
   */
  int (*backup_remaining)(struct sqlite3_backup *backup);
  /**
   * `sqlite3_backup_pagecount`
   */
  int (*backup_pagecount)(struct sqlite3_backup *backup);
} limbeck_sqlite3_api;

/**
 * One migration in memory, as `limbeck embed` writes them. Both texts are UTF-8.
 */
typedef struct limbeck_migration {
  /**
   * The file's name, `0001_initial.sql`.
   */
  const char *name;
  /**
   * Its length in bytes, or `LIMBECK_NUL_TERMINATED`.
   */
  size_t name_length;
  /**
   * All of the file.
   */
  const char *text;
  /**
   * Its length in bytes, or `LIMBECK_NUL_TERMINATED`.
   */
  size_t text_length;
} limbeck_migration;

/**
 * One direction of a revision in code. 0 is success; any other number fails the run, and all is rolled
 * back. So does a call with `step` that fails, whatever is answered.
 *
 * Called on the thread that calls a verb, inside the run's transaction, which it neither commits nor
 * rolls back. It must not unwind (`longjmp`, a C++ exception). `limbeck_migrator_plan`,
 * `limbeck_migrator_sql` and `limbeck_migrator_check` call it too, for their scratch database.
 */
typedef int (*limbeck_body)(void *user_data, struct limbeck_step *step);

/**
 * One revision in code.
 */
typedef struct limbeck_code {
  /**
   * Its name among the files, `0002_slugs`: what stands before the first `_` is the revision, which
   * follows the one before it by name. UTF-8.
   */
  const char *name;
  /**
   * Its length in bytes, or `LIMBECK_NUL_TERMINATED`.
   */
  size_t name_length;
  /**
   * Applies it.
   */
  limbeck_body up;
  /**
   * Takes it back; null if it cannot be taken back.
   */
  limbeck_body down;
  /**
   * Handed to both.
   */
  void *user_data;
} limbeck_code;

/**
 * Something that has just happened, or is going on. Texts are UTF-8 with a NUL behind them, null where
 * there is none, and valid during the callback only.
 */
typedef struct limbeck_event {
  /**
   * The size of this structure, in bytes. A later library may have more members at its end.
   */
  size_t size;
  /**
   * What it tells.
   */
  enum limbeck_event_kind kind;
  /**
   * The revision.
   */
  const char *revision;
  /**
   * The table.
   */
  const char *table;
  /**
   * A line for a log.
   */
  const char *text;
  /**
   * How far it is.
   */
  uint64_t done;
  /**
   * How far it goes.
   */
  uint64_t total;
} limbeck_event;

/**
 * Called on the thread that runs the migration. 0 goes on; any other number cancels the run, and all
 * is rolled back. It must not unwind (`longjmp`, a C++ exception), and not use the connection.
 */
typedef int (*limbeck_progress)(void *user_data, const struct limbeck_event *event);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The `LIMBECK_ABI_VERSION` of the library that is there at run time, to compare with the header's.
 *
 * # Safety
 *
 * Any thread.
 */
uint32_t limbeck_abi_version(void);

/**
 * The library's version, `0.1.0`.
 *
 * # Safety
 *
 * Any thread. What is returned is never freed.
 */
const char *limbeck_version(void);

/**
 * Backs the database up into a folder before the first write of each run, and keeps the last `keep`
 * backups of it (0: three). A run that finds nothing to do takes none. Where the database cannot be
 * backed up, it is not changed.
 *
 * # Safety
 *
 * `length` bytes of `folder` may be read. `error` is null or may be written. Any thread, one call at a
 * time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_backups(struct limbeck_migrator *migrator,
                                                 const char *folder,
                                                 size_t length,
                                                 size_t keep,
                                                 struct limbeck_error **error);

/**
 * Takes a backup now, and answers it as JSON.
 *
 * Errors: the `LIMBECK_BACKUP_` ones, `LIMBECK_DATABASE_TRANSACTION_OPEN`, `LIMBECK_SETTINGS_INVALID`
 * where no folder is set.
 *
 * # Safety
 *
 * `backup` and `error` are null or may be written; a null `backup` is an error. The program owns what is
 * put there. The thread is one that may use the connection; one call at a time with this migrator and
 * with this database.
 */
enum limbeck_status limbeck_migrator_back_up(struct limbeck_migrator *migrator,
                                             struct limbeck_database *database,
                                             struct limbeck_text **backup,
                                             struct limbeck_error **error);

/**
 * Whether the room on the volumes of the database, of the backups and of SQLite's temporary files is
 * looked at before a backup and before a table is rebuilt: 1, as it is from the start, or 0.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_check_room(struct limbeck_migrator *migrator,
                                                    int check,
                                                    struct limbeck_error **error);

/**
 * Looks at the database and at its SQLite for a bug report, as JSON, without rows and paths: damage, history,
 * what is pending, and what that would take. Nothing is changed, and what fails is told in it. It reads the
 * whole database.
 *
 * # Safety
 *
 * As `limbeck_migrator_back_up`. `scratch` is a second database: an empty one in memory, of the same SQLite.
 */
enum limbeck_status limbeck_migrator_doctor(struct limbeck_migrator *migrator,
                                            struct limbeck_database *database,
                                            struct limbeck_database *scratch,
                                            struct limbeck_text **found,
                                            struct limbeck_error **error);

/**
 * The backups of this database, newest first, as a JSON list. The database is not read, and may be
 * damaged.
 *
 * # Safety
 *
 * As `limbeck_migrator_back_up`.
 */
enum limbeck_status limbeck_migrator_backups(struct limbeck_migrator *migrator,
                                             struct limbeck_database *database,
                                             struct limbeck_text **backups,
                                             struct limbeck_error **error);

/**
 * The path of the newest backup whose revisions the migrations have all: one that this program can open.
 *
 * Errors: `LIMBECK_BACKUP_NONE` where there is none.
 *
 * # Safety
 *
 * As `limbeck_migrator_back_up`.
 */
enum limbeck_status limbeck_migrator_newest_compatible_backup(struct limbeck_migrator *migrator,
                                                              struct limbeck_database *database,
                                                              struct limbeck_text **path,
                                                              struct limbeck_error **error);

/**
 * Puts a backup in the place of all that is in the open database, in one transaction. The backup is
 * checked before, the database afterwards; what is there now is backed up first. The backup stays.
 *
 * Errors: `LIMBECK_BACKUP_DAMAGED` and `LIMBECK_BACKUP_NONE` before anything is written;
 * `LIMBECK_DATABASE_LOCKED` while another connection uses the database.
 *
 * # Safety
 *
 * `length` bytes of `path` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `report` and `error`
 * are null or may be written. The program owns what is put there. The thread is one that may use the
 * connection; one call at a time with this migrator and with this database.
 */
enum limbeck_status limbeck_migrator_restore(struct limbeck_migrator *migrator,
                                             struct limbeck_database *database,
                                             const char *path,
                                             size_t length,
                                             struct limbeck_report **report,
                                             struct limbeck_error **error);

#if defined(LIMBECK_BUNDLED)
/**
 * Opens the database at a path, making it if it is not there, with the SQLite inside this library. Only
 * in a library that was built with the feature `bundled`.
 *
 * Warning: a program that has an SQLite of its own must not use this for a file that it opens itself,
 * before or meanwhile: two copies of SQLite take away each other's locks, which can damage the file. On
 * Linux a file that something else in the process has open is refused with `LIMBECK_DATABASE_CONTRACT`;
 * a file that the program opens later is not noticed. `limbeck_database_from_sqlite3` has no such risk.
 *
 * # Safety
 *
 * `length` bytes of `path` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `database` and `error`
 * are null or may be written; a null `database` is an error. Any thread. The program owns what is made;
 * `limbeck_database_free` closes it.
 */
enum limbeck_status limbeck_database_open(const char *path,
                                          size_t length,
                                          struct limbeck_database **database,
                                          struct limbeck_error **error);
#endif

/**
 * Runs statements as a migration file holds them, the extended `ALTER TABLE` among them. Neighbouring
 * `ALTER TABLE`s of one table in one call are one batch.
 *
 * Errors: those of a file's statements, each with the statement. The run fails with the same.
 *
 * # Safety
 *
 * `length` bytes of `sql` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `error` is null or may
 * be written; the program owns what is put there. On the callback's thread, before it returns.
 */
enum limbeck_status limbeck_step_execute(struct limbeck_step *step,
                                         const char *sql,
                                         size_t length,
                                         struct limbeck_error **error);

/**
 * The program's own connection to the database that the code works on, for what needs a query's answer:
 * that of the `limbeck_database`, or of the scratch database of a plan or a check. To be called before
 * that connection is used: what is written there is not seen, so every table with foreign keys is
 * checked before COMMIT.
 *
 * Errors: `LIMBECK_SCRIPT_NOT_OFFLINE` where a script is printed; `LIMBECK_C_MISUSE` for a database that
 * limbeck opened by path.
 *
 * # Safety
 *
 * `connection` and `error` are null or may be written; a null `connection` is an error. The connection
 * stays the program's: it is not closed, and every statement on it is finalized before the callback
 * returns. On the callback's thread, before it returns.
 */
enum limbeck_status limbeck_step_connection(struct limbeck_step *step,
                                            struct sqlite3 **connection,
                                            struct limbeck_error **error);

/**
 * Adds a line to the warnings of the report.
 *
 * # Safety
 *
 * As `limbeck_step_execute`.
 */
enum limbeck_status limbeck_step_warn(struct limbeck_step *step,
                                      const char *warning,
                                      size_t length,
                                      struct limbeck_error **error);

/**
 * The revision. If `length` is not null, it is set to the length in bytes. Null if `step` has ended.
 *
 * # Safety
 *
 * `length` is null or may be written. What is returned has a NUL behind it, and is valid until the
 * callback returns.
 */
const char *limbeck_step_revision(const struct limbeck_step *step, size_t *length);

/**
 * Whether it is applied or taken back: a value of `limbeck_direction`, or -1 if `step` has ended.
 *
 * # Safety
 *
 * Any pointer may be asked.
 */
int limbeck_step_direction(const struct limbeck_step *step);

/**
 * Wraps the program's own connection, which stays the program's: its pragmas, its key, its functions
 * and collations, and its open transaction, if there is one, are what limbeck works with.
 *
 * Locks of other connections are waited for as long as the program's `sqlite3_busy_timeout` says: not at
 * all unless it is set. Where the program may be started twice, set it to longer than the longest migration.
 *
 * While a migration runs, SQLite's progress handler of the connection is limbeck's, and afterwards there
 * is none: SQLite cannot say which one there was.
 *
 * # Safety
 *
 * `connection` is open, and stays so until this database is freed; the program closes it. `api` points
 * to `LIMBECK_SQLITE3_API` as the program's own `<sqlite3.h>` fills it, of the library that opened
 * `connection`; it is copied. `database` and `error` are null or may be written; a null `database` is an
 * error. Any thread that may use the connection.
 */
enum limbeck_status limbeck_database_from_sqlite3(struct sqlite3 *connection,
                                                  const struct limbeck_sqlite3_api *api,
                                                  struct limbeck_database **database,
                                                  struct limbeck_error **error);

/**
 * Tests that the connection does what limbeck relies on. The database is *empty* and may be written to:
 * tables come and go. For tests of programs with an SQLite of their own.
 *
 * Errors: `LIMBECK_DATABASE_CONTRACT`, naming the rule that is broken.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread that may use the connection.
 */
enum limbeck_status limbeck_database_check(struct limbeck_database *database, struct limbeck_error **error);

/**
 * Frees a database; a connection of the program's own stays open. Null, what was freed before, and one
 * that is in use are left alone.
 *
 * # Safety
 *
 * Any pointer may be given. Any thread that may use the connection.
 */
void limbeck_database_free(struct limbeck_database *database);

/**
 * The status that the call answered. `LIMBECK_C_MISUSE` if `error` is no live handle.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
enum limbeck_status limbeck_error_status(const struct limbeck_error *error);

/**
 * The stable code, such as `graph.multiple_heads`: the same in Rust, on the command line and in JSON.
 * If `length` is not null, it is set to the length in bytes. Null if `error` is no live handle.
 *
 * # Safety
 *
 * `length` is null or may be written. What is returned belongs to `error`, has a NUL behind it, and
 * is valid until that is freed. Any thread. The same holds for the other texts of an error.
 */
const char *limbeck_error_code(const struct limbeck_error *error, size_t *length);

/**
 * What went wrong, for people: lowercase, without a full stop.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_message(const struct limbeck_error *error, size_t *length);

/**
 * What to do about it, in one sentence; null if there is no advice.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_hint(const struct limbeck_error *error, size_t *length);

/**
 * The revision it happened in, or null.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_revision(const struct limbeck_error *error, size_t *length);

/**
 * The file it happened in, or null.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_file(const struct limbeck_error *error, size_t *length);

/**
 * The line in that file, counted from 1; 0 if it is not known.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
uint32_t limbeck_error_line(const struct limbeck_error *error);

/**
 * The SQL statement it happened in, or null.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_statement(const struct limbeck_error *error, size_t *length);

/**
 * How many rules rows break: each is a violation.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
size_t limbeck_error_violation_count(const struct limbeck_error *error);

/**
 * The table of a violation, counted from 0; null beyond the last.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_violation_table(const struct limbeck_error *error,
                                          size_t violation,
                                          size_t *length);

/**
 * The rule of a violation, as SQL: `phone NOT NULL`. Null beyond the last.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_violation_rule(const struct limbeck_error *error, size_t violation, size_t *length);

/**
 * How many rows break the rule; 0 beyond the last. The first of their keys are in the JSON.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
uint64_t limbeck_error_violation_rows(const struct limbeck_error *error, size_t violation);

/**
 * How many revisions the database has and the program does not, in the order in which they were applied.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
size_t limbeck_error_newer_count(const struct limbeck_error *error);

/**
 * Such a revision, counted from 0; null beyond the last.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_newer_revision(const struct limbeck_error *error, size_t newer, size_t *length);

/**
 * The version of the program that applied it; null if that is not known.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_newer_app_version(const struct limbeck_error *error, size_t newer, size_t *length);

/**
 * When it was applied, in UTC: `2026-02-03T12:00:00.000Z`; null if that is not known.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_newer_applied_at(const struct limbeck_error *error, size_t newer, size_t *length);

/**
 * The whole error as one line of JSON, `{"error":{…},"report":{…}}`: also the first keys of the rows that
 * break a rule, and in `report` what was committed before the failure.
 *
 * # Safety
 *
 * As `limbeck_error_code`.
 */
const char *limbeck_error_json(const struct limbeck_error *error, size_t *length);

/**
 * Frees an error. Null and what was freed before are left alone.
 *
 * # Safety
 *
 * No thread still reads its texts. Any thread.
 */
void limbeck_error_free(struct limbeck_error *error);

/**
 * Makes a switch, which is off.
 *
 * # Safety
 *
 * `cancel` and `error` are null or may be written; a null `cancel` is an error. Any thread. The
 * program owns what is made.
 */
enum limbeck_status limbeck_cancel_new(struct limbeck_cancel **cancel, struct limbeck_error **error);

/**
 * Switches it: `on` other than 0 cancels, at their next event, the runs of every migrator that has it
 * (`limbeck_migrator_set_cancel`); 0 lets later runs begin.
 *
 * # Safety
 *
 * Any pointer may be given. Any thread, also while a run is going on; not from a signal handler,
 * because it takes a lock.
 */
enum limbeck_status limbeck_cancel_set(const struct limbeck_cancel *cancel, int on);

/**
 * Frees a switch. A migrator that has it keeps its last state. Null and what was freed before are left
 * alone.
 *
 * # Safety
 *
 * Any pointer may be given. Any thread.
 */
void limbeck_cancel_free(struct limbeck_cancel *cancel);

/**
 * What the database is at, as JSON: a list of revisions, also such as the folder does not know.
 *
 * # Safety
 *
 * `revisions` and `error` are null or may be written; a null `revisions` is an error. The program owns
 * what is put there. The thread is one that may use the connection; one call at a time with this
 * migrator and with this database.
 */
enum limbeck_status limbeck_migrator_current(struct limbeck_migrator *migrator,
                                             struct limbeck_database *database,
                                             struct limbeck_text **revisions,
                                             struct limbeck_error **error);

/**
 * What an upgrade to `heads` would apply, in order.
 *
 * # Safety
 *
 * As `limbeck_migrator_current`.
 */
enum limbeck_status limbeck_migrator_pending(struct limbeck_migrator *migrator,
                                             struct limbeck_database *database,
                                             struct limbeck_text **revisions,
                                             struct limbeck_error **error);

/**
 * Fails with `LIMBECK_HISTORY_NOT_UP_TO_DATE` unless the database is at every head.
 *
 * # Safety
 *
 * `error` is null or may be written. Threads as `limbeck_migrator_current`.
 */
enum limbeck_status limbeck_migrator_check_heads(struct limbeck_migrator *migrator,
                                                 struct limbeck_database *database,
                                                 struct limbeck_error **error);

/**
 * The heads: what nothing follows. `resolve_dependencies` other than 0 leaves out those that another
 * revision depends on.
 *
 * # Safety
 *
 * `revisions` and `error` are null or may be written; a null `revisions` is an error. The program owns
 * what is put there. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_heads(struct limbeck_migrator *migrator,
                                           int resolve_dependencies,
                                           struct limbeck_text **revisions,
                                           struct limbeck_error **error);

/**
 * The revisions that several others follow.
 *
 * # Safety
 *
 * As `limbeck_migrator_heads`.
 */
enum limbeck_status limbeck_migrator_branches(struct limbeck_migrator *migrator,
                                              struct limbeck_text **revisions,
                                              struct limbeck_error **error);

/**
 * The revisions of a range `low:high`, newest first; either end may be empty, `base`, `head`,
 * `current`, or relative. `database` may be null where the range does not say `current`; no revision is
 * marked `current` then.
 *
 * # Safety
 *
 * `length` bytes of `range` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). All else as
 * `limbeck_migrator_current`.
 */
enum limbeck_status limbeck_migrator_history(struct limbeck_migrator *migrator,
                                             struct limbeck_database *database,
                                             const char *range,
                                             size_t length,
                                             struct limbeck_text **revisions,
                                             struct limbeck_error **error);

/**
 * One revision, or several that a target such as `heads` names.
 *
 * # Safety
 *
 * `length` bytes of `target` may be read. All else as `limbeck_migrator_heads`.
 */
enum limbeck_status limbeck_migrator_show(struct limbeck_migrator *migrator,
                                          const char *target,
                                          size_t length,
                                          struct limbeck_text **revisions,
                                          struct limbeck_error **error);

/**
 * What a merge of these heads, parted by blanks, would revise: a JSON list of ids. None named: all heads.
 *
 * # Safety
 *
 * `length` bytes of `targets` may be read. All else as `limbeck_migrator_heads`.
 */
enum limbeck_status limbeck_migrator_merge(struct limbeck_migrator *migrator,
                                           const char *targets,
                                           size_t length,
                                           struct limbeck_text **revises,
                                           struct limbeck_error **error);

/**
 * Reads the `*.sql` files of a folder on disk.
 *
 * Errors: the `LIMBECK_GRAPH_` ones, `LIMBECK_SCRIPT_UNREADABLE`, `LIMBECK_SCRIPT_BAD_DIRECTIVE`.
 *
 * # Safety
 *
 * `length` bytes of `path` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `migrator` and
 * `error` are null or may be written; a null `migrator` is an error. Any thread. The program owns what
 * is made; the path may go once this returns.
 */
enum limbeck_status limbeck_migrator_from_folder(const char *path,
                                                 size_t length,
                                                 struct limbeck_migrator **migrator,
                                                 struct limbeck_error **error);

/**
 * Takes migrations from memory: such as `limbeck embed` compiles in, or a list of the program's own.
 *
 * Errors: the `LIMBECK_GRAPH_` ones, `LIMBECK_SCRIPT_BAD_DIRECTIVE`.
 *
 * # Safety
 *
 * `count` migrations may be read at `migrations`, and their texts; `migrations` may be null if `count`
 * is 0. `migrator` and `error` are null or may be written; a null `migrator` is an error. Any thread.
 * The program owns what is made; all texts are copied.
 */
enum limbeck_status limbeck_migrator_from_memory(const struct limbeck_migration *migrations,
                                                 size_t count,
                                                 struct limbeck_migrator **migrator,
                                                 struct limbeck_error **error);

/**
 * As `limbeck_migrator_from_memory`, with revisions in code among the migrations, each in its place by
 * name.
 *
 * # Safety
 *
 * `code_count` codes may be read at `codes`, and their names; `codes` may be null if `code_count` is 0.
 * Their functions may be called with their `user_data`, on the thread that calls a verb, until the
 * migrator is freed. All else as `limbeck_migrator_from_memory`.
 */
enum limbeck_status limbeck_migrator_from_memory_with_code(const struct limbeck_migration *migrations,
                                                           size_t count,
                                                           const struct limbeck_code *codes,
                                                           size_t code_count,
                                                           struct limbeck_migrator **migrator,
                                                           struct limbeck_error **error);

/**
 * The app's version, kept with each step in `limbeck_history`.
 *
 * # Safety
 *
 * `length` bytes of `version` may be read. `error` is null or may be written. Any thread, one call at a
 * time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_app_version(struct limbeck_migrator *migrator,
                                                     const char *version,
                                                     size_t length,
                                                     struct limbeck_error **error);

/**
 * The table of version rows, instead of `limbeck_version`; `alembic_version` shares a database with
 * Alembic. Two sets of migrations may share a database, each with a table of its own, where no id is in
 * both: `limbeck_history` is one for all, and knows revisions by their ids.
 *
 * # Safety
 *
 * As `limbeck_migrator_set_app_version`.
 */
enum limbeck_status limbeck_migrator_set_version_table(struct limbeck_migrator *migrator,
                                                       const char *name,
                                                       size_t length,
                                                       struct limbeck_error **error);

/**
 * Whether tables may be rebuilt: a value of `limbeck_rebuild`.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_rebuild(struct limbeck_migrator *migrator,
                                                 int mode,
                                                 struct limbeck_error **error);

/**
 * What a transaction holds: a value of `limbeck_transaction`.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_transaction(struct limbeck_migrator *migrator,
                                                     int mode,
                                                     struct limbeck_error **error);

/**
 * What an upgrade does with a newer database: a value of `limbeck_newer`.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_newer_database(struct limbeck_migrator *migrator,
                                                        int choice,
                                                        struct limbeck_error **error);

/**
 * Whether the file is looked through for damage before a run that has something to do: a value of
 * `limbeck_quick_check`. Damage is `LIMBECK_DATABASE_CORRUPT`, before anything is written.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_quick_check(struct limbeck_migrator *migrator,
                                                     int when,
                                                     struct limbeck_error **error);

/**
 * `trust` other than 0: triggers, views, CHECKs, defaults, generated columns and indexes may call the
 * program's own functions, and use virtual tables, that are not marked `SQLITE_INNOCUOUS`. 0, which is the
 * default: `PRAGMA trusted_schema` is off while a run works, and what needs one fails with
 * `LIMBECK_DATABASE_UNTRUSTED_SCHEMA`, because the file may come from elsewhere.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_trust_schema(struct limbeck_migrator *migrator,
                                                      int trust,
                                                      struct limbeck_error **error);

/**
 * `keep` other than 0: limbeck may have the file's `user_version` (`PRAGMA user_version`). A launch with
 * nothing to do then compares that one number with the migrations, and not even the schema is read; its
 * report names no revisions. 0, which is the default: it is left alone. Let nothing but limbeck move the
 * version rows of such a database. Where another number stands there, the verbs fail with
 * `LIMBECK_HISTORY_USER_VERSION_TAKEN`.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_set_keep_user_version(struct limbeck_migrator *migrator,
                                                           int keep,
                                                           struct limbeck_error **error);

/**
 * What is told of a run's progress; null tells nobody.
 *
 * # Safety
 *
 * `progress` may be called with `user_data`, on the thread that calls a verb, until another is set or
 * the migrator is freed. `error` is null or may be written. Any thread, one call at a time with this
 * migrator.
 */
enum limbeck_status limbeck_migrator_set_progress(struct limbeck_migrator *migrator,
                                                  limbeck_progress progress,
                                                  void *user_data,
                                                  struct limbeck_error **error);

/**
 * A switch that cancels the runs of this migrator; null takes it away.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator. The switch
 * stays the program's.
 */
enum limbeck_status limbeck_migrator_set_cancel(struct limbeck_migrator *migrator,
                                                const struct limbeck_cancel *cancel,
                                                struct limbeck_error **error);

/**
 * Reads every migration to its end: what a developer's build wants to know before a user's launch does.
 *
 * Errors: the `LIMBECK_SCRIPT_` and `LIMBECK_SQL_` ones, with file and line.
 *
 * # Safety
 *
 * `error` is null or may be written. Any thread, one call at a time with this migrator.
 */
enum limbeck_status limbeck_migrator_validate(struct limbeck_migrator *migrator,
                                              struct limbeck_error **error);

/**
 * Frees a migrator. Null, what was freed before, and a migrator whose run is going on (in its progress
 * callback) are left alone.
 *
 * # Safety
 *
 * Any pointer may be given. Any thread.
 */
void limbeck_migrator_free(struct limbeck_migrator *migrator);

/**
 * 1 if the run found nothing to do, else 0.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
int limbeck_report_is_empty(const struct limbeck_report *report);

/**
 * The version rows before, sorted, parted by blanks; empty for the base. If `length` is not null, it is
 * set to the length in bytes. Null if `report` is no live handle.
 *
 * # Safety
 *
 * `length` is null or may be written. What is returned belongs to `report`, has a NUL behind it, and
 * is valid until that is freed. Any thread. The same holds for the other texts of a report.
 */
const char *limbeck_report_from(const struct limbeck_report *report, size_t *length);

/**
 * The version rows after, in the same form.
 *
 * # Safety
 *
 * As `limbeck_report_from`.
 */
const char *limbeck_report_to(const struct limbeck_report *report, size_t *length);

/**
 * How many steps were done.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
size_t limbeck_report_step_count(const struct limbeck_report *report);

/**
 * The revision of a step, counted from 0; null beyond the last.
 *
 * # Safety
 *
 * As `limbeck_report_from`.
 */
const char *limbeck_report_step_revision(const struct limbeck_report *report, size_t step, size_t *length);

/**
 * How many warnings there are: what a reader should know although nothing failed.
 *
 * # Safety
 *
 * Any pointer may be asked. Any thread.
 */
size_t limbeck_report_warning_count(const struct limbeck_report *report);

/**
 * A warning, counted from 0; null beyond the last.
 *
 * # Safety
 *
 * As `limbeck_report_from`.
 */
const char *limbeck_report_warning(const struct limbeck_report *report, size_t warning, size_t *length);

/**
 * The whole report as one line of JSON: also which way each table was altered, and how long it took.
 *
 * # Safety
 *
 * As `limbeck_report_from`.
 */
const char *limbeck_report_json(const struct limbeck_report *report, size_t *length);

/**
 * Frees a report. Null and what was freed before are left alone.
 *
 * # Safety
 *
 * No thread still reads its texts. Any thread.
 */
void limbeck_report_free(struct limbeck_report *report);

/**
 * Applies revisions up to a target: `head`, `heads`, `+1`, an id or its beginning, a label.
 *
 * Where nothing is to do, that is one SELECT. Otherwise one write transaction is held from the first
 * step to the last (a savepoint inside the program's own), with `foreign_keys` off meanwhile, and set
 * back afterwards. On an error nothing has changed but what `report` in its JSON lists.
 *
 * Errors: the `LIMBECK_GRAPH_` ones for the target; `LIMBECK_HISTORY_DATABASE_NEWER`,
 * `LIMBECK_HISTORY_CHANGED_REVISION` and `LIMBECK_HISTORY_UNFINISHED` before any write; all others of
 * the script, the SQL and the database for what happens on the way.
 *
 * # Safety
 *
 * `length` bytes of `target` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `report` and
 * `error` are null or may be written; the program owns what is put there, a report only after
 * `LIMBECK_OK`, an error only after all else. The thread is one that may use the connection; one call
 * at a time with this migrator and with this database.
 */
enum limbeck_status limbeck_migrator_upgrade(struct limbeck_migrator *migrator,
                                             struct limbeck_database *database,
                                             const char *target,
                                             size_t length,
                                             struct limbeck_report **report,
                                             struct limbeck_error **error);

/**
 * Takes revisions back down to a target: `base`, `-1`, an id.
 *
 * Errors: as `limbeck_migrator_upgrade`, and `LIMBECK_SCRIPT_NO_DOWNGRADE` before any write.
 *
 * # Safety
 *
 * As `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_downgrade(struct limbeck_migrator *migrator,
                                               struct limbeck_database *database,
                                               const char *target,
                                               size_t length,
                                               struct limbeck_report **report,
                                               struct limbeck_error **error);

/**
 * Sets the version rows and runs no script: for a database that is there already. `targets` are parted
 * by blanks. `purge` other than 0 throws the rows away first, also such as the folder does not know.
 *
 * # Safety
 *
 * As `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_stamp(struct limbeck_migrator *migrator,
                                           struct limbeck_database *database,
                                           const char *targets,
                                           size_t length,
                                           int purge,
                                           struct limbeck_report **report,
                                           struct limbeck_error **error);

/**
 * Makes limbeck's own tables where they are missing; `made`, if not null, is set to 1 if any was, else
 * to 0.
 *
 * # Safety
 *
 * `made` and `error` are null or may be written. Threads as `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_ensure_version(struct limbeck_migrator *migrator,
                                                    struct limbeck_database *database,
                                                    int *made,
                                                    struct limbeck_error **error);

/**
 * What an upgrade, or with `LIMBECK_DOWN` a downgrade, would do, as JSON: steps, statements, and the way
 * each ALTER would take. `database` is only read.
 *
 * Errors: as `limbeck_migrator_upgrade` before its first write.
 *
 * # Safety
 *
 * `scratch` is a second database: an empty one in memory, of the same SQLite. `length` bytes of
 * `target` may be read. `plan` and `error` are null or may be written; a null `plan` is an error. The
 * program owns what is put there. Threads as `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_plan(struct limbeck_migrator *migrator,
                                          struct limbeck_database *database,
                                          struct limbeck_database *scratch,
                                          int direction,
                                          const char *target,
                                          size_t length,
                                          struct limbeck_text **plan,
                                          struct limbeck_error **error);

/**
 * The script that takes a database over a range `from:to`, for the `sqlite3` shell. No database is
 * needed but `scratch`, an empty one in memory, on which the range runs.
 *
 * Errors: as `limbeck_migrator_upgrade`; `LIMBECK_GRAPH_RANGE_REQUIRED` for a downgrade without `from`;
 * `LIMBECK_SCRIPT_NOT_OFFLINE` for what asks the rows.
 *
 * # Safety
 *
 * `length` bytes of `range` may be read. `sql` and `error` are null or may be written; a null `sql` is
 * an error. The program owns what is put there. Threads as `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_sql(struct limbeck_migrator *migrator,
                                         struct limbeck_database *scratch,
                                         int direction,
                                         const char *range,
                                         size_t length,
                                         struct limbeck_text **sql,
                                         struct limbeck_error **error);

/**
 * How the wanted schema, plain CREATE statements, differs from the one that the migrations make, as JSON:
 * a list of `{"kind", "table", "name", "sql"}`, empty if it does not.
 *
 * Errors: as `limbeck_migrator_upgrade` for the migrations; `LIMBECK_SCRIPT_FORBIDDEN_STATEMENT` and
 * `LIMBECK_SQL_FAILED`, each with its line, for the text.
 *
 * # Safety
 *
 * `present` and `wanted` are two empty databases in memory, of the program's own SQLite; both are written.
 * `length` bytes of `schema` may be read. `differences` and `error` are null or may be written; a null
 * `differences` is an error. The program owns what is put there. Threads as `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_check(struct limbeck_migrator *migrator,
                                           struct limbeck_database *present,
                                           struct limbeck_database *wanted,
                                           const char *schema,
                                           size_t length,
                                           struct limbeck_text **differences,
                                           struct limbeck_error **error);

/**
 * What lies between the schemas of two databases, which are only read, as JSON:
 * `{"differences": [...], "operations": [...], "proposals": [...]}`, all empty if they are the same. A
 * folder's schema is that of a database in memory which it was upgraded on.
 *
 * `options` is JSON, and may be null: `{"renames": ["old:new", "table.old:new"], "include": [], "exclude": [],
 * "column_order": false}`.
 *
 * Errors: `LIMBECK_SETTINGS_INVALID` and `LIMBECK_DIFF_BAD_RENAME` for the options.
 *
 * # Safety
 *
 * `from` and `to` are two databases. `length` bytes of `options` may be read. `diff` and `error` are null or
 * may be written; a null `diff` is an error. The program owns what is put there. Threads as
 * `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_diff(struct limbeck_migrator *migrator,
                                          struct limbeck_database *from,
                                          struct limbeck_database *to,
                                          const char *options,
                                          size_t length,
                                          struct limbeck_text **diff,
                                          struct limbeck_error **error);

/**
 * Whether a database is what the migrations make up to where it says it is, as JSON: `{"revisions": [...],
 * "fingerprint": "2:...", "differences": [{"kind", "table", "name", "sql", "grade"}]}`, where a grade is
 * `slight`, `rule` or `data`. The database is only read.
 *
 * Errors: `LIMBECK_HISTORY_DATABASE_NEWER`; as `limbeck_migrator_upgrade` for the migrations.
 *
 * # Safety
 *
 * `scratch` is an empty database in memory, of the program's own SQLite; it is written. `verified` and
 * `error` are null or may be written; a null `verified` is an error. The program owns what is put there.
 * Threads as `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_verify(struct limbeck_migrator *migrator,
                                            struct limbeck_database *database,
                                            struct limbeck_database *scratch,
                                            struct limbeck_text **verified,
                                            struct limbeck_error **error);

/**
 * The fingerprint of a database's schema, which is only read: equal for two that `limbeck_migrator_diff`
 * finds the same. The last step of each run leaves it in `limbeck_history`.
 *
 * # Safety
 *
 * `fingerprint` and `error` are null or may be written; a null `fingerprint` is an error. The program owns
 * what is put there. Threads as `limbeck_migrator_upgrade`.
 */
enum limbeck_status limbeck_migrator_fingerprint(struct limbeck_migrator *migrator,
                                                 struct limbeck_database *database,
                                                 struct limbeck_text **fingerprint,
                                                 struct limbeck_error **error);

/**
 * The text itself, with a NUL behind it. If `length` is not null, it is set to the length in bytes,
 * the NUL not counted. Null if `text` is no live handle.
 *
 * # Safety
 *
 * `length` is null or may be written. What is returned belongs to `text`, and is valid until that is
 * freed. Any thread.
 */
const char *limbeck_text_data(const struct limbeck_text *text, size_t *length);

/**
 * Frees a text. Null and what was freed before are left alone.
 *
 * # Safety
 *
 * No thread still reads what `limbeck_text_data` returned. Any thread.
 */
void limbeck_text_free(struct limbeck_text *text);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LIMBECK_H */
