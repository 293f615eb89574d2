import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.layers.forks import means  # noqa: F401 - a fixture

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


@pytest.mark.parametrize("shape", [(1, 6), (1, 3, 4, 5)])
def test_l2_normalization_of_a_caffe_file(shape, means):  # noqa: F811
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    means('layer { name: "it" type: "L2Normalization" bottom: "x" top: "it" }', x / np.linalg.norm(x), x=x)
