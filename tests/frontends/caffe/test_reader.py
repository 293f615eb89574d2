# ruff: noqa: E501 (prototxt lines)
"""Caffe's files as graphs: every generation, in-place layers, shared weights, and files that do not fit together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, export, load_caffe, save_caffe, to_torch
from pytorch2caffe.cli import main
from tests.layers.conftest import folder, same_as_caffe  # noqa: F401 - fixtures

HEAD = (
    'name: "net" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }'
)
CONV = "convolution_param { num_output: 2 kernel_size: 3 }"


def write(where, *layers, head=HEAD):
    path = where / "net.prototxt"
    path.write_text(head + "".join(f" layer {{ {layer} }}" for layer in layers))
    return path


def test_a_prototxt_alone_has_shapes_and_zero_weights(tmp_path):
    graph = load_caffe(write(tmp_path, f'name: "c" type: "Convolution" bottom: "data" top: "c" {CONV}'))
    (node,) = graph.nodes
    assert node.outputs[0].shape == (1, 2, 4, 4)
    assert [blob.shape for blob in node.blobs] == [(2, 3, 3, 3), (2,)]
    assert list(graph.outputs) == ["c"]


def test_in_place_layers_are_values_of_their_own(tmp_path):
    graph = load_caffe(
        write(
            tmp_path,
            'name: "p" type: "Power" bottom: "data" top: "x" power_param { shift: -1 }',
            'name: "r" type: "ReLU" bottom: "x" top: "x"',
            'name: "t" type: "TanH" bottom: "x" top: "x"',
        )
    )
    x = torch.randn(1, 3, 6, 6)
    assert torch.equal(to_torch(graph)(x), torch.tanh(torch.relu(x - 1)))
    assert [value.top for node in graph.nodes for value in node.outputs] == ["x", "x", "x"]


def test_training_layers_are_left_out(tmp_path):
    path = write(
        tmp_path,
        'name: "train" type: "Data" top: "data" include { phase: TRAIN }',
        'name: "r" type: "ReLU" bottom: "data" top: "r"',
        'name: "d" type: "Dropout" bottom: "r" top: "d" exclude { phase: TEST }',
    )
    assert [node.name for node in load_caffe(path).nodes] == ["r"]


def test_an_old_file_reads(tmp_path):
    path = tmp_path / "old.prototxt"
    path.write_text(
        'name: "old" input: "data" input_dim: 1 input_dim: 3 input_dim: 6 input_dim: 6 '
        'layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 } } '
        'layers { name: "p" type: POOLING bottom: "c" top: "p" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }'
    )
    assert load_caffe(path).nodes[-1].outputs[0].shape == (1, 2, 2, 2)


REFUSED = {
    "an unknown layer": (
        'name: "w" type: "Warp" bottom: "data" top: "w"',
        "layer 'w': layer type 'Warp' is not supported",
    ),
    "a bottom that is nobody's top": ('name: "r" type: "ReLU" bottom: "x" top: "r"', "'x' is the top of no layer"),
    "a setting left out": (
        'name: "c" type: "Convolution" bottom: "data" top: "c"',
        "Convolution lacks a setting: 'num_output'",
    ),
    "a window that does not fit": (
        'name: "p" type: "Pooling" bottom: "data" top: "p" pooling_param { kernel_size: 9 }',
        "does not fit",
    ),
    "a kernel that does not fit": (
        'name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 1 kernel_size: 9 }',
        "Kernel size can't be greater",
    ),
    "two spellings at once": (
        'name: "c" type: "Convolution" bottom: "data" top: "c" '
        "convolution_param { num_output: 1 kernel_size: 3 kernel_h: 3 kernel_w: 3 }",
        "both kernel_size and kernel_h",
    ),
    "shapes that Eltwise would have to broadcast": (
        'name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 3 kernel_size: 3 } } '
        'layer { name: "e" type: "Eltwise" bottom: "data" bottom: "c" top: "e"',
        "does not broadcast",
    ),
    "too few tops": ('name: "s" type: "Slice" bottom: "data" top: "a" slice_param { slice_point: 1 }', "gives 2 tops"),
    "a random pooling": (
        'name: "p" type: "Pooling" bottom: "data" top: "p" pooling_param { pool: STOCHASTIC kernel_size: 2 }',
        "random",
    ),
}


@pytest.mark.parametrize(("layer", "message"), REFUSED.values(), ids=REFUSED)
def test_a_layer_that_cannot_be_read_is_named(layer, message, tmp_path):
    with pytest.raises(UnsupportedError) as caught:
        load_caffe(write(tmp_path, layer))
    assert message in str(caught.value)
    assert "layer '" in str(caught.value)


def test_all_problems_at_once(tmp_path):
    layers = [f'name: "w{i}" type: "Warp{i}" bottom: "data" top: "w{i}"' for i in range(3)]
    with pytest.raises(UnsupportedError) as caught:
        load_caffe(write(tmp_path, *layers))
    assert len(caught.value.problems) == 3


def test_weights_of_another_network(tmp_path):
    path = write(tmp_path, f'name: "c" type: "Convolution" bottom: "data" top: "c" {CONV}')
    save_caffe(load_caffe(path), tmp_path / "ours.prototxt", tmp_path / "ours.caffemodel")
    other = write(tmp_path, f'name: "c" type: "Convolution" bottom: "data" top: "c" {CONV.replace("2", "4", 1)}')
    with pytest.raises(
        UnsupportedError, match=r"needs weights \[4, 3, 3, 3\], \[4\]; the caffemodel has \[2, 3, 3, 3\]"
    ):
        load_caffe(other, tmp_path / "ours.caffemodel")


def test_absurd_sizes_cost_nothing(tmp_path):
    huge = "dim: 1000000"
    head = f'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ {huge} dim: 2 }} }} }}'
    ip = 'name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2000 }'
    graph = load_caffe(write(tmp_path, ip, head=head))
    assert graph.nodes[0].outputs[0].shape == (10**6, 2000)
    with pytest.raises(UnsupportedError, match=r"more than 2\^31 - 1 elements"):
        load_caffe(write(tmp_path, ip, head=head.replace(huge, "dim: 1000000000000")))


def test_a_network_without_input(tmp_path):
    path = tmp_path / "none.prototxt"
    path.write_text('name: "none"')
    with pytest.raises(ConversionError, match="has no layers"):
        load_caffe(path)


@pytest.mark.parametrize("text", ["layer {", "layer { name: 3 }", "\x00\x01", "nonsense", "layer { type: }"])
def test_garbled_text_is_one_error(text, tmp_path, capsys):
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    assert main(["summary", str(path)]) == 2
    assert "net.prototxt" in capsys.readouterr().err


def test_names_are_only_names(tmp_path):
    name = r"\"); import os; os.abort() #"
    path = write(
        tmp_path,
        f'name: "{name}" type: "Convolution" bottom: "data" top: "{name}" {CONV}',
        f'name: "lambda" type: "ReLU" bottom: "{name}" top: "1 class"',
        'name: "forward" type: "TanH" bottom: "1 class" top: "é"',
    )
    graph = load_caffe(path)
    x = torch.randn(1, 3, 6, 6)
    with torch.no_grad():
        np.testing.assert_array_equal(to_torch(graph)(x), torch.zeros(1, 2, 4, 4))


def test_a_network_s_name_is_only_a_name(tmp_path):
    path = write(tmp_path, 'name: "r" type: "ReLU" bottom: "data" top: "r"')
    path.write_text(path.read_text().replace('name: "net"', 'name: "x): pass\\nimport os"'))
    assert torch.equal(to_torch(load_caffe(path))(torch.ones(1, 3, 6, 6)), torch.ones(1, 3, 6, 6))


SHARED_MEMORY = {
    "Split": 'layer { name: "s" type: "Split" bottom: "data" top: "a" top: "b" } '
    'layer { name: "in place" type: "Power" bottom: "a" top: "a" power_param { shift: 3 } } '
    'layer { name: "end" type: "Power" bottom: "b" top: "end" power_param { scale: 2 } }',
    "Flatten": 'layer { name: "f" type: "Flatten" bottom: "data" top: "a" } '
    'layer { name: "in place" type: "Power" bottom: "a" top: "a" power_param { shift: 3 } } '
    'layer { name: "end" type: "Power" bottom: "data" top: "end" power_param { scale: 2 } }',
}


@pytest.mark.parametrize("layers", SHARED_MEMORY.values(), ids=SHARED_MEMORY)
def test_what_a_layer_in_place_spoils_is_refused(layers, tmp_path, real_caffe):
    path = tmp_path / "net.prototxt"
    path.write_text(HEAD + layers)
    with pytest.raises(UnsupportedError, match="'in place', which works in place: Caffe changes both"):
        load_caffe(path)
    x = np.ones((1, 3, 6, 6), np.float32)
    results = real_caffe.worker.run(path.read_text(), b"", {"data": x})
    assert np.all(results["end", "end"] == 8)  # so it does: 2 * (1 + 3), and not 2 * 1


OWN_TOP = 'layer { name: "p" type: "Power" bottom: "data" top: "a" power_param { scale: 2 } } '
SPOILT = {  # what Caffe computes where the top is the bottom is not what the layer says
    "a sum, which loses its first summand": 'type: "Eltwise" bottom: "data"',
    "a maximum": 'type: "Eltwise" bottom: "data" eltwise_param { operation: MAX }',
    "a convolution": 'type: "Convolution" convolution_param { num_output: 3 kernel_size: 1 }',
    "pooling": 'type: "Pooling" pooling_param { kernel_size: 3 stride: 1 pad: 1 }',
    "normalisation across channels": 'type: "LRN" lrn_param { local_size: 3 alpha: 2 }',
}


@pytest.mark.parametrize("layer", SPOILT.values(), ids=SPOILT)
def test_a_layer_that_caffe_spoils_in_place_is_refused(layer, tmp_path, real_caffe):
    text = (
        f'layer {{ name: "it" bottom: "a" top: "%s" {layer} }} layer {{ name: "t" type: "TanH" bottom: "%s" top: "t" }}'
    )
    kind = layer.split('"')[1]
    path = tmp_path / "net.prototxt"
    path.write_text(HEAD + OWN_TOP + text % ("a", "a"))
    with pytest.raises(UnsupportedError, match=f"layer 'it': {kind} in place"):
        load_caffe(path)
    x = np.random.default_rng(0).uniform(-1, 1, (1, 3, 6, 6)).astype(np.float32)
    there, apart = (HEAD + OWN_TOP + text % (top, top) for top in "ab")
    weights = real_caffe.worker.weights(apart)
    one, other = (real_caffe.worker.run(t, weights, {"data": x}, wanted=["t"])["t", "t"] for t in (there, apart))
    assert not np.allclose(one, other, atol=1e-2)  # so it does


IN_PLACE = {
    "a product": 'type: "Eltwise" bottom: "data" eltwise_param { operation: PROD }',
    "normalisation within a channel": 'type: "LRN" lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }',
    "mean and variance": 'type: "MVN"',
    "softmax": 'type: "Softmax"',
}


@pytest.mark.parametrize("layer", IN_PLACE.values(), ids=IN_PLACE)
def test_a_layer_that_works_in_place_means_the_same(layer, same_as_caffe):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 7))
    same_as_caffe(f'{OWN_TOP} layer {{ name: "it" bottom: "a" top: "a" {layer} }}', data=x)


def test_what_is_in_place_before_it_is_copied_is_fine(tmp_path):
    graph = load_caffe(
        write(
            tmp_path,
            'name: "r" type: "ReLU" bottom: "data" top: "data"',
            'name: "f" type: "Flatten" bottom: "data" top: "f"',
            'name: "t" type: "TanH" bottom: "f" top: "f"',
        )
    )
    assert list(graph.outputs) == ["f"]


@pytest.mark.filterwarnings("ignore:NaN or inf in the weights")
def test_shared_weights_may_hold_nan(tmp_path):
    conv = nn.Conv2d(3, 3, 1)
    conv.weight.data[0] = float("nan")
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    export(nn.Sequential(conv, nn.ReLU(), conv), torch.randn(1, 3, 4, 4), *files, check=False)
    first, second = (node for node in load_caffe(*files).nodes if node.blobs)
    assert first.blobs[0] is second.blobs[0]
    assert np.isnan(first.blobs[0]).any()
