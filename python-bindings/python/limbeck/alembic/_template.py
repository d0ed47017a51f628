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
