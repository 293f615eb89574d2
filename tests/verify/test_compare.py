"""Comparing two runs, and telling what came of it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from pytorch2caffe.verify import compare as module
from pytorch2caffe.verify.compare import compare
from pytorch2caffe.verify.report import render, selected_rows, to_json, verdict

NAN, INF = math.nan, math.inf


def one(reference, actual, **options):
    """The row of a comparison of one blob."""
    (row,) = compare({"x": np.array(reference)}, {"x": np.array(actual)}, **options).rows
    return row


SAME = {
    "equal numbers": ([1.0, 2.0], [1.0, 2.0]),
    "within the tolerance": ([1.0, 2.0], [1.0, 2.0001]),
    "both zero": ([0.0, 0.0], [0.0, -0.0]),
    "empty": ([], []),
    "scalars": (3.0, 3.0),
    "NaN at the same places": ([NAN, 1.0], [NAN, 1.0]),
    "inf at the same places": ([INF, -INF, 1.0], [INF, -INF, 1.0]),
    "nothing but NaN": ([NAN], [NAN]),
    "integers and floats": (np.array([1, 2]), np.array([1.0, 2.0])),
    "huge float32": (np.array([3e38, -3e38], "f4"), np.array([3e38, -3e38], "f4")),
}
DIFFERENT = {
    "one element": ([1.0, 2.0], [1.0, 2.1], ""),
    "one element among a million": (np.ones(1000000), np.r_[np.ones(999999), 1.01], ""),
    "zero against something": ([0.0, 0.0], [0.0, 1e-9], "the reference is all zero"),
    "something against zero": ([1.0], [0.0], ""),
    "NaN in the actual": ([1.0, 1.0], [NAN, 1.0], "1 NaN on one side only"),
    "NaN in the reference": ([NAN, NAN], [1.0, NAN], "1 NaN on one side only"),
    "NaN against inf": ([NAN], [INF], "1 NaN on one side only"),
    "inf against a number": ([1.0, 2.0], [INF, -INF], "2 inf on one side only"),
    "inf of the other sign": ([INF], [-INF], "1 inf on one side only"),
    "other shape, same size": ([[1.0, 2.0]], [1.0, 2.0], "shape [2] instead of [1, 2]"),
    "other size": ([1.0, 2.0], [1.0], "shape [1] instead of [2]"),
    "sign": ([1.0, 2.0], [-1.0, -2.0], ""),
    "huge float32 of the other sign": (np.array([3e38], "f4"), np.array([-3e38], "f4"), ""),
}


@pytest.mark.parametrize(("reference", "actual"), SAME.values(), ids=SAME)
def test_equal(reference, actual):
    row = one(reference, actual)
    assert row.equal
    assert row.note in ("", "1 NaN on both sides")


@pytest.mark.parametrize(("reference", "actual", "note"), DIFFERENT.values(), ids=DIFFERENT)
def test_different(reference, actual, note):
    row = one(reference, actual)
    assert not row.equal
    assert row.note == note


def test_the_numbers():
    row = one([3.0, 4.0], [3.0, 5.0])
    assert row.max_abs == 1
    assert row.relative_l2 == pytest.approx(0.2)
    assert row.cosine == pytest.approx(29 / (5 * math.sqrt(34)))


def test_the_numbers_of_zeros():
    assert (one([0.0], [0.0]).relative_l2, one([0.0], [0.0]).cosine) == (0, 1)
    assert (one([0.0], [2.0]).relative_l2, one([0.0], [2.0]).cosine) == (INF, 0)
    assert (one([2.0], [0.0]).relative_l2, one([2.0], [0.0]).cosine) == (1, 0)


def test_chunks_add_up_to_the_whole(monkeypatch):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 7, 11, 5)).astype("f4")
    whole = one(a, b)
    monkeypatch.setattr(module, "CHUNK_ELEMENTS", 13)
    pieces = one(a, b)
    assert pieces.max_abs == whole.max_abs
    assert pieces.relative_l2 == pytest.approx(whole.relative_l2, rel=1e-12)
    assert pieces.cosine == pytest.approx(whole.cosine, rel=1e-12)


def test_transposed_views_are_compared_by_place():
    a = np.arange(12.0).reshape(3, 4)
    assert one(a.T, a.T.copy()).equal


NETWORK = {f"layer{i}": np.full(3, float(i + 1)) for i in range(30)}


def broken(*names):
    return {name: array + (name in names) for name, array in NETWORK.items()}


def test_the_first_that_differs_is_the_first_that_ran():
    result = compare(NETWORK, dict(reversed(broken("layer7", "layer20").items())))
    assert not result.equal
    assert result.first.blob == "layer7"


def test_pairs_of_layer_and_top_find_their_module_by_layer():
    blobs = {("conv", "conv"): np.ones(2), ("relu", "conv"): np.ones(2)}
    result = compare(blobs, blobs, where={"relu": "features.1"})
    assert [(row.blob, row.module) for row in result.rows] == [("conv", ""), ("relu -> conv", "features.1")]


def test_a_missing_blob_is_listed_and_may_be_missing():
    result = compare(NETWORK, {name: array for name, array in NETWORK.items() if name != "layer3"})
    assert result.missing == ("layer3",)
    assert result.equal
    assert verdict(result) == "equal: 29 blobs, relative L2 at most 0.0e+00; 1 blob without counterpart"


def test_a_missing_output_is_not_equal():
    result = compare(NETWORK, {name: array for name, array in NETWORK.items() if name != "layer29"})
    assert not result.equal
    assert verdict(result).startswith("different: 29 blobs")
    assert "no counterpart for the output layer29" in verdict(result)


def test_an_output_nobody_has_is_not_equal():
    assert compare(NETWORK, NETWORK, outputs=["prob"]).missing_outputs == ("prob",)


def test_nothing_in_common_is_not_equal():
    assert not compare(NETWORK, {}).equal
    assert verdict(compare({}, {})) == "different: nothing to compare"


def test_the_verdict_names_the_layer_and_its_module():
    result = compare(NETWORK, broken("layer7", "layer20"), where={"layer7": "stem.pool (net.py:9)"})
    assert verdict(result).startswith("different: 2 of 30 blobs, first layer7 (stem.pool (net.py:9)): max abs")


def test_a_long_table_shows_outputs_the_first_and_the_worst():
    result = compare(NETWORK, broken("layer4", "layer20", "layer21"), outputs=["layer2", "layer29"])
    names = [row.blob for row in selected_rows(result, worst=1)]
    assert names == ["layer2", "layer4", "layer29"]
    assert [row.blob for row in selected_rows(result, worst=2)] == ["layer2", "layer4", "layer20", "layer29"]
    assert len(selected_rows(result, all=True)) == 30


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_fits(width):
    result = compare(NETWORK, broken("layer7"), where={name: f"a.rather.long.path.of.{name}" for name in NETWORK})
    text = render(result, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "layer7" in text
    assert "layer7" in render(result, width=width, all=True)
    assert "28 blobs not shown" in text


def test_the_table_takes_brackets_literally():
    assert "x[0]" in render(compare({"x[0]": np.ones(1)}, {"x[0]": np.ones(1)}))


def test_json_is_strict():
    result = compare({"a": np.array([NAN]), "b": np.zeros(1)}, {"a": np.array([1.0]), "b": np.ones(1)})
    data = json.loads(json.dumps(to_json(result), allow_nan=False))
    assert data["equal"] is False
    assert data["first"] == "a"
    assert data["blobs"][0]["max_abs"] is None
    assert data["blobs"][0]["shape"] == [1]
    assert data["blobs"][1]["relative_l2"] is None
    assert data["blobs"][1]["note"] == "the reference is all zero"
