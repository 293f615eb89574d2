import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

T = torch.tensor
CASES = {
    "select_scatter": lambda x: x.select_scatter(x[:, 0] * 2, 1, -1),
    "slice_scatter": lambda x: torch.slice_scatter(x, x[:, :2] * 2, 1, 0, None, 2),
    "scatter": lambda x: x.scatter(1, T([3, 1]).view(1, 2, 1, 1).expand(2, 2, 5, 6), x * 2),
    "scatter a number": lambda x: x.scatter(3, torch.arange(40).reshape(2, 4, 5, 1) % 6, 7.0),
    "scatter_add": lambda x: x.scatter_add(2, torch.arange(72).reshape(2, 4, 3, 3) % 5, x * 3),
    "scatter_add to zeros": lambda x: torch.zeros(2, 4, 5, 6).scatter_add(1, torch.zeros(2, 4, 5, 6).long(), x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))


REFUSED = {
    "scattering twice": (lambda x: x.scatter(1, torch.zeros(2, 4, 5, 6).long(), x), "writing twice to one position"),
    "scatter with a product": (lambda x: x.scatter(1, torch.zeros(2, 1, 5, 6).long(), x, reduce="multiply"), "reduce="),
}


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 4, 5, 6))
