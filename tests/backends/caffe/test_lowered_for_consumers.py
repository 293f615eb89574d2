"""What is written for consumers that lack a layer which most have."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytorch2caffe import UnsupportedError, load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import caffe_text
from tests.lively import make_lively
from tests.models import tiny

X = torch.randn(2, 4, 5, 6)
CASES = {
    "a factor and a shift": (lambda x: 2 * x - 3, "rknn", ["Scale"]),
    "a square": (lambda x: x.square(), "rknn", ["Eltwise"]),
    "a difference": (lambda x: x.relu() - x, "tensorrt", ["Power", "ReLU", "Eltwise"]),
    "channels in two": (lambda x: torch.cat(x.chunk(2, 1)[::-1], 1), "tensorrt", ["Convolution"] * 2 + ["Concat"]),
    "rows cut off": (lambda x: x[:, :, 1:], "armnn", ["Convolution"]),
    "an absolute value": (lambda x: x.abs(), "openvino", ["Power", "Eltwise"]),
    "a linear layer of rows": (nn.Linear(6, 2), "openvino", ["Reshape", "Convolution", "Permute", "Reshape"]),
    "a dilated convolution": (nn.Conv2d(4, 3, 3, padding=2, dilation=2), "armnn", ["Convolution"]),
    "a convolution without bias": (nn.Conv2d(4, 3, 3, bias=False), "nncase", ["Convolution"]),
    "a Linear without bias": (nn.Sequential(nn.Flatten(), nn.Linear(120, 3, bias=False)), "paddle", None),
    "a Linear of rows": (nn.Sequential(nn.Flatten(2), nn.Linear(30, 3)), "mindspore-lite", None),
    "flattening at the end": (nn.Flatten(), "tidl", ["Flatten"]),
    "dropout": (nn.Sequential(nn.ReLU(), nn.Dropout(), nn.ReLU()), "ascend", ["ReLU", "ReLU"]),
}


@pytest.mark.parametrize("case", CASES)
def test_gives_the_same(case, tmp_path):
    model, dialect, types = CASES[case]
    if isinstance(model, nn.Module):
        model = make_lively(model.eval(), X)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(model, X), *files, dialect)
    if types is not None:
        assert sorted(node.layer.type for node in lowered.nodes) == sorted(types)
    with torch.no_grad():
        torch.testing.assert_close(to_torch(load_caffe(*files))(X), model(X))


def test_three_inputs_two_at_a_time(tmp_path):
    path = tmp_path / "net.prototxt"
    for operation, whole in (("SUM", X + X.relu() + X), ("PROD", X * X.relu() * X), ("MAX", X.relu())):
        layers = 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }' + (
            f'layer {{ name: "e" type: "Eltwise" bottom: "x" bottom: "r" bottom: "x" top: "e" '
            f"eltwise_param {{ operation: {operation} }} }}"
        )
        path.write_text(caffe_text(layers, x=tuple(X.shape)))
        files = tmp_path / "t.prototxt", tmp_path / "t.caffemodel"
        lowered = save_caffe(load_caffe(path), *files, "tensorrt")
        assert [len(node.inputs) for node in lowered.nodes] == [1, 2, 2]
        torch.testing.assert_close(to_torch(load_caffe(*files))(X), whole)


def test_maps_beyond_what_a_consumer_accepts_are_refused():
    with pytest.raises(UnsupportedError, match="Power of 5000 rows or columns; ascend accepts at most 4096"):
        save_caffe(trace(lambda x: x * 2 + 1, torch.zeros(1, 1, 1, 5000)), "n.prototxt", "n.caffemodel", "ascend")


def test_ascend_has_rules_of_its_own(tmp_path):
    graph = trace(lambda x: F.relu6(x) + 1, X)
    lowered = save_caffe(graph, tmp_path / "n.prototxt", tmp_path / "n.caffemodel", "ascend")
    assert "Clip" in {node.layer.type for node in lowered.nodes}


def test_nnie_gets_no_crop(tmp_path):
    model = make_lively(tiny(), torch.randn(1, 3, 32, 32))
    graph = trace(model, torch.zeros(1, 3, 32, 32))
    lowered = save_caffe(graph, tmp_path / "n.prototxt", tmp_path / "n.caffemodel", "nnie")
    assert not {"Crop", "Silence"} & {node.layer.type for node in lowered.nodes}


@pytest.mark.parametrize("dialect", ["caffe", "opencv"])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 1)], ids=str)
def test_depthwise_convolutions_of_one_row_or_column_in_opencv(size, dialect, tmp_path):
    """OpenCV 4.14 reads beyond such a map with a kernel of 3 by 3."""
    if reason := get("opencv").unavailable():
        pytest.skip(reason)
    files, x = (tmp_path / "net.prototxt", tmp_path / "net.caffemodel"), torch.randn(1, 8, *size)
    model = nn.Conv2d(8, 8, 3, padding=1, groups=8)
    lowered = save_caffe(trace(model, x), *files, dialect)
    (actual,) = get("opencv").run(*files, {lowered.inputs[0].name: x.numpy()}).values()
    torch.testing.assert_close(torch.from_numpy(actual), model(x).detach())
    at_two = save_caffe(trace(model, torch.randn(1, 8, 2, 2)), *files, dialect)
    assert [node.layer.kernel_size for node in (*lowered.nodes, *at_two.nodes)] == [(5, 5), (3, 3)]
