/*
 * Every function of limbeck.h, called as a program calls it and as no program should. C99 and C++17. Long,
 * because a test demands each of them in this one file, which is compiled and run in several ways.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "limbeck.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUL LIMBECK_NUL_TERMINATED
#define CHECK(fine) check((fine) != 0, #fine, __LINE__)

static int checks;

static void check(int fine, const char *what, int line) {
  ++checks;
  if (!fine) {
    fprintf(stderr, "api.c:%d: %s\n", line, what);
    exit(1);
  }
}

static const limbeck_migration migrations[] = {
    {"0001_notes.sql", NUL, "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT);", NUL},
    {"0002_titles.sql", 15,
     "-- migrate:up\nUPDATE notes SET title = '' WHERE title IS NULL;\n"
     "ALTER TABLE notes ALTER title SET NOT NULL;\n"
     "-- migrate:down\nALTER TABLE notes ALTER title DROP NOT NULL;",
     NUL},
};

static const char *const endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) DELETE FROM notes WHERE id IN n;";

static sqlite3 *open_sqlite(void) {
  sqlite3 *connection = NULL;
  CHECK(sqlite3_open(":memory:", &connection) == SQLITE_OK);
  return connection;
}

static limbeck_database *open_database(sqlite3 *connection) {
  const limbeck_sqlite3_api api = LIMBECK_SQLITE3_API;
  limbeck_database *database = NULL;
  CHECK(limbeck_database_from_sqlite3(connection, &api, &database, NULL) == LIMBECK_OK);
  return database;
}

static limbeck_migrator *read_migrations(size_t count) {
  limbeck_migrator *migrator = NULL;
  CHECK(limbeck_migrator_from_memory(migrations, count, &migrator, NULL) == LIMBECK_OK);
  return migrator;
}

/* The text holds `part`; it is freed. */
static void has(limbeck_text *text, const char *part) {
  size_t length = 0;
  const char *data = limbeck_text_data(text, &length);
  CHECK(data && strlen(data) == length);
  if (!strstr(data, part)) fprintf(stderr, "%s lacks %s\n", data, part);
  CHECK(strstr(data, part));
  limbeck_text_free(text);
}

/* The error is of this status, its message holds `part`; it is freed. */
static void fails(limbeck_status found, limbeck_status wanted, limbeck_error **its, const char *part) {
  limbeck_error *error = *its;
  size_t length = 0;
  const char *message = limbeck_error_message(error, &length);
  if (found != wanted || !message || !strstr(message, part)) {
    fprintf(stderr, "status %d, wanted %d, %s\n", (int)found, (int)wanted, message ? message : "no error");
  }
  CHECK(found == wanted && limbeck_error_status(error) == wanted);
  CHECK(message && strlen(message) == length && strstr(message, part));
  CHECK(limbeck_error_code(error, NULL) && strstr(limbeck_error_json(error, NULL), "{\"error\":{\"code\":"));
  CHECK(wanted != LIMBECK_C_MISUSE || limbeck_error_hint(error, NULL));
  limbeck_error_free(error);
  *its = NULL;
}

typedef struct {
  int events, steps, stop_at, reentered;
  limbeck_migrator *migrator;
  limbeck_database *database;
} seen;

static int on_progress(void *user_data, const limbeck_event *event) {
  seen *all = (seen *)user_data;
  limbeck_error *error = NULL;
  CHECK(event->size >= sizeof(limbeck_event));
  ++all->events;
  if (event->kind == LIMBECK_EVENT_STEP_STARTED) {
    CHECK(event->revision && event->text && !event->table && event->done >= 1 && event->done <= event->total);
    ++all->steps;
  }
  /* What is in use is refused, and not freed. */
  if (all->migrator) {
    fails(limbeck_migrator_validate(all->migrator, &error), LIMBECK_C_MISUSE, &error, "migrator is in use");
    fails(limbeck_database_check(all->database, &error), LIMBECK_C_MISUSE, &error, "database is in use");
    limbeck_migrator_free(all->migrator);
    limbeck_database_free(all->database);
    ++all->reentered;
  }
  return all->stop_at && all->events >= all->stop_at;
}

static void versions(void) {
  CHECK(limbeck_abi_version() == LIMBECK_ABI_VERSION);
  CHECK(!strcmp(limbeck_version(), "0.1.0"));
}

static void a_run(void) {
  sqlite3 *connection = open_sqlite(), *other = open_sqlite();
  limbeck_database *database = open_database(connection), *scratch = open_database(other);
  limbeck_migrator *migrator = read_migrations(2);
  limbeck_report *report = NULL;
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  seen all = {0, 0, 0, 0, NULL, NULL};
  size_t length = 0;
  int made = -1;

  CHECK(!limbeck_database_check(database, &error) && !error);
  CHECK(!limbeck_migrator_validate(migrator, &error));
  CHECK(!limbeck_migrator_set_app_version(migrator, "1.0", NUL, &error));
  CHECK(!limbeck_migrator_set_version_table(migrator, "versions", 8, &error));
  CHECK(!limbeck_migrator_set_rebuild(migrator, LIMBECK_REBUILD_ALWAYS, &error));
  CHECK(!limbeck_migrator_set_transaction(migrator, LIMBECK_TRANSACTION_PER_REVISION, &error));
  all.migrator = migrator;
  all.database = database;
  CHECK(!limbeck_migrator_set_progress(migrator, on_progress, &all, &error));

  CHECK(!limbeck_migrator_pending(migrator, database, &text, &error));
  has(text, "\"0002\"");
  CHECK(!limbeck_migrator_plan(migrator, database, scratch, LIMBECK_UP, "head", NUL, &text, &error));
  has(text, "\"way\":\"rebuild\"");
  limbeck_database_free(scratch);
  CHECK(sqlite3_close(other) == SQLITE_OK);
  other = open_sqlite();
  scratch = open_database(other);
  CHECK(!limbeck_migrator_sql(migrator, scratch, LIMBECK_UP, "0001:head", NUL, &text, &error));
  has(text, "UPDATE notes");
  {
    sqlite3 *empty = open_sqlite();
    limbeck_database *wanted = open_database(empty);
    limbeck_database_free(scratch);
    CHECK(sqlite3_close(other) == SQLITE_OK);
    other = open_sqlite();
    scratch = open_database(other);
    CHECK(!limbeck_migrator_check(migrator, scratch, wanted, "CREATE TABLE only(x)", NUL, &text, &error));
    has(text, "\"kind\":\"add_table\"");
    CHECK(!limbeck_migrator_diff(migrator, wanted, database, NULL, 0, &text, &error));
    has(text, "\"sql\":\"DROP TABLE");
    fails(limbeck_migrator_diff(migrator, wanted, database, "{\"renames\":[\"a\"]}", NUL, &text, &error),
          LIMBECK_DIFF_BAD_RENAME, &error, "'a'");
    CHECK(!limbeck_migrator_fingerprint(migrator, wanted, &text, &error));
    has(text, "2:");
    limbeck_database_free(wanted);
    CHECK(sqlite3_close(empty) == SQLITE_OK);
  }

  CHECK(!limbeck_migrator_upgrade(migrator, database, "head", NUL, &report, &error) && !error);
  CHECK(all.steps == 2 && all.reentered == all.events);
  CHECK(!limbeck_report_is_empty(report) && limbeck_report_step_count(report) == 2);
  CHECK(!strcmp(limbeck_report_step_revision(report, 1, &length), "0002") && length == 4);
  CHECK(!limbeck_report_step_revision(report, 2, NULL));
  CHECK(!strcmp(limbeck_report_from(report, &length), "") && length == 0);
  CHECK(!strcmp(limbeck_report_to(report, NULL), "0002"));
  CHECK(limbeck_report_warning_count(report) == 0 && !limbeck_report_warning(report, 0, &length));
  CHECK(strstr(limbeck_report_json(report, NULL), "\"way\":\"rebuild\""));
  limbeck_report_free(report);

  CHECK(!limbeck_migrator_upgrade(migrator, database, "head", NUL, &report, NULL));
  CHECK(limbeck_report_is_empty(report));
  limbeck_report_free(report);
  CHECK(!limbeck_migrator_check_heads(migrator, database, &error));
  {
    sqlite3 *empty = open_sqlite();
    limbeck_database *replayed = open_database(empty);
    CHECK(!limbeck_migrator_verify(migrator, database, replayed, &text, &error));
    has(text, "\"differences\":[]");
    limbeck_database_free(replayed);
    CHECK(sqlite3_close(empty) == SQLITE_OK);
  }
  CHECK(!limbeck_migrator_current(migrator, database, &text, &error));
  has(text, "[{\"revision\":\"0002\"");
  CHECK(!limbeck_migrator_heads(migrator, 1, &text, &error));
  has(text, "\"head\":true");
  CHECK(!limbeck_migrator_branches(migrator, &text, &error));
  has(text, "[]");
  CHECK(!limbeck_migrator_history(migrator, NULL, ":", NUL, &text, &error));
  has(text, "\"path\":\"0001_notes.sql\"");
  CHECK(!limbeck_migrator_history(migrator, database, "base:current", NUL, &text, &error));
  has(text, "\"current\":true");
  CHECK(!limbeck_migrator_show(migrator, "0001", NUL, &text, &error));
  has(text, "notes");
  fails(limbeck_migrator_merge(migrator, "0001 0002", NUL, &text, &error), LIMBECK_GRAPH_NOT_A_HEAD, &error,
        "0001");
  CHECK(!limbeck_migrator_downgrade(migrator, database, "-1", NUL, NULL, &error));
  CHECK(!limbeck_migrator_stamp(migrator, database, "0002", NUL, 1, NULL, &error));
  CHECK(!limbeck_migrator_ensure_version(migrator, database, &made, &error) && made == 0);

  limbeck_migrator_free(migrator);
  limbeck_database_free(database);
  limbeck_database_free(scratch);
  CHECK(sqlite3_close(connection) == SQLITE_OK && sqlite3_close(other) == SQLITE_OK);
}

static void an_older_app(void) {
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  limbeck_migrator *newer = read_migrations(2), *older = read_migrations(1);
  limbeck_error *error = NULL;
  CHECK(!limbeck_migrator_set_app_version(newer, "2.0", NUL, NULL));
  CHECK(!limbeck_migrator_upgrade(newer, database, "head", NUL, NULL, NULL));
  CHECK(limbeck_migrator_upgrade(older, database, "head", NUL, NULL, &error) ==
        LIMBECK_HISTORY_DATABASE_NEWER);
  CHECK(!strcmp(limbeck_error_code(error, NULL), "history.database_newer"));
  CHECK(!strcmp(limbeck_error_revision(error, NULL), "0002") && limbeck_error_hint(error, NULL));
  CHECK(!limbeck_error_file(error, NULL) && !limbeck_error_statement(error, NULL));
  CHECK(limbeck_error_line(error) == 0);
  CHECK(limbeck_error_newer_count(error) == 1 && limbeck_error_newer_count(NULL) == 0);
  CHECK(!strcmp(limbeck_error_newer_revision(error, 0, NULL), "0002"));
  CHECK(!strcmp(limbeck_error_newer_app_version(error, 0, NULL), "2.0"));
  CHECK(strlen(limbeck_error_newer_applied_at(error, 0, NULL)) == 24);
  CHECK(!limbeck_error_newer_revision(error, 1, NULL) && !limbeck_error_newer_applied_at(error, 1, NULL));
  fails(limbeck_error_status(error), LIMBECK_HISTORY_DATABASE_NEWER, &error, "applied by version 2.0");
  limbeck_migrator_free(newer);
  limbeck_migrator_free(older);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

typedef struct {
  limbeck_cancel *cancel;
  pthread_mutex_t lock;
  int running;
} shared;

/* Tells the other thread that a statement is running. */
static int on_working(void *user_data, const limbeck_event *event) {
  shared *both = (shared *)user_data;
  if (event->kind == LIMBECK_EVENT_WORKING) {
    pthread_mutex_lock(&both->lock);
    both->running = 1;
    pthread_mutex_unlock(&both->lock);
  }
  return 0;
}

static void *other_thread(void *user_data) {
  shared *both = (shared *)user_data;
  int running = 0;
  while (!running) {
    pthread_mutex_lock(&both->lock);
    running = both->running;
    pthread_mutex_unlock(&both->lock);
  }
  return limbeck_cancel_set(both->cancel, 1) == LIMBECK_OK ? user_data : NULL;
}

/* A statement without an end ends when another thread says so. */
static void cancelled_by_another_thread(void) {
  limbeck_migration all[2] = {{NULL, 0, NULL, 0}, {"0002_endless.sql", NUL, NULL, NUL}};
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  limbeck_migrator *migrator = NULL;
  limbeck_error *error = NULL;
  shared both;
  pthread_t thread;
  void *fine = NULL;
  all[0] = migrations[0];
  all[1].text = endless;
  both.running = 0;
  CHECK(!pthread_mutex_init(&both.lock, NULL));
  CHECK(!limbeck_cancel_new(&both.cancel, NULL));
  CHECK(!limbeck_migrator_from_memory(all, 2, &migrator, NULL));
  CHECK(!limbeck_migrator_set_cancel(migrator, both.cancel, NULL));
  CHECK(!limbeck_migrator_set_progress(migrator, on_working, &both, NULL));
  CHECK(!pthread_create(&thread, NULL, other_thread, &both));
  fails(limbeck_migrator_upgrade(migrator, database, "head", NUL, NULL, &error), LIMBECK_RUN_CANCELLED, &error,
        "");
  CHECK(!pthread_join(thread, &fine) && fine);
  CHECK(sqlite3_get_autocommit(connection));
  CHECK(sqlite3_exec(connection, "SELECT * FROM notes", NULL, NULL, NULL) == SQLITE_ERROR);
  limbeck_cancel_free(both.cancel);
  limbeck_migrator_free(migrator);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK && !pthread_mutex_destroy(&both.lock));
}

/* By the callback, and by the switch: everything is as before. */
static void cancelled(void) {
  limbeck_migration all[3] = {{NULL, 0, NULL, 0}, {NULL, 0, NULL, 0}, {"0003_endless.sql", NUL, NULL, NUL}};
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  limbeck_migrator *migrator = NULL;
  limbeck_cancel *cancel = NULL;
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  seen events = {0, 0, 20, 0, NULL, NULL};
  all[0] = migrations[0];
  all[1] = migrations[1];
  all[2].text = endless;
  CHECK(!limbeck_migrator_from_memory(all, 3, &migrator, &error));
  CHECK(!limbeck_migrator_set_progress(migrator, on_progress, &events, NULL));
  CHECK(sqlite3_exec(connection, "BEGIN; COMMIT", NULL, NULL, NULL) == SQLITE_OK);
  fails(limbeck_migrator_upgrade(migrator, database, "head", NUL, NULL, &error), LIMBECK_RUN_CANCELLED, &error,
        "");
  CHECK(events.events >= 20);
  CHECK(sqlite3_get_autocommit(connection));
  CHECK(!limbeck_migrator_current(migrator, database, &text, NULL));
  has(text, "[]");

  CHECK(!limbeck_migrator_set_progress(migrator, NULL, NULL, NULL));
  CHECK(!limbeck_cancel_new(&cancel, &error));
  CHECK(!limbeck_migrator_set_cancel(migrator, cancel, &error));
  CHECK(!limbeck_cancel_set(cancel, 1));
  fails(limbeck_migrator_upgrade(migrator, database, "head", NUL, NULL, &error), LIMBECK_RUN_CANCELLED, &error,
        "");
  CHECK(!limbeck_cancel_set(cancel, 0));
  CHECK(!limbeck_migrator_upgrade(migrator, database, "0001", NUL, NULL, &error));
  CHECK(!limbeck_migrator_set_cancel(migrator, NULL, &error));
  limbeck_cancel_free(cancel);
  CHECK(limbeck_cancel_set(cancel, 1) == LIMBECK_C_MISUSE);
  limbeck_migrator_free(migrator);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

static void failures_of_migrations(void) {
  const limbeck_migration bad = {"0001.sql", NUL, "\n-- é\nALTER TABLE x ADD;", NUL};
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  limbeck_migrator *migrator = NULL;
  limbeck_error *error = NULL;
  CHECK(!limbeck_migrator_from_memory(&bad, 1, &migrator, &error));
  CHECK(limbeck_migrator_upgrade(migrator, database, "head", NUL, NULL, &error) == LIMBECK_ALTER_SYNTAX);
  CHECK(limbeck_error_line(error) == 3 && !strcmp(limbeck_error_file(error, NULL), "0001.sql"));
  limbeck_error_free(error);
  limbeck_migrator_free(migrator);
  fails(limbeck_migrator_from_folder("no such folder", NUL, &migrator, &error), LIMBECK_SCRIPT_UNREADABLE,
        &error, "no such folder");
  CHECK(!migrator);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

static void rows_that_break_a_rule(void) {
  const limbeck_migration bad[2] = {
      {"0001.sql", NUL, "CREATE TABLE notes(title); INSERT INTO notes VALUES (NULL), ('a'), (NULL);", NUL},
      {"0002.sql", NUL, "ALTER TABLE notes ALTER title SET NOT NULL;", NUL}};
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  limbeck_migrator *migrator = NULL;
  limbeck_error *error = NULL;
  limbeck_status status;
  size_t length = 0;
  CHECK(!limbeck_migrator_from_memory(bad, 2, &migrator, NULL));
  status = limbeck_migrator_upgrade(migrator, database, "head", NUL, NULL, &error);
  CHECK(status == LIMBECK_ALTER_ROWS_BREAK_RULE && limbeck_error_violation_count(error) == 1);
  CHECK(!strcmp(limbeck_error_violation_table(error, 0, &length), "notes") && length == 5);
  CHECK(!strcmp(limbeck_error_violation_rule(error, 0, NULL), "title NOT NULL"));
  CHECK(limbeck_error_violation_rows(error, 0) == 2 && limbeck_error_violation_rows(error, 1) == 0);
  CHECK(!limbeck_error_violation_table(error, 1, NULL) && !limbeck_error_violation_rule(error, 1, NULL));
  limbeck_error_free(error);
  limbeck_migrator_free(migrator);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

/* Inside the program's own transaction the run is a part of it. */
static void in_the_programs_transaction(void) {
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  limbeck_migrator *migrator = read_migrations(2);
  limbeck_text *text = NULL;
  CHECK(sqlite3_exec(connection, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(!limbeck_migrator_upgrade(migrator, database, "head", NUL, NULL, NULL));
  CHECK(!sqlite3_get_autocommit(connection));
  CHECK(sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(!limbeck_migrator_current(migrator, database, &text, NULL));
  has(text, "[]");
  limbeck_migrator_free(migrator);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

typedef struct {
  sqlite3 *connection;
  limbeck_migrator *migrator;
  limbeck_database *database;
  limbeck_step *step;
  const char *sql;
  int answer, ups, downs;
  sqlite3_stmt *unfinished;
} coded;

/* A table through limbeck, its rows through the program's own connection. */
static int code_up(void *user_data, limbeck_step *step) {
  coded *all = (coded *)user_data;
  sqlite3 *connection = NULL;
  limbeck_error *error = NULL;
  size_t length = 0;
  ++all->ups;
  all->step = step;
  CHECK(!strcmp(limbeck_step_revision(step, &length), "0002") && length == 4);
  CHECK(limbeck_step_direction(step) == LIMBECK_UP);
  fails(limbeck_migrator_validate(all->migrator, &error), LIMBECK_C_MISUSE, &error, "migrator is in use");
  fails(limbeck_database_check(all->database, &error), LIMBECK_C_MISUSE, &error, "database is in use");
  CHECK(!limbeck_step_execute(step, "ALTER TABLE notes ADD slug TEXT NOT NULL DEFAULT '' AFTER id;", NUL,
                              &error));
  CHECK(!limbeck_step_warn(step, "made by hand", 12, &error));
  CHECK(!limbeck_step_connection(step, &connection, &error) && connection == all->connection);
  CHECK(!sqlite3_exec(connection, "UPDATE notes SET slug = lower(title) || '-' || id", NULL, NULL, NULL));
  if (all->sql) CHECK(!sqlite3_exec(connection, all->sql, NULL, NULL, NULL));
  return all->answer;
}

static int code_down(void *user_data, limbeck_step *step) {
  coded *all = (coded *)user_data;
  ++all->downs;
  CHECK(limbeck_step_direction(step) == LIMBECK_DOWN);
  return (int)limbeck_step_execute(step, "ALTER TABLE notes DROP slug", NUL, NULL);
}

static const limbeck_migration around_code[] = {
    {"0001_notes.sql", NUL,
     "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes VALUES (1, 'A');"
     "CREATE TABLE tags(note INTEGER REFERENCES notes(id));",
     NUL},
    {"0003_more.sql", NUL,
     "-- migrate:up\nCREATE TABLE more(slug); INSERT INTO more SELECT slug FROM notes;\n"
     "-- migrate:down\nDROP TABLE more;",
     NUL},
};

static limbeck_migrator *read_code(limbeck_body up, limbeck_body down, void *user_data) {
  limbeck_code code = {"0002_slugs", 10, NULL, NULL, NULL};
  limbeck_migrator *migrator = NULL;
  code.up = up;
  code.down = down;
  code.user_data = user_data;
  CHECK(!limbeck_migrator_from_memory_with_code(around_code, 2, &code, 1, &migrator, NULL));
  return migrator;
}

/* The only value that a statement answers. */
static void holds(sqlite3 *connection, const char *sql, const char *wanted) {
  sqlite3_stmt *statement = NULL;
  CHECK(!sqlite3_prepare_v2(connection, sql, -1, &statement, NULL));
  CHECK(sqlite3_step(statement) == SQLITE_ROW);
  CHECK(!strcmp((const char *)sqlite3_column_text(statement, 0), wanted));
  CHECK(!sqlite3_finalize(statement));
}

static void *on_another_thread(void *user_data) {
  limbeck_error *error = NULL;
  fails(limbeck_step_execute((limbeck_step *)user_data, "SELECT 1", NUL, &error), LIMBECK_C_MISUSE, &error,
        "another thread");
  return user_data;
}

static void revisions_in_code(void) {
  sqlite3 *connection = open_sqlite(), *other = open_sqlite();
  limbeck_database *database = open_database(connection), *scratch = open_database(other);
  coded all = {NULL, NULL, NULL, NULL, NULL, 0, 0, 0, NULL};
  limbeck_report *report = NULL;
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  sqlite3 *none = NULL;
  all.migrator = read_code(code_up, code_down, &all);
  all.database = database;

  /* A plan calls it too, on the scratch database. */
  all.connection = other;
  CHECK(!limbeck_migrator_plan(all.migrator, database, scratch, LIMBECK_UP, "head", NUL, &text, &error));
  has(text, "made by hand");
  CHECK(all.ups == 1);
  holds(connection, "SELECT count(*) FROM sqlite_master", "0");

  all.connection = connection;
  CHECK(!limbeck_migrator_upgrade(all.migrator, database, "head", NUL, &report, &error) && !error);
  CHECK(all.ups == 2 && limbeck_report_step_count(report) == 3);
  CHECK(!strcmp(limbeck_report_warning(report, 0, NULL), "made by hand"));
  limbeck_report_free(report);
  holds(connection, "SELECT slug FROM more", "a-1");
  CHECK(!limbeck_migrator_downgrade(all.migrator, database, "0001", NUL, NULL, &error) && all.downs == 1);
  holds(connection, "SELECT group_concat(name) FROM pragma_table_info('notes')", "id,title");

  /* The callback has returned. */
  fails(limbeck_step_execute(all.step, "SELECT 1", NUL, &error), LIMBECK_C_MISUSE, &error, "no handle");
  fails(limbeck_step_warn(all.step, "x", NUL, &error), LIMBECK_C_MISUSE, &error, "no handle");
  fails(limbeck_step_connection(all.step, &none, &error), LIMBECK_C_MISUSE, &error, "no handle");
  CHECK(!none && !limbeck_step_revision(all.step, NULL) && limbeck_step_direction(all.step) == -1);

  limbeck_migrator_free(all.migrator);
  limbeck_database_free(database);
  limbeck_database_free(scratch);
  CHECK(sqlite3_close(connection) == SQLITE_OK && sqlite3_close(other) == SQLITE_OK);
}

/* A statement fails, and the callback does not care; what it calls afterwards is refused. */
static int code_careless(void *user_data, limbeck_step *step) {
  limbeck_error *error = NULL;
  limbeck_step_execute(step, "INSERT INTO more VALUES (1); INSERT INTO nowhere VALUES (1)", NUL, NULL);
  fails(limbeck_step_execute(step, "SELECT 1", NUL, &error), LIMBECK_C_MISUSE, &error, "has failed");
  (void)user_data;
  return 0;
}

/* What it commits in the middle is outside the run, although a transaction is open again. */
static int code_in_pieces(void *user_data, limbeck_step *step) {
  coded *all = (coded *)user_data;
  CHECK(!limbeck_step_execute(step, "CREATE TABLE pieces(a)", NUL, NULL));
  CHECK(!sqlite3_exec(all->connection, all->sql, NULL, NULL, NULL));
  return all->answer;
}

static void code_ends_the_transaction(void) {
  const char *const ends[] = {"COMMIT", "COMMIT; BEGIN", "ROLLBACK; BEGIN IMMEDIATE"};
  coded all = {NULL, NULL, NULL, NULL, NULL, 0, 0, 0, NULL};
  size_t at;
  for (at = 0; at < 12; ++at) {
    sqlite3 *connection = open_sqlite();
    limbeck_database *database = open_database(connection);
    limbeck_error *error = NULL;
    limbeck_status status;
    int own = at % 2 == 1;
    all.migrator = read_code(code_in_pieces, NULL, &all);
    all.connection = connection;
    all.sql = ends[at / 2 % 3];
    all.answer = at / 6 == 1;
    if (own) CHECK(!sqlite3_exec(connection, "BEGIN", NULL, NULL, NULL));
    status = limbeck_migrator_upgrade(all.migrator, database, "head", NUL, NULL, &error);
    CHECK(all.answer == !strstr(limbeck_error_hint(error, NULL), "what is left of the run"));
    CHECK(all.answer == !!strstr(limbeck_error_message(error, NULL), "answered 1"));
    fails(status, LIMBECK_SCRIPT_CODE_FAILED, &error, "ended the transaction");
    if (own) sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL);
    CHECK(sqlite3_get_autocommit(connection));
    holds(connection, "SELECT count(*) FROM sqlite_master WHERE name IN ('pieces', 'more')",
          all.sql[0] == 'C' ? "1" : "0");
    limbeck_migrator_free(all.migrator);
    limbeck_database_free(database);
    CHECK(sqlite3_close(connection) == SQLITE_OK);
  }
}

/* A statement that has begun to write, and is not finished, would stop COMMIT. */
static int code_unfinished(void *user_data, limbeck_step *step) {
  coded *all = (coded *)user_data;
  sqlite3_stmt *statement = NULL;
  CHECK(!sqlite3_prepare_v2(all->connection, "INSERT INTO tags VALUES (1), (1) RETURNING note", -1, &statement,
                            NULL));
  CHECK(sqlite3_step(statement) == SQLITE_ROW);
  all->unfinished = statement;
  (void)step;
  return 0;
}

static int code_misused(void *user_data, limbeck_step *step) {
  pthread_t thread;
  sqlite3 *connection = NULL;
  limbeck_error *error = NULL;
  void *fine = NULL;
  coded *all = (coded *)user_data;
  CHECK(!pthread_create(&thread, NULL, on_another_thread, step) && !pthread_join(thread, &fine) && fine);
  CHECK(!limbeck_step_execute(step, "SELECT 1", NUL, &error));
  if (all->answer == 1) {
    fails(limbeck_step_execute(step, "\xff", 1, &error), LIMBECK_C_MISUSE, &error, "sql is not UTF-8");
  } else if (all->answer == 2) {
    fails(limbeck_step_connection(step, NULL, &error), LIMBECK_C_MISUSE, &error, "connection is null");
  } else {
    limbeck_status status = limbeck_step_connection(step, &connection, NULL);
    CHECK(status == LIMBECK_SCRIPT_NOT_OFFLINE && !connection);
  }
  return 0;
}

/* An upgrade to 0003 fails so, and leaves 0001 as it was. */
static void code_fails(limbeck_body up, coded *all, limbeck_status wanted, const char *part) {
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  limbeck_error *error = NULL;
  all->migrator = read_code(up, NULL, all);
  all->connection = connection;
  all->database = database;
  CHECK(!limbeck_migrator_upgrade(all->migrator, database, "0001", NUL, NULL, &error));
  CHECK(limbeck_migrator_upgrade(all->migrator, database, "head", NUL, NULL, &error) == wanted);
  if (wanted != LIMBECK_PROOF_FOREIGN_KEY) CHECK(!strcmp(limbeck_error_file(error, NULL), "0002_slugs"));
  fails(wanted, wanted, &error, part);
  CHECK(sqlite3_get_autocommit(connection));
  holds(connection, "SELECT group_concat(name) FROM pragma_table_info('notes')", "id,title");
  holds(connection, "SELECT group_concat(version_num) FROM limbeck_version", "0001");
  holds(connection, "SELECT count(*) FROM tags", "0");
  sqlite3_finalize(all->unfinished);
  all->unfinished = NULL;
  limbeck_migrator_free(all->migrator);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

static void failures_of_code(void) {
  limbeck_code code = {"0002_slugs", NUL, NULL, code_down, NULL}, no_name = {NULL, 0, code_up, NULL, NULL};
  coded all = {NULL, NULL, NULL, NULL, NULL, 7, 0, 0, NULL};
  limbeck_migrator *migrator = NULL;
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection);
  code_fails(code_up, &all, LIMBECK_SCRIPT_CODE_FAILED, "the code of revision 0002 answered 7");
  all.answer = 0;
  all.sql = "INSERT INTO tags VALUES (9)";
  code_fails(code_up, &all, LIMBECK_PROOF_FOREIGN_KEY, "tags");
  code_fails(code_unfinished, &all, LIMBECK_SCRIPT_CODE_FAILED, "left a statement that writes unfinished");
  code_fails(code_careless, &all, LIMBECK_SQL_FAILED, "more");
  all.answer = 1;
  code_fails(code_misused, &all, LIMBECK_SCRIPT_CODE_FAILED, "sql is not UTF-8");
  all.answer = 2;
  code_fails(code_misused, &all, LIMBECK_SCRIPT_CODE_FAILED, "connection is null");

  /* A printed script has no connection; what cannot be taken back is said before any write. */
  all.answer = 3;
  migrator = read_code(code_misused, NULL, &all);
  fails(limbeck_migrator_sql(migrator, database, LIMBECK_UP, "0001:head", NUL, &text, &error),
        LIMBECK_SCRIPT_NOT_OFFLINE, &error, "database");
  CHECK(!limbeck_migrator_stamp(migrator, database, "0002", NUL, 0, NULL, &error));
  fails(limbeck_migrator_downgrade(migrator, database, "0001", NUL, NULL, &error), LIMBECK_SCRIPT_NO_DOWNGRADE,
        &error, "0002");
  limbeck_migrator_free(migrator);

  fails(limbeck_migrator_from_memory_with_code(NULL, 0, &code, 1, &migrator, &error), LIMBECK_C_MISUSE, &error,
        "up of 0002_slugs is null");
  fails(limbeck_migrator_from_memory_with_code(NULL, 0, &no_name, 1, &migrator, &error), LIMBECK_C_MISUSE,
        &error, "a code's name is null");
  fails(limbeck_migrator_from_memory_with_code(NULL, 0, NULL, 1, &migrator, &error), LIMBECK_C_MISUSE, &error,
        "codes is null");
  fails(limbeck_step_execute(NULL, "", 0, &error), LIMBECK_C_MISUSE, &error, "step is null");
  CHECK(!migrator);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

static void misuse(void) {
  limbeck_sqlite3_api api = LIMBECK_SQLITE3_API;
  const limbeck_migration no_name = {NULL, 0, "", 0}, no_utf8 = {"a.sql", NUL, "\xff", 1};
  const limbeck_migration no_length = {"a.sql", 0, "SELECT 1", 0};
  sqlite3 *connection = open_sqlite();
  limbeck_database *database = open_database(connection), *none = NULL;
  limbeck_migrator *migrator = read_migrations(2), *no_migrator = NULL;
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  limbeck_report *report = NULL;
  int local = 0;

#define REFUSED(call, part) fails((call), LIMBECK_C_MISUSE, &error, (part))
  REFUSED(limbeck_migrator_from_memory(&no_name, 1, &no_migrator, &error), "name is null");
  REFUSED(limbeck_migrator_from_memory(&no_utf8, 1, &no_migrator, &error), "the text of a.sql is not UTF-8");
  REFUSED(limbeck_migrator_from_memory(NULL, 1, &no_migrator, &error), "migrations is null");
  REFUSED(limbeck_migrator_from_memory(migrations, (size_t)-1 / 2, &no_migrator, &error), "cannot be");
  REFUSED(limbeck_migrator_from_memory(migrations, 2, NULL, &error), "migrator is null");
  REFUSED(limbeck_migrator_from_folder("x", NUL - 1, &no_migrator, &error), "cannot be");
  REFUSED(limbeck_migrator_from_folder(NULL, 0, &no_migrator, &error), "path is null");
  REFUSED(limbeck_migrator_from_folder("x", 0, &no_migrator, &error), "path is empty");
  REFUSED(limbeck_migrator_from_memory(&no_length, 1, &no_migrator, &error), "name is empty");
  REFUSED(limbeck_database_from_sqlite3(NULL, &api, &none, &error), "connection is null");
  REFUSED(limbeck_database_from_sqlite3(connection, NULL, &none, &error), "api is null");
  REFUSED(limbeck_database_from_sqlite3(connection, &api, NULL, &error), "database is null");
  api.step = NULL;
  REFUSED(limbeck_database_from_sqlite3(connection, &api, &none, &error), "api lacks step");
  api.size = 16;
  REFUSED(limbeck_database_from_sqlite3(connection, &api, &none, &error), "older limbeck.h");
  CHECK(!no_migrator && !none);

  REFUSED(limbeck_migrator_upgrade(NULL, database, "head", NUL, &report, &error), "migrator is null");
  REFUSED(limbeck_migrator_upgrade(migrator, NULL, "head", NUL, &report, &error), "database is null");
  REFUSED(limbeck_migrator_upgrade(migrator, database, NULL, NUL, &report, &error), "target is null");
  REFUSED(limbeck_migrator_upgrade(migrator, database, "\xc3", 1, &report, &error), "not UTF-8");
  REFUSED(limbeck_migrator_upgrade((limbeck_migrator *)(void *)database, database, "head", NUL, NULL, &error),
          "another kind");
  REFUSED(limbeck_migrator_upgrade((limbeck_migrator *)(void *)&local, database, "head", NUL, NULL, &error),
          "no handle");
  REFUSED(limbeck_migrator_plan(migrator, database, database, LIMBECK_UP, "head", NUL, &text, &error),
          "scratch is in use");
  REFUSED(limbeck_migrator_sql(migrator, database, 7, "head", NUL, &text, &error), "7 is no limbeck_direction");
  REFUSED(limbeck_migrator_set_rebuild(migrator, 3, &error), "3 is no limbeck_rebuild");
  REFUSED(limbeck_migrator_set_transaction(migrator, -1, &error), "-1 is no limbeck_transaction");
  REFUSED(limbeck_migrator_set_newer_database(migrator, 3, &error), "3 is no limbeck_newer");
  REFUSED(limbeck_migrator_set_quick_check(migrator, 3, &error), "3 is no limbeck_quick_check");
  REFUSED(limbeck_migrator_set_cancel(migrator, (limbeck_cancel *)(void *)database, &error), "another kind");
  REFUSED(limbeck_migrator_heads(migrator, 0, NULL, &error), "revisions is null");
  REFUSED(limbeck_cancel_new(NULL, &error), "cancel is null");
  CHECK(!report && !text);

  /* Without a place for the error, the status is all there is. */
  CHECK(limbeck_migrator_validate(NULL, NULL) == LIMBECK_C_MISUSE);
  CHECK(!limbeck_text_data(NULL, NULL) && !limbeck_error_code(NULL, NULL) && !limbeck_report_json(NULL, NULL));
  CHECK(limbeck_error_status(NULL) == LIMBECK_C_MISUSE && limbeck_report_step_count(NULL) == 0);
  limbeck_text_free(NULL);
  limbeck_error_free(NULL);
  limbeck_report_free(NULL);
  limbeck_migrator_free(NULL);
  limbeck_database_free(NULL);
  limbeck_cancel_free(NULL);
  limbeck_migrator_free((limbeck_migrator *)(void *)&local);

  /* Freed, and freed again. */
  limbeck_migrator_free(migrator);
  limbeck_migrator_free(migrator);
  REFUSED(limbeck_migrator_validate(migrator, &error), "was freed");
  limbeck_database_free(database);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

static int count_pages(void *user_data, const limbeck_event *event) {
  int *seen_kinds = (int *)user_data;
  if (event->kind == LIMBECK_EVENT_BACKING_UP) seen_kinds[0] = event->total > 0;
  if (event->kind == LIMBECK_EVENT_RESTORING) seen_kinds[1] = event->done <= event->total;
  return 0;
}

/* A run is backed up, and an older program finds the backup that it can open. */
static void backed_up(void) {
  char folder[] = "/tmp/limbeck-api-XXXXXX", file[64], backups[64], path[256], last[256];
  const limbeck_sqlite3_api api = LIMBECK_SQLITE3_API;
  limbeck_sqlite3_api without = LIMBECK_SQLITE3_API;
  limbeck_migrator *newer = read_migrations(2), *older = read_migrations(1);
  limbeck_database *database = NULL, *old_table = NULL;
  limbeck_report *report = NULL;
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  sqlite3 *connection = NULL;
  int kinds[2] = {0, 0};
  CHECK(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/app.db", folder);
  snprintf(backups, sizeof backups, "%s/backups", folder);
  CHECK(sqlite3_open(file, &connection) == SQLITE_OK);
  CHECK(!limbeck_database_from_sqlite3(connection, &api, &database, &error));
  fails(limbeck_migrator_back_up(older, database, &text, &error), LIMBECK_SETTINGS_INVALID, &error, "no folder");
  CHECK(!limbeck_migrator_set_keep_user_version(older, 1, &error) &&
        !limbeck_migrator_set_keep_user_version(older, 0, &error));
  CHECK(!limbeck_migrator_set_trust_schema(older, 1, &error) && !limbeck_migrator_set_trust_schema(older, 0, &error));
  CHECK(!limbeck_migrator_set_check_room(older, 0, &error) && !limbeck_migrator_set_check_room(older, 1, &error));
  {
    sqlite3 *empty = open_sqlite();
    limbeck_database *scratch = open_database(empty);
    CHECK(!limbeck_migrator_doctor(older, database, scratch, &text, &error));
    CHECK(strstr(limbeck_text_data(text, NULL), "\"plan\":{\"steps\":[{\"revision\":\"0001\",\"statements\":"));
    has(text, "\"pending\":[\"0001\"]");
    limbeck_database_free(scratch);
    CHECK(sqlite3_close(empty) == SQLITE_OK);
  }
  CHECK(!limbeck_migrator_set_backups(older, backups, NUL, 0, &error));
  CHECK(!limbeck_migrator_set_backups(newer, backups, strlen(backups), 2, &error));
  CHECK(!limbeck_migrator_set_progress(newer, count_pages, kinds, &error));
  fails(limbeck_migrator_newest_compatible_backup(older, database, &text, &error), LIMBECK_BACKUP_NONE, &error,
        "no backup is there");
  CHECK(!limbeck_migrator_upgrade(older, database, "head", NUL, NULL, &error));
  CHECK(sqlite3_exec(connection, "INSERT INTO notes VALUES (1, NULL)", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(!limbeck_migrator_upgrade(newer, database, "head", NUL, &report, &error));
  CHECK(strstr(limbeck_report_json(report, NULL), "\"backup\":\"/tmp/limbeck-api-") && kinds[0]);
  limbeck_report_free(report);

  CHECK(!limbeck_migrator_newest_compatible_backup(older, database, &text, &error));
  snprintf(path, sizeof path, "%s", limbeck_text_data(text, NULL));
  limbeck_text_free(text);
  CHECK(!limbeck_migrator_restore(older, database, path, NUL, &report, &error));
  CHECK(!strcmp(limbeck_report_from(report, NULL), "0002") && !strcmp(limbeck_report_to(report, NULL), "0001"));
  limbeck_report_free(report);
  CHECK(sqlite3_exec(connection, "UPDATE notes SET title = NULL", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(!limbeck_migrator_backups(older, database, &text, &error));
  has(text, "[{\"database\":\"app.db\",\"heads\":[\"0002\"]");
  CHECK(!limbeck_migrator_newest_compatible_backup(newer, database, &text, &error));
  snprintf(last, sizeof last, "%s", limbeck_text_data(text, NULL));
  limbeck_text_free(text);
  CHECK(!limbeck_migrator_restore(newer, database, last, NUL, NULL, &error) && kinds[1]);
  fails(limbeck_migrator_restore(newer, database, file, NUL, NULL, &error), LIMBECK_BACKUP_NONE, &error,
        "is no backup");

  /* A table that an older header has filled has no backups, and all else. */
  without.size = offsetof(limbeck_sqlite3_api, open);
  CHECK(!limbeck_database_from_sqlite3(connection, &without, &old_table, &error));
  CHECK(!limbeck_migrator_upgrade(newer, old_table, "head", NUL, NULL, &error));
  fails(limbeck_migrator_back_up(newer, old_table, &text, &error), LIMBECK_BACKUP_UNSUPPORTED, &error,
        "none for backups");
  limbeck_database_free(old_table);

  CHECK(!limbeck_migrator_backups(newer, database, &text, &error));
  while (limbeck_text_data(text, NULL)[1] != ']') {
    const char *from = strstr(limbeck_text_data(text, NULL), "\"path\":\"") + 8;
    snprintf(path, sizeof path, "%.*s", (int)strcspn(from, "\""), from);
    CHECK(!remove(path));
    strcpy(strrchr(path, '.'), ".json");
    CHECK(!remove(path));
    limbeck_text_free(text);
    CHECK(!limbeck_migrator_backups(newer, database, &text, &error));
  }
  limbeck_text_free(text);
  limbeck_migrator_free(newer);
  limbeck_migrator_free(older);
  limbeck_database_free(database);
  CHECK(sqlite3_close(connection) == SQLITE_OK);
  CHECK(!remove(file) && !rmdir(backups) && !rmdir(folder));
}

int main(void) {
  versions();
  a_run();
  an_older_app();
  cancelled();
  cancelled_by_another_thread();
  failures_of_migrations();
  rows_that_break_a_rule();
  in_the_programs_transaction();
  revisions_in_code();
  failures_of_code();
  code_ends_the_transaction();
  backed_up();
  misuse();
  printf("%d checks on SQLite %s\n", checks, sqlite3_libversion());
  return 0;
}
