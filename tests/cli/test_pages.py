"""The pages of summary and check: every layer of the file, its cost, or what a consumer does not support."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytorch2caffe.cli import main
from tests.pages.reading import Reading

PROTOTXT = """name: "net"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 bias_term: false } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "odd" type: "Wonder" bottom: "conv" top: "odd" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 2 } }
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(PROTOTXT)
    return "net.prototxt"


def read(path: str) -> Reading:
    return Reading(Path(path).read_text("utf-8"))


def test_summary(file, capsys):
    Path(file).write_text("".join(line for line in PROTOTXT.splitlines(True) if "Wonder" not in line))
    assert main(["summary", file, "--html", "net.html"]) == 0
    assert capsys.readouterr().out.endswith("net.html\n")
    page = read("net.html")
    head, *lines, total = page.rows
    assert [line[0] for line in lines] == ["conv", "relu", "fc"]
    assert lines[0][1:] == ["Convolution", "1x3x8x8", "1x4x6x6", "108", "3,888"]  # 4 * 3 * 9 * 36
    assert total == ["total", "", "", "", "398", "4,176"]  # and 144 * 2 + 2
    boxes = {box["name"]: dict(box["details"]) for box in page.data[0]}
    assert boxes["conv"]["multiply-adds"] == "3,888 (93.1% of the network)"
    assert boxes["fc"]["output of the network"] == "fc"
    assert "pytorch2caffe summary net.prototxt --html net.html" in " ".join(page.text)


def test_check_for_one_consumer(file):
    assert main(["check", file, "--html", "net.html"]) == 1
    page = read("net.html")
    assert page.rows[0] == ["where", "problem", "fix"]
    assert any(line[0] == "layer 'odd'" for line in page.rows[1:])
    boxes = {box["name"]: dict(box["details"]) for box in page.data[0]}
    assert list(boxes) == ["data", "conv", "relu", "odd", "fc"]
    assert "Wonder" in boxes["odd"]["problems"] and "problems" not in boxes["conv"]
    assert page.classes.count("box wrong") == 1


def test_check_for_all_consumers(file):
    Path(file).write_text(PROTOTXT.replace("Wonder", "TanH"))
    assert main(["check", file, "--target", "all", "--html", "net.html"]) == 0
    page = read("net.html")
    consumers = {line[0] for line in page.rows[1:]}
    assert {"caffe", "nnie", "opencv"} <= consumers
    boxes = {box["name"]: dict(box["details"]) for box in page.data[0]}
    assert "problems" not in boxes["relu"] and "armnn: armnn has no layer TanH" in boxes["odd"]["problems"]


def test_a_page_in_no_folder_is_refused_before_the_work(file, capsys):
    assert main(["summary", file, "--html", "nowhere/net.html"]) == 2
    said = capsys.readouterr()
    assert "there is no folder nowhere" in said.err and not said.out
