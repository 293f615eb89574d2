"""ncnn's files: written without ncnn, and run in it."""

from __future__ import annotations

import ctypes
import io
import re
import struct

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, load_caffe, save_caffe, save_ncnn, trace, verify
from pytorch2caffe.backends.ncnn.param_bin import MAX_NUMBER_LENGTH, check_written, format_number
from pytorch2caffe.backends.ncnn.table.table import Table, TableError
from pytorch2caffe.backends.ncnn.table.targets import quantizable
from pytorch2caffe.backends.ncnn.table.weights import weight_scales
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.graph.registry import LAYERS, Layer, load_layers
from pytorch2caffe.quantize.forward import Forward
from pytorch2caffe.quantize.simulate import int8_calls
from pytorch2caffe.runtime.random_inputs import random_inputs
from pytorch2caffe.runtime.run import run
from pytorch2caffe.verify.compare_ncnn import compare_in_ncnn
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from pytorch2caffe.verify.runtimes.ncnn import read_layers
from tests import zoo
from tests.layers.conftest import caffe_text
from tests.lively import make_lively
from tests.paths import ROOT


@pytest.fixture
def ncnn():
    if reason := get("ncnn").unavailable():
        pytest.skip(f"ncnn: {reason}")
    return get("ncnn")


def in_ncnn(graph, prefix, table=None, inputs=None, tolerance=1e-5, **settings):
    """The files, and the comparison of their outputs in ncnn with the graph's."""
    found = []

    def proof(param, binary, files):
        found.append(compare_in_ncnn(graph, param, binary, files, inputs, tolerance=tolerance))

    return save_ncnn(graph, prefix, table, proof=proof, **settings), found[0]


# ---- numbers --------------------------------------------------------------------------------------------------------


def as_ncnn_reads(text):
    """The text of a float as ncnn's own parser takes it: unsigned ints of 32 bits and a double."""
    assert len(text) <= 15 and ("." in text or "e" in text)
    text, _, exponent = text.partition("e")
    whole, _, part = text.lstrip("-").partition(".")
    value = float(ctypes.c_uint32(int(whole or 0)).value)
    value += ctypes.c_uint32(int(part or 0)).value / float(ctypes.c_uint32(10 ** len(part)).value)
    power = abs(int(exponent or 0))
    scale = 1e8 ** (power // 8) * 10.0 ** (power % 8)
    value = value / scale if exponent.startswith("-") else value * scale
    return struct.unpack("f", struct.pack("f", -value if text.startswith("-") else value))[0]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(0.1)
@example(16777216.0)
@example(1e-45)
@example(3.4028234663852886e38)
@example(0.000123456789)
def test_every_float_is_read_back_to_the_bit(value):
    text = format_number(value)
    assert len(text) <= MAX_NUMBER_LENGTH
    assert as_ncnn_reads(text) == np.float32(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_an_error(value):
    with pytest.raises(ValueError, match="param file"):
        format_number(value)


# ---- the files ------------------------------------------------------------------------------------------------------


class Small(nn.Module):
    """What int8 knows: plain, depthwise and grouped convolutions, two fully connected layers, a branch."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.b = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.c = nn.Sequential(nn.Conv2d(8, 12, 3, 2, groups=4), nn.LeakyReLU(0.1))
        self.d, self.e = nn.Conv2d(12, 6, 1), nn.Conv2d(12, 6, 3, padding=1)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(12 * 25, 7), nn.ReLU(), nn.Linear(7, 5))

    def forward(self, x):
        x = self.c(self.b(self.a(x)))
        return self.head(torch.cat([self.d(x), self.e(x)], 1))


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return trace(make_lively(Small(), torch.randn(1, 3, 12, 12)), torch.randn(1, 3, 12, 12))


def table_of(graph, inputs):
    """127 over the largest number of each layer's input, as an exact calibration on one image would have it."""
    values = {top: array for (_, top), array in run(graph, inputs).items()} | dict(inputs)
    nodes = quantizable(graph)
    return Table(
        {node.name: weight_scales(node) for node in nodes},
        {node.name: 127 / float(np.abs(values[node.inputs[0].name]).max()) for node in nodes},
    )


def test_a_line_per_layer_with_its_counts_in_front(small, tmp_path):
    files = save_ncnn(small, tmp_path / "net")
    head, counts, *lines = (tmp_path / "net.param").read_text().splitlines()
    assert head == "7767517"
    assert [int(n) for n in counts.split()] == [len(lines), sum(len(op.tops) for op in files.lines)]
    assert lines[0].split() == ["Input", "data", "0", "1", "data", "0=12", "1=12", "2=3"]
    assert lines[1].split() == ["Convolution", "a.0", "1", "1", "data", "a.0", *["0=8", "1=3", "4=1", "5=1", "6=216"]]
    weights = small.nodes[0].blobs
    start = (tmp_path / "net.bin").read_bytes()[: 4 + 4 * 216 + 32]
    assert start == bytes(4) + weights[0].tobytes() + weights[1].tobytes()


def test_a_blob_that_two_read_is_split(small, tmp_path):
    lines = {op.name: op for op in save_ncnn(small, tmp_path / "net").lines}
    (split,) = [op for op in lines.values() if op.type == "Split"]
    assert [*lines["d"].bottoms, *lines["e"].bottoms] == split.tops
    readers = [name for op in lines.values() for name in op.bottoms]
    assert len(readers) == len(set(readers))


@pytest.mark.parametrize("fold", [False, True])
def test_gives_the_model_s_numbers(small, tmp_path, ncnn, fold):
    files, found = in_ncnn(small, tmp_path / "net", fold=fold)
    assert found.equal, found.first
    types = [op.type for op in files.lines]
    assert ("ReLU" in types, "BatchNorm" in types, "Clip" in types) == (not fold,) * 3


def test_halves_are_half_the_size_and_nearly_the_numbers(small, tmp_path, ncnn):
    save_ncnn(small, tmp_path / "net")
    _, found = in_ncnn(small, tmp_path / "half", fp16=True, tolerance=3e-3)
    assert found.equal and found.rows[0].relative_l2 > 1e-6
    sizes = [(tmp_path / f"{name}.bin").stat().st_size for name in ("net", "half")]
    assert sizes[1] < 0.55 * sizes[0]


def test_a_weight_that_no_half_holds_is_refused(tmp_path):
    model = nn.Linear(4, 4)
    with torch.no_grad():
        model.weight[1, 2] = 70000
    with pytest.raises(UnsupportedError, match="65504"):
        save_ncnn(trace(model, torch.randn(1, 4)), tmp_path / "net", fp16=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18", "mobilenet_v2", "shufflenet_v2_x1_0"])
@pytest.mark.parametrize("fold", [False, True])
def test_whole_networks_give_their_numbers(name, fold, tmp_path, ncnn):
    graph = trace(getattr(zoo, name)(), torch.randn(1, 3, 64, 64))
    _, found = in_ncnn(graph, tmp_path / "net", fold=fold, tolerance=1e-4)
    assert found.equal, found.first


# ---- int8 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fold", [False, True])
def test_int8_is_what_ncnn2int8_writes(small, tmp_path, ncnn, fold):
    inputs = random_inputs(small)
    table = table_of(small, inputs)
    files, found = in_ncnn(small, tmp_path / "net", table, inputs, fold=fold)
    terms = {op.name: op.params[8] for op in files.lines if 8 in op.params}
    assert files.int8 == len(terms) == 7
    more = 100 if fold else 0  # int8 handed on, also through the Split behind c
    assert terms == {"a.0": 2 + more, "b.0": 1 + more, "c.0": 1 + more, "d": 2, "e": 2, "head.1": 2, "head.3": 2}
    assert (tmp_path / "net.param").read_text().count(" 8=") == 7
    assert found.rows[0].cosine > 0.998


def test_int8_in_ncnn_is_the_arithmetic_we_simulate(small, tmp_path, ncnn):
    inputs = random_inputs(small)
    table = table_of(small, inputs)
    save_ncnn(small, tmp_path / "net", table)
    ours = {}
    Forward(small).run(
        inputs, lambda value, t: ours.update({value.name: t.numpy().copy()}), replace=int8_calls(small, table)
    )
    theirs = ncnn.run(tmp_path / "net.param", tmp_path / "net.bin", inputs)
    first = {node.outputs[0].name for node in small.nodes if node.name.startswith("a.")}
    for (_, blob), array in theirs.items():
        if blob in ours and blob != "data":
            difference = np.linalg.norm(array.ravel() - ours[blob].ravel()) / np.linalg.norm(ours[blob])
            assert difference < (1e-6 if blob in first else 5e-3), blob  # x86 ncnn's depthwise is 12 bits exact: flips


def grouped(per_group, *behind):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2 * per_group, 2 * per_group, 3, groups=2), *behind)
    return trace(make_lively(model, torch.randn(1, 2 * per_group, 6, 6)), torch.randn(1, 2 * per_group, 6, 6))


@pytest.mark.parametrize("channels", [4, 8, 12, 16])
def test_what_ncnn_computes_wrongly_on_x86_stays_float_and_is_told(channels, tmp_path, ncnn):
    graph = grouped(channels)
    inputs = random_inputs(graph)
    table = table_of(graph, inputs)
    wrong = channels % 8 == 0
    files, found = in_ncnn(graph, tmp_path / "net", table, inputs)
    assert [note.where for note in files.notes] == ["layer '0'"] * wrong
    assert all("stays in float: ncnn on x86 computes" in note.what for note in files.notes)
    assert (files.int8, found.rows[0].cosine > 0.999) == (1 - wrong, True)
    asked = save_ncnn(graph, tmp_path / "asked", table, all_int8=True)
    assert (asked.int8, len(asked.notes)) == (1, wrong)
    assert asked.lines[1].params[8] == 1


def test_a_layer_that_gives_float_because_its_reader_does_is_looked_at_again(tmp_path, ncnn):
    graph = grouped(8, nn.Conv2d(16, 16, 1, groups=2))
    inputs = random_inputs(graph)
    files, found = in_ncnn(graph, tmp_path / "net", table_of(graph, inputs), inputs, fold=True)
    assert [note.where for note in files.notes] == ["layer '1'", "layer '0'"] and files.int8 == 0
    assert found.rows[0].cosine > 0.99999


@pytest.mark.parametrize("channels", [4, 8, 12, 16])
def test_grouped_int8_that_is_handed_on_is_right_in_ncnn(channels, tmp_path, ncnn):
    graph = grouped(channels, nn.Conv2d(2 * channels, 4, 1))
    inputs = random_inputs(graph)
    files, found = in_ncnn(graph, tmp_path / "net", table_of(graph, inputs), inputs)
    assert [op.params[8] for op in files.lines[1:]] == [101, 2]
    assert found.rows[0].cosine > 0.999


def test_a_layer_without_activation_scale_stays_float(small, tmp_path, ncnn):
    table = table_of(small, random_inputs(small)).without("b.0", "head.3")
    files, found = in_ncnn(small, tmp_path / "net", table, fold=True)
    terms = {op.name: op.params.get(8) for op in files.lines}
    assert (terms["a.0"], terms["b.0"], terms["c.0"], terms["head.3"]) == (2, None, 101, None)
    assert found.rows[0].cosine > 0.99


def test_weights_are_rounded_with_halves_away_from_zero_and_int8_ends_on_four_bytes(tmp_path):
    model = nn.Linear(3, 1, bias=False)
    with torch.no_grad():
        model.weight[:] = torch.tensor([[0.5, -1.5, 300.0]])
    graph = trace(model, torch.randn(1, 3))
    name = graph.nodes[0].name
    with pytest.raises(TableError, match="become 300 in int8, not 127"):
        save_ncnn(graph, tmp_path / "net", Table({name: np.ones(1)}, {name: 2.0}))
    with torch.no_grad():
        model.weight[0, 2] = 200
    save_ncnn(trace(model, torch.randn(1, 3)), tmp_path / "net", Table({name: np.ones(1)}, {name: 2.0}))
    data = (tmp_path / "net.bin").read_bytes()
    assert data == struct.pack("<Ibbbxff", 0x000D4B38, 1, -2, 127, 1.0, 2.0)


def test_a_table_for_other_layers_is_refused_with_all_that_is_wrong(small, tmp_path):
    table = table_of(small, random_inputs(small))
    table.weights["c.0"] = np.ones(12)
    table.weights["nobody"] = np.ones(1)
    with pytest.raises(TableError) as error:
        save_ncnn(small, tmp_path / "net", table)
    assert {problem.where for problem in error.value.problems} == {"layer 'c.0'", "layer 'nobody'"}
    assert not list(tmp_path.iterdir())


# ---- what cannot be said, and names ---------------------------------------------------------------------------------


class Odd(nn.Module):
    def forward(self, x):
        return torch.cumsum(x, 1) if x.ndim > 9 else x.topk(2, 2)[0].sum(2) + x.topk(2, 1)[0].sum((1, 2))


def test_everything_that_ncnn_lacks_is_listed_and_nothing_written(tmp_path):
    with pytest.raises(UnsupportedError, match="ncnn has no layer ArgMax") as error:
        save_ncnn(trace(Odd(), torch.randn(1, 3, 4)), tmp_path / "net")
    assert len(error.value.problems) == 2
    assert not list(tmp_path.iterdir())


def test_a_batch_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="a batch of 2; ncnn accepts one sample"):
        save_ncnn(trace(nn.Conv2d(3, 4, 3), torch.randn(2, 3, 8, 8)), tmp_path / "net")


def test_names_that_ncnn_cannot_read_are_made_safe_and_told(tmp_path, ncnn):
    long = "x" * 300
    layers = (
        'layer { name: "two words" type: "ReLU" bottom: "data" top: "a blob" }\n'
        f'layer {{ name: "{long}" type: "TanH" bottom: "a blob" top: "{long}" }}\n'
        f'layer {{ name: "add" type: "Eltwise" bottom: "a blob" bottom: "{long}" top: "out put" }}'
    )
    (tmp_path / "net.prototxt").write_text(caffe_text(layers, data=(1, 2, 3, 4)))
    files, found = in_ncnn(load_caffe(tmp_path / "net.prototxt"), tmp_path / "net")
    assert found.equal
    assert files.renamed["two_words"] == "two words"
    assert max(len(word) for op in files.lines for word in (op.name, *op.bottoms, *op.tops)) <= 255
    assert len(read_layers(tmp_path / "net.param")) == len(files.lines)


def test_a_network_without_input_is_refused(tmp_path):
    with pytest.raises(ConversionError, match="the graph has no input"):
        save_ncnn(Graph(), tmp_path / "net")


def test_files_that_do_not_belong_together_do_not_run(small, tmp_path, ncnn):
    save_ncnn(small, tmp_path / "net")
    (tmp_path / "short.bin").write_bytes((tmp_path / "net.bin").read_bytes()[:100])
    with pytest.raises(RuntimeFailed, match="cannot load short.bin"):
        ncnn.run(tmp_path / "net.param", tmp_path / "short.bin", random_inputs(small))


# ---- Caffe files that caffe2ncnn converts to something else ---------------------------------------------------------

IMAGE = (1, 6, 9, 11)
CAFFE = {
    "average pooling with pad": ('type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }', IMAGE),
    "average pooling with pad that overhangs": (
        'type: "Pooling" pooling_param { pool: AVE kernel_size: 4 stride: 3 pad: 1 }',
        (1, 2, 9, 10),
    ),
    "a last window beyond the input": (
        'type: "Pooling" pooling_param { pool: MAX kernel_size: 2 stride: 3 pad: 1 }',
        (1, 2, 7, 10),
    ),
    "pooling of its own height": ('type: "Pooling" pooling_param { pool: AVE kernel_h: 9 kernel_w: 1 }', IMAGE),
    "LRN with k": ('type: "LRN" lrn_param { local_size: 3 alpha: 2 beta: 0.5 k: 3 }', IMAGE),
    "LRN within a channel": ('type: "LRN" lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }', IMAGE),
    "Exp": ('type: "Exp" exp_param { base: 2 scale: 0.5 shift: 1 }', IMAGE),
    "Tile": ('type: "Tile" tile_param { axis: 2 tiles: 3 }', IMAGE),
    "Reduction": ('type: "Reduction" reduction_param { operation: SUMSQ axis: 2 coeff: 0.5 }', IMAGE),
    "Reduction of all": ('type: "Reduction" reduction_param { operation: MEAN axis: 1 }', IMAGE),
    "ReLU, then Softmax over a negative axis": ('type: "Softmax" softmax_param { axis: -1 }', IMAGE),
    "Flatten from axis 2": ('type: "Flatten" flatten_param { axis: 2 }', IMAGE),
    "InnerProduct of axis 2": ('type: "InnerProduct" inner_product_param { num_output: 4 axis: 2 }', IMAGE),
    "InnerProduct transposed": ('type: "InnerProduct" inner_product_param { num_output: 4 transpose: true }', IMAGE),
    "a rectangular kernel": (
        'type: "Convolution" convolution_param { num_output: 4 kernel_h: 3 kernel_w: 1 stride_h: 1 stride_w: 2 '
        "pad_h: 2 pad_w: 0 }",
        IMAGE,
    ),
    "a kernel per axis": (
        'type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 kernel_size: 2 pad: 0 pad: 1 }',
        IMAGE,
    ),
    "a grouped deconvolution": (
        'type: "Deconvolution" convolution_param { num_output: 4 kernel_size: 3 stride: 2 group: 2 }',
        IMAGE,
    ),
    "Bias": ('type: "Bias" bias_param { axis: 1 }', IMAGE),
    "Bias of everything": ('type: "Bias" bias_param { axis: 1 num_axes: -1 }', IMAGE),
    "Scale of the last axis": ('type: "Scale" scale_param { axis: 3 bias_term: true }', IMAGE),
    "Scale of one number": ('type: "Scale" scale_param { num_axes: 0 }', IMAGE),
    "PReLU shared": ('type: "PReLU" prelu_param { channel_shared: true }', IMAGE),
    "Slice at the end": ('type: "Slice" slice_param { axis: -1 slice_point: 4 }', IMAGE),
    "MVN across channels": ('type: "MVN" mvn_param { across_channels: true }', IMAGE),
    "ELU": ('type: "ELU" elu_param { alpha: 0.3 }', IMAGE),
    "Reshape of the end": ('type: "Reshape" reshape_param { shape { dim: 3 dim: -1 } axis: 2 }', (1, 6, 12)),
    "Crop": ('type: "Crop" bottom: "like" crop_param { axis: 2 offset: 1 offset: 2 }', IMAGE),
    "SPP": ('type: "SPP" spp_param { pyramid_height: 3 pool: AVE }', IMAGE),
}


@pytest.mark.parametrize("case", CAFFE)
def test_caffe_layers_give_caffe_s_numbers(case, real_caffe, ncnn, tmp_path):
    """In ncnn what real Caffe computes."""
    layer, shape = CAFFE[case]
    tops = 'top: "y" top: "z"' if "Slice" in layer else 'top: "y"'
    line = f'layer {{ name: "l" bottom: "data" {layer} {tops} }}'
    text = caffe_text(line, data=shape, **({"like": (1, 6, 5, 4)} if "like" in layer else {}))
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    files[0].write_text(text)
    files[1].write_bytes(real_caffe.worker.weights(text))
    random = np.random.default_rng(0)
    fed = {value.name: random.standard_normal(value.shape).astype(np.float32) for value in load_caffe(files[0]).inputs}
    theirs = {top: array for (_, top), array in real_caffe.run(*files, fed).items()}
    ours = {top: array for (_, top), array in ncnn.run(*files, fed).items()}
    for top in ("y", "z") if "Slice" in layer else ("y",):
        assert ours[top].shape == theirs[top].shape
        assert np.linalg.norm(ours[top] - theirs[top]) < 1e-5 * np.linalg.norm(theirs[top])


@pytest.mark.parametrize("static", ["", ' bottom: "s"'], ids=["", "with a static input"])
def test_caffe_s_lstm_gives_caffe_s_numbers(static, real_caffe, ncnn, tmp_path):
    bottoms = f'bottom: "x" bottom: "cont"{static}'
    line = f'layer {{ name: "l" type: "LSTM" {bottoms} top: "y" recurrent_param {{ num_output: 3 }} }}'
    text = caffe_text(line, x=(5, 1, 4), cont=(5, 1), **({"s": (1, 2, 2)} if static else {}))
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    files[0].write_text(text)
    files[1].write_bytes(real_caffe.worker.weights(text))
    random = np.random.default_rng(0)
    fed = {"x": random.standard_normal((5, 1, 4)), "cont": np.array([0, 1, 1, 0, 1.0]).reshape(5, 1)}
    fed |= {"s": random.standard_normal((1, 2, 2))} if static else {}
    theirs = {top: array for (_, top), array in real_caffe.run(*files, fed).items()}
    ours = {top: array for (_, top), array in ncnn.run(*files, fed).items()}
    assert np.linalg.norm(ours["y"] - theirs["y"]) < 1e-5 * np.linalg.norm(theirs["y"])


def test_concat_along_a_negative_axis(ncnn, tmp_path):
    layer = 'layer { name: "l" type: "Concat" bottom: "a" bottom: "b" top: "y" concat_param { axis: -1 } }'
    (tmp_path / "net.prototxt").write_text(caffe_text(layer, a=(1, 2, 3, 4), b=(1, 2, 3, 5)))
    _, found = in_ncnn(load_caffe(tmp_path / "net.prototxt"), tmp_path / "net")
    assert found.equal


def test_verify_runs_caffe_files_in_ncnn(small, tmp_path, ncnn):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(small, *files)
    inputs = random_inputs(small)
    expected = get("builtin").run(*files, inputs)
    found = ncnn.run(*files, inputs)
    assert {*found} <= {*expected} and len(found) > 10
    for key, array in found.items():
        assert array.shape == expected[key].shape
        np.testing.assert_allclose(array, expected[key], rtol=1e-3, atol=1e-4)


def test_verify_compares_a_model_with_its_caffe_files_in_ncnn(tmp_path, ncnn):
    torch.manual_seed(0)
    model, x = make_lively(Small(), torch.randn(1, 3, 12, 12)), torch.randn(1, 3, 12, 12)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(model, x), *files)
    found = verify(model, *files, x, "ncnn")
    assert found.equal and len(found.rows) > 10
    with pytest.raises(RuntimeFailed, match="is \\[1, 3, 12, 12\\] in net.prototxt, not \\[1, 3, 13, 12\\]"):
        ncnn.run(*files, {"data": np.zeros((1, 3, 13, 12), np.float32)})


# ---- what ncnn has itself is written as that ------------------------------------------------------------------------

OWN = {
    "hard swish": (nn.Hardswish(), (1, 4, 5, 6), "HardSwish"),
    "hard sigmoid": (nn.Hardsigmoid(), (1, 4, 5, 6), "HardSigmoid"),
    "SiLU": (nn.SiLU(), (1, 4, 5, 6), "Swish"),
    "Mish": (nn.Mish(), (1, 4, 5, 6), "Mish"),
    "GELU": (nn.GELU(), (1, 4, 5, 6), "GELU"),
    "ReLU6": (nn.ReLU6(), (1, 4, 5, 6), "Clip"),
    "ELU": (nn.ELU(), (1, 4, 5, 6), "ELU"),
    "softplus": (nn.Softplus(), (1, 4, 5, 6), "BNLL"),
    "softmax": (nn.Softmax(1), (1, 4, 5, 6), "Softmax"),
    "permute": (lambda x: x.permute(0, 2, 3, 1), (1, 4, 5, 6), "Permute"),
    "pixel shuffle": (nn.PixelShuffle(2), (1, 8, 5, 6), "PixelShuffle"),
    "channel shuffle": (nn.ChannelShuffle(2), (1, 8, 5, 6), "ShuffleChannel"),
    "bilinear": (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 4, 5, 6), "Interp"),
    "nearest": (nn.Upsample(size=(7, 9)), (1, 4, 5, 6), "Interp"),
    "bicubic": (nn.Upsample(scale_factor=2, mode="bicubic", align_corners=True), (1, 4, 5, 6), "Interp"),
    "layer norm": (nn.LayerNorm(6), (1, 5, 6), "LayerNorm"),
    "group norm": (nn.GroupNorm(2, 4), (1, 4, 5, 6), "GroupNorm"),
    "instance norm": (nn.InstanceNorm2d(4, affine=True), (1, 4, 5, 6), "InstanceNorm"),
    "RMS norm": (nn.RMSNorm(6), (1, 5, 6), "RMSNorm"),
    "local response norm": (nn.LocalResponseNorm(3, k=2.0), (1, 4, 5, 6), "LRN"),
    "unit length": (lambda x: nn.functional.normalize(x), (1, 4, 5, 6), "Normalize"),
    "product": (lambda x: x @ x.mT, (1, 4, 5, 6), "Permute MatMul"),
    "adaptive pooling": (nn.AdaptiveAvgPool2d((3, 4)), (1, 4, 5, 6), "Pooling"),
    "average without the padding": (nn.AvgPool2d(3, 2, 1, count_include_pad=False), (1, 4, 5, 6), "Pooling"),
    "maximum rounded down": (nn.MaxPool2d(3, 2), (1, 4, 6, 6), "Pooling"),
    "padding": (nn.ConstantPad2d((1, 2, 3, 4), 0.5), (1, 4, 5, 6), "Padding"),
    "a part": (lambda x: x[:, 1:3, 2:], (1, 4, 5, 6), "Crop"),
    "mean": (lambda x: x.mean((2, 3)), (1, 4, 5, 6), "Reduction"),
    "times a number": (lambda x: x * 3, (1, 4, 5, 6), "BinaryOp"),
    "a sum with broadcasting": (lambda x: x + x[:, :1], (1, 4, 5, 6), "Crop BinaryOp"),
    "root": (torch.sqrt, (1, 4, 5, 6), "UnaryOp"),
    "one-dimensional convolution": (nn.Conv1d(4, 6, 3), (1, 4, 9), "Convolution1D"),
    "three-dimensional convolution": (nn.Conv3d(2, 6, 3), (1, 2, 4, 5, 6), "Convolution3D"),
    "depthwise": (nn.Conv2d(4, 4, 3, groups=4), (1, 4, 5, 6), "ConvolutionDepthWise"),
    "transposed": (nn.ConvTranspose2d(4, 6, 3, groups=2), (1, 4, 5, 6), "DeconvolutionDepthWise"),
    "rows": (nn.Linear(6, 3), (1, 5, 6), "InnerProduct"),
    "PReLU": (nn.PReLU(4), (1, 4, 5, 6), "PReLU"),
    "batch norm": (nn.BatchNorm2d(4), (1, 4, 5, 6), "BatchNorm Scale"),
    "LSTM": (nn.LSTM(6, 3, batch_first=True), (1, 5, 6), "LSTM"),
    "GRU": (nn.GRU(6, 3, batch_first=True), (1, 5, 6), "GRU"),
    "RNN": (nn.RNN(6, 3, batch_first=True), (1, 5, 6), "RNN"),
}
AROUND = {"Input", "Split", "Reshape", "MemoryData"}


@pytest.mark.parametrize("case", OWN)
def test_a_layer_that_ncnn_has_is_written_as_that(case, tmp_path, ncnn):
    model, shape, types = OWN[case]
    x = torch.rand(shape)
    if isinstance(model, nn.Module):
        make_lively(model, x)
    files, found = in_ncnn(trace(model, x), tmp_path / "net")
    assert found.equal, found.first
    assert [op.type for op in files.lines if op.type not in AROUND] == types.split()


def test_what_was_written_is_read_back(small, tmp_path):
    lines = save_ncnn(small, tmp_path / "net").lines
    param, data = (tmp_path / "net.param").read_text(), (tmp_path / "net.bin").read_bytes()
    check_written(param, io.BytesIO(data), lines)
    with pytest.raises(ConversionError, match="misread this line of the .param file: 'Convolution .* a 0 "):
        check_written(param.replace(" a.0 ", " a 0 ", 1), io.BytesIO(data), lines)
    with pytest.raises(ConversionError, match="instead of"):
        check_written(param.replace(" a.0 ", "\na.0 ", 1), io.BytesIO(data), lines)
    for other, words in (
        (data[:-1], "weights of head.3"),
        (data + b"\0", "data after its weights"),
        (b"1" + data[1:], "of a.0"),
    ):
        with pytest.raises(ConversionError, match=words):
            check_written(param, io.BytesIO(other), lines)


def test_a_file_that_is_no_param_file_does_not_run(tmp_path, ncnn):
    (tmp_path / "net.param").write_text("7767517\n2 2\nInput data zero one\nReLU\n")
    (tmp_path / "net.bin").write_bytes(b"")
    with pytest.raises(RuntimeFailed, match="cannot"):
        ncnn.run(tmp_path / "net.param", tmp_path / "net.bin", {})


def test_the_page_names_every_layer_that_is_written():
    load_layers()
    page = (ROOT / "docs" / "ncnn.md").read_text().partition("## Layers")[2]
    own = [name for name, layer in LAYERS.items() if layer.to_ncnn is not Layer.to_ncnn]
    assert len(own) > 50
    assert [name for name in own if not re.search(rf"\b{name}\b", page)] == []
