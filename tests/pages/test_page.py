"""A page is well-formed, complete, and needs nothing from outside; text in it is text."""

from __future__ import annotations

import html
import math
import re

import pytest

import pytorch2caffe
from pytorch2caffe.pages.page import Code, Column, Items, Line, Page, Section, Table, Text, to_frame, to_html
from tests.pages.reading import NOTHING_FROM_OUTSIDE, Reading

EVIL = "<b onclick='x'>&amp;\"</script>"
TABLE = Table(
    (Column("name", text=True), Column("value", ".1e", "in volts")),
    [Line((EVIL, 1.0), "wrong"), Line(("b", None)), Line(("c", math.nan)), Line(("d", math.inf))],
    ("total", 3.0),
)


@pytest.fixture(scope="module")
def text():
    section = Section(EVIL, [Text(EVIL), Items([EVIL], ordered=True), Code(EVIL, EVIL), TABLE])
    return to_html(Page(EVIL, [section, section], f"command {EVIL}", {"files": EVIL}))


def test_it_has_title_command_facts_date_and_version(text):
    page = Reading(text)
    said = re.sub(r"\s+", " ", " ".join(page.text))
    assert f"command command {EVIL} files {EVIL} written 20" in said
    assert f"by pytorch2caffe {pytorch2caffe.__version__}" in said
    assert page.tags.count("h2") == 2 and page.tags.count("ol") == 2


def test_text_is_never_a_tag(text):
    page = Reading(text)
    assert "onclick" not in {name for name, _ in page.attributes}
    assert page.tags.count("script") == 1 and "b" not in page.tags


def test_nothing_comes_from_outside(text):
    assert not NOTHING_FROM_OUTSIDE.search(text)


def test_cells_are_formatted_and_sorted_by_their_numbers(text):
    page = Reading(text)
    assert page.rows[:6] == [
        ["name", "value"], [EVIL, "1.0e+00"], ["b", ""], ["c", "nan"], ["d", "inf"], ["total", "3.0e+00"],
    ]  # fmt: skip
    assert [key for name, key in page.attributes if name == "data-key"] == ["1", "1e999", "1e999"] * 2


def test_a_frame_for_notebooks_holds_the_page_as_text():
    frame = to_frame(Page("x", [Section("", [Text("hello")])]))
    (content,) = re.findall(r'srcdoc="([^"]*)"', frame)
    assert '<p class="">hello</p>' in html.unescape(content) and "<h1>" not in html.unescape(content)
