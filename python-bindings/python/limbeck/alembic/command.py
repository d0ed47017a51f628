"""``alembic.command``: the commands, under the names and with the parameters that Alembic gives them."""

from __future__ import annotations

import os
import sys
import uuid
from typing import Any, Callable, Optional, Sequence, Union

from .. import errors
from . import _template
from ._template import VERSION_FILE
from .config import Config, _tool_alembic
from .runtime.environment import EnvironmentContext, log, say, told
from .script import Script, ScriptDirectory


def _in_env(config: Config, work: Callable[[EnvironmentContext, Any], Any], **options: Any) -> Any:
    """Runs ``env.py``, which names the database, and the work on it."""
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=work, **options) as environment:
        script.run_env()
        return environment.result


def _offline(config: Config, verb: str, revisions: str, tag: Optional[str]) -> None:
    """Prints the SQL of a run, for the sqlite3 shell."""
    start, _, target = revisions.rpartition(":")

    def work(env: EnvironmentContext, _: Any) -> None:
        text = env.migrator().sql(revisions, direction=verb)
        # An env.py may name a file for each of several databases.
        where = env.options.get("output_buffer") or config.output_buffer or config.stdout or sys.stdout
        print(text, end="", file=where)

    _in_env(config, work, as_sql=True, tag=tag, starting_rev=start or None, destination_rev=target)


def upgrade(config: Config, revision: str, sql: bool = False, tag: Optional[str] = None) -> None:
    """Applies revisions up to a target."""
    if sql:
        return _offline(config, "upgrade", revision, tag)
    _in_env(
        config,
        lambda env, database: told(env.migrator().upgrade(database, revision, on_progress=log)),
        tag=tag,
        destination_rev=revision,
    )


def downgrade(config: Config, revision: str, sql: bool = False, tag: Optional[str] = None) -> None:
    """Takes revisions back down to a target."""
    if sql:
        return _offline(config, "downgrade", revision, tag)
    _in_env(
        config,
        lambda env, database: told(env.migrator().downgrade(database, revision, on_progress=log)),
        tag=tag,
        destination_rev=revision,
    )


def stamp(
    config: Config,
    revision: Union[str, Sequence[str]],
    sql: bool = False,
    tag: Optional[str] = None,
    purge: bool = False,
) -> None:
    """Sets the version rows and runs nothing."""
    targets = [revision] if isinstance(revision, str) else list(revision)
    if sql:
        return _offline(config, "stamp", targets[0], tag)
    _in_env(
        config,
        lambda env, database: told(env.migrator()._stamp(database, targets, purge, log)),
        tag=tag,
        destination_rev=targets[0],
    )


def current(config: Config, verbose: bool = False, check_heads: bool = False) -> None:
    """Prints what the database is at."""

    def work(env: EnvironmentContext, database: Any) -> None:
        if check_heads:
            env.migrator().check_heads(database)
        infos = env.migrator().current(database)
        if verbose:
            config.print_stdout(f"Current revision(s) for {_url(database)}:")
        for info in infos:
            if info.path is None:  # a row that the folder does not know
                config.print_stdout(info.revision)
            else:
                script = env.script._scripts([info])[0]
                config.print_stdout(block(script) if verbose else marked(script))

    _in_env(config, work)


def _url(database: Any) -> str:
    url = database.engine.url
    return str(url.render_as_string(hide_password=True))


def heads(config: Config, verbose: bool = False, resolve_dependencies: bool = False) -> None:
    """Prints the heads."""
    script = ScriptDirectory.from_config(config)
    for each in script.get_revisions(script.get_heads()):
        if resolve_dependencies and not each.is_real_head:
            continue
        config.print_stdout(block(each) if verbose else marked(each, branches=True, tree=False))


def history(
    config: Config, rev_range: Optional[str] = None, verbose: bool = False, indicate_current: bool = False
) -> None:
    """Prints revisions, newest first."""
    if rev_range is not None and ":" not in rev_range:
        raise errors.RangeRequired(f"'{rev_range}' is no range", hint="write <low>:<high>")

    def work(env: Optional[EnvironmentContext], database: Any) -> None:
        script = env.script if env is not None else ScriptDirectory.from_config(config)
        migrator = env.migrator() if env is not None else script._migrator
        infos = migrator.history(rev_range or ":", database=database)
        for each in script._scripts(infos):
            config.print_stdout(block(each, indicate_current) if verbose else line(each, indicate_current))

    if indicate_current or "current" in (rev_range or "") or (rev_range or "").startswith(("-", "+")):
        _in_env(config, work)
    else:
        work(None, None)


def show(config: Config, rev: str) -> None:
    """Prints one revision."""
    if rev == "current":
        return current(config, verbose=True)
    script = ScriptDirectory.from_config(config)
    for each in script.get_revisions(rev):
        config.print_stdout(block(each))


def branches(config: Config, verbose: bool = False) -> None:
    """Prints the revisions that several others revise."""
    script = ScriptDirectory.from_config(config)
    for each in script.walk_revisions():
        if each.is_branch_point:
            children = script.get_revisions(sorted(each.nextrev))
            head = block(each) if verbose else marked(each, branches=True)
            texts = [marked(child, branches=True) + (f", {child.doc}" if verbose else "") for child in children]
            config.print_stdout("\n".join([head, *(f"{' ' * len(each.revision)} -> {text}" for text in texts), ""]))


def revision(
    config: Config,
    message: Optional[str] = None,
    autogenerate: bool = False,
    sql: bool = False,
    head: Union[str, Sequence[str]] = "head",
    splice: bool = False,
    branch_label: Optional[str] = None,
    version_path: Optional[str] = None,
    rev_id: Optional[str] = None,
    depends_on: Any = None,
    process_revision_directives: Any = None,
) -> Optional[Script]:
    """Writes a version file; with ``autogenerate``, one that brings the database to the models of ``env.py``.

    Where nothing differs, none is written, and None is answered. The database must be at every head.
    """
    if sql:
        raise errors.BadSetting("revision --sql has no meaning", hint="write the file, then print it with 'limbeck upgrade --sql'")
    rev_id = rev_id if rev_id is not None else uuid.uuid4().hex[-12:]
    if not autogenerate:
        return _generated(config, message, head, splice, branch_label, version_path, rev_id, depends_on)

    def work(env: EnvironmentContext, database: Any) -> Optional[Script]:
        from .autogenerate import Comparison, MigrationScript

        comparison = Comparison(env, database)
        for text in comparison.told():
            say(text)
        directives = [MigrationScript(rev_id, message, comparison, head)]
        hook = process_revision_directives or env.options.get("process_revision_directives")
        if hook is not None:
            hook(env.get_context(), tuple(env.script.get_heads()), directives)
        if not directives or comparison.is_empty():
            config.print_stdout("No new upgrade operations detected.")
            return None
        up, down = comparison.bodies()
        told = {"upgrades": up, "downgrades": down, "imports": "\n".join(sorted(comparison.imports))}
        return _generated(config, directives[0].message, head, splice, branch_label, version_path, rev_id, depends_on, **told)

    made: Optional[Script] = _in_env(_of_one_database(config), work)
    return made


def _of_one_database(config: Config) -> Config:
    if config.get_main_option("databases"):
        raise errors.BadSetting(
            "the settings name several databases, and models are compared with one",
            hint="make a settings file for each database, and name it with -c",
        )
    return config


def differences(config: Config) -> list[dict[str, str]]:
    """What the models of ``env.py`` have and the database has not, thing by thing."""

    def work(env: EnvironmentContext, database: Any) -> list[dict[str, str]]:
        from .autogenerate import Comparison

        return Comparison(env, database).differences()

    found: list[dict[str, str]] = _in_env(_of_one_database(config), work)
    return found


def _generated(
    config: Config,
    message: Optional[str],
    head: Any,
    splice: bool,
    branch_label: Any,
    version_path: Optional[str],
    rev_id: Optional[str],
    depends_on: Any,
    **template: Any,
) -> Script:
    script = ScriptDirectory.from_config(config)
    rev_id = rev_id if rev_id is not None else uuid.uuid4().hex[-12:]
    made = script.generate_revision(
        rev_id, message, head, splice, branch_label, version_path, depends_on, **template
    )
    config.print_stdout(f"Generating {os.path.abspath(made.path)} ...  done")
    _post_write(config, made.path)
    return made


def _post_write(config: Config, path: str) -> None:
    """The ``[post_write_hooks]`` of the settings, on a new file."""
    import shlex
    import subprocess
    import sys

    hooks = config.post_write_hooks()
    for name in filter(None, (each.strip() for each in hooks.get("hooks", "").split(","))):
        kind = hooks.get(f"{name}.type")
        entry = hooks.get(f"{name}.{ {'console_scripts': 'entrypoint', 'module': 'module'}.get(kind or '', 'executable')}")
        if kind not in ("console_scripts", "module", "exec") or entry is None:
            raise errors.BadSetting(f"post-write hook {name} of type {kind}", hint="use console_scripts, module or exec")
        options = hooks.get(f"{name}.options", "REVISION_SCRIPT_FILENAME")
        arguments = [path if each == "REVISION_SCRIPT_FILENAME" else each for each in shlex.split(options)]
        if path not in arguments:
            arguments.insert(0, path)
        command = [sys.executable, "-m", entry] if kind == "module" else [entry]
        subprocess.run([*command, *arguments], check=True, cwd=hooks.get(f"{name}.cwd"))


def merge(
    config: Config,
    revisions: Union[str, Sequence[str]] = "heads",
    message: Optional[str] = None,
    branch_label: Optional[str] = None,
    rev_id: Optional[str] = None,
    splice: bool = False,
) -> Script:
    """Writes a version file that joins heads."""
    targets = [revisions] if isinstance(revisions, str) else list(revisions)
    script = ScriptDirectory.from_config(config)
    parents = script._migrator._core.merge(targets, splice)
    return _generated(config, message or f"merge {' and '.join(parents)}", parents, splice, branch_label, None, rev_id, None)


def ensure_version(config: Config, sql: bool = False) -> None:
    """Makes the version table, if it is not there."""
    _in_env(config, lambda env, database: env.migrator().ensure_version(database))


def check(config: Config) -> None:
    """Compares the database with the models of ``env.py``.

    Errors: ``NotUpToDate`` where anything differs.
    """
    found = differences(config)
    if found:
        listed = ", ".join(f"{each['kind']} {each['name']}" for each in found)
        raise errors.NotUpToDate(
            f"new upgrade operations detected: {listed}", hint="write them with 'limbeck revision --autogenerate'"
        )
    config.print_stdout("No new upgrade operations detected.")


def init(config: Config, directory: str, template: str = "generic", package: bool = False) -> None:
    """Makes a folder of version files, and its settings, by one of :data:`_template.TEMPLATES`."""
    if template not in _template.TEMPLATES:
        raise errors.BadSetting(f"no template '{template}'", hint=_template.instead_of(template))
    ini = config.config_file_name or "alembic.ini"
    beside = os.path.dirname(ini)
    files = {
        os.path.join(directory, "env.py"): _template.env(template),
        os.path.join(directory, "script.py.mako"): VERSION_FILE,
        os.path.join(directory, "README"): "Version files of limbeck, as Alembic has them.\n",
        **{
            os.path.join(beside, name): text
            for name, text in _template.settings(template, os.path.basename(ini), os.path.relpath(directory, beside or ".")).items()
        },
    }
    if os.path.isdir(directory) and os.listdir(directory):
        raise errors.CannotWrite(f"'{directory}' is not empty", hint="name another folder", file=directory)
    os.makedirs(os.path.join(directory, "versions"))
    if package:
        files.update({os.path.join(directory, where, "__init__.py"): "" for where in (".", "versions")})
    for path, text in files.items():
        if path.endswith("pyproject.toml") and os.path.exists(path) and not _tool_alembic(path):
            with open(path, "a", encoding="utf-8") as file:
                file.write("\n" + text)
            config.print_stdout(f"Adding [tool.alembic] to {os.path.abspath(path)} ...  done")
            continue
        if os.path.exists(path):
            config.print_stdout(f"File '{path}' is there already, and stays")
            continue
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
        config.print_stdout(f"Generating {os.path.abspath(path)} ...  done")
    config.print_stdout(f"Set the database's path in {ini}, then run 'limbeck revision -m \"…\"'")


def list_templates(config: Config) -> None:
    """Prints the templates of :func:`init`."""
    config.print_stdout("Available templates:\n")
    for name, about in _template.TEMPLATES.items():
        config.print_stdout(f"{name} - {about}")
    config.print_stdout("\nOne is used with 'limbeck init --template <name> <folder>'")


# Texts


def marked(script: Script, *, branches: bool = False, tree: bool = True, current: bool = False) -> str:
    """``0002 (billing) (head) (current) (mergepoint)``"""
    labels = [f"({', '.join(sorted(script.branch_labels))})"] if branches and script.branch_labels else []
    marks = [
        (script.is_real_head, "head"),
        (script.is_head and not script.is_real_head, "effective head"),
        (current and script.info.current, "current"),
        (tree and script.is_branch_point, "branchpoint"),
        (tree and script.is_merge_point, "mergepoint"),
    ]
    return " ".join([script.revision, *labels, *(f"({mark})" for is_so, mark in marks if is_so)])


def line(script: Script, current: bool = False) -> str:
    """``0001 -> 0002 (head), add phone``"""
    parents, depends = ", ".join(script.info.revises) or "<base>", ", ".join(script.info.depends_on)
    marks = marked(script, branches=True, current=current)
    return f"{parents}{f' ({depends})' if depends else ''} -> {marks}, {script.doc}"


def block(script: Script, current: bool = False) -> str:
    """What ``show`` prints."""
    info = script.info
    marks = [(info.head, "head"), (info.branch_point, "branchpoint"), (info.merge_point, "mergepoint")]
    marks.append((current and info.current, "current"))
    parents = ", ".join(info.revises) or "<base>"
    lines = [" ".join([f"Rev: {info.revision}", *(f"({mark})" for is_so, mark in marks if is_so)])]
    lines.append(f"Merges: {parents}" if info.merge_point else f"Parent: {parents}")
    for label, names in (
        ("Also depends on", info.depends_on),
        ("Branches into", sorted(script.nextrev) if info.branch_point else []),
        ("Branch names", sorted(script.branch_labels)),
    ):
        lines += [f"{label}: {', '.join(names)}"] if names else []
    return "\n".join([*lines, f"Path: {script.path}", "", *(f"    {each}" for each in script.longdoc.splitlines()), ""])
