import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, save_caffe, trace
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import types_of

# The largest absolute error for x in [-30, 30]; PyTorch's own float32 GELU is up to 1.1e-6 from exact there.
ERROR = 3e-7
CASES = {
    "module": nn.GELU(),
    "functional": F.gelu,
    "tanh": nn.GELU(approximate="tanh"),
    "of large numbers": lambda x: F.gelu(x * 20),
    "tanh of large numbers": lambda x: F.gelu(x * 20, approximate="tanh"),
    "inside": nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 3)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 6), (2, 3, 4, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["builtin", "caffe", "opencv"])
def test_the_largest_error_is_the_one_stated(runtime, tmp_path, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    if reason := get(runtime).unavailable():
        pytest.skip(f"{runtime}: {reason}")
    x = torch.linspace(-30, 30, 600_001)[None]
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(F.gelu, x), *files)
    y = list(get(runtime).run(*files, {lowered.inputs[0].name: x.numpy()}).values())[-1]
    assert np.abs(y - F.gelu(x.double()).numpy()).max() < ERROR


def test_is_one_layer_of_the_graph():
    assert [node.layer.type for node in trace(nn.GELU(), torch.zeros(1, 3)).nodes] == ["GELU"]


def test_the_tanh_form_is_exact_and_short():
    assert types_of(nn.GELU("tanh"), torch.zeros(1, 3)) == ["Power", "Eltwise", "Sigmoid", "Eltwise"]


def test_seven_layers():
    assert len(types_of(nn.GELU(), torch.zeros(1, 3))) == 7


def test_large_numbers_are_exact(tmp_path):
    x = torch.tensor([[-1e4, -100.0, 0.0, 100.0, 1e4]])
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(F.gelu, x), *files)
    y = list(get("builtin").run(*files, {lowered.inputs[0].name: x.numpy()}).values())[-1]
    np.testing.assert_allclose(y, F.gelu(x).numpy(), rtol=0, atol=ERROR)


def test_another_approximation_is_refused():
    with pytest.raises((UnsupportedError, RuntimeError), match="approximate"):
        trace(lambda x: F.gelu(x, approximate="sigmoid"), torch.zeros(1, 3))
