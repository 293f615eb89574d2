import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

T = torch.tensor
CASES = {
    "index_copy": lambda x: x.index_copy(1, T([3, 0]), x[:, 1:3] * 2),
    "index_copy_ of constants": lambda x: (x * 1).index_copy_(-1, T([5, 2]), torch.arange(80.0).view(2, 4, 5, 2)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))


REFUSED = {
    "places that are computed": (lambda x: x.index_copy(0, x.argmax(0)[0, 0, :1], x[:1]), "index_copy with an index"),
    "writing twice": (lambda x: x.index_copy(1, T([0, 0]), x[:, :2]), "writing twice to one position"),
}


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 4, 5, 6))
