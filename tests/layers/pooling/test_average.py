"""Average pooling for targets whose pooling cannot include the padding."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, export
from pytorch2caffe.backends.caffe.dialect_file import dialect, names

PADDED = {
    "the padding counted": (nn.AvgPool2d(3, 2, 1), ["Convolution"]),
    "another kernel and stride on each axis": (nn.AvgPool2d((3, 2), (2, 1), (1, 0)), ["Convolution"]),
    "a divisor": (nn.AvgPool2d(3, 2, 1, divisor_override=5), ["Convolution"]),
    "the padding left out": (
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        ["Convolution", "Power", "Convolution", "Power", "Eltwise"],
    ),
    "the padding left out, rounding up": (
        nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        ["Convolution", "Power", "Convolution", "Power", "Eltwise"],
    ),
}


@pytest.mark.parametrize(("model", "types"), PADDED.values(), ids=PADDED)
def test_one_depthwise_convolution_for_caffe2ncnn(model, types, tmp_path):
    graph = export(model, torch.randn(1, 4, 9, 10), tmp_path / "n.prototxt", tmp_path / "n.caffemodel", dialect="ncnn")
    assert [node.layer.type for node in graph.nodes] == types


WITHOUT_RECIPROCAL = {"armnn", "tengine", "tidl", "vitis-ai"}  # no Power; and no Reshape, or no Scale over a map


@pytest.mark.slow
@pytest.mark.parametrize("target", names())
@pytest.mark.parametrize("model", [model for model, _ in PADDED.values()], ids=PADDED)
def test_every_dialect_averages_the_same(model, target, tmp_path):
    """`export` reads the files back and compares every blob with the model's."""
    if target in WITHOUT_RECIPROCAL and not model.count_include_pad:
        with pytest.raises(UnsupportedError, match=f"{target} has no"):
            export(model, torch.randn(1, 4, 9, 10), tmp_path / "n.prototxt", tmp_path / "n.caffemodel", dialect=target)
        return
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    graph = export(nn.Sequential(nn.Conv2d(3, 4, 1), model), torch.randn(1, 3, 9, 10), *files, dialect=target)
    assert all(dialect(target).takes(node.layer, node.inputs) is None for node in graph.nodes)


def test_a_window_beyond_the_padding_is_still_exact(tmp_path):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    graph = export(nn.AvgPool2d(3, 2, 1, ceil_mode=True), torch.randn(1, 4, 9, 10), *files, dialect="ncnn")
    assert [node.layer.type for node in graph.nodes] == ["Convolution", "Pooling"], "the first pads"
