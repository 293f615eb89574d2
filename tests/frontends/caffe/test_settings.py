"""Every setting of a layer that computes is honoured, harmless or refused."""

import numpy as np
import pytest
import torch

from pytorch2caffe import UnsupportedError, load_caffe, to_torch
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.convert.check_files import check_files
from pytorch2caffe.convert.lower_files import lower_files
from tests.frontends.caffe.fields_page import page
from tests.layers.conftest import caffe_text, refused  # noqa: F401 - a fixture
from tests.layers.forks import means, write_weights  # noqa: F401 - a fixture
from tests.paths import ROOT

X = {"x": (1, 3, 6, 6)}


def layer(kind, settings, name="it", bottom="x", top=None):
    return f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{top or name}" {settings} }}\n'


def test_the_page_is_current():
    assert (ROOT / "docs" / "caffe-fields.md").read_text() == page()


def test_dropout_that_does_not_scale_in_training_scales_at_test(means):  # noqa: F811
    """py-faster-rcnn's: ones times 0.5, then times 2."""
    text = layer("Dropout", "dropout_param { dropout_ratio: 0.5 scale_train: false }", "drop", "x", "x")
    text += layer("Power", "power_param { scale: 2 }", "power")
    means(text, np.ones((1, 3, 6, 6)), x=np.ones((1, 3, 6, 6)))
    plain = layer("Dropout", "dropout_param { dropout_ratio: 0.5 scale_train: true }")
    means(plain, np.ones((1, 3)), x=np.ones((1, 3)))


REFUSED = {
    "a field of Intel's fork": (
        layer("Convolution", "convolution_param { num_output: 2 kernel_size: 1 relu: true }"),
        "ConvolutionParameter.relu, which no known caffe.proto has",
    ),
    "a field of a fork for faces": (
        layer("InnerProduct", "inner_product_param { num_output: 2 normalize: true }"),
        "InnerProductParameter.normalize",
    ),
    "a field of a fork's Dropout": (layer("Dropout", "dropout_param { sample_weights_test: true }"), "--ignore-field"),
    "settings of a fork": (layer("ReLU", "fancy_relu_param { a: 1 }"), "LayerParameter.fancy_relu_param"),
    "a value that its enum lacks": (
        layer("Pooling", "pooling_param { pool: MIN kernel_size: 2 }"),
        "line 3: pool cannot be 'MIN'; it is one of MAX, AVE, STOCHASTIC",
    ),
    "a field that the layer does not look at": (
        layer("Upsample", "upsample_param { scale: 2 pad_out_h: true }"),
        "upsample_param has pad_out_h, which is not supported",
    ),
    "a field in a message": (
        layer("Convolution", "convolution_param { num_output: 2 kernel_size: 1 } blobs { data: 1 }"),
        "weights in the prototxt",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_may_change_the_numbers_is_refused(text, message, refused):  # noqa: F811
    refused(text, message, **X)


@pytest.mark.parametrize(
    "text",
    [
        layer("Convolution", "convolution_param { num_output: 2 kernel_size: 1 engine: MKLDNN winograd: true }"),
        layer("Convolution", 'convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "x" new: 1 } }'),
        layer("ReLU", "quantization_param { bw_layer_out: 8 } param { lr: 1 }"),
        layer("Upsample", "upsample_param { scale: 2 pad_out_h: false }"),
    ],
)
def test_what_changes_nothing_is_accepted(text, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(caffe_text(text, **X))
    assert len(load_caffe(path).nodes) == 1


def test_a_field_may_be_ignored(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(caffe_text(layer("ReLU", "relu_param { leak: 1 }"), **X))
    with pytest.raises(UnsupportedError, match=r"ReLUParameter.leak"):
        load_caffe(path)
    path.write_text(caffe_text(layer("ReLU", "relu_param { leak: 1 }"), **X))
    assert to_torch(load_caffe(path, ignore_fields=["leak"]))(-torch.ones(1, 3, 6, 6)).sum() == 0


def test_all_problems_at_once_and_none_of_a_loss(tmp_path):
    path = tmp_path / "net.prototxt"
    text = layer("Convolution", "convolution_param { num_output: 2 kernel_size: 1 relu: true }", "a")
    text += layer("InnerProduct", "inner_product_param { num_output: 3 normalize: true }", "b", "a")
    text += layer("SoftmaxWithLoss", "loss_param { normalization: PRE_FIXED new: 1 }", "loss", "b")
    path.write_text(caffe_text(text, **X))
    with pytest.raises(UnsupportedError) as caught:
        load_caffe(path)
    assert [problem.where for problem in caught.value.problems] == ["layer 'a'", "layer 'b'"]
    graph = load_caffe(path, ignore_fields=["relu", "normalize"])
    assert list(graph.outputs) == ["prob"]


def test_check_says_of_a_consumer_what_is_true(tmp_path):
    path = tmp_path / "net.prototxt"
    images = "data_param { batch_size: 2 } transform_param { crop_size: 6 mean_value: [1, 2, 3] }"
    data = f'layer {{ name: "data" type: "Data" top: "x" top: "label" {images} }}\n'
    text = layer("Tile", "tile_param { tiles: 2 }", "t") + layer("Slice", "slice_param { slice_dim: 2 }", "s", "t")
    text += layer("SoftmaxWithLoss", "", "loss", "s").replace('top: "loss"', 'bottom: "label" top: "loss"')
    path.write_text(data + text)
    assert check_files(path, None, dialect("caffe")) == []
    (problem,) = check_files(path, None, dialect("opencv"))[:1]
    assert problem.what == "layers for training (Data, SoftmaxWithLoss), which opencv may not skip"
    depthwise = layer("DepthwiseConvolution", "convolution_param { num_output: 3 kernel_size: 3 group: 3 }")
    path.write_text(caffe_text(depthwise, **X))
    assert check_files(path, None, dialect("ncnn")) == []


def test_check_lists_no_consequences(tmp_path):
    path = tmp_path / "net.prototxt"
    text = layer("Strange", "", "a") + "".join(
        layer("ReLU", "", f"r{i}", "a" if not i else f"r{i - 1}") for i in range(9)
    )
    path.write_text(caffe_text(text, **X))
    (problem,) = check_files(path, None, dialect("ncnn"))
    assert "Strange" in problem.what
    path.write_text(caffe_text(layer("ReLU", "") + layer("TanH", "", "t", "it"), x=(10, 3, 6, 6)))
    (problem,) = check_files(path, None, dialect("ncnn"))
    assert problem.where == "input 'x'"


ADVICE = {
    "slice_dim": ("opencv", layer("Slice", "slice_param { slice_dim: 2 slice_point: 2 }", top='it" top: "other')),
    "axis in Convolution": (
        "opencv",
        layer("Convolution", "convolution_param { num_output: 2 kernel_size: 2 axis: 1 }"),
    ),
    "k in LRN": ("opencv", layer("LRN", "lrn_param { local_size: 3 alpha: 0.5 k: 1 }")),
    "round_mode": ("caffe", layer("Pooling", "pooling_param { kernel_size: 2 stride: 2 round_mode: FLOOR }")),
    "a fork's layer": ("caffe", layer("CReLU", "")),
}


@pytest.mark.parametrize("case", ADVICE)
def test_the_advice_of_check_keeps_the_numbers(case, tmp_path):
    target, text = ADVICE[case]
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    files[0].write_text(caffe_text(text, **X))
    write_weights(*files, {"it": [np.ones((2, 3, 2, 2)), np.ones(2)]} if "Convolution" in text else {})
    (problem,) = check_files(*files, dialect(target))
    assert "pytorch2caffe lower" in problem.fix
    lower_files(*files, tmp_path / "new", target)  # raises DifferentError if the numbers differ
    assert check_files(tmp_path / "new.prototxt", tmp_path / "new.caffemodel", dialect(target)) == []
