"""limbeck for Python beside its peers: the small command that a benchmark of several tools calls, as peer.rs is for Rust.

    peer.py limbeck s1 DATABASE FOLDER ROUNDS   open, ask whether it is current, close: median; the Migrator is made once
    peer.py limbeck s2 DATABASE FOLDER          apply FOLDER/sql to an empty file
    peer.py limbeck s3 DATABASE CHANGE          one change of the table `orders`, a to g
    peer.py limbeck probe DATABASE              t.v SET NOT NULL
    peer.py floor DATABASE ROUNDS               open, select the row of limbeck_version, close: median
    peer.py both DATABASE FOLDER ROUNDS         the floor and a launch in turn: lower quartiles, and their ratio
    peer.py new FOLDER ROUNDS                   make a Migrator of a dict of FOLDER/sql: median
    peer.py folder FOLDER ROUNDS                make one of the folder on disk: median
    peer.py versions

It prints `{"ms": …}`; a failure is one line on stderr and status 1.
"""

import json
import sqlite3
import statistics
import sys
import time
from pathlib import Path

import limbeck

CHANGES = {
    "a": "ALTER COLUMN email SET NOT NULL",
    "b": "ALTER COLUMN qty TYPE INTEGER",
    "c": "DROP COLUMN legacy",
    "d": "ADD CONSTRAINT orders_amount CHECK (amount >= 0)",
    "e": "ADD CONSTRAINT orders_customer_fk FOREIGN KEY(customer_id) REFERENCES customer (id)",
    "f": "ALTER COLUMN status SET DEFAULT 'pending'",
}


def measure(rounds, work):
    times = []
    for _ in range(int(rounds)):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1e3)
    print(json.dumps({"ms": statistics.median(times)}))


def in_turn(rounds, works):
    times = {name: [] for name in works}
    for _ in range(int(rounds)):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            times[name].append((time.perf_counter() - started) * 1e3)
    floor, other = quartiles = [statistics.quantiles(each)[0] for each in times.values()]
    print(json.dumps({**dict(zip(works, quartiles)), "ratio": other / floor}))


def files(folder):
    return {path.name: path.read_text("utf-8") for path in sorted(Path(folder, "sql").iterdir())}


def launch(migrator, database, done):
    connection = sqlite3.connect(database)
    report = migrator.upgrade(connection)
    connection.close()
    assert bool(report) != done, "the database was not what it should be"


def select(database):
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT version_num FROM limbeck_version").fetchone()
    connection.close()


def run(words):
    match words:
        case ["versions"]:
            print(f"limbeck {limbeck.__version__} (Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version})")
        case [_, "s1", database, folder, rounds]:
            migrator = limbeck.Migrator(files(folder))
            measure(rounds, lambda: launch(migrator, database, done=True))
        case ["floor", database, rounds]:
            measure(rounds, lambda: select(database))
        case ["both", database, folder, rounds]:
            migrator = limbeck.Migrator(files(folder))
            in_turn(rounds, {"floor": lambda: select(database), "launch": lambda: launch(migrator, database, done=True)})
        case ["new", folder, rounds]:
            given = files(folder)
            measure(rounds, lambda: limbeck.Migrator(given))
        case ["folder", folder, rounds]:
            measure(rounds, lambda: limbeck.Migrator(Path(folder, "sql")))
        case [_, "s2", database, folder]:
            given = files(folder)
            measure(1, lambda: launch(limbeck.Migrator(given), database, done=False))
        case [_, "s3", database, change]:
            actions = [CHANGES[letter] for letter in ("abcdef" if change == "g" else change)]
            given = {"1_change.sql": f"ALTER TABLE orders {', '.join(actions)}"}
            measure(1, lambda: launch(limbeck.Migrator(given), database, done=False))
        case [_, "probe", database]:
            given = {"1_probe.sql": "ALTER TABLE t ALTER COLUMN v SET NOT NULL"}
            measure(1, lambda: launch(limbeck.Migrator(given), database, done=False))
        case _:
            sys.exit(f"unsupported: {words}")


if __name__ == "__main__":
    try:
        run(sys.argv[1:])
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}".replace("\n", " "))
