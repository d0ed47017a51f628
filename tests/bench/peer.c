/* limbeck for C beside the least that a program does, as peer.rs has it for Rust.
 *
 *     peer s1 DATABASE FOLDER ROUNDS    open, ask whether it is current, close: median; the migrator is made once
 *     peer new FOLDER ROUNDS            make a migrator of FOLDER/sql in memory, and free it: median
 *     peer launch DATABASE FOLDER ROUNDS  both of it: what a program does when it starts
 *     peer s2 DATABASE FOLDER           apply FOLDER/sql to an empty file
 *     peer floor DATABASE ROUNDS        open, select the row of limbeck_version, close: median
 *
 * It prints {"ms": ...}; a failure is one line on stderr and status 1. README.md has the command that compiles it. */

#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <limbeck.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const limbeck_sqlite3_api functions = LIMBECK_SQLITE3_API;
static limbeck_migration migrations[10000];
static size_t count;
static limbeck_migrator *migrator;
static limbeck_error *error;
static const char *path;

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void must(int failed) {
  if (failed) fail(error ? limbeck_error_message(error, NULL) : "a call has failed");
}

/* The whole file, as `limbeck embed` would have compiled it in. */
static char *file(const char *folder, const char *name) {
  char path[8192];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *opened = fopen(path, "rb");
  if (!opened) fail(path);
  fseek(opened, 0, SEEK_END);
  long length = ftell(opened);
  rewind(opened);
  char *text = calloc((size_t)length + 1, 1);
  if (!text || fread(text, 1, (size_t)length, opened) != (size_t)length) fail(path);
  fclose(opened);
  return text;
}

static void read_folder(const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/sql", folder);
  DIR *listed = opendir(path);
  if (!listed) fail(path);
  for (struct dirent *entry; (entry = readdir(listed)) && count < sizeof migrations / sizeof *migrations;) {
    if (!strstr(entry->d_name, ".sql")) continue;
    char *text = file(path, entry->d_name);
    migrations[count++] = (limbeck_migration){strdup(entry->d_name), strlen(entry->d_name), text, strlen(text)};
  }
  closedir(listed);
}

static void make(void) { must(limbeck_migrator_from_memory(migrations, count, &migrator, &error)); }

static void drop(void) { limbeck_migrator_free(migrator); }

static void upgrade(void) {
  sqlite3 *connection = NULL;
  limbeck_database *database = NULL;
  if (sqlite3_open(path, &connection)) fail(sqlite3_errmsg(connection));
  must(limbeck_database_from_sqlite3(connection, &functions, &database, &error));
  must(limbeck_migrator_upgrade(migrator, database, "head", LIMBECK_NUL_TERMINATED, NULL, &error));
  limbeck_database_free(database);
  sqlite3_close(connection);
}

static void make_and_drop(void) {
  make();
  drop();
}

static void launch(void) {
  make();
  upgrade();
  drop();
}

static void select_row(void) {
  sqlite3 *connection = NULL;
  sqlite3_stmt *statement = NULL;
  if (sqlite3_open(path, &connection)) fail(sqlite3_errmsg(connection));
  if (sqlite3_prepare_v2(connection, "SELECT version_num FROM limbeck_version", -1, &statement, NULL) ||
      sqlite3_step(statement) != SQLITE_ROW || !sqlite3_column_text(statement, 0))
    fail("the database has no version");
  sqlite3_finalize(statement);
  sqlite3_close(connection);
}

static int by_size(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

static void measure(const char *rounds, void (*work)(void)) {
  int asked = atoi(rounds), all = asked > 0 ? asked : 1;
  double *times = calloc((size_t)all, sizeof *times);
  for (int round = 0; times && round < all; round++) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    work();
    clock_gettime(CLOCK_MONOTONIC, &to);
    times[round] = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
  }
  if (!times) fail("out of memory");
  qsort(times, (size_t)all, sizeof *times, by_size);
  printf("{\"ms\": %g}\n", times[all / 2]);
  free(times);
}

int main(int length, char **words) {
  const char *verb = length > 1 ? words[1] : "";
  path = length > 2 ? words[2] : "";
  if (!strcmp(verb, "floor") && length == 4) {
    measure(words[3], select_row);
    return 0;
  }
  if (!strcmp(verb, "new") && length == 4) {
    read_folder(words[2]);
    measure(words[3], make_and_drop);
    return 0;
  }
  if (length < 4) fail("see the head of peer.c");
  read_folder(words[3]);
  if (!strcmp(verb, "s1") && length == 5) {
    make();
    measure(words[4], upgrade);
    drop();
  } else if (!strcmp(verb, "launch") && length == 5) {
    measure(words[4], launch);
  } else if (!strcmp(verb, "s2")) {
    measure("1", launch);
  } else {
    fail("see the head of peer.c");
  }
  return 0;
}
