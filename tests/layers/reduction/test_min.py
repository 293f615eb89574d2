import pytest
import torch

from tests.layers.conftest import lacks

OF_TWO = {
    "min of two": lambda x, y: x.min(y),
}


@pytest.mark.parametrize("model", OF_TWO.values(), ids=OF_TWO)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_of_two_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))


CASES = {
    "min of all": lacks(lambda x: torch.min(x), opencv="has no scalars"),
    "values of min along an axis": lambda x: torch.min(x, -1).values,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))


WITH_INDICES = {
    "min and its place": lambda x: torch.min(x.relu(), 2, keepdim=True),
}


@pytest.mark.parametrize(
    "model",
    [lacks(m, opencv="has no ArgMax") for m in WITH_INDICES.values()],
    ids=WITH_INDICES,
)
def test_with_indices_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
