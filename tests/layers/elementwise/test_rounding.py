import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, load_caffe, save_caffe, to_torch, trace
from tests.layers.conftest import types_of

HALVES = torch.arange(-12, 13).reshape(1, 1, 5, 5) / 2
NUMBERS = torch.cat(
    [
        torch.arange(-4000, 4000) / 8,
        torch.tensor([2**22, 2**22 - 0.5, -(2**22), 0.5 - 2**22, 1e-45, -1e-45, 0.49999997, -0.49999997]),
        torch.randn(2000) * 1e5,
    ]
)[None]


@pytest.mark.parametrize("mode", ["floor", "ceil", "round", "trunc"])
@pytest.mark.parametrize("runtime", ["builtin", "caffe"])
def test_is_exact_up_to_4_million(mode, runtime, run_in, request):
    expected = getattr(torch, mode)(NUMBERS)
    assert torch.equal(run_in(runtime, getattr(torch, mode), NUMBERS), expected)


@pytest.mark.parametrize("mode", ["floor", "ceil", "round", "trunc"])
def test_the_largest_error_beyond_is_the_one_stated(mode, run_in):
    x = torch.tensor([float(sign * number) for k in range(22, 127) for number in _near(k) for sign in (1, -1)])[None]
    error = (run_in("builtin", getattr(torch, mode), x) - getattr(torch, mode)(x)).abs() / x.abs()
    assert error.max() <= 2.4e-7


def _near(k):
    return np.array([1, 1 + 2**-23, 1 + 2**-22, 1.3, 1.7], np.float32) * np.float32(2) ** k


BESIDE = {
    "a convolution": nn.Conv2d(3, 4, 3),
    "a convolution and BatchNorm": nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)),
    "numbers in a row": lambda x: x * 3 + 0.7,
}


@pytest.mark.parametrize("before", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("after", [lambda x: x * 0.37 + 0.1, torch.relu], ids=["numbers in a row", "relu"])
@pytest.mark.parametrize("mode", ["round", "floor"])
def test_opencv_joins_nothing_with_it(before, after, mode, tmp_path):
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2.dnn, "readNetFromCaffe"):
        pytest.skip("this OpenCV reads no Caffe files")
    x = torch.randn(1, 3, 5, 6) * 5
    layers = before.eval() if isinstance(before, nn.Module) else before
    save_caffe(trace(lambda x: after(getattr(torch, mode)(layers(x))), x), *_files(tmp_path), dialect="opencv")
    net = cv2.dnn.readNetFromCaffe(*map(str, _files(tmp_path)))  # which joins layers where it can
    net.setInput(x.numpy())
    with torch.no_grad():
        expected = after(getattr(torch, mode)(layers(x)))
    torch.testing.assert_close(torch.from_numpy(net.forward()), expected)


def test_the_layers_it_becomes():
    x = torch.zeros(1, 3, 4)
    assert types_of(torch.round, x) == ["Power", "Eltwise", "Eltwise"]
    floor = types_of(torch.floor, x, dialect="caffe-master")
    assert floor == ["Power", "Eltwise", "Eltwise", "Eltwise", "Threshold", "Eltwise"]
    assert types_of(lambda x: x.sigmoid().trunc(), x) == ["Sigmoid", *types_of(torch.floor, x)]


def test_a_target_of_integers_refuses_it(tmp_path):
    with pytest.raises(UnsupportedError, match="floor: nnie does not compute in float32"):
        save_caffe(trace(torch.floor, torch.zeros(1, 3, 4, 4)), *_files(tmp_path), dialect="nnie")
    assert not list(tmp_path.iterdir())


def test_files_survive_a_round_trip(tmp_path):
    files = _files(tmp_path)
    save_caffe(trace(torch.floor, HALVES), *files)
    again = _files(tmp_path / "again")
    save_caffe(load_caffe(*files), *again)
    assert torch.equal(to_torch(load_caffe(*again))(HALVES), HALVES.floor())


def _files(folder):
    folder.mkdir(exist_ok=True)
    return folder / "net.prototxt", folder / "net.caffemodel"
