"""The report's page: well-formed, complete, its numbers those of the JSON, nothing from outside, names escaped."""

from __future__ import annotations

import json

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
from tests.lively import make_lively
from tests.pages.reading import NOTHING_FROM_OUTSIDE, Reading
from tests.quantize.test_calibrate import Mixed, tensors

EVIL = "<b onclick='x'>&amp;\"conv"


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
    return Reading(to_html(outcome))


def test_all_layers_stand_in_it_by_sensitivity_with_the_json_s_numbers(outcome, page):
    rows = {row["layer"]: row for row in json.loads(to_json(outcome))["layers"]}
    head, *lines = page.rows[: len(rows) + 1]
    assert [line[0] for line in lines] == sorted(rows, key=lambda name: -(rows[name]["sensitivity"] or 0))
    shown = {column.title: (key, column.form) for key, column in COLUMNS.items()}
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
    assert page.tags.count("figure") == len({layer.activation.name for layer in outcome.calibration.layers}) + 1


def test_nothing_comes_from_outside(outcome):
    assert not NOTHING_FROM_OUTSIDE.search(to_html(outcome))


def test_layers_of_the_diagram_have_their_sensitivity_and_those_in_float_are_marked(outcome, page):
    boxes = {box["name"]: dict(box["details"]) for box in page.data[0]}
    assert list(boxes) == [*(value.name for value in outcome.graph.inputs), *(n.name for n in outcome.graph.nodes)]
    for name, loss in outcome.sensitivity.alone.items():
        assert boxes[name]["sensitivity"] == f"{loss:.2e}"
    assert boxes["last"]["reason for float"] == "requested"
    kept = sum(bool(layer.reason) for layer in outcome.calibration.layers)
    assert page.classes.count("box wrong") == kept


def test_another_report_is_beside_it(outcome):
    other = json.loads(to_json(outcome))
    for row in other["layers"]:
        row["sensitivity"], row["threshold"] = 0.25, 7.5
    head, *lines = Reading(to_html(outcome, other=other)).rows[:6]
    assert head[-2:] == ["other sensitivity", "other threshold"]
    assert {tuple(line[-2:]) for line in lines} == {("2.50e-01", "7.5")}


def test_what_was_kept_in_float_is_said(outcome, page):
    text = "".join(page.text)
    assert "requested" in text and "accuracy budget" in text
    assert len(outcome.sensitivity.steps) == page.tags.count("li") - len(outcome.calibration.notes)


def test_without_sensitivity_the_layers_keep_their_order(outcome):
    found = Reading(to_html(JobResult(outcome.settings, outcome.graph, outcome.calibration, {}, outcome.images, [])))
    head, *lines = found.rows[:6]
    assert "sensitivity" not in head
    assert [line[0] for line in lines] == [EVIL, "depthwise", "grouped", "last", "fc"]
