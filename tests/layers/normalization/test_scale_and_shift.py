import pytest
import torch
import torch.nn.functional as F

from tests.layers.conftest import types_of

WEIGHT, BIAS = torch.rand(3) + 0.5, torch.randn(3)
CASES = {
    "both": lambda x: F.group_norm(x, 1, WEIGHT, BIAS),
    "weight": lambda x: F.group_norm(x, 1, WEIGHT),
    "bias": lambda x: F.group_norm(x, 1, None, BIAS),
    "neither": lambda x: F.group_norm(x, 1),
    "traced": lambda x: F.group_norm(x, 1, x.mean((0, 2)), x.amax((0, 2))),
    "traced, of an instance norm": lambda x: F.instance_norm(x, weight=x.mean((0, 2)), bias=BIAS),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 5) + 1)


def test_parameters_are_one_scale_and_absent_ones_none():
    for name, layers in (("both", 1), ("bias", 1), ("neither", 0)):
        with_affine = types_of(CASES[name], torch.zeros(2, 3, 5))
        assert len(with_affine) - len(types_of(CASES["neither"], torch.zeros(2, 3, 5))) == layers
