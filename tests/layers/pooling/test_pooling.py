import numpy as np
import torch
from torch import nn

from pytorch2caffe import save_caffe, trace
from tests.layers.conftest import types_of


def test_rounding_down_is_native_in_caffe_master():
    assert types_of(nn.MaxPool2d(3, 2), torch.randn(1, 3, 10, 10), dialect="caffe-master") == ["Pooling"]


def test_runs_with_round_mode_in_caffe_master(real_caffe, tmp_path):
    x, model = torch.randn(1, 3, 10, 10), nn.MaxPool2d(3, 2)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(model, x), *files, dialect="caffe-master")
    assert "round_mode: FLOOR" in files[0].read_text()
    (result,) = [a for (_, top), a in real_caffe.run(*files, {"data": x.numpy()}).items() if top != "data"]
    np.testing.assert_array_equal(result, model(x).numpy())
