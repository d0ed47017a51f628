/*
 * limbeck inside a loadable extension, where SQLite's names are macros over the table that the host hands
 * over: it upgrades the database that loads it. With -DHOST, the program that does so.
 */
#ifdef HOST
#include <sqlite3.h>
#include <stdio.h>

int main(int count, char **arguments) {
  sqlite3 *connection = NULL;
  char *message = NULL;
  int code = sqlite3_open(":memory:", &connection);
  if (count != 2 || code) return 2;
  code = sqlite3_enable_load_extension(connection, 1);
  if (!code) code = sqlite3_load_extension(connection, arguments[1], "sqlite3_notes_init", &message);
  if (!code) code = sqlite3_exec(connection, "INSERT INTO notes VALUES (1)", NULL, NULL, &message);
  if (code) fprintf(stderr, "%s\n", message ? message : "no message");
  sqlite3_free(message);
  sqlite3_close(connection);
  return code != 0;
}
#else
#include "limbeck.h"

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_notes_init(sqlite3 *connection, char **message, const sqlite3_api_routines *routines);

int sqlite3_notes_init(sqlite3 *connection, char **message, const sqlite3_api_routines *routines) {
  static const limbeck_migration notes = {"0001_notes.sql", LIMBECK_NUL_TERMINATED,
                                          "CREATE TABLE notes(a)", LIMBECK_NUL_TERMINATED};
  limbeck_migrator *migrator = NULL;
  limbeck_database *database = NULL;
  limbeck_error *error = NULL;
  limbeck_status status;
  SQLITE_EXTENSION_INIT2(routines)
  {
    const limbeck_sqlite3_api api = LIMBECK_SQLITE3_API;
    status = limbeck_database_from_sqlite3(connection, &api, &database, &error);
  }
  if (!status) status = limbeck_migrator_from_memory(&notes, 1, &migrator, &error);
  if (!status) {
    status = limbeck_migrator_upgrade(migrator, database, "head", LIMBECK_NUL_TERMINATED, NULL, &error);
  }
  if (status) *message = sqlite3_mprintf("%s", limbeck_error_message(error, NULL));
  limbeck_error_free(error);
  limbeck_database_free(database);
  limbeck_migrator_free(migrator);
  return status ? SQLITE_ERROR : SQLITE_OK;
}
#endif
