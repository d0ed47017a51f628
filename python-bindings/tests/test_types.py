"""What type checkers are told is what is there."""

from __future__ import annotations

import os
import subprocess
import sys

import limbeck
import pytest

# The types are those of the newest SQLAlchemy and of Python's tomllib.
pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="checked with newer Pythons")


def test_stubs_are_what_the_module_has() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "limbeck"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_package_type_checks() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "-p", "limbeck"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert os.path.exists(os.path.join(os.path.dirname(limbeck.__file__), "py.typed"))
