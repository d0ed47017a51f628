"""``script.py.mako``: the part of Mako that such templates use. With Mako installed, all of it."""

from __future__ import annotations

import re
from typing import Any

from .. import errors

VERSION_FILE = '''"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

# revision identifiers, used by Alembic.
revision: str = ${repr(up_revision)}
down_revision: Union[str, Sequence[str], None] = ${repr(down_revision)}
branch_labels: Union[str, Sequence[str], None] = ${repr(branch_labels)}
depends_on: Union[str, Sequence[str], None] = ${repr(depends_on)}


def upgrade() -> None:
    """Upgrade schema."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Downgrade schema."""
    ${downgrades if downgrades else "pass"}
'''


#: The templates of ``init``, and what each is for.
TEMPLATES = {
    "generic": "One database, and an alembic.ini.",
    "async": "The same through an asynchronous driver, aiosqlite.",
    "pyproject": "One database, and settings in pyproject.toml.",
    "pyproject_async": "The same through an asynchronous driver, aiosqlite.",
}


def instead_of(template: str) -> str:
    """What to do where there is no such template."""
    if template == "multidb":
        return "make a folder for each database, with 'limbeck init --template generic'; an env.py of Alembic's multidb runs as it is"
    return f"use one of {', '.join(TEMPLATES)}"


def env(template: str) -> str:
    """The ``env.py`` of a template."""
    return _HEAD.format(*_ASYNC if template.endswith("async") else _SYNC)


def settings(template: str, ini: str, folder: str) -> dict[str, str]:
    """The settings files of a template, by name."""
    driver = "sqlite+aiosqlite" if template.endswith("async") else "sqlite"
    url = f"# The database: {driver}:///relative.db or {driver}:////absolute/path.db\nsqlalchemy.url = {driver}:///%(here)s/app.db\n"
    if template.startswith("pyproject"):
        table = f'[tool.alembic]\nscript_location = "%(here)s/{folder}"\nprepend_sys_path = ["."]\n'
        return {"pyproject.toml": table, ini: f"[alembic]\n{url}"}
    text = f"[alembic]\nscript_location = %(here)s/{folder}\nprepend_sys_path = .\npath_separator = os\n\n{url}"
    return {ini: text}


_HEAD = '''{}
from alembic import context

config = context.config

# The models' MetaData: naming conventions are read from it.
target_metadata = None


def run_migrations_offline() -> None:
    """Prints the SQL of a run."""
    context.configure(url=config.get_main_option("sqlalchemy.url"), target_metadata=target_metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


{}

if context.is_offline_mode():
    run_migrations_offline()
else:
    {}
'''

_SYNC = (
    "from sqlalchemy import engine_from_config, pool\n",
    '''def run_migrations_online() -> None:
    """Runs on the database that the settings name."""
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()
''',
    "run_migrations_online()",
)

_ASYNC = (
    "import asyncio\n\nfrom sqlalchemy import pool\nfrom sqlalchemy.engine import Connection\n"
    "from sqlalchemy.ext.asyncio import async_engine_from_config\n",
    '''def do_run_migrations(connection: Connection) -> None:
    """Runs on a connection, which is SQLAlchemy's view of the asynchronous one."""
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run_migrations_online() -> None:
    """Runs on the database that the settings name."""
    connectable = async_engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()
''',
    "asyncio.run(run_migrations_online())",
)


def _comma(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else ", ".join(value)


def render(template: str, values: dict[str, Any]) -> str:
    """A template with its expressions filled in."""
    values = {**values, "comma": _comma, "n": lambda value: value}
    try:
        from mako.template import Template  # type: ignore[import-untyped]
    except ImportError:
        return _render(template, values)
    return str(Template(template, strict_undefined=True).render(**values))


def _render(template: str, values: dict[str, Any]) -> str:
    beyond = re.search(r"^\s*%\s*(?:if|for|while|def)\b|<%", template, re.MULTILINE)
    if beyond:
        raise errors.BadSetting(
            f"script.py.mako holds '{beyond[0].strip()}'", hint="install Mako, or write it with ${…} alone"
        )

    def fill(found: re.Match[str]) -> str:
        expression, _, filters = found[1].partition("|")
        value = eval(expression.strip(), {}, values)
        for name in filter(None, (each.strip() for each in filters.split(","))):
            value = values[name](value)
        return str(value)

    lines = (line for line in template.splitlines(keepends=True) if not line.lstrip().startswith("##"))
    return re.sub(r"\$\{([^}]*)\}", fill, "".join(lines))
