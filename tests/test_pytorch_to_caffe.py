"""The three calls of PytorchToCaffe."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, pytorch_to_caffe
from pytorch2caffe.errors import DifferentError
from pytorch2caffe.frontends.caffe.reader import load_caffe
from pytorch2caffe.layers.activation.relu import ReLU


@pytest.fixture
def traced(monkeypatch):
    monkeypatch.setattr(pytorch_to_caffe, "_last", None)
    pytorch_to_caffe.trans_net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.1)), torch.randn(1, 3, 8, 8), "small")


SAVES = {"prototxt": pytorch_to_caffe.save_prototxt, "caffemodel": pytorch_to_caffe.save_caffemodel}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
def test_files_that_differ_from_the_model_are_not_written(traced, tmp_path, monkeypatch, save):
    monkeypatch.setattr(ReLU, "to_caffe", lambda _: {})  # the file says 0 for the slope
    with pytest.raises(DifferentError, match="do not give the model's numbers"):
        save(tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_both_files_are_compared_once(traced, tmp_path, monkeypatch):
    compared = []
    proof = pytorch_to_caffe._last.proof
    monkeypatch.setattr(pytorch_to_caffe._last, "proof", lambda *files: compared.append(files) or proof(*files))
    pytorch_to_caffe.save_prototxt(tmp_path / "net.prototxt")
    pytorch_to_caffe.save_caffemodel(tmp_path / "net.caffemodel")
    assert len(compared) == 1
    graph = load_caffe(tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert graph.name == "small" and [node.name for node in graph.nodes] == ["conv1", "leaky_relu1"]
    assert np.isclose(graph.nodes[1].layer.negative_slope, 0.1)


def test_saving_before_tracing_says_what_to_call(tmp_path, monkeypatch):
    monkeypatch.setattr(pytorch_to_caffe, "_last", None)
    with pytest.raises(ConversionError, match="call trans_net"):
        pytorch_to_caffe.save_prototxt(tmp_path / "net.prototxt")
