"""The table of dialects in docs/ is that of their files."""

from __future__ import annotations

from tests.backends.caffe.dialects_page import PAGE, page


def test_the_table_of_dialects_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.backends.caffe.dialects_page"
