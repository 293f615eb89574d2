import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.verify.runtimes import get

SHAPES = [(2, 6), (2, 3, 4), (2, 3, 4, 5)]
AXES = [(shape, axis) for shape in SHAPES for axis in range(-1, len(shape))]
CASES = {
    "logarithm, module": nn.LogSoftmax(1),
    "logarithm, method": lambda x: x.log_softmax(2),
}


@pytest.mark.parametrize("function", [F.log_softmax], ids=lambda f: f.__name__)
@pytest.mark.parametrize("factor", [1, 100], ids=["small", "large"])
@pytest.mark.parametrize(("shape", "axis"), AXES, ids=str)
def test_runs_the_same_everywhere(function, factor, shape, axis, same_everywhere):
    same_everywhere(lambda x: function(x, axis), torch.randn(shape) * factor)


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_every_spelling_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(1, 3, 4, 5))


def test_the_logarithm_of_large_numbers_is_finite(tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(nn.LogSoftmax(1), torch.zeros(1, 3)), *files)
    results = get("builtin").run(*files, {"data": torch.tensor([[-300.0, 0.0, 300.0]]).numpy()})
    assert list(results.values())[-1].tolist() == [[-600.0, -300.0, 0.0]]
