"""`verify` of .param and .bin files, float and int8, layer by layer in ncnn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, save_caffe, trace
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.cli import main
from pytorch2caffe.quantize.calibrate import calibrate
from pytorch2caffe.quantize.images import Dataset
from pytorch2caffe.verify.runtimes import get
from tests.lively import make_lively
from tests.quantize.test_calibrate import tensors

pytestmark = pytest.mark.skipif(bool(get("ncnn").unavailable()), reason="ncnn is not installed")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """n.prototxt, float.param, int8.param and, with another second layer, wrong.param; x has 12 tensors."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    images = np.random.default_rng(0).normal(size=(12, 3, 10, 6)).astype(np.float32)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 1), nn.ReLU(), nn.Conv2d(6, 2, 1))
    graph = trace(make_lively(model, torch.from_numpy(images)), torch.from_numpy(images[:1]))
    save_caffe(graph, "n.prototxt", "n.caffemodel")
    graph = load_caffe("n.prototxt", "n.caffemodel")
    Path("x").mkdir()
    table = calibrate(graph, Dataset([tensors(Path("x"), images)], graph.inputs, {})).table
    save_ncnn(graph, "float")
    save_ncnn(graph, "int8", table.without("0"))
    second = graph.nodes[1]
    second.blobs = (second.blobs[0] * 1.5, *second.blobs[1:])
    save_ncnn(graph, "wrong")


def verified(name, *options):
    report = Path("report.json")
    report.unlink(missing_ok=True)
    command = ["verify", "n.prototxt", f"{name}.param", f"{name}.bin", "--weights", "n.caffemodel", *options]
    code = main([*command, "--json", str(report)])
    return code, json.loads(report.read_text())["ncnn"]


def test_float_files_are_judged(files, capsys):
    code, report = verified("float", "--images", "x")
    assert code == 0
    assert max(layer["relative_l2"] for layer in report["layers"]) < 1e-5
    assert len(report["outputs"]) == report["same_top"] == 10
    code, report = verified("wrong", "--images", "x")
    assert code == 1
    assert [layer["added"] > 0.1 for layer in report["layers"]][:2] == [False, True]
    capsys.readouterr()


def test_int8_files_show_which_layers_lose(files, capsys):
    code, report = verified("int8", "--images", "x")
    layers = {layer["name"]: layer for layer in report["layers"]}
    assert code == 0
    assert [layers[name]["int8"] for name in "013"] == [False, True, True]
    assert layers["0"]["added"] < 1e-6 < 1e-3 < layers["1"]["added"]
    out = capsys.readouterr().out
    assert "2 of them in int8" in out
    assert "on 10 images" in out


def test_random_inputs_without_images(files, capsys):
    assert verified("float")[0] == 0
    assert "on random inputs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["n.prototxt", "int8.param", "int8.bin"], "give its caffemodel as --weights"),
        (["n.prototxt", "int8.param", "int8.bin", "--weights", "n.caffemodel", "--runtime", "mnn"], "run in ncnn"),
        (["n.prototxt", "int8.param", "float.bin", "--weights", "n.caffemodel"], "cannot load float.bin"),
    ],
)
def test_what_cannot_be_compared(command, message, files, capsys):
    assert main(["verify", *command]) == 2
    assert message in capsys.readouterr().err
