"""Graphs written in MMdnn's IR: what is in the files, and that reading them back gives the same numbers."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, load_caffe, load_ir, save_caffe, save_ir, to_torch, trace
from pytorch2caffe.backends.mmdnn.writer import nodes_of
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.passes.floor_pooling import floor_pooling
from pytorch2caffe.passes.runner import transformed
from pytorch2caffe.verify.runtimes import get
from tests.end_to_end.test_squeezenet import FILES as SQUEEZENET
from tests.frontends.mmdnn import ir_cases
from tests.lively import make_lively
from tests.models import tiny

TOLERANCE = 1e-4
NETWORKS = {
    "resnet18": 64,
    "mobilenet_v2": 64,
    "inception_v3": 75,
    "densenet121": 64,
    "squeezenet1_1": 64,
    "shufflenet_v2_x0_5": 64,
    "efficientnet_b0": 64,
    "convnext_tiny": 64,
}


def through_files(graph, folder, suffix="json"):
    save_ir(graph, folder / "ir")
    return load_ir(folder / f"ir.{suffix}", folder / "ir.npy")


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_pytorch_to_ir_to_pytorch(name, tmp_path):
    torch.manual_seed(0)
    more = {"init_weights": False} if name == "inception_v3" else {}
    model = torchvision_models().get_model(name, weights=None, **more)
    x = torch.randn(2, 3, NETWORKS[name], NETWORKS[name])
    make_lively(model, x)
    again = to_torch(through_files(trace(model, x[:1]), tmp_path, "pb" if name == "resnet18" else "json"))
    with torch.no_grad():
        assert ir_cases.relative(again(x).numpy(), model(x).numpy()) < TOLERANCE


@pytest.mark.skipif(not SQUEEZENET[1].exists(), reason="../shared/data is not here")
def test_caffe_to_ir_to_caffe(tmp_path):
    graph = load_caffe(*SQUEEZENET)
    files = tmp_path / "again.prototxt", tmp_path / "again.caffemodel"
    save_caffe(through_files(graph, tmp_path), *files)
    x = np.random.default_rng(0).normal(size=(1, 3, 227, 227)).astype(np.float32)
    one, other = (list(get("builtin").run(*f, {"data": x}).values())[-1] for f in (SQUEEZENET, files))
    np.testing.assert_array_equal(one, other)
    graphs = [
        transformed(load_caffe(*f), [floor_pooling]) for f in (SQUEEZENET, files)
    ]  # the IR has sizes, no rounding
    kinds = [[n.layer.type for n in graph.nodes if n.layer.type != "Dropout"] for graph in graphs]
    assert kinds[0] == kinds[1]


CAFFE = [case for case in ir_cases.CASES if (ir_cases.FOLDER / case / "net.caffemodel").exists()]


@pytest.mark.parametrize("case", CAFFE)
def test_caffe_s_layers_by_way_of_ir(case, tmp_path):
    files = ir_cases.FOLDER / case / "net.prototxt", ir_cases.FOLDER / case / "net.caffemodel"
    inputs, expected = ir_cases.reference(case)
    graph = through_files(load_caffe(*files), tmp_path)
    actual = ir_cases.outputs(graph, [x[:1] for x in inputs])
    assert max(ir_cases.relative(a, e[:1]) for a, e in zip(actual, expected, strict=True)) < TOLERANCE
    save_caffe(graph, tmp_path / "x.prototxt", tmp_path / "x.caffemodel")


def test_caffe_by_way_of_ir_in_real_caffe(real_caffe, tmp_path):
    model, x = tiny(), torch.randn(1, 3, 32, 32)
    files = tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel"
    graph = save_caffe(through_files(trace(model, x), tmp_path), *files)
    (name,) = graph.outputs
    found = {top: array for (_, top), array in real_caffe.run(*files, {graph.inputs[0].name: x.numpy()}).items()}
    with torch.no_grad():
        assert ir_cases.relative(found[name], model(x).numpy()) < TOLERANCE


def test_the_files_are_such_as_mmdnn_s(tmp_path):
    save_ir(trace(tiny(), torch.randn(1, 3, 32, 32)), tmp_path / "tiny")
    structure = json.loads((tmp_path / "tiny.json").read_text())
    nodes = {node["name"]: node for node in structure["node"]}
    data, conv = nodes["data"]["attr"], nodes["conv"]["attr"]
    assert [dim["size"] for dim in data["shape"]["shape"]["dim"]] == ["-1", "32", "32", "3"]
    assert conv["kernel_shape"]["list"]["i"] == ["3", "3", "3", "8"]
    assert conv["pads"]["list"]["i"] == ["0", "1", "1", "0", "0", "1", "1", "0"]
    assert nodes["bn"]["op"] == "BatchNorm" and nodes["bn"]["input"] == ["conv"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of numpy.core, which numpy of every age can load
        weights = np.load(tmp_path / "tiny.npy", allow_pickle=True).item()
    assert weights["conv"]["weights"].shape == (3, 3, 3, 8)
    assert weights["conv"]["weights"].dtype == np.float32
    assert set(weights["bn"]) == {"mean", "var", "scale", "bias"}
    assert set(weights["head"]) == {"weights", "bias"}


def test_flattening_before_a_fully_connected_layer_is_as_mmdnn_has_it():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.ReLU(), nn.Linear(4 * 36, 5)).eval()
    nodes = nodes_of(trace(model, torch.randn(1, 3, 8, 8)))
    assert [node.op for node in nodes] == ["DataInput", "Conv", "Flatten", "Relu", "FullyConnected"]
    weight = model[3].weight.detach().numpy().reshape(5, 4, 6, 6).transpose(2, 3, 1, 0).reshape(4 * 36, 5)
    np.testing.assert_array_equal(nodes[-1].weights["weights"], weight)


def test_outputs_keep_their_order_and_number(tmp_path):
    def model(x):
        y = x * 2
        return y, y.relu(), x, y, *y.split(2, 1)

    x = torch.randn(1, 4, 3, 3)
    found = to_torch(through_files(trace(model, x), tmp_path))(x)
    for actual, expected in zip(found, model(x), strict=True):
        torch.testing.assert_close(actual, expected)


def test_what_the_ir_lacks_is_refused_whole_and_nothing_is_written(tmp_path):
    def model(x):
        return x.topk(2)[0] + x.topk(2, largest=False)[0]

    with pytest.raises(UnsupportedError) as caught:
        save_ir(trace(model, torch.randn(1, 6)), tmp_path / "net")
    assert len(caught.value.problems) == 2
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        save_ir(trace(F.relu, torch.randn(1, 6)), tmp_path / "missing" / "net")


def test_without_an_input_there_is_no_network(tmp_path):
    graph = trace(F.relu, torch.randn(1, 6))
    graph.inputs.clear()
    with pytest.raises(ConversionError, match="needs an input"):
        save_ir(graph, tmp_path / "net")
