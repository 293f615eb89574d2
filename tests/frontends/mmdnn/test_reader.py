"""The reader of MMdnn's files: genuine ones against the frameworks they came from, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, load_ir, save_caffe, to_torch
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.frontends.mmdnn.reader import graph_of
from pytorch2caffe.verify.runtimes import get
from tests.frontends.mmdnn import ir_cases

genuine = pytest.mark.skipif(not ir_cases.CASES, reason="../shared/data is not here")
TOLERANCE = 1e-4


@genuine
@pytest.mark.parametrize("case", ir_cases.named("exact"))
def test_a_file_of_mmdnn_computes_what_its_source_does(case):
    inputs, expected = ir_cases.reference(case)
    assert ir_cases.structures(case)
    for path in ir_cases.structures(case):
        weights = path.with_suffix(".npy")
        actual = ir_cases.outputs(load_ir(path, weights if weights.exists() else None), inputs)
        assert len(actual) == len(expected)
        assert max(map(ir_cases.relative, actual, expected)) < TOLERANCE, path.name


@genuine
@pytest.mark.parametrize("case", ir_cases.named("lossy"))
def test_a_file_that_lost_something_is_refused(case):
    for path in ir_cases.structures(case):
        with pytest.raises(ConversionError) as caught:
            load_ir(path, path.with_suffix(".npy"))
        lost = ("is not in the file", "was lost", "does not name one", "without its axes", "lacks its")
        assert any(text in str(caught.value) for text in lost), caught.value


@genuine
@pytest.mark.parametrize("case", ir_cases.named("misleading"))
def test_a_file_that_misleads_is_read_as_it_stands(case):
    inputs, _ = ir_cases.reference(case)
    for path in ir_cases.structures(case):
        assert all(np.isfinite(a).all() for a in ir_cases.outputs(load_ir(path, path.with_suffix(".npy")), inputs))


def data(*shape, name="x"):
    return IrNode(name, "DataInput", attrs={"shape": shape})


def run(nodes, *inputs, **named):
    with torch.no_grad():
        found = to_torch(graph_of(nodes, **named))(*inputs)
    return found


def last(tensor):
    return tensor.movedim(1, -1)


def test_an_operand_that_is_itself_and_shared_weights():
    weight = np.random.default_rng(0).normal(size=(1, 1, 3, 3)).astype(np.float32)
    conv = [IrNode(name, "Conv", ["x"], {"kernel_shape": [1, 1, 3, 3]}, {"weights": weight}) for name in ("a", "b")]
    nodes = [data(-1, 5, 4, 3), *conv, IrNode("sum", "Add", ["a", "a"]), IrNode("all", "Mul", ["sum", "b"])]
    x = torch.randn(2, 3, 5, 4)
    y = nn.functional.conv2d(x, torch.from_numpy(weight.transpose(3, 2, 0, 1).copy()))
    torch.testing.assert_close(run(nodes, x), 2 * y * y)


def test_nodes_in_any_order_and_several_outputs():
    nodes = [IrNode("b", "Relu", ["a"]), IrNode("c", "Tanh", ["a"]), IrNode("a", "Abs", ["x"]), data(-1, 7)]
    x = torch.randn(3, 7)
    graph = graph_of(nodes)
    assert list(graph.outputs) == ["b", "c"]
    torch.testing.assert_close(run(nodes, x), (x.abs(), x.abs().tanh()))


def test_flattening_before_a_fully_connected_layer_goes_into_its_weights():
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(60, 6)).astype(np.float32)
    nodes = [
        data(-1, 5, 4, 3),
        IrNode("flat", "Flatten", ["x"]),
        IrNode("relu", "Relu", ["flat"]),
        IrNode("fc", "FullyConnected", ["relu"], {"units": 6}, {"weights": weight}),
    ]
    x = torch.randn(2, 3, 5, 4)
    graph = graph_of(nodes)
    assert [node.layer.type for node in graph.nodes] == ["Flatten", "ReLU", "InnerProduct"]
    torch.testing.assert_close(run(nodes, x), last(x).flatten(1).relu() @ torch.from_numpy(weight))


def test_everything_that_is_wrong_is_said_at_once():
    nodes = [
        data(-1, 4, 4, 3),
        IrNode("odd", "Frobnicate", ["x"]),
        IrNode("bn", "BatchNorm", ["x"], {"epsilon": 0.1}),
        IrNode("gone", "Add", ["x", "nowhere/y"]),
        IrNode("leak", "LeakyRelu", ["x"]),
        IrNode("after", "Relu", ["odd"]),
    ]
    with pytest.raises(UnsupportedError) as caught:
        graph_of(nodes)
    wheres = [problem.where for problem in caught.value.problems]
    assert wheres == ["node 'odd'", "node 'bn'", "node 'gone'", "node 'leak'"]


REFUSED = {
    "a loop": ([data(1, 3), IrNode("a", "Add", ["x", "b"]), IrNode("b", "Relu", ["a"])], "loop"),
    "two of a name": ([data(1, 3), IrNode("a", "Relu", ["x"]), IrNode("a", "Tanh", ["x"])], "have this name"),
    "no input": ([IrNode("a", "Constant", attrs={"value": 1.0}), IrNode("b", "Relu", ["a"])], "no input"),
    "a vast input": ([data(1, 10**6, 10**6, 3), IrNode("a", "Relu", ["x"])], "a tensor of shape"),
    "a vast vast input": ([data(1, 2**62, 2**62, 3), IrNode("a", "Relu", ["x"])], "a tensor of shape"),
    "an open size": ([data(-1, -1, 3), IrNode("a", "Relu", ["x"])], "inputShape"),
    "a reshape that does not fit": ([data(1, 6), IrNode("a", "Reshape", ["x"], {"shape": [1, 7]})], "Reshape of 6"),
    "an axis too far": ([data(1, 6), IrNode("a", "Concat", ["x", "x"], {"axis": 3})], "along axis 3"),
    "too many inputs": ([data(1, 6), IrNode("a", "Relu", ["x", "x"])], "has 2 inputs"),
    "an attribute of a wrong kind": ([data(1, 6), IrNode("a", "LeakyRelu", ["x"], {"alpha": "x"})], "must be a number"),
}


@pytest.mark.parametrize(("nodes", "what"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(nodes, what):
    with pytest.raises(ConversionError, match=what):
        graph_of(nodes)


@genuine
@pytest.mark.parametrize("case", [case for case in ir_cases.named("exact") if case.startswith("tf_nets/")])
def test_tensorflow_s_networks_by_way_of_ir_in_real_caffe(case, real_caffe, tmp_path):
    """Padding that is not the same on both sides is in the kernels, so there is no layer for it."""
    path = ir_cases.FOLDER / case / "ir.json"
    inputs, expected = ir_cases.reference(case)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(load_ir(path, path.with_suffix(".npy")), *files)
    found = {top: array for (_, top), array in real_caffe.run(*files, {lowered.inputs[0].name: inputs[0][:1]}).items()}
    ((name, value),) = lowered.outputs.items()
    assert name == value.name
    assert ir_cases.relative(found[name], expected[0][:1]) < TOLERANCE


NOT_IN_CAFFE = {"tf_ops/cast_int": "rounds", "tf_ops/unknown_hw_global_mean": "its file says that the input is 1 by 1"}


@genuine
@pytest.mark.parametrize("case", [case for case in ir_cases.named("exact") if case not in NOT_IN_CAFFE])
def test_a_file_of_mmdnn_in_caffe_s_layers(case, tmp_path):
    path, *_ = ir_cases.structures(case)
    inputs, expected = ir_cases.reference(case)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(load_ir(path, path.with_suffix(".npy")), *files)
    fed = {value.name: x[:1] for value, x in zip(lowered.inputs, inputs, strict=True)}
    found = {top: array for (_, top), array in get("builtin").run(*files, fed).items()}
    for value, wanted in zip(lowered.outputs.values(), expected, strict=True):
        assert ir_cases.relative(found[value.name], wanted[:1]) < TOLERANCE
