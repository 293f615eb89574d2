"""Writes the table of docs/dialects.md from the dialects' files: python -m tests.backends.caffe.dialects_page"""

from __future__ import annotations

import re

from pytorch2caffe.convert.supported import dialects_table
from tests.paths import ROOT

PAGE = ROOT / "docs" / "dialects.md"
TABLE = re.compile(r"(?<=-->\n)(?:\|.*\n)+")  # the one that follows the comment


def page() -> str:
    """The page with the table as the dialects' files give it."""
    return TABLE.sub(lambda _: dialects_table(), PAGE.read_text(encoding="utf-8"), count=1)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
