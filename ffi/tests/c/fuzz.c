/*
 * Calls with whatever there is: live handles, freed ones, null, other kinds, wrong texts. Nothing is
 * checked but that all of them return, and what the sanitizers say. `fuzz [ROUNDS [SEED]]`
 */
#include "limbeck.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define NUL LIMBECK_NUL_TERMINATED
#define EACH 4
#define POOL (EACH * 7)

static unsigned long long state;
static void *pool[POOL];
static sqlite3 *connection, *other;
static unsigned long fine, refused, runs;

static unsigned below(unsigned end) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(state >> 33) % end;
}

enum kind { MIGRATOR, DATABASE, REPORT, ERROR, TEXT, CANCEL, STEP };

/* Mostly one that is, or was, of this kind. */
static void *any(enum kind kind) {
  return below(8) ? pool[kind * EACH + below(EACH)] : below(8) ? pool[below(POOL)] : NULL;
}

/* A new handle goes over another, which is lost. */
static void keep(void *handle, enum kind kind) {
  if (handle) pool[kind * EACH + below(EACH)] = handle;
}

typedef struct {
  const char *data;
  size_t length;
} text;

static text some_text(void) {
  static const text texts[] = {
      {"head", NUL}, {"base", NUL},       {"+1", 2},  {"-1", 2},         {"0001:0002", NUL}, {"0001", 4},
      {"", 0},       {"\xff\xfe", NUL},   {NULL, 3},  {"head", NUL - 1}, {NULL, NUL},        {"a\0b", 3},
      {"heads", NUL}, {"0001 0002", NUL}, {":", 1},   {"\xc3", 1},
  };
  return texts[below(sizeof texts / sizeof *texts)];
}

static int on_progress(void *user_data, const limbeck_event *event) {
  (void)user_data;
  (void)event;
  /* Frees what may be in use, and cancels now and then. */
  limbeck_migrator_free((limbeck_migrator *)any(MIGRATOR));
  limbeck_database_free((limbeck_database *)any(DATABASE));
  limbeck_cancel_set((limbeck_cancel *)any(CANCEL), (int)below(2));
  return below(50) == 0;
}

/* Steps with whatever there is: mostly ended ones outside of a callback, and the live one inside. */
static limbeck_status with_step(limbeck_step *step, limbeck_error **error) {
  static const text sqls[] = {{"SELECT 1", NUL}, {"CREATE TABLE c(d)", NUL}, {"ALTER TABLE a ADD e", NUL},
                              {"COMMIT", 6}, {"\xff", 1}, {NULL, 0}, {"", 0}};
  text sql = sqls[below(sizeof sqls / sizeof *sqls)];
  sqlite3 *found = NULL;
  size_t length = 0;
  limbeck_step_revision(step, below(2) ? &length : NULL);
  limbeck_step_direction(step);
  switch (below(3)) {
    case 0: return limbeck_step_execute(step, sql.data, sql.length, error);
    case 1: return limbeck_step_connection(step, below(4) ? &found : NULL, error);
    default: return limbeck_step_warn(step, sql.data, sql.length, error);
  }
}

static int on_code(void *user_data, limbeck_step *step) {
  unsigned calls = below(4);
  (void)user_data;
  keep(step, STEP);
  limbeck_migrator_free((limbeck_migrator *)any(MIGRATOR));
  limbeck_migrator_free((limbeck_migrator *)(void *)step);
  while (calls--) with_step(below(4) ? step : (limbeck_step *)any(STEP), NULL);
  return below(8) == 0;
}

static limbeck_status make(limbeck_error **error) {
  static const limbeck_code codes[] = {{"0004_d", NUL, on_code, on_code, NULL},
                                       {"0005_e", 6, on_code, NULL, NULL},
                                       {"0006_f", NUL, NULL, on_code, NULL}};
  static const limbeck_migration migrations[] = {
      {"0001_a.sql", NUL, "CREATE TABLE a(b);\n-- migrate:down\nDROP TABLE a;", NUL},
      {"0002_b.sql", 10, "-- migrate:up\nALTER TABLE a ALTER b SET NOT NULL;\n-- migrate:down\nSELECT 1;", NUL},
      {"0003_c.sql", NUL, "\xff", 1},
  };
  const limbeck_sqlite3_api api = LIMBECK_SQLITE3_API;
  limbeck_migrator *migrator = NULL;
  limbeck_database *database = NULL;
  limbeck_cancel *cancel = NULL;
  limbeck_status status;
  switch (below(5)) {
    case 0: status = limbeck_migrator_from_memory(migrations, below(4), &migrator, error); break;
    case 3:
      status = limbeck_migrator_from_memory_with_code(migrations, below(4), codes, below(4), &migrator, error);
      break;
    case 1: status = limbeck_database_from_sqlite3(below(2) ? connection : other, &api, &database, error); break;
    case 2: status = limbeck_cancel_new(&cancel, error); break;
    default: {
      text path = some_text();
      status = limbeck_migrator_from_folder(path.data, path.length, &migrator, error);
    }
  }
  keep(migrator, MIGRATOR);
  keep(database, DATABASE);
  keep(cancel, CANCEL);
  return status;
}

static limbeck_status change(limbeck_error **error) {
  limbeck_migrator *migrator = (limbeck_migrator *)any(MIGRATOR);
  text some = some_text();
  switch (below(7)) {
    case 0: return limbeck_migrator_set_app_version(migrator, some.data, some.length, error);
    case 1: return limbeck_migrator_set_rebuild(migrator, (int)below(4), error);
    case 2: return limbeck_migrator_set_transaction(migrator, (int)below(3), error);
    case 3: return limbeck_migrator_set_progress(migrator, below(2) ? on_progress : NULL, NULL, error);
    case 4: return limbeck_migrator_set_cancel(migrator, (limbeck_cancel *)any(CANCEL), error);
    case 5: return limbeck_migrator_set_newer_database(migrator, (int)below(4), error);
    default: return limbeck_migrator_validate(migrator, error);
  }
}

static limbeck_status run(limbeck_error **error) {
  limbeck_migrator *migrator = (limbeck_migrator *)any(MIGRATOR);
  limbeck_database *database = (limbeck_database *)any(DATABASE), *scratch = (limbeck_database *)any(DATABASE);
  limbeck_report *report = NULL;
  limbeck_text *result = NULL;
  limbeck_status status;
  text to = some_text();
  switch (below(11)) {
    case 0: status = limbeck_migrator_upgrade(migrator, database, to.data, to.length, &report, error); break;
    case 1: status = limbeck_migrator_downgrade(migrator, database, to.data, to.length, &report, error); break;
    case 2:
      status = limbeck_migrator_stamp(migrator, database, to.data, to.length, (int)below(2), &report, error);
      break;
    case 3:
      status = limbeck_migrator_plan(migrator, database, scratch, (int)below(4), to.data, to.length, &result, error);
      break;
    case 4:
      status = limbeck_migrator_sql(migrator, scratch, (int)below(4), to.data, to.length, &result, error);
      break;
    case 5: status = limbeck_migrator_current(migrator, database, &result, error); break;
    case 6: status = limbeck_migrator_history(migrator, database, to.data, to.length, &result, error); break;
    case 7: status = limbeck_migrator_show(migrator, to.data, to.length, &result, error); break;
    case 8: status = limbeck_migrator_merge(migrator, to.data, to.length, &result, error); break;
    case 9: status = limbeck_migrator_pending(migrator, database, below(9) ? &result : NULL, error); break;
    default: status = limbeck_migrator_ensure_version(migrator, database, NULL, error);
  }
  if (status == LIMBECK_OK) ++runs;
  keep(report, REPORT);
  keep(result, TEXT);
  return status;
}

/* Reads through anything; what is answered has to be readable. */
static void read_all(void) {
  void *handle = any((enum kind)below(7));
  size_t length = 0, i, sum = 0;
  const char *texts[6];
  texts[0] = limbeck_error_message((limbeck_error *)handle, &length);
  texts[1] = limbeck_error_hint((limbeck_error *)handle, NULL);
  texts[2] = limbeck_report_json((limbeck_report *)handle, NULL);
  texts[3] = limbeck_report_step_revision((limbeck_report *)handle, below(3), NULL);
  texts[4] = limbeck_text_data((limbeck_text *)handle, NULL);
  texts[5] = limbeck_error_json((limbeck_error *)handle, NULL);
  for (i = 0; i < 6; ++i) {
    const char *at = texts[i];
    while (at && *at) sum += (unsigned char)*at++;
  }
  if (sum == 1) printf(" ");
}

static void free_some(void) {
  void *handle = any((enum kind)below(7));
  switch (below(6)) {
    case 0: limbeck_migrator_free((limbeck_migrator *)handle); break;
    case 1: limbeck_database_free((limbeck_database *)handle); break;
    case 2: limbeck_report_free((limbeck_report *)handle); break;
    case 3: limbeck_error_free((limbeck_error *)handle); break;
    case 4: limbeck_text_free((limbeck_text *)handle); break;
    default: limbeck_cancel_free((limbeck_cancel *)handle);
  }
}

static void free_all(void *handle) {
  limbeck_migrator_free((limbeck_migrator *)handle);
  limbeck_database_free((limbeck_database *)handle);
  limbeck_report_free((limbeck_report *)handle);
  limbeck_error_free((limbeck_error *)handle);
  limbeck_text_free((limbeck_text *)handle);
  limbeck_cancel_free((limbeck_cancel *)handle);
}

int main(int count, char **arguments) {
  unsigned long rounds = count > 1 ? strtoul(arguments[1], NULL, 10) : 100000, round;
  int i;
  state = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
  for (round = 0; round < rounds; ++round) {
    limbeck_error *error = NULL;
    limbeck_status status = LIMBECK_OK;
    if (round % 500 == 0) {
      for (i = 0; i < POOL; ++i) free_all(pool[i]);
      sqlite3_close_v2(connection);
      sqlite3_close_v2(other);
      if (sqlite3_open(":memory:", &connection) || sqlite3_open(":memory:", &other)) return 1;
    }
    switch (below(9)) {
      case 0: status = make(&error); break;
      case 1: status = change(below(2) ? &error : NULL); break;
      case 2: case 3: case 4: status = run(&error); break;
      case 5: read_all(); break;
      case 7: status = with_step((limbeck_step *)any(STEP), below(2) ? &error : NULL); break;
      case 6: limbeck_cancel_set((limbeck_cancel *)any(CANCEL), 0); break;
      default: free_some();
    }
    if (status == LIMBECK_C_INTERNAL) {
      fprintf(stderr, "round %lu: %s\n", round, limbeck_error_message(error, NULL));
      return 1;
    }
    if (status == LIMBECK_OK) ++fine; else ++refused;
    keep(error, ERROR);
  }
  printf("%lu calls: %lu done, among them %lu runs, %lu refused\n", rounds, fine, runs, refused);
  return runs > rounds / 50 && refused > rounds / 10 ? 0 : 1;
}
