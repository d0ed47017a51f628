"""What the documents show of Python is true: their blocks run here, each document in a folder of its own."""

import re

import limbeck
import pytest

import documents

#: Which blocks run: of a document that is not Python's alone, core/tests/documents runs the commands.
DOCUMENTS = {
    "README.md": ["python"],
    "core/guides/from_alembic.md": ["console", "python"],
    "python-bindings/README.md": ["console", "python"],
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_runs(document, tmp_path, monkeypatch):
    if "alembic" in (documents.ROOT / document).read_text("utf-8"):
        pytest.importorskip("alembic")
    assert documents.play(document, tmp_path, monkeypatch, DOCUMENTS[document]) > 0


def test_no_document_is_forgotten():
    for path in [*documents.ROOT.glob("*.md"), *documents.ROOT.glob("core/**/*.md"), *documents.ROOT.glob("wasm/*.md")]:
        name = path.relative_to(documents.ROOT).as_posix()
        shown = [line for line, language, file, _ in documents.blocks(name) if language == "python" and not file]
        assert not shown or name in DOCUMENTS, f"{name}:{shown[0]}: add it to DOCUMENTS"


def test_likeness():
    assert documents.is_like("a\nb \n", "a\nb")
    assert documents.is_like("a 12 c\nd", "a … c\nd")
    assert not documents.is_like("a b", "a")


def test_parity():
    """The table of verbs, which core/tests/documents checks by the sources, has what the class has."""
    text = (documents.ROOT / "core/guides/parity.md").read_text("utf-8")
    cells = [row.split(" | ")[3] for row in text.split("## What is chosen")[0].splitlines() if row.startswith("| ")][1:]
    named = {name for cell in cells if not cell.startswith("–") for name in re.findall(r"`(\w+)`", cell)}
    assert named | {"cancel_handle"} == {name for name in dir(limbeck.Migrator) if not name.startswith("_")}
