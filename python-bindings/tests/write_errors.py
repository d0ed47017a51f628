"""Writes the classes of errors.py anew, from the kinds that the core has. Run it with a limbeck of this source installed."""

import re
from pathlib import Path

from limbeck import _limbeck

PACKAGE = Path(__file__).parents[1] / "python" / "limbeck"
FIRST, BEHIND = "\n\nclass LimbeckError(Exception):", "\n\n_BY_CODE = {"


def listed(names: list[str]) -> str:
    """The text of an ``__all__``."""
    return "__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n"


def errors(text: str) -> str:
    """errors.py with its classes."""
    kinds = _limbeck.error_kinds()
    base = text[: text.index(BEHIND)]
    found = re.search(r"\n\n\nclass \w+\(LimbeckError\)", base)
    head = base[: found.start()] if found else base.rstrip()
    classes = "".join(
        f'\n\n\nclass {name}(LimbeckError):\n    """{" ".join(about.split())}"""\n\n    code = "{code}"' for name, code, about in kinds
    )
    behind = text[text.index(BEHIND) :]
    names = ["LimbeckError", *(name for name, _, _ in kinds)]
    return head + classes + "\n" + re.sub(r"__all__ = \[.*?\]\n", lambda _: listed(names), behind, flags=re.DOTALL)


def init(text: str) -> str:
    """__init__.py with its names."""
    here = set(re.findall(r'^    "(\w+)",$', text, re.MULTILINE))
    here |= {name for name, _, _ in _limbeck.error_kinds()}
    return re.sub(r"__all__ = \[.*?\]\n", lambda _: listed(sorted(here)), text, flags=re.DOTALL)


def texts() -> dict[Path, str]:
    """Each file, and what it should be."""
    return {path: make(path.read_text("utf-8")) for path, make in ((PACKAGE / "errors.py", errors), (PACKAGE / "__init__.py", init))}


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text, "utf-8")
