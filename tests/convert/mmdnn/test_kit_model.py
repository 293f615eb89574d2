"""Networks handed over as code and weights: names that could break the code, and wrong weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.cli.mmdnn.tomodel import main as mmtomodel
from pytorch2caffe.convert.mmdnn import caffe_code as kit_caffe
from pytorch2caffe.convert.mmdnn import kit_model as kit

HOSTILE = ['x"""; open(chr(80), chr(119)); #', 'x\\"""; open(chr(80), chr(119)); #', "a\\N", "a\\x", 'a"b', "a\\", '"']


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def graph():
    return trace(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (torch.ones(1, 4),))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("of", ["network", "weights"])
def test_names_stay_names(name, of, folder):
    network = graph()
    weights = f"{name}.npy" if of == "weights" else "net.npy"
    network.name = name if of == "network" else "net"
    kit.write_code(network, "net.py", weights)
    assert kit.load_kit("net.py", weights)(torch.ones(1, 4)).shape == (1, 3)
    kit_caffe.write_code(network, "net_caffe.py", weights)
    prototxt, _ = kit_caffe.write_model("net_caffe.py", weights, "net")
    assert prototxt.is_file()
    assert not (folder / "P").exists()


@pytest.mark.parametrize("target", ["caffe", "pytorch"])
def test_weights_that_mmtocode_did_not_write(target, folder, capsys):
    module = {"caffe": kit_caffe, "pytorch": kit}[target]
    module.write_code(graph(), "net.py", "net.npy")
    torch.save({"x": torch.ones(3)}, "other.pth")  # a zip archive too
    with open("other.npz", "wb") as file:  # noqa: PTH123 - a name is enough
        np.savez(file, fc=np.ones(3))
    for weights in ("other.pth", "other.npz"):
        assert mmtomodel(["-f", target, "-in", "net.py", "-iw", weights, "-o", "made"]) == 2
        assert weights in capsys.readouterr().err
    assert not list(folder.glob("made*"))
