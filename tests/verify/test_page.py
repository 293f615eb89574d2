"""The page of verify: the model's layers, coloured by error, with both sides' histograms; another run beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import export, trace, verify
from pytorch2caffe.cli import main
from pytorch2caffe.verify.network import BINS, histograms_of
from pytorch2caffe.verify.page import comparison_sections, heat
from tests.pages.reading import Reading

SOURCE = """
from torch import nn
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1))
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("pagenet.py").write_text(SOURCE)
    assert main(["export", "pagenet.py:net", "--input-shape", "1,3,6,6", "-o", "net"]) == 0
    return ["pagenet.py:net", "net.prototxt", "net.caffemodel"]


def test_the_page_of_verify(files, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["verify", *files, "--html", "equal.html", "--json", "before.json"]) == 0
    shift(files)
    assert main(["verify", *files, "--html", "net.html", "--compare", "before.json", "--tolerance", "2e-4"]) == 1
    out = capsys.readouterr().out
    assert "other rel L2" in out and "the other run: equal: 3 blobs" in " ".join(out.split())
    page = Reading(Path("net.html").read_text("utf-8"))
    text = " ".join(page.text)
    for fact in ("pytorch2caffe verify pagenet.py:net", "net.prototxt, net.caffemodel", "0.0002", "random, seed 0"):
        assert fact in text
    boxes = {box["name"]: box for box in page.data[0]}
    assert list(boxes) == ["data", "0", "1", "2"]
    wrong = dict(boxes["2"]["details"])
    assert wrong["module"] == "2" and wrong["settings"].startswith("num_output = 2")
    assert wrong["worst element"].startswith("[0, 1, ") and float(wrong["max abs"]) == pytest.approx(1, rel=1e-3)
    assert sum(boxes["2"]["histograms"]["counts"]["file"]) == 2 * 4 * 4
    assert page.classes.count("box wrong") == 1
    (head, *lines) = page.rows
    assert head == ["blob", "module", "shape", "max abs", "rel L2", "rel L2 of the other", "cosine", "result"]
    assert [line[5] for line in lines] == ["0.0e+00"] * 3


def shift(files) -> None:
    """Writes the network with a bias of channel 1 of its last layer that is larger by 1."""
    torch.manual_seed(0)
    scope: dict = {}
    exec(SOURCE, scope)
    net = scope["net"].eval()
    with torch.no_grad():
        net[2].bias[1] += 1
    export(net, torch.randn(1, 3, 6, 6), files[1], files[2])


@pytest.mark.parametrize("content", ["not json", "[]", '{"a": 1}', '{"layers": []}'])
def test_another_file_is_not_a_report(files, capsys, content):
    Path("other.json").write_text(content)
    assert main(["verify", *files, "--compare", "other.json"]) == 2
    assert "--compare: other.json is not a" in capsys.readouterr().err


def test_a_comparison_is_short_and_a_page_in_a_notebook(tmp_path):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()
    paths = tmp_path / "a.prototxt", tmp_path / "a.caffemodel"
    x = torch.randn(1, 3, 5, 5)
    export(net, x, *paths)
    found = verify(net, *paths, x)
    assert repr(found) == "Comparison(equal: 2 blobs, relative L2 at most 0.0e+00)"
    assert "iframe" in found._repr_html_() and "data-id" in found._repr_html_()


def test_a_graph_is_short_and_a_page_in_a_notebook():
    graph = trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), torch.zeros(1, 3, 5, 5))
    assert repr(graph) == "Graph(Sequential: 2 layers, data[1, 3, 5, 5] -> 1[1, 4, 3, 3])"
    assert len(repr(graph.nodes)) < 600 and "weights [4, 3, 3, 3], [4]" in repr(graph.nodes)
    assert "iframe" in graph._repr_html_()


def test_colours_are_logarithmic():
    assert [heat(x) for x in (0, 1e-9, float("nan"), 1, 5, float("inf"))] == [0, 0, 0, 1, 1, 1]
    assert heat(1e-4) == pytest.approx(0.5)


def test_histograms_count_the_finite_numbers_of_both_sides():
    found = histograms_of(
        {"a": np.array([0, 1, np.inf, np.nan]), "b": np.full(3, 2.0), "c": np.array([np.nan]), "d": np.ones(1)},
        {"a": np.array([0, 4, 1, 1.0]), "b": np.full(3, 2.0), "c": np.ones(1)},
    )
    assert list(found) == ["a", "b"]
    assert (found["a"].low, found["a"].high) == (0, 4)
    assert [sum(counts) for counts in found["a"].counts.values()] == [2, 4]
    assert found["a"].counts["file"][-1] == 1 and len(found["a"].counts["model"]) == BINS
    assert found["b"].low < 2 < found["b"].high


def test_without_a_network_there_is_only_the_table():
    from pytorch2caffe.verify.compare import compare

    (section,) = comparison_sections({"ncnn": compare({"a": np.ones(2)}, {"a": np.ones(2)})})
    assert [block.kind for block in section.blocks] == ["text", "table"]
