import pytest
import torch

from tests.layers.conftest import types_of

CASES = {
    "exp": torch.exp,
    "exp, method": lambda x: x.exp(),
    "exp in place": lambda x: (x * 0.5).exp_(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_are_layers_of_their_own():
    assert types_of(torch.exp, torch.zeros(2, 3)) == ["Exp"]
    assert types_of(torch.log, torch.ones(2, 3)) == ["Log"]


OTHERS = {
    "exp2": torch.exp2,
}


@pytest.mark.parametrize("model", OTHERS.values(), ids=OTHERS)
def test_other_bases_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4, 5) + 0.2)
