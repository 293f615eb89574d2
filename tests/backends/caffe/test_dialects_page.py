"""The table of dialects in docs/ is that of their files."""

from __future__ import annotations

from pytorch2caffe.convert.supported import dialects_table
from tests.paths import ROOT

PAGE = ROOT / "docs" / "dialects.md"


def test_the_table_of_dialects_is_up_to_date():
    assert dialects_table() in PAGE.read_text(encoding="utf-8")
