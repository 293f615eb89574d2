"""README's table of dialects is that of their files."""

from __future__ import annotations

from pathlib import Path

from pytorch2caffe.summary import dialects_table

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_table_of_dialects_is_up_to_date():
    assert dialects_table() in README.read_text(encoding="utf-8")
