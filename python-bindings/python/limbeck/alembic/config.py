"""``alembic.config``: ``alembic.ini``, and the command line."""

from __future__ import annotations

import os
import re
import sys
from configparser import ConfigParser
from typing import Any, Optional, TextIO

from .. import _limbeck, errors


class Config:
    """The settings of a project, from ``alembic.ini`` and ``[tool.alembic]`` of ``pyproject.toml``."""

    def __init__(
        self,
        file_: Optional[str] = None,
        toml_file: Optional[str] = None,
        ini_section: str = "alembic",
        output_buffer: Optional[TextIO] = None,
        stdout: Optional[TextIO] = None,
        cmd_opts: Any = None,
        config_args: Optional[dict[str, str]] = None,
        attributes: Optional[dict[str, Any]] = None,
    ) -> None:
        self.config_file_name = os.fspath(file_) if file_ is not None else None
        self.toml_file_name = os.fspath(toml_file) if toml_file is not None else None
        self.config_ini_section = ini_section
        self.output_buffer = output_buffer
        self.stdout = stdout
        self.cmd_opts = cmd_opts
        #: What a program hands to its ``env.py``.
        self.attributes: dict[str, Any] = dict(attributes or {})
        named = self.config_file_name or self.toml_file_name
        self.here = os.path.abspath(os.path.dirname(named)) if named else os.getcwd()
        defaults = {"here": self.here.replace("%", "%%"), **(config_args or {})}
        self.file_config = ConfigParser(defaults)
        if self.config_file_name:
            if not os.path.isfile(self.config_file_name):
                raise errors.BadSetting(
                    f"there is no '{self.config_file_name}'", hint="name the file with -c, or run 'limbeck init'",
                    file=self.config_file_name,
                )
            self.file_config.read([self.config_file_name], encoding="utf-8")
        if not self.file_config.has_section(self.config_ini_section):
            self.file_config.add_section(self.config_ini_section)
        self._toml = _tool_alembic(self.toml_file_name) if self.toml_file_name else {}

    # As Alembic has them

    def get_main_option(self, name: str, default: Any = None) -> Any:
        """One setting of the main section."""
        value = self.get_section_option(self.config_ini_section, name)
        if value is None and name in self._toml:
            value = self._interpolated(self._toml[name])
        return default if value is None else value

    def _interpolated(self, value: Any) -> Any:
        return value.replace("%(here)s", self.here).replace("%%", "%") if isinstance(value, str) else value

    def set_main_option(self, name: str, value: str) -> None:
        """Sets one."""
        self.set_section_option(self.config_ini_section, name, value)

    def get_section_option(self, section: str, name: str, default: Any = None) -> Any:
        """One setting of a section."""
        if not self.file_config.has_section(section):
            raise errors.BadSetting(f"no section [{section}] in {self.config_file_name}", file=self.config_file_name)
        return self.file_config.get(section, name) if self.file_config.has_option(section, name) else default

    def set_section_option(self, section: str, name: str, value: str) -> None:
        """Sets one."""
        if not self.file_config.has_section(section):
            self.file_config.add_section(section)
        self.file_config.set(section, name, value)

    def get_section(self, name: str, default: Any = None) -> Any:
        """All settings of a section."""
        return dict(self.file_config.items(name)) if self.file_config.has_section(name) else default

    def get_alembic_option(self, name: str, default: Any = None) -> Any:
        """As :meth:`get_main_option`."""
        return self.get_main_option(name, default)

    def print_stdout(self, text: str, *arg: Any) -> None:
        """Prints a result."""
        print(text % arg if arg else text, file=self.stdout or sys.stdout)

    # What the rest asks

    def flag(self, name: str) -> bool:
        """A setting that is yes or no."""
        from .util import asbool

        return asbool(self.get_main_option(name))

    def path_of(self, location: str) -> str:
        """A folder by its path or, ``package:folder``, by the package that it lies in."""
        if ":" in location and not os.path.isabs(location):
            import importlib.util

            package, _, rest = location.partition(":")
            spec = importlib.util.find_spec(package)
            if spec is not None and spec.submodule_search_locations:
                return os.path.join(list(spec.submodule_search_locations)[0], *rest.split("/"))
        return os.path.normpath(location)

    def _paths(self, name: str) -> list[str]:
        value = self.get_main_option(name)
        if value is None:
            return []
        if isinstance(value, list):
            return [str(self._interpolated(each)) for each in value]
        separators = {"space": r"\s+", "newline": r"\n", "os": re.escape(os.pathsep), ":": ":", ";": ";"}
        chosen = self.get_main_option("path_separator") or self.get_main_option("version_path_separator")
        pattern = separators.get(chosen, r"[\s,]+" if name == "version_locations" else r"[\s,:]+" if os.sep == "/" else r"[\s,;]+")
        return [part.strip() for part in re.split(pattern, value) if part.strip()]

    def version_locations(self) -> list[str]:
        """The folders of version files."""
        return [self.path_of(each) for each in self._paths("version_locations")]

    def post_write_hooks(self) -> dict[str, str]:
        """What runs on a new file: a section of the ini, or the tables of a ``pyproject.toml``."""
        tables = self._toml.get("post_write_hooks") or []
        if not tables:
            return dict(self.get_section("post_write_hooks") or {})
        hooks = {f"{table['name']}.{name}": self._interpolated(value) for table in tables for name, value in table.items()}
        return {"hooks": ",".join(table["name"] for table in tables), **hooks}

    def prepend_sys_path(self) -> list[str]:
        """What goes to the front of ``sys.path``."""
        return [os.path.abspath(each) for each in self._paths("prepend_sys_path")]


def _tool_alembic(path: str) -> dict[str, Any]:
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        found = _limbeck.tool(text, "alembic")
    except ValueError as error:
        raise errors.BadSetting(f"{path}: {error}", hint="mend the file, or name another with -c", file=path) from error
    return found if isinstance(found, dict) else {}


def main(argv: Optional[list[str]] = None, prog: Optional[str] = None, **kw: Any) -> None:
    """Alembic's command line."""
    from ..__main__ import main as run

    sys.exit(run(argv))
