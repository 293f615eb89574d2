import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

WEIGHT = torch.randn(4, 5)
CASES = {
    "matrix product": (lambda x: torch.einsum("bij,jk->bik", x, WEIGHT), (2, 3, 4)),
    "attention scores": (lambda x: torch.einsum("bhqd,bhkd->bhqk", x, x + 1), (1, 2, 3, 4)),
    "transpose": (lambda x: torch.einsum("ijk->kij", x), (2, 3, 4)),
    "sum": (lambda x: torch.einsum("ijk->ik", x), (2, 3, 4)),
    "implicit output": (lambda x: torch.einsum("ij,kj", x, x), (3, 4)),
    "sum of one side": (lambda x: torch.einsum("bi,bj->b", x, x * 2), (3, 4)),
    "outer": (lambda x: torch.einsum("bi,bj->bij", x, x * 2), (3, 4)),
    "non-local": (lambda x: torch.einsum("bchw,bcij->bhwij", x, x), (1, 3, 2, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("equation", ["ii->i", "...i->...", "ab,bc,cd->ad"])
def test_refused(equation):
    with pytest.raises(UnsupportedError, match="einsum"):
        trace(lambda x: torch.einsum(equation, *[x] * (equation.count(",") + 1)), torch.randn(3, 3))
