import pytest
import torch

from tests.layers.conftest import lacks

OF_TWO = {
    "max of two": lambda x, y: torch.max(x, y),
}


@pytest.mark.parametrize("model", OF_TWO.values(), ids=OF_TWO)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_of_two_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))


CASES = {
    "max of all": lacks(lambda x: x.max(), opencv="has no scalars"),
    "values of max along an axis": lambda x: x.max(1)[0],
    "values of max, kept": lambda x: torch.max(x, dim=2, keepdim=True).values,
    "amax of all": lacks(lambda x: x.amax(), opencv="has no scalars"),
    "spatial attention": lambda x: torch.cat((x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]), 1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))


WITH_INDICES = {
    "max and its place": lambda x: x.max(1),
}


@pytest.mark.parametrize(
    "model",
    [lacks(m, opencv="has no ArgMax") for m in WITH_INDICES.values()],
    ids=WITH_INDICES,
)
def test_with_indices_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
