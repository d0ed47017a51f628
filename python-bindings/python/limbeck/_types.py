"""What the verbs take, for type checkers: nothing is imported of this while an app runs."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Callable, Mapping, Optional, Sequence, Union

from ._report import Event

if TYPE_CHECKING:
    import sqlalchemy as sa

#: A path or ``sqlite:///`` URL, a ``sqlite3.Connection``, an SQLAlchemy ``Connection`` or ``Engine``.
Database = Union[str, "os.PathLike[str]", sqlite3.Connection, "sa.Connection", "sa.Engine"]
#: A folder, a mapping of files' names to their SQL, or pairs of both.
Migrations = Union[str, "os.PathLike[str]", Mapping[str, str], Sequence[tuple[str, str]]]
#: Called with each event; False cancels the run, and all is rolled back.
OnProgress = Callable[[Event], Optional[bool]]
