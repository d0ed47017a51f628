/*
 * A notes app's launch, in C: the migrations are in the program, the user's database is brought up to
 * date, and whatever happens the notes are as before or as after.
 *
 *     notes [--release N] [PATH]
 *
 * With --release it is an older release of itself, which knows the first N migrations only.
 */
#include <limbeck.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* migrations.c, which `limbeck embed` writes. */
extern const limbeck_migration migrations[];
extern const size_t migrations_count;

static int on_progress(void *user_data, const limbeck_event *event) {
  FILE *out = (FILE *)user_data;
  switch (event->kind) {
    case LIMBECK_EVENT_STEP_STARTED:
      fprintf(out, "\r\033[K%lu/%lu %s\n", (unsigned long)event->done, (unsigned long)event->total, event->text);
      break;
    case LIMBECK_EVENT_COPIED:
      fprintf(out, "\r\033[K  rewriting %s: %lu%%", event->table,
              (unsigned long)(event->total ? event->done * 100 / event->total : 100));
      break;
    case LIMBECK_EVENT_INDEXING:
      fprintf(out, "\r\033[K  indexing %s", event->table);
      break;
    case LIMBECK_EVENT_WORKING:
    case LIMBECK_EVENT_STEP_FINISHED:
    case LIMBECK_EVENT_OTHER:
    default:
      break;
  }
  fflush(out);
  return 0; /* Another number would cancel, as a button of a window might. */
}

/* What a user is told, and may do. */
static void explain(limbeck_status status, const limbeck_error *error) {
  const char *hint = limbeck_error_hint(error, NULL);
  if (status == LIMBECK_HISTORY_DATABASE_NEWER) {
    fprintf(stderr, "These notes were last opened by a newer release of this app; nothing was changed.\n");
  } else {
    fprintf(stderr, "Your notes could not be opened, and are as they were.\n");
  }
  fprintf(stderr, "  %s [%s]\n", limbeck_error_message(error, NULL), limbeck_error_code(error, NULL));
  if (hint) fprintf(stderr, "  %s\n", hint);
}

/* All that an app needs at launch. */
static int upgrade(sqlite3 *connection, size_t release, int *is_new) {
  const limbeck_sqlite3_api api = LIMBECK_SQLITE3_API;
  limbeck_migrator *migrator = NULL;
  limbeck_database *database = NULL;
  limbeck_report *report = NULL;
  limbeck_error *error = NULL;
  limbeck_status status;
  char version[24];
  snprintf(version, sizeof version, "%lu.0", (unsigned long)release);

  status = limbeck_migrator_from_memory(migrations, release, &migrator, &error);
  if (!status) status = limbeck_database_from_sqlite3(connection, &api, &database, &error);
  if (!status) status = limbeck_migrator_set_app_version(migrator, version, LIMBECK_NUL_TERMINATED, &error);
  if (!status) status = limbeck_migrator_set_progress(migrator, on_progress, stderr, &error);
  if (!status) {
    status = limbeck_migrator_upgrade(migrator, database, "head", LIMBECK_NUL_TERMINATED, &report, &error);
  }
  fprintf(stderr, "\r\033[K");
  if (status) {
    explain(status, error);
  } else if (limbeck_report_is_empty(report)) {
    printf("nothing to do: the database is at %s\n", limbeck_report_to(report, NULL));
  } else {
    *is_new = *limbeck_report_from(report, NULL) == 0;
    printf("upgraded to %s in %lu steps\n", limbeck_report_to(report, NULL),
           (unsigned long)limbeck_report_step_count(report));
  }
  limbeck_report_free(report);
  limbeck_error_free(error);
  limbeck_database_free(database);
  limbeck_migrator_free(migrator);
  return status == LIMBECK_OK;
}

static int run_sql(sqlite3 *connection, const char *sql) {
  char *message = NULL;
  int fine = sqlite3_exec(connection, sql, NULL, NULL, &message) == SQLITE_OK;
  if (!fine) fprintf(stderr, "%s\n", message);
  sqlite3_free(message);
  return fine;
}

static int show_count(void *unused, int columns, char **values, char **names) {
  (void)unused;
  (void)columns;
  (void)names;
  printf("%s notes\n", values[0]);
  return 0;
}

int main(int count, char **arguments) {
  const char *path = "notes.db";
  size_t release = migrations_count;
  sqlite3 *connection = NULL;
  int i, is_new = 0, fine;
  for (i = 1; i < count; ++i) {
    if (!strcmp(arguments[i], "--release") && i + 1 < count) {
      release = (size_t)strtoul(arguments[++i], NULL, 10);
      if (release < 1 || release > migrations_count) release = migrations_count;
    } else {
      path = arguments[i];
    }
  }
  fine = sqlite3_open(path, &connection) == SQLITE_OK;
  if (!fine) fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(connection));
  if (fine) {
    sqlite3_busy_timeout(connection, 5000);
    fine = upgrade(connection, release, &is_new);
  }
  if (fine && is_new) {
    fine = run_sql(connection,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)"
                   " INSERT INTO notes(title, body) SELECT 'Note ' || i, 'The text of note ' || i FROM n");
  }
  if (fine) {
    fine = sqlite3_exec(connection, "SELECT count(*) FROM notes", show_count, NULL, NULL) == SQLITE_OK;
  }
  sqlite3_close(connection);
  return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
