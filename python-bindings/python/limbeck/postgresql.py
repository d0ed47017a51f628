"""PostgreSQL's forms in old migrations → what they mean on SQLite, each with a warning that says what was done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

from . import _limbeck

if TYPE_CHECKING:
    from ._run import Step

#: What cannot hold a form: a string, a quoted name, a comment.
_SHIELDED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/"
_CAST = re.compile(
    r"(?P<shield>" + _SHIELDED + r")|::\s*[A-Za-z_][\w.]*(?:\s+(?:varying|precision|with(?:out)?\s+time\s+zone))?"
    r"(?:\s*\([\d,\s]*\))?(?:\[\])?",
    re.DOTALL | re.IGNORECASE,
)
_NOW = re.compile(r"(?P<shield>" + _SHIELDED + r")|\bnow\s*\(\s*\)", re.DOTALL | re.IGNORECASE)
_CONCURRENTLY = re.compile(
    r"^(\s*(?:CREATE\s+(?:UNIQUE\s+)?|DROP\s+)INDEX)\s+CONCURRENTLY\b", re.IGNORECASE
)
_NOTHING = re.compile(
    r"^\s*(?:CREATE\s+TYPE|ALTER\s+TYPE|DROP\s+TYPE|CREATE\s+EXTENSION|DROP\s+EXTENSION|COMMENT\s+ON|"
    r"SELECT\s+create_hypertable\s*\()",
    re.IGNORECASE,
)
#: Alembic's migrations switch it inside their transaction, where SQLite takes it for nothing: https://sqlite.org/pragma.html#pragma_foreign_keys
_KEYS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*PRAGMA\s+(?:\w+\s*\.\s*)?foreign_keys\s*[=(]", re.IGNORECASE | re.DOTALL)
_DO = re.compile(r"^\s*DO\s+(\$\w*\$)(.*)\1", re.IGNORECASE | re.DOTALL)
_SEMICOLON = re.compile(_SHIELDED + r"|(?P<tag>\$\w*\$).*?(?P=tag)|;", re.DOTALL)
_CATALOGUE = re.compile(r"(?P<shield>" + _SHIELDED + r")|\b(?:pg_catalog\.)?(pg_indexes|pg_constraint)\b", re.DOTALL)
_INDEXES = (
    "(SELECT 'public' AS schemaname, tbl_name AS tablename, name AS indexname, sql AS indexdef"
    " FROM main.sqlite_master WHERE type = 'index')"
)


def translate(sql: str, step: Step) -> Optional[str]:
    """The statements as SQLite can take them; None where there is nothing to do on SQLite."""
    parts = [_translate(part, step) if part.strip() else part for part in _statements(sql)]
    left = [part for part in parts if part is not None]
    return ";".join(left) if any(part.strip() for part in left) else None


def _statements(sql: str) -> list[str]:
    """What stands between semicolons. A trigger comes in pieces, which are joined again as they were."""
    ends = [found.start() for found in _SEMICOLON.finditer(sql) if found[0] == ";"]
    return [sql[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(sql)])]


def _translate(sql: str, step: Step) -> Optional[str]:
    block = _DO.match(sql)
    if _NOTHING.match(sql) or (block and re.search(r"\bCREATE\s+TYPE\b", block[2], re.IGNORECASE)):
        step.warn(f"skipped, because SQLite has no such thing: {_one_line(sql)}")
        return None
    if _KEYS.match(sql):
        step.warn(f"skipped, because limbeck checks foreign keys when the run is done: {_one_line(sql)}")
        return None
    result = _CONCURRENTLY.sub(r"\1", sql)
    if result != sql:
        step.warn(f"CONCURRENTLY left out: {_one_line(sql)}")
    named = _replace(_CATALOGUE, result, lambda found: _catalogue(found[2], step))
    if named != result:
        step.warn(f"PostgreSQL's catalogue looked up in SQLite's: {_one_line(sql)}")
    return expression(named, step) if "::" in named or re.search(r"\bnow\b", named, re.IGNORECASE) else named


def expression(sql: str, step: Optional[Step] = None) -> str:
    """An expression without casts, and with SQLite's name for the time."""
    result = _replace(_NOW, _replace(_CAST, sql, lambda found: ""), lambda found: "CURRENT_TIMESTAMP")
    if result != sql and step is not None:
        step.warn(f"read as SQLite's {_one_line(result)}: {_one_line(sql)}")
    return result


def is_alter(sql: str) -> bool:
    """Whether only limbeck can run a statement."""
    return re.match(r"(?:\s|" + _SHIELDED + r")*ALTER\s+TABLE\b", sql, re.IGNORECASE | re.DOTALL) is not None


def _replace(pattern: re.Pattern[str], sql: str, by: object) -> str:
    return pattern.sub(lambda found: found[0] if found["shield"] else by(found), sql)  # type: ignore[operator]


def _catalogue(name: str, step: Step) -> str:
    if name == "pg_indexes":
        return _INDEXES
    tables = step.query("SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
    rows = [(constraint, table) for table, sql in tables for constraint in _limbeck.constraint_names(sql)]
    listed = ", ".join(f"({_literal(constraint)}, {_literal(table)})" for constraint, table in rows)
    values = f"VALUES {listed}" if rows else "SELECT NULL, NULL WHERE 0"
    return f"(SELECT * FROM (SELECT NULL AS conname, NULL AS conrelid WHERE 0 UNION ALL {values}))"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _one_line(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= 200 else text[:200] + " …"
