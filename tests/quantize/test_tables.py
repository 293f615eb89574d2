"""Tables of other tools, in their own runtimes where they run here: onnxruntime and MNN; the others read as they do."""

from __future__ import annotations

import json
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d

import pytorch2caffe
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.caffe.reader import load_caffe
from pytorch2caffe.passes.fold_batch_norm import fold_batch_norm
from pytorch2caffe.quantize.calibrate import Settings, calibrate
from pytorch2caffe.quantize.forward import Forward
from pytorch2caffe.quantize.images import Dataset
from pytorch2caffe.quantize.job import Job, calibrated
from pytorch2caffe.quantize.simulate import int8_calls
from pytorch2caffe.quantize.tables.write import content_of

SIDE = 16


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.deep, self.point = nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 16, 1)
        self.halves, self.last = nn.Conv2d(16, 16, 3, groups=2, padding=1), nn.Linear(16, 5)

    def forward(self, x):
        x = self.point(torch.relu(self.deep(torch.relu(self.norm(self.first(x))))))
        x = torch.relu(x + self.halves(x))
        return torch.softmax(self.last(avg_pool2d(x, SIDE).flatten(1)), 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("net")
    torch.manual_seed(0)
    model = Net().eval()
    nn.init.normal_(model.norm.running_mean)
    nn.init.uniform_(model.norm.running_var, 0.5, 2)
    pytorch2caffe.export(model, torch.zeros(1, 3, SIDE, SIDE), folder / "net.prototxt", folder / "net.caffemodel")
    (folder / "x").mkdir()
    for index in range(8):
        np.save(folder / "x" / f"{index}.npy", torch.randn(3, SIDE, SIDE).numpy())
    return folder


@pytest.fixture(scope="module")
def graph(folder):
    graph = load_caffe(folder / "net.prototxt", folder / "net.caffemodel")
    fold_batch_norm(graph)
    return graph


@pytest.fixture(scope="module")
def calibration(graph, folder):
    return calibrate(graph, Dataset([folder / "x"], graph.inputs, {}), Settings("mse"), everything=True)


@pytest.fixture(scope="module")
def outputs(graph, calibration, folder):
    """The outputs for the first tensor, in float and in int8 as simulated for all layers."""
    x = {graph.inputs[0].name: np.load(folder / "x" / "0.npy")[None]}
    forward = Forward(graph, 1)
    (exact,), (int8,) = (forward.run(x, replace=calls).values() for calls in ({}, int8_calls(graph, calibration.table)))
    return exact.numpy(), int8.numpy()


def table(folder, name, file, *options):
    files = ["--proto", str(folder / "net.prototxt"), "--model", str(folder / "net.caffemodel")]
    path = folder / file
    options = [*files, "--images", str(folder / "x"), "--method", "mse", "--table-format", name, *options]
    assert main(["calibrate", *options, "-o", str(path), "--force"]) == 0
    return path


def error(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def test_onnx_in_onnxruntime(folder, outputs):
    onnxruntime = pytest.importorskip("onnxruntime")
    path = table(folder, "onnx", "net.onnx", "--fold-bn")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: np.load(folder / "x" / "0.npy")[None]})
    exact, int8 = outputs
    assert error(found, int8) < error(int8, exact), "a rounding that changes in one layer changes later ones"


@pytest.mark.parametrize(
    "layer", [nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(4, 8, 3, groups=2, dilation=2), nn.Linear(12, 7, bias=False)], ids=str
)
def test_one_layer_in_onnxruntime(layer, tmp_path):
    """The numbers of the simulated int8, which are those of ncnn."""
    onnxruntime = pytest.importorskip("onnxruntime")
    shape = (1, 12) if isinstance(layer, nn.Linear) else (1, layer.in_channels, 9, 9)
    for index in range(3):
        np.save(tmp_path / f"{index}.npy", torch.randn(shape[1:]).numpy())
    graph = pytorch2caffe.trace(layer.eval(), torch.zeros(shape))
    result = calibrated(Job([tmp_path], tmp_path / "x.onnx", None, Settings("max"), format="onnx"), graph)
    (tmp_path / "x.onnx").write_bytes(content_of("onnx", result))
    x = np.load(tmp_path / "0.npy")[None]
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    calls = int8_calls(graph, result.calibration.table)
    (expected,) = Forward(graph, 1).run({graph.inputs[0].name: x}, replace=calls).values()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert {node.op_type for node in onnx_nodes(tmp_path / "x.onnx")} >= {"QuantizeLinear", "DequantizeLinear"}


def onnx_nodes(path):
    return pytest.importorskip("onnx").load(path).graph.node


MNN = """
import sys
import _tools
import MNN.expr as F
import MNN.nn as nn
import numpy as np

prototxt, caffemodel, table, net, dump, x, out = sys.argv[1:]
files = ["--prototxt", prototxt, "--modelFile", caffemodel]
_tools.mnnconvert(["MNNConvert", "-f", "CAFFE", *files, "--MNNModel", net, "--compressionParamsFile", table])
_tools.mnnconvert(["MNNConvert", "-f", "MNN", "--modelFile", net, "--JsonFile", dump])
module = nn.load_module_from_file(net, ["data"], ["softmax"])
var = F.const(np.load(x)[None], list(np.load(x)[None].shape), F.NCHW)
result = module.forward([F.convert(var, F.NC4HW4)])
np.save(out, np.array(F.convert(result[0], F.NCHW).read()))
"""


def test_mnn_in_mnn(folder, calibration, outputs):
    pytest.importorskip("MNN")
    path = table(folder, "mnn", "net.json", "--fold-bn")
    names = ["net.prototxt", "net.caffemodel", path.name, "net.mnn", "dump.json", "x/0.npy", "out.npy"]
    subprocess.run([sys.executable, "-c", MNN, *names], check=True, cwd=folder, capture_output=True, timeout=100)
    layers = json.loads((folder / "dump.json").read_text())["oplists"]
    int8_layers = [op["name"] for op in layers if "symmetricQuan" in op.get("main", {})]
    assert int8_layers == ["first", "point", "last"], "grouped convolutions are divided, and stay in float"
    found = np.load(folder / "out.npy").reshape(1, -1)
    exact, _ = outputs
    assert error(found, exact) < 0.01, "the outputs of layers have 8 bits too"
    described = json.loads((folder / "dump.json").read_text())["extraTensorDescribe"]
    scales = [each["quantInfo"]["scale"] for each in described]
    assert scales[0] == pytest.approx(calibration.activations["data"].threshold / 127, 1e-4)  # its dump has six digits


def test_mnn_folds_batch_norm(folder, capsys):
    files = ["--proto", str(folder / "net.prototxt"), "--model", str(folder / "net.caffemodel")]
    arguments = ["calibrate", *files, "--images", str(folder / "x"), "--table-format", "mnn"]
    assert main([*arguments, "-o", str(folder / "unfolded.json")]) == 2
    assert "calibrate with --fold-bn" in capsys.readouterr().err
    assert not (folder / "unfolded.json").exists()
    assert main([*arguments, "-o", str(folder / "net.table")]) == 2
    assert "use -o NAME.json" in capsys.readouterr().err


def test_tensorrt(folder, calibration):
    """Read as TensorRT's own tools do: a float32 in big-endian hexadecimal digits."""
    first, *lines = table(folder, "tensorrt:10.3.0", "net.cache", "--fold-bn").read_text().splitlines()
    assert first == "TRT-100300-EntropyCalibration2"
    found = dict(line.split(": ") for line in lines)
    assert {"data", "point", "last", "softmax"} <= set(found)
    for value in ("data", "point", "softmax"):
        scale = struct.unpack("!f", bytes.fromhex(found[value]))[0]
        assert scale == pytest.approx(calibration.activations[value].threshold / 127)


def test_tengine(folder, calibration):
    lines = table(folder, "tengine", "net.scale", "--fold-bn").read_text().splitlines()
    found = {name: (float(scale), int(zero)) for name, scale, zero in (line.split(" ") for line in lines)}
    assert found["data"] == (pytest.approx(calibration.activations["data"].threshold / 127), 0)
    assert found["softmax"] == (pytest.approx(1 / 127), 0)


def test_a_model_has_no_blobs(folder, capsys, monkeypatch):
    """The other tools read Caffe files; ONNX is written from anything."""
    (folder / "small.py").write_text(
        "from torch import nn\n\nclass Small(nn.Conv2d):\n    def __init__(self):\n        super().__init__(3, 2, 1)\n"
    )
    monkeypatch.chdir(folder)
    arguments = [
        "calibrate",
        "small.py:Small",
        "--input-shape",
        f"1,3,{SIDE},{SIDE}",
        "--images",
        "x",
        "--table-format",
    ]
    assert main([*arguments, "tensorrt", "-o", "small.cache"]) == 2
    assert "calibrate the files" in capsys.readouterr().err
    assert main([*arguments, "onnx", "-o", "small.onnx"]) == 0
    assert main([*arguments, "tensort", "-o", "small.cache"]) == 2
    assert "no table format 'tensort': use ncnn, tensorrt, mnn, onnx, tengine" in capsys.readouterr().err
