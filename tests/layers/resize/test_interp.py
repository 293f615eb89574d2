import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.backends.caffe.dialect_file import dialect
from tests.layers.conftest import caffe_text, types_of
from tests.layers.forks import means  # noqa: F401 - a fixture


def aligned(x):
    return F.interpolate(x, (7, 4), mode="bilinear", align_corners=True)


@pytest.mark.parametrize("target", ["ascend", "openvino"])
def test_is_written_where_the_consumer_has_it(target, tmp_path):
    x = torch.randn(1, 3, 4, 5)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(aligned, x), *files, target)
    assert [node.layer.type for node in lowered.nodes] == ["Interp"]
    assert torch.equal(to_torch(load_caffe(*files))(x), aligned(x))


def test_only_aligned_corners_are_native():
    def half_pixels(x):
        return F.interpolate(x, (8, 10), mode="bilinear")

    assert "Interp" not in types_of(half_pixels, torch.zeros(1, 3, 4, 5), dialect="ascend")
    assert "Interp" not in dialect("ncnn").layers  # it reads one and aligns no corners


# The sizes of DeepLab's interp_layer.cpp: shrink, then zoom; or the given size.
@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ("height: 9 width: 2", (9, 2)),
        ("zoom_factor: 2", (9, 13)),
        ("shrink_factor: 2", (3, 4)),
        ("shrink_factor: 2 zoom_factor: 3", (7, 10)),
        ("", (5, 7)),
    ],
)
def test_the_size_in_a_file(settings, size, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        caffe_text(f'layer {{ type: "Interp" bottom: "x" top: "y" interp_param {{ {settings} }} }}', x=(1, 2, 5, 7))
    )
    x = torch.randn(1, 2, 5, 7)
    expected = F.interpolate(x, size, mode="bilinear", align_corners=True)
    torch.testing.assert_close(to_torch(load_caffe(path))(x), expected)


def test_the_size_of_a_second_bottom_and_cut_edges(means):  # noqa: F811
    x = torch.randn(1, 2, 6, 8)
    layer = (
        'layer { type: "Interp" name: "i" bottom: "x" bottom: "y" top: "i" interp_param { pad_beg: -1 pad_end: -2 } }'
    )
    expected = F.interpolate(x[:, :, 1:-2, 1:-2], (4, 7), mode="bilinear", align_corners=True)
    means(layer, expected.numpy(), x=x.numpy(), y=np.zeros((1, 1, 4, 7)), runtimes=["ncnn"])


@pytest.mark.parametrize(
    ("settings", "bottoms", "message"),
    [
        ("pad_beg: 1", ["x"], "Interp with padding"),
        ("pad_beg: -2", ["x"], "cut off"),
        ("height: 2", ["x"], "a height or a width alone"),
        ("height: 2", ["x", "m"], "interp_param has height"),
    ],
)
def test_what_is_refused(settings, bottoms, message, refused):
    inputs = " ".join(f'bottom: "{name}"' for name in bottoms)
    layer = f'layer {{ name: "i" type: "Interp" {inputs} top: "y" interp_param {{ {settings} }} }}'
    refused(layer, message, **dict.fromkeys(bottoms, (1, 1, 2, 2)))


def test_bilinear_interpolation_of_another_fork(means, refused):  # noqa: F811
    x = torch.randn(1, 2, 4, 5)
    layer = """layer { name: "i" type: "BilinearInterpolation" bottom: "x" top: "i"
        bilinear_interpolation_param { interpolation_factor: 2 } }"""
    means(layer, F.interpolate(x, (8, 10), mode="bilinear", align_corners=True).numpy(), x=x.numpy())
    of_two = layer.replace('bottom: "x"', 'bottom: "x" bottom: "y"')
    expected = F.interpolate(x, (7, 9), mode="bilinear", align_corners=True).numpy()
    means(of_two, expected, x=x.numpy(), y=np.zeros((1, 1, 7, 9)), runtimes=[])
    refused(layer.replace("interpolation_factor: 2", ""), "without a size", x=(1, 2, 4, 5))


def test_a_forks_own_field_for_a_second_bottom(means, refused):  # noqa: F811
    x = torch.randn(1, 2, 4, 4)
    layer = (
        """layer { name: "i" type: "Interp" bottom: "x" bottom: "y" top: "i" interp_param { use_blob_size: true } }"""
    )
    expected = F.interpolate(x, (7, 9), mode="bilinear", align_corners=True)
    means(layer, expected.numpy(), x=x.numpy(), y=np.zeros((1, 1, 7, 9)), runtimes=[])
    refused(layer.replace('bottom: "y"', ""), "without a second bottom", x=(1, 2, 4, 4))
