import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks

CASES = {
    "var of everything": lacks(lambda x: x.var(), opencv="has no scalars"),
    "var of an axis": lambda x: x.var(1),
    "var of axes": lambda x: torch.var(x, (2, 3)),
    "var, biased": lambda x: torch.var(x, 1, unbiased=False),
    "var, correction": lambda x: torch.var(x, (0, 2), correction=2),
    "var, kept": lambda x: x.var((2, 3), keepdim=True),
    "var(True)": lacks(lambda x: x.var(False), opencv="has no scalars"),
    "std": lambda x: x.std(-1),
    "std, biased, kept": lambda x: torch.std(x, (1, 2), unbiased=False, keepdim=True),
    "var_mean": lambda x: torch.var_mean(x, (2, 3)),
    "var_mean, kept": lambda x: torch.var_mean(x, 1, correction=0, keepdim=True),
    "std_mean": lambda x: torch.std_mean(x, 1),
    "far from zero": lambda x: (x + 20).var((2, 3)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4, 5) - 0.3)


@pytest.mark.filterwarnings("ignore:var")
def test_the_variance_of_one_number_is_refused():
    with pytest.raises(UnsupportedError, match="variance of 1 elements"):
        trace(lambda x: x.var(1), torch.zeros(3, 1))
