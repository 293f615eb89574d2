import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks

CASES = {
    "norm along 1": (lambda x: x.norm(dim=1), (2, 3, 4, 5)),
    "norm along 1, kept": (lambda x: x.norm(dim=1, keepdim=True), (2, 3, 4, 5)),
    "norm along -1": (lambda x: torch.norm(x, dim=-1), (2, 3, 4)),
    "norm along two": (lambda x: torch.norm(x, 2, (2, 3)), (2, 3, 4, 5)),
    "norm along two apart, kept": (lambda x: x.norm(2, (1, 3), True), (2, 3, 4, 5)),
    "vector_norm": (lambda x: torch.linalg.vector_norm(x, dim=1, keepdim=True), (2, 3, 4, 5)),
    "vector_norm, order named": (lambda x: torch.linalg.vector_norm(x, ord=2, dim=(1, 2)), (2, 3, 4, 5)),
    "norm of all": lacks(lambda x: x.norm(), (2, 3, 4, 5), opencv="has no scalars"),
    "norm of order 1": (lambda x: x.norm(p=1, dim=1), (2, 3, 4, 5)),
    "norm of order 3, kept": (lambda x: x.norm(p=3, dim=(2, 3), keepdim=True), (2, 3, 4, 5)),
    "norm of order 0.5": (lambda x: torch.linalg.vector_norm(x, 0.5, dim=1), (2, 4)),
    "norm of order inf": (lambda x: torch.linalg.vector_norm(x, float("inf"), dim=1), (2, 3, 4, 5)),
    "norm of order -inf": (lambda x: x.norm(-float("inf"), dim=-1), (2, 3, 4)),
    "linalg.norm": (lambda x: torch.linalg.norm(x, dim=1), (2, 6)),
}
REFUSED = {
    "norm of order 0": lambda x: x.norm(p=0, dim=1),
    "norm of order -1": lambda x: x.norm(p=-1, dim=1),
    "largest column": lambda x: torch.linalg.norm(x, 1),
    "spectral norm": lambda x: torch.linalg.norm(x, 2, dim=(0, 1)),
    "nuclear norm": lambda x: torch.norm(x, "nuc"),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_other_norms_are_refused(model):
    with pytest.raises(UnsupportedError, match="norm"):
        trace(model, torch.randn(3, 4))
