"""The examples of docs/adding-a-layer.md: put where the page says, under ruff, mypy and pytest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.slow
PAGE = ROOT / "docs" / "adding-a-layer.md"
COPIED = ("pytorch2caffe", "tests")
LINKED = ("caffe_proto", "verify", ".caffe-root", ".git")
LAYER = "pytorch2caffe/layers/elementwise/cross.py"
OWN = "mycrelu.py"


def files_of(page: Path) -> dict[str, str]:
    """The files that a page shows: each a path between code marks and a colon, and a Python block after it."""
    found = re.findall(r"^`([\w./]+\.py)`:\n\n```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
    return dict(found)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """This repository with the page's files in it."""
    folder = tmp_path_factory.mktemp("clone")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    for name in LINKED:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in files_of(PAGE).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(clone: Path, *command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=clone, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_shows_these_files():
    assert list(files_of(PAGE)) == [LAYER, "tests/layers/elementwise/test_cross.py", OWN, f"test_{OWN}"]


def test_ruff_has_no_complaint(clone):
    run(clone, "ruff", "check", *files_of(PAGE))
    run(clone, "ruff", "format", "--check", *files_of(PAGE))


def test_mypy_has_no_complaint(clone):
    run(clone, "mypy", "--check-untyped-defs", "--disallow-untyped-defs", "--follow-imports=silent", LAYER, OWN)


@pytest.mark.parametrize("test", [name for name in files_of(PAGE) if Path(name).name.startswith("test_")])
def test_pytest_passes(test, clone):
    run(clone, "pytest", "-q", "--override-ini=testpaths=", test)


def test_the_export_of_the_page(clone):
    (line, output) = re.search(r"\$ pytorch2caffe (export mycrelu.*)\n((?:.*\n)*?)```", PAGE.read_text()).groups()
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    command = [sys.executable, "-m", "pytorch2caffe", *line.split()]
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=600)
    assert done.stdout.replace("; equal in caffe", "") == output, done.stderr  # said where Caffe is installed
