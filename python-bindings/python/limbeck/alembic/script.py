"""``alembic.script``: the folder of version files."""

from __future__ import annotations

import datetime
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Iterator, Optional, Sequence, Union

from .. import _limbeck, errors
from .._migrator import Migrator, _revisions
from .._report import RevisionInfo
from .._run import Scope
from .._folder import python_files
from .._versions import CodeFile, load, run_file
from ._template import render

if TYPE_CHECKING:
    from .config import Config


class Script:
    """One revision, under the names that Alembic gives its members."""

    def __init__(self, directory: ScriptDirectory, info: RevisionInfo, file: CodeFile) -> None:
        self._directory = directory
        self.info = info
        self.revision = info.revision
        self.path = file.name
        self.down_revision: Any = _one(info.revises)
        self.branch_labels = set(directory._migrator._core.labels(info.revision))
        self.dependencies: Any = _one(info.depends_on)
        self.longdoc = file.text.strip()
        self.doc = info.message
        self.is_head = info.head
        #: Nothing revises it, and nothing depends on it either.
        self.is_real_head = info.head and info.revision in directory._real_heads
        self.is_base = not info.revises
        self.is_branch_point = info.branch_point
        self.is_merge_point = info.merge_point

    @property
    def nextrev(self) -> frozenset[str]:
        """The revisions that revise this one."""
        return frozenset(self._directory._migrator._core.children(self.revision))

    @property
    def create_date(self) -> Optional[str]:
        """When the file was made."""
        found = re.search(r"^Create Date: *(.+)$", self.longdoc, re.MULTILINE)
        return found[1].strip() if found else None

    def __repr__(self) -> str:
        return f"Script({self.revision!r}, {self.down_revision!r})"


def _one(ids: Sequence[str]) -> Any:
    return None if not ids else ids[0] if len(ids) == 1 else tuple(ids)


class ScriptDirectory:
    """The folder of version files, read."""

    def __init__(self, dir: str, config: Optional[Config] = None) -> None:
        self.dir = dir
        self._config = config
        if not os.path.isdir(dir):
            raise errors.SourceUnreadable(
                f"there is no folder '{dir}'", hint="name it as script_location, or make it with 'limbeck init'"
            )
        deep = config is not None and config.flag("recursive_version_locations")
        self.version_locations = (config.version_locations() if config else []) or [os.path.join(dir, "versions")]
        paths = [path for folder in self.version_locations for path in python_files(folder, deep)]
        self.scope = Scope()
        self.code = [load(path, path, self.scope, of_alembic=True) for path in dict.fromkeys(paths)]
        self._migrator = self.migrator()
        self._real_heads = frozenset(info.revision for info in self._migrator.heads(resolve_dependencies=True))

    @classmethod
    def from_config(cls, config: Config) -> ScriptDirectory:
        """The folder that a configuration names."""
        location = config.get_main_option("script_location")
        if location is None:
            raise errors.BadSetting(
                "no script_location is named", hint="write 'script_location = migrations' under [alembic]",
                file=config.config_file_name,
            )
        for folder in config.prepend_sys_path():
            if folder not in sys.path:
                sys.path.insert(0, folder)
        return cls(config.path_of(location), config)

    def migrator(self, **options: Any) -> Migrator:
        """What runs the revisions."""
        return Migrator._of_code(self.code, self.scope, **options)

    @property
    def versions(self) -> str:
        """Where new files go."""
        return self.version_locations[0]

    def run_env(self) -> None:
        """Runs ``env.py``."""
        path = os.path.join(self.dir, "env.py")
        if not os.path.isfile(path):
            raise errors.SourceUnreadable(f"there is no '{path}'", hint="make it with 'limbeck init'", file=path)
        run_file(path, "limbeck_env_py")

    def _scripts(self, infos: Sequence[RevisionInfo]) -> list[Script]:
        files = {file.name: file for file in self.code}
        return [Script(self, info, files[info.path or ""]) for info in infos]

    def get_heads(self) -> list[str]:
        """The revisions that nothing follows."""
        return [info.revision for info in self._migrator.heads()]

    def get_current_head(self) -> Optional[str]:
        """The one head.

        Errors: ``MultipleHeads``.
        """
        heads = self.get_heads()
        if len(heads) > 1:
            raise errors.MultipleHeads(
                f"{len(heads)} heads: {', '.join(heads)}", hint="use get_heads(), or join them with 'limbeck merge'"
            )
        return heads[0] if heads else None

    def get_base(self) -> Optional[str]:
        """The first revision."""
        bases = self.get_bases()
        return bases[0] if bases else None

    def get_bases(self) -> list[str]:
        """The revisions that follow nothing."""
        return [script.revision for script in self.walk_revisions() if script.is_base]

    def get_revision(self, id_: str) -> Script:
        """One revision, by its id or the beginning of it."""
        return self.get_revisions(id_)[0]

    def get_revisions(self, id_: Union[str, Sequence[str]]) -> list[Script]:
        """The revisions that targets name."""
        targets = [id_] if isinstance(id_, str) else list(id_)
        return [script for target in targets for script in self._scripts(self._migrator.show(target))]

    def walk_revisions(self, base: str = "base", head: str = "heads") -> Iterator[Script]:
        """The revisions of a range, newest first."""
        return iter(self._scripts(self._migrator.history(f"{base}:{head}")))

    def iterate_revisions(self, upper: Any, lower: Any, **_: Any) -> Iterator[Script]:
        """From ``upper`` down to ``lower``, which is left out."""
        for script in self.walk_revisions(lower or "base", upper or "heads"):
            if script.revision != lower:
                yield script

    # New files

    def generate_revision(
        self,
        revid: str,
        message: Optional[str],
        head: Optional[Union[str, Sequence[str]]] = None,
        splice: bool = False,
        branch_labels: Any = None,
        version_path: Optional[str] = None,
        depends_on: Any = None,
        **template: Any,
    ) -> Script:
        """Writes a version file, and reads it back."""
        parents = self._parents(head, splice)
        created = self._now()
        path = os.path.join(version_path or self.versions, self._file_name(revid, message, created))
        self._refuse(revid, path)
        labels, depends = _listed(branch_labels), _listed(depends_on)
        text = render(
            self._template(),
            {
                "message": message or "empty message",
                "up_revision": revid,
                "down_revision": _one(parents),
                "branch_labels": _one(labels),
                "depends_on": _one(depends),
                "create_date": created,
                "imports": "",
                "upgrades": "",
                "downgrades": "",
                "config": self._config,
                **template,
            },
        )
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(path, "x", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError as error:
            raise errors.CannotWrite(
                f"cannot write {path}: {error}", hint="check that the folder may be written, and holds no such file",
                file=path,
            ) from error
        return ScriptDirectory(self.dir, self._config).get_revision(revid)

    def _parents(self, head: Optional[Union[str, Sequence[str]]], splice: bool) -> list[str]:
        if head is None or head == "head":
            heads = self.get_heads()
            if len(heads) > 1:
                raise errors.MultipleHeads(
                    f"{len(heads)} heads are there: {', '.join(heads)}",
                    hint="name one with --head, or join them with 'limbeck merge'",
                )
            return heads
        targets = [head] if isinstance(head, str) else list(head)
        if targets == ["base"]:
            return []
        if len(targets) > 1 or targets == ["heads"]:
            return self._migrator._core.merge(targets, splice)
        found = self.get_revisions(targets)
        inner = next((script.revision for script in found if not script.is_head), None)
        if inner is not None and not splice:
            raise errors.NotAHead(f"revision {inner} is not a head", hint="write --splice to begin a branch from it")
        return [script.revision for script in found]

    def _refuse(self, revid: str, path: str) -> None:
        illegal = sorted(set("@-+:") & set(revid))
        if illegal or not revid:
            raise errors.IllegalRevisionId(
                f"revision id '{revid}' holds {' '.join(illegal)}" if illegal else "the revision id is empty",
                hint="use letters, digits and _",
            )
        if any(script.revision == revid for script in self.walk_revisions()):
            raise errors.DuplicateRevision(f"revision {revid} is there already", hint="choose another --rev-id", file=path)

    def _template(self) -> str:
        path = os.path.join(self.dir, "script.py.mako")
        if not os.path.isfile(path):
            from ._template import VERSION_FILE

            return VERSION_FILE
        with open(path, encoding="utf-8") as file:
            return file.read()

    def _now(self) -> datetime.datetime:
        zone = self._config.get_main_option("timezone") if self._config else None
        if not zone:
            return datetime.datetime.now()
        if zone.lower() == "utc":
            return datetime.datetime.now(datetime.timezone.utc)
        from zoneinfo import ZoneInfo

        return datetime.datetime.now(ZoneInfo(zone))

    def _file_name(self, revid: str, message: Optional[str], now: datetime.datetime) -> str:
        template = (self._config.get_main_option("file_template") if self._config else None) or "%(rev)s_%(slug)s"
        length = int((self._config.get_main_option("truncate_slug_length") if self._config else None) or 40)
        slug = _limbeck.slug(message or "", length)
        values: dict[str, Any] = {"rev": revid, "slug": slug, "epoch": int(now.timestamp())}
        values.update({name: getattr(now, name) for name in ("year", "month", "day", "hour", "minute", "second")})
        return template % values + ".py"


def _listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)
