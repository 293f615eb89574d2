import pytest
import torch
from torch.nn import functional as F

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace
from tests.layers.conftest import caffe_text, types_of

CASES = {
    "by 2": lambda x: F.interpolate(x, scale_factor=2),
    "by 3, given as a size": lambda x: F.interpolate(x, (12, 15)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("dialect", ["ascend", "paddle"])
def test_is_written_where_the_consumer_has_it(model, dialect, tmp_path):
    x = torch.randn(1, 3, 4, 5)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(model, x), *files, dialect)
    assert [node.layer.type for node in lowered.nodes] == ["Upsample"]
    assert torch.equal(to_torch(load_caffe(*files))(x), model(x))


def test_is_spelled_as_the_consumer_reads_it(tmp_path):
    graph = trace(CASES["by 3, given as a size"], torch.zeros(1, 3, 4, 5))
    for dialect, text in (("ascend", "stride: 3"), ("tnn", "scale: 3")):
        save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel", dialect)
        assert text in (tmp_path / "net.prototxt").read_text()


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        (lambda x: F.interpolate(x, (8, 15)), "paddle"),  # two factors
        (lambda x: F.interpolate(x, (12, 15)), "nnie"),  # the factor 2 only
        (CASES["by 2"], "caffe"),
    ],
)
def test_is_a_deconvolution_elsewhere(model, dialect):
    assert types_of(model, torch.zeros(1, 3, 4, 5), dialect=dialect) == ["Deconvolution"]


def test_a_file_may_have_the_factor_as_a_stride(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        caffe_text(
            'layer { type: "Upsample" bottom: "x" top: "y" upsample_param { scale: 1 stride: 4 } }', x=(1, 1, 1, 1)
        )
    )
    assert to_torch(load_caffe(path))(torch.ones(1, 1, 1, 1)).shape == (1, 1, 4, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("scale_h: 2", "Upsample of one bottom with scale_h"),
        ("upsample_w: 30", "Upsample of one bottom with upsample_w"),
        ("scale: 2 stride: 2", "Upsample with a factor"),
    ],
)
def test_what_is_refused(settings, message, refused):
    refused(
        f'layer {{ name: "u" type: "Upsample" bottom: "x" top: "y" upsample_param {{ {settings} }} }}',
        message,
        x=(1, 1, 2, 2),
    )
