import pytest
import torch

from tests.layers.conftest import lacks

CASES = {
    "trace": lacks(lambda x: x[0, 0].trace(), opencv="has no scalars"),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
