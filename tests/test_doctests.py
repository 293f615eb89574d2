"""The examples in docstrings, module by module."""

from __future__ import annotations

import doctest
import re
from importlib import import_module

import pytest

from tests.paths import ROOT

PACKAGES = ("pytorch2caffe", "caffe_proto", "tests")
EXAMPLE = re.compile(r"^ *>>> (?!.*# doctest: \+SKIP)", re.MULTILINE)


def with_examples() -> list[str]:
    """The modules whose source has an example, so that only these are imported."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    found = [path.relative_to(ROOT) for path in files if EXAMPLE.search(path.read_text(encoding="utf-8"))]
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found]


@pytest.mark.parametrize("module", with_examples())
def test_examples_print_what_they_say(module):
    failed, attempted = doctest.testmod(import_module(module), optionflags=doctest.ELLIPSIS)
    assert attempted and not failed
