import pytest
import torch
import torch.nn.functional as F

AXES = (0, 1, 2, 3, -1)
CASES = {f"normalize along {dim}": (lambda x, dim=dim: F.normalize(x, dim=dim), (2, 3, 4, 5)) for dim in AXES}
CASES |= {
    "normalize features": (F.normalize, (2, 6)),
    "normalize 3-D": (lambda x: F.normalize(x, dim=-1), (2, 3, 4)),
    "normalize with eps": (lambda x: F.normalize(x, eps=3.0), (2, 6)),
    "normalize zeros": (lambda x: F.normalize(x * torch.tensor([[1.0], [0.0]])), (2, 6)),
    "normalize by the sum": (lambda x: F.normalize(x, p=1), (2, 6)),
    "normalize by the largest": (lambda x: F.normalize(x, p=float("inf"), dim=1), (2, 3, 4, 5)),
    "normalize along two": (lambda x: F.normalize(x, dim=(1, 2)), (2, 3, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
