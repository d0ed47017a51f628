/*
 * The driver of the conformance suite: reads requests on stdin, answers on stdout, so that the runner
 * (conformance.rs) needs to know no C. Each is a line `verb length` and so many bytes.
 *
 *   set     rebuild=always, transaction=per_revision, app_version=…, newer_database=run_on, keep=2,
 *           backups=… : for the next folder
 *   open    a new database in memory
 *   file    a database in a file; nothing, to close the one that is open
 *   folder  the folder of the next calls
 *   texts   SQL: the first column of each row, with a line `length` before each
 *   exec    SQL of several statements
 *   run     a call, as in case.json
 *
 * Answers: `0 length`, or the error's status, the length and its JSON; -1 for an error of SQLite's own.
 */
#include "limbeck.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUL LIMBECK_NUL_TERMINATED

static sqlite3 *connection, *scratch_connection, *wanted_connection;
static limbeck_database *database, *scratch, *wanted;
static limbeck_migrator *migrator;
static int keep_user_version;
static char rebuild[32], transaction[32], newer_database[32], app_version[64], folder[4096], backups[4096];
static size_t keep;

static void answer(int status, const char *text, size_t length) {
  printf("%d %lu\n", status, (unsigned long)length);
  fwrite(text, 1, length, stdout);
  fflush(stdout);
}

static void must(int fine, const char *what) {
  if (!fine) {
    fprintf(stderr, "driver: %s\n", what);
    exit(1);
  }
}

static void fail(limbeck_status status, limbeck_error *error) {
  size_t length = 0;
  const char *json = limbeck_error_json(error, &length);
  must(limbeck_error_status(error) == status, json);
  answer(status, json, length);
  limbeck_error_free(error);
}

/* Hands a text over, and frees it. */
static void tell(limbeck_status status, limbeck_text *text, limbeck_error *error) {
  if (status != LIMBECK_OK) {
    fail(status, error);
  } else {
    size_t length = 0;
    const char *data = limbeck_text_data(text, &length);
    answer(0, data, length);
    limbeck_text_free(text);
  }
}

static void tell_report(limbeck_status status, limbeck_report *report, limbeck_error *error) {
  if (status != LIMBECK_OK) {
    fail(status, error);
  } else {
    size_t length = 0;
    const char *data = limbeck_report_json(report, &length);
    answer(0, data, length);
    limbeck_report_free(report);
  }
}

static void close_it(sqlite3 **sqlite, limbeck_database **its) {
  limbeck_database_free(*its);
  must(sqlite3_close(*sqlite) == SQLITE_OK, "close");
  *its = NULL;
  *sqlite = NULL;
}

/* A database in place of the one before. */
static void open_at(const char *path, sqlite3 **sqlite, limbeck_database **its) {
  const limbeck_sqlite3_api api = LIMBECK_SQLITE3_API;
  close_it(sqlite, its);
  must(sqlite3_open(path, sqlite) == SQLITE_OK, "open");
  must(!limbeck_database_from_sqlite3(*sqlite, &api, its, NULL), "database");
}

/* A new one in memory. */
static void open_in_memory(sqlite3 **sqlite, limbeck_database **its) { open_at(":memory:", sqlite, its); }

static void open_file(const char *path) {
  if (*path) {
    open_at(path, &connection, &database);
  } else {
    close_it(&connection, &database);
  }
  answer(0, "", 0);
}

static void open_database(void) {
  open_in_memory(&connection, &database);
  keep_user_version = 0;
  rebuild[0] = transaction[0] = newer_database[0] = app_version[0] = backups[0] = 0;
  answer(0, "", 0);
}

static void set(const char *text) {
  if (!strncmp(text, "rebuild=", 8)) {
    snprintf(rebuild, sizeof rebuild, "%s", text + 8);
  } else if (!strncmp(text, "transaction=", 12)) {
    snprintf(transaction, sizeof transaction, "%s", text + 12);
  } else if (!strncmp(text, "newer_database=", 15)) {
    snprintf(newer_database, sizeof newer_database, "%s", text + 15);
  } else if (!strcmp(text, "keep_user_version=true")) {
    keep_user_version = 1;
  } else if (!strncmp(text, "backups=", 8)) {
    snprintf(backups, sizeof backups, "%s", text + 8);
  } else if (!strncmp(text, "keep=", 5)) {
    keep = strtoul(text + 5, NULL, 10);
  } else {
    must(!strncmp(text, "app_version=", 12), text);
    snprintf(app_version, sizeof app_version, "%s", text + 12);
  }
  answer(0, "", 0);
}

/* A migrator of the folder, with the settings. */
static limbeck_status read_folder(limbeck_error **error) {
  limbeck_status status;
  int mode = !strcmp(rebuild, "always") ? LIMBECK_REBUILD_ALWAYS : LIMBECK_REBUILD_AUTO;
  if (!strcmp(rebuild, "never")) mode = LIMBECK_REBUILD_NEVER;
  limbeck_migrator_free(migrator);
  status = limbeck_migrator_from_folder(folder, NUL, &migrator, error);
  if (status) return status;
  if (app_version[0]) {
    must(!limbeck_migrator_set_app_version(migrator, app_version, NUL, NULL), "app_version");
  }
  must(!limbeck_migrator_set_rebuild(migrator, mode, NULL), "rebuild");
  must(!limbeck_migrator_set_keep_user_version(migrator, keep_user_version, NULL), "keep_user_version");
  mode = !strcmp(transaction, "per_revision") ? LIMBECK_TRANSACTION_PER_REVISION
                                              : LIMBECK_TRANSACTION_PER_UPGRADE;
  must(!limbeck_migrator_set_transaction(migrator, mode, NULL), "transaction");
  mode = !strcmp(newer_database, "run_on")      ? LIMBECK_NEWER_RUN_ON
         : !strcmp(newer_database, "take_down") ? LIMBECK_NEWER_TAKE_DOWN
                                                : LIMBECK_NEWER_REFUSE;
  must(!limbeck_migrator_set_newer_database(migrator, mode, NULL), "newer_database");
  if (backups[0]) must(!limbeck_migrator_set_backups(migrator, backups, NUL, keep, NULL), "backups");
  return LIMBECK_OK;
}

static void exec(const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(connection, sql, NULL, NULL, &message) == SQLITE_OK) {
    answer(0, "", 0);
  } else {
    answer(-1, message, strlen(message));
  }
  sqlite3_free(message);
}

static void texts(const char *sql) {
  sqlite3_stmt *statement = NULL;
  sqlite3_str *all = sqlite3_str_new(NULL);
  char *text;
  int length, code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      const char *value = (const char *)sqlite3_column_text(statement, 0);
      sqlite3_str_appendf(all, "%d\n", sqlite3_column_bytes(statement, 0));
      sqlite3_str_append(all, value ? value : "", sqlite3_column_bytes(statement, 0));
    }
  }
  sqlite3_finalize(statement);
  length = sqlite3_str_length(all);
  text = sqlite3_str_finish(all);
  if (code == SQLITE_DONE) {
    answer(0, text ? text : "", (size_t)length);
  } else {
    answer(-1, sqlite3_errmsg(connection), strlen(sqlite3_errmsg(connection)));
  }
  sqlite3_free(text);
}

static int direction_of(const char *verb) {
  return verb[0] == 'u' ? LIMBECK_UP : verb[0] == 'd' ? LIMBECK_DOWN : LIMBECK_STAMP;
}

/* `verb rest`; a `--flag` behind the target is cut off and answered. */
static const char *cut_flag(char *rest) {
  char *flag = strstr(rest, " --");
  if (!flag) return "";
  *flag = 0;
  return flag + 1;
}

static void run_on_database(const char *verb, char *rest) {
  limbeck_report *report = NULL;
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  limbeck_status status;
  const char *flag = cut_flag(rest);
  if (*flag) open_in_memory(&scratch_connection, &scratch);
  if (!strcmp(flag, "--plan")) {
    status = limbeck_migrator_plan(migrator, database, scratch, direction_of(verb), rest, NUL, &text, &error);
    tell(status, text, error);
  } else if (!strcmp(flag, "--sql")) {
    status = limbeck_migrator_sql(migrator, scratch, direction_of(verb), rest, NUL, &text, &error);
    tell(status, text, error);
  } else if (!strcmp(verb, "upgrade")) {
    status = limbeck_migrator_upgrade(migrator, database, rest, NUL, &report, &error);
    tell_report(status, report, error);
  } else if (!strcmp(verb, "downgrade")) {
    status = limbeck_migrator_downgrade(migrator, database, rest, NUL, &report, &error);
    tell_report(status, report, error);
  } else {
    int purge = !strncmp(rest, "--purge ", 8);
    status = limbeck_migrator_stamp(migrator, database, rest + 8 * purge, NUL, purge, &report, &error);
    tell_report(status, report, error);
  }
}

static void check(const char *schema) {
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  limbeck_status status = read_folder(&error);
  open_in_memory(&scratch_connection, &scratch);
  open_in_memory(&wanted_connection, &wanted);
  if (!status) status = limbeck_migrator_check(migrator, scratch, wanted, schema, NUL, &text, &error);
  tell(status, text, error);
}

/* The options, a line, and behind them the statements of the other side. */
static void diff(char *bytes) {
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  limbeck_status status = read_folder(&error);
  char *schema = strchr(bytes, '\n');
  must(schema != NULL, "diff");
  *schema++ = 0;
  open_in_memory(&wanted_connection, &wanted);
  must(sqlite3_exec(wanted_connection, schema, NULL, NULL, NULL) == SQLITE_OK, "schema");
  if (!status) status = limbeck_migrator_diff(migrator, database, wanted, bytes, NUL, &text, &error);
  tell(status, text, error);
}

/* The newest that the folder can open, or the file that is named. */
static void restore(const char *which) {
  limbeck_report *report = NULL;
  limbeck_error *error = NULL;
  limbeck_text *path = NULL;
  limbeck_status status = LIMBECK_OK;
  if (!strcmp(which, "newest")) {
    status = limbeck_migrator_newest_compatible_backup(migrator, database, &path, &error);
    if (!status) which = limbeck_text_data(path, NULL);
  }
  if (!status) status = limbeck_migrator_restore(migrator, database, which, NUL, &report, &error);
  tell_report(status, report, error);
  limbeck_text_free(path);
}

static void run(char *call) {
  limbeck_error *error = NULL;
  limbeck_text *text = NULL;
  limbeck_status status = read_folder(&error);
  char *rest = strchr(call, ' ');
  if (status) {
    fail(status, error);
    return;
  }
  if (rest) {
    *rest++ = 0;
  } else {
    rest = call + strlen(call);
  }
  if (!strcmp(call, "upgrade") || !strcmp(call, "downgrade") || !strcmp(call, "stamp")) {
    run_on_database(call, rest);
    return;
  }
  if (!strcmp(call, "current")) {
    if (*rest) status = limbeck_migrator_check_heads(migrator, database, &error);
    if (!status) status = limbeck_migrator_current(migrator, database, &text, &error);
  } else if (!strcmp(call, "heads")) {
    status = limbeck_migrator_heads(migrator, *rest != 0, &text, &error);
  } else if (!strcmp(call, "branches")) {
    status = limbeck_migrator_branches(migrator, &text, &error);
  } else if (!strcmp(call, "history")) {
    status = limbeck_migrator_history(migrator, database, rest, NUL, &text, &error);
  } else if (!strcmp(call, "show")) {
    status = limbeck_migrator_show(migrator, rest, NUL, &text, &error);
  } else if (!strcmp(call, "verify")) {
    open_in_memory(&scratch_connection, &scratch);
    status = limbeck_migrator_verify(migrator, database, scratch, &text, &error);
  } else if (!strcmp(call, "doctor")) {
    open_in_memory(&scratch_connection, &scratch);
    status = limbeck_migrator_doctor(migrator, database, scratch, &text, &error);
  } else if (!strcmp(call, "backup")) {
    status = limbeck_migrator_back_up(migrator, database, &text, &error);
  } else if (!strcmp(call, "backups")) {
    status = limbeck_migrator_backups(migrator, database, &text, &error);
  } else if (!strcmp(call, "restore")) {
    restore(rest);
    return;
  } else if (!strcmp(call, "merge")) {
    status = limbeck_migrator_merge(migrator, rest, NUL, &text, &error);
  } else {
    int made = 0;
    must(!strcmp(call, "ensure_version"), call);
    status = limbeck_migrator_ensure_version(migrator, database, &made, &error);
    if (!status) {
      answer(0, made ? "true" : "false", made ? 4 : 5);
      return;
    }
  }
  tell(status, text, error);
}

int main(void) {
  char verb[16];
  unsigned long length;
  while (scanf("%15s %lu", verb, &length) == 2) {
    char *bytes = (char *)malloc(length + 1);
    must(bytes != NULL && getchar() == '\n', "request");
    must(fread(bytes, 1, length, stdin) == length, "request");
    bytes[length] = 0;
    if (!strcmp(verb, "open")) {
      open_database();
    } else if (!strcmp(verb, "file")) {
      open_file(bytes);
    } else if (!strcmp(verb, "set")) {
      set(bytes);
    } else if (!strcmp(verb, "folder")) {
      snprintf(folder, sizeof folder, "%s", bytes);
      answer(0, "", 0);
    } else if (!strcmp(verb, "texts")) {
      texts(bytes);
    } else if (!strcmp(verb, "check")) {
      check(bytes);
    } else if (!strcmp(verb, "diff")) {
      diff(bytes);
    } else if (!strcmp(verb, "exec")) {
      exec(bytes);
    } else {
      must(!strcmp(verb, "run"), verb);
      run(bytes);
    }
    free(bytes);
  }
  limbeck_migrator_free(migrator);
  limbeck_database_free(database);
  limbeck_database_free(scratch);
  limbeck_database_free(wanted);
  sqlite3_close(wanted_connection);
  sqlite3_close(connection);
  sqlite3_close(scratch_connection);
  return 0;
}
