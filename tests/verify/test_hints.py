"""What a comparison that is not equal points to, and how `verify` tells it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, save_caffe, trace, verify
from pytorch2caffe.cli import main

CODE = """
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential()
net.add_module("stem", nn.Conv2d(3, 4, 3))
net.add_module("norm", nn.BatchNorm2d(4))
net.add_module("pool", nn.MaxPool2d(3, 2, ceil_mode=True))
net.add_module("head", nn.Conv2d(4, 2, 1))
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A network's code and Caffe files; returns a function that changes a layer's settings or weights in them."""
    (tmp_path / "ownnet.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    assert main(["export", "ownnet.py:net", "--input-shape", "1,3,12,12", "-o", "net"]) == 0

    def change(layer, weights):
        graph = load_caffe("net.prototxt", "net.caffemodel")
        node = next(node for node in graph.nodes if node.name == layer)
        node.blobs = weights([blob.copy() for blob in node.blobs])
        save_caffe(graph, "net.prototxt", "net.caffemodel")

    return change


def run(*more):
    return main(["verify", "ownnet.py:net", "net.prototxt", "net.caffemodel", *more])


def test_swapped_channels_are_recognised(files, capsys):
    files("stem", lambda blobs: [np.ascontiguousarray(blobs[0][:, ::-1]), blobs[1]])
    assert run() == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "first stem: max abs" in said
    assert "hint: stem is equal if the channels of the input are reversed: the file expects BGR" in said


def test_a_constant_factor_is_recognised(files, capsys):
    files("head", lambda blobs: [blob * 1.5 for blob in blobs])
    assert run() == 1
    assert "hint: head is a constant multiple of the model's" in capsys.readouterr().out


def test_one_changed_layer_is_named_without_a_wrong_hint(files, capsys):
    files("norm", lambda blobs: [blobs[0], blobs[1] * np.float32([1, 1, 2, 1]), *blobs[2:]])
    assert run() == 1
    said = capsys.readouterr().out
    assert "first norm" in said
    assert "hint" not in said


def test_pooling_that_rounds_otherwise_is_recognised(tmp_path):
    down, up = (nn.Sequential(nn.Conv2d(3, 2, 1), nn.MaxPool2d(2, ceil_mode=ceil)) for ceil in (False, True))
    up.load_state_dict(down.state_dict())
    paths = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(up, torch.randn(1, 3, 7, 7)), *paths)
    found = verify(down, *paths, torch.randn(1, 3, 7, 7))
    assert found.first is not None and found.first.blob == "1"
    assert found.hints == (
        "the size of 1 differs by one: Caffe's pooling rounds sizes up, PyTorch's down without ceil_mode",
    )


def test_other_names_are_said(files, capsys):
    assert main(["export", "ownnet.py:net", "--input-shape", "1,3,12,12", "-o", "net", "--naming", "legacy"]) == 0
    assert run() == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "hint: the layers of the file have other names; only outputs were compared" in said


def test_a_runtime_that_fails_does_not_hide_the_others(files, capsys):
    line = ["--runtime", "caffe", "--runtime", "builtin", "--caffe-python", "no-such-python"]
    assert run(*line, "--json", "report.json", "--html", "report.html") == 2
    said = capsys.readouterr()
    assert "runtime builtin\nequal" in said.out
    assert "error: runtime caffe: " in said.err and "no-such-python" in said.err
    report = json.loads(Path("report.json").read_text("utf-8"))
    assert report["builtin"]["equal"] is True and report["builtin"]["hints"] == []
    assert report["caffe"]["equal"] is None and "no-such-python" in report["caffe"]["error"]
    assert "runtime builtin" in Path("report.html").read_text("utf-8")


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_report_without_a_folder_is_refused_before_the_work(files, capsys, option):
    assert run(option, "nowhere/report") == 2
    said = capsys.readouterr()
    assert "there is no folder nowhere" in said.err
    assert not said.out


def test_preprocessing_without_images_is_refused(files, capsys):
    assert run("--preprocess", "torchvision") == 2
    assert "give --images too" in capsys.readouterr().err
