"""Networks delivered as code and weights: names that could break the code, and wrong weights."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, trace
from pytorch2caffe.cli.mmdnn.tomodel import main as mmtomodel
from pytorch2caffe.convert.mmdnn import caffe_code, kit_model
from tests.paths import ROOT

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
    kit_model.write_code(network, "net.py", weights)
    assert kit_model.load_kit_model("net.py", weights)(torch.ones(1, 4)).shape == (1, 3)
    caffe_code.write_code(network, "net_caffe.py", weights)
    prototxt, _ = caffe_code.write_model("net_caffe.py", weights, "net")
    assert prototxt.is_file()
    assert not (folder / "P").exists()


def test_each_complete_model_is_of_its_own_code(folder):
    """torch.load looks for a class by its name, and all code has the name MainModel."""
    sizes = range(3, 9)
    for size in sizes:
        network = trace(nn.Sequential(nn.Linear(4, size)), (torch.ones(1, 4),))
        kit_model.write_code(network, f"net{size}.py", f"net{size}.npy")
        model = kit_model.load_kit_model(f"net{size}.py", f"net{size}.npy")
        kit_model.write_model(model, f"net{size}.pth")
    for size in sizes:
        code = kit_model.load_code(f"net{size}.py")
        assert type(torch.load(f"net{size}.pth")) is code.KitModel


@pytest.mark.slow
def test_the_script_of_a_caffe_network_writes_its_files(folder):
    caffe_code.write_code(graph(), "net.py", "net.npy")
    command = [sys.executable, "net.py", "net.npy", "net"]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["net.prototxt", "net.caffemodel"]
    assert [node.layer.type for node in load_caffe("net.prototxt", "net.caffemodel").nodes] == ["InnerProduct", "ReLU"]


@pytest.mark.parametrize("target", ["caffe", "pytorch"])
def test_weights_that_mmtocode_did_not_write(target, folder, capsys):
    module = {"caffe": caffe_code, "pytorch": kit_model}[target]
    module.write_code(graph(), "net.py", "net.npy")
    torch.save({"x": torch.ones(3)}, "other.pth")  # a zip archive too
    with open("other.npz", "wb") as file:  # noqa: PTH123 - a name is enough
        np.savez(file, fc=np.ones(3))
    for weights in ("other.pth", "other.npz"):
        assert mmtomodel(["-f", target, "-in", "net.py", "-iw", weights, "-o", "made"]) == 2
        assert weights in capsys.readouterr().err
    assert not list(folder.glob("made*"))
