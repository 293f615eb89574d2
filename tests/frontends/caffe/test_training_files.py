# ruff: noqa: E501 (prototxt lines)
"""Files for training, as the zoo has them: phases and stages, data layers at one end, losses at the other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytorch2caffe import ConversionError, UnsupportedError, generate, load_caffe, to_torch

CONV = 'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }'
FC = 'layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 5 } }'
ENDS = """
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "top5" type: "Accuracy" bottom: "fc" bottom: "label" top: "top5" accuracy_param { top_k: 5 } }
"""
DATA = """
layer { name: "train" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  data_param { source: "train_lmdb" batch_size: 256 backend: LMDB } transform_param { crop_size: 12 mirror: true } }
layer { name: "test" type: "Data" top: "data" top: "label" include { phase: TEST }
  data_param { source: "test_lmdb" batch_size: 2 backend: LMDB }
  transform_param { crop_size: 10 mean_value: 104 mean_value: 117 mean_value: 123.5 scale: 0.017 } }
"""


def read(tmp_path, text, **arguments):
    path = tmp_path / "train_val.prototxt"
    path.write_text(f'name: "net" {text}')
    return load_caffe(path, **arguments)


def test_a_train_val_file_is_the_deployed_network(tmp_path):
    graph = read(tmp_path, DATA + CONV + FC + ENDS)
    (x,) = graph.inputs
    assert (x.name, x.shape) == ("data", (2, 3, 10, 10))
    assert [node.layer.type for node in graph.nodes] == ["Convolution", "InnerProduct", "Softmax"]
    assert {name: value.shape for name, value in graph.outputs.items()} == {"prob": (2, 5)}
    assert "x: BGR, 0 to 255, minus (104, 117, 123.5), times 0.017\n" in generate(graph)[0]


def test_weights_of_real_caffe_and_its_deployed_form(tmp_path, real_caffe):
    deploy = (
        'name: "net" input: "data" input_dim: 2 input_dim: 3 input_dim: 10 input_dim: 10 '
        + CONV
        + FC
        + 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }'
    )
    weights = tmp_path / "net.caffemodel"
    weights.write_bytes(real_caffe.worker.weights(deploy))
    plain = DATA.replace("mean_value: 104 mean_value: 117 mean_value: 123.5", 'mean_file: "mean.binaryproto"')
    graph = read(tmp_path, plain + CONV + FC + ENDS, caffemodel=weights)  # three channels, the weights say
    x = np.random.default_rng(0).standard_normal((2, 3, 10, 10)).astype(np.float32)
    (expected,) = real_caffe.worker.run(deploy, weights.read_bytes(), {"data": x}, wanted=["prob"]).values()
    with torch.no_grad():
        np.testing.assert_allclose(to_torch(graph)(torch.from_numpy(x)), expected, rtol=1e-5, atol=1e-6)
    assert "minus the mean image in mean.binaryproto, times 0.017" in generate(graph)[0]


READS = 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }'
SHAPES = {
    "ImageData": ('type: "ImageData" image_data_param { batch_size: 3 new_height: 20 new_width: 30 }', (3, 3, 20, 30)),
    "ImageData, grey, cropped": (
        'type: "ImageData" image_data_param { new_height: 20 new_width: 30 is_color: false } '
        "transform_param { crop_size: 16 }",
        (1, 1, 16, 16),
    ),
    "WindowData": (
        'type: "WindowData" window_data_param { batch_size: 4 } transform_param { crop_size: 7 mean_value: 1 '
        "mean_value: 2 mean_value: 3 }",
        (4, 3, 7, 7),
    ),
    "MemoryData": (
        'type: "MemoryData" memory_data_param { batch_size: 2 channels: 1 height: 5 width: 6 }',
        (2, 1, 5, 6),
    ),
    "DummyData": ('type: "DummyData" dummy_data_param { shape { dim: 2 dim: 7 } shape { dim: 2 } }', (2, 7)),
    "DummyData, old": ('type: "DummyData" dummy_data_param { num: 2 channels: 3 height: 4 width: 5 }', (2, 3, 4, 5)),
    "Data, grey": (
        'type: "Data" data_param { batch_size: 6 } transform_param { crop_size: 8 force_gray: true }',
        (6, 1, 8, 8),
    ),
}


@pytest.mark.parametrize(("settings", "shape"), SHAPES.values(), ids=SHAPES)
def test_shapes_that_the_file_tells(settings, shape, tmp_path):
    graph = read(tmp_path, f'layer {{ name: "data" top: "data" top: "label" {settings} }} {READS}')
    assert [value.shape for value in graph.inputs] == [shape]


UNKNOWN = {
    "Data": 'type: "Data" data_param { batch_size: 64 } transform_param { scale: 0.004 }',
    "HDF5Data": 'type: "HDF5Data" hdf5_data_param { source: "list.txt" batch_size: 4 }',
    "ImageData": 'type: "ImageData"',
}


@pytest.mark.parametrize("settings", UNKNOWN.values(), ids=UNKNOWN)
def test_shapes_that_only_the_data_tell(settings, tmp_path):
    text = f'layer {{ name: "it" top: "data" top: "label" {settings} }} {READS}'
    with pytest.raises(UnsupportedError, match="the shape of 'data' .* is not in the file") as caught:
        read(tmp_path, text)
    assert "input_shape={'data': ...}" in str(caught.value)
    for shape in ((1, 1, 28, 28), {"data": (1, 1, 28, 28)}):
        assert read(tmp_path, text, input_shape=shape).inputs[0].shape == (1, 1, 28, 28)


def test_a_shape_given_for_an_input_that_has_one(tmp_path):
    text = 'input: "data" input_shape { dim: 10 dim: 3 dim: 8 dim: 8 } ' + CONV
    assert read(tmp_path, text, input_shape=(1, 3, 9, 9)).nodes[0].outputs[0].shape == (1, 4, 7, 7)


def test_shapes_for_inputs_that_there_are_not(tmp_path):
    two = 'input: "data" input_shape { dim: 1 dim: 2 } input: "b" input_shape { dim: 1 dim: 2 } ' + READS
    with pytest.raises(ConversionError, match="one input_shape for the inputs 'data', 'b': give a dict"):
        read(tmp_path, two, input_shape=(1, 2))
    with pytest.raises(ConversionError, match="input_shape names 'c'; the inputs are 'data', 'b'"):
        read(tmp_path, two, input_shape={"c": (1, 2)})


def test_dummy_data_beside_an_input_is_a_constant(tmp_path):
    text = (
        'input: "data" input_shape { dim: 2 dim: 3 } layer { name: "d" type: "DummyData" top: "c" '
        'dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: "constant" value: 2.5 } } } '
        'layer { name: "e" type: "Eltwise" bottom: "data" bottom: "c" top: "e" }'
    )
    graph = read(tmp_path, text)
    assert [value.name for value in graph.inputs] == ["data"]
    assert torch.equal(to_torch(graph)(torch.ones(2, 3)).detach(), torch.full((2, 3), 3.5))


LOSSES = {
    "SoftmaxWithLoss": ('type: "SoftmaxWithLoss" bottom: "r" bottom: "label" top: "l"', ["Softmax"], ["prob"]),
    "SoftmaxWithLoss, its second top": (
        'type: "SoftmaxWithLoss" bottom: "r" bottom: "label" top: "l" top: "p" softmax_param { axis: 2 }',
        ["Softmax"],
        ["p"],
    ),
    "SigmoidCrossEntropyLoss": (
        'type: "SigmoidCrossEntropyLoss" bottom: "r" bottom: "label" top: "l"',
        ["Sigmoid"],
        ["prob"],
    ),
    "InfogainLoss": ('type: "InfogainLoss" bottom: "r" bottom: "label" top: "l"', ["Softmax"], ["prob"]),
    "EuclideanLoss": ('type: "EuclideanLoss" bottom: "r" bottom: "label" top: "l"', [], ["r"]),
    "HingeLoss": ('type: "HingeLoss" bottom: "r" bottom: "label" top: "l"', [], ["r"]),
    "ContrastiveLoss": ('type: "ContrastiveLoss" bottom: "r" bottom: "data" bottom: "label" top: "l"', [], ["r"]),
    "MultinomialLogisticLoss": ('type: "MultinomialLogisticLoss" bottom: "r" bottom: "label" top: "l"', [], ["r"]),
    "Accuracy": ('type: "Accuracy" bottom: "r" bottom: "label" top: "l"', [], ["r"]),
    "HDF5Output": ('type: "HDF5Output" bottom: "r" bottom: "label"', [], ["r"]),
    "Silence": ('type: "Silence" bottom: "label"', [], ["r"]),
}


@pytest.mark.parametrize("label", ["data layer", "input"])
@pytest.mark.parametrize(("end", "types", "outputs"), LOSSES.values(), ids=LOSSES)
def test_what_is_left_of_a_loss(end, types, outputs, label, tmp_path):
    if label == "data layer":
        head = 'layer { name: "d" type: "MemoryData" top: "data" top: "label" memory_data_param { batch_size: 2 channels: 3 height: 4 width: 4 } }'
    else:
        head = 'input: "data" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 } input: "label" input_shape { dim: 2 }'
    graph = read(tmp_path, f'{head} {READS} layer {{ name: "end" {end} }}')
    if "Silence" in end and label == "input":
        return  # an input that the file silences stays an input
    assert [value.name for value in graph.inputs] == ["data"]
    assert [node.layer.type for node in graph.nodes] == ["ReLU", *types]
    assert list(graph.outputs) == outputs


def test_two_losses_end_in_two_outputs(tmp_path):
    more = ENDS.replace('bottom: "fc"', 'bottom: "conv"')
    for name in ("loss", "accuracy", "top5"):
        more = more.replace(f'"{name}"', f'"{name}_of_conv"')
    graph = read(tmp_path, DATA + CONV + FC + ENDS + more)
    assert list(graph.outputs) == ["prob", "prob_1"]


STAGES = """
input: "data" input_shape { dim: 1 dim: 2 }
layer { name: "always" type: "ReLU" bottom: "data" top: "a" }
layer { name: "deploy" type: "TanH" bottom: "a" top: "b" include { stage: "deploy" } }
layer { name: "not deploy" type: "Sigmoid" bottom: "a" top: "c" include { not_stage: "deploy" } }
layer { name: "both" type: "AbsVal" bottom: "a" top: "d" include { phase: TEST stage: "deploy" stage: "big" } }
layer { name: "high" type: "ELU" bottom: "a" top: "e" include { min_level: 2 } }
layer { name: "low" type: "BNLL" bottom: "a" top: "f" exclude { min_level: 2 max_level: 3 } }
layer { name: "train" type: "Dropout" bottom: "a" top: "g" include { phase: TRAIN } include { stage: "odd" } }
"""
STATES = {
    "plain": ({}, "", "always, not deploy, low"),
    "a stage": ({"stages": ["deploy"]}, "", "always, deploy, low"),
    "two stages": ({"stages": ["deploy", "big"]}, "", "always, deploy, both, low"),
    "a level": ({"level": 2}, "", "always, not deploy, high"),
    "a higher level": ({"level": 4}, "", "always, not deploy, high, low"),
    "a level below": ({"level": -1}, "", "always, not deploy, low"),
    "one rule of two": ({"stages": ["odd"]}, "", "always, not deploy, low, train"),
    "the file's own": ({}, 'state { level: 2 stage: "deploy" }', "always, deploy, low"),
}


@pytest.mark.parametrize(("arguments", "state", "names"), STATES.values(), ids=STATES)
def test_stages_and_levels_are_those_of_caffe(arguments, state, names, tmp_path, real_caffe):
    graph = read(tmp_path, state + STAGES, **arguments)
    assert ", ".join(node.name for node in graph.nodes) == names
    if "level" in arguments:
        return  # only an argument of Caffe's Net sets it, and the worker gives none
    asked = [f'stage: "{stage}"' for stage in arguments.get("stages", [])]
    text = state + (f"state {{ {' '.join(asked)} }}" if asked else "") + STAGES
    theirs = real_caffe.worker.run(text, b"", {"data": np.ones((1, 2), np.float32)})
    assert ", ".join(layer for layer, _ in theirs) == names


def test_python_layers_are_refused_by_name(tmp_path):
    with pytest.raises(UnsupportedError, match="layer 'p': Python: it runs Python code"):
        read(
            tmp_path, 'input: "data" input_shape { dim: 1 } layer { name: "p" type: "Python" bottom: "data" top: "p" }'
        )


@pytest.mark.parametrize("kind", ["Dropout", "BatchNorm"])
def test_a_layer_that_trains_even_in_test_is_refused(kind, tmp_path, real_caffe):
    layer = f'layer {{ name: "it" type: "{kind}" bottom: "data" top: "it" %s }}'
    head = 'input: "data" input_shape { dim: 4 dim: 3 dim: 5 dim: 5 } '
    with pytest.raises(UnsupportedError, match=f"layer 'it': {kind} with `phase: TRAIN`: Caffe trains it"):
        read(tmp_path, head + layer % "phase: TRAIN")
    assert read(tmp_path, head + layer % "phase: TEST").nodes
    x = np.random.default_rng(0).standard_normal((4, 3, 5, 5)).astype(np.float32)
    weights = real_caffe.worker.weights(head + layer % "")
    plain, trained = (
        real_caffe.worker.run(head + layer % phase, weights, {"data": x})["it", "it"] for phase in ("", "phase: TRAIN")
    )
    assert not np.allclose(plain, trained, atol=1e-2)
