"""In a venv that holds limbeck's wheel and nothing else: no SQLAlchemy, no Alembic. Also what it weighs."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time

LARGEST_WHEEL = 2_000_000

size = os.path.getsize(sys.argv[1])
assert size < LARGEST_WHEEL, f"the wheel has {size} bytes"

code = "import time, sqlite3; s = time.perf_counter(); import limbeck; print(time.perf_counter() - s)"
took = min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(10))
print(f"wheel {size:,} bytes; import {took * 1000:.1f} ms")

import limbeck  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.mkdir("migrations")
    files = {
        "0001_notes.sql": "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes VALUES (1, 'a')",
        "0002_slugs.py": "def upgrade(step):\n"
        "    step.execute('ALTER TABLE notes ADD COLUMN slug TEXT AFTER id')\n"
        "    step.connection.execute('UPDATE notes SET slug = ? || title', ('n-',))\n",
        "0003_firm.sql": "ALTER TABLE notes ALTER slug SET NOT NULL",
    }
    for name, text in files.items():
        with open(os.path.join("migrations", name), "w") as file:
            file.write(text)
    report = limbeck.upgrade("app.db")
    assert report.to == ["0003"], report
    assert sqlite3.connect("app.db").execute("SELECT * FROM notes").fetchall() == [(1, "n-a", "a")]
    assert not limbeck.upgrade("app.db")
    assert "sqlalchemy" not in sys.modules and "alembic" not in sys.modules

# One SQLite in the process: the module brings none.
maps = "/proc/self/maps"
if os.path.exists(maps):
    with open(maps) as file:
        libraries = {line.split()[-1] for line in file if "sqlite3" in line and ".so" in line}
    assert not any("_limbeck" in name for name in libraries)
with open(limbeck._limbeck.__file__, "rb") as file:
    # SQLite's own definition of sqlite_schema, which each build of it holds.
    assert b"CREATE TABLE x(type text,name text,tbl_name text" not in file.read(), "a second SQLite is in the module"
