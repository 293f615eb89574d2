"""The report's page: well-formed, complete, its numbers those of the JSON, nothing from outside, names escaped."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

from pytorch2caffe import trace
from pytorch2caffe.quantize.calibrate import Settings, calibrate
from pytorch2caffe.quantize.html_report import COLUMNS, to_html
from pytorch2caffe.quantize.images import Dataset
from pytorch2caffe.quantize.json_report import to_json
from pytorch2caffe.quantize.result import JobResult
from pytorch2caffe.quantize.sensitivity import keep_within_budget, measure
from pytorch2caffe.quantize.svg import histogram_svg, lines_svg
from tests.lively import make_lively
from tests.quantize.test_calibrate import Mixed, tensors

EVIL = "<b onclick='x'>&amp;\"conv"
VOID = {"meta", "br"}


class Page(HTMLParser):
    """Fails on tags that do not pair; collects the cells of the tables, the tags and their attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.rows, self.text = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    torch.manual_seed(0)
    x = torch.randn(1, 3, 14, 14)
    graph = trace(make_lively(Mixed(), x), x)
    next(node for node in graph.nodes if node.name == "conv").name = EVIL
    rng = np.random.default_rng(0)
    images = Dataset([tensors(tmp_path_factory.mktemp("x"), rng.normal(size=(8, 3, 14, 14)))], graph.inputs, {})
    settings = Settings("mse", keep_float=("last",))
    found = calibrate(graph, images, settings, settle=True)
    lost = measure(graph, images, found)
    keep_within_budget(graph, images, found, lost, lost.together * 0.8)
    return JobResult(settings, graph, found, {}, images, [], lost)


@pytest.fixture(scope="module")
def page(outcome):
    return Page(to_html(outcome))


def test_all_layers_stand_in_it_by_sensitivity_with_the_json_s_numbers(outcome, page):
    rows = {row["layer"]: row for row in json.loads(to_json(outcome))["layers"]}
    head, *lines = page.rows[: len(rows) + 1]
    assert [line[0] for line in lines] == sorted(rows, key=lambda name: -(rows[name]["sensitivity"] or 0))
    shown = {title: (key, form) for key, title, form, _ in COLUMNS}
    assert {"sensitivity", "threshold", "scale", "input SNR, dB", "reason for float"} <= set(head)
    for line in lines:
        for title, cell in zip(head, line, strict=True):
            key, form = shown[title]
            value = rows[line[0]][key]
            assert cell == ("" if value is None else format(value, form)), (line[0], title)
            if form and value:
                assert float(cell.rstrip("%")) / (100 if "%" in form else 1) == pytest.approx(value, rel=0.02, abs=1e-6)


def test_names_are_text_never_tags(outcome, page):
    assert "onclick" not in {name for name, _ in page.attributes}
    assert EVIL in page.rows[1] + page.rows[2] + page.rows[3] + page.rows[4] + page.rows[5]
    assert EVIL in "".join(page.text)
    assert page.tags.count("svg") == len({layer.activation.name for layer in outcome.calibration.layers}) + 1


def test_nothing_comes_from_outside(outcome):
    text = to_html(outcome)
    assert not re.search(r"<script|<link|<img|https?:|url\(|@import|src=", text)
    assert "width=device-width" in text and "prefers-color-scheme:dark" in text


def test_what_was_kept_in_float_is_said(outcome, page):
    text = "".join(page.text)
    assert "requested" in text and "accuracy budget" in text
    assert len(outcome.sensitivity.steps) == page.tags.count("li") - len(outcome.calibration.notes)


def test_without_sensitivity_the_layers_keep_their_order(outcome):
    found = Page(to_html(JobResult(outcome.settings, outcome.graph, outcome.calibration, {}, outcome.images, [])))
    head, *lines = found.rows[:6]
    assert "sensitivity" not in head
    assert [line[0] for line in lines] == [EVIL, "depthwise", "grouped", "last", "fc"]


def test_the_axes_of_a_histogram_are_numbered():
    svg = histogram_svg(np.r_[np.full(1024, 50.0), np.full(1024, 1.0)], 8.0, 4.0)
    labels = re.findall(r">([^<>]+)</text>", svg)
    assert labels == ["1", "10", "100", "0", "4", "8"]
    clipped = re.search(r"class='clipped' d='([^']*)'", svg).group(1)
    assert clipped.count("M") == 70  # of 141 bars
    assert "4" not in re.findall(r">([^<>]+)</text>", histogram_svg(np.ones(2048), 4.2, 4.0))  # no room beside 4.2


def test_the_axes_of_lines_are_numbered():
    svg = lines_svg([1, 2, 5], {"middle": [0.2, 0.1, 0.05], "largest": [0.5, 0.4, 0.1]})
    assert re.findall(r">([^<>]+)</text>", svg) == ["0", "25.0%", "50.0%", "1", "2", "5"]
    assert svg.count("<circle") == 6
